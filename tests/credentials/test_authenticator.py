"""Tests for L{chat.credentials.authenticator}, with real checkers and cheap hashes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.strcred import AuthOptionMixin
from twisted.internet.defer import CancelledError, Deferred, fail, gatherResults, succeed
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.logger import capturedLogs
from twisted.python.failure import Failure
from twisted.python.usage import Options

from chat.core.accounts import Accounts
from chat.core.throttle import ACCOUNT_GUESSES
from chat.credentials.authenticator import CHANGES, PortalAuthenticator
from chat.credentials.passwords import MAX_WAITING, THREADS, Hashing
from chat.vocabulary.counters import Counters
from chat.vocabulary.errors import (
    ChangingTooFast,
    ChatError,
    PasswordInvalid,
    TooManyAttempts,
    TryLater,
    WrongPassword,
)
from chat.vocabulary.records import Account
from tests.support.credentials import (
    CountingHasher,
    RecordingLedger,
    seenIn,
    seenInLog,
)

PASSWORD = "correct horse"
HERE = "192.0.2.1"


class Elsewhere:
    """
    A checker that knows some users.

    @ivar asked: The names and passwords that it was asked about.
    @ivar meanwhile: Called while it decides.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, users: dict[str, str], knownAs: Callable[[str], Any] = str.encode) -> None:
        self.users = users
        self.asked: list[tuple[str, str]] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self._knownAs = knownAs

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[bytes]:
        name, password = credentials.username.decode(), credentials.password.decode()
        self.asked.append((name, password))
        self.meanwhile()
        if self.users.get(name) == password:
            return succeed(self._knownAs(name))
        return fail(UnauthorizedLogin())


class Logins:
    """
    An authenticator, and what is around it.
    """

    def __init__(self, accounts: Accounts, hashing: Hashing) -> None:
        self.accounts = accounts
        self.hashing = hashing
        self.clock = Clock()
        self.counters = Counters()
        self.guesses: list[tuple[str, str]] = []
        self.use()

    def use(self, *checkers: Any) -> None:
        """Begin anew with these external checkers."""
        self.authenticator = PortalAuthenticator(
            self.accounts,
            self.hashing,
            self.clock,
            deferToThread,
            checkers,
            self.counters,
            self._guessed,
        )

    def _guessed(self, fold: str, origin: str) -> None:
        self.guesses.append((fold, origin))

    async def register(self, name: str, password: str = PASSWORD) -> Account:
        return await self.accounts.create(name, await self.authenticator.secretFor(password, HERE))

    async def login(self, name: str, password: str = PASSWORD, address: str = HERE) -> Account:
        """Log in, and come in from there."""
        account = await self.authenticator.login(name, password, address, address)
        return self.accounts.loggedIn(account, address)

    async def refused(self, name: str, password: str = PASSWORD, address: str = HERE) -> ChatError:
        """@return: Why the login is refused."""
        with pytest.raises(ChatError) as refusal:
            await self.authenticator.login(name, password, address, address)
        return refusal.value

    def later(self) -> None:
        """Let the throttle forget all wrong passwords."""
        self.clock.advance(60)


@pytest.fixture
def world(accounts: Accounts, hashing: Hashing) -> Logins:
    return Logins(accounts, hashing)


@ensureDeferred
async def test_theRightPasswordLogsIn(world: Logins) -> None:
    await world.register("Alice")
    alice = await world.login("Alice")
    assert alice is world.accounts.named("alice")
    assert await world.login("alice") is alice


@ensureDeferred
async def test_theAccountIsTheCurrentOne(world: Logins) -> None:
    alice = await world.register("alice")
    await world.accounts.setOperator(alice, True)
    assert (await world.login("alice")).isOperator


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "wrong horse"),
        ("Alice", "x"),
        ("alice", ""),
        ("alice", "\ud800"),
        ("bob", PASSWORD),
        ("no nickname", PASSWORD),
        ("", PASSWORD),
        ("\ud800", PASSWORD),
        ("x" * 1000, PASSWORD),
    ],
)
@ensureDeferred
async def test_wrongNamesAndPasswordsSoundAlike(world: Logins, name: str, password: str) -> None:
    """The refusal does not tell whether the account exists."""
    await world.register("alice")
    refusal = await world.refused(name, password)
    assert isinstance(refusal, WrongPassword)
    assert refusal.about == name


