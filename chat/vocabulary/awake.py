"""
The time in which this process was awake.

A process may stand still for minutes: it was stopped (SIGSTOP, Ctrl-Z, a debugger), its memory
was swapped out, or its machine was paused.  When it goes on, everything is due at once, and the
timers come before the sockets, since a wait for events that a stop has interrupted (signal(7))
returns without what has come meanwhile.  A user who wrote in that time would be thrown out for
silence before their line is read.

So all timers go by L{AwakeTime}, which leaves such times out: what had two seconds left when the
process stood still has two seconds left when it goes on.  How long something lasted, as users and
the log are told it, goes by L{AwakeTime.elapsed}, which leaves nothing out.

The clock is told twice a second that the process is awake (L{AwakeTime.beat}), and whoever asks it
first after a beat is overdue makes it notice.  While nothing beats it is any monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic

BEAT = 0.5
"""How many seconds lie between two beats."""

STILL = 0.5
"""How many seconds late a beat must be, at the least, for the process to have stood still."""


class AwakeTime:
    """
    A monotonic clock that leaves out the time in which the process stood still.

    @ivar elapsed: the clock below, which does not.
    """

    __slots__ = ("_beaten", "_last", "_leftOut", "_limit", "elapsed")

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        """
        @param seconds: a monotonic clock.
        """
        self.elapsed = seconds
        self._last = self._beaten = seconds()
        # If it is later than this, the process has stood still.
        self._limit = inf
        self._leftOut = 0.0

    def seconds(self) -> float:
        """
        @return: seconds, from any point in time.  They never go back.
        """
        now = self.elapsed()
        if now > self._limit:
            # It goes on where it was, as everything does that waits for some time.
            self._leftOut += now - self._last
            self._limit = inf
        self._last = now
        return now - self._leftOut

    def beat(self) -> float:
        """
        Be told that the process is awake, and will tell so again in L{BEAT} seconds.

        @return: how many seconds too late that was, without leaving anything out.
        """
        self.seconds()
        late = self._last - self._beaten - BEAT
        self._beaten = self._last
        self._limit = self._last + BEAT + STILL
        return max(0.0, late)

    def rest(self) -> None:
        """
        Be told that nothing will tell so any more.
        """
        self._limit = inf
