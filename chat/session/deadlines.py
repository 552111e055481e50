"""
The time limits of one session.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.vocabulary.events import Ending

WARN_BEFORE = 60.0
"""How many seconds before the idle limit the warning comes, at the most."""


class Deadlines:
    """
    First an absolute limit for taking a nickname, which nothing renews; then an
    idle limit, which every complete line renews, with a warning before it.

    A line costs next to nothing: the timer is not moved, but looks when it fires
    how much time is left.

    @ivar active: when the last complete line came, in seconds of the clock; to be
        set with every line.
    """

    __slots__ = (
        "_clock",
        "_expire",
        "_idle",
        "_registration",
        "_timer",
        "_warn",
        "_warnBefore",
        "_warnedOf",
        "active",
    )

    def __init__(
        self,
        clock: IReactorTime,
        registration: float,
        idle: float,
        warn: Callable[[int], None],
        expire: Callable[[Ending], None],
    ) -> None:
        """
        @param registration: seconds, 0 for no limit.
        @param idle: seconds, 0 for no limit.
        @param warn: called with the seconds that are left.
        @param expire: called when a limit is reached.
        """
        self._clock = clock
        self._registration = registration
        self._idle = idle
        self._warnBefore = min(WARN_BEFORE, idle / 2)
        self._warn = warn
        self._expire = expire
        self.active = 0.0
        # When the line came after which the last warning was given.
        self._warnedOf: float | None = None
        self._timer: IDelayedCall | None = None

    def opened(self) -> None:
        """Begin: somebody has come who has no nickname."""
        if self._registration:
            self._timer = self._clock.callLater(
                self._registration, self._expired, Ending.REGISTRATION_TIMEOUT
            )

    def registered(self) -> None:
        """He has a nickname; from now on he must not be idle for too long."""
        self.stop()
        self.active = self._clock.seconds()
        if self._idle:
            self._wait(self._idle - self._warnBefore)

    def stop(self) -> None:
        """End all limits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def over(self) -> None:
        """End all limits, and let go of who would be told."""
        self.stop()
        self._warn = self._expire = _ignore

    def _wait(self, seconds: float) -> None:
        self._timer = self._clock.callLater(seconds, self._look)

    def _look(self) -> None:
        left = self.active + self._idle - self._clock.seconds()
        if left <= 0:
            self._expired(Ending.IDLE_TIMEOUT)
        elif left > self._warnBefore:
            self._wait(left - self._warnBefore)
        else:
            self._wait(left)
            if self._warnedOf != self.active:
                self._warnedOf = self.active
                self._warn(round(left))

    def _expired(self, reason: Ending) -> None:
        self._timer = None
        self._expire(reason)


def _ignore(*_: object) -> None:
    """Do nothing."""
