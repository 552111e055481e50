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
from chat.vocabulary.records import Account
from tests.support.credentials import CountingHasher, RecordingLedger, seenInLog

PASSWORD = "correct horse"


@pytest.fixture
def checker(accounts: Accounts, hashing: Hashing) -> AccountChecker:
    return AccountChecker(accounts, hashing)


def ask(checker: AccountChecker, name: str, password: str = PASSWORD) -> Deferred[bytes]:
    return checker.requestAvatarId(UsernamePassword(name.encode(), password.encode()))


async def register(accounts: Accounts, hashing: Hashing, name: str = "Alice") -> Account:
    return await accounts.create(name, await hashing.hash(PASSWORD))


def test_checkerRealmAndAvatarHaveTheirInterfaces(
    checker: AccountChecker, accounts: Accounts
) -> None:
    assert verifyObject(ICredentialsChecker, checker)
    assert verifyObject(IRealm, AccountRealm(accounts))
    assert verifyObject(IAccountAvatar, AccountAvatar(accounts.adopt("alice")))


@ensureDeferred
async def test_theRightPasswordGivesTheFold(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, ledger: RecordingLedger
) -> None:
    await register(accounts, hashing)
    assert await ask(checker, "Alice") == b"alice"
    assert await ask(checker, "ＡＬＩＣＥ") == b"alice"
    # A login stores nothing.
    assert len(ledger.calls) == 1


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
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, name: str, password: str
) -> None:
    await register(accounts, hashing)
    accounts.adopt("adopted")
    with pytest.raises(UnauthorizedLogin):
        await ask(checker, name, password)


@ensureDeferred
async def test_timeDoesNotTellWhetherThereIsAnAccount(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, hasher: CountingHasher
) -> None:
    """Each takes one hash, in a thread; a text that cannot be a password takes none."""
    await register(accounts, hashing)
    accounts.adopt("adopted")
    for password, hashes in (("wrong horse", 1), ("short", 0)):
        for name in ("alice", "adopted", "nobody", "no nickname", "x" * 1000):
            hasher.threads.clear()
            with pytest.raises(UnauthorizedLogin):
                await ask(checker, name, password)
            assert len(hasher.threads) == hashes
            assert threading.get_ident() not in hasher.threads


@pytest.mark.parametrize("name", ["alice", "nobody"])
@ensureDeferred
async def test_tooManyAtOnceAreToldToTryLater(
    checker: AccountChecker,
    accounts: Accounts,
    hashing: Hashing,
    hasher: CountingHasher,
    name: str,
) -> None:
    await register(accounts, hashing)
    hasher.hold()
    waiting = [hashing.hash(PASSWORD) for _ in range(THREADS + MAX_WAITING)]
    with pytest.raises(TryLater):
        await ask(checker, name)
    hasher.release()
    for each in waiting:
        await each


class Slow:
    """
    A login whose password is being checked.
    """

    def __init__(self, checker: AccountChecker, hasher: CountingHasher) -> None:
        hasher.hold()
        self._answer = ask(checker, "alice")
        self._hasher = hasher

    def end(self) -> Deferred[bytes]:
        self._hasher.release()
        return self._answer


@ensureDeferred
async def test_aPasswordChangedMeanwhileIsWrong(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, hasher: CountingHasher
) -> None:
    account = await register(accounts, hashing)
    new = await hashing.hash("battery staple")
    slow = Slow(checker, hasher)
    accounts.setSecret(account, new)
    with pytest.raises(UnauthorizedLogin):
        await slow.end()


@ensureDeferred
async def test_thePasswordOfAnAccountRemovedMeanwhileIsWrong(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, hasher: CountingHasher
) -> None:
    """By then the name may belong to another user."""
    account = await register(accounts, hashing)
    for again in (False, True):
        slow = Slow(checker, hasher)
        accounts.remove(account)
        if again:
            accounts.create("alice", account.secret)
        with pytest.raises(UnauthorizedLogin):
            await slow.end()
        account = accounts.named("alice") or await register(accounts, hashing)


@ensureDeferred
async def test_otherChangesMeanwhileDoNotMatter(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, hasher: CountingHasher
) -> None:
    account = await register(accounts, hashing)
    slow = Slow(checker, hasher)
    accounts.setOperator(account, True)
    assert await slow.end() == b"alice"


@ensureDeferred
async def test_outdatedParametersAreRenewed(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, ledger: RecordingLedger
) -> None:
    old = CountingHasher(timeCost=2).hash(PASSWORD)
    account = await accounts.create("alice", old)
    with pytest.raises(UnauthorizedLogin):
        await ask(checker, "alice", "wrong horse")
    assert await ask(checker, "alice") == b"alice"
    # It is done in the background, so wait for the threads.
    await hashing.stopService()
    renewed = accounts.named("alice")
    assert renewed is not None
    assert renewed.secret != old
    assert not hashing.needsRehash(renewed.secret)
    assert ledger.calls == [("put", account), ("put", renewed)]
    hashing.startService()
    assert await ask(checker, "alice") == b"alice"
    assert len(ledger.calls) == 2


@ensureDeferred
async def test_aLateRenewalIsDropped(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, hasher: CountingHasher
) -> None:
    """The old password must not take the place of the new one."""
    account = await accounts.create("alice", CountingHasher(timeCost=2).hash(PASSWORD))
    new = await hashing.hash("battery staple")
    await ask(checker, "alice")
    accounts.setSecret(account, new)
    await hashing.stopService()
    changed = accounts.named("alice")
    assert changed is not None
    assert changed.secret == new


@ensureDeferred
async def test_aRemovedAccountIsNotRenewed(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing
) -> None:
    account = await accounts.create("alice", CountingHasher(timeCost=2).hash(PASSWORD))
    await ask(checker, "alice")
    accounts.remove(account)
    with capturedLogs() as logged:
        await hashing.stopService()
    assert accounts.named("alice") is None
    assert logged == []


@ensureDeferred
async def test_aRenewalThatIsNotStoredIsNotLogged(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, ledger: RecordingLedger
) -> None:
    """The next login tries again."""
    await accounts.create("alice", CountingHasher(timeCost=2).hash(PASSWORD))
    ledger.hold()
    await ask(checker, "alice")
    await hashing.stopService()
    with capturedLogs() as logged:
        ledger.end()
    assert len(ledger.calls) == 2
    assert logged == []


@ensureDeferred
async def test_aFailedRenewalIsLogged(
    checker: AccountChecker, accounts: Accounts, hashing: Hashing, ledger: RecordingLedger
) -> None:
    """It is logged, and the login succeeds all the same."""
    await accounts.create("alice", CountingHasher(timeCost=2).hash(PASSWORD))

    def fail(record: object) -> Deferred[None]:
        raise RuntimeError(PASSWORD)

    ledger.put = fail  # type: ignore[method-assign]
    with capturedLogs() as logged:
        assert await ask(checker, "alice") == b"alice"
        await hashing.stopService()
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
