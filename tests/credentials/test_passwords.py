"""Tests for L{chat.credentials.passwords}."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chat.credentials import passwords
from chat.credentials.passwords import (
    MAX_MEMORY,
    MAX_WAITING,
    OWASP,
    THREADS,
    Hashing,
    prepare,
    usable,
)
from chat.vocabulary.errors import PasswordInvalid, TryLater
from tests.support.credentials import WITHIN, CountingHasher, seenIn, seenInLog

PASSWORD = "correct horse"


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "x" * 128,
        "correct horse battery",
        "  spaces  ",
        "密码密码密码密码",
        "👍" * 8,
        "PaßWÖRTER",
    ],
)
def test_textsThatMayBePasswords(password: str) -> None:
    assert prepare(password) == password.encode()


@pytest.mark.parametrize(
    "password",
    [
        "",
        "1234567",
        "x" * 129,
        "x" * 100_000,
        # Seven characters, as they are shown.
        "e\u0301" * 7,
        "tab\tinside",
        "null\0inside",
        "bell\ainside",
        "\ud800" * 8,
    ],
)
def test_textsThatMayNotBePasswords(password: str) -> None:
    assert prepare(password) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("e\u0301" * 8, "é" * 8),
        ("e\u0301" * 128, "é" * 128),
        ("non\u00a0breaking", "non breaking"),
        ("全角\u3000空格密码密码", "全角 空格密码密码"),
    ],
)
def test_spellingsOfOnePasswordAreTheSame(one: str, other: str) -> None:
    assert prepare(one) == prepare(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [("password", "Password"), ("password", "ｐａｓｓｗｏｒｄ"), ("password", "password ")],
)
def test_caseAndWidthMatter(one: str, other: str) -> None:
    assert prepare(one) != prepare(other)


# Hashing.


def test_theParametersAreThoseOfOWASP() -> None:
    """As in the cheat sheet: argon2id, m=19456 (19 MiB), t=2, p=1."""
    assert OWASP.hash(b"x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@ensureDeferred
async def test_theRightPasswordIsToldFromAWrongOne(hashing: Hashing) -> None:
    secret = await hashing.hash(PASSWORD)
    assert PASSWORD not in secret
    assert await hashing.verify(secret, PASSWORD) is True
    assert await hashing.verify(secret, "wrong horse") is False


@ensureDeferred
async def test_everySecretHasItsSalt(hashing: Hashing) -> None:
    assert await hashing.hash(PASSWORD) != await hashing.hash(PASSWORD)


@ensureDeferred
async def test_spellingDoesNotMatter(hashing: Hashing) -> None:
    secret = await hashing.hash("caf\u00e9\u00a0caf\u00e9")
    assert await hashing.verify(secret, "cafe\u0301 cafe\u0301")


@ensureDeferred
async def test_badPasswordsAreNotHashed(hashing: Hashing, hasher: CountingHasher) -> None:
    secret = await hashing.hash(PASSWORD)
    with pytest.raises(PasswordInvalid) as refused:
        await hashing.hash("short")
    assert refused.value.about == "8–128"
    assert not await hashing.verify(secret, "short")
    assert len(hasher.threads) == 1


@ensureDeferred
async def test_withoutASecretNoPasswordIsRight(hashing: Hashing, hasher: CountingHasher) -> None:
    """This answer costs a hash as well."""
    assert not await hashing.verify("", PASSWORD)
    assert len(hasher.threads) == 1


@ensureDeferred
async def test_theReactorNeverHashes(hashing: Hashing, hasher: CountingHasher) -> None:
    secret = await hashing.hash(PASSWORD)
    await hashing.verify(secret, PASSWORD)
    await hashing.verify("", PASSWORD)
    assert len(hasher.threads) == 3
    assert threading.get_ident() not in hasher.threads


@ensureDeferred
async def test_theReactorGoesOnMeanwhile(hashing: Hashing, hasher: CountingHasher) -> None:
    from twisted.internet import reactor

    turn = threading.Event()
    seen: list[bool] = []
    hasher.before = lambda: seen.append(turn.wait(WITHIN))
    hashed = hashing.hash(PASSWORD)
    # Only a reactor that turns can let the thread go on.
    reactor.callLater(0, turn.set)
    await hashed
    assert seen == [True]


@ensureDeferred
async def test_twoAreHashedAtTheSameTime(hashing: Hashing, hasher: CountingHasher) -> None:
    # Neither thread goes on before both have come.
    both = threading.Barrier(THREADS)
    hasher.before = lambda: both.wait(WITHIN)
    await gatherResults([hashing.hash(PASSWORD), hashing.hash(PASSWORD)])
    assert len(set(hasher.threads)) == THREADS == 2


def test_argonReleasesTheLockOfTheInterpreter() -> None:
    """Otherwise two threads would be as slow as one, and the reactor would wait."""
    done: list[str] = []
    slow = type(OWASP)(time_cost=5, memory_cost=65536, parallelism=1)
    thread = threading.Thread(target=lambda: done.append(slow.hash(b"x")))
    thread.start()
    rounds = 0
    while not done and thread.is_alive():
        rounds += 1
        thread.join(0.001)
    # If the thread held the lock there would be one before and one after.
    assert rounds > 3


class FullQueue:
    """
    As many passwords as there may be at the same time, all from one origin, none of which is hashed
    before L{done}.
    """

    def __init__(self, hashing: Hashing, hasher: CountingHasher) -> None:
        hasher.hold()
        self._hasher = hasher
        self.results: list[str] = []
        self.hashes = [
            hashing.hash(PASSWORD).addCallback(self.results.append)
            for _ in range(THREADS + MAX_WAITING)
        ]

    def done(self) -> Deferred[list[None]]:
        """Let the threads go on, and wait for all."""
        self._hasher.release()
        return gatherResults(self.hashes)


def _places(count: int) -> list[str]:
    """
    @return: Origins of which no two are neighbours.
    """
    return [f"10.{number // 256}.{number % 256}.1" for number in range(count)]


def _refused(deferred: Deferred[Any]) -> bool:
    """
    @return: Whether it has been refused already.
    """
    results: list[Any] = []
    deferred.addBoth(results.append)
    return bool(results) and isinstance(results[0], Failure) and results[0].type is TryLater


@ensureDeferred
async def test_whatWaitsIsBounded(hashing: Hashing, hasher: CountingHasher) -> None:
    crowd = FullQueue(hashing, hasher)
    assert _refused(hashing.hash(PASSWORD))
    assert _refused(hashing.verify("", PASSWORD))
    assert crowd.results == []
    await crowd.done()
    assert len(crowd.results) == THREADS + MAX_WAITING
    assert await hashing.hash(PASSWORD)


@ensureDeferred
async def test_inAFullQueueThePlaceThatHasMostGivesWay(
    hashing: Hashing, hasher: CountingHasher
) -> None:
    """Neighbours are one place: they may have any number of addresses."""
    hasher.hold()
    addresses = [*(f"192.0.2.{number}" for number in range(3)), "2001:db8:0:1::/64", "unix#1"]
    few = [hashing.hash(PASSWORD, address) for address in addresses * 3]
    many = [
        hashing.hash(PASSWORD, f"2001:db8:1:{number}::/64")
        for number in range(THREADS + MAX_WAITING - len(few))
    ]
    late = [hashing.hash(PASSWORD, address) for address in ("198.51.100.7", "unix#2", "192.0.2.9")]
    assert list(map(_refused, many)) == [False] * (len(many) - 3) + [True] * 3
    assert not any(map(_refused, [*few, *late]))


@ensureDeferred
async def test_whereAllPlacesHaveTheSameTheNewcomerIsRefused(
    hashing: Hashing, hasher: CountingHasher
) -> None:
    """Otherwise nobody's turn would ever come."""
    hasher.hold()
    hashes = [hashing.hash(PASSWORD, each) for each in _places(THREADS + MAX_WAITING + 1)]
    assert list(map(_refused, hashes)) == [False] * (THREADS + MAX_WAITING) + [True]


