"""Tests for L{chat.session.signon}: how somebody comes to have a nickname, and who may."""

from __future__ import annotations

import pytest

from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Entered,
    Greeted,
    Joined,
    Left,
    NickAsked,
    PasswordAsked,
    Refused,
    Renamed,
    Said,
    SessionsChanged,
    Welcomed,
)
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage, SessionUser

WRONG = "open-seasame"

LOGGED_IN = Done("logged-in", "alice")


@pytest.fixture
def stage() -> SessionStage:
    """
    One in which alice has an account.
    """
    stage = SessionStage(replay=0, operators=["carol"])
    stage.registered("alice").says("/quit")
    return stage


# A nickname that is somebody's.


@pytest.mark.parametrize("line", ["alice", " ALICE ", "/nick alice"])
def test_itTakesThePassword(stage: SessionStage, line: str) -> None:
    visitor = stage.user()
    assert visitor.hears(line) == [
        Refused("nick-registered", "alice"),
        PasswordAsked("alice"),
    ]
    assert visitor.hears(PASSWORD) == [LOGGED_IN, Welcomed("#lobby", "alice")]


@pytest.mark.parametrize("line", ["/login alice {}", "/LOGIN Alice  {}", "/登录 alice {}"])
def test_oneMayLogInAtOnce(stage: SessionStage, line: str) -> None:
    assert stage.user().hears(line.format(PASSWORD)) == [
        LOGGED_IN,
        Welcomed("#lobby", "alice"),
    ]


def test_theNameNeedNotBeSaidTwice(stage: SessionStage) -> None:
    visitor = stage.user("alice")
    assert visitor.hears(f"/login {PASSWORD}")[0] == LOGGED_IN


def test_withoutANameNobodyIsMeant(stage: SessionStage) -> None:
    assert stage.user().hears(f"/login {PASSWORD}") == [
        Refused("argument-missing", "/login [NAME] PASSWORD")
    ]


def test_whoMistypesHisPasswordTypesItAgain(stage: SessionStage) -> None:
    bob = stage.user("bob")
    visitor = stage.user("alice")
    for line in (WRONG, f"/login {WRONG}", f" {WRONG} "):
        assert visitor.hears(line) == [Refused("wrong-password", "alice")]
    assert visitor.hears(PASSWORD)[0] == LOGGED_IN
    # Nothing of it has become a nickname.
    assert bob.heard() == [Joined("#lobby", AT, "alice", 2)]


def test_oneMayAskForAnotherNicknameInstead(stage: SessionStage) -> None:
    visitor = stage.user("alice", WRONG)
    assert visitor.hears("/nick bob") == [Welcomed("#lobby", "bob")]


def test_whoIsRefusedAnotherNicknameIsAnonymousAgain(stage: SessionStage) -> None:
    stage.users("bob")
    visitor = stage.user("alice")
    assert visitor.hears("/nick bob") == [Refused("nick-taken", "bob")]
    assert visitor.hears("dave") == [Welcomed("#lobby", "dave", ("bob",))]


def test_oneMayAskForSomethingElseMeanwhile(stage: SessionStage) -> None:
    visitor = stage.user("alice", "/lang zh_CN", "/ping")
    assert visitor.hears("/me waves") == [Refused("nick-needed")]
    assert visitor.hears(PASSWORD)[0] == LOGGED_IN


def test_noAccountOfThatName(stage: SessionStage) -> None:
    assert stage.user().hears(f"/login bob {PASSWORD}") == [Refused("wrong-password", "bob")]


def test_theTimeForANicknameIsAlsoThatForAPassword(stage: SessionStage) -> None:
    visitor = stage.user("alice")
    stage.clock.advance(60)
    assert visitor.heard() == [Closed(Ending.REGISTRATION_TIMEOUT)]


