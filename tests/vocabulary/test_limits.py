"""Tests for L{chat.vocabulary.limits}."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.limits import UNLIMITED, UNRESTRICTED, Limits, Rate, Shares, perDay, perMinute


class Actor:
    """
    Does something as often as a rate allows.

    @ivar now: The time, in seconds.
    """

    def __init__(self, rate: Rate, now: float = 1000.0) -> None:
        self._rate = rate
        self._mark = 0.0
        self.now = now

    def acts(self) -> bool:
        """
        @return: Whether it is allowed now.
        """
        if self._rate.wait(self._mark, self.now):
            return False
        self._mark = self._rate.spend(self._mark, self.now)
        return True

    def countActs(self) -> int:
        """
        @return: How often it is allowed now, up to a hundred times.
        """
        count = 0
        while count < 100 and self.acts():
            count += 1
        return count

    @property
    def wait(self) -> float:
        return self._rate.wait(self._mark, self.now)


def test_aBurstAndThenOneForEachInterval() -> None:
    actor = Actor(Rate(10, 0.5))
    assert actor.countActs() == 10
    assert actor.wait == 0.5
    actor.now += 0.25
    assert actor.wait == 0.25
    assert not actor.acts()
    actor.now += 0.25
    assert actor.countActs() == 1
    actor.now += 2
    assert actor.countActs() == 4


def test_theFirstTimeMayBeAtAnyTime() -> None:
    """A monotonic clock may have begun a moment ago."""
    assert Actor(Rate(3, 20), now=0.0).countActs() == 3


@pytest.mark.parametrize("pause", [5, 100, 1e6])
def test_aPauseEarnsNoMoreThanTheBurst(pause: float) -> None:
    actor = Actor(Rate(10, 0.5))
    actor.countActs()
    actor.now += pause
    assert actor.countActs() == 10


def test_refusedAttemptsAreNotCounted() -> None:
    """Attempts that are refused make nobody wait longer."""
    actor = Actor(Rate(1, 20))
    assert actor.acts()
    for _ in range(19):
        actor.now += 1
        assert not actor.acts()
    actor.now += 1
    assert actor.acts()


def test_unrestrictedIsUnrestricted() -> None:
    assert Actor(UNRESTRICTED).countActs() == 100


@pytest.mark.parametrize(("count", "interval"), [(1, 60), (3, 20), (10, 6), (60, 1)])
def test_perMinute(count: float, interval: float) -> None:
    assert perMinute(count) == Rate(count, interval)
    actor = Actor(perMinute(count))
    assert actor.countActs() == count
    assert actor.wait == interval


def test_perMinuteWithoutALimit() -> None:
    assert perMinute(UNLIMITED) is UNRESTRICTED


@given(
    st.integers(1, 5),
    st.sampled_from([0.5, 1, 4]),
    st.lists(st.integers(0, 40), max_size=60),
)
def test_aRateIsATokenBucket(burst: int, interval: float, pauses: list[int]) -> None:
    """
    It holds so many tokens and gets one for each interval; each act takes one.  All numbers are
    multiples of 1/8, which are exact.
    """
    actor = Actor(Rate(burst, interval))
    tokens = Fraction(burst)
    for pause in pauses:
        actor.now += pause / 8
        tokens = min(Fraction(burst), tokens + Fraction(pause, 8) / Fraction(interval))
        isAllowed = tokens >= 1
        assert actor.wait == max(Fraction(0), (1 - tokens) * Fraction(interval))
        assert actor.acts() is isAllowed
        tokens -= isAllowed


def test_perDay() -> None:
    assert perDay(24) == Rate(24, 3600)
    assert perDay(UNLIMITED) is UNRESTRICTED


TWO_AN_HOUR = Rate(2, 1800)


class Many:
    """
    Shares of two an hour, and a clock.
    """

    def __init__(self, rate: Rate = TWO_AN_HOUR, maxMarks: int = 3) -> None:
        self.now = 0.0
        self.shares = Shares(rate, lambda: self.now, maxMarks)

    def spend(self, *keys: str) -> None:
        for key in keys:
            self.shares.spend(key)

    def waits(self, *keys: str) -> list[float]:
        return [self.shares.wait(key) for key in keys]


def test_eachHasAShareOfTheirOwn() -> None:
    many = Many()
    many.spend("a", "a", "b")
    assert many.waits("a", "b", "c") == [1800, 0, 0]
    many.now = 1800
    assert many.waits("a") == [0]
    many.spend("a", "b", "b")
    assert many.waits("a", "b") == [1800, 1800]


def test_aShareThatIsWholeAgainTakesNoMemory() -> None:
    many = Many()
    many.spend("a", "b", "b")
    many.now = 1800
    many.spend("c")
    assert many.waits("a", "b", "c") == [0, 0, 0]
    assert len(many.shares) == 2


def test_beyondTheBoundTheShareUsedLeastRecentlyIsForgotten() -> None:
    many = Many()
    many.spend("a", "a", "b", "b", "c", "c", "a", "d", "d")
    assert len(many.shares) == 3
    assert many.waits("b", "a", "c", "d") == [0, 3600, 1800, 1800]


def test_withoutALimitNothingIsRemembered() -> None:
    many = Many(UNRESTRICTED)
    many.spend("a", "a", "a")
    assert many.waits("a") == [0]
    assert len(many.shares) == 0


@pytest.mark.parametrize(
    ("limits", "rate"),
    [
        (Limits(), Rate(10, 0.5)),
        (Limits(lineBurst=1, lineRate=0.25), Rate(1, 4)),
        (Limits(lineRate=UNLIMITED), UNRESTRICTED),
        (Limits(lineBurst=UNLIMITED), UNRESTRICTED),
    ],
)
def test_rateOfLines(limits: Limits, rate: Rate) -> None:
    assert limits.lines == rate
