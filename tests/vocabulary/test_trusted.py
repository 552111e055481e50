"""Tests for L{chat.vocabulary.trusted}."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chat.vocabulary.trusted import AHEAD, CONFIRM, TrustedTime

AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
FAR = datetime(2038, 1, 19, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Clocks:
    """
    @ivar wall: What the clock on the wall shows.
    @ivar seconds: What the one shows that nobody sets.
    """

    def __init__(self, wall: datetime = AT) -> None:
        self.wall = wall
        self.seconds = 100.0
        self.doubts: list[tuple[datetime, datetime]] = []
        self.trusted = TrustedTime(
            lambda: self.wall, lambda: self.seconds, lambda *doubt: self.doubts.append(doubt)
        )

    def after(self, seconds: float) -> datetime:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds
        return self.trusted.now()


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_aClockThatGoesIsTrusted(clocks: Clocks) -> None:
    """However long nobody has asked."""
    for seconds in (0, 1, 86400, 90 * 86400):
        assert clocks.after(seconds) == clocks.wall
    assert clocks.doubts == []


def test_aClockMayBeSetAheadByADay(clocks: Clocks) -> None:
    for _ in range(3):
        clocks.wall += AHEAD
        assert clocks.trusted.now() == clocks.wall
    assert clocks.doubts == []


def test_aClockThatJumpsFurtherIsTrustedAfterAnHour(clocks: Clocks) -> None:
    """The time goes on meanwhile, as it would have; the jump is told once."""
    clocks.wall += AHEAD + SECOND
    jumped = clocks.wall
    assert clocks.trusted.now() == AT
    assert clocks.after(CONFIRM - 1) == AT + timedelta(seconds=CONFIRM - 1)
    assert clocks.doubts == [(jumped, AT)]
    assert clocks.after(1) == clocks.wall
    assert clocks.after(60) == clocks.wall
    assert clocks.doubts == [(jumped, AT)]


def test_aClockThatIsSetBackIsTrustedAtOnce(clocks: Clocks) -> None:
    """And the next jump has its own hour."""
    clocks.wall = FAR
    clocks.after(CONFIRM / 2)
    clocks.wall = AT + timedelta(seconds=CONFIRM / 2)
    assert clocks.after(1) == clocks.wall
    clocks.wall = FAR
    clocks.trusted.now()
    assert clocks.after(CONFIRM - 1) < FAR
    assert len(clocks.doubts) == 2


def test_aClockThatIsBehindIsTakenAsItIs(clocks: Clocks) -> None:
    """And is right again at once: a machine may begin in 1970."""
    clocks.wall = datetime(1970, 1, 1, tzinfo=UTC)
    assert clocks.after(60) == clocks.wall
    clocks.wall = AT + timedelta(seconds=61)
    assert clocks.after(0) == clocks.wall
    assert clocks.doubts == []


def test_theTimeBeforeARestartTellsWhatToExpect() -> None:
    clocks = Clocks(FAR)
    clocks.trusted.seen(AT)
    assert clocks.after(60) == AT + timedelta(seconds=60)
    assert clocks.after(CONFIRM) == clocks.wall


def test_aClockIsTrustedWhereNothingIsKnown() -> None:
    assert Clocks(FAR).after(1) == FAR + SECOND
