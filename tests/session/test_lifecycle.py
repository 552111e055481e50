"""Tests for L{chat.session.lifecycle}."""

from __future__ import annotations

import pytest
from automat import NoTransition
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from chat.core.users import User
from chat.vocabulary.commands import Nick, Ping, Quit, Say, Who
from chat.vocabulary.errors import NickInvalid, NickNeeded, NickTaken
from chat.vocabulary.events import (
    Closed,
    Ending,
    Joined,
    Left,
    Ponged,
    Refused,
    Renamed,
    Said,
    Welcomed,
)
from tests.support.doubles import SlowBackplane
from tests.support.hubs import AT, LOBBY
from tests.support.lifecycles import (
    Enter,
    Stage,
    after,
    anonymous,
    challenged,
    claiming,
    draining,
    entering,
    gone,
    proving,
    registered,
    renaming,
    waiting,
)

EVERYWHERE = [anonymous, challenged, claiming, proving, entering, registered, renaming, waiting]


@pytest.mark.parametrize("command", [Say(" alice "), Nick("alice")])
def test_aNicknameIsClaimedWhileInputWaits(command: Say | Nick) -> None:
    stage = after(anonymous)
    stage.inputs.do(command)
    assert stage.door.calls == ["hold"]
    assert stage.heard() == stage.bobHeard() == []
    stage.backplane.decide()
    assert stage.door.calls == ["hold", "release"]
    assert stage.heard() == [repr(Welcomed(LOBBY, "alice", ("bob",)))]
    assert stage.bobHeard() == [repr(Joined(LOBBY, AT, "alice", 2))]
    assert (stage.context.nick, stage.context.room) == ("alice", LOBBY)


def test_whoIsDeniedStaysAnonymousAndTriesAgain() -> None:
    stage = after(anonymous)
    stage.inputs.do(Say("Bob"))
    stage.backplane.decide()
    assert stage.heard() == [repr(Refused("nick-taken", "Bob"))]
    assert stage.door.calls == ["hold", "release"]
    stage.inputs.do(Say("alice"))
    stage.backplane.decide()
    assert stage.heard() == [repr(Welcomed(LOBBY, "alice", ("bob",)))]


def test_anIllFormedNicknameIsNotClaimed() -> None:
    stage = after(anonymous)
    with pytest.raises(NickInvalid):
        stage.inputs.do(Say("42"))
    assert stage.door.calls == []
    stage.inputs.do(Say("alice"))
    stage.backplane.decide()
    assert stage.people == ("bob", "alice")


def test_whoIsAnonymousMayAskForWhatTakesNoNickname() -> None:
    stage = after(anonymous)
    stage.inputs.do(Ping("1"))
    assert stage.heard() == [repr(Ponged("1"))]


def test_theLimitForChoosingEndsWithTheNicknameOnly() -> None:
    stage = after(claiming)
    [timer] = stage.clock.getDelayedCalls()
    assert timer.getTime() == 60
    stage.backplane.decide()
    stage.clock.advance(0)
    [timer] = stage.clock.getDelayedCalls()
    assert timer.getTime() == 1740


def test_aRenamingWaitsForItsDecision() -> None:
    stage = after(registered)
    stage.inputs.do(Nick("carol"))
    assert stage.door.calls == ["hold"]
    assert stage.people == ("bob", "alice")
    stage.backplane.decide()
    assert stage.door.calls == ["hold", "release"]
    assert stage.heard() == stage.bobHeard() == [repr(Renamed(LOBBY, AT, "alice", "carol"))]
    assert stage.context.nick == "carol"


def test_whoseRenamingIsDeniedKeepsHisNickname() -> None:
    stage = after(registered)
    stage.inputs.do(Nick("bob"))
    stage.backplane.decide()
    assert stage.heard() == [repr(Refused("nick-taken", "bob"))]
    assert stage.door.calls == ["hold", "release"]
    assert stage.context.nick == "alice"
    stage.inputs.do(Say("still me"))
    assert stage.bobHeard() == [repr(Said(LOBBY, 1, AT, "alice", "still me"))]


