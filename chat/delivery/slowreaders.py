"""
All readers for whom something waits.

What is written to somebody who reads too slowly waits in his
L{chat.delivery.outlet.BoundedOutlet}.  Each outlet keeps its own bound; here is what no
outlet can know: how much waits for all of them together, and who takes nothing
at all.  A reader who takes a little now and then is slow, and kept; one who takes
nothing for a while is stuck, and given up.

Who keeps up is never here.  While nobody is, no timer runs.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.vocabulary.limits import Limits

SWEEP = 1.0
"""How many seconds lie between two looks at who takes nothing."""


class Reader(Protocol):
    """
    Somebody for whom something waits.

    @ivar waiting: how many bytes do.
    """

    @property
    def waiting(self) -> int: ...

    def level(self) -> object:
        """
        @return: what is equal to the one before if nothing has been taken since.
        """

    def progressed(self, seconds: float) -> None:
        """
        He has taken something.

        @param seconds: for how long something has waited for him.
        """

    def giveUp(self, limit: str) -> None:
        """
        Let go of what waits.

        @param limit: which one he was too slow for, C{stall} or C{all}.
        """


class Readers:
    """
    All readers for whom something waits.

    @ivar limits: what holds for them.
    @ivar waiting: how many bytes wait for them together.
    """

    def __init__(self, clock: IReactorTime, limits: Limits) -> None:
        self.limits = limits
        self.waiting = 0
        self._clock = clock
        # Each with the level that was seen last, since when it is that, and since
        # when something has waited.
        self._watched: dict[Reader, tuple[object, float, float]] = {}
        # As often as it takes to be in time, where the limit is short.
        self._interval = min(SWEEP, limits.stallTimeout / 4)
        self._timer: IDelayedCall | None = None
        self._relieving: IDelayedCall | None = None

    def more(self, size: int) -> None:
        """
        So many bytes more, or less, wait for somebody.
        """
        self.waiting += size
        if self.waiting > self.limits.maxWaitingAll and self._relieving is None:
            # An outlet must not be called back while it is written to.
            self._relieving = self._clock.callLater(0, self._relieve)

    def watch(self, reader: Reader) -> None:
        """
        Something waits for a reader from now on.
        """
        if reader not in self._watched:
            now = self._clock.seconds()
            self._watched[reader] = (reader.level(), now, now)
            if self._timer is None:
                self._timer = self._clock.callLater(self._interval, self._sweep)

    def forget(self, reader: Reader) -> bool:
        """
        Nothing waits for him any more, or he has gone.

        @return: whether something did.
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
        Give up those for whom most waits, until it is little enough.
        """
        self._relieving = None
        excess = self.waiting - self.limits.maxWaitingAll
        greatest = sorted(self._watched, key=lambda reader: reader.waiting)
        while excess > 0 and greatest:
            reader = greatest.pop()
            excess -= reader.waiting
            reader.giveUp("all")
