"""
The time limits of one session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.vocabulary.events import Ending

WARN_BEFORE = 60.0
"""How many seconds before the idle limit the warning comes, at the most."""

Expire = Callable[[Ending], None]
"""Called when a limit is reached."""


class Limited(Protocol):
    """A session with a nickname, as its limits see it."""

    @property
    def isGuest(self) -> bool:
        """Whether the user has no account now."""

    def warn(self, seconds: int) -> None:
        """
        Tell that the session ends for silence soon.

        @param seconds: how many are left.
        """

    def end(self, reason: Ending) -> None:
        """End the session."""


class Deadlines:
    """
    First an absolute limit for taking a nickname, which nothing renews; then an idle
    limit for guests, which every complete line renews, with a warning before it.

    A line costs next to nothing: the timer is not moved, but looks when it fires how
    much time is left, and whether the user is a guest.  Users become guests, or cease to be
    guests, by a line of theirs, so the time since that line is what counts then.  Only the
    timer holds the session, so without a timer there is no reference to it.

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

    def registered(self, session: Limited) -> None:
        """There is a nickname; from now on a guest must not be idle for too long."""
        self.stop()
        self.active = self._clock.seconds()
        if self._idle:
            self._wait(self._idle - self._warnBefore, session)

    def stop(self) -> None:
        """End all limits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, seconds: float, session: Limited) -> None:
        self._timer = self._clock.callLater(seconds, self._look, session)

    def _look(self, session: Limited) -> None:
        now = self._clock.seconds()
        left = (self.active if session.isGuest else now) + self._idle - now
        if left <= 0:
            self._expired(session.end, Ending.IDLE_TIMEOUT)
        elif left > self._warnBefore:
            self._wait(left - self._warnBefore, session)
        else:
            self._wait(left, session)
            if self._warnedOf != self.active:
                self._warnedOf = self.active
                session.warn(round(left))

    def _expired(self, expire: Expire, reason: Ending) -> None:
        self._timer = None
        expire(reason)
