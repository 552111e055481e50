"""
Peers that read more slowly than they are written to.

What such a peer has not taken waits in its L{chat.delivery.outlet.BoundedOutlet}.  Each
outlet keeps its own bound.  What no outlet can know is kept here: how much waits in all
outlets together, and which peers take nothing at all.  A peer that takes a little now and
then is slow, and kept; a peer that takes nothing for a while is stuck, and given up.

Peers that keep up are not tracked; while none is tracked, no timer runs.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.vocabulary.limits import Limits

SWEEP = 1.0
"""How many seconds lie between two looks at the peers that are tracked."""


class SlowReader(Protocol):
    """
    An outlet whose peer may be slow.

    @ivar waiting: how many bytes wait for the peer.
    """

    __slots__ = ()

    waiting: int

    def level(self) -> object:
        """
        @return: a value that is the same as long as the peer takes nothing.
        """

    def progressed(self, seconds: float) -> None:
        """
        The peer has taken something.

        @param seconds: for how long something has waited for it.
        """

    def giveUp(self, limit: str) -> None:
        """
        Let go of what waits.

        @param limit: the one that the peer was too slow for, C{stall} or C{all}.
        """


class SlowReaders:
    """
    All outlets in which something waits.

    @ivar limits: what holds for them.
    @ivar waiting: how many bytes wait in all of them together.
    """

    def __init__(self, clock: IReactorTime, limits: Limits) -> None:
        self.limits = limits
        self.waiting = 0
        self._clock = clock
        # Each with its last level, the time since which it has been that, and the time
        # since which something has waited.
        self._watched: dict[SlowReader, tuple[object, float, float]] = {}
        # More often where the limit is short, so as to be in time.
        self._interval = min(SWEEP, limits.stallTimeout / 4)
        self._timer: IDelayedCall | None = None
        self._relieving: IDelayedCall | None = None

    def more(self, size: int) -> None:
        """
        Count bytes that begin to wait, or to wait no longer.

        @param size: how many; negative where they wait no longer.
        """
        self.waiting += size
        if self.waiting > self.limits.maxWaitingAll and self._relieving is None:
            # An outlet must not be called back while it is written to.
            self._relieving = self._clock.callLater(0, self._relieve)

    def watch(self, reader: SlowReader) -> None:
        """
        Track an outlet, as something waits in it from now on.
        """
        if reader not in self._watched:
            now = self._clock.seconds()
            self._watched[reader] = (reader.level(), now, now)
            if self._timer is None:
                self._timer = self._clock.callLater(self._interval, self._sweep)

    def forget(self, reader: SlowReader) -> bool:
        """
        Track an outlet no longer: nothing waits in it, or its peer has gone.

        @return: whether it was tracked.
        """
        wasWatched = self._watched.pop(reader, None) is not None
        if not self._watched and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return wasWatched

    def _sweep(self) -> None:
        self._timer = self._clock.callLater(self._interval, self._sweep)
        now = self._clock.seconds()
        for reader, (before, since, begun) in tuple(self._watched.items()):
            level = reader.level()
            if level != before:
                self._watched[reader] = (level, now, begun)
                reader.progressed(now - begun)
            elif now - since >= self.limits.stallTimeout:
                self.forget(reader)
                reader.giveUp("stall")

    def _relieve(self) -> None:
        """
        Give up the peers for which most waits, until what is left is within the limit.
        """
        self._relieving = None
        excess = self.waiting - self.limits.maxWaitingAll
        greatest = sorted(self._watched, key=lambda reader: reader.waiting)
        while excess > 0 and greatest:
            reader = greatest.pop()
            excess -= reader.waiting
            reader.giveUp("all")
