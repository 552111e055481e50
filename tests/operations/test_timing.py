"""Tests for L{chat.operations.timing}."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from chat.operations.distribution import Distribution
from chat.operations.timing import FAN_OUT_BOUNDS, INTERVAL, LATENESS_BOUNDS, FanOut, Lateness


def lateBy(*seconds: float) -> list[tuple[str, float]]:
    return Distribution(LATENESS_BOUNDS, seconds).buckets


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_aReactorInTimeIsNotLate(clock: Clock) -> None:
    lateness = Lateness(clock)
    lateness.startService()
    clock.pump([INTERVAL] * 4)
    assert lateness.seen.buckets == lateBy(0, 0, 0, 0)
    assert lateness.seen.sum == 0


def test_itIsAsLateAsItComesAfterTheTime(clock: Clock) -> None:
    lateness = Lateness(clock)
    lateness.startService()
    clock.advance(INTERVAL + 2)
    # One who was late does not come twice, and is in time again.
    clock.advance(INTERVAL)
    assert lateness.seen.buckets == lateBy(2, 0)
    assert lateness.seen.sum == 2


def test_whoIsStoppedAsksForNothing(clock: Clock) -> None:
    lateness = Lateness(clock)
    lateness.startService()
    lateness.stopService()
    assert not clock.getDelayedCalls()


def test_anEndWithoutABeginning(clock: Clock) -> None:
    Lateness(clock).stopService()


def test_aFanOutIsTimed() -> None:
    clock = Clock()
    fanOut = FanOut(clock.seconds)

    def flush() -> int:
        clock.advance(0.002)
        return 7

    assert fanOut.timed(flush) == 7
    assert fanOut.seen.buckets == Distribution(FAN_OUT_BOUNDS, [0.002]).buckets


def test_aFanOutThatFailsIsTimedToo() -> None:
    fanOut = FanOut(Clock().seconds)

    def flush() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fanOut.timed(flush)
    assert fanOut.seen.buckets[-1] == ("+Inf", 1.0)
