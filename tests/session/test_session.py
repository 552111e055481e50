"""Tests for L{chat.session.session}: how a session begins, answers and ends."""

from __future__ import annotations

from functools import cache

import pytest
from twisted.logger import capturedLogs

from chat.core.nicknames import Nicknames
from chat.core.users import User
from chat.vocabulary.commands import Access
from chat.vocabulary.errors import LineTooLong
from chat.vocabulary.events import (
    Closed,
    Ending,
    Entered,
    FormatSet,
    Greeted,
    LanguageSet,
    Left,
    Listed,
    NickAsked,
    Noticed,
    Ponged,
    Present,
    Refused,
    Renamed,
    Said,
    Talking,
    Told,
    UserRow,
    Warned,
    Welcomed,
)
from chat.vocabulary.style import Style
from chat.vocabulary.verbs import VERBS
from tests.support.doubles import TRAITS, ReprRendering
from tests.support.hubs import AT, LOBBY
from tests.support.sessions import LOGGED_IN, PASSWORD, SessionStage, shortestLine

# The beginning.


def test_aNewSessionIsGreeted() -> None:
    stage = SessionStage(name="the pub", motd="Be kind.\nClosed on Monday.")
    stage.user("bob")
    assert stage.connect().opens() == [
        Greeted("the pub", 1),
        Noticed("Be kind."),
        Noticed("Closed on Monday."),
        NickAsked(),
    ]


def test_theFirstLineIsTheNickname(stage: SessionStage) -> None:
    alice = stage.user()
    assert not alice.session.isRegistered
    assert alice.hears("  alice ") == [Welcomed(LOBBY, "alice")]
    assert alice.session.isRegistered


@pytest.mark.parametrize("nick", ["42", "-bob", "a b", "x" * 21, "bоb", "@", "bob"])
def test_anInvalidOrTakenNicknameIsRefused(stage: SessionStage, nick: str) -> None:
    stage.user("bob")
    alice = stage.user()
    [refused] = alice.hears(nick)
    assert isinstance(refused, Refused)
    assert refused.code.startswith("nick-") or refused.code == "scripts-mixed"
    assert alice.hears("alice") == [Welcomed(LOBBY, "alice", ("bob",))]


def test_commandsForUsersAreRefusedWithoutANickname(stage: SessionStage) -> None:
    bob, nameless = stage.user("bob"), stage.user()
    for verb in VERBS:
        if verb.access is not Access.EVERYBODY:
            assert nameless.hears(shortestLine(verb)) == [Refused("nick-needed")]
    assert bob.heard() == []


# Answers.


@pytest.mark.parametrize("line", ["", " ", "\t", "\x00\x1b[m"])
def test_aBlankLineDoesNothing(stage: SessionStage, line: str) -> None:
    assert stage.user().hears(line) == []
    alice, bob = stage.users("alice", "bob")
    assert alice.hears(line) == bob.heard() == []


