"""
When no file descriptors are left.

Twisted keeps one in reserve, with which it accepts whoever comes and turns him
away, so those who are here are served and the port does not become deaf.  But it
logs three lines of a hundred bytes each time, which is how an attack would fill
the disk.  Here they are left out, and the connections only counted.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import ILogObserver, LogEvent
from zope.interface import implementer

REASON = "no-descriptors"
"""Under which code they are counted."""

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

    def __init__(self, observer: ILogObserver, turnedAway: Callable[[str], None]) -> None:
        """
        @param observer: gets all other events.
        @param turnedAway: told L{REASON} for each connection; it counts them, and
            has the log sum them up.  It must not log at once.
        """
        self._observer = observer
        self._turnedAway = turnedAway

    def __call__(self, event: LogEvent) -> None:
        """
        See L{ILogObserver}.
        """
        isPort = event.get("log_namespace") in _NAMESPACES
        told = event.get("log_format") if isPort else None
        if told == _TURNED_AWAY:
            self._turnedAway(REASON)
        elif told not in _IDLE_TALK:
            self._observer(event)
