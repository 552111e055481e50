"""Tests for L{chat.delivery.slowreaders}."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from chat.delivery.slowreaders import SWEEP, SlowReader, SlowReaders
from chat.vocabulary.limits import UNLIMITED, Limits


class ListedOutlet(SlowReader):
    """
    An outlet in which something waits.

    @ivar taken: How much its peer has taken in all.
    @ivar limits: The limits for which it was given up.
    """

    def __init__(self, stage: SlowReadersStage, waiting: int) -> None:
        self.waiting = 0
        self.taken = 0
        self.limits: list[str] = []
        self.progress: list[float] = []
        self._stage = stage
        self.gets(waiting)

    def gets(self, size: int) -> None:
        self.waiting += size
        self._stage.slowReaders.more(size)
        if self.waiting:
            self._stage.slowReaders.watch(self)
        else:
            self._stage.slowReaders.forget(self)

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


class SlowReadersStage:
    """
    Outlets that a test fills and empties.
    """

    def __init__(self, **limits: Any) -> None:
        self.clock = Clock()
        self.slowReaders = SlowReaders(self.clock, Limits(**limits))

    def outlet(self, waiting: int) -> ListedOutlet:
        return ListedOutlet(self, waiting)

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


def test_whileNothingWaitsNoTimerRuns() -> None:
    stage = SlowReadersStage()
    assert stage.isAtRest
    alice, bob = stage.outlet(1), stage.outlet(1)
    assert not stage.isAtRest
    stage.passes(2)
    alice.takes(1)
    assert not stage.isAtRest
    bob.takes(1)
    assert stage.isAtRest


def test_whatWaitsForAllIsCounted() -> None:
    stage = SlowReadersStage()
    alice = stage.outlet(10)
    stage.outlet(20)
    assert stage.slowReaders.waiting == 30
    alice.takes(4)
    assert stage.slowReaders.waiting == 26


def test_aPeerThatTakesNothingIsGivenUp() -> None:
    stage = SlowReadersStage()
    alice = stage.outlet(10)
    stage.passes(29.75)
    assert alice.limits == []
    stage.passes(0.25)
    assert alice.limits == ["stall"]
    stage.passes(60)
    assert alice.limits == ["stall"]
    assert stage.isAtRest


def test_moreThatWaitsForHimIsNoSignOfLife() -> None:
    stage = SlowReadersStage()
    alice = stage.outlet(10)
    for _ in range(30):
        stage.passes(1)
        alice.gets(10)
    assert alice.limits == ["stall"]


def test_aPeerThatTakesALittleNowAndThenIsKept() -> None:
    stage = SlowReadersStage()
    alice = stage.outlet(1000)
    for _ in range(20):
        stage.passes(29)
        alice.takes(1)
    assert alice.limits == []
    # The kernel must not lose patience either.
    assert alice.progress == sorted(alice.progress)
    assert alice.progress[-1] > 500
    # From when it was seen to take something, which is a moment later.
    stage.passes(30 + SWEEP)
    assert alice.limits == ["stall"]


def test_aPeerThatHasTakenAllBeginsAnew() -> None:
    stage = SlowReadersStage()
    alice = stage.outlet(10)
    stage.passes(29)
    alice.takes(10)
    alice.gets(10)
    stage.passes(29.75)
    assert alice.limits == []
    stage.passes(0.25 + SWEEP)
    assert alice.limits == ["stall"]


def test_eachIsLookedAtForHimself() -> None:
    stage = SlowReadersStage()
    alice = stage.outlet(10)
    stage.passes(15)
    bob = stage.outlet(10)
    stage.passes(15)
    assert (alice.limits, bob.limits) == (["stall"], [])
    stage.passes(15 + SWEEP)
    assert bob.limits == ["stall"]


def test_howLongIsTheOperatorsChoice() -> None:
    stage = SlowReadersStage(stallTimeout=2)
    alice = stage.outlet(10)
    stage.passes(1.75)
    assert alice.limits == []
    stage.passes(0.25)
    assert alice.limits == ["stall"]


def test_thatMayBeVeryShort() -> None:
    stage = SlowReadersStage(stallTimeout=0.1)
    alice = stage.outlet(10)
    for _ in range(4):
        stage.clock.advance(0.025)
    assert alice.limits == ["stall"]


def test_orForEver() -> None:
    stage = SlowReadersStage(stallTimeout=UNLIMITED)
    alice = stage.outlet(10)
    stage.passes(10_000)
    assert alice.limits == []
    alice.takes(10)
    assert stage.isAtRest


def test_togetherTheyMayFillTheirLimit() -> None:
    stage = SlowReadersStage(maxWaitingAll=100)
    outlets = [stage.outlet(size) for size in (50, 30, 20)]
    stage.clock.advance(0)
    assert [each.limits for each in outlets] == [[], [], []]


def test_thePeersForWhichMostWaitsAreGivenUpFirst() -> None:
    stage = SlowReadersStage(maxWaitingAll=100)
    outlets = [stage.outlet(size) for size in (10, 50, 20, 40, 21)]
    assert [each.limits for each in outlets] == [[]] * 5, (
        "an outlet must not be called back while it is written to"
    )
    stage.clock.advance(0)
    assert [each.limits for each in outlets] == [[], ["all"], [], [], []]
    assert stage.slowReaders.waiting == 91


def test_asManyAreGivenUpAsItTakes() -> None:
    stage = SlowReadersStage(maxWaitingAll=100)
    outlets = [stage.outlet(60) for _ in range(10)]
    stage.clock.advance(0)
    assert sum(each.limits == ["all"] for each in outlets) == 9
    assert stage.slowReaders.waiting == 60


def test_aPeerThatIsGivenUpMayBeWrittenToMeanwhile() -> None:
    """It is looked at once in a turn, however often it is passed."""
    stage = SlowReadersStage(maxWaitingAll=100)
    alice = stage.outlet(0)
    for _ in range(5):
        alice.gets(90)
    assert len(stage.clock.getDelayedCalls()) == 2
    stage.clock.advance(0)
    assert alice.limits == ["all"]
    alice.gets(101)
    stage.clock.advance(0)
    assert alice.limits == ["all", "all"]


def test_whatWasReadInTimeIsNoReason() -> None:
    stage = SlowReadersStage(maxWaitingAll=100)
    alice = stage.outlet(101)
    alice.takes(1)
    stage.clock.advance(0)
    assert alice.limits == []


def test_outletsThatKeepWhatWaitsDoNoHarm() -> None:
    """The transport may have what waits, and not let go of it."""

    class Holding(ListedOutlet):
        def giveUp(self, limit: str) -> None:
            self.limits.append(limit)

    stage = SlowReadersStage(maxWaitingAll=100)
    alice = Holding(stage, 200)
    stage.clock.advance(0)
    assert alice.limits == ["all"]
    stage.clock.advance(0.5)
    assert alice.limits == ["all"]


def test_withoutALimitNoPeerIsGivenUp() -> None:
    stage = SlowReadersStage(maxWaitingAll=UNLIMITED)
    alice = stage.outlet(1 << 40)
    stage.clock.advance(0)
    assert alice.limits == []


@pytest.mark.parametrize("waiting", [0, 1])
def test_aPeerThatHasGoneIsForgotten(waiting: int) -> None:
    stage = SlowReadersStage()
    alice = stage.outlet(waiting)
    stage.slowReaders.forget(alice)
    stage.slowReaders.forget(alice)
    stage.passes(60)
    assert alice.limits == []
    assert stage.isAtRest