def test_answersComeInTheOrderOfTheLines(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("one")
    alice.says("/ping 1")
    bob.says("two", "/msg alice psst")
    alice.says("/ping 2")
    assert alice.heard() == [
        Said(LOBBY, 1, AT, "bob", "one"),
        Ponged("1"),
        Said(LOBBY, 2, AT, "bob", "two"),
        Told(AT, "bob", "alice", "psst"),
        Ponged("2"),
    ]


def test_everyLineEndsIdling(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    stage.clock.advance(90)
    bob.says("")
    assert bob.hears("/who") == [Listed(LOBBY, (UserRow("alice", 90), UserRow("bob", 0)))]
    alice.says("/nonsense")
    assert bob.hears("/who") == [Listed(LOBBY, (UserRow("alice", 0), UserRow("bob", 0)))]


def test_aUserMayChangeTheirNickname(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    renamed = [Renamed(LOBBY, stage.now, "alice", "Carol")]
    assert alice.hears("/nick Carol") == bob.heard() == renamed
    assert alice.session.nick == "Carol"
    assert alice.hears("/nick bob") == [Refused("nick-taken", "bob")]
    assert alice.hears("/nick Carol") == [Refused("nick-unchanged", "Carol")]
    assert alice.hears("/nick 42") == [Refused("nick-invalid", "42")]
    assert alice.hears("/nick") == [Refused("argument-missing", "/nick NAME")]
    alice.says("still Carol")
    assert bob.heard() == [Said(LOBBY, 1, AT, "Carol", "still Carol")]


@cache
def styledRendering(style: Style) -> ReprRendering:
    """
    @return: A rendering that shows the style before each event.
    """
    traits = TRAITS if style.format == "json" else ()
    return ReprRendering(f"{style.format} {style.language} ", *traits)


@pytest.fixture
def styled() -> SessionStage:
    return SessionStage(renderings=styledRendering)


def test_aLanguageAppliesToOneSession(styled: SessionStage) -> None:
    alice, bob = styled.connect(), styled.connect()
    for user, nick in ((alice, "alice"), (bob, "bob")):
        user.says(nick).outlet.take()
    alice.outlet.take()
    assert alice.says("/lang zh").outlet.take() == [f"text zh_CN {LanguageSet('zh_CN', True)!r}"]
    bob.says("hello", "/ping")
    said = Said(LOBBY, 1, AT, "bob", "hello")
    assert alice.outlet.take() == [f"text zh_CN {said!r}"]
    assert bob.outlet.take() == [f"text en {Ponged()!r}"]


def test_aFormatAppliesFromThenOn(styled: SessionStage) -> None:
    alice, bob = styled.connect(), styled.connect()
    for user, nick in ((alice, "alice"), (bob, "bob")):
        user.says(nick)
    alice.outlet.take()
    bob.says("before")
    alice.says("/format JSON")
    bob.says("after")
    alice.says("mine")
    assert alice.outlet.take() == [
        f"text en {Said(LOBBY, 1, AT, 'bob', 'before')!r}",
        f"json en {FormatSet('json')!r}",
        f"json en {Listed(LOBBY, (UserRow('alice'), UserRow('bob')))!r}",
        f"json en {Said(LOBBY, 2, AT, 'bob', 'after')!r}",
        f"json en {Said(LOBBY, 3, AT, 'alice', 'mine')!r}",
    ]
    alice.says("/lang zh_CN", "/format text")
    assert alice.outlet.take()[-1] == f"text zh_CN {FormatSet('text')!r}"


def test_aSessionBeginsInTheLanguageOfTheService() -> None:
    stage = SessionStage(language="zh_CN", renderings=styledRendering)
    assert stage.connect().says("/ping").outlet.take() == [f"text zh_CN {Ponged()!r}"]


def test_theFrontDoorMayTellAndRefuse(stage: SessionStage) -> None:
    user = stage.user()
    user.session.hear(Present())
    user.session.refuse(LineTooLong("1024"))
    assert user.heard() == [Present(), Refused("line-too-long", "1024")]


def test_twoSessionsThatJoinARoomAtOnceJoinItOnce(stage: SessionStage) -> None:
    """Both are on their way while the lines of the room are read."""
    first = stage.registered("alice")
    second = stage.user(f"/login alice {PASSWORD}")
    history = stage.slowHistory()
    first.says("/join #dev")
    second.says("/join #dev")
    history.isSlow = False
    stage.forget()
    history.decide()
    assert stage.hub.nicknames.named("alice").rooms == [LOBBY, "#dev"]
    assert first.calls[-1] == second.calls[-1] == "release"
    assert second.heard() == first.heard() == [Entered("#dev"), Talking("#dev")]
    dev = stage.hub.directory.open("#dev")
    second.says("/part #dev", "/quit")
    assert dev.nicks == ()
    assert first.hears("/ping") == [Ponged()]


# The end.


@pytest.mark.parametrize(("line", "text"), [("/quit", ""), ("/exit off to lunch", "off to lunch")])
def test_nothingIsToldAfterQuitting(stage: SessionStage, line: str, text: str) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("last")
    alice.types(line)
    bob.says("too late")
    alice.types("too late")
    assert alice.heard() == [Said(LOBBY, 1, AT, "bob", "last"), Closed(Ending.QUIT)]
    assert alice.calls[-1] == ("close", None)
    assert bob.heard() == [Left(LOBBY, AT, "alice", Ending.QUIT, text, 1)]
    assert not alice.session.isRegistered


def test_aSessionWithoutANicknameExpires(stage: SessionStage) -> None:
    user = stage.user()
    for _ in range(60):
        user.says("42")
        user.heard()
        stage.clock.advance(1)
    assert user.heard() == [Closed(Ending.REGISTRATION_TIMEOUT)]
    assert user.calls == [("close", None)]


def test_anIdleSessionIsWarnedAndEnded() -> None:
    stage = SessionStage(idleTimeout=100)
    alice, bob = stage.users("alice", "bob")
    stage.clock.advance(40)
    bob.says("/ping")
    stage.clock.advance(10)
    assert alice.heard() == [Warned("idle", "50")]
    stage.clock.advance(50)
    assert alice.heard() == [Closed(Ending.IDLE_TIMEOUT)]
    assert bob.heard()[-1] == Left(LOBBY, stage.now, "alice", Ending.IDLE_TIMEOUT, count=1)


def test_onlyGuestsAreEndedForSilence() -> None:
    stage = SessionStage(idleTimeout=100)
    alice, bob, carol = stage.users("alice", "bob", "carol")
    alice.says(f"/register {PASSWORD}")
    bob.says(f"/register {PASSWORD}", "/unregister bob")
    again = stage.user(f"/login alice {PASSWORD}")
    moved = stage.user("dave", f"/login alice {PASSWORD}")
    stage.clock.advance(40)
    carol.says(f"/register {PASSWORD}")
    for _ in range(100):
        stage.clock.advance(10)
    reasons = [user.session.reason for user in (alice, again, moved, carol, bob)]
    assert reasons == ["", "", "", "", Ending.IDLE_TIMEOUT]


def test_aClosedInputEndsTheSession(stage: SessionStage) -> None:
    alice = stage.user("alice")
    alice.session.inputClosed()
    assert alice.heard() == [Closed(Ending.INPUT_CLOSED)]
    assert alice.calls[-1] == ("close", None)


def test_aUserMayListenAfterClosingTheirInput() -> None:
    stage = SessionStage(listenAfterFIN=True, idleTimeout=100)
    alice = stage.user("alice")
    alice.session.inputClosed()
    stage.clock.advance(1000)
    bob = stage.user("bob")
    bob.says("hello")
    assert alice.heard() == [Said(LOBBY, 1, stage.now, "bob", "hello")]
    nameless = stage.user()
    nameless.session.inputClosed()
    assert nameless.heard() == [Closed(Ending.INPUT_CLOSED)]


def test_anExceptionCostsOneSession(stage: SessionStage) -> None:
    class Broken(Nicknames):
        def named(self, nick: str) -> User:
            raise RuntimeError("a bug")

    stage.hub.nicknames.__class__ = Broken
    alice, bob = stage.users("alice", "bob")
    with capturedLogs() as logged:
        assert alice.hears("/whois bob") == [Closed(Ending.INTERNAL_ERROR)]
    assert alice.calls[-1] == ("close", None)
    [event] = logged
    assert (event["nick"], str(event["log_failure"].value)) == ("alice", "a bug")
    assert bob.heard() == [Left(LOBBY, AT, "alice", Ending.INTERNAL_ERROR, count=1)]
    assert bob.hears("/ping") == [Ponged()]


@pytest.mark.parametrize("lines", [(), ("alice",), ("alice", "/quit")])
def test_nothingOfASessionOutlivesItsConnection(
    stage: SessionStage, lines: tuple[str, ...]
) -> None:
    user = stage.user(*lines)
    user.session.gone(Ending.CONNECTION_LOST)
    assert user.heard() == []
    assert stage.clock.getDelayedCalls() == []
    assert len(stage.hub.nicknames) == 0


# What a front door knows of the user from the start.


def test_aDoorIntroducesANickname(stage: SessionStage) -> None:
    alice = stage.connect()
    assert alice.opens(nick="alice")[1:] == [Welcomed(LOBBY, "alice")]
    assert alice.session.isRegistered


def test_anIntroducedNicknameThatIsTakenIsRefused(stage: SessionStage) -> None:
    stage.user("alice")
    other = stage.connect()
    assert other.opens(nick="Alice")[1:] == [Refused("nick-taken", "Alice")]
    assert not other.session.isRegistered


def test_anIntroducedNicknameWithAnAccountNeedsThePassword(stage: SessionStage) -> None:
    stage.registered("alice").says("/quit")
    alice = stage.connect()
    alice.opens(nick="alice")
    assert not alice.session.isRegistered
    assert alice.session.asked


def test_aDoorVouchesForAnAccount(stage: SessionStage) -> None:
    stage.registered("alice").says("/quit")
    assert stage.connect().opens(account="ALICE")[1:] == [LOGGED_IN, Welcomed(LOBBY, "alice")]


def test_vouchingForAnUnknownAccountIsRefused(stage: SessionStage) -> None:
    alice = stage.connect()
    assert alice.opens(account="alice")[1:] == [Refused("no-such-account", "alice")]
    assert not alice.session.isRegistered


def test_vouchingAddsASessionToAUserWhoIsHere(stage: SessionStage) -> None:
    first, second = stage.registered("alice"), stage.connect()
    second.opens(account="alice")
    assert len(stage.hub.nicknames) == 1
    stage.forget()
    second.says("hello")
    assert first.heard() == [Said(LOBBY, 1, AT, "alice", "hello")]


def test_aDoorChoosesTheFirstStyle(styled: SessionStage) -> None:
    user = styled.connect(style=Style("json", "zh_CN"))
    user.session.opened()
    assert user.outlet.take()[1:] == [f"json zh_CN {NickAsked()!r}"]


def test_aProgramIsToldWhoIsInTheFirstRoom(stage: SessionStage) -> None:
    robot = stage.connect(style=Style("json"))
    assert robot.opens(nick="robot")[1:] == [
        Welcomed(LOBBY, "robot"),
        Listed(LOBBY, (UserRow("robot"),)),
    ]


def test_aDoorChoosesTheFirstRoom(stage: SessionStage) -> None:
    alice = stage.connect(room="#Garden")
    assert alice.opens(nick="alice")[1:] == [Welcomed("#garden", "alice")]
    assert stage.nicks("#garden") == ("alice",)
    assert stage.nicks(LOBBY) == ()


def test_aSecondSessionBeginsInTheRoomOfItsDoor(stage: SessionStage) -> None:
    first, second = stage.registered("alice"), stage.connect(room="#garden")
    second.opens(account="alice")
    stage.forget()
    second.says("hello")
    assert first.heard() == [Said("#garden", 1, AT, "alice", "hello")]
    assert stage.nicks(LOBBY) == ("alice",)


def test_aFirstRoomThatIsLockedIsRefused(stage: SessionStage) -> None:
    bob = stage.user("bob", "/join #garden", "/mode key sesame")
    assert stage.connect(room="#garden").opens(nick="alice")[1:] == [
        Refused("key-needed", "#garden"),
        Welcomed(LOBBY, "alice", ("bob",)),
    ]
    assert not any("#garden" in repr(event) for event in bob.heard())


def test_anInvalidFirstRoomIsRefused(stage: SessionStage) -> None:
    refused, _, *rest = stage.connect(room="garden party").opens(nick="alice")
    assert isinstance(refused, Refused)
    assert refused.code == "room-invalid"
    assert rest == [Welcomed(LOBBY, "alice")]


def test_whatIsCompleteEndsIdlingEvenIfItAsksForNothing() -> None:
    stage = SessionStage(idleTimeout=100.0)
    alice = stage.user("alice")
    stage.clock.advance(90)
    alice.session.touch()
    stage.clock.advance(40)
    assert alice.session.reason == ""
    stage.clock.advance(60)
    assert alice.session.reason == Ending.IDLE_TIMEOUT


def test_aLineEndsIdlingOfItsSessionAndOfTheUser(stage: SessionStage) -> None:
    stage.registered("alice")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.clock.advance(100)
    second.says("/me waves")
    stage.clock.advance(50)
    alice = stage.hub.nicknames.named("alice")
    assert [session.active for session in alice.sessions] == [0, 100]
    assert stage.hub.directory.open(LOBBY).people(stage.clock.seconds()) == (UserRow("alice", 50),)