@ensureDeferred
async def test_threeWrongPasswordsAMinuteAreTheLimit(world: Logins, hasher: CountingHasher) -> None:
    await world.register("alice")
    for _ in range(3):
        assert isinstance(await world.refused("alice", "wrong horse"), WrongPassword)
    hasher.threads.clear()
    # Now even the right password is not looked at, from there.
    world.clock.advance(10)
    refusal = await world.refused("ALICE")
    assert (type(refusal), refusal.about) == (TooManyAttempts, "10")
    assert hasher.threads == []
    # It is from another place, and so is one for another account.
    assert (await world.login("alice", address="192.0.2.2")).name == "alice"
    assert isinstance(await world.refused("bob"), WrongPassword)
    world.clock.advance(10)
    assert (await world.login("alice")).name == "alice"


@ensureDeferred
async def test_emptyPasswordsCount(world: Logins) -> None:
    for _ in range(3):
        assert isinstance(await world.refused("alice", ""), WrongPassword)
    assert isinstance(await world.refused("alice"), TooManyAttempts)


@ensureDeferred
async def test_rightPasswordsDoNotCount(world: Logins) -> None:
    await world.register("alice")
    for _ in range(10):
        await world.login("alice")


def together(world: Logins, *passwords: str) -> list[Deferred[Any]]:
    """@return: A login to alice for each password; the kind of a refusal is a result, too."""
    return [
        world.authenticator.login("alice", each, HERE, HERE).addErrback(lambda error: error.type)
        for each in passwords
    ]


@ensureDeferred
async def test_ofManyWrongPasswordsAtOnceThreeAreLookedAt(
    world: Logins, hasher: CountingHasher
) -> None:
    """For the attempts that are refused nothing is hashed."""
    await world.register("alice")
    hasher.threads.clear()
    outcomes = await gatherResults(together(world, *(f"wrong horse {n}" for n in range(24))))
    assert outcomes == [WrongPassword] * 3 + [TooManyAttempts] * 21
    assert len(hasher.threads) == 3


@ensureDeferred
async def test_ofManyRightPasswordsAtOnceAllAre(world: Logins) -> None:
    """As after a restart: none is a wrong one only because it is on its way."""
    await world.register("alice")
    accounts = await gatherResults(together(world, *[PASSWORD] * 24))
    assert [account.name for account in accounts] == ["alice"] * 24
    assert world.counters.delays["password"] == 21
    assert world.counters.wrongPasswords == 0


@ensureDeferred
async def test_anAttemptThatIsGivenUpIsNotLookedAt(world: Logins, hasher: CountingHasher) -> None:
    await world.register("alice")
    hasher.threads.clear()
    hasher.hold()
    first, second, third, givenUp, last = together(world, *["wrong horse"] * 3, *[PASSWORD] * 2)
    givenUp.cancel()
    # One that has begun counts all the same.
    first.cancel()
    hasher.release()
    assert await gatherResults([first, second, third, givenUp, last]) == [
        CancelledError,
        WrongPassword,
        WrongPassword,
        CancelledError,
        TooManyAttempts,
    ]
    assert len(hasher.threads) == world.counters.wrongPasswords == 3


@ensureDeferred
async def test_strangersCannotLockAnAccount(world: Logins) -> None:
    """It comes in from where it has been before, and from elsewhere after a while."""
    await world.register("alice")
    await world.login("alice", address="198.51.100.7")
    for number in range(ACCOUNT_GUESSES):
        refusal = await world.refused("alice", "wrong horse", f"192.0.2.{number}")
        assert isinstance(refusal, WrongPassword)
    late = world.authenticator.login("alice", PASSWORD, "203.0.113.1", "203.0.113.1")
    assert not late.called
    assert (await world.login("alice", address="198.51.100.7")).name == "alice"
    assert not late.called
    world.clock.advance(1)
    world.accounts.loggedIn(await late, "203.0.113.1")
    # It is known there now.
    assert (await world.login("alice", address="203.0.113.1")).name == "alice"


