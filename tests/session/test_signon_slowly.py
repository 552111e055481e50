"""Tests for L{chat.session.signon}: what happens while somebody waits for his nickname."""

from __future__ import annotations

import pytest

from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Entered,
    Excerpt,
    Joined,
    Left,
    Recalled,
    Refused,
    Said,
    SessionsChanged,
    Welcomed,
)
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage

LOGGED_IN = Done("logged-in", "alice")


@pytest.fixture
def stage() -> SessionStage:
    """
    One in which alice has an account.
    """
    stage = SessionStage(replay=0, operators=["carol"])
    stage.registered("alice").says("/quit")
    return stage


# What takes time.


def test_whatIsSaidMeanwhileWaits(stage: SessionStage) -> None:
    bob = stage.user("bob")
    stage.authenticator.isSlow = True
    alice = stage.user("alice", PASSWORD, "hello")
    assert alice.heard() == bob.heard() == []
    stage.authenticator.decide()
    assert alice.heard() == [LOGGED_IN, Welcomed("#lobby", "alice", ("bob",))]
    assert bob.heard() == [
        Joined("#lobby", AT, "alice", 2),
        Said("#lobby", 1, AT, "alice", "hello"),
    ]


@pytest.mark.parametrize("lines", [("alice", PASSWORD), (f"/login alice {PASSWORD}",)])
@pytest.mark.parametrize("isGone", [False, True])
def test_whoHasGoneMeanwhileIsNobody(
    stage: SessionStage, lines: tuple[str, ...], isGone: bool
) -> None:
    bob = stage.user("bob")
    stage.authenticator.isSlow = True
    alice = stage.user(*lines)
    if isGone:
        alice.session.gone(Ending.CONNECTION_LOST)
    else:
        alice.session.end(Ending.SHUTDOWN)
        assert alice.heard() == [Closed(Ending.SHUTDOWN)]
    stage.authenticator.decide()
    assert alice.heard() == bob.heard() == []
    assert len(stage.hub.nicknames) == 1
    stage.authenticator.isSlow = False
    assert stage.user(*lines, "/ping").heard() == []
    assert bob.heard() == []
    assert len(stage.hub.nicknames) == 2


def test_aMemberWhoHasGoneMeanwhileIsNobodyElse(stage: SessionStage) -> None:
    bob, dave = stage.users("bob", "dave")
    stage.authenticator.isSlow = True
    bob.says(f"/login alice {PASSWORD}")
    bob.session.end(Ending.IDLE_TIMEOUT)
    bob.heard()
    stage.authenticator.decide()
    assert bob.heard() == []
    assert dave.heard() == [Left("#lobby", AT, "bob", Ending.IDLE_TIMEOUT, "", 1)]
    assert len(stage.hub.nicknames) == 1


def test_twoSessionsLogInAtTheSameTime(stage: SessionStage) -> None:
    stage.authenticator.isSlow = True
    first, second = (stage.user(f"/login alice {PASSWORD}") for _ in range(2))
    stage.authenticator.decide()
    assert first.heard() == [LOGGED_IN, Welcomed("#lobby", "alice"), SessionsChanged(2)]
    assert second.heard() == [LOGGED_IN, Welcomed("#lobby", "alice")]
    assert len(stage.hub.nicknames) == 1


# The past takes time.


@pytest.fixture
def past() -> SessionStage:
    """
    One in which something has been said before.
    """
    stage = SessionStage(operators=["carol"])
    stage.registered("alice").says("hello", "/quit")
    return stage


REPLAY = [Excerpt("#lobby", "replay", 1, False, 1), Recalled("#lobby", 1, AT, "alice", "hello")]


@pytest.mark.parametrize("lines", [("bob",), (f"/login alice {PASSWORD}",)])
def test_thePastComesWithTheWelcome(past: SessionStage, lines: tuple[str, ...]) -> None:
    history = past.slowHistory()
    visitor = past.user(*lines, "/ping")
    assert visitor.heard() == []
    assert len(past.hub.nicknames) == 0
    history.isSlow = False
    history.decide()
    told = visitor.heard()
    assert isinstance(told[-4], Welcomed)
    assert told[-3:-1] == REPLAY


@pytest.mark.parametrize("lines", [("bob",), (f"/login alice {PASSWORD}",)])
def test_whoHasGoneBeforeThePastHasComeIsNobody(past: SessionStage, lines: tuple[str, ...]) -> None:
    dave = past.user("dave")
    history = past.slowHistory()
    visitor = past.user(*lines)
    visitor.session.end(Ending.SHUTDOWN)
    visitor.heard()
    history.decide()
    assert visitor.heard() == dave.heard() == []
    assert len(past.hub.nicknames) == 1


def test_twoMayWaitForTheSameNickname(past: SessionStage) -> None:
    history = past.slowHistory()
    first, second = past.users("bob", "bob")
    history.isSlow = False
    history.decide()
    assert first.heard()[0] == Welcomed("#lobby", "bob")
    assert second.heard() == [Refused("nick-taken", "bob")]


def test_aNicknameMayBecomeSomebodysMeanwhile(past: SessionStage) -> None:
    history = past.slowHistory()
    visitor = past.user("bob")
    past.server.accounts.create("bob", PASSWORD[::-1])
    history.decide()
    assert visitor.heard() == [Refused("nick-registered", "bob")]


def test_aSessionHearsNothingBeforeItIsWelcome(past: SessionStage) -> None:
    first, bob = past.user(f"/login alice {PASSWORD}"), past.user("bob")
    history = past.slowHistory()
    second = past.user(f"/login alice {PASSWORD}")
    history.isSlow = False
    first.says("/join #dev")
    bob.says("/join #dev", "hi", "/msg alice psst")
    assert second.heard() == []
    history.decide()
    assert [type(event) for event in second.heard()[:3]] == [Done, Welcomed, Entered]
    bob.heard()
    bob.says("there")
    assert second.heard() == [Said("#dev", 2, AT, "bob", "there")]
    second.says("/quit")
    assert not isinstance(first.heard()[-1], Closed)


def test_aGhostOnItsWayInDoesNotComeIn(past: SessionStage) -> None:
    history = past.slowHistory()
    bob = past.user("bob")
    past.server.accounts.create("bob", PASSWORD[::-1])
    owner = past.user(f"/login bob {PASSWORD}")
    history.isSlow = False
    history.decide()
    assert owner.heard()[0] == Done("logged-in", "bob")
    assert bob.heard() == [Refused("nick-registered", "bob")]


def test_anAccountThatIsGivenUpMeanwhileIsNobodys(past: SessionStage) -> None:
    first = past.user(f"/login alice {PASSWORD}")
    history = past.slowHistory()
    second = past.user(f"/login alice {PASSWORD}")
    first.says("/unregister")
    history.decide()
    assert second.heard() == [Refused("wrong-password", "alice")]


def test_whoIsBannedMeanwhileDoesNotComeIn(past: SessionStage) -> None:
    carol = past.registered("carol")
    history = past.slowHistory()
    bob, alice = past.user("bob"), past.user(f"/login alice {PASSWORD}")
    carol.says("/ban bob", "/ban alice spam")
    history.decide()
    assert bob.heard() == [Refused("banned")]
    assert alice.heard() == [Refused("banned", "spam")]
