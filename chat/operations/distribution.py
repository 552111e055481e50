"""
How values are distributed: what Prometheus calls a histogram.

The one of prometheus-client has a lock for each of its numbers, for it may be
used by many threads.  Here all is noted in the thread of the reactor, which
waits for no lock, and read elsewhere from a copy.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client.utils import floatToGoString


class Distribution:
    """
    How many of all values were how great.

    @ivar sum: of all values.
    """

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float], values: Iterable[float] = ()) -> None:
        """
        @param bounds: up to where each bucket goes, that bound included, in
            ascending order.  Whatever is greater than the last one is counted,
            too.
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

    def copy(self) -> Distribution:
        """
        @return: what it is now, for another thread.
        """
        copy = Distribution(self._bounds)
        copy._counts = self._counts[:]
        copy.sum = self.sum
        return copy

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """
        For each bound, as Prometheus writes it, how many values are not greater.
        The last bound is C{+Inf}.
        """
        buckets = []
        total = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            total += count
            buckets.append((floatToGoString(bound), float(total)))
        return buckets
