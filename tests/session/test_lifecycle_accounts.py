"""Tests for L{chat.session.lifecycle}: what takes a password, and what takes time."""

from __future__ import annotations

import pytest
from automat import NoTransition
from twisted.internet.defer import Deferred, fail
from twisted.logger import capturedLogs

from chat.vocabulary.commands import Login, Nick, Ping, Quit, Register, Say
from chat.vocabulary.errors import ArgumentMissing, Muted, NickRegistered
from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Joined,
    Left,
    PasswordAsked,
    Ponged,
    Refused,
    Renamed,
    Said,
    SessionsChanged,
    Welcomed,
)
from chat.vocabulary.records import Sanction, SanctionKind
from tests.support.hubs import AT, LOBBY, RecordingSession, now
from tests.support.lifecycles import (
    PASSWORD,
    RENDERING,
    Enter,
    Stage,
    after,
    anonymous,
    challenged,
    entering,
    registered,
    waiting,
)


def someoneElse(stage: Stage, name: str) -> RecordingSession:
    """
    @return: The session of somebody who has an account, and is in the lobby.
    """
    stage.register(name)
    session = RecordingSession(RENDERING)
    claim = stage.hub.nicknames.claim(name, session)
    stage.backplane.decide()
    user = now(claim)
    stage.hub.nicknames.identify(user, user.fold)
    stage.hub.join(user, LOBBY)
    stage.heard()
    stage.bobHeard()
    session.outlet.take()
    return session


# Challenged.


@pytest.mark.parametrize("command", [Say("Alice"), Nick("alice")])
def test_aRegisteredNicknameAsksForItsPassword(command: Say | Nick) -> None:
    stage = after(anonymous)
    stage.register("alice")
    stage.inputs.do(command)
    assert stage.heard() == [
        repr(Refused("nick-registered", "alice")),
        repr(PasswordAsked("alice")),
    ]
    assert stage.door.calls == []
    assert stage.backplane.taken == {"bob"}


@pytest.mark.parametrize(
    "command", [Say(PASSWORD), Say(f" {PASSWORD} "), Login("", PASSWORD), Login("ALICE", PASSWORD)]
)
def test_withThePasswordTheNicknameIsClaimed(command: Say | Login) -> None:
    stage = after(challenged)
    stage.inputs.do(command)
    assert stage.door.calls == ["hold"]
    stage.backplane.decide()
    assert stage.door.calls == ["hold", "release"]
    assert stage.heard() == [
        repr(Done("logged-in", "alice")),
        repr(Welcomed(LOBBY, "alice", ("bob",))),
    ]
    assert stage.bobHeard() == [repr(Joined(LOBBY, AT, "alice", 2))]
    assert (stage.context.user.account, stage.context.asked) == ("alice", "")


def test_afterAWrongPasswordTheNextLineIsOneMoreAttempt() -> None:
    stage = after(challenged)
    stage.inputs.do(Say("wrong horse"))
    assert stage.heard() == [repr(Refused("wrong-password", "alice"))]
    assert stage.door.calls == ["hold", "release"]
    stage.inputs.do(Say(PASSWORD))
    stage.backplane.decide()
    assert repr(Welcomed(LOBBY, "alice", ("bob",))) in stage.heard()


def test_oneMayHaveAnotherNicknameInstead() -> None:
    stage = after(challenged)
    stage.inputs.do(Nick("carol"))
    stage.backplane.decide()
    assert stage.heard() == [repr(Welcomed(LOBBY, "carol", ("bob",)))]
    assert stage.context.asked == ""


def test_ofTwoNicknamesThatAreRegisteredThePasswordIsForTheSecond() -> None:
    stage = after(challenged)
    now(stage.server.accounts.create("carol", "another"[::-1]))
    stage.inputs.do(Nick("carol"))
    assert stage.heard()[0] == repr(Refused("nick-registered", "carol"))
    stage.inputs.do(Say("another"))
    stage.backplane.decide()
    assert repr(Welcomed(LOBBY, "carol", ("bob",))) in stage.heard()


