"""Tests for L{chat.cli.catchup}: what was said while we were not connected."""

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


class Client(ChatClient):
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


class Reading:
    """A person who comes back, and what he is shown."""

    def __init__(self, hasHistory: bool = True, **lastIds: int) -> None:
        """
        @param lastIds: by room, without its C{#}.
        """
        self.lastIds = {f"#{room}": id for room, id in lastIds.items()}
        self.client = Client(self.lastIds)
        self.shown: list[Event] = []
        self._hasHistory = hasHistory
        self._catchUp = CatchUp(self.client, self.shown.append)

    def hear(self, *events: Event) -> None:
        """Let him hear what comes from the service."""
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


def test_aNewcomer() -> None:
    """Who has heard nothing of a room yet is shown what the service replays."""
    reading = Reading()
    reading.hear(LOBBY, *replayed(4, 5), said(6))
    assert reading.ids() == [4, 5, 6]
    assert reading.client.asked == []
    assert reading.lastIds == {"#lobby": 6}


def test_comingBack() -> None:
    """The gap is filled before what is heard meanwhile, and nothing is shown twice."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY, *replayed(43, 44, 45))
    assert reading.client.asked == [("#lobby", 41)]
    joined = Joined("#lobby", AT, "carol", 3)
    told = Told(AT, "bob", "alice", "psst")
    reading.hear(said(46), joined, told, said(47))
    # What is not of the room need not wait.
    assert reading.shown == [LOBBY, told]
    reading.answer(head(42, 46), *recalled(42, 43, 44, 45, 46))
    assert reading.ids() == [42, 43, 44, 45, 46, 47]
    assert reading.shown[-2:] == [joined, said(47)]
    reading.hear(said(48))
    assert reading.ids()[-1] == 48
    assert reading.lastIds == {"#lobby": 48}


def test_nothingMissed() -> None:
    """Also when all that is replayed is known already."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY, *replayed(40, 41), said(42))
    reading.answer(head())
    assert reading.ids() == [42]


def test_askingOn() -> None:
    """As long as there is more, and what was shown is never asked for again."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY)
    reading.answer(head(42, 43, more=True), *recalled(42, 43))
    assert reading.lastIds == {"#lobby": 43}
    reading.hear(said(46))
    reading.answer(head(44, 45, more=True), *recalled(44, 45))
    reading.answer(head(46), *recalled(46))
    assert reading.client.asked == [("#lobby", 41), ("#lobby", 43), ("#lobby", 45)]
    assert reading.ids() == [42, 43, 44, 45, 46]


def test_moreThatDoesNotCome() -> None:
    """It does not ask for the same again and again."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY, said(50))
    reading.answer(head(more=True))
    assert (reading.client.asked, reading.ids()) == ([("#lobby", 41)], [50])


def test_linesThatAreNotShown() -> None:
    """Those of somebody whom one ignores are missing, and count as read."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY)
    reading.answer(Excerpt("#lobby", "history", 1, True, 45), *recalled(42))
    assert reading.client.asked[-1] == ("#lobby", 45)


def test_gapsAreTold() -> None:
    """What nobody can read any more is told in its place, and not asked for again."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY)
    expired = Missed("#lobby", 42, 60, "expired")
    lost = Missed("#lobby", 62, 70, "lost")
    reading.answer(head(61), expired, *recalled(61), lost)
    assert reading.shown[1:] == [expired, *recalled(61), lost]
    assert reading.lastIds == {"#lobby": 70}


def test_gapsInAReplayAreNotTold() -> None:
    """They are told with the lines that were asked for."""
    reading = Reading(lobby=41)
    lost = Missed("#lobby", 42, 50, "lost")
    replay = replayed(51, 52)
    reading.hear(LOBBY, replay[0], lost, *replay[1:])
    assert reading.shown == [LOBBY]
    reading.answer(head(51, 52), lost, *recalled(51, 52))
    assert reading.shown == [LOBBY, lost, *recalled(51, 52)]


