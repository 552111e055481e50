"""Tests for L{chat.session.handlers.accounts}."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from chat.vocabulary.errors import ChangingTooFast
from chat.vocabulary.events import (
    Closed,
    DeletionAsked,
    Done,
    Ending,
    Left,
    Ponged,
    Refused,
    Renamed,
    Said,
    SessionRow,
    SessionsChanged,
    SessionsListed,
    Warned,
    Welcomed,
)
from tests.support.credentials import RecordingLedger
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage

OTHER = "swordfish-2"

REGISTERED = Done("registered", "alice")

# Registering.


def test_aNicknameMayBeRegistered(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    assert alice.hears(f"/register {PASSWORD}") == [REGISTERED]
    assert bob.heard() == []
    alice.says("/quit")
    bob.heard()
    assert bob.hears("/nick Alice")[0] == Refused("nick-registered", "alice")


def test_aUserRegistersOnce(stage: SessionStage) -> None:
    alice = stage.user("alice")
    alice.says(f"/register {PASSWORD}")
    assert alice.hears(f"/register {OTHER}") == [Refused("nick-unchanged", "alice")]
    alice.says("/nick robert")
    assert alice.hears(f"/register {OTHER}") == [Refused("nick-unchanged", "alice")]


@pytest.mark.parametrize("command", ["register", "password"])
@pytest.mark.parametrize(
    ("password", "refusal"),
    [("short", Refused("password-invalid", "8–128")), ("two words", None), ("", None)],
)
def test_anInvalidPasswordIsRefused(
    stage: SessionStage, command: str, password: str, refusal: Refused | None
) -> None:
    alice = stage.registered("alice") if command == "password" else stage.user("alice")
    if refusal is None:
        code = "argument-invalid" if password else "argument-missing"
        argument = "NEW" if command == "password" else "PASSWORD"
        refusal = Refused(code, f"/{command} {argument}")
    assert alice.hears(f"/{command} {password}") == [refusal]


def test_anOperatorNamedAtTheStartNeedsTheirAccount() -> None:
    stage = SessionStage(operators=["alice"])
    alice = stage.user("alice")
    assert alice.hears("/bans") == [Refused("operator-needed")]
    alice.says(f"/register {PASSWORD}")
    assert alice.hears("/bans") != [Refused("operator-needed")]


# Changing the password.


def test_aNewPasswordAppliesAtOnce(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    assert alice.hears(f"/password {OTHER}") == [Done("password-changed")]
    alice.says("/quit")
    assert stage.user("alice").hears(PASSWORD)[0] == Refused("wrong-password", "alice")
    assert stage.user("alice").hears(OTHER)[0] == Done("logged-in", "alice")


def test_changesOfAPasswordAreCountedForTheAccount(
    stage: SessionStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the nickname is at the time; what is registered now has no account yet."""
    asked: list[str] = []

    def secretFor(password: str, origin: str, account: str = "") -> Deferred[str]:
        asked.append(account)
        return fail(ChangingTooFast("20"))

    alice, bob = stage.registered("alice"), stage.user("bob")
    alice.says("/nick wonderland")
    alice.heard()
    monkeypatch.setattr(stage.authenticator, "secretFor", secretFor)
    assert alice.hears(f"/password {OTHER}") == [Refused("changing-too-fast", "20")]
    bob.says(f"/register {PASSWORD}")
    assert asked == ["alice", ""]


def test_theOtherSessionsAreToldOfANewPassword(stage: SessionStage) -> None:
    """It may be somebody else who has it now."""
    alice, bob = stage.registered("alice"), stage.user("bob")
    other = stage.user(f"/login alice {PASSWORD}", address="198.51.100.7")
    stage.forget()
    assert other.hears(f"/password {OTHER}") == [Done("password-changed")]
    assert alice.heard() == [Warned("password-changed", "198.51.100.7")]
    assert bob.heard() == []


def test_aGuestHasNoPasswordToChange(stage: SessionStage) -> None:
    alice = stage.user("alice")
    assert alice.hears(f"/password {OTHER}") == [Refused("account-needed")]
    assert alice.hears("/unregister alice") == [Refused("account-needed")]