@pytest.mark.parametrize("enter", [anonymous, registered])
def test_quitting(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.do(Quit("bye"))
    assert stage.heard() == [repr(Closed(Ending.QUIT))]
    assert stage.door.calls == [("close", None)]


@pytest.mark.parametrize("enter", EVERYWHERE)
def test_theEndIsToldAndClosesTheDoor(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.end(Ending.NOT_CHAT, "HTTP", "", 0.5)
    assert stage.heard() == [repr(Closed(Ending.NOT_CHAT, "HTTP"))]
    assert stage.door.calls == [("close", 0.5)]
    assert stage.context.reason == Ending.NOT_CHAT
    assert stage.timers == 0


@pytest.mark.parametrize("enter", EVERYWHERE)
def test_whoseConnectionIsLostHearsNoMore(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.gone(Ending.CONNECTION_LOST)
    assert stage.heard() == []
    assert stage.door.calls == []
    assert stage.context.reason == Ending.CONNECTION_LOST
    assert stage.timers == 0


@pytest.mark.parametrize("enter", [registered, renaming])
def test_theOthersAreToldOnceWhoLeaves(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.end(Ending.LINE_ENDLESS, "for alice alone", "", None)
    stage.inputs.gone(Ending.CONNECTION_LOST)
    assert stage.bobHeard() == [repr(Left(LOBBY, AT, "alice", Ending.LINE_ENDLESS, count=1))]
    stage = after(enter)
    stage.inputs.gone(Ending.INPUT_CLOSED)
    assert stage.bobHeard() == [repr(Left(LOBBY, AT, "alice", Ending.INPUT_CLOSED, count=1))]


def test_theOthersReadTheReasonThatOneGives() -> None:
    stage = after(registered)
    stage.inputs.end(Ending.QUIT, "off to lunch", "", None)
    assert stage.bobHeard() == [repr(Left(LOBBY, AT, "alice", Ending.QUIT, "off to lunch", 1))]
    assert stage.heard() == [repr(Closed(Ending.QUIT))]


@pytest.mark.parametrize("enter", [anonymous, claiming])
def test_theOthersAreNotToldWhoNeverCame(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.end(Ending.SHUTDOWN, "", "", None)
    stage.inputs.gone(Ending.CONNECTION_LOST)
    assert stage.bobHeard() == []


@pytest.mark.parametrize("enter", [claiming, renaming])
@pytest.mark.parametrize("isGone", [False, True])
def test_aNicknameThatComesTooLateIsGivenBack(enter: Enter, isGone: bool) -> None:
    stage = enter()
    stage.inputs.end(Ending.IDLE_TIMEOUT, "", "", None)
    if isGone:
        stage.inputs.gone(Ending.CONNECTION_LOST)
    stage.heard()
    stage.bobHeard()
    stage.backplane.decide()
    assert stage.backplane.taken == {"bob"}
    assert len(stage.hub.nicknames) == 1
    assert stage.heard() == stage.bobHeard() == []
    assert stage.timers == 0
    assert stage.door.calls[-1] == ("close", None)


@pytest.mark.parametrize("nick", ["bob", "carol"])
def test_aDecisionAfterTheConnectionIsLostDoesNothing(nick: str) -> None:
    stage = after(registered)
    stage.inputs.do(Nick(nick))
    stage.inputs.gone(Ending.CONNECTION_LOST)
    stage.bobHeard()
    stage.backplane.decide()
    assert stage.backplane.taken == {"bob"}
    assert stage.heard() == stage.bobHeard() == []


@pytest.mark.parametrize("enter", [draining, gone])
def test_afterTheEndNothingIsDone(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.do(Say("hello"))
    stage.inputs.do(Quit())
    stage.inputs.end(Ending.IDLE_TIMEOUT, "", "", None)
    stage.inputs.denied(NickTaken("alice"))
    assert stage.heard() == stage.bobHeard() == []
    assert stage.door.calls == []
    assert stage.context.reason in (Ending.SHUTDOWN, Ending.CONNECTION_LOST)


@pytest.mark.parametrize("enter", [anonymous, registered, draining, gone])
def test_withoutAClaimThereIsNoDecision(enter: Enter) -> None:
    """But after the end it may come late."""
    stage = after(enter)
    user = User("carol", "carol")
    if enter in (draining, gone):
        stage.inputs.claimed(user)
        stage.inputs.denied(NickTaken("carol"))
    else:
        with pytest.raises(NoTransition):
            stage.inputs.claimed(user)
        with pytest.raises(NoTransition):
            stage.inputs.denied(NickTaken("carol"))


@pytest.mark.parametrize("enter", [claiming, renaming])
def test_theDoorHoldsUntilTheDecision(enter: Enter) -> None:
    stage = after(enter)
    with pytest.raises(NoTransition):
        stage.inputs.do(Say("hello"))
    with pytest.raises(NoTransition):
        stage.inputs.decide(Deferred())
    stage.backplane.decide()
    stage.inputs.do(Ping())
    assert repr(Ponged()) in stage.heard()


@pytest.mark.parametrize("enter", [claiming, renaming])
def test_aClaimThatGoesWrongEndsTheSession(enter: Enter) -> None:
    class Broken(SlowBackplane):
        isBroken = False

        def claim(self, fold: str) -> Deferred[None]:
            def decided(_: None) -> None:
                if self.isBroken:
                    raise OSError("the cluster is gone")

            return super().claim(fold).addCallback(decided)

    broken = Broken()
    stage = Stage(broken)
    stage.inputs.do(Say("alice"))
    if enter is renaming:
        stage.backplane.decide()
        stage.inputs.do(Nick("carol"))
    broken.isBroken = True
    with capturedLogs() as logged:
        stage.backplane.decide()
    [event] = logged
    assert isinstance(event["log_failure"].value, OSError)
    assert stage.heard()[-1] == repr(Closed(Ending.INTERNAL_ERROR))
    assert stage.door.calls[-1] == ("close", None)
    assert stage.people == ("bob",)


def test_whatNeedsANicknameIsRefusedWithoutOne() -> None:
    stage = after(anonymous)
    with pytest.raises(NickNeeded):
        stage.inputs.do(Who())
    assert stage.heard() == []
