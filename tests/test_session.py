"""Tests for L{chat.session}, and for what L{chat.requests} does in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from chat.backplane.local import LocalBackplane
from chat.commands import VERBS
from chat.errors import LineTooLong
from chat.events import (
    Acted,
    Closed,
    Ending,
    FormatSet,
    Greeted,
    Helped,
    LanguageSet,
    Left,
    Listed,
    NickAsked,
    Noticed,
    Person,
    Ponged,
    Present,
    Refused,
    Renamed,
    Said,
    Sent,
    Told,
    Versioned,
    Warned,
    Welcomed,
)
from chat.hub import LOBBY, Hub
from chat.interfaces import Backplane
from chat.participant import Participant, Settings
from chat.session import Session
from tests.doubles import (
    RecordingDoor,
    RecordingOutlet,
    ReprRendering,
    SlowBackplane,
    endOfTurn,
)

AT = datetime(2026, 11, 21, tzinfo=UTC)


@cache
def renderingFor(format: str, language: str) -> ReprRendering:
    """
    @return: One that shows before each event what was chosen, unless it is the default.
    """
    name = "" if (format, language) == ("text", "en") else f"{format} {language} "
    return ReprRendering(name, echoes=format == "json")


class Stage:
    """
    A hub, with settings for its sessions.
    """

    hubs = Hub

    def __init__(self, backplane: Backplane | None = None, **settings: object) -> None:
        self.clock = Clock()
        self.hub = self.hubs(
            backplane or LocalBackplane(),
            endOfTurn(self.clock),
            self.clock.seconds,
            now=lambda: AT,
        )
        self.settings = Settings(**settings)  # type: ignore[arg-type]

    def visitor(self, *lines: str) -> Visitor:
        """
        @return: Somebody new, who has said these lines and heard what came of it.
        """
        visitor = Visitor(self)
        visitor.session.opened()
        visitor.says(*lines)
        visitor.heard()
        return visitor


class Visitor:
    """
    A session, and what it has written and asked for.
    """

    def __init__(self, stage: Stage) -> None:
        self._clock = stage.clock
        self._outlet = RecordingOutlet()
        self.door = RecordingDoor()
        self.session = Session(
            stage.hub, self.door, self._outlet, renderingFor, stage.settings, stage.clock
        )

    def says(self, *lines: str) -> Visitor:
        for line in lines:
            self.session.lineReceived(line)
        return self

    def heard(self) -> list[str]:
        """
        @return: What has been written since the last time.
        """
        self._clock.advance(0)
        return self._outlet.take()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def events(*expected: object) -> list[str]:
    return [repr(event) for event in expected]


def test_whoComesIsGreeted() -> None:
    stage = Stage(name="the pub", motd="Be kind.\nClosed on Monday.")
    stage.visitor("bob")
    visitor = Visitor(stage)
    visitor.session.opened()
    assert visitor.heard() == events(
        Greeted("the pub", 1), Noticed("Be kind."), Noticed("Closed on Monday."), NickAsked()
    )


def test_theFirstLineIsTheNickname(stage: Stage) -> None:
    alice = stage.visitor()
    assert not alice.session.isRegistered
    alice.says("  alice ")
    assert alice.heard() == events(Welcomed(LOBBY, "alice"))
    assert alice.session.isRegistered


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/ping", Ponged()),
        ("/PING 42", Ponged("42")),
        ("/version", Versioned("tcpchat", "1.2")),
        ("/lang", LanguageSet("en")),
        ("/format", FormatSet("text")),
        ("/lang klingon", Refused("unknown-language", "en, zh_CN")),
        ("/format html", Refused("unknown-format", "text, json")),
        ("/help nick", Helped("/nick", ("/name", "/昵称"), "NAME", VERBS[1].help)),
        ("/help nonsense", Refused("unknown-command", "/nonsense")),
        ("/nonsense", Refused("unknown-command", "/nonsense")),
        ("/nick", Refused("argument-missing", "/nick NAME")),
    ],
)
def test_withAndWithoutANickname(line: str, answer: object) -> None:
    stage = Stage(version="1.2")
    assert stage.visitor().says(line).heard() == events(answer)
    assert stage.visitor("alice").says(line).heard() == events(answer)


@pytest.mark.parametrize("line", ["/who", "/me waves", "/msg bob hi", "/reply hi", "/在线"])
def test_someThingsTakeANickname(stage: Stage, line: str) -> None:
    bob = stage.visitor("bob")
    assert stage.visitor().says(line).heard() == events(Refused("nick-needed"))
    assert bob.heard() == []


def test_theTableSaysWhatTakesANickname(stage: Stage) -> None:
    visitor = stage.visitor()
    for verb in VERBS:
        if verb.needsNick:
            visitor.says(f"/{verb.name} bob hello")
            assert visitor.heard() == events(Refused("nick-needed"))


def test_helpListsEveryCommand(stage: Stage) -> None:
    assert len(stage.visitor().says("/help").heard()) == len(VERBS)


@pytest.mark.parametrize("line", ["", " ", "\t", "\x00\x1b[m"])
def test_aLineWithNothingInItDoesNothing(stage: Stage, line: str) -> None:
    assert stage.visitor().says(line).heard() == []
    bob = stage.visitor("bob")
    assert stage.visitor("alice").says(line).heard() == []
    assert bob.heard()[1:] == []


@pytest.mark.parametrize("nick", ["42", "-bob", "a b", "x" * 21, "bоb", "@", "bob"])
def test_aNicknameThatCannotBeTaken(stage: Stage, nick: str) -> None:
    stage.visitor("bob")
    visitor = stage.visitor()
    [refused] = visitor.says(nick).heard()
    assert refused.startswith("Refused(code='nick-")
    assert visitor.says("alice").heard() == events(Welcomed(LOBBY, "alice", ("bob",)))


def test_talking(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    alice.says("hello", "//slash", "/me waves")
    assert alice.heard() == []
    assert bob.heard() == events(
        Said(LOBBY, 1, AT, "alice", "hello"),
        Said(LOBBY, 2, AT, "alice", "/slash"),
        Acted(LOBBY, 3, AT, "alice", "waves"),
    )


def test_theAnswersComeInTheOrderOfTheLines(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    bob.says("one")
    alice.says("/ping 1")
    bob.says("two", "/msg alice psst")
    alice.says("/ping 2")
    assert alice.heard() == events(
        Said(LOBBY, 1, AT, "bob", "one"),
        Ponged("1"),
        Said(LOBBY, 2, AT, "bob", "two"),
        Told(AT, "bob", "alice", "psst"),
        Ponged("2"),
    )


def test_lookingWhoIsThere(stage: Stage) -> None:
    alice = stage.visitor("alice")
    stage.clock.advance(90)
    stage.visitor("bob")
    alice.heard()
    people = (Person("alice", 0), Person("bob", 0))
    assert alice.says("/who").heard() == events(Listed(LOBBY, people))
    assert alice.says("/who LOBBY").heard() == events(Listed(LOBBY, people))
    assert alice.says("/who #dev").heard() == events(Refused("no-such-room", "#dev"))


def test_everyLineEndsIdling(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    stage.clock.advance(90)
    bob.says("")
    [listed] = [line for line in bob.says("/who").heard() if line.startswith("Listed")]
    assert listed == repr(Listed(LOBBY, (Person("alice", 90), Person("bob", 0))))
    alice.says("/nonsense")
    assert "idle=90" not in bob.says("/who").heard()[-1]


def test_tellingAndReplying(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    alice.says("/msg Bob psst")
    assert alice.heard() == events(Sent(AT, "alice", "bob", "psst"))
    assert bob.heard() == events(Told(AT, "alice", "bob", "psst"))
    bob.says("/r yes?")
    assert alice.heard() == events(Told(AT, "bob", "alice", "yes?"))
    assert alice.says("/msg carol hi").heard() == events(Refused("no-such-nick", "carol"))
    carol = stage.visitor("carol")
    assert carol.says("/r hi").heard() == events(Refused("nobody-to-reply-to"))


def test_aReplyNeverReachesSomebodyWhoTookTheNickname(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    bob.says("/msg alice psst", "/quit")
    impostor = stage.visitor("bob")
    alice.heard()
    assert alice.says("/r for bob only").heard() == events(Refused("no-such-nick", "bob"))
    assert impostor.heard() == []


def test_renaming(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    renamed = events(Renamed(LOBBY, AT, "alice", "Carol"))
    assert alice.says("/nick Carol").heard() == bob.heard() == renamed
    assert alice.session.participant.nick == "Carol"
    assert alice.says("/nick bob").heard() == events(Refused("nick-taken", "bob"))
    assert alice.says("/nick Carol").heard() == events(Refused("nick-unchanged", "Carol"))
    assert alice.says("/nick 42").heard() == events(Refused("nick-invalid", "42"))
    alice.says("still Carol")
    assert bob.heard() == events(Said(LOBBY, 1, AT, "Carol", "still Carol"))


def test_aLanguageHoldsForOneSession(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    assert alice.says("/lang zh").heard() == ["text zh_CN " + repr(LanguageSet("zh_CN"))]
    bob.says("hello", "/ping")
    assert alice.heard() == ["text zh_CN " + repr(Said(LOBBY, 1, AT, "bob", "hello"))]
    assert bob.heard() == events(Ponged())


def test_aFormatHoldsFromThenOn(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    bob.says("before")
    alice.says("/format JSON")
    bob.says("after")
    alice.says("mine")
    assert alice.heard() == [
        repr(Said(LOBBY, 1, AT, "bob", "before")),
        "json en " + repr(FormatSet("json")),
        "json en " + repr(Said(LOBBY, 2, AT, "bob", "after")),
        "json en " + repr(Said(LOBBY, 3, AT, "alice", "mine")),
    ]
    alice.says("/lang zh_CN", "/format text")
    assert alice.heard()[-1] == "text zh_CN " + repr(FormatSet("text"))


def test_theServiceHasALanguageToBeginWith() -> None:
    assert Stage(language="zh_CN").visitor().says("/ping").heard() == [
        "text zh_CN " + repr(Ponged())
    ]


@pytest.mark.parametrize(("line", "text"), [("/quit", ""), ("/exit off to lunch", "off to lunch")])
def test_quitting(stage: Stage, line: str, text: str) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    bob.says("last")
    alice.heard()
    bob.heard()
    bob.says("really last")
    alice.says(line, "too late")
    assert alice.heard() == events(Said(LOBBY, 2, AT, "bob", "really last"), Closed(Ending.QUIT))
    assert alice.door.calls[-1] == ("close", None)
    assert bob.heard() == events(Left(LOBBY, AT, "alice", Ending.QUIT, text, 1))
    assert not alice.session.isRegistered


def test_aSignOfLife(stage: Stage) -> None:
    visitor = stage.visitor()
    visitor.session.areYouThere()
    visitor.session.refuse(LineTooLong("1024"))
    assert visitor.heard() == events(Present(), Refused("line-too-long", "1024"))


def test_whoTakesNoNicknameInTimeIsClosed(stage: Stage) -> None:
    visitor = stage.visitor()
    for _ in range(60):
        visitor.says("42")
        visitor.heard()
        stage.clock.advance(1)
    assert visitor.heard() == events(Closed(Ending.REGISTRATION_TIMEOUT))
    assert visitor.door.calls == [("close", None)]


def test_whoIsSilentIsWarnedAndClosed() -> None:
    stage = Stage(idleTimeout=100)
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    stage.clock.advance(40)
    bob.says("/ping")
    stage.clock.advance(10)
    assert alice.heard() == events(Warned("idle", "50"))
    stage.clock.advance(50)
    assert alice.heard() == events(Closed(Ending.IDLE_TIMEOUT))
    assert bob.heard()[-1] == repr(Left(LOBBY, AT, "alice", Ending.IDLE_TIMEOUT, count=1))


def test_whoClosesHisSideLeaves(stage: Stage) -> None:
    alice = stage.visitor("alice")
    alice.session.inputClosed()
    assert alice.heard() == events(Closed(Ending.INPUT_CLOSED))
    assert alice.door.calls[-1] == ("close", None)


def test_whoClosesHisSideMayStayAndListen() -> None:
    stage = Stage(listenAfterFIN=True, idleTimeout=100)
    alice = stage.visitor("alice")
    alice.session.inputClosed()
    stage.clock.advance(1000)
    stage.visitor("bob", "hello")
    assert alice.heard()[-1] == repr(Said(LOBBY, 1, AT, "bob", "hello"))
    stranger = stage.visitor()
    stranger.session.inputClosed()
    assert stranger.heard() == events(Closed(Ending.INPUT_CLOSED))


def test_aNicknameDecidedTooLateIsFree() -> None:
    slow = SlowBackplane()
    stage = Stage(slow)
    visitor = stage.visitor("alice")
    visitor.session.gone(Ending.CONNECTION_LOST)
    slow.decide()
    assert slow.taken == set()
    second = stage.visitor("alice")
    slow.decide()
    assert second.heard() == events(Welcomed(LOBBY, "alice"))


def test_anExceptionCostsOneSession() -> None:
    class Broken(Hub):
        def people(self, room: str) -> tuple[Person, ...]:
            raise RuntimeError("a bug")

    class Stages(Stage):
        hubs = Broken

    stage = Stages()
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    with capturedLogs() as logged:
        alice.says("/who")
    assert alice.heard() == events(Closed(Ending.INTERNAL_ERROR))
    assert alice.door.calls[-1] == ("close", None)
    [event] = logged
    assert (event["nick"], str(event["log_failure"].value)) == ("alice", "a bug")
    assert bob.heard() == events(Left(LOBBY, AT, "alice", Ending.INTERNAL_ERROR, count=1))
    assert bob.says("/ping").heard() == events(Ponged())


def test_aParticipantIsWrittenDownAndReadBack(stage: Stage) -> None:
    alice = stage.visitor("alice", "/lang zh_CN", "/format json")
    before = alice.session.participant
    assert before == Participant("zh_CN", "json", "alice", LOBBY)
    assert Participant(**json.loads(json.dumps(before.toMapping()))) == before
    alice.says("/quit")
    after = alice.session.participant
    assert Participant(**json.loads(json.dumps(after.toMapping()))).reason == "quit"


@pytest.mark.parametrize("lines", [(), ("alice",), ("alice", "/quit")])
def test_nothingOfASessionOutlivesItsConnection(stage: Stage, lines: tuple[str, ...]) -> None:
    visitor = stage.visitor(*lines)
    visitor.session.gone(Ending.CONNECTION_LOST)
    assert visitor.heard() == []
    assert stage.clock.getDelayedCalls() == []
    assert len(stage.hub) == 0
