"""Tests for L{chat.vocabulary.awake}."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.awake import BEAT, STILL, AwakeTime


@dataclass
class Sleeper:
    """
    A process, its time, and the one on the wall.
    """

    now: float = 1000.0
    time: AwakeTime = field(init=False)

    def __post_init__(self) -> None:
        self.time = AwakeTime(lambda: self.now)

    def run(self, seconds: float) -> None:
        """
        Be awake for some time, and beat in time.
        """
        while seconds > 0:
            self.now += min(seconds, BEAT)
            self.time.beat()
            seconds -= BEAT


@pytest.fixture
def sleeper() -> Sleeper:
    sleeper = Sleeper()
    sleeper.run(3)
    return sleeper


def test_whileItBeatsItIsAMonotonicClock(sleeper: Sleeper) -> None:
    before = sleeper.time.seconds()
    sleeper.run(100)
    assert sleeper.time.seconds() - before == 100


@pytest.mark.parametrize("still", [BEAT + STILL + 0.01, 5, 100_000])
def test_whenTheProcessGoesOnItIsAsLateAsBefore(sleeper: Sleeper, still: float) -> None:
    sleeper.now += 0.25
    before = sleeper.time.seconds()
    sleeper.now += still
    assert sleeper.time.seconds() == before
    sleeper.now += 0.125
    assert sleeper.time.seconds() == before + 0.125
    # How late it was is told in full.
    assert sleeper.time.beat() == pytest.approx(0.25 + still + 0.125 - BEAT)
    assert sleeper.time.beat() == 0


def test_aPauseThatIsShortCounts(sleeper: Sleeper) -> None:
    before = sleeper.time.seconds()
    sleeper.now += BEAT + STILL
    assert sleeper.time.seconds() - before == BEAT + STILL


def test_oneWhoIsBusyIsAwake(sleeper: Sleeper) -> None:
    """Although the beat is late, as the process does one thing after the other."""
    before = sleeper.time.seconds()
    for _ in range(1000):
        sleeper.now += 0.01
        sleeper.time.seconds()
    assert sleeper.time.seconds() - before == pytest.approx(10, abs=0.02)


@pytest.mark.parametrize("isStopped", [False, True])
def test_withoutBeatsEveryPauseCounts(isStopped: bool) -> None:
    """A reactor with nothing to do asks for no time; its timers must not stand still."""
    sleeper = Sleeper()
    if isStopped:
        sleeper.run(3)
        sleeper.time.rest()
    before = sleeper.time.seconds()
    sleeper.now += 9
    assert sleeper.time.seconds() - before == 9


@given(
    st.lists(
        # In eighths of a second, which are exact.
        st.tuples(st.integers(0, 10**6), st.sampled_from([AwakeTime.seconds, AwakeTime.beat])),
        max_size=50,
    )
)
def test_itNeverGoesBackAndNeverRunsAhead(
    steps: list[tuple[int, Callable[[AwakeTime], float]]],
) -> None:
    sleeper = Sleeper()
    last = sleeper.time.seconds()
    for eighths, ask in steps:
        sleeper.now += eighths / 8
        ask(sleeper.time)
        assert last <= sleeper.time.seconds() <= last + eighths / 8
        last = sleeper.time.seconds()
