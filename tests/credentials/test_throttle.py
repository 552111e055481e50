"""Tests for L{chat.credentials.throttle}."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chat.credentials.throttle import ATTEMPTS, PERIOD, Attempt, Throttle
from chat.vocabulary.errors import TooManyAttempts


class Guesses:
    """
    A throttle, and its clock.
    """

    def __init__(self, **limits: int) -> None:
        self.clock = Clock()
        self.throttle = Throttle(self.clock.seconds, **limits)

    def begin(self, address: str = "192.0.2.1", fold: str = "alice") -> Attempt:
        return self.throttle.begin(address, fold)

    def wait(self, address: str = "192.0.2.1", fold: str = "alice") -> int:
        """
        @return: How many seconds the next guess has to wait; 0 if it is taken.
        """
        try:
            self.begin(address, fold)
        except TooManyAttempts as error:
            return int(error.about)
        return 0


@pytest.fixture
def guesses() -> Guesses:
    return Guesses()


def test_threeAMinuteAreAllowed(guesses: Guesses) -> None:
    assert [guesses.wait() for _ in range(ATTEMPTS)] == [0, 0, 0]
    assert guesses.wait() == 60
    guesses.clock.advance(59.5)
    assert guesses.wait() == 1
    guesses.clock.advance(0.5)
    assert [guesses.wait() for _ in range(4)] == [0, 0, 0, 60]


def test_theLimitHoldsForAnyMinute(guesses: Guesses) -> None:
    """Not only from one full minute to the next."""
    for _ in range(ATTEMPTS):
        assert guesses.wait() == 0
        guesses.clock.advance(20)
    # The first is forgotten, the others are 20 and 40 seconds old.
    assert guesses.wait() == 0
    assert guesses.wait() == 20


def test_refusedAttemptsDoNotCount(guesses: Guesses) -> None:
    for _ in range(ATTEMPTS):
        guesses.begin()
    for _ in range(59):
        guesses.clock.advance(1)
        assert guesses.wait() > 0
    guesses.clock.advance(1)
    assert guesses.wait() == 0


def test_theLimitHoldsForAnAddressWhateverTheName(guesses: Guesses) -> None:
    assert [guesses.wait(fold=fold) for fold in "abcd"] == [0, 0, 0, 60]
    assert guesses.wait(address="192.0.2.2", fold="d") == 0


def test_theLimitHoldsForAnAccountWhateverTheAddress(guesses: Guesses) -> None:
    assert [guesses.wait(address=f"192.0.2.{n}") for n in range(4)] == [0, 0, 0, 60]
    assert guesses.wait(address="192.0.2.9", fold="bob") == 0
    # A guess that was refused for the account does not count for the address.
    assert [guesses.wait("192.0.2.3", fold) for fold in "abcd"] == [0, 0, 0, 60]


def test_theLongerWaitIsTold(guesses: Guesses) -> None:
    for n in range(ATTEMPTS):
        guesses.begin(f"192.0.2.{n}", "alice")
    guesses.clock.advance(30)
    for fold in "abc":
        guesses.begin("192.0.2.9", fold)
    assert guesses.wait("192.0.2.9", "alice") == 60
    assert guesses.wait("192.0.2.8", "alice") == 30


def test_rightPasswordsDoNotCount(guesses: Guesses) -> None:
    for _ in range(10):
        guesses.begin().takeBack()
    assert [guesses.wait() for _ in range(4)] == [0, 0, 0, 60]


def test_undecidedAttemptsCount(guesses: Guesses) -> None:
    """Three undecided attempts are therefore the most there may be at once."""
    attempts = [guesses.begin() for _ in range(ATTEMPTS)]
    assert guesses.wait() == 60
    attempts[1].takeBack()
    assert guesses.wait() == 0
    assert guesses.wait() == 60


def test_aRightPasswordForgivesNoWrongOne(guesses: Guesses) -> None:
    """Else a login to an own account would clear the way for three more guesses."""
    guesses.begin()
    guesses.begin()
    guesses.begin().takeBack()
    assert [guesses.wait(), guesses.wait()] == [0, 60]


def test_anAttemptIsTakenBackOnce(guesses: Guesses) -> None:
    first = guesses.begin()
    guesses.begin()
    guesses.begin()
    for _ in range(3):
        first.takeBack()
    assert [guesses.wait(), guesses.wait()] == [0, 60]


def test_aForgottenAttemptCanBeTakenBack(guesses: Guesses) -> None:
    attempt = guesses.begin()
    guesses.clock.advance(PERIOD)
    guesses.begin("192.0.2.2", "bob")
    attempt.takeBack()


@pytest.mark.parametrize(
    ("one", "other", "isSame"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("unix", "", False),
    ],
)
def test_subscribersAreTakenForOneAddress(
    guesses: Guesses, one: str, other: str, isSame: bool
) -> None:
    """All addresses in a /64 of IPv6 belong to one subscriber, who could use one for each guess."""
    waits = [guesses.wait(address, str(n)) for n, address in enumerate((one, other, one, other))]
    assert waits == [0, 0, 0, 60 if isSame else 0]


def test_unixSocketsCountAsOneAddress(guesses: Guesses) -> None:
    assert [guesses.wait("unix", fold) for fold in "abcd"] == [0, 0, 0, 60]


def _remembered(guesses: Guesses) -> int:
    return max(len(guesses.throttle._addresses), len(guesses.throttle._accounts))


def test_memoryIsBounded() -> None:
    guesses = Guesses(maxKeys=100)
    for n in range(1000):
        guesses.begin(f"host{n}", f"nick{n}")
    assert _remembered(guesses) == 100
    # The newest guesses are kept.
    assert [guesses.wait("host999", fold) for fold in "abc"] == [0, 0, 60]


def test_oldGuessesAreForgotten(guesses: Guesses) -> None:
    for n in range(1000):
        guesses.begin(f"host{n}", f"nick{n}")
    guesses.clock.advance(PERIOD)
    guesses.begin()
    assert _remembered(guesses) == 1


def test_rightPasswordsLeaveNothingBehind(guesses: Guesses) -> None:
    guesses.begin().takeBack()
    assert _remembered(guesses) == 0


@given(
    st.lists(
        st.tuples(
            # Quarters, whose sums are exact.
            st.integers(min_value=0, max_value=160).map(lambda quarters: quarters / 4),
            st.sampled_from(["192.0.2.1", "192.0.2.2"]),
            st.sampled_from(["alice", "bob"]),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_neverMoreThanThreeWrongOnesInAMinute(
    steps: list[tuple[float, str, str, bool]],
) -> None:
    """Neither from an address nor for an account; and with fewer no guess is refused."""
    guesses = Guesses()
    wrong: list[tuple[float, str, str]] = []
    for pause, address, fold, isRight in steps:
        guesses.clock.advance(pause)
        now = guesses.clock.seconds()
        recent = [guess for guess in wrong if guess[0] + PERIOD > now]
        full = any(
            len([guess for guess in recent if guess[at] == key]) >= ATTEMPTS
            for at, key in ((1, address), (2, fold))
        )
        if full:
            assert 0 < guesses.wait(address, fold) <= PERIOD
            continue
        attempt = guesses.begin(address, fold)
        if isRight:
            attempt.takeBack()
        else:
            wrong.append((now, address, fold))