def test_aGuestMayNotTakeIt(stage: SessionStage) -> None:
    bob = stage.user("bob")
    assert bob.hears("/nick alice") == [Refused("nick-registered", "alice")]
    # What he says is no password, for he has a nickname.
    robot = stage.program("robot")
    bob.says("hello")
    assert robot.heard() == [Said("#lobby", 1, AT, "bob", "hello")]


def test_itsOwnerMayUseAnotherAndComeBack(stage: SessionStage) -> None:
    alice = stage.user("alice", PASSWORD)
    assert alice.hears("/nick Robert", "/nick ALICE") == [
        Renamed("#lobby", AT, "alice", "Robert"),
        Renamed("#lobby", AT, "Robert", "ALICE"),
    ]


# A ghost.


def ghost(stage: SessionStage) -> SessionUser:
    """
    @return: Somebody who has the nickname alice although it is not his any more.
    """
    ghost = stage.user("dave")
    stage.hub.rename(stage.hub.nicknames.named("dave"), "alice")
    stage.forget()
    return ghost


def test_theOwnerTakesHisNicknameBack(stage: SessionStage) -> None:
    bob = stage.user("bob")
    dave = ghost(stage)
    alice = stage.user()
    bob.heard()
    assert alice.hears(f"/login alice {PASSWORD}") == [
        Done("took-over", "alice"),
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("bob",)),
    ]
    assert dave.heard() == [Closed(Ending.EVICTED, by="alice")]
    assert dave.isClosed
    assert bob.heard() == [
        Left("#lobby", AT, "alice", Ending.EVICTED, "", 1, "alice"),
        Joined("#lobby", AT, "alice", 2),
    ]


def test_aGuestTakesHisNicknameBack(stage: SessionStage) -> None:
    bob = stage.user("bob")
    dave = ghost(stage)
    assert bob.hears(f"/login alice {PASSWORD}") == [
        Left("#lobby", AT, "alice", Ending.EVICTED, "", 1, "alice"),
        Done("took-over", "alice"),
        Renamed("#lobby", AT, "bob", "alice"),
        LOGGED_IN,
    ]
    assert dave.heard() == [Closed(Ending.EVICTED, by="alice")]


def test_aGhostStaysWhenItsOwnerHasGoneMeanwhile(stage: SessionStage) -> None:
    dave = ghost(stage)
    stage.authenticator.isSlow = True
    alice = stage.user(f"/login alice {PASSWORD}")
    alice.session.end(Ending.SHUTDOWN)
    stage.authenticator.decide()
    assert dave.heard() == []
    assert not dave.isClosed


# Moving to an account.


def test_aGuestWhoLogsInIsRenamed(stage: SessionStage) -> None:
    bob, dave = stage.users("bob", "dave")
    bob.says("/join #dev")
    dave.says("/join #dev")
    stage.forget()
    renamed = [Renamed(room, AT, "bob", "alice") for room in ("#lobby", "#dev")]
    assert bob.hears(f"/login alice {PASSWORD}") == [*renamed, LOGGED_IN]
    assert dave.heard() == renamed


def test_aGuestGoesOnAsTheMemberWhoIsHere(stage: SessionStage) -> None:
    alice = stage.user("alice", PASSWORD, "/join #dev")
    bob, dave = stage.users("bob", "dave")
    bob.says("/join #ops")
    stage.forget()
    assert bob.hears(f"/login alice {PASSWORD}") == [
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("dave",)),
        Entered("#dev"),
    ]
    assert alice.heard() == [SessionsChanged(2), Left("#lobby", AT, "bob", Ending.MOVED, "", 2)]
    assert dave.heard() == [Left("#lobby", AT, "bob", Ending.MOVED, "", 2)]
    assert dave.hears("/msg bob psst") == [Refused("no-such-nick", "bob")]
    dave.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "dave", "hello")]
    alice.says("/quit")
    assert dave.heard() == []
    bob.says("/quit")
    assert dave.heard() == [Left("#lobby", AT, "alice", Ending.QUIT, "", 1)]


