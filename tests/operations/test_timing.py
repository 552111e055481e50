"""Tests for L{chat.operations.timing}."""

from __future__ import annotations

from math import inf

import pytest
from twisted.internet.task import Clock

from chat.operations.timing import (
    FAN_OUT_BOUNDS,
    INTERVAL,
    LATENESS_BOUNDS,
    Distribution,
    FanOut,
    Lateness,
)


def test_eachBucketCountsAllThatIsNotGreater() -> None:
    seen = Distribution((0.0, 1.0, 2.5), [0.0, 0.5, 1.0, 2.0, 99.0])
    assert list(seen.buckets) == [(0.0, 1), (1.0, 3), (2.5, 4), (inf, 5)]
    assert seen.sum == 102.5


def test_withoutValuesEveryBucketIsEmpty() -> None:
    assert list(Distribution((1.0,)).buckets) == [(1.0, 0), (inf, 0)]


def lateBy(*seconds: float) -> list[tuple[float, int]]:
    return list(Distribution(LATENESS_BOUNDS, seconds).buckets)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lateness(clock: Clock) -> Lateness:
    lateness = Lateness(clock)
    lateness.startService()
    return lateness


def test_aPunctualReactorIsNotLate(clock: Clock, lateness: Lateness) -> None:
    clock.pump([INTERVAL] * 4)
    assert list(lateness.seen.buckets) == lateBy(0, 0, 0, 0)
    assert lateness.seen.sum == 0


def test_latenessIsTheTimeAfterTheDueTime(clock: Clock, lateness: Lateness) -> None:
    clock.advance(INTERVAL + 2)
    # A late call comes once, and the next one is punctual again.
    clock.advance(INTERVAL)
    assert list(lateness.seen.buckets) == lateBy(2, 0)
    assert lateness.seen.sum == 2


def test_onceStoppedNoCallIsScheduled(clock: Clock, lateness: Lateness) -> None:
    lateness.stopService()
    assert not clock.getDelayedCalls()


def test_stoppingWithoutAStartIsAllowed(clock: Clock) -> None:
    Lateness(clock).stopService()


def test_aFanOutIsTimed() -> None:
    clock = Clock()
    fanOut = FanOut(clock.seconds)

    def flush() -> int:
        clock.advance(0.002)
        return 7

    assert fanOut.timed(flush) == 7
    assert list(fanOut.seen.buckets) == list(Distribution(FAN_OUT_BOUNDS, [0.002]).buckets)


def test_aFailingFanOutIsTimedToo() -> None:
    fanOut = FanOut(Clock().seconds)

    def flush() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fanOut.timed(flush)
    assert list(fanOut.seen.buckets)[-1] == (inf, 1)
