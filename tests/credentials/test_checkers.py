"""Tests for L{chat.credentials.checkers}."""

from __future__ import annotations

import threading

import pytest
from pytest_twisted import ensureDeferred
from twisted.cred.checkers import ANONYMOUS, ICredentialsChecker
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from zope.interface import Interface
from zope.interface.verify import verifyObject

from chat.core.accounts import Accounts
from chat.credentials.checkers import (
    AccountAvatar,
    AccountChecker,
    AccountRealm,
    IAccountAvatar,
)
from chat.credentials.passwords import MAX_WAITING, THREADS, Hashing
from chat.vocabulary.errors import TryLater
from chat.vocabulary.records import DAMAGED, Account
from tests.support.credentials import CountingHasher, RecordingLedger, seenInLog

PASSWORD = "correct horse"


class CheckerStage:
    """
    A checker, and the parts around it.
    """

    def __init__(
        self,
        accounts: Accounts,
        hashing: Hashing,
        hasher: CountingHasher,
        ledger: RecordingLedger,
    ) -> None:
        self.accounts, self.hashing = accounts, hashing
        self.hasher, self.ledger = hasher, ledger
        self.checker = AccountChecker(accounts, hashing)

    def ask(self, name: str = "alice", password: str = PASSWORD) -> Deferred[bytes]:
        return self.checker.requestAvatarId(UsernamePassword(name.encode(), password.encode()))

    async def register(self) -> Account:
        return await self.accounts.create("Alice", await self.hashing.hash(PASSWORD))

    async def registerLongAgo(self) -> Account:
        """
        Register with a hash whose parameters are no longer those in use.
        """
        return await self.accounts.create("alice", CountingHasher(timeCost=2).hash(PASSWORD))

    async def secret(self) -> str:
        """
        @return: The hash of another password.
        """
        return await self.hashing.hash("battery staple")

    def askSlowly(self) -> Deferred[bytes]:
        """
        Ask for alice; her password is looked at once the hasher is released.
        """
        self.hasher.hold()
        return self.ask()

    def current(self) -> Account:
        """
        @return: The account of alice as it is now.
        """
        account = self.accounts.named("alice")
        assert account is not None
        return account


@pytest.fixture
def stage(
    accounts: Accounts, hashing: Hashing, hasher: CountingHasher, ledger: RecordingLedger
) -> CheckerStage:
    return CheckerStage(accounts, hashing, hasher, ledger)


def test_checkerRealmAndAvatarHaveTheirInterfaces(stage: CheckerStage, accounts: Accounts) -> None:
    assert verifyObject(ICredentialsChecker, stage.checker)
    assert verifyObject(IRealm, AccountRealm(accounts))
    assert verifyObject(IAccountAvatar, AccountAvatar(accounts.adopt("alice")))


@ensureDeferred
async def test_theRightPasswordGivesTheFold(stage: CheckerStage) -> None:
    await stage.register()
    assert await stage.ask("Alice") == b"alice"
    assert await stage.ask("ＡＬＩＣＥ") == b"alice"
    # A login stores nothing.
    assert len(stage.ledger.calls) == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "wrong horse"),
        ("alice", PASSWORD.upper()),
        ("alice", "short"),
        ("alice", ""),
        ("bob", PASSWORD),
        ("", PASSWORD),
        ("adopted", PASSWORD),
        ("adopted", ""),
    ],
)
@ensureDeferred
async def test_wrongNamesAndPasswordsAreRefused(
    stage: CheckerStage, name: str, password: str
) -> None:
    await stage.register()
    stage.accounts.adopt("adopted")
    with pytest.raises(UnauthorizedLogin):
        await stage.ask(name, password)


@ensureDeferred
async def test_timeDoesNotTellWhetherThereIsAnAccount(stage: CheckerStage) -> None:
    """Each takes one hash, in a thread; a text that cannot be a password takes none."""
    await stage.register()
    stage.accounts.adopt("adopted")
    for password, hashes in (("wrong horse", 1), ("short", 0)):
        for name in ("alice", "adopted", "nobody", "no nickname", "x" * 1000):
            stage.hasher.threads.clear()
            with pytest.raises(UnauthorizedLogin):
                await stage.ask(name, password)
            assert len(stage.hasher.threads) == hashes
            assert threading.get_ident() not in stage.hasher.threads


@pytest.mark.parametrize("name", ["alice", "nobody"])
@ensureDeferred
async def test_tooManyAtOnceAreToldToTryLater(stage: CheckerStage, name: str) -> None:
    await stage.register()
    stage.hasher.hold()
    waiting = [stage.hashing.hash(PASSWORD) for _ in range(THREADS + MAX_WAITING)]
    with pytest.raises(TryLater):
        await stage.ask(name)
    stage.hasher.release()
    for each in waiting:
        await each


