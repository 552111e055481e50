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
from tests.support.people import PASSWORD, Stage
from tests.support.servers import AT

LOGGED_IN = Done("logged-in", "alice")


@pytest.fixture
def stage() -> Stage:
    """
    One in which alice has an account.
    """
    stage = Stage(replay=0, operators=["carol"])
    stage.owner("alice").says("/quit")
    stage.visitors.clear()
    return stage


# What takes time.


def test_whatIsSaidMeanwhileWaits(stage: Stage) -> None:
    [bob] = stage.people("bob")
    stage.authenticator.isSlow = True
    alice = stage.visitor("alice", PASSWORD, "hello")
    assert alice.heard() == bob.heard() == []
    stage.authenticator.decide()
    assert alice.heard() == [LOGGED_IN, Welcomed("#lobby", "alice", ("bob",))]
    assert bob.heard() == [
        Joined("#lobby", AT, "alice", 2),
        Said("#lobby", 1, AT, "alice", "hello"),
    ]


@pytest.mark.parametrize("lines", [("alice", PASSWORD), (f"/login alice {PASSWORD}",)])
@pytest.mark.parametrize("isGone", [False, True])
def test_whoHasGoneMeanwhileIsNobody(stage: Stage, lines: tuple[str, ...], isGone: bool) -> None:
    [bob] = stage.people("bob")
    stage.authenticator.isSlow = True
    alice = stage.visitor(*lines)
    if isGone:
        alice.session.gone(Ending.CONNECTION_LOST)
    else:
        alice.session.end(Ending.SHUTDOWN)
        assert alice.heard() == [Closed(Ending.SHUTDOWN)]
    stage.authenticator.decide()
    assert alice.heard() == bob.heard() == []
    assert len(stage.hub.nicknames) == 1
    stage.authenticator.isSlow = False
    assert stage.visitor(*lines, "/ping").heard() == []
    assert bob.heard() == []
    assert len(stage.hub.nicknames) == 2


def test_aMemberWhoHasGoneMeanwhileIsNobodyElse(stage: Stage) -> None:
    bob, dave = stage.people("bob", "dave")
    stage.authenticator.isSlow = True
    bob.says(f"/login alice {PASSWORD}")
    bob.session.end(Ending.IDLE_TIMEOUT)
    bob.heard()
    stage.authenticator.decide()
    assert bob.heard() == []
    assert dave.heard() == [Left("#lobby", AT, "bob", Ending.IDLE_TIMEOUT, "", 1)]
    assert len(stage.hub.nicknames) == 1


def test_twoSessionsLogInAtTheSameTime(stage: Stage) -> None:
    stage.authenticator.isSlow = True
    first, second = (stage.visitor(f"/login alice {PASSWORD}") for _ in range(2))
    stage.authenticator.decide()
    assert first.heard() == [LOGGED_IN, Welcomed("#lobby", "alice"), SessionsChanged(2)]
    assert second.heard() == [LOGGED_IN, Welcomed("#lobby", "alice")]
    assert len(stage.hub.nicknames) == 1


# The past takes time.


@pytest.fixture
def past() -> Stage:
    """
    One in which something has been said before.
    """
    stage = Stage(operators=["carol"])
    stage.owner("alice").says("hello", "/quit")
    stage.visitors.clear()
    return stage


REPLAY = [Excerpt("#lobby", "replay", 1, False, 1), Recalled("#lobby", 1, AT, "alice", "hello")]


@pytest.mark.parametrize("lines", [("bob",), (f"/login alice {PASSWORD}",)])
def test_thePastComesWithTheWelcome(past: Stage, lines: tuple[str, ...]) -> None:
    history = past.slowHistory()
    visitor = past.visitor(*lines, "/ping")
    assert visitor.heard() == []
    assert len(past.hub.nicknames) == 0
    history.isSlow = False
    history.decide()
    told = visitor.heard()
    assert isinstance(told[-4], Welcomed)
    assert told[-3:-1] == REPLAY


@pytest.mark.parametrize("lines", [("bob",), (f"/login alice {PASSWORD}",)])
def test_whoHasGoneBeforeThePastHasComeIsNobody(past: Stage, lines: tuple[str, ...]) -> None:
    [dave] = past.people("dave")
    history = past.slowHistory()
    visitor = past.visitor(*lines)
    visitor.session.end(Ending.SHUTDOWN)
    visitor.heard()
    history.decide()
    assert visitor.heard() == dave.heard() == []
    assert len(past.hub.nicknames) == 1


def test_twoMayWaitForTheSameNickname(past: Stage) -> None:
    history = past.slowHistory()
    first, second = past.people("bob", "bob")
    history.isSlow = False
    history.decide()
    assert first.heard()[0] == Welcomed("#lobby", "bob")
    assert second.heard() == [Refused("nick-taken", "bob")]


def test_aNicknameMayBecomeSomebodysMeanwhile(past: Stage) -> None:
    history = past.slowHistory()
    [visitor] = past.people("bob")
    past.server.accounts.create("bob", PASSWORD[::-1])
    history.decide()
    assert visitor.heard() == [Refused("nick-registered", "bob")]


def test_aSessionHearsNothingBeforeItIsWelcome(past: Stage) -> None:
    first, bob = past.visitor(f"/login alice {PASSWORD}"), past.visitor("bob")
    history = past.slowHistory()
    second = past.visitor(f"/login alice {PASSWORD}")
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


def test_aGhostOnItsWayInDoesNotComeIn(past: Stage) -> None:
    history = past.slowHistory()
    [bob] = past.people("bob")
    past.server.accounts.create("bob", PASSWORD[::-1])
    owner = past.visitor(f"/login bob {PASSWORD}")
    history.isSlow = False
    history.decide()
    assert owner.heard()[0] == Done("logged-in", "bob")
    assert bob.heard() == [Refused("nick-registered", "bob")]


def test_anAccountThatIsGivenUpMeanwhileIsNobodys(past: Stage) -> None:
    first = past.visitor(f"/login alice {PASSWORD}")
    history = past.slowHistory()
    second = past.visitor(f"/login alice {PASSWORD}")
    first.says("/unregister")
    history.decide()
    assert second.heard() == [Refused("wrong-password", "alice")]


def test_whoIsBannedMeanwhileDoesNotComeIn(past: Stage) -> None:
    carol = past.owner("carol")
    history = past.slowHistory()
    bob, alice = past.visitor("bob"), past.visitor(f"/login alice {PASSWORD}")
    carol.says("/ban bob", "/ban alice spam")
    history.decide()
    assert bob.heard() == [Refused("banned")]
    assert alice.heard() == [Refused("banned", "spam")]
