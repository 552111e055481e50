"""Tests for L{chat.core.throttle}."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from inspect import stack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chat.core.throttle import (
    ACCOUNT_GUESSES,
    GUESSES,
    KNOWN_GUESSES,
    MAX_WAITING,
    MEMORY,
    ORIGIN_GUESSES,
    PATIENCE,
    Attempt,
    Throttle,
    _Kind,
)
from chat.vocabulary.addresses import strange
from chat.vocabulary.errors import TooManyAttempts

HERE, THERE = "192.0.2.1", "198.51.100.7"


def _places(count: int, first: int = 10) -> list[str]:
    """
    @return: Origins of which no two are neighbours.
    """
    return [f"{first}.{number // 256}.{number % 256}.1" for number in range(count)]


class Guess:
    """
    An attempt, however far it has come.

    @ivar attempt: L{None} until it may begin.
    @ivar refusal: The seconds of which it was told when it was refused, or why else it is over.
    """

    attempt: Attempt | None = None
    refusal: object = None

    def __init__(self, begun: Deferred[Attempt], name: str) -> None:
        self.name = name
        self.begun = begun.addCallbacks(self._mayBegin, self._isRefused)

    @property
    def waits(self) -> bool:
        return self.attempt is None and self.refusal is None

    def _mayBegin(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def _isRefused(self, failure: Failure) -> None:
        isTooMany = failure.check(TooManyAttempts) is not None
        self.refusal = int(failure.value.about) if isTooMany else failure.type  # type: ignore[attr-defined]

    def end(self, isWrong: bool) -> None:
        assert self.attempt is not None
        self.attempt.end(isWrong)


class Guesses:
    """
    A throttle, and its clock.
    """

    def __init__(self, **limits: int) -> None:
        self.clock = Clock()
        self.throttle = Throttle(self.clock, **limits)

    def begin(self, origin: str = HERE, fold: str = "alice", isKnown: bool = False) -> Guess:
        return Guess(self.throttle.begin(origin, fold, isKnown), origin)

    def wrong(self, origin: str = HERE, fold: str = "alice", isKnown: bool = False) -> object:
        """
        Try a wrong password.

        @return: L{None} if it was looked at; else how many seconds it is to wait, or C{"waits"}.
        """
        guess = self.begin(origin, fold, isKnown)
        if guess.attempt is not None:
            guess.end(True)
        return "waits" if guess.waits else guess.refusal

    def useUp(self, fold: str = "alice") -> list[str]:
        """
        Let strangers use up the share of an account.

        @return: Their origins.
        """
        origins = _places(ACCOUNT_GUESSES)
        assert [self.wrong(origin, fold) for origin in origins] == [None] * ACCOUNT_GUESSES
        return origins

    @property
    def remembered(self) -> int:
        kinds = (each for each in vars(self.throttle).values() if isinstance(each, _Kind))
        return max(map(len, kinds))


class Attack:
    """
    Somebody who guesses from many origins, from each one again as soon as there is an answer.

    @ivar wrong: How many passwords have been looked at.
    """

    def __init__(self, guesses: Guesses, origins: list[str], isKnown: bool = False) -> None:
        self.wrong = 0
        self._guesses = guesses
        self._isKnown = isKnown
        self._attempts = [(origin, self._begin(origin)) for origin in origins]

    def goOn(self, seconds: int) -> None:
        """
        Let time pass.
        """
        for _ in range(seconds):
            self._goOn()
            self._guesses.clock.advance(1)
        self._goOn()

    def _goOn(self) -> None:
        for number, (origin, guess) in enumerate(self._attempts):
            if guess.attempt is not None:
                guess.end(True)
                self.wrong += 1
            if not guess.waits:
                self._attempts[number] = origin, self._begin(origin)

    def _begin(self, origin: str) -> Guess:
        return self._guesses.begin(origin, isKnown=self._isKnown)


@pytest.fixture
def guesses() -> Guesses:
    return Guesses()


def test_threeAMinuteAreAllowed(guesses: Guesses) -> None:
    """Three at once, and one more for every twenty seconds."""
    assert [guesses.wrong() for _ in range(4)] == [None, None, None, 20]
    guesses.clock.advance(19.5)
    assert guesses.wrong() == 1
    guesses.clock.advance(0.5)
    assert [guesses.wrong(), guesses.wrong()] == [None, 20]
    guesses.clock.advance(60)
    assert [guesses.wrong() for _ in range(4)] == [None, None, None, 20]


def test_refusedAttemptsDoNotCount(guesses: Guesses) -> None:
    for _ in range(GUESSES):
        guesses.wrong()
    for _ in range(19):
        guesses.clock.advance(1)
        assert guesses.wrong() is not None
    guesses.clock.advance(1)
    assert guesses.wrong() is None


def test_aShareIsThatOfAnOriginAndAnAccount(guesses: Guesses) -> None:
    for _ in range(GUESSES):
        guesses.wrong(HERE, "alice")
    assert guesses.wrong(HERE, "alice") == 20
    assert guesses.wrong(THERE, "alice") is guesses.wrong(HERE, "bob") is None


def test_anOriginHasAShareForAllAccounts(guesses: Guesses) -> None:
    folds = [f"nick{number}" for number in range(ORIGIN_GUESSES)]
    assert [guesses.wrong(HERE, fold) for fold in folds] == [None] * ORIGIN_GUESSES
    assert guesses.wrong(HERE, "alice") == 6
    assert guesses.wrong(THERE, "alice") is None
    # An account that has logged in from there before is not concerned.
    assert guesses.wrong(HERE, "bob", isKnown=True) is None
    guesses.clock.advance(6)
    assert [guesses.wrong(HERE, "x"), guesses.wrong(HERE, "y")] == [None, 6]


def test_rightPasswordsDoNotCount(guesses: Guesses) -> None:
    for _ in range(10):
        guesses.begin().end(False)
    assert [guesses.wrong() for _ in range(4)] == [None, None, None, 20]


def test_aRightPasswordForgivesNoWrongOne(guesses: Guesses) -> None:
    """Otherwise a login to an own account would clear the way for three more guesses."""
    guesses.wrong()
    guesses.wrong()
    guesses.begin().end(False)
    assert [guesses.wrong(), guesses.wrong()] == [None, 20]


def test_anAttemptEndsOnce(guesses: Guesses) -> None:
    first = guesses.begin()
    for _ in range(3):
        first.end(True)
    assert [guesses.wrong(), guesses.wrong(), guesses.wrong()] == [None, None, 20]


# Attempts on their way.


def test_attemptsWaitForThoseOnTheirWay(guesses: Guesses) -> None:
    """In the order of their coming; where these are right, all of them begin."""
    attempts = [guesses.begin() for _ in range(24)]
    assert [each.waits for each in attempts] == [False] * 3 + [True] * 21
    for each, later in zip(attempts, attempts[GUESSES:], strict=False):
        assert later.waits
        each.end(False)
        assert not later.waits
    for each in attempts[-GUESSES:]:
        each.end(False)
    assert guesses.remembered == 0


def test_ofManyWrongOnesAtOnceThreeAreLookedAt(guesses: Guesses) -> None:
    attempts = [guesses.begin() for _ in range(24)]
    for each in attempts[:GUESSES]:
        each.end(True)
    assert [each.refusal for each in attempts] == [None] * 3 + [20] * 21
    assert guesses.clock.getDelayedCalls() == []


def test_manyUsersBehindOneAddressComeInAtOnce(guesses: Guesses) -> None:
    attempts = [guesses.begin(HERE, f"nick{number}") for number in range(24)]
    assert sum(not each.waits for each in attempts) == ORIGIN_GUESSES
    for each in attempts:
        each.end(False)
    assert guesses.remembered == 0


def test_anAttemptThatIsGivenUpWaitsNoLonger(guesses: Guesses) -> None:
    attempts = [guesses.begin() for _ in range(5)]
    attempts[3].begun.cancel()
    assert attempts[3].refusal is CancelledError
    attempts[0].end(False)
    assert not attempts[4].waits
    for each in (*attempts[1:3], attempts[4]):
        each.end(False)
    assert guesses.clock.getDelayedCalls() == []
    # As with all that wait in vain; see below.
    assert guesses.remembered == 1
    guesses.clock.advance(MEMORY)
    guesses.begin(THERE, "bob").end(False)
    assert guesses.remembered == 0


def test_aWaitIsBounded(guesses: Guesses) -> None:
    for _ in range(GUESSES):
        guesses.begin()
    late = guesses.begin()
    guesses.clock.advance(PATIENCE - 0.5)
    assert late.waits
    guesses.clock.advance(0.5)
    assert late.refusal == PATIENCE


def test_aQueueIsBounded(guesses: Guesses) -> None:
    attempts = [guesses.begin() for _ in range(GUESSES + MAX_WAITING + 1)]
    assert [each.refusal for each in attempts] == [None] * (GUESSES + MAX_WAITING) + [PATIENCE]


def test_aLongQueueIsNoDeepStack(guesses: Guesses) -> None:
    """Each attempt ends at once, as an empty password does."""
    first = [guesses.begin(HERE, str(number)) for number in range(ORIGIN_GUESSES)]
    depths: list[int] = []
    for number in range(MAX_WAITING):
        begun = guesses.throttle.begin(HERE, f"nick{number}")
        begun.addCallback(lambda attempt: (depths.append(len(stack(0))), attempt.end(False)))
    first[0].end(False)
    assert len(depths) == MAX_WAITING
    assert max(depths) - min(depths) < 10


# Strangers who guess at an account.


def test_strangersAreSlowedDownAndNotRefused(guesses: Guesses) -> None:
    """One a second, once they have tried sixty."""
    guesses.useUp()
    late = [guesses.begin(f"192.0.2.{number}") for number in range(3)]
    assert all(each.waits for each in late)
    begun = []
    for _ in range(4):
        guesses.clock.advance(1)
        for each in late:
            if each.attempt is not None and each.attempt.taken:
                begun.append((guesses.clock.seconds(), each.name))
                each.end(True)
    assert begun == [(1, "192.0.2.0"), (2, "192.0.2.1"), (3, "192.0.2.2")]
    assert guesses.clock.getDelayedCalls() == []


def test_strangersCannotUseUpTheShareOfAKnownOrigin(guesses: Guesses) -> None:
    origins = guesses.useUp()
    waiting = [guesses.begin(origin) for origin in origins]
    assert guesses.begin(HERE, isKnown=True).attempt is not None
    assert all(each.waits for each in waiting)


def test_aNewOriginComesInWhileFiftyGuess(guesses: Guesses) -> None:
    """The attackers have guessed before, so their attempts go after the one of the owner."""
    attack = Attack(guesses, _places(50))
    attack.goOn(200)
    owner = guesses.begin(HERE)
    assert owner.waits
    attack.goOn(2)
    assert owner.attempt is not None


@pytest.mark.parametrize(
    "attackers",
    [
        _places(165),
        [f"192.0.2.{number}" for number in range(165)],
        [f"2001:db8:0:{number:x}::/64" for number in range(165)],
        [strange(number) for number in range(165)],
    ],
)
def test_attemptsThatWaitInVainCount(guesses: Guesses, attackers: list[str]) -> None:
    """They cost nothing, so those who never get a guess would always seem to be newcomers."""
    attack = Attack(guesses, attackers)
    attack.goOn(65)
    owner = guesses.begin(THERE)
    assert owner.waits
    attack.goOn(3)
    assert owner.attempt is not None


@pytest.mark.parametrize("isKept", [False, True])
def test_neighboursAreOneGuesser(guesses: Guesses, isKept: bool) -> None:
    """To have many origins in one neighbourhood costs little."""
    guesses.useUp()
    neighbours = [guesses.begin(f"2001:db8:1:{number:x}::/64") for number in range(MAX_WAITING)]
    if not isKept:
        # Nor does it help to hang up.
        for each in neighbours:
            each.begun.cancel()
        neighbours = [guesses.begin(f"2001:db8:1:{number:x}::/64") for number in range(9)]
    owner = guesses.begin(THERE)
    guesses.clock.advance(1)
    guesses.clock.advance(1)
    assert owner.attempt is not None
    assert [each for each in neighbours if not each.waits] == neighbours[MAX_WAITING - 1 :]


def test_inAFullQueueThoseGiveWayWhoHaveGuessedMost(guesses: Guesses) -> None:
    guesses.useUp()
    origins = [f"192.0.2.{number}" for number in range(MAX_WAITING // 2)]
    waiting = [guesses.begin(origin) for origin in origins * 2]
    assert all(each.waits for each in waiting)
    owner = guesses.begin(THERE)
    assert owner.waits
    assert [each.name for each in waiting if each.refusal == PATIENCE] == origins[-1:]


def test_whoHasGuessedIsRememberedForAnHour(guesses: Guesses) -> None:
    guesses.wrong(HERE)
    guesses.clock.advance(MEMORY - 1)
    guesses.useUp()
    early, late = guesses.begin(HERE), guesses.begin(THERE)
    guesses.clock.advance(1)
    assert (early.waits, late.waits) == (True, False)


# Others at an origin from which the account has logged in before.


@pytest.mark.parametrize("phase", range(7))
def test_atAKnownOriginAttemptsWaitForTheirTurn(guesses: Guesses, phase: int) -> None:
    """So others who are there cannot keep out the user who owns the account."""
    pests = Attack(guesses, [HERE] * 4, isKnown=True)
    pests.goOn(60 + phase)
    owner = guesses.begin(HERE, isKnown=True)
    assert owner.waits
    pests.goOn(int(PATIENCE))
    assert owner.attempt is not None
    assert pests.wrong < KNOWN_GUESSES * 2.5


def test_aKnownOriginHasAShareOfItsOwn(guesses: Guesses) -> None:
    """Twelve at once, and one more for every five seconds."""
    wrong = [guesses.wrong(HERE, isKnown=True) for _ in range(KNOWN_GUESSES + 1)]
    assert wrong == [None] * KNOWN_GUESSES + ["waits"]
    assert guesses.wrong(THERE, isKnown=True) is None
    assert guesses.wrong(HERE, "bob", isKnown=True) is None


# Memory.


def test_memoryIsBounded() -> None:
    guesses = Guesses(maxKeys=100)
    for number in range(1000):
        guesses.wrong(f"host{number}", f"nick{number}")
    assert guesses.remembered == 100
    # The newest guesses are kept.
    assert [guesses.wrong("host999", "nick999") for _ in range(3)] == [None, None, 20]


def test_oldGuessesAreForgotten(guesses: Guesses) -> None:
    for number in range(1000):
        guesses.wrong(f"host{number}", f"nick{number}")
    guesses.clock.advance(MEMORY)
    guesses.wrong()
    assert guesses.remembered == 1


def test_refusedAttemptsLeaveNothingBehind(guesses: Guesses) -> None:
    for number in range(ORIGIN_GUESSES):
        guesses.wrong(HERE, f"nick{number}")
    for number in range(1000):
        assert guesses.wrong(HERE, f"name{number}") == 6
    assert guesses.remembered == ORIGIN_GUESSES


_Key = tuple[str, str, bool]

_origins = st.sampled_from([HERE, THERE, "203.0.113.1"])


@given(
    st.lists(
        st.tuples(
            # Quarters, whose sums are exact.
            st.integers(min_value=0, max_value=80).map(lambda quarters: quarters / 4),
            st.one_of(
                st.tuples(_origins, st.sampled_from(["alice", "bob"]), st.booleans()),
                # Which attempt is decided, and how.
                st.tuples(st.integers(0, 10), st.booleans()),
                st.integers(0, 10),
            ),
        ),
        max_size=80,
    )
)
def test_neverMoreThanAllowedAndNobodyWaitsForEver(steps: list[tuple[float, Any]]) -> None:
    """Whatever is on its way, and whatever is given up."""
    guesses = Guesses()
    open_: list[tuple[_Key, Guess]] = []
    wrong: list[tuple[float, _Key]] = []

    def of(isOpen: Callable[[Guess], bool]) -> list[tuple[_Key, Guess]]:
        return [each for each in open_ if isOpen(each[1])]

    def decide(key: _Key, guess: Guess, isWrong: bool) -> None:
        guess.end(isWrong)
        open_.remove((key, guess))
        if isWrong:
            wrong.append((guesses.clock.seconds(), key))

    for pause, step in steps:
        guesses.clock.advance(pause)
        match step:
            case (str(origin), fold, isKnown):
                open_.append(((origin, fold, isKnown), guesses.begin(origin, fold, isKnown)))
            case (index, isWrong):
                begun = of(lambda guess: guess.attempt is not None)
                if begun:
                    decide(*begun[index % len(begun)], isWrong)
            case index:
                waiting = of(lambda guess: guess.waits)
                if waiting:
                    waiting[index % len(waiting)][1].begun.cancel()
        open_[:] = of(lambda guess: guess.refusal is None)
        onTheirWay = Counter(key for key, guess in open_ if guess.attempt is not None)
        for key in {key for key, _ in open_} | {key for _, key in wrong}:
            times = [at for at, each in wrong if each == key]
            for number, since in enumerate(times):
                span = guesses.clock.seconds() - since
                allowed = KNOWN_GUESSES if key[2] else GUESSES
                assert len(times) - number + onTheirWay[key] <= allowed * (1 + span / 60)
    for _ in range(len(open_)):
        for key, guess in of(lambda guess: guess.attempt is not None):
            decide(key, guess, False)
        open_[:] = of(lambda guess: guess.refusal is None)
    guesses.clock.advance(PATIENCE)
    assert not of(lambda guess: guess.waits)