def test_whoIsAskedForAPasswordMayAskForOtherThingsOrGo() -> None:
    stage = after(challenged)
    stage.inputs.do(Ping("1"))
    assert stage.heard() == [repr(Ponged("1"))]
    stage.inputs.do(Quit())
    assert stage.heard() == [repr(Closed(Ending.QUIT))]


def test_aPasswordAloneIsForNobody() -> None:
    stage = after(anonymous)
    with pytest.raises(ArgumentMissing):
        stage.inputs.do(Login("", PASSWORD))
    assert stage.heard() == []


@pytest.mark.parametrize("isGone", [False, True])
@pytest.mark.parametrize("password", [PASSWORD, "wrong horse"])
def test_whoGoesWhileHisPasswordIsLookedAtIsNobody(password: str, isGone: bool) -> None:
    stage = after(challenged)
    stage.authenticator.isSlow = True
    stage.inputs.do(Say(password))
    if isGone:
        stage.inputs.gone(Ending.CONNECTION_LOST)
    else:
        stage.inputs.end(Ending.IDLE_TIMEOUT, "", "", None)
    stage.heard()
    with capturedLogs() as logged:
        stage.authenticator.decide()
        stage.backplane.decide()
    assert logged == []
    assert stage.backplane.taken == {"bob"}
    assert stage.heard() == stage.bobHeard() == []
    assert len(stage.hub.nicknames) == 1


# Entering.


def test_oneIsWelcomedWhenHeIsThere() -> None:
    stage = after(entering)
    assert stage.heard() == stage.bobHeard() == []
    with pytest.raises(NoTransition):
        stage.inputs.do(Say("hello"))
    stage.backplane.decide()
    assert stage.door.calls == ["release"]
    assert stage.heard() == [repr(Welcomed(LOBBY, "alice", ("bob",)))]
    assert stage.bobHeard() == [repr(Joined(LOBBY, AT, "alice", 2))]


@pytest.mark.parametrize("isGone", [False, True])
def test_whoGoesOnHisWayInLeavesNothingBehind(isGone: bool) -> None:
    stage = after(entering)
    if isGone:
        stage.inputs.gone(Ending.CONNECTION_LOST)
    else:
        stage.inputs.end(Ending.CONNECTION_LOST, "", "", None)
    stage.heard()
    stage.backplane.decide()
    assert stage.heard() == []
    assert stage.bobHeard() == [
        repr(Joined(LOBBY, AT, "alice", 2)),
        repr(Left(LOBBY, AT, "alice", Ending.CONNECTION_LOST, count=1)),
    ]
    assert stage.people == ("bob",)
    assert stage.backplane.taken == {"bob"}


# Waiting.


def test_inputWaitsForWhatTakesTime() -> None:
    stage = after(waiting)
    with pytest.raises(NoTransition):
        stage.inputs.do(Say("hello"))
    assert stage.heard() == []
    stage.authenticator.decide()
    assert stage.heard() == [repr(Done("registered", "alice"))]
    assert stage.door.calls == ["release"]
    stage.inputs.do(Say("hello"))
    assert stage.bobHeard() == [repr(Said(LOBBY, 1, AT, "alice", "hello"))]


def test_whatTakesTimeMayBeRefused() -> None:
    stage = after(registered)
    stage.authenticator.isSlow = True
    stage.inputs.do(Register("short"))
    assert stage.door.calls == ["hold"]
    stage.authenticator.decide()
    assert stage.heard() == [repr(Refused("password-invalid", "8–128"))]
    assert stage.door.calls == ["hold", "release"]
    stage.inputs.do(Ping())
    assert stage.heard() == [repr(Ponged())]


def test_whatTakesNoTimeIsAnsweredAtOnce() -> None:
    stage = after(registered)
    stage.inputs.do(Register(PASSWORD))
    assert stage.door.calls == ["hold", "release"]
    assert stage.heard() == [repr(Done("registered", "alice"))]


