"""Tests for L{chat.session.handlers.history}."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.logger import capturedLogs

from chat.session.playback import EVENTS_PER_TURN
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from chat.vocabulary.events import Closed, Ending, Event, Excerpt, Ponged, Recalled, Refused, Said
from tests.support.hubs import AT
from tests.support.service import Service
from tests.support.sessions import SessionStage, SessionUser

USAGE = "/history [N | after ID | since 2h] [in #ROOM]"


def texts(events: list[Event]) -> list[str]:
    """
    @return: The texts of the lines that are recalled.
    """
    return [event.text for event in events if isinstance(event, Recalled)]


def talk(user: SessionUser, count: int) -> SessionUser:
    """
    @return: The user, who has said the numbers from 1 on.
    """
    return user.says(*map(str, range(1, count + 1)))


# History.


def test_theNewestLinesAreTold(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("one", "/me waves", "three")
    assert alice.hears("/history 2") == [
        Excerpt("#lobby", "history", 2, True, 3),
        Recalled("#lobby", 2, AT, "bob", "waves", True),
        Recalled("#lobby", 3, AT, "bob", "three"),
    ]


def test_anEmptyHistoryIsTold(stage: SessionStage) -> None:
    alice = stage.user("alice")
    nothing = [Excerpt("#lobby", "history", 0)]
    assert alice.hears("/history") == nothing
    assert alice.hears("/history after 7") == [Excerpt("#lobby", "after", 0)]


@pytest.mark.parametrize(
    ("arguments", "first", "last", "isMore"),
    [
        ("", 1151, 1200, True),
        ("1", 1200, 1200, True),
        ("900", 301, 1200, True),
        ("after 300", 301, 1200, False),
        ("after 1199", 1200, 1200, False),
    ],
)
def test_aRequestNamesTheLinesItWants(
    stage: SessionStage, arguments: str, first: int, last: int, isMore: bool
) -> None:
    alice = talk(stage.user("alice"), 1200)
    head, *lines = alice.hears(f"/history {arguments}")
    assert texts(lines) == [str(number) for number in range(first, last + 1)]
    assert isinstance(head, Excerpt)
    assert (head.count, head.more, head.last) == (last - first + 1, isMore, last)


@pytest.mark.parametrize("arguments", ["1000", "5000", "after 0", "since 1h"])
def test_aThousandLinesAreToldAtMost(
    stage: SessionStage, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    monkeypatch.setattr("chat.session.playback.MAX_BYTES", 10**6)
    alice = talk(stage.user("alice"), 1200)
    head, *lines = alice.hears(f"/history {arguments}")
    assert len(lines) == 1000
    assert isinstance(head, Excerpt)
    assert (head.count, head.more) == (1000, True)


def test_linesSinceATimeAreTold(stage: SessionStage) -> None:
    alice = stage.user("alice")
    for text in ("one", "two", "three"):
        alice.says(text)
        stage.clock.advance(60)
    assert texts(alice.hears("/history since 2m")) == ["two", "three"]


def test_theHistoryOfAnotherOpenRoomMayBeRead(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "one")
    assert alice.hears("/history in #lobby") == [Excerpt("#lobby", "history", 0)]
    # A room that is open to all may be read by all.
    assert texts(bob.hears("/history 10 in #dev")) == ["one"]
    alice.says("/mode key hunter2")
    assert bob.hears("/history in #dev") == [Refused("not-in-room", "#dev")]
    assert texts(alice.hears("/room #lobby", "/history in #dev")) == ["one"]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("/history in #dev", Refused("not-in-room", "#dev")),
        ("/history in #1", Refused("room-invalid", "#1")),
        ("/search x in #dev", Refused("not-in-room", "#dev")),
        ("/history 0", Refused("argument-invalid", USAGE)),
        ("/history many", Refused("argument-invalid", USAGE)),
        ("/history after", Refused("argument-invalid", USAGE)),
        ("/history since yesterday", Refused("argument-invalid", USAGE)),
        ("/search", Refused("argument-missing", "/search WORDS [in #ROOM] [from NAME]")),
    ],
)
def test_requestsAreRefused(stage: SessionStage, line: str, refusal: Refused) -> None:
    alice = stage.user("alice")
    assert alice.hears(line) == [refusal]


# Search.


def test_theNewestLineFoundIsFirst(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("hello world", "/join #dev", "hello")
    alice.says("hello there")
    assert texts(bob.hears("/search hello")) == ["hello there", "hello", "hello world"]
    assert texts(alice.hears("/search hello")) == ["hello there", "hello world"]
    assert texts(bob.hears("/search hello in #lobby from BOB")) == ["hello world"]
    assert texts(bob.hears("/search hello from alice")) == ["hello there"]
    assert texts(bob.hears("/search hello world")) == ["hello world"]


def test_chineseIsFoundWithinALine(stage: SessionStage) -> None:
    alice = stage.user("alice", "大家你好啊")
    for words in ("你好", "好", "家你好"):
        assert texts(alice.hears(f"/search {words}")) == ["大家你好啊"]
    assert texts(alice.hears("/搜索 大好")) == []


def test_fiftyLinesAreFoundAtMost(stage: SessionStage) -> None:
    alice = stage.user("alice").says(*["hello"] * 51)
    head, *lines = alice.hears("/search hello")
    assert isinstance(head, Excerpt)
    assert (head.reason, head.count, head.more) == ("search", 50, True)
    assert len(lines) == 50


def test_aUserInNoRoomFindsNothing(stage: SessionStage) -> None:
    alice = stage.user("alice", "hello", "/part")
    assert texts(alice.hears("/search hello")) == []
    assert texts(alice.hears("/search hello in #lobby")) == ["hello"]


def test_aLineFoundInAnotherRoomNamesIt() -> None:
    service = Service()
    alice = service.connect("alice", "hello", "/join #dev", "hello")
    service.say(alice, "/search hello")
    assert [line.partition("] ")[2] for line in service.heard(alice)[1:]] == [
        "#dev alice: hello",
        "#lobby alice: hello",
    ]
    service.close()


# Waiting, and failures.


@pytest.mark.parametrize(
    "line", ["/history", "/history after 0", "/history since 1h", "/search hello"]
)
def test_answersComeInTheOrderOfTheRequests(stage: SessionStage, line: str) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("hello")
    history = stage.slowHistory()
    assert alice.hears(line, "/ping", "/who") == []
    bob.says("meanwhile")
    assert alice.heard() == [Said("#lobby", 2, AT, "bob", "meanwhile")]
    history.decide()
    told = alice.heard()
    assert isinstance(told[0], Excerpt)
    assert "hello" in texts(told)
    assert told[-2] == Ponged()


@pytest.mark.parametrize("line", ["/history", "/search hello"])
@pytest.mark.parametrize("isKicked", [False, True])
def test_aUserWhoLeavesMeanwhileIsToldNothing(
    stage: SessionStage, line: str, isKicked: bool
) -> None:
    alice, carol = stage.user("alice", "hello"), stage.registered("carol")
    history = stage.slowHistory()
    alice.says(line)
    if isKicked:
        carol.says("/kick alice")
    else:
        alice.session.end(Ending.IDLE_TIMEOUT)
    assert isinstance(alice.heard()[-1], Closed)
    history.decide()
    assert alice.heard() == []


def test_aUserWhoLeavesInTheMiddleIsToldNoMore(stage: SessionStage) -> None:
    alice = talk(stage.user("alice"), 1000)
    # The first part of the answer is there, and the others wait for the next turns.
    alice.types("/history 500")
    alice.session.end(Ending.SHUTDOWN)
    told = alice.heard()
    assert len(told) == EVENTS_PER_TURN + 1
    assert told[-1] == Closed(Ending.SHUTDOWN)


def test_manyLinesAreWrittenInSeveralTurns(stage: SessionStage) -> None:
    alice = talk(stage.user("alice"), 500)
    alice.types("/history 500")
    assert len(alice.outlet.writes) == 1
    stage.settle()
    sizes = [write.count(b"\r\n") for write in alice.outlet.writes]
    assert sizes == [200, 200, 101]
    assert texts(alice.heard()) == [str(number) for number in range(1, 501)]


@pytest.mark.parametrize(
    ("error", "code"), [(HistoryUnavailable(), "history-unavailable"), (TryLater(), "try-later")]
)
def test_aHistoryThatCannotBeReadIsRefused(
    stage: SessionStage, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    alice = stage.user("alice")
    for question in ("recent", "search"):
        monkeypatch.setattr(stage.server.history, question, lambda *_: fail(error))
    assert alice.hears("/history", "/search x", "/ping") == [Refused(code), Refused(code), Ponged()]


def test_anUnexpectedFailureCostsOneSession(
    stage: SessionStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = stage.users("alice", "bob")
    broken: Deferred[object] = fail(ValueError("broken"))
    monkeypatch.setattr(stage.server.history, "recent", lambda *_: broken)
    with capturedLogs() as logged:
        assert alice.hears("/history") == [Closed(Ending.INTERNAL_ERROR)]
    assert [event["log_failure"].type for event in logged] == [ValueError]
    assert bob.hears("/ping")[-1] == Ponged()