@ensureDeferred
async def test_strangersCannotTakeAllThreads(world: Logins, hasher: CountingHasher) -> None:
    """Whether they guess at accounts or at invented names, and from however many addresses."""
    await world.register("alice")
    await world.login("alice")
    hasher.hold()
    answers: list[object] = []
    guesses = [
        world.authenticator.login(
            f"nick{number}", "wrong horse", "", f"10.{number // 256}.{number % 256}.1"
        ).addErrback(lambda failure: answers.append(failure.type))
        for number in range(THREADS + MAX_WAITING + 1)
    ]
    assert answers == [TryLater]
    assert isinstance(await world.refused("alice", address="203.0.113.1"), TryLater)
    login = world.authenticator.login("alice", PASSWORD, HERE, HERE).addCallback(answers.append)
    hasher.release()
    await login
    # The threads have taken turns.
    assert len(answers) < 10
    await gatherResults(guesses)
    assert answers.count(WrongPassword) == len(guesses) - 1


@ensureDeferred
async def test_allUsersOfANetworkComeInAtOnce(world: Logins, hasher: CountingHasher) -> None:
    """However many they are: after a restart, or where their address is a new one."""
    names = [f"pupil-{number}" for number in range(150)]
    for name in names:
        await world.register(name)
    for address in (HERE, "198.51.100.7"):
        hasher.hold()
        logins = [world.authenticator.login(name, PASSWORD, address, address) for name in names]
        hasher.release()
        assert [(await each).name for each in logins] == names


@ensureDeferred
async def test_aPasswordIsChangedAFewTimesAMinute(world: Logins, hasher: CountingHasher) -> None:
    """Each change is hashed and stored. Others are not concerned, nor are accounts being made."""
    for _ in range(CHANGES):
        with pytest.raises(PasswordInvalid):
            await world.authenticator.secretFor("short", HERE, "alice")
    await gatherResults(
        [world.authenticator.secretFor(PASSWORD, HERE, "alice") for _ in range(CHANGES)]
    )
    with pytest.raises(ChangingTooFast) as refused:
        await world.authenticator.secretFor(PASSWORD, HERE, "alice")
    assert (refused.value.about, len(hasher.threads)) == ("20", CHANGES)
    for account in ("bob", *[""] * (CHANGES + 1)):
        assert await world.authenticator.secretFor(PASSWORD, HERE, account)
    world.clock.advance(20)
    assert await world.authenticator.secretFor(PASSWORD, HERE, "alice")


@ensureDeferred
async def test_wrongPasswordsOfAccountsAreTold(world: Logins) -> None:
    await world.register("Alice")
    for name, password in (("Alice", "wrong horse"), ("alice", ""), ("bob", "wrong horse")):
        await world.refused(name, password)
    await world.login("alice")
    assert world.guesses == [("alice", HERE)] * 2
    assert world.counters.wrongPasswords == 3
    # A name that has no account here may have one elsewhere.
    world.use(Elsewhere({"Bob": "x"}))
    await world.refused("BOB", "wrong horse")
    await world.login("Bob", "x")
    assert world.guesses[2:] == [("bob", HERE)]


@ensureDeferred
async def test_attemptsThatTooManyWaitForDoNotCount(world: Logins, hasher: CountingHasher) -> None:
    elsewhere = Elsewhere({})
    world.use(elsewhere)
    await world.register("alice")
    hasher.hold()
    waiting = [world.authenticator.secretFor(PASSWORD, HERE) for _ in range(THREADS + MAX_WAITING)]
    for _ in range(10):
        assert isinstance(await world.refused("alice"), TryLater)
        assert isinstance(await world.refused("bob"), TryLater)
    assert elsewhere.asked == []
    hasher.release()
    for each in waiting:
        await each
    assert (await world.login("alice")).name == "alice"


@ensureDeferred
async def test_aUserKnownElsewhereGetsAnAccount(world: Logins, ledger: RecordingLedger) -> None:
    elsewhere = Elsewhere({"Bob": "x"})
    world.use(elsewhere)
    bob = await world.login("Bob", "x")
    assert (bob.name, bob.fold, bob.secret) == ("Bob", "bob", "")
    assert world.accounts.named("bob") is bob
    # Any spelling will do from now on; the checker is asked for the first one.
    assert await world.login("bob", "x") is bob
    assert elsewhere.asked == [("Bob", "x"), ("Bob", "x")]
    assert ledger.calls[-1] == ("put", bob)


