"""Tests for L{chat.session.deadlines}."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chat.session.deadlines import WARN_BEFORE, Deadlines
from chat.vocabulary.events import Ending


class DeadlinesStage:
    """
    The deadlines of one session.

    @ivar heard: The time of each warning and ending, with the seconds left or the ending.
    @ivar isGuest: Whether the user has no account.
    """

    isGuest = True

    def __init__(self, registration: float = 60, idle: float = 1800) -> None:
        self.clock = Clock()
        self.heard: list[tuple[float, int | Ending]] = []
        self.deadlines = Deadlines(self.clock, registration, idle)

    # The session.

    def warn(self, seconds: int) -> None:
        self.heard.append((self.clock.seconds(), seconds))

    def end(self, reason: Ending) -> None:
        self.heard.append((self.clock.seconds(), reason))

    # What happens to it.

    def opened(self) -> None:
        self.deadlines.opened(self.end)

    def registered(self) -> None:
        self.deadlines.registered(self)

    def touch(self) -> None:
        self.deadlines.active = self.clock.seconds()

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)


def test_theTimeToChooseANicknameIsLimited() -> None:
    stage = DeadlinesStage(registration=60)
    stage.opened()
    stage.wait(100)
    assert stage.heard == [(60, Ending.REGISTRATION_TIMEOUT)]
    assert stage.clock.getDelayedCalls() == []


def test_nothingRenewsTheTimeToChooseANickname() -> None:
    stage = DeadlinesStage(registration=60)
    stage.opened()
    for _ in range(60):
        stage.touch()
        stage.wait(1)
    assert stage.heard == [(60, Ending.REGISTRATION_TIMEOUT)]


def test_anIdleSessionIsWarnedAndThenExpires() -> None:
    stage = DeadlinesStage(idle=1800)
    stage.opened()
    stage.wait(30)
    stage.registered()
    stage.wait(2000)
    assert stage.heard == [(30 + 1740, 60), (30 + 1800, Ending.IDLE_TIMEOUT)]
    assert stage.clock.getDelayedCalls() == []


def test_aLineRestartsTheIdleTimeout() -> None:
    stage = DeadlinesStage(idle=1800)
    stage.registered()
    for _ in range(5):
        stage.wait(1000)
        stage.touch()
    assert stage.heard == []
    stage.wait(1740)
    assert stage.heard == [(6740, 60)]


def test_aLineAfterTheWarningLeadsToAnotherWarning() -> None:
    stage = DeadlinesStage(idle=1800)
    stage.registered()
    stage.wait(1799)
    stage.touch()
    stage.wait(1799)
    assert stage.heard == [(1740, 60), (1799 + 1740, 60)]


def test_aShortTimeoutIsWarnedOfHalfway() -> None:
    stage = DeadlinesStage(idle=10)
    stage.registered()
    stage.wait(20)
    assert stage.heard == [(5, 5), (10, Ending.IDLE_TIMEOUT)]


def test_aUserWithAnAccountMayBeIdleForEver() -> None:
    stage = DeadlinesStage(idle=10)
    stage.isGuest = False
    stage.registered()
    stage.wait(1000)
    assert stage.heard == []


@pytest.mark.parametrize("at", [1, 5, 6, 13])
def test_aUserWhoGivesTheirAccountUpIsAGuestFromThatLineOn(at: int) -> None:
    stage = DeadlinesStage(idle=10)
    stage.isGuest = False
    stage.registered()
    stage.wait(at)
    stage.isGuest = True
    stage.touch()
    stage.wait(20)
    assert stage.heard == [(at + 5, 5), (at + 10, Ending.IDLE_TIMEOUT)]


@pytest.mark.parametrize("at", [1, 6])
def test_aGuestWhoLogsInMayBeIdleFromThenOn(at: int) -> None:
    """Also after the warning."""
    stage = DeadlinesStage(idle=10)
    stage.registered()
    stage.wait(at)
    stage.isGuest = False
    stage.touch()
    stage.wait(100)
    assert stage.heard == ([(5, 5)] if at > 5 else [])


def test_zeroIsNoLimit() -> None:
    stage = DeadlinesStage(registration=0, idle=0)
    stage.opened()
    assert stage.clock.getDelayedCalls() == []
    stage.registered()
    assert stage.clock.getDelayedCalls() == []


@pytest.mark.parametrize("registered", [False, True])
def test_stoppingLeavesNoTimer(registered: bool) -> None:
    stage = DeadlinesStage()
    stage.opened()
    if registered:
        stage.registered()
    stage.deadlines.stop()
    stage.deadlines.stop()
    assert stage.clock.getDelayedCalls() == []


def test_aTimeoutMayStopTheDeadlines() -> None:
    """As the end of a session does."""
    clock = Clock()
    deadlines = Deadlines(clock, 60, 0)
    deadlines.opened(lambda reason: deadlines.stop())
    clock.advance(60)
    assert clock.getDelayedCalls() == []


def test_aLineMovesNoTimer() -> None:
    stage = DeadlinesStage()
    stage.registered()
    [timer] = stage.clock.getDelayedCalls()
    for _ in range(1000):
        stage.touch()
    assert stage.clock.getDelayedCalls() == [timer]
    assert timer.getTime() == 1740


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 300), st.lists(st.integers(1, 200), max_size=20))
def test_aSessionExpiresExactlyWhenTheTimeIsOver(idle: int, pauses: list[int]) -> None:
    stage = DeadlinesStage(idle=idle)
    stage.registered()
    last = 0
    for pause in pauses:
        stage.wait(pause)
        if stage.heard and isinstance(stage.heard[-1][1], Ending):
            break
        stage.touch()
        last = int(stage.clock.seconds())
    stage.wait(idle)
    at, reason = stage.heard[-1]
    assert reason is Ending.IDLE_TIMEOUT
    assert at == last + idle
    before, seconds = stage.heard[-2]
    assert isinstance(seconds, int)
    assert abs(at - before - min(WARN_BEFORE, idle / 2)) <= 1
