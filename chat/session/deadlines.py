"""
The time limits of one session.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.vocabulary.events import Ending

WARN_BEFORE = 60.0
"""How many seconds before the idle limit the warning comes, at the most."""

Expire = Callable[[Ending], None]
"""Called when a limit is reached."""

Warn = Callable[[int], None]
"""Called with the seconds that are left before the session ends for silence."""


class Deadlines:
    """
    First an absolute limit for taking a nickname, which nothing renews; then an idle
    limit, which every complete line renews, with a warning before it.

    A line costs next to nothing: the timer is not moved, but looks when it fires how
    much time is left.  Only the timer holds the callbacks, so without a timer there is no
    reference to the session.

    @ivar active: when the last complete line came, in seconds of the clock; to be
        set with every line.
    """

    __slots__ = (
        "_clock",
        "_idle",
        "_registration",
        "_timer",
        "_warnBefore",
        "_warnedOf",
        "active",
    )

    def __init__(self, clock: IReactorTime, registration: float, idle: float) -> None:
        """
        @param registration: seconds, 0 for no limit.
        @param idle: seconds, 0 for no limit.
        """
        self._clock = clock
        self._registration = registration
        self._idle = idle
        self._warnBefore = min(WARN_BEFORE, idle / 2)
        self.active = 0.0
        # When the line came after which the last warning was given.
        self._warnedOf: float | None = None
        self._timer: IDelayedCall | None = None

    def opened(self, expire: Expire) -> None:
        """Begin: there is a session without a nickname."""
        if self._registration:
            self._timer = self._clock.callLater(
                self._registration, self._expired, expire, Ending.REGISTRATION_TIMEOUT
            )

    def registered(self, warn: Warn, expire: Expire) -> None:
        """There is a nickname; from now on the session must not be idle for too long."""
        self.stop()
        self.active = self._clock.seconds()
        if self._idle:
            self._wait(self._idle - self._warnBefore, warn, expire)

    def stop(self) -> None:
        """End all limits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, seconds: float, warn: Warn, expire: Expire) -> None:
        self._timer = self._clock.callLater(seconds, self._look, warn, expire)

    def _look(self, warn: Warn, expire: Expire) -> None:
        left = self.active + self._idle - self._clock.seconds()
        if left <= 0:
            self._expired(expire, Ending.IDLE_TIMEOUT)
        elif left > self._warnBefore:
            self._wait(left - self._warnBefore, warn, expire)
        else:
            self._wait(left, warn, expire)
            if self._warnedOf != self.active:
                self._warnedOf = self.active
                warn(round(left))

    def _expired(self, expire: Expire, reason: Ending) -> None:
        self._timer = None
        expire(reason)