def test_aPasswordThatIsKeptElsewhereIsNotChangedHere(
    stage: SessionStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = stage.server.accounts.adopt("alice")
    monkeypatch.setattr(stage.authenticator, "login", lambda *_: succeed(account))
    alice = stage.user(f"/login alice {PASSWORD}")
    assert alice.hears(f"/password {OTHER}") == [Refused("password-elsewhere")]


# Giving an account up.


def test_anAccountMayBeGivenUp(stage: SessionStage) -> None:
    alice, bob = stage.registered("alice"), stage.user("bob")
    assert alice.hears("/unregister alice") == [Done("unregistered", "alice")]
    assert bob.heard() == []
    assert alice.hears("/unregister alice") == [Refused("account-needed")]
    alice.says("/quit")
    bob.heard()
    assert bob.hears("/nick alice") == [Renamed("#lobby", AT, "bob", "alice")]


@pytest.mark.parametrize("name", ["mallory", "nobody", "robert"])
def test_nobodyGivesAnAccountUpByMistake(stage: SessionStage, name: str) -> None:
    """Who names another one means another one, which only an operator takes away."""
    stage.registered("mallory").says("/quit")
    alice = stage.registered("alice")
    alice.says("/nick robert")
    usage = "/unregister [NAME [REASON]]"
    assert alice.hears("/unregister alice so long")[-1:] == [Refused("argument-invalid", usage)]
    assert alice.hears(f"/unregister {name}")[-1:] == [Refused("argument-invalid", usage)]
    assert len(stage.server.accounts) == 2
    assert alice.hears("/unregister ALICE") == [Done("unregistered", "alice")]


def test_nothingIsGivenUpBeforeItIsToldWhatGoes(stage: SessionStage) -> None:
    """The rooms that others own, too, stay, and so does the one in which all begin."""
    alice, bob = stage.registered("alice"), stage.registered("bob")
    alice.says("/join #garden", "/part", "/join #dev")
    assert alice.hears("/unregister") == [DeletionAsked("alice", False, ("#dev", "#garden"))]
    bob.says("/join #dev")
    alice.says("/op bob")
    assert alice.hears("/unregister") == [DeletionAsked("alice", False, ("#garden",))]
    assert bob.hears("/unregister")[-1] == DeletionAsked("bob")
    assert len(stage.server.accounts) == 2
    alice.says("/unregister alice")
    assert stage.server.hub.directory.find("#garden") is None
    assert stage.server.hub.directory.find("#dev") is not None


def test_operatorsAreToldThatTheirRightsGo() -> None:
    carol = SessionStage(operators=["carol"]).registered("carol")
    assert carol.hears("/unregister") == [DeletionAsked("carol", True)]


def test_whatWouldGoIsToldWhereItMayGo() -> None:
    stage = SessionStage(operators=["carol"])
    guest, bob, carol = stage.user("guest"), stage.registered("bob"), stage.registered("carol")
    assert guest.hears("/unregister") == [Refused("account-needed")]
    carol.says("/mute bob")
    assert bob.hears("/unregister")[-1] == Refused("muted", by="carol")


def test_givingAnAccountUpEndsItsOtherSessions(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    other, bob = stage.user(f"/login alice {PASSWORD}"), stage.user("bob")
    assert alice.hears("/unregister alice") == [SessionsChanged(1), Done("unregistered", "alice")]
    assert other.heard() == [Closed(Ending.SESSION_ENDED)]
    assert bob.heard() == []
    assert other.isClosed
    assert not alice.isClosed


def test_givingAnAccountUpEndsBeingAnOperator() -> None:
    stage = SessionStage(operators=["alice"])
    alice = stage.registered("alice")
    alice.says("/unregister alice")
    assert alice.hears("/bans") == [Refused("operator-needed")]


# Several sessions.


def test_sessionsAreListed(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    stage.clock.advance(90)
    other = stage.user(f"/login alice {PASSWORD}", address="198.51.100.7")
    first = SessionRow(1, "192.0.2.1", AT, 90)
    second = SessionRow(2, "198.51.100.7", stage.now, 0, True)
    assert other.hears("/sessions") == [SessionsListed((first, second))]
    assert len(alice.hears("/sessions")[0].sessions) == 2  # type: ignore[union-attr]


def test_anotherSessionMayBeEnded(stage: SessionStage) -> None:
    alice, bob = stage.registered("alice"), stage.user("bob")
    other = stage.user(f"/login alice {PASSWORD}")
    assert other.hears("/sessions end 1") == [SessionsChanged(1), Done("session-ended", "1")]
    assert alice.heard() == [Closed(Ending.SESSION_ENDED)]
    assert alice.isClosed
    assert bob.heard() == []
    other.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "alice", "hello")]


def test_aSessionKeepsItsNumber(stage: SessionStage) -> None:
    """After one has ended, the others are still called what the list called them."""
    first = stage.registered("alice")
    second, third = (stage.user(f"/login alice {PASSWORD}") for _ in range(2))
    first.says("/quit")
    assert [row.number for row in third.hears("/sessions")[0].sessions] == [2, 3]  # type: ignore[union-attr]
    assert third.hears("/sessions end 1") == [Refused("no-such-session", "1")]
    assert third.hears("/sessions end 2") == [SessionsChanged(1), Done("session-ended", "2")]
    assert second.isClosed
    # Nor does another one get the number of one that has ended.
    stage.user(f"/login alice {PASSWORD}")
    assert [row.number for row in third.hears("/sessions")[0].sessions] == [3, 4]  # type: ignore[union-attr]


def test_aSessionThatMovesGetsANumberOfItsNewUser(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    guest = stage.user("guest", f"/login alice {PASSWORD}")
    assert guest.hears("/sessions end 1") == [SessionsChanged(1), Done("session-ended", "1")]
    assert alice.isClosed
    assert not guest.isClosed


def test_aUserMayEndTheirOwnSession(stage: SessionStage) -> None:
    alice, bob = stage.registered("alice"), stage.user("bob")
    assert alice.hears("/sessions end 1") == [Closed(Ending.SESSION_ENDED)]
    assert bob.heard() == [Left("#lobby", AT, "alice", Ending.SESSION_ENDED, "", 1)]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("/sessions end 2", Refused("no-such-session", "2")),
        ("/sessions end 0", Refused("argument-invalid", "/sessions [end N]")),
        ("/sessions end", Refused("argument-missing", "/sessions [end N]")),
        ("/sessions stop 1", Refused("argument-invalid", "/sessions [end N]")),
    ],
)
def test_anUnknownSessionIsRefused(stage: SessionStage, line: str, refusal: Refused) -> None:
    assert stage.user("alice").hears(line) == [refusal]