@pytest.mark.parametrize("isKnown", [False, True])
@ensureDeferred
async def test_knownUsersAndStrangersHaveQueuesOfTheirOwn(
    isKnown: bool, hashing: Hashing, hasher: CountingHasher
) -> None:
    hasher.hold()
    full = [hashing.hash(PASSWORD, each, isKnown) for each in _places(THREADS + MAX_WAITING)]
    assert not any(map(_refused, full))
    assert _refused(hashing.hash(PASSWORD, "198.51.100.7", isKnown))
    assert not _refused(hashing.hash(PASSWORD, "198.51.100.7", not isKnown))


def test_turnsAreTaken(hashing: Hashing, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    So a password from elsewhere waits for few of the many from one place, and one of a known user
    (in capitals) for few of those of strangers.
    """
    running: list[Deferred[str]] = []

    def inThread(*_: object) -> Deferred[str]:
        running.append(Deferred())
        return running[-1]

    monkeypatch.setattr(passwords, "deferToThreadPool", inThread)
    answered = ""

    def done(_: str, origin: str) -> None:
        nonlocal answered
        answered += origin

    for origin in "aaaaaabbcXXY":
        hashing.hash(PASSWORD, origin, origin.isupper()).addCallback(done, origin)
    while running:
        assert len(running) <= THREADS
        running.pop(0).callback("")
    assert answered == "aaXaYbXcabaa"


@ensureDeferred
async def test_stoppingAnswersAllThatWait(hashing: Hashing, hasher: CountingHasher) -> None:
    """It waits for the threads only: one password after the other could take seconds."""
    crowd = FullQueue(hashing, hasher)
    stopped = hashing.stopService()
    assert not stopped.called
    assert _refused(hashing.hash(PASSWORD))
    assert all(map(_refused, crowd.hashes[THREADS:]))
    await crowd.done()
    assert len(crowd.results) == THREADS
    await stopped
    assert [each for each in threading.enumerate() if "hashing" in each.name] == []


@ensureDeferred
async def test_onceStoppingNothingMoreIsAccepted(hashing: Hashing, hasher: CountingHasher) -> None:
    hasher.hold()
    last = hashing.hash(PASSWORD)
    stopped = hashing.stopService()
    assert _refused(hashing.hash(PASSWORD))
    hasher.release()
    assert await last
    await stopped
    assert len(hasher.threads) == 1


@ensureDeferred
async def test_aCancelledHashTakesUpItsThreadAllTheSame(
    hashing: Hashing, hasher: CountingHasher
) -> None:
    hasher.hold()
    hashed = [hashing.hash(PASSWORD) for _ in range(THREADS)]
    stopped = hashing.stopService()
    hashed[0].addErrback(lambda _: None).cancel()
    assert not stopped.called
    hasher.release()
    await stopped
    assert await hashed[1]


@ensureDeferred
async def test_hashesAreMadeOnlyWhileItRuns(hasher: CountingHasher) -> None:
    from twisted.internet import reactor

    hashing = Hashing(reactor, hasher)
    assert _refused(hashing.hash(PASSWORD))
    for _ in range(2):
        hashing.startService()
        assert await hashing.hash(PASSWORD)
        await hashing.stopService()
        assert _refused(hashing.hash(PASSWORD))


@ensureDeferred
async def test_otherParametersNeedARehash(hashing: Hashing) -> None:
    secret = await hashing.hash(PASSWORD)
    assert not hashing.needsRehash(secret)
    assert hashing.needsRehash(CountingHasher(timeCost=2).hash(PASSWORD))
    assert hashing.needsRehash("no secret at all")


SECRET = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$b2FQMNlfHk6eoVVQuC0OSFQmVHTDX+TSLvGm0Vff2gU"


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "no secret at all",
        "$argon2id$v=19$m=8,t=1,p=1$broken",
        SECRET + "xyz",
        SECRET[:-1] + "V",
        SECRET + "A" * 100,
        SECRET + "\n",
        SECRET.replace("v=19", "v=99"),
        SECRET.replace("t=1", "t=01"),
        SECRET.replace("p=1", "p=2"),
        # Those that would take the memory, the time and the threads of the machine.
        SECRET.replace("m=8", "m=4194304"),
        SECRET.replace("m=8", f"m={MAX_MEMORY + 1}"),
        SECRET.replace("t=1", "t=5"),
        SECRET.replace("t=1", "t=4294967295"),
        SECRET.replace("m=8,t=1,p=1", "m=8192,t=1,p=255"),
    ],
)
@ensureDeferred
async def test_aDamagedSecretMatchesNothingAndCostsNoMoreThanOthers(
    hashing: Hashing, hasher: CountingHasher, secret: str
) -> None:
    with capturedLogs() as logged:
        assert await hashing.verify(secret, PASSWORD) is False
    assert logged == []
    # It was hashed once, as ours are.
    assert hasher.hashed == [PASSWORD.encode()]
    assert hashing.needsRehash(secret)


@pytest.mark.parametrize("parameters", [(2, 19456, 1), (3, 65536, 4), (1, 47104, 1)])
def test_secretsOfOtherLibrariesAreUsable(parameters: tuple[int, int, int]) -> None:
    """Those of OWASP, and the defaults of argon2-cffi and RFC 9106."""
    passes, memory, lanes = parameters
    assert usable(SECRET.replace("m=8,t=1,p=1", f"m={memory},t={passes},p={lanes}"))


@ensureDeferred
async def test_faultsShowNoPassword(hashing: Hashing, hasher: CountingHasher) -> None:
    def fail() -> None:
        raise ValueError(PASSWORD)

    hasher.before = fail
    failures: list[object] = []
    with capturedLogs() as logged:
        await hashing.hash(PASSWORD).addErrback(failures.append)
        await hashing.verify("", PASSWORD).addErrback(failures.append)
        hasher.before = lambda: None
        await hashing.hash("x" + PASSWORD * 20).addErrback(failures.append)
    assert [failure.type for failure in failures] == [TryLater, TryLater, PasswordInvalid]
    assert [event["reason"] for event in logged] == ["ValueError", "ValueError"]
    for text in (seenInLog(logged), *map(seenIn, failures), repr(hashing), repr(hasher)):
        assert PASSWORD not in text
