"""Tests for L{chat.delivery.slowreaders}."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from chat.delivery.slowreaders import SWEEP, SlowReaders
from chat.vocabulary.limits import UNLIMITED, Limits


class SlowReader:
    """
    Somebody for whom something waits.

    @ivar taken: How much he has taken in all.
    @ivar limits: Those for which he was given up.
    """

    def __init__(self, stage: Stage, waiting: int) -> None:
        self.waiting = 0
        self.taken = 0
        self.limits: list[str] = []
        self.progress: list[float] = []
        self._stage = stage
        self.gets(waiting)

    def gets(self, size: int) -> None:
        self.waiting += size
        self._stage.readers.more(size)
        if self.waiting:
            self._stage.readers.watch(self)
        else:
            self._stage.readers.forget(self)

    def takes(self, size: int) -> None:
        self.taken += size
        self.gets(-size)

    def level(self) -> int:
        return self.taken

    def progressed(self, seconds: float) -> None:
        self.progress.append(seconds)

    def giveUp(self, limit: str) -> None:
        self.limits.append(limit)
        self.takes(self.waiting)


class Stage:
    """
    Some readers.
    """

    def __init__(self, **limits: Any) -> None:
        self.clock = Clock()
        self.readers = SlowReaders(self.clock, Limits(**limits))

    def reader(self, waiting: int) -> SlowReader:
        return SlowReader(self, waiting)

    def passes(self, seconds: float) -> None:
        """
        Let time pass, a quarter of a second at a time.
        """
        for _ in range(int(seconds * 4)):
            self.clock.advance(0.25)

    @property
    def isAtRest(self) -> bool:
        """Whether no timer runs."""
        return not self.clock.getDelayedCalls()


def test_whileNobodyWaitsNoTimerRuns() -> None:
    stage = Stage()
    assert stage.isAtRest
    alice, bob = stage.reader(1), stage.reader(1)
    assert not stage.isAtRest
    stage.passes(2)
    alice.takes(1)
    assert not stage.isAtRest
    bob.takes(1)
    assert stage.isAtRest


def test_whatWaitsForAllIsCounted() -> None:
    stage = Stage()
    alice = stage.reader(10)
    stage.reader(20)
    assert stage.readers.waiting == 30
    alice.takes(4)
    assert stage.readers.waiting == 26


def test_whoTakesNothingIsGivenUp() -> None:
    stage = Stage()
    alice = stage.reader(10)
    stage.passes(29.75)
    assert alice.limits == []
    stage.passes(0.25)
    assert alice.limits == ["stall"]
    stage.passes(60)
    assert alice.limits == ["stall"]
    assert stage.isAtRest


def test_moreThatWaitsForHimIsNoSignOfLife() -> None:
    stage = Stage()
    alice = stage.reader(10)
    for _ in range(30):
        stage.passes(1)
        alice.gets(10)
    assert alice.limits == ["stall"]


def test_whoTakesALittleNowAndThenIsKept() -> None:
    stage = Stage()
    alice = stage.reader(1000)
    for _ in range(20):
        stage.passes(29)
        alice.takes(1)
    assert alice.limits == []
    # The kernel must not lose patience with him either.
    assert alice.progress == sorted(alice.progress)
    assert alice.progress[-1] > 500
    # From when he was seen to take something, which is a moment later.
    stage.passes(30 + SWEEP)
    assert alice.limits == ["stall"]


def test_whoHasTakenAllBeginsAnew() -> None:
    stage = Stage()
    alice = stage.reader(10)
    stage.passes(29)
    alice.takes(10)
    alice.gets(10)
    stage.passes(29.75)
    assert alice.limits == []
    stage.passes(0.25 + SWEEP)
    assert alice.limits == ["stall"]


def test_eachIsLookedAtForHimself() -> None:
    stage = Stage()
    alice = stage.reader(10)
    stage.passes(15)
    bob = stage.reader(10)
    stage.passes(15)
    assert (alice.limits, bob.limits) == (["stall"], [])
    stage.passes(15 + SWEEP)
    assert bob.limits == ["stall"]


def test_howLongIsTheOperatorsChoice() -> None:
    stage = Stage(stallTimeout=2)
    alice = stage.reader(10)
    stage.passes(1.75)
    assert alice.limits == []
    stage.passes(0.25)
    assert alice.limits == ["stall"]


def test_thatMayBeVeryShort() -> None:
    stage = Stage(stallTimeout=0.1)
    alice = stage.reader(10)
    for _ in range(4):
        stage.clock.advance(0.025)
    assert alice.limits == ["stall"]


def test_orForEver() -> None:
    stage = Stage(stallTimeout=UNLIMITED)
    alice = stage.reader(10)
    stage.passes(10_000)
    assert alice.limits == []
    alice.takes(10)
    assert stage.isAtRest


def test_togetherTheyMayFillTheirLimit() -> None:
    stage = Stage(maxWaitingAll=100)
    readers = [stage.reader(size) for size in (50, 30, 20)]
    stage.clock.advance(0)
    assert [each.limits for each in readers] == [[], [], []]


def test_thoseForWhomMostWaitsAreGivenUpFirst() -> None:
    stage = Stage(maxWaitingAll=100)
    readers = [stage.reader(size) for size in (10, 50, 20, 40, 21)]
    assert [each.limits for each in readers] == [[]] * 5, "nobody who is being written to"
    stage.clock.advance(0)
    assert [each.limits for each in readers] == [[], ["all"], [], [], []]
    assert stage.readers.waiting == 91


def test_asManyAreGivenUpAsItTakes() -> None:
    stage = Stage(maxWaitingAll=100)
    readers = [stage.reader(60) for _ in range(10)]
    stage.clock.advance(0)
    assert sum(each.limits == ["all"] for each in readers) == 9
    assert stage.readers.waiting == 60


def test_whoIsGivenUpMayBeWrittenToMeanwhile() -> None:
    """It is looked at once in a turn, however often it is passed."""
    stage = Stage(maxWaitingAll=100)
    alice = stage.reader(0)
    for _ in range(5):
        alice.gets(90)
    assert len(stage.clock.getDelayedCalls()) == 2
    stage.clock.advance(0)
    assert alice.limits == ["all"]
    alice.gets(101)
    stage.clock.advance(0)
    assert alice.limits == ["all", "all"]


def test_whatWasReadInTimeIsNoReason() -> None:
    stage = Stage(maxWaitingAll=100)
    alice = stage.reader(101)
    alice.takes(1)
    stage.clock.advance(0)
    assert alice.limits == []


def test_thoseWhoHoldWhatTheyHaveDoNoHarm() -> None:
    """The transport may have what waits, and not let go of it."""

    class Holding(SlowReader):
        def giveUp(self, limit: str) -> None:
            self.limits.append(limit)

    stage = Stage(maxWaitingAll=100)
    alice = Holding(stage, 200)
    stage.clock.advance(0)
    assert alice.limits == ["all"]
    stage.clock.advance(0.5)
    assert alice.limits == ["all"]


def test_withoutALimitNobodyIsGivenUp() -> None:
    stage = Stage(maxWaitingAll=UNLIMITED)
    alice = stage.reader(1 << 40)
    stage.clock.advance(0)
    assert alice.limits == []


@pytest.mark.parametrize("waiting", [0, 1])
def test_whoHasGoneIsForgotten(waiting: int) -> None:
    stage = Stage()
    alice = stage.reader(waiting)
    stage.readers.forget(alice)
    stage.readers.forget(alice)
    stage.passes(60)
    assert alice.limits == []
    assert stage.isAtRest