@ensureDeferred
async def test_passwordsWrongElsewhereAreRefused(world: Logins) -> None:
    world.use(Elsewhere({"bob": "x"}))
    assert isinstance(await world.refused("bob", "y"), WrongPassword)
    assert isinstance(await world.refused("carol", "x"), WrongPassword)
    assert len(world.accounts) == 0


@ensureDeferred
async def test_ourCheckerAloneDecidesWhereThereIsASecret(world: Logins) -> None:
    elsewhere = Elsewhere({"alice": "the other password"})
    world.use(elsewhere)
    alice = await world.register("alice")
    assert isinstance(await world.refused("alice", "the other password"), WrongPassword)
    assert (await world.login("alice")).secret == alice.secret
    # Nor is any of them shown to other checkers.
    assert elsewhere.asked == []


@ensureDeferred
async def test_checkersAreAskedInTheirOrder(world: Logins) -> None:
    first, second = Elsewhere({"bob": "1"}), Elsewhere({"bob": "2"})
    world.use(first, second)
    await world.login("bob", "1")
    assert second.asked == []
    await world.login("bob", "2")
    assert [first.asked, second.asked] == [[("bob", "1"), ("bob", "2")], [("bob", "2")]]


@ensureDeferred
async def test_afterABrokenCheckerTheNextIsAsked(world: Logins) -> None:
    def explode(name: str) -> bytes:
        raise ZeroDivisionError(PASSWORD)

    broken = Elsewhere({"bob": PASSWORD}, explode)
    world.use(broken)
    with capturedLogs() as logged:
        assert isinstance(await world.refused("bob"), WrongPassword)
        world.use(broken, Elsewhere({"bob": PASSWORD}))
        assert (await world.login("bob")).name == "bob"
    assert [event.get("kind") for event in logged] == [
        "builtins.ZeroDivisionError",
        # The wrong password, and then the account that is made.
        None,
        "builtins.ZeroDivisionError",
        None,
    ]
    assert PASSWORD not in seenInLog(logged)


@pytest.mark.parametrize("knownAs", ["carol", "no nickname", "1000", "bob@example.org", ""])
@ensureDeferred
async def test_aCheckerVouchesForNoOtherName(world: Logins, knownAs: str) -> None:
    """The name it vouches for belongs to another user, or cannot be that of an account."""
    await world.register("carol")
    world.use(Elsewhere({"bob": "x"}, lambda _: knownAs.encode()))
    assert isinstance(await world.refused("bob", "x"), WrongPassword)
    assert world.accounts.named("bob") is None


@ensureDeferred
async def test_theSpellingIsThatOfTheChecker(world: Logins) -> None:
    """Case does not matter to some checkers."""
    world.use(Elsewhere({"BOB": "x"}, lambda name: name.lower().encode()))
    assert (await world.login("BOB", "x")).name == "bob"


@ensureDeferred
async def test_twoSpellingsElsewhereAreNotOneAccountHere(world: Logins) -> None:
    """The account belongs to the user that came first."""
    world.use(Elsewhere({"Bob": "of Bob", "bob": "of bob"}))
    first = await world.login("Bob", "of Bob")
    assert isinstance(await world.refused("bob", "of bob"), WrongPassword)
    assert await world.login("bob", "of Bob") is first


@pytest.mark.parametrize("name", ["no nickname", "#lobby", "", "b" * 1000, "bоb"])
@ensureDeferred
async def test_checkersAreAskedAboutNicknamesOnly(world: Logins, name: str) -> None:
    elsewhere = Elsewhere({name: "x"})
    world.use(elsewhere)
    assert isinstance(await world.refused(name, "x"), WrongPassword)
    assert elsewhere.asked == []
    assert len(world.accounts) == 0


@ensureDeferred
async def test_emptyPasswordsAreNotShownToCheckers(world: Logins) -> None:
    elsewhere = Elsewhere({"bob": ""})
    world.use(elsewhere)
    assert isinstance(await world.refused("bob", ""), WrongPassword)
    assert elsewhere.asked == []


