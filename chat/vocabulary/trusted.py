"""
The time by which things end: lines that were kept long enough, bans, unused rooms.

What has ended is gone for good, while a clock that is ahead is set right a moment later: a machine
may start in the year 2038, until it hears of the time from others (NTP).  So a time of day that is
more than a day ahead of what was to be expected is not trusted until it has stayed there for an
hour.  What is to be expected comes from the last time that was trusted, before a restart as well,
and from a clock that nobody sets.  After a rest of some days things end up to an hour later than
they should, and no harm is done.

A clock that is behind ends nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from chat.vocabulary.times import utcNow

AHEAD = timedelta(days=1)
"""How far the clock may jump ahead and be trusted at once."""

CONFIRM = 3600.0
"""After how many seconds a clock that has jumped further is trusted."""

Doubted = Callable[[datetime, datetime], object]
"""Is told what the clock shows, and what was to be expected."""


class TrustedTime:
    """
    A time of day that does not jump ahead by much.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = utcNow,
        seconds: Callable[[], float] = monotonic,
        doubted: Doubted = lambda shown, expected: None,
    ) -> None:
        """
        @param wall: the time of day, in UTC.
        @param seconds: a monotonic clock.
        @param doubted: called once for each jump.
        """
        self._wall = wall
        self._seconds = seconds
        self._doubted = doubted
        self._expected = wall()
        self._asked = seconds()
        # Since when the clock has been too far ahead.
        self._since: float | None = None

    def seen(self, at: datetime) -> None:
        """
        Learn which time was the last one that was trusted before a restart.
        """
        self._expected, self._asked = at, self._seconds()

    def now(self) -> datetime:
        """
        @return: the time of day in UTC, or an earlier time while that cannot be trusted.
        """
        wall, seconds = self._wall(), self._seconds()
        self._expected += timedelta(seconds=seconds - self._asked)
        self._asked = seconds
        if wall - self._expected <= AHEAD:
            self._since = None
        elif self._since is None:
            self._since = seconds
            self._doubted(wall, self._expected)
            return self._expected
        elif seconds - self._since < CONFIRM:
            return self._expected
        self._expected = max(self._expected, wall)
        return wall
