"""Tests for L{chat.cli.catchup}."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost

from chat.cli.catchup import CatchUp
from chat.client.protocol import ChatClient, Past
from chat.client.roster import Roster
from chat.vocabulary.events import (
    Entered,
    Event,
    Excerpt,
    Joined,
    Missed,
    Parted,
    Recalled,
    Refused,
    Said,
    Told,
    Welcomed,
)
from tests.support.samples import AT

LOBBY, DEV = Welcomed("#lobby", "alice", ("bob",)), Entered("#dev", ("bob",))


class AskedClient(ChatClient):
    """Remembers what it was asked for, and answers when it is told to."""

    def __init__(self, lastIds: dict[str, int]) -> None:
        super().__init__(Roster(lastIds))
        self.asked: list[tuple[str, int]] = []
        self.answers: list[Deferred[list[Past]]] = []

    def readHistory(self, room: str, after: int) -> Deferred[list[Past]]:
        self.asked.append((room, after))
        answer: Deferred[list[Past]] = Deferred()
        self.answers.append(answer)
        return answer


class Visit:
    """A user who comes back, and what they are shown."""

    def __init__(self, hasHistory: bool = True, **lastIds: int) -> None:
        """
        @param lastIds: by room, without its C{#}.
        """
        self.lastIds = {f"#{room}": id for room, id in lastIds.items()}
        self.client = AskedClient(self.lastIds)
        self.shown: list[Event] = []
        self._hasHistory = hasHistory
        self._catchUp = CatchUp(self.client, self.shown.append)

    def hear(self, *events: Event) -> None:
        """Let them hear what comes from the service."""
        for event in events:
            self.client.roster.eventReceived(event)
            if self._catchUp.heard(event, self._hasHistory):
                self.shown.append(event)

    def answer(self, *past: Past) -> None:
        """Answer what was asked for first."""
        self.client.answers.pop(0).callback(list(past))

    def ids(self) -> list[int]:
        """Those of the lines that were shown."""
        return [event.id for event in self.shown if isinstance(event, Said | Recalled)]


def said(id: int, room: str = "#lobby") -> Said:
    return Said(room, id, AT, "bob", str(id))


def recalled(*ids: int, room: str = "#lobby") -> list[Past]:
    return [Recalled(room, id, AT, "bob", str(id)) for id in ids]


def replayed(*ids: int, room: str = "#lobby") -> list[Event]:
    return [Excerpt(room, "replay", len(ids), True, ids[-1]), *recalled(*ids, room=room)]


def head(*ids: int, more: bool = False) -> Excerpt:
    return Excerpt("#lobby", "history", len(ids), more, ids[-1] if ids else 0)


def test_theFirstConnectionShowsTheReplay() -> None:
    visit = Visit()
    visit.hear(LOBBY, *replayed(4, 5), said(6))
    assert visit.ids() == [4, 5, 6]
    assert visit.client.asked == []
    assert visit.lastIds == {"#lobby": 6}


def test_theGapIsShownBeforeWhatIsHeardMeanwhile() -> None:
    """Nothing is shown twice."""
    visit = Visit(lobby=41)
    visit.hear(LOBBY, *replayed(43, 44, 45))
    assert visit.client.asked == [("#lobby", 41)]
    joined = Joined("#lobby", AT, "carol", 3)
    told = Told(AT, "bob", "alice", "psst")
    visit.hear(said(46), joined, told, said(47))
    # Events of no room need not wait.
    assert visit.shown == [LOBBY, told]
    visit.answer(head(42, 46), *recalled(42, 43, 44, 45, 46))
    assert visit.ids() == [42, 43, 44, 45, 46, 47]
    assert visit.shown[-2:] == [joined, said(47)]
    visit.hear(said(48))
    assert visit.ids()[-1] == 48
    assert visit.lastIds == {"#lobby": 48}


def test_aReplayOfKnownLinesIsNotShown() -> None:
    visit = Visit(lobby=41)
    visit.hear(LOBBY, *replayed(40, 41), said(42))
    visit.answer(head())
    assert visit.ids() == [42]


def test_linesAreAskedForAsLongAsThereAreMore() -> None:
    visit = Visit(lobby=41)
    visit.hear(LOBBY)
    visit.answer(head(42, 43, more=True), *recalled(42, 43))
    assert visit.lastIds == {"#lobby": 43}
    visit.hear(said(46))
    visit.answer(head(44, 45, more=True), *recalled(44, 45))
    visit.answer(head(46), *recalled(46))
    assert visit.client.asked == [("#lobby", 41), ("#lobby", 43), ("#lobby", 45)]
    assert visit.ids() == [42, 43, 44, 45, 46]


def test_theSameLinesAreNotAskedForTwice() -> None:
    visit = Visit(lobby=41)
    visit.hear(LOBBY, said(50))
    visit.answer(head(more=True))
    assert (visit.client.asked, visit.ids()) == ([("#lobby", 41)], [50])


def test_linesOfIgnoredUsersCountAsRead() -> None:
    """They are missing in the answer."""
    visit = Visit(lobby=41)
    visit.hear(LOBBY)
    visit.answer(Excerpt("#lobby", "history", 1, True, 45), *recalled(42))
    assert visit.client.asked[-1] == ("#lobby", 45)


def test_linesThatAreGoneForGoodAreToldInTheirPlace() -> None:
    visit = Visit(lobby=41)
    visit.hear(LOBBY)
    expired = Missed("#lobby", 42, 60, "expired")
    lost = Missed("#lobby", 62, 70, "lost")
    visit.answer(head(61), expired, *recalled(61), lost)
    assert visit.shown[1:] == [expired, *recalled(61), lost]
    assert visit.lastIds == {"#lobby": 70}


def test_whatAReplayMissesIsToldWithTheAnswer() -> None:
    visit = Visit(lobby=41)
    lost = Missed("#lobby", 42, 50, "lost")
    replay = replayed(51, 52)
    visit.hear(LOBBY, replay[0], lost, *replay[1:])
    assert visit.shown == [LOBBY]
    visit.answer(head(51, 52), lost, *recalled(51, 52))
    assert visit.shown == [LOBBY, lost, *recalled(51, 52)]


@pytest.mark.parametrize("isLate", [False, True])
def test_aReplayMayComeBeforeTheAnswerOrAfterIt(isLate: bool) -> None:
    visit = Visit(lobby=41)
    visit.hear(LOBBY)
    if isLate:
        visit.answer(head(42), *recalled(42))
    visit.hear(*replayed(41, 42), said(43))
    if not isLate:
        visit.answer(head(42), *recalled(42))
    assert visit.ids() == [42, 43]


def test_historyThatTheUserAsksForIsShownMeanwhile() -> None:
    visit = Visit(lobby=41)
    own = [Excerpt("#lobby", "history", 2, False, 42), *recalled(41, 42)]
    visit.hear(LOBBY, *own)
    assert visit.shown == [LOBBY, *own]


def test_eachRoomCatchesUpByItself() -> None:
    visit = Visit(lobby=41, dev=7)
    visit.hear(LOBBY, DEV, *replayed(8, room="#dev"), said(9, "#dev"), said(42))
    assert visit.client.asked == [("#lobby", 41), ("#dev", 7)]
    visit.client.answers.reverse()
    answer = Excerpt("#dev", "history", 1, False, 8)
    visit.answer(answer, *recalled(8, room="#dev"))
    assert visit.ids() == [8, 9]
    visit.answer(head())
    assert visit.ids() == [8, 9, 42]


def test_aRefusalIsShownAndNothingIsHeldBack() -> None:
    visit = Visit(lobby=41)
    visit.hear(LOBBY, said(50))
    refused = Refused("history-unavailable")
    visit.answer(refused)
    assert visit.shown == [LOBBY, refused, said(50)]
    assert visit.lastIds == {"#lobby": 50}


def test_theNextConnectionAsksForWhatWasNotShown() -> None:
    visit = Visit(lobby=41)
    visit.hear(LOBBY, said(50))
    visit.client.answers.pop().errback(ConnectionLost())
    assert (visit.ids(), visit.lastIds) == ([], {"#lobby": 41})


def test_partingShowsWhatHasWaited() -> None:
    visit = Visit(lobby=41, dev=7)
    visit.hear(LOBBY, DEV, said(9, "#dev"))
    parted = Parted("#dev", "parted")  # type: ignore[arg-type]
    visit.hear(parted)
    assert visit.shown == [LOBBY, DEV, said(9, "#dev"), parted]
    visit.client.answers.reverse()
    visit.answer(replace(head(8), room="#dev"), *recalled(8, room="#dev"))
    assert visit.shown[-1] == parted
    # A user who comes again is shown the replay.
    visit.hear(DEV, *replayed(8, 9, room="#dev"))
    assert visit.ids() == [9, 8, 9]


def test_aServiceWithoutHistoryIsNotAsked() -> None:
    visit = Visit(hasHistory=False, lobby=41)
    visit.hear(LOBBY, said(50))
    assert (visit.client.asked, visit.ids()) == ([], [50])
    assert visit.lastIds == {"#lobby": 50}


def test_whatCannotBeTheNameOfARoomIsNotAskedFor() -> None:
    visit = Visit()
    visit.lastIds["#a\n/quit"] = 5
    visit.hear(Welcomed("#a\n/quit", "alice"), said(6, "#a\n/quit"))
    assert (visit.client.asked, visit.ids()) == ([], [6])


@pytest.mark.parametrize("isAnswered", [False, True])
def test_theReplayOfAServiceThatWasStartedAnewIsNew(isAnswered: bool) -> None:
    visit = Visit(lobby=500)
    visit.hear(LOBBY, *replayed(1, 2), said(3))
    if isAnswered:
        visit.answer(head())
    visit.hear(said(4))
    assert visit.ids() == [1, 2, 3, 4]
    assert visit.lastIds == {"#lobby": 4}


def test_aSmallIdIsThatOfAServiceThatWasStartedAnew() -> None:
    visit = Visit(lobby=500)
    visit.hear(LOBBY, said(1))
    visit.answer(head())
    visit.hear(said(2))
    assert visit.ids() == [1, 2]
    assert visit.lastIds == {"#lobby": 2}


@given(
    known=st.integers(1, 10),
    missed=st.integers(0, 10),
    live=st.integers(0, 5),
    replay=st.integers(0, 6),
    page=st.integers(1, 4),
    early=st.integers(0, 5),
)
def test_everyLineIsShownOnceAndInOrder(
    known: int, missed: int, live: int, replay: int, page: int, early: int
) -> None:
    """
    @param early: how many live lines come before the first answer.
    """
    visit = Visit(lobby=known)
    newest = known + missed
    visit.hear(LOBBY)
    if replay:
        visit.hear(*replayed(*range(max(1, newest - replay + 1), newest + 1)))
    coming = list(range(newest + 1, newest + live + 1))
    for id in coming[:early]:
        visit.hear(said(id))
    stored = newest + len(coming[:early])
    coming = coming[early:]
    while visit.client.answers:
        _, after = visit.client.asked[-1]
        ids = range(after + 1, stored + 1)[:page]
        visit.answer(head(*ids, more=after + page < stored), *recalled(*ids))
        if coming:
            visit.hear(said(coming.pop(0)))
            stored += 1
    for id in coming:
        visit.hear(said(id))
    assert visit.ids() == list(range(known + 1, newest + live + 1))