@ensureDeferred
async def test_aNameRegisteredWhileACheckerDecidesIsTaken(world: Logins) -> None:
    elsewhere = Elsewhere({"bob": "x"})
    world.use(elsewhere)
    elsewhere.meanwhile = lambda: world.accounts.create("bob", "a secret")
    assert isinstance(await world.refused("bob", "x"), WrongPassword)
    assert world.accounts.named("bob").secret == "a secret"


class AuthOptions(Options, AuthOptionMixin):
    """
    The options of a service with C{--auth}.
    """

    supportedInterfaces = (IUsernamePassword,)


def checkersOf(*arguments: str) -> Sequence[Any]:
    options = AuthOptions()
    options.parseOptions(arguments)
    return options["credCheckers"]


@ensureDeferred
async def test_aPasswordFileIsACheckerLikeAnyOther(world: Logins, tmp_path: Path) -> None:
    """C{--auth file:PATH}, as C{twistd} makes a checker of it."""
    path = tmp_path / "passwords"
    path.write_text("bob:builder\n李雷:密码\nalice:not hers\nempty:\n", encoding="utf-8")
    world.use(*checkersOf("--auth", f"file:{path}"))
    alice = await world.register("alice")
    assert (await world.login("bob", "builder")).name == "bob"
    assert (await world.login("李雷", "密码")).name == "李雷"
    assert (await world.login("alice")).secret == alice.secret
    for name, password in [("bob", "wrong"), ("alice", "not hers"), ("empty", ""), ("zoe", "x")]:
        assert isinstance(await world.refused(name, password), WrongPassword)
        world.later()
    # The file is read for each login.
    path.write_text("bob:changed\n")
    assert isinstance(await world.refused("bob", "builder"), WrongPassword)
    assert (await world.login("bob", "changed")).name == "bob"
    path.unlink()
    assert isinstance(await world.refused("bob", "changed"), WrongPassword)
    assert len(world.accounts) == 3


@ensureDeferred
async def test_failedLoginsAreLogged(world: Logins) -> None:
    await world.register("Alice")
    with capturedLogs() as logged:
        await world.login("alice")
        await world.refused("alice", "wrong horse")
        # Name and password are mixed up.
        await world.refused(PASSWORD, "alice", "unix")
    assert [(event.get("name"), event["address"]) for event in logged] == [
        ("Alice", HERE),
        (None, "unix"),
    ]
    assert PASSWORD not in seenInLog(logged)


@ensureDeferred
async def test_passwordsAreNowhereToBeSeen(world: Logins, hasher: CountingHasher) -> None:
    """Neither in the log, nor in exceptions with tracebacks and variables, nor in any repr."""
    secret = "hunter2-hunter2"
    failures: list[Failure] = []

    async def attempt(name: str, password: str) -> None:
        login = world.authenticator.login(name, password, HERE, HERE)
        await login.addErrback(failures.append)

    def explode(*_: object) -> Any:
        raise RuntimeError(secret)

    with capturedLogs() as logged:
        alice = await world.register("alice", secret)
        for checkers in (
            [],
            [Elsewhere({})],
            [Elsewhere({"bob": secret}, explode)],
            [Elsewhere({"bob": secret}, lambda _: secret.encode())],
            [Elsewhere({"bob": secret}, lambda _: secret.encode() + b"\xff")],
        ):
            world.use(*checkers)
            for name in ("alice", "bob", "no nickname"):
                for password in (
                    f"x{secret}",
                    secret,
                    secret + "\a",
                    secret * 20,
                    secret + "\ud800",
                ):
                    await attempt(name, password)
                    world.later()
        for _ in range(4):
            await attempt("dora", f"x{secret}")
        world.later()
        hasher.before = explode
        await attempt("alice", secret)
        await world.authenticator.secretFor(secret, HERE).addErrback(failures.append)
        await world.authenticator.secretFor(secret * 20, HERE).addErrback(failures.append)
        world.accounts.owner = explode  # type: ignore[method-assign]
        await attempt("carol", secret)
    assert len(failures) == 5 * (3 * 5 - 1) + 4 + 4
    kinds = {failure.type for failure in failures}
    assert kinds == {WrongPassword, TooManyAttempts, TryLater, PasswordInvalid}
    for seen in (
        seenInLog(logged),
        *map(seenIn, failures),
        repr(alice),
        alice.secret,
        *map(repr, vars(world.authenticator).values()),
    ):
        assert secret not in seen