@pytest.mark.parametrize("isLate", [False, True])
def test_replayWithTheAnswer(isLate: bool) -> None:
    """The replay may come when it will."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY)
    if isLate:
        reading.answer(head(42), *recalled(42))
    reading.hear(*replayed(41, 42), said(43))
    if not isLate:
        reading.answer(head(42), *recalled(42))
    assert reading.ids() == [42, 43]


def test_readingBackWhileCatchingUp() -> None:
    """What the person asks for himself is shown as usual."""
    reading = Reading(lobby=41)
    own = [Excerpt("#lobby", "history", 2, False, 42), *recalled(41, 42)]
    reading.hear(LOBBY, *own)
    assert reading.shown == [LOBBY, *own]


def test_severalRooms() -> None:
    """Each by itself."""
    reading = Reading(lobby=41, dev=7)
    reading.hear(LOBBY, DEV, *replayed(8, room="#dev"), said(9, "#dev"), said(42))
    assert reading.client.asked == [("#lobby", 41), ("#dev", 7)]
    reading.client.answers.reverse()
    answer = Excerpt("#dev", "history", 1, False, 8)
    reading.answer(answer, *recalled(8, room="#dev"))
    assert reading.ids() == [8, 9]
    reading.answer(head())
    assert reading.ids() == [8, 9, 42]


def test_refused() -> None:
    """That it cannot be read is shown, and what was heard meanwhile."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY, said(50))
    refused = Refused("history-unavailable")
    reading.answer(refused)
    assert reading.shown == [LOBBY, refused, said(50)]
    assert reading.lastIds == {"#lobby": 50}


def test_lostAgain() -> None:
    """Then the next connection asks for the same, and for what nobody was shown."""
    reading = Reading(lobby=41)
    reading.hear(LOBBY, said(50))
    reading.client.answers.pop().errback(ConnectionLost())
    assert (reading.ids(), reading.lastIds) == ([], {"#lobby": 41})


def test_leavingMeanwhile() -> None:
    """What has waited is shown; the answer is of no use any more."""
    reading = Reading(lobby=41, dev=7)
    reading.hear(LOBBY, DEV, said(9, "#dev"))
    parted = Parted("#dev", "parted")  # type: ignore[arg-type]
    reading.hear(parted)
    assert reading.shown == [LOBBY, DEV, said(9, "#dev"), parted]
    reading.client.answers.reverse()
    reading.answer(replace(head(8), room="#dev"), *recalled(8, room="#dev"))
    assert reading.shown[-1] == parted
    # Who comes again is a newcomer.
    reading.hear(DEV, *replayed(8, 9, room="#dev"))
    assert reading.ids() == [9, 8, 9]


def test_noHistory() -> None:
    """A service without one is not asked; then nothing is held back either."""
    reading = Reading(hasHistory=False, lobby=41)
    reading.hear(LOBBY, said(50))
    assert (reading.client.asked, reading.ids()) == ([], [50])
    assert reading.lastIds == {"#lobby": 50}


def test_aStrangeService() -> None:
    """A room that cannot be one is not asked for."""
    reading = Reading()
    reading.lastIds["#a\n/quit"] = 5
    reading.hear(Welcomed("#a\n/quit", "alice"), said(6, "#a\n/quit"))
    assert (reading.client.asked, reading.ids()) == ([], [6])


@pytest.mark.parametrize("isAnswered", [False, True])
def test_aServiceThatHasBegunAnew(isAnswered: bool) -> None:
    """Its numbers mean something else: what it replays is new, and nothing is held back."""
    reading = Reading(lobby=500)
    reading.hear(LOBBY, *replayed(1, 2), said(3))
    if isAnswered:
        reading.answer(head())
    reading.hear(said(4))
    assert reading.ids() == [1, 2, 3, 4]
    assert reading.lastIds == {"#lobby": 4}


def test_aServiceThatHasBegunAnewWithoutAReplay() -> None:
    """A line with a small number is not one that was shown."""
    reading = Reading(lobby=500)
    reading.hear(LOBBY, said(1))
    reading.answer(head())
    reading.hear(said(2))
    assert reading.ids() == [1, 2]
    assert reading.lastIds == {"#lobby": 2}


@given(
    known=st.integers(1, 10),
    missed=st.integers(0, 10),
    live=st.integers(0, 5),
    replay=st.integers(0, 6),
    page=st.integers(1, 4),
    early=st.integers(0, 5),
)
def test_neitherLostNorDoubled(
    known: int, missed: int, live: int, replay: int, page: int, early: int
) -> None:
    """
    However much was said, replayed, and answered at once: every line once, in order.

    @param early: how many live lines come before the first answer.
    """
    reading = Reading(lobby=known)
    newest = known + missed
    reading.hear(LOBBY)
    if replay:
        reading.hear(*replayed(*range(max(1, newest - replay + 1), newest + 1)))
    coming = list(range(newest + 1, newest + live + 1))
    for id in coming[:early]:
        reading.hear(said(id))
    stored = newest + len(coming[:early])
    coming = coming[early:]
    while reading.client.answers:
        _, after = reading.client.asked[-1]
        ids = range(after + 1, stored + 1)[:page]
        reading.answer(head(*ids, more=after + page < stored), *recalled(*ids))
        if coming:
            reading.hear(said(coming.pop(0)))
            stored += 1
    for id in coming:
        reading.hear(said(id))
    assert reading.ids() == list(range(known + 1, newest + live + 1))
