"""
How long things take: how late the reactor is, and how long a fan-out keeps it.

Durations are counted in histograms. The histogram of prometheus-client has a lock for each of its
numbers, since many threads may use it; only the thread of the reactor counts here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from math import inf
from time import perf_counter

from twisted.application.service import Service
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chat.vocabulary.awake import BEAT, STILL, AwakeTime

LATENESS_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds."""

FAN_OUT_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)
"""Seconds."""


class Distribution:
    """
    How many values were observed, by their size: a histogram in the terms of Prometheus.

    @ivar sum: The sum of all values.
    """

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float], values: Iterable[float] = ()) -> None:
        """
        @param bounds: The greatest value of each bucket, in ascending order. One more bucket
            counts everything above the last bound.
        """
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        for value in values:
            self.observe(value)

    def observe(self, value: float) -> None:
        """
        Count a value.
        """
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    @property
    def buckets(self) -> Iterator[tuple[float, int]]:
        """
        For each bound, how many values do not exceed it. The last bound is infinity.
        """
        return zip((*self._bounds, inf), accumulate(self._counts), strict=True)


class Heartbeat(Service):
    """
    Tells the time of this process, as long as it runs, that it is awake, and notes how late the
    reactor came to that: while it is busy with one thing, or stands still, everything else waits.

    @ivar seen: How late, in seconds.
    """

    _log = Logger()

    def __init__(
        self, clock: IReactorTime, time: AwakeTime, stoodStill: Callable[[], object]
    ) -> None:
        """
        @param time: The one by which C{clock} goes.
        @param stoodStill: Called when the service goes on after it has stood still.
        """
        self.seen = Distribution(LATENESS_BOUNDS)
        self._clock = clock
        self._time = time
        self._stoodStill = stoodStill
        self._call: IDelayedCall | None = None

    def startService(self) -> None:
        super().startService()
        # When the reactor runs: until then there may be much to do.
        self._call = self._clock.callLater(0, self._begin)

    def stopService(self) -> None:
        super().stopService()
        self._time.rest()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _begin(self) -> None:
        self._time.beat()
        self._call = self._clock.callLater(BEAT, self._beat)

    def _beat(self) -> None:
        late = self._time.beat()
        self._call = self._clock.callLater(BEAT, self._beat)
        self.seen.observe(late)
        if late >= STILL:
            self._log.warn(
                "the reactor was blocked for {seconds} s",
                event="stood-still",
                seconds=round(late, 1),
            )
            self._stoodStill()


class FanOut:
    """
    Notes how long it takes to write to all recipients in a room what one turn of the reactor has
    brought.

    @ivar seen: How long, in seconds.
    """

    def __init__(self, seconds: Callable[[], float] = perf_counter) -> None:
        """
        @param seconds: A clock that never goes back.
        """
        self.seen = Distribution(FAN_OUT_BOUNDS)
        self._seconds = seconds

    def timed(self, flush: Callable[[], int]) -> int:
        """
        Call C{flush} and note how long it took, even if it raises.

        @param flush: What L{chat.delivery.audience.EndOfTurn} is given.
        @return: What C{flush} returns.
        """
        begin = self._seconds()
        try:
            return flush()
        finally:
            self.seen.observe(self._seconds() - begin)
