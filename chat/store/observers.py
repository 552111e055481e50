"""
How the observers of a store are told.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chat.interfaces import HistoryObserver

TOGETHER = 1.0
"""For how many seconds lost lines are counted before they are told together."""

_log = Logger()


class Observers:
    """
    All observers as one, which never raises.  See L{HistoryObserver}.
    """

    def __init__(self) -> None:
        self._observers: list[HistoryObserver] = []

    def add(self, observer: HistoryObserver) -> None:
        """
        Tell this one, too.
        """
        self._observers.append(observer)

    def stored(self, room: str, id: int) -> None:
        """See L{HistoryObserver.stored}."""
        self._tell(lambda observer: observer.stored(room, id))

    def failing(self, reason: str) -> None:
        """See L{HistoryObserver.failing}."""
        self._tell(lambda observer: observer.failing(reason))

    def recovered(self) -> None:
        """See L{HistoryObserver.recovered}."""
        self._tell(lambda observer: observer.recovered())

    def lost(self, count: int) -> None:
        """See L{HistoryObserver.lost}."""
        self._tell(lambda observer: observer.lost(count))

    def _tell(self, told: Callable[[HistoryObserver], None]) -> None:
        for observer in self._observers:
            try:
                told(observer)
            except Exception:
                # The keeping of lines goes on.
                _log.failure("an observer of the history failed")


class Losses:
    """
    Counts lines that are not kept, and tells and logs them some time later.
    """

    def __init__(self, observers: Observers, clock: IReactorTime) -> None:
        self._observers = observers
        self._clock = clock
        self._count = 0
        self._timer: IDelayedCall | None = None

    def add(self) -> None:
        """
        A line is not kept.  Nobody is told before this returns.
        """
        self._count += 1
        if self._timer is None:
            self._timer = self._clock.callLater(TOGETHER, self._due)

    def tell(self) -> None:
        """
        Tell now of all that have not been told yet.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._due()

    def _due(self) -> None:
        self._timer = None
        count, self._count = self._count, 0
        _log.error("{count} lines could not wait for the disk and are lost", count=count)
        self._observers.lost(count)
