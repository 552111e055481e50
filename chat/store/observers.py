"""
Telling the observers of a store.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chat.interfaces import HistoryObserver

TOGETHER = 1.0
"""For how many seconds lost lines are counted before they are told together."""


class Observers:
    """
    All observers as one, which never raises; see L{HistoryObserver}.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._observers: list[HistoryObserver] = []
        self._lost = 0
        self._timer: IDelayedCall | None = None

    def add(self, observer: HistoryObserver) -> None:
        """
        Tell this one as well.
        """
        self._observers.append(observer)

    def stored(self, room: str, id: int) -> None:
        """
        Every line of the room up to C{id} is on the disk.
        """
        self._tell(lambda observer: observer.stored(room, id))

    def failing(self, reason: str) -> None:
        """
        Storing does not work at present.
        """
        self._tell(lambda observer: observer.failing(reason))

    def recovered(self) -> None:
        """
        Storing works again.
        """
        self._tell(lambda observer: observer.recovered())

    def damaged(self, count: int) -> None:
        """
        An answer lacks lines.
        """
        self._tell(lambda observer: observer.damaged(count))

    def lineLost(self) -> None:
        """
        A line is not kept.  Observers are told later, never before this returns.
        """
        self._lost += 1
        if self._timer is None:
            self._timer = self._clock.callLater(TOGETHER, self._tellLost)

    def tellLost(self) -> None:
        """
        Tell now of all lost lines that have not been told yet.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._tellLost()

    def _tellLost(self) -> None:
        self._timer = None
        count, self._lost = self._lost, 0
        self._log.error(
            "{count} lines could not wait for the disk and are lost",
            event="lines-lost",
            count=count,
        )
        self._tell(lambda observer: observer.lost(count))

    def _tell(self, told: Callable[[HistoryObserver], None]) -> None:
        for observer in self._observers:
            try:
                told(observer)
            except Exception:
                # Lines are kept all the same.
                self._log.failure("an observer of the history failed", event="internal-error")
