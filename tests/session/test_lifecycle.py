"""Tests for L{chat.session.lifecycle}."""

from __future__ import annotations

import pytest
from automat import NoTransition
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from chat.core.users import User
from chat.vocabulary.commands import Login, Nick, Ping, Quit, Register, Say
from chat.vocabulary.errors import NickTaken
from chat.vocabulary.events import (
    Closed,
    Done,
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
    PASSWORD,
    Enter,
    LifecycleStage,
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
from tests.support.sessions import LOGGED_IN

EVERYWHERE = [anonymous, challenged, claiming, proving, entering, registered, renaming, waiting]


def leave(stage: LifecycleStage, reason: Ending, isGone: bool) -> None:
    """
    End the session, or lose its connection, and forget what alice is told of it.
    """
    if isGone:
        stage.inputs.gone(reason)
    else:
        stage.inputs.end(reason, "", "", None)
    stage.heard()


# Claiming, entering and renaming.


@pytest.mark.parametrize("command", [Say(" alice "), Nick("alice")])
def test_inputWaitsWhileANicknameIsClaimed(command: Say | Nick) -> None:
    stage = after(anonymous)
    stage.inputs.do(command)
    assert stage.alice.calls == ["hold"]
    assert stage.heard() == stage.bobHeard() == []
    stage.backplane.decide()
    assert stage.alice.calls == ["hold", "release"]
    assert stage.heard() == [Welcomed(LOBBY, "alice", ("bob",))]
    assert stage.bobHeard() == [Joined(LOBBY, AT, "alice", 2)]
    assert (stage.context.nick, stage.context.room) == ("alice", LOBBY)


@pytest.mark.parametrize(
    "command", [Say(PASSWORD), Say(f" {PASSWORD} "), Login("", PASSWORD), Login("ALICE", PASSWORD)]
)
def test_thePasswordOfAChallengedNicknameClaimsIt(command: Say | Login) -> None:
    stage = after(challenged)
    stage.inputs.do(command)
    assert stage.alice.calls == ["hold"]
    stage.backplane.decide()
    assert stage.alice.calls == ["hold", "release"]
    assert stage.heard() == [LOGGED_IN, Welcomed(LOBBY, "alice", ("bob",))]
    assert stage.bobHeard() == [Joined(LOBBY, AT, "alice", 2)]
    assert stage.context.user is not None
    assert (stage.context.user.account, stage.context.asked) == ("alice", "")


def test_aUserIsWelcomedOnceTheyAreInTheRoom() -> None:
    stage = after(entering)
    assert stage.heard() == stage.bobHeard() == []
    with pytest.raises(NoTransition):
        stage.inputs.do(Say("hello"))
    stage.backplane.decide()
    assert stage.alice.calls == ["release"]
    assert stage.heard() == [Welcomed(LOBBY, "alice", ("bob",))]
    assert stage.bobHeard() == [Joined(LOBBY, AT, "alice", 2)]


def test_theRegistrationTimeoutEndsWithTheNickname() -> None:
    stage = after(claiming)
    [timer] = stage.clock.getDelayedCalls()
    assert timer.getTime() == 60
    stage.backplane.decide()
    stage.settle()
    [timer] = stage.clock.getDelayedCalls()
    assert timer.getTime() == 43140


def test_inputWaitsWhileARenamingIsDecided() -> None:
    stage = after(registered)
    stage.inputs.do(Nick("carol"))
    assert stage.alice.calls == ["hold"]
    assert stage.inLobby == ("bob", "alice")
    stage.backplane.decide()
    assert stage.alice.calls == ["hold", "release"]
    assert stage.heard() == stage.bobHeard() == [Renamed(LOBBY, AT, "alice", "carol")]
    assert stage.context.nick == "carol"


@pytest.mark.parametrize("enter", [claiming, renaming])
def test_aHeldSessionTakesNoCommand(enter: Enter) -> None:
    stage = after(enter)
    with pytest.raises(NoTransition):
        stage.inputs.do(Say("hello"))
    with pytest.raises(NoTransition):
        stage.inputs.decide(Deferred())
    stage.backplane.decide()
    stage.inputs.do(Ping())
    assert Ponged() in stage.heard()


@pytest.mark.parametrize("enter", [anonymous, registered, draining, gone])
def test_aDecisionNeedsAClaim(enter: Enter) -> None:
    """After the end, however, a decision may still arrive."""
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
def test_aClaimThatFailsUnexpectedlyEndsTheSession(enter: Enter) -> None:
    class Broken(SlowBackplane):
        isBroken = False

        def claim(self, fold: str) -> Deferred[None]:
            def decided(_: None) -> None:
                if self.isBroken:
                    raise OSError("the cluster is gone")

            return super().claim(fold).addCallback(decided)

    broken = Broken()
    stage = LifecycleStage(broken)
    stage.inputs.do(Say("alice"))
    if enter is renaming:
        stage.backplane.decide()
        stage.inputs.do(Nick("carol"))
    broken.isBroken = True
    with capturedLogs() as logged:
        stage.backplane.decide()
    [event] = logged
    assert isinstance(event["log_failure"].value, OSError)
    assert stage.heard()[-1] == Closed(Ending.INTERNAL_ERROR)
    assert stage.alice.calls[-1] == ("close", None)
    assert stage.inLobby == ("bob",)


# Waiting.


def test_inputWaitsForACommandThatTakesTime() -> None:
    stage = after(waiting)
    with pytest.raises(NoTransition):
        stage.inputs.do(Say("hello"))
    assert stage.heard() == []
    stage.authenticator.decide()
    assert stage.heard() == [Done("registered", "alice")]
    assert stage.alice.calls == ["release"]
    stage.inputs.do(Say("hello"))
    assert stage.bobHeard() == [Said(LOBBY, 1, AT, "alice", "hello")]


def test_aCommandThatTakesTimeMayBeRefused() -> None:
    stage = after(registered)
    stage.authenticator.isSlow = True
    stage.inputs.do(Register("short"))
    assert stage.alice.calls == ["hold"]
    stage.authenticator.decide()
    assert stage.heard() == [Refused("password-invalid", "8–128")]
    assert stage.alice.calls == ["hold", "release"]
    stage.inputs.do(Ping())
    assert stage.heard() == [Ponged()]


def test_aCommandThatTakesNoTimeIsAnsweredAtOnce() -> None:
    stage = after(registered)
    stage.inputs.do(Register(PASSWORD))
    assert stage.alice.calls == ["hold", "release"]
    assert stage.heard() == [Done("registered", "alice")]


@pytest.mark.parametrize("enter", [anonymous, registered, challenged])
def test_anAnswerNeedsACommandThatWaits(enter: Enter) -> None:
    stage = after(enter)
    with pytest.raises(NoTransition):
        stage.inputs.answered()
    if enter is not registered:
        with pytest.raises(NoTransition):
            stage.inputs.wait(Deferred())


# The end.


@pytest.mark.parametrize("enter", [anonymous, challenged, registered])
def test_aUserMayQuit(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.do(Quit("bye"))
    assert stage.heard() == [Closed(Ending.QUIT)]
    assert stage.alice.calls == [("close", None)]


@pytest.mark.parametrize("enter", EVERYWHERE)
def test_theEndIsToldAndClosesTheDoor(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.end(Ending.NOT_CHAT, "HTTP", "", 0.5)
    assert stage.heard() == [Closed(Ending.NOT_CHAT, "HTTP")]
    assert stage.alice.calls == [("close", 0.5)]
    assert stage.context.reason == Ending.NOT_CHAT
    assert stage.timers == 0


@pytest.mark.parametrize("enter", EVERYWHERE)
def test_nothingIsToldOnceTheConnectionIsLost(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.gone(Ending.CONNECTION_LOST)
    assert stage.heard() == []
    assert stage.alice.calls == []
    assert stage.context.reason == Ending.CONNECTION_LOST
    assert stage.timers == 0


@pytest.mark.parametrize("enter", [registered, renaming])
def test_aDepartureIsToldOnce(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.end(Ending.LINE_ENDLESS, "for alice alone", "", None)
    stage.inputs.gone(Ending.CONNECTION_LOST)
    assert stage.bobHeard() == [Left(LOBBY, AT, "alice", Ending.LINE_ENDLESS, count=1)]
    stage = after(enter)
    stage.inputs.gone(Ending.INPUT_CLOSED)
    assert stage.bobHeard() == [Left(LOBBY, AT, "alice", Ending.INPUT_CLOSED, count=1)]


@pytest.mark.parametrize("enter", [anonymous, claiming])
def test_aDepartureBeforeTheNicknameIsNotTold(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.end(Ending.SHUTDOWN, "", "", None)
    stage.inputs.gone(Ending.CONNECTION_LOST)
    assert stage.bobHeard() == []


@pytest.mark.parametrize("enter", [claiming, renaming])
@pytest.mark.parametrize(("isEnded", "isGone"), [(True, False), (True, True), (False, True)])
def test_aNicknameThatIsDecidedTooLateIsGivenBack(
    enter: Enter, isEnded: bool, isGone: bool
) -> None:
    stage = enter()
    if isEnded:
        stage.inputs.end(Ending.IDLE_TIMEOUT, "", "", None)
    if isGone:
        stage.inputs.gone(Ending.CONNECTION_LOST)
    stage.forget()
    stage.backplane.decide()
    assert stage.backplane.taken == {"bob"}
    assert len(stage.hub.nicknames) == 1
    assert stage.heard() == stage.bobHeard() == []
    assert stage.timers == 0
    assert stage.alice.isClosed is isEnded


@pytest.mark.parametrize("nick", ["bob", "carol"])
def test_aDecisionAfterTheConnectionIsLostDoesNothing(nick: str) -> None:
    stage = after(registered)
    stage.inputs.do(Nick(nick))
    stage.inputs.gone(Ending.CONNECTION_LOST)
    stage.bobHeard()
    stage.backplane.decide()
    assert stage.backplane.taken == {"bob"}
    assert stage.heard() == stage.bobHeard() == []


@pytest.mark.parametrize("isGone", [False, True])
@pytest.mark.parametrize("password", [PASSWORD, "wrong horse"])
def test_aPasswordThatIsCheckedTooLateDoesNothing(password: str, isGone: bool) -> None:
    stage = after(challenged)
    stage.authenticator.isSlow = True
    stage.inputs.do(Say(password))
    leave(stage, Ending.IDLE_TIMEOUT, isGone)
    with capturedLogs() as logged:
        stage.authenticator.decide()
        stage.backplane.decide()
    assert logged == []
    assert stage.backplane.taken == {"bob"}
    assert stage.heard() == stage.bobHeard() == []
    assert len(stage.hub.nicknames) == 1


@pytest.mark.parametrize("isGone", [False, True])
def test_leavingWhileEnteringLeavesNothingBehind(isGone: bool) -> None:
    stage = after(entering)
    leave(stage, Ending.CONNECTION_LOST, isGone)
    stage.backplane.decide()
    assert stage.heard() == []
    assert stage.bobHeard() == [
        Joined(LOBBY, AT, "alice", 2),
        Left(LOBBY, AT, "alice", Ending.CONNECTION_LOST, count=1),
    ]
    assert stage.inLobby == ("bob",)
    assert stage.backplane.taken == {"bob"}


@pytest.mark.parametrize("isGone", [False, True])
def test_leavingWhileWaitingGivesTheCommandUp(isGone: bool) -> None:
    stage = after(waiting)
    leave(stage, Ending.IDLE_TIMEOUT, isGone)
    stage.authenticator.decide()
    assert stage.heard() == []
    assert stage.timers == 0
    assert stage.server.accounts.named("alice") is None


@pytest.mark.parametrize("enter", [draining, gone])
def test_nothingIsDoneAfterTheEnd(enter: Enter) -> None:
    stage = after(enter)
    stage.inputs.do(Say("hello"))
    stage.inputs.do(Quit())
    stage.inputs.end(Ending.IDLE_TIMEOUT, "", "", None)
    stage.inputs.denied(NickTaken("alice"))
    assert stage.heard() == stage.bobHeard() == []
    assert stage.alice.calls == []
    assert stage.context.reason in (Ending.SHUTDOWN, Ending.CONNECTION_LOST)