def test_oneMayGoOnUnderAnotherAccount(stage: SessionStage) -> None:
    bob, dave = stage.registered("bob"), stage.user("dave")
    other = stage.user(f"/login bob {PASSWORD}")
    stage.forget()
    assert other.hears(f"/login alice {PASSWORD}") == [
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("bob", "dave")),
    ]
    assert bob.heard() == [SessionsChanged(1), Joined("#lobby", AT, "alice", 3)]
    assert dave.heard() == [Joined("#lobby", AT, "alice", 3)]


def test_theLastSessionOfAnAccountMayGoOnUnderAnother(stage: SessionStage) -> None:
    bob, dave = stage.registered("bob"), stage.user("dave")
    assert bob.hears(f"/login alice {PASSWORD}") == [
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("dave",)),
    ]
    assert dave.heard() == [
        Left("#lobby", AT, "bob", Ending.MOVED, "", 1),
        Joined("#lobby", AT, "alice", 2),
    ]


def test_whoIsLoggedInAlreadyStaysSo(stage: SessionStage) -> None:
    alice = stage.user("alice", PASSWORD)
    assert alice.hears(f"/login {PASSWORD}") == [LOGGED_IN]
    assert alice.hears(f"/login {WRONG}") == [Refused("wrong-password", "alice")]
    assert alice.hears("/sessions")[0].sessions[0].this  # type: ignore[union-attr]


def test_aWrongPasswordChangesNothing(stage: SessionStage) -> None:
    bob, dave = stage.users("bob", "dave")
    assert bob.hears(f"/login alice {WRONG}") == [Refused("wrong-password", "alice")]
    bob.says("hello")
    assert dave.heard() == [Said("#lobby", 1, AT, "bob", "hello")]


# Who must not come.


def test_whoIsBannedMayNotComeByThatName(stage: SessionStage) -> None:
    stage.registered("carol").says("/ban bob 10m spam", "/ban alice")
    visitor = stage.user()
    assert visitor.hears("Bob") == [Refused("banned", "spam")]
    assert visitor.hears("alice") == [Refused("banned")]
    assert visitor.hears(f"/login alice {PASSWORD}") == [Refused("banned")]
    assert visitor.hears("/nick dave") == [Welcomed("#lobby", "dave", ("carol",))]
    assert visitor.hears("/nick bob") == [Refused("banned", "spam")]
    stage.clock.advance(600)
    assert visitor.hears("/nick bob") == [Renamed("#lobby", stage.now, "dave", "bob")]


def test_nobodyLooksAtThePasswordOfWhoIsBanned(stage: SessionStage) -> None:
    stage.registered("carol").says("/ban alice")
    stage.authenticator.isSlow = True
    visitor = stage.user()
    assert visitor.hears("/login ALICE anything") == [Refused("banned")]


def test_whoIsBannedMayNotComeFromThere(stage: SessionStage) -> None:
    stage.registered("carol").says("/ban 198.51.100.0/24 10m spam")
    visitor = stage.connect("198.51.100.7")
    visitor.session.opened()
    assert visitor.heard() == [Closed(Ending.BANNED, "spam")]
    assert visitor.isClosed
    stage.clock.advance(600)
    again = stage.connect("198.51.100.7")
    again.session.opened()
    assert again.heard() == [Greeted("tcpchat", 1), NickAsked()]


def test_fromWhereMayBeKnownLater(stage: SessionStage) -> None:
    stage.registered("carol").says("/ban 198.51.100.7")
    visitor = stage.user(address="")
    visitor.address = "198.51.100.7"
    assert visitor.hears("bob") == [Refused("banned")]
    assert visitor.hears(f"/login alice {PASSWORD}") == [Refused("banned")]


def test_whoIsBannedMeanwhileMayNotCome(stage: SessionStage) -> None:
    carol = stage.registered("carol")
    stage.authenticator.isSlow = True
    alice = stage.user(f"/login alice {PASSWORD}")
    carol.says("/ban alice spam")
    stage.authenticator.decide()
    assert alice.heard() == [Refused("banned", "spam")]
