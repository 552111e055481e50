"""
When no file descriptors are left.

Twisted keeps one in reserve, with which it accepts whoever comes and turns him
away, so those who are here are served and the port does not become deaf.  But it
logs three lines of a hundred bytes each time, which is how an attack would fill
the disk.  Here they are summed up.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.logger import ILogObserver, LogEvent, Logger
from zope.interface import implementer

from chat.counters import Counters

INTERVAL = 60.0
"""How many seconds lie between two lines in the log about those turned away."""

REASON = "no-descriptors"

_NAMESPACES = ("twisted.internet.tcp.Port", "twisted.internet.unix.Port")
_TURNED_AWAY = "EMFILE recovery: Closed socket from {address}"
_IDLE_TALK = (
    "EMFILE encountered; releasing reserved file descriptor.",
    "Re-reserving EMFILE recovery file descriptor.",
)


@implementer(ILogObserver)
class Exhaustion:
    """
    An observer of the log in front of another one.
    """

    _log = Logger()

    def __init__(self, observer: ILogObserver, clock: IReactorTime, counters: Counters) -> None:
        """
        @param observer: gets all other events.
        @param counters: where those who are turned away are counted, as
            C{no-descriptors}.
        """
        self._observer = observer
        self._clock = clock
        self._counters = counters
        self._untold = 0
        self._isWaiting = False

    def __call__(self, event: LogEvent) -> None:
        """
        See L{ILogObserver}.
        """
        isPort = event.get("log_namespace") in _NAMESPACES
        told = event.get("log_format") if isPort else None
        if told == _TURNED_AWAY:
            self._counters.refusals[REASON] += 1
            self._untold += 1
            if not self._isWaiting:
                self._isWaiting = True
                self._clock.callLater(0, self._tell)
        elif told not in _IDLE_TALK:
            self._observer(event)

    def _tell(self) -> None:
        """
        The first one is told at once, and the others once in a while.
        """
        self._isWaiting = self._untold > 0
        if self._untold:
            count, self._untold = self._untold, 0
            self._log.warn("{count} connections refused: {reason}", count=count, reason=REASON)
            self._clock.callLater(INTERVAL, self._tell)
