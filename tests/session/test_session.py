"""Tests for L{chat.session.session}: coming in, and asking."""

from __future__ import annotations

import re

import pytest
from twisted.internet.defer import Deferred

from chat.interfaces import Extract
from chat.vocabulary.commands import Access
from chat.vocabulary.errors import LineTooLong
from chat.vocabulary.events import (
    Acted,
    Closed,
    Done,
    Ending,
    Entered,
    FormatSet,
    Greeted,
    Helped,
    LanguageSet,
    Listed,
    NickAsked,
    Noticed,
    Ponged,
    Present,
    Refused,
    Renamed,
    Said,
    Sent,
    Talking,
    Told,
    UserRow,
    Versioned,
    Welcomed,
)
from chat.vocabulary.records import Sanction, SanctionKind
from chat.vocabulary.verbs import VERBS, verbNamed
from tests.support.hubs import AT, LOBBY, now
from tests.support.servers import PlainAuthenticator
from tests.support.visitors import Stage, Visitor, events


@pytest.fixture
def stage() -> Stage:
    return Stage()


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
        if verb.access is not Access.EVERYBODY:
            # What is not in brackets has to be there, whatever it is.
            needed = re.sub(r"\[.*\]", "", verb.arguments).split()
            visitor.says(" ".join([f"/{verb.name}", *("bob" for _ in needed)]))
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
    people = (UserRow("alice", 0), UserRow("bob", 0))
    assert alice.says("/who").heard() == events(Listed(LOBBY, people))
    assert alice.says("/who LOBBY").heard() == events(Listed(LOBBY, people))
    assert alice.says("/who #dev").heard() == events(Refused("no-such-room", "#dev"))


def test_everyLineEndsIdling(stage: Stage) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    stage.clock.advance(90)
    bob.says("")
    [listed] = [line for line in bob.says("/who").heard() if line.startswith("Listed")]
    assert listed == repr(Listed(LOBBY, (UserRow("alice", 90), UserRow("bob", 0))))
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
    assert alice.session.nick == "Carol"
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
        "json en " + repr(Listed(LOBBY, (UserRow("alice"), UserRow("bob")))),
        "json en " + repr(Said(LOBBY, 2, AT, "bob", "after")),
        "json en " + repr(Said(LOBBY, 3, AT, "alice", "mine")),
    ]
    alice.says("/lang zh_CN", "/format text")
    assert alice.heard()[-1] == "text zh_CN " + repr(FormatSet("text"))


def test_theServiceHasALanguageToBeginWith() -> None:
    assert Stage(language="zh_CN").visitor().says("/ping").heard() == [
        "text zh_CN " + repr(Ponged())
    ]


def test_aSignOfLife(stage: Stage) -> None:
    visitor = stage.visitor()
    visitor.session.areYouThere()
    visitor.session.refuse(LineTooLong("1024"))
    assert visitor.heard() == events(Present(), Refused("line-too-long", "1024"))


# Who may be here.


def ban(stage: Stage, target: str) -> None:
    stage.server.sanctions.impose(Sanction(SanctionKind.BAN, target, target, "eve", AT, "flooding"))


def test_whoComesFromABannedNetworkIsNotGreeted(stage: Stage) -> None:
    ban(stage, "192.0.2.0/24")
    visitor = Visitor(stage)
    visitor.session.opened()
    assert visitor.heard() == events(Closed(Ending.BANNED, "flooding"))
    assert visitor.door.calls == [("close", None)]
    assert stage.clock.getDelayedCalls() == []
    other = Visitor(stage)
    other.door.address = "198.51.100.1"
    other.session.opened()
    assert other.heard() == events(Greeted("tcpchat", 0), NickAsked())


def test_anAddressMayBeKnownOnlyAfterTheGreeting(stage: Stage) -> None:
    """As behind a proxy, which tells it with the first bytes."""
    ban(stage, "192.0.2.0/24")
    visitor = Visitor(stage)
    visitor.door.address = ""
    visitor.session.opened()
    visitor.heard()
    visitor.door.address = "192.0.2.7"
    assert visitor.says("alice").heard() == events(Refused("banned", "flooding"))
    assert not visitor.session.isRegistered


def test_aBannedNicknameIsNobodys(stage: Stage) -> None:
    ban(stage, "alice")
    visitor = stage.visitor()
    assert visitor.says("Alice").heard() == events(Refused("banned", "flooding"))
    assert visitor.says("carol").heard() == events(Welcomed(LOBBY, "carol"))


# What takes time.


def test_aRefusalIsOneLineInWhateverState(stage: Stage) -> None:
    now(stage.server.accounts.create("carol", "drowssap"))
    alice = stage.visitor("alice")
    assert alice.says("/nick carol").heard() == events(Refused("nick-registered", "carol"))
    assert alice.says("/history 0").heard() == events(
        Refused("argument-invalid", verbNamed("history").usage)
    )
    assert alice.says("/ping").heard() == events(Ponged())


def test_theInputWaitsForWhatTakesTime(stage: Stage) -> None:
    alice = stage.visitor("alice")
    authenticator = stage.server.authenticator
    assert isinstance(authenticator, PlainAuthenticator)
    authenticator.isSlow = True
    alice.door.calls.clear()
    alice.says("/register password")
    assert alice.door.calls == ["hold"]
    assert alice.heard() == []
    authenticator.decide()
    assert alice.door.calls == ["hold", "release"]
    assert alice.heard() == events(Done("registered", "alice"))


def test_ofTwoSessionsThatJoinARoomAtOnceOneComesIn(stage: Stage) -> None:
    """Both are on their way while the lines of the room are read."""
    first = stage.visitor("alice", "/register password")
    second = stage.visitor("/login alice password")
    first.heard()
    history = stage.server.history
    answers: list[Deferred[Extract]] = []
    history.recent = lambda room, count: answers.append(Deferred()) or answers[-1]  # type: ignore
    first.says("/join #dev")
    second.says("/join #dev")
    del history.recent  # type: ignore[misc]
    for answer in answers:
        answer.callback(Extract())
    dev = stage.hub.directory.find("#dev")
    assert dev is not None
    assert stage.hub.nicknames.named("alice").rooms == [LOBBY, "#dev"]
    assert first.door.calls[-1] == second.door.calls[-1] == "release"
    assert second.heard() == events(Entered("#dev"), Talking("#dev"))
    assert first.heard() == events(Entered("#dev"), Talking("#dev"))
    second.says("/part #dev", "/quit")
    assert dev.nicks == ()
    assert first.says("/ping").heard()[-1:] == events(Ponged())