def test_aGuestHasASessionToList(stage: SessionStage) -> None:
    assert stage.user("alice").hears("/sessions") == [
        SessionsListed((SessionRow(1, "192.0.2.1", AT, 0, True),))
    ]


# Waiting for the authenticator.


def test_answersComeInTheOrderOfTheRequests(stage: SessionStage) -> None:
    alice = stage.user("alice")
    stage.authenticator.isSlow = True
    assert alice.hears(f"/register {PASSWORD}", "/ping 1", "/register again-and-again") == []
    stage.authenticator.decide()
    assert alice.heard() == [REGISTERED, Ponged("1"), Refused("nick-unchanged", "alice")]


@pytest.mark.parametrize("command", ["register", "password"])
def test_aRequestIsGivenUpWhenTheSessionEnds(stage: SessionStage, command: str) -> None:
    alice = stage.registered("alice") if command == "password" else stage.user("alice")
    stage.authenticator.isSlow = True
    alice.says(f"/{command} {OTHER}")
    alice.session.end(Ending.IDLE_TIMEOUT)
    alice.heard()
    stage.authenticator.decide()
    assert alice.heard() == []
    account = stage.server.accounts.named("alice")
    assert (account and account.secret) == (PASSWORD[::-1] if command == "password" else None)


def test_aUserRenamedMeanwhileRegistersTheNewNickname(stage: SessionStage) -> None:
    carol, alice = stage.registered("carol"), stage.user("alice")
    stage.authenticator.isSlow = True
    alice.says(f"/register {PASSWORD}")
    carol.says("/rename alice robert")
    alice.heard()
    stage.authenticator.decide()
    assert alice.heard() == [Done("registered", "robert")]


def test_anAccountMayBeGivenUpWhileItsPasswordIsChanged(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    other = stage.user(f"/login alice {PASSWORD}")
    stage.authenticator.isSlow = True
    alice.says(f"/password {OTHER}")
    # The session that gives it up must not wait for the one that changes it.
    other.says("/sessions end 1", "/unregister alice")
    stage.forget()
    stage.authenticator.decide()
    assert alice.heard() == other.heard() == []
    assert stage.server.accounts.named("alice") is None


# The disk.


@pytest.fixture
def disk(stage: SessionStage) -> RecordingLedger:
    """A ledger whose disk does not answer."""
    disk = RecordingLedger()
    disk.hold()
    stage.server.accounts._ledger = disk
    return disk


def test_registeringIsDoneOnceItIsStored(stage: SessionStage, disk: RecordingLedger) -> None:
    alice = stage.user("alice")
    assert alice.hears(f"/register {PASSWORD}") == []
    stage.clock.advance(2.9)
    assert alice.heard() == []
    disk.release()
    assert alice.heard() == [REGISTERED]


def test_theDiskIsWaitedForThreeSecondsAtMost(stage: SessionStage, disk: RecordingLedger) -> None:
    alice = stage.user("alice")
    alice.says(f"/register {PASSWORD}", "/ping")
    stage.clock.advance(3)
    assert alice.heard() == [REGISTERED, Warned("not-stored", "alice"), Ponged()]
    disk.release()
    assert alice.heard() == []


def test_anEndedSessionIsNotToldOfTheDisk(stage: SessionStage, disk: RecordingLedger) -> None:
    alice = stage.user("alice")
    alice.says(f"/register {PASSWORD}")
    alice.session.end(Ending.SHUTDOWN)
    alice.heard()
    disk.release()
    assert alice.heard() == []


def test_anAccountAppliesBeforeItIsStored(stage: SessionStage, disk: RecordingLedger) -> None:
    alice = stage.user("alice")
    alice.says(f"/register {PASSWORD}")
    assert stage.user("alice").hears(PASSWORD)[:2] == [
        Done("logged-in", "alice"),
        Welcomed("#lobby", "alice"),
    ]
