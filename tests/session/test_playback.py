"""Tests for L{chat.session.playback}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from chat.interfaces import Extract
from chat.rendering import renderingFor
from chat.session.playback import MAX_BYTES
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from chat.vocabulary.events import (
    Acted,
    Entered,
    Event,
    Excerpt,
    Missed,
    Ponged,
    Recalled,
    Said,
    Talking,
    Warned,
    Welcomed,
)
from chat.vocabulary.style import Style
from tests.support.hubs import AT
from tests.support.sessions import EventRendering, SessionStage


def said(id: int, text: str = "hello", nick: str = "bob") -> Said:
    return Said("#lobby", id, AT, nick, text)


def recalled(id: int, text: str = "hello", nick: str = "bob") -> Recalled:
    return Recalled("#lobby", id, AT, nick, text)


class Past:
    """
    A history that answers every request with one extract.

    @ivar answer: Makes the answer.
    """

    def __init__(self, extract: Extract) -> None:
        self.answer: Callable[[], Deferred[Extract]] = lambda: succeed(extract)

    def recent(self, *_: object) -> Deferred[Extract]:
        return self.answer()

    after = since = recent


def asked(line: str, extract: Extract, *before: str) -> list[Event]:
    """
    @return: What a user is told whose request is answered with an extract.
    """
    stage = SessionStage(replay=0)
    stage.server.history = Past(extract)  # type: ignore[assignment]
    return stage.user("alice", *before).hears(line)


# In order.


def test_linesAndActionsAreRecalled() -> None:
    acted = Acted("#lobby", 2, AT, "bob", "waves")
    assert asked("/history", Extract((said(1), acted))) == [
        Excerpt("#lobby", "history", 2, False, 2),
        recalled(1),
        Recalled("#lobby", 2, AT, "bob", "waves", True),
    ]


def test_gapsStandWhereTheLinesWouldHaveBeen() -> None:
    gaps = [
        Missed("#lobby", 1, 6, "expired"),
        Missed("#lobby", 8, 8, "lost"),
        Missed("#lobby", 10, 99, "lost"),
    ]
    assert asked("/history after 0", Extract((said(7), said(9)), False, tuple(gaps))) == [
        Excerpt("#lobby", "after", 2, False, 9),
        gaps[0],
        recalled(7),
        gaps[1],
        recalled(9),
        gaps[2],
    ]


def test_aGapIsToldEvenIfNoLineIsLeft() -> None:
    gap = Missed("#lobby", 1, 6, "expired")
    assert asked("/history after 0", Extract((), False, (gap,))) == [
        Excerpt("#lobby", "after", 0),
        gap,
    ]


def test_theHeadNamesTheLastLineEvenIfItIsIgnored() -> None:
    extract = Extract((said(1), said(2, nick="carol"), said(3)), True)
    assert asked("/history after 0", extract, "/ignore bob") == [
        Excerpt("#lobby", "after", 1, True, 3),
        recalled(2, nick="carol"),
    ]


# Not too much.

LONG = "x" * 875
FITTING = MAX_BYTES // 1000


def long(count: int) -> tuple[Said, ...]:
    """
    @return: Lines, of which C{FITTING} fit.
    """
    return tuple(said(id, LONG) for id in range(1, count + 1))


def test_theNewestLinesAreToldWhereAllAreTooMuch() -> None:
    gaps = (Missed("#lobby", 10, 10, "lost"), Missed("#lobby", 290, 290, "lost"))
    lines = tuple(line for line in long(300) if line.id not in (10, 290))
    head, *told = asked("/history", Extract(lines, False, gaps))
    assert head == Excerpt("#lobby", "history", FITTING, True, 300)
    assert told[0] == recalled(300 - FITTING, LONG)
    assert told[-1] == recalled(300, LONG)
    assert [event for event in told if isinstance(event, Missed)] == [gaps[1]]


@pytest.mark.parametrize("line", ["/history after 0", "/history since 1h"])
def test_theFirstLinesAreToldWhereAllAfterAnIdAreTooMuch(line: str) -> None:
    gaps = (Missed("#lobby", 10, 10, "lost"), Missed("#lobby", 290, 290, "lost"))
    lines = tuple(each for each in long(300) if each.id not in (10, 290))
    head, *told = asked(line, Extract(lines, False, gaps))
    assert head == Excerpt("#lobby", "after", FITTING, True, FITTING + 1)
    assert told[0] == recalled(1, LONG)
    assert told[-1] == recalled(FITTING + 1, LONG)
    assert [event for event in told if isinstance(event, Missed)] == [gaps[0]]


def test_bytesAreCountedAndNotCharacters() -> None:
    lines = tuple(said(id, "好" * 291 + "xx") for id in range(1, 301))
    assert len(asked("/history", Extract(lines))) == FITTING + 1


def test_aSingleLineIsToldHoweverLongItIs() -> None:
    huge = said(1, "x" * (MAX_BYTES + 1))
    assert asked("/history", Extract((huge,))) == [
        Excerpt("#lobby", "history", 1, False, 1),
        recalled(1, huge.text),
    ]


def test_thePastIsReadInSeveralRequests() -> None:
    stage = SessionStage(replay=0)
    alice = stage.user("alice", *[LONG] * 250)
    last, ids = 0, []
    for _ in range(4):
        head, *told = alice.hears(f"/history after {last}")
        assert isinstance(head, Excerpt)
        last = head.last
        ids += [event.id for event in told if isinstance(event, Recalled)]
        if not head.more:
            break
    assert ids == list(range(1, 251))


# On coming in.


@pytest.mark.parametrize(
    ("lines", "told"),
    [((), []), ((said(1),), [Excerpt("#lobby", "replay", 1, False, 1), recalled(1)])],
)
def test_anEmptyReplayIsNotTold(
    stage: SessionStage, lines: tuple[Said, ...], told: list[Event]
) -> None:
    stage.server.history = Past(Extract(lines))  # type: ignore[assignment]
    assert stage.user().hears("alice") == [Welcomed("#lobby", "alice"), *told]


@pytest.mark.parametrize("error", [HistoryUnavailable(), TryLater()])
def test_aHistoryThatCannotBeReadKeepsNoUserOut(stage: SessionStage, error: Exception) -> None:
    past = stage.server.history = Past(Extract())  # type: ignore[assignment]
    past.answer = lambda: fail(error)
    user = stage.user()
    assert user.hears("alice") == [Welcomed("#lobby", "alice"), Warned("no-replay", "#lobby")]
    assert user.hears("/join #dev") == [
        Entered("#dev"),
        Talking("#dev"),
        Warned("no-replay", "#dev"),
    ]


class CountedRendering(EventRendering):
    """
    @ivar recalled: How many lines of the past it has rendered.
    """

    recalled = 0

    def render(self, event: Event) -> bytes:
        self.recalled += isinstance(event, Recalled)
        return super().render(event)


def test_forACrowdEachLineIsRenderedOnce() -> None:
    text, programs = (CountedRendering(renderingFor(Style(each))) for each in ("text", "json"))
    stage = SessionStage(renderings=lambda style: programs if style.format == "json" else text)
    stage.user("alice", "one", "two")
    replayed = [
        Excerpt("#lobby", "replay", 2, False, 2),
        recalled(1, "one", "alice"),
        recalled(2, "two", "alice"),
    ]
    for number in range(5):
        assert stage.user().hears(f"a{number}")[-3:] == replayed
        assert stage.user("/format json").hears(f"b{number}")[-3:] == replayed
    assert (text.recalled, programs.recalled) == (2, 2)


def test_aLineBetweenTwoArrivalsIsReplayedToTheSecond(stage: SessionStage) -> None:
    alice = stage.user("alice", "one")
    assert stage.user().hears("bob")[-1] == recalled(1, "one", "alice")
    alice.says("two")
    assert stage.user().hears("carol")[-3:] == [
        Excerpt("#lobby", "replay", 2, False, 2),
        recalled(1, "one", "alice"),
        recalled(2, "two", "alice"),
    ]


def test_aReplayLeavesOutIgnoredUsers(stage: SessionStage) -> None:
    stage.user("alice", "/join #dev", "one")
    stage.user("bob", "/join #dev", "two")
    one, two = (Recalled("#dev", 1, AT, "alice", "one"), Recalled("#dev", 2, AT, "bob", "two"))
    whole, part = Excerpt("#dev", "replay", 2, False, 2), Excerpt("#dev", "replay", 1, False, 2)
    told = {
        (): [whole, one, two],
        ("/ignore BOB",): [part, one],
        ("/ignore dave",): [whole, one, two],
    }
    for _ in range(2):
        for before, expected in told.items():
            user = stage.user("carol", *before)
            assert user.hears("/join #dev")[2:] == expected
            user.says("/quit")


def test_aReplayOfIgnoredUsersAloneIsNotTold(stage: SessionStage) -> None:
    stage.user("alice", "/join #dev", "one")
    carol = stage.user("/format json", "carol", "/ignore alice")
    told = carol.hears("/join #dev")
    assert Talking("#dev") in told
    assert not [event for event in told if isinstance(event, (Excerpt, Recalled))]


def test_aForgottenRoomIsNotReplayed(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "one")
    assert bob.hears("/join #dev")[-1] == Recalled("#dev", 1, AT, "alice", "one")
    for each in (alice, bob):
        each.says("/leave #dev")
    assert alice.hears("/join #dev") == [Entered("#dev"), Talking("#dev")]
    alice.says("two")
    assert bob.hears("/join #dev")[2:] == [
        Excerpt("#dev", "replay", 1, False, 2),
        Recalled("#dev", 2, AT, "alice", "two"),
    ]


class Hesitant:
    """
    A history that answers the first request at once, and all others when the test says so.
    """

    def __init__(self) -> None:
        self.waiting: list[Deferred[Extract]] = []
        self._isFirst = True

    def recent(self, *_: object) -> Deferred[Extract]:
        if self._isFirst:
            self._isFirst = False
            return succeed(Extract())
        self.waiting.append(Deferred())
        return self.waiting[-1]


@pytest.mark.parametrize("result", [Extract((said(1),)), HistoryUnavailable()])
def test_aReplayThatIsLateIsNotTold(stage: SessionStage, result: Any) -> None:
    history = stage.server.history = Hesitant()  # type: ignore[assignment]
    user = stage.user()
    assert user.hears("alice", "/ping") == [
        Welcomed("#lobby", "alice"),
        Warned("no-replay", "#lobby"),
        Ponged(),
    ]
    [late] = history.waiting
    late.callback(result) if isinstance(result, Extract) else late.errback(result)
    assert user.heard() == []
