"""Tests for L{chat.operations.timing}."""

from __future__ import annotations

from math import inf

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs

from chat.operations.timing import (
    FAN_OUT_BOUNDS,
    LATENESS_BOUNDS,
    Distribution,
    FanOut,
    Heartbeat,
)
from chat.vocabulary.awake import BEAT, AwakeTime


def test_eachBucketCountsAllThatIsNotGreater() -> None:
    seen = Distribution((0.0, 1.0, 2.5), [0.0, 0.5, 1.0, 2.0, 99.0])
    assert list(seen.buckets) == [(0.0, 1), (1.0, 3), (2.5, 4), (inf, 5)]
    assert seen.sum == 102.5


def test_withoutValuesEveryBucketIsEmpty() -> None:
    assert list(Distribution((1.0,)).buckets) == [(1.0, 0), (inf, 0)]


def lateBy(*seconds: float) -> list[tuple[float, int]]:
    return list(Distribution(LATENESS_BOUNDS, seconds).buckets)


class HeartbeatStage:
    """
    A heartbeat, and a reactor that may stand still.

    @ivar noted: How often it was told that the service had stood still.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.noted = 0
        self.stoodFor = 0.0
        time = AwakeTime(lambda: self.clock.seconds() + self.stoodFor)
        self.heartbeat = Heartbeat(self.clock, time, self._note)

    def _note(self) -> None:
        self.noted += 1

    def run(self, beats: int = 1) -> None:
        self.clock.pump([BEAT] * beats)

    def standStill(self, seconds: float) -> None:
        """
        The reactor goes on where it was.
        """
        self.stoodFor += seconds


@pytest.fixture
def stage() -> HeartbeatStage:
    stage = HeartbeatStage()
    stage.heartbeat.startService()
    stage.clock.advance(0)
    return stage


def test_aPunctualReactorIsNotLate(stage: HeartbeatStage) -> None:
    stage.run(beats=4)
    assert list(stage.heartbeat.seen.buckets) == lateBy(0, 0, 0, 0)
    assert stage.heartbeat.seen.sum == 0


def test_latenessIsTheTimeAfterTheDueTime(stage: HeartbeatStage) -> None:
    stage.clock.advance(BEAT + 0.25)
    # A late call comes once, and the next one is punctual again.
    stage.run()
    assert list(stage.heartbeat.seen.buckets) == lateBy(0.25, 0)
    assert stage.noted == 0


def test_aLongStandstillIsToldOnce(stage: HeartbeatStage) -> None:
    stage.run()
    with capturedLogs() as events:
        stage.standStill(7.25)
        stage.run(beats=3)
    [event] = events
    assert event["log_format"] == "the reactor was blocked for {seconds} s"
    assert (event["log_level"], event["seconds"]) == (LogLevel.warn, 7.2)
    assert stage.noted == 1
    assert list(stage.heartbeat.seen.buckets) == lateBy(0, 7.25, 0, 0)


def test_theStartMayTakeLong() -> None:
    stage = HeartbeatStage()
    stage.standStill(100)
    stage.heartbeat.startService()
    stage.standStill(100)
    with capturedLogs() as events:
        stage.clock.advance(0)
        stage.run()
    assert events == []
    assert stage.noted == 0


def test_onceStoppedNoCallIsScheduled(stage: HeartbeatStage) -> None:
    stage.heartbeat.stopService()
    assert not stage.clock.getDelayedCalls()


def test_stoppingWithoutAStartIsAllowed() -> None:
    HeartbeatStage().heartbeat.stopService()


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