@ensureDeferred
async def test_aPasswordChangedMeanwhileIsWrong(stage: CheckerStage) -> None:
    account = await stage.register()
    new = await stage.secret()
    asked = stage.askSlowly()
    stage.accounts.setSecret(account, new)
    stage.hasher.release()
    with pytest.raises(UnauthorizedLogin):
        await asked


@pytest.mark.parametrize("isAgain", [False, True], ids=["removed", "registered again"])
@ensureDeferred
async def test_thePasswordOfAnAccountRemovedMeanwhileIsWrong(
    stage: CheckerStage, isAgain: bool
) -> None:
    """By then the name may belong to another user."""
    account = await stage.register()
    asked = stage.askSlowly()
    stage.accounts.remove(account)
    if isAgain:
        stage.accounts.create("alice", account.secret)
    stage.hasher.release()
    with pytest.raises(UnauthorizedLogin):
        await asked


@ensureDeferred
async def test_otherChangesMeanwhileDoNotMatter(stage: CheckerStage) -> None:
    account = await stage.register()
    asked = stage.askSlowly()
    stage.accounts.setOperator(account, True)
    stage.hasher.release()
    assert await asked == b"alice"


@pytest.mark.parametrize(("secret", "logged"), [("nonsense", ["alice"]), (DAMAGED, []), ("", [])])
@ensureDeferred
async def test_aDamagedSecretIsLoggedOnce(
    stage: CheckerStage, secret: str, logged: list[str]
) -> None:
    """Where nothing else tells of it, and without the secret."""
    await stage.accounts.create("alice", secret)
    with capturedLogs() as events:
        for _ in range(3):
            with pytest.raises(UnauthorizedLogin):
                await stage.ask()
    assert [event["name"] for event in events] == logged
    assert "nonsense" not in seenInLog(events)


@ensureDeferred
async def test_outdatedParametersAreRenewed(stage: CheckerStage) -> None:
    account = await stage.registerLongAgo()
    with pytest.raises(UnauthorizedLogin):
        await stage.ask("alice", "wrong horse")
    assert await stage.ask() == b"alice"
    # It is done in the background, so wait for the threads.
    await stage.hashing.stopService()
    renewed = stage.current()
    assert renewed.secret != account.secret
    assert not stage.hashing.needsRehash(renewed.secret)
    assert stage.ledger.calls == [("put", account), ("put", renewed)]
    stage.hashing.startService()
    assert await stage.ask() == b"alice"
    assert len(stage.ledger.calls) == 2


@ensureDeferred
async def test_aLateRenewalIsDropped(stage: CheckerStage) -> None:
    """The old password must not take the place of the new one."""
    account = await stage.registerLongAgo()
    new = await stage.secret()
    await stage.ask()
    stage.accounts.setSecret(account, new)
    await stage.hashing.stopService()
    assert stage.current().secret == new


@ensureDeferred
async def test_aRemovedAccountIsNotRenewed(stage: CheckerStage) -> None:
    account = await stage.registerLongAgo()
    await stage.ask()
    stage.accounts.remove(account)
    with capturedLogs() as logged:
        await stage.hashing.stopService()
    assert stage.accounts.named("alice") is None
    assert logged == []


@ensureDeferred
async def test_aFailedRenewalIsLogged(stage: CheckerStage) -> None:
    """It is logged, and the login succeeds all the same."""
    await stage.registerLongAgo()

    def fail(record: object) -> Deferred[None]:
        raise RuntimeError(PASSWORD)

    stage.ledger.put = fail  # type: ignore[method-assign]
    with capturedLogs() as logged:
        assert await stage.ask() == b"alice"
        await stage.hashing.stopService()
    assert [(event["name"], event["kind"]) for event in logged] == [
        ("alice", "builtins.RuntimeError")
    ]
    assert "fail (test_checkers.py:" in logged[0]["trace"]
    assert PASSWORD not in seenInLog(logged)


# The realm.


def test_anAvatarIsAnAccount(accounts: Accounts) -> None:
    account = accounts.adopt("李雷")
    interface, avatar, logout = AccountRealm(accounts).requestAvatar(
        account.fold.encode(), None, Interface, IAccountAvatar
    )
    assert interface is IAccountAvatar
    assert isinstance(avatar, AccountAvatar)
    assert avatar.account is account
    logout()


@pytest.mark.parametrize("avatarId", [b"alice", b"", ANONYMOUS])
def test_withoutAnAccountThereIsNoAvatar(accounts: Accounts, avatarId: bytes | tuple[()]) -> None:
    with pytest.raises(UnauthorizedLogin):
        AccountRealm(accounts).requestAvatar(avatarId, None, IAccountAvatar)


def test_thereAreNoOtherAvatars(accounts: Accounts) -> None:
    accounts.adopt("alice")
    with pytest.raises(NotImplementedError):
        AccountRealm(accounts).requestAvatar(b"alice", None, Interface)
