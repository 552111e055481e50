"""Tests for L{chat.vocabulary.limits}."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.limits import UNLIMITED, UNRESTRICTED, Limits, Rate, perMinute


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
