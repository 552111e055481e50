"""
How long things take: how late the reactor is, and how long a fan-out keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from twisted.application.service import Service
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.operations.distribution import Distribution

INTERVAL = 0.5
"""How many seconds lie between two looks at how late the reactor is."""

LATENESS_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds."""

FAN_OUT_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)
"""Seconds."""


class Lateness(Service):
    """
    Asks the reactor again and again to be called, and notes how late it was:
    while it does one thing, everybody else waits.

    @ivar seen: how late, in seconds.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.seen = Distribution(LATENESS_BOUNDS)
        self._clock = clock
        self._due = 0.0
        self._call: IDelayedCall | None = None

    def startService(self) -> None:
        """
        Begin.
        """
        super().startService()
        self._ask()

    def stopService(self) -> None:
        """
        End.
        """
        super().stopService()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _ask(self) -> None:
        self._due = self._clock.seconds() + INTERVAL
        self._call = self._clock.callLater(INTERVAL, self._called)

    def _called(self) -> None:
        self.seen.observe(max(0.0, self._clock.seconds() - self._due))
        self._ask()


class FanOut:
    """
    Notes how long it takes to write to everybody in a room what one reactor turn
    has brought.

    @ivar seen: how long, in seconds.
    """

    def __init__(self, seconds: Callable[[], float] = perf_counter) -> None:
        """
        @param seconds: a clock that never goes back.
        """
        self.seen = Distribution(FAN_OUT_BOUNDS)
        self._seconds = seconds

    def timed(self, flush: Callable[[], int]) -> int:
        """
        Do it, and note how long it took.

        @param flush: see L{chat.delivery.audience.EndOfTurn}.
        @return: what it returns.
        """
        begin = self._seconds()
        try:
            return flush()
        finally:
            self.seen.observe(self._seconds() - begin)