@pytest.mark.parametrize("isGone", [False, True])
def test_whoGoesMeanwhileGetsNoAnswer(isGone: bool) -> None:
    stage = after(waiting)
    if isGone:
        stage.inputs.gone(Ending.CONNECTION_LOST)
    else:
        stage.inputs.end(Ending.IDLE_TIMEOUT, "", "", None)
    stage.heard()
    stage.authenticator.decide()
    assert stage.heard() == []
    assert stage.timers == 0
    assert stage.server.accounts.named("alice") is None


def test_whatGoesWrongWhileOneWaitsEndsTheSession() -> None:
    stage = after(registered)
    stage.authenticator.secretFor = (  # type: ignore[method-assign]
        lambda password: fail(OSError("no more threads"))
    )
    with capturedLogs() as logged:
        stage.inputs.do(Register(PASSWORD))
    [event] = logged
    assert isinstance(event["log_failure"].value, OSError)
    assert stage.heard() == [repr(Closed(Ending.INTERNAL_ERROR))]
    assert stage.people == ("bob",)


@pytest.mark.parametrize("enter", [anonymous, registered, challenged])
def test_withoutAQuestionThereIsNoAnswer(enter: Enter) -> None:
    stage = after(enter)
    with pytest.raises(NoTransition):
        stage.inputs.answered()
    if enter is not registered:
        with pytest.raises(NoTransition):
            stage.inputs.wait(Deferred())


# Being somebody else.


def test_aNicknameThatIsRegisteredIsNotTakenByNick() -> None:
    stage = after(registered)
    stage.register("carol")
    with pytest.raises(NickRegistered):
        stage.inputs.do(Nick("carol"))
    assert stage.door.calls == []
    assert stage.context.nick == "alice"


def test_whoIsMutedKeepsHisName() -> None:
    """Or it would be the way out."""
    stage = after(registered)
    stage.server.sanctions.impose(Sanction(SanctionKind.MUTE, "alice", "alice", "bob", AT))
    with pytest.raises(Muted):
        stage.inputs.do(Nick("carol"))
    assert stage.people == ("bob", "alice")


def test_aGuestWhoLogsInIsRenamed() -> None:
    stage = after(registered)
    stage.register("carol")
    stage.inputs.do(Login("carol", PASSWORD))
    stage.backplane.decide()
    assert stage.door.calls == ["hold", "release"]
    assert stage.bobHeard() == [repr(Renamed(LOBBY, AT, "alice", "carol"))]
    assert stage.backplane.taken == {"bob", "carol"}
    assert stage.context.user.account == "carol"


def test_aGuestWhoLogsInWhereHisAccountIsHereJoinsIt() -> None:
    stage = after(registered)
    carol = someoneElse(stage, "carol")
    stage.inputs.do(Login("carol", PASSWORD))
    assert stage.door.calls == ["hold", "release"]
    assert stage.heard() == [
        repr(Done("logged-in", "carol")),
        repr(Welcomed(LOBBY, "carol", ("bob",))),
    ]
    left = repr(Left(LOBBY, AT, "alice", Ending.MOVED, count=2))
    assert stage.bobHeard() == [left]
    assert carol.outlet.take() == [repr(SessionsChanged(2)), left]
    assert stage.people == ("bob", "carol")
    assert stage.backplane.taken == {"bob", "carol"}
    stage.inputs.do(Say("it is me"))
    assert carol.outlet.take() == []
    stage.clock.advance(0)
    assert carol.outlet.take() == [repr(Said(LOBBY, 1, AT, "carol", "it is me"))]


def test_aGuestWithAWrongPasswordStaysWhoHeIs() -> None:
    stage = after(registered)
    stage.register("carol")
    stage.inputs.do(Login("carol", "wrong horse"))
    assert stage.heard() == [repr(Refused("wrong-password", "carol"))]
    assert stage.door.calls == ["hold", "release"]
    assert stage.context.nick == "alice"


# Put out.


def test_whoIsPutOutIsToldByWhomAndWhy() -> None:
    stage = after(registered)
    stage.inputs.end(Ending.KICKED, "enough", "bob", None)
    assert stage.heard() == [repr(Closed(Ending.KICKED, "enough", by="bob"))]
    assert stage.bobHeard() == [
        repr(Left(LOBBY, AT, "alice", Ending.KICKED, "enough", 1, by="bob"))
    ]
