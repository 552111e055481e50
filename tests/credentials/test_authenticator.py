"""Tests for L{chat.credentials.authenticator}, L{chat.credentials.chain} and what they use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.strcred import AuthOptionMixin
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.logger import capturedLogs
from twisted.python.failure import Failure
from twisted.python.usage import Options

from chat.core.accounts import Accounts
from chat.credentials.authenticator import Gate
from chat.credentials.passwords import MAX_WAITING, THREADS, Hashing
from chat.vocabulary.errors import (
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
    A checker that knows some people.

    @ivar asked: with which names and passwords it was asked.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, people: dict[str, str], knownAs: Callable[[str], Any] = str.encode) -> None:
        self.people = people
        self.asked: list[tuple[str, str]] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self._knownAs = knownAs

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[bytes]:
        name, password = credentials.username.decode(), credentials.password.decode()
        self.asked.append((name, password))
        self.meanwhile()
        if self.people.get(name) == password:
            return succeed(self._knownAs(name))
        return fail(UnauthorizedLogin())


class World:
    """
    A gate, and what is around it.
    """

    def __init__(self, accounts: Accounts, hashing: Hashing) -> None:
        self.accounts = accounts
        self.hashing = hashing
        self.clock = Clock()
        self.gate = self.newGate()

    def newGate(self, *checkers: Any) -> Gate:
        self.gate = Gate(self.accounts, self.hashing, self.clock, deferToThread, checkers)
        return self.gate

    async def register(self, name: str, password: str = PASSWORD) -> Account:
        return await self.accounts.create(name, await self.gate.secretFor(password))

    async def login(self, name: str, password: str = PASSWORD, address: str = HERE) -> Account:
        return await self.gate.login(name, password, address)

    async def refused(self, name: str, password: str = PASSWORD, address: str = HERE) -> ChatError:
        """@return: why somebody is not let in."""
        with pytest.raises(ChatError) as refusal:
            await self.gate.login(name, password, address)
        return refusal.value

    def later(self) -> None:
        """Nobody remembers any wrong password."""
        self.clock.advance(60)


@pytest.fixture
def world(accounts: Accounts, hashing: Hashing) -> World:
    return World(accounts, hashing)


@ensureDeferred
async def test_whoKnowsThePassword(world: World) -> None:
    alice = await world.register("Alice")
    assert await world.login("Alice") is alice
    assert await world.login("alice") is alice


@ensureDeferred
async def test_theAccountAsItIsNow(world: World) -> None:
    alice = await world.register("alice")
    changed = await world.accounts.setOperator(alice, True)
    assert await world.login("alice") is changed


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
async def test_everybodyElse(world: World, name: str, password: str) -> None:
    """Hears the same, whether there is such an account or not."""
    await world.register("alice")
    refusal = await world.refused(name, password)
    assert isinstance(refusal, WrongPassword)
    assert refusal.about == name


@ensureDeferred
async def test_passwordsToBe(world: World) -> None:
    for password in ("short", "x" * 129, "bell\a bell\a"):
        with pytest.raises(PasswordInvalid) as refusal:
            await world.gate.secretFor(password)
        assert refusal.value.about == "8–128"


@ensureDeferred
async def test_threeWrongPasswordsAMinute(world: World, hasher: CountingHasher) -> None:
    await world.register("alice")
    for _ in range(3):
        assert isinstance(await world.refused("alice", "wrong horse"), WrongPassword)
    hasher.threads.clear()
    # Now not even the right one is looked at.
    world.clock.advance(10)
    refusal = await world.refused("ALICE")
    assert (type(refusal), refusal.about) == (TooManyAttempts, "50")
    # From somewhere else neither, and from here at nobody else.
    assert isinstance(await world.refused("alice", address="192.0.2.2"), TooManyAttempts)
    assert isinstance(await world.refused("bob"), TooManyAttempts)
    assert hasher.threads == []
    world.clock.advance(50)
    assert (await world.login("alice")).name == "alice"


@ensureDeferred
async def test_emptyPasswordsCount(world: World) -> None:
    for _ in range(3):
        assert isinstance(await world.refused("alice", ""), WrongPassword)
    assert isinstance(await world.refused("alice"), TooManyAttempts)


@ensureDeferred
async def test_rightPasswordsDoNotCount(world: World) -> None:
    await world.register("alice")
    for _ in range(10):
        await world.login("alice")


@ensureDeferred
async def test_manyAtTheSameTime(world: World, hasher: CountingHasher) -> None:
    """Are three; for the others nothing is hashed."""
    await world.register("alice")
    hasher.threads.clear()
    hasher.hold()
    failures: list[Failure] = []
    logins = [
        world.gate.login("alice", f"wrong horse {n}", HERE).addErrback(failures.append)
        for n in range(10)
    ]
    assert [failure.type for failure in failures] == [TooManyAttempts] * 7
    hasher.release()
    for each in logins:
        await each
    assert [failure.type for failure in failures[7:]] == [WrongPassword] * 3
    assert len(hasher.threads) == 3


@ensureDeferred
async def test_whoeverIsNotLookedAtHasNotBeenWrong(world: World, hasher: CountingHasher) -> None:
    elsewhere = Elsewhere({})
    world.newGate(elsewhere)
    await world.register("alice")
    hasher.hold()
    waiting = [world.gate.secretFor(PASSWORD) for _ in range(THREADS + MAX_WAITING)]
    for _ in range(10):
        assert isinstance(await world.refused("alice"), TryLater)
        assert isinstance(await world.refused("bob"), TryLater)
    assert elsewhere.asked == []
    hasher.release()
    for each in waiting:
        await each
    assert (await world.login("alice")).name == "alice"


@ensureDeferred
async def test_anAdoption(world: World, ledger: RecordingLedger) -> None:
    elsewhere = Elsewhere({"Bob": "x"})
    world.newGate(elsewhere)
    bob = await world.login("Bob", "x")
    assert (bob.name, bob.fold, bob.secret) == ("Bob", "bob", "")
    assert world.accounts.named("bob") is bob
    # Later he is who he is in any spelling, and elsewhere in his own.
    assert await world.login("bob", "x") is bob
    assert elsewhere.asked == [("Bob", "x"), ("Bob", "x")]
    assert ledger.calls == [("put", bob)]


@ensureDeferred
async def test_wrongElsewhere(world: World) -> None:
    world.newGate(Elsewhere({"bob": "x"}))
    assert isinstance(await world.refused("bob", "y"), WrongPassword)
    assert isinstance(await world.refused("carol", "x"), WrongPassword)
    assert len(world.accounts) == 0


@ensureDeferred
async def test_onlyOursDecidesWhereThereIsASecret(world: World) -> None:
    elsewhere = Elsewhere({"alice": "the other password"})
    world.newGate(elsewhere)
    alice = await world.register("alice")
    assert isinstance(await world.refused("alice", "the other password"), WrongPassword)
    assert elsewhere.asked == []
    assert await world.login("alice") is alice


@ensureDeferred
async def test_ourPasswordsGoNowhereElse(world: World) -> None:
    elsewhere = Elsewhere({})
    world.newGate(elsewhere)
    await world.register("alice")
    await world.login("alice")
    await world.refused("alice", "wrong horse")
    assert elsewhere.asked == []


@ensureDeferred
async def test_inTheirOrder(world: World) -> None:
    first, second = Elsewhere({"bob": "1"}), Elsewhere({"bob": "2"})
    world.newGate(first, second)
    await world.login("bob", "1")
    assert second.asked == []
    await world.login("bob", "2")
    assert [first.asked, second.asked] == [[("bob", "1"), ("bob", "2")], [("bob", "2")]]


@ensureDeferred
async def test_oneThatDoesNotWorkIsNotTheEnd(world: World) -> None:
    def explode(name: str) -> bytes:
        raise ZeroDivisionError(PASSWORD)

    broken = Elsewhere({"bob": PASSWORD}, explode)
    world.newGate(broken)
    with capturedLogs() as logged:
        assert isinstance(await world.refused("bob"), WrongPassword)
        world.newGate(broken, Elsewhere({"bob": PASSWORD}))
        assert (await world.login("bob")).name == "bob"
    assert [event.get("kind") for event in logged] == [
        "builtins.ZeroDivisionError",
        None,
        "builtins.ZeroDivisionError",
    ]
    assert PASSWORD not in seenInLog(logged)


@pytest.mark.parametrize("knownAs", ["carol", "no nickname", "1000", "bob@example.org", ""])
@ensureDeferred
async def test_somebodyElseElsewhere(world: World, knownAs: str) -> None:
    """Or somebody who cannot have an account here."""
    await world.register("carol")
    world.newGate(Elsewhere({"bob": "x"}, lambda _: knownAs.encode()))
    assert isinstance(await world.refused("bob", "x"), WrongPassword)
    assert world.accounts.named("bob") is None


@ensureDeferred
async def test_theSpellingOfElsewhere(world: World) -> None:
    """For a checker to which case does not matter."""
    world.newGate(Elsewhere({"BOB": "x"}, lambda name: name.lower().encode()))
    assert (await world.login("BOB", "x")).name == "bob"


@ensureDeferred
async def test_twoOfOneNameElsewhereAreNotOneHere(world: World) -> None:
    """Who is not the one who came first cannot be him."""
    world.newGate(Elsewhere({"Bob": "of Bob", "bob": "of bob"}))
    first = await world.login("Bob", "of Bob")
    assert isinstance(await world.refused("bob", "of bob"), WrongPassword)
    assert await world.login("bob", "of Bob") is first


@pytest.mark.parametrize("name", ["no nickname", "#lobby", "", "b" * 1000, "bоb"])
@ensureDeferred
async def test_elsewhereIsOnlyAskedAboutNicknames(world: World, name: str) -> None:
    elsewhere = Elsewhere({name: "x"})
    world.newGate(elsewhere)
    assert isinstance(await world.refused(name, "x"), WrongPassword)
    assert elsewhere.asked == []
    assert len(world.accounts) == 0


@ensureDeferred
async def test_nobodyComesInWithoutAPassword(world: World) -> None:
    elsewhere = Elsewhere({"bob": ""})
    world.newGate(elsewhere)
    assert isinstance(await world.refused("bob", ""), WrongPassword)
    assert elsewhere.asked == []


@ensureDeferred
async def test_whoRegistersWhileElsewhereIsAsked(world: World) -> None:
    elsewhere = Elsewhere({"bob": "x"})
    world.newGate(elsewhere)
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
async def test_authFile(world: World, tmp_path: Path) -> None:
    """C{--auth file:PATH}, as C{twistd} makes a checker of it."""
    path = tmp_path / "passwords"
    path.write_text("bob:builder\n李雷:密码\nalice:not hers\nempty:\n", encoding="utf-8")
    world.newGate(*checkersOf("--auth", f"file:{path}"))
    alice = await world.register("alice")
    assert (await world.login("bob", "builder")).name == "bob"
    assert (await world.login("李雷", "密码")).name == "李雷"
    assert await world.login("alice") is alice
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
async def test_failedLoginsAreLogged(world: World) -> None:
    await world.register("Alice")
    with capturedLogs() as logged:
        await world.login("alice")
        await world.refused("alice", "wrong horse")
        # Somebody has mixed up name and password.
        await world.refused(PASSWORD, "alice", "unix")
    assert [(event.get("name"), event["address"]) for event in logged] == [
        ("Alice", HERE),
        (None, "unix"),
    ]
    assert PASSWORD not in seenInLog(logged)


@ensureDeferred
async def test_passwordsAreSeenNowhere(world: World, hasher: CountingHasher) -> None:
    """In no log, no exception with its traceback and variables, no record, no repr."""
    secret = "hunter2-hunter2"
    failures: list[Failure] = []

    async def attempt(name: str, password: str) -> None:
        login = world.gate.login(name, password, HERE)
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
            world.newGate(*checkers)
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
            await attempt("alice", f"x{secret}")
        world.later()
        hasher.before = explode
        await attempt("alice", secret)
        await world.gate.secretFor(secret).addErrback(failures.append)
        await world.gate.secretFor(secret * 20).addErrback(failures.append)
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
        *map(repr, vars(world.gate).values()),
    ):
        assert secret not in seen
