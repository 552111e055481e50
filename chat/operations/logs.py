"""
Where the log goes.  twistd would decide that by itself, but its lines let control
characters and the messages of exceptions through; see
L{chat.operations.logformat}.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from types import FrameType
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import FileLogObserver, ILogObserver, LegacyLogObserverWrapper, LogEvent
from twisted.python.logfile import LogFile
from zope.interface import implementer

from chat.operations.exhaustion import Exhaustion
from chat.operations.logformat import jsonLine, plain, textLine

KEPT = 100
"""How many files of the log that have been turned over are kept, of a megabyte each."""

_LINES = {"text": textLine, "json": jsonLine}


class Log(MultiService):
    """
    Services whose application logs to where twistd would log, in lines of ours.
    """

    def __init__(
        self,
        twistd: Mapping[str, Any],
        logFormat: str,
        clock: IReactorFromThreads,
        turnedAway: Callable[[str], None],
    ) -> None:
        """
        @param twistd: its own options.
        @param logFormat: C{text}, or C{json}.
        @param turnedAway: see L{Exhaustion}.
        """
        super().__init__()
        self._twistd = twistd
        self._format = logFormat
        self._clock = clock
        self._turnedAway = turnedAway
        self._file: LogFile | None = None

    def setServiceParent(self, parent: Any) -> None:
        """
        Become the service of an application.  twistd asks it for an observer
        before it begins to log.

        @raise SystemExit: with one line, when the file of the log cannot be
            written.
        """
        # With --logger it is the operator who knows best.
        if not self._twistd.get("logger"):
            observer = Exhaustion(self._observer(), self._turnedAway)
            parent.setComponent(ILogObserver, observer)
        super().setServiceParent(parent)

    def startService(self) -> None:
        """
        Turn the file over at every SIGUSR1 from now on, to the end: one that
        comes late must not kill the process.
        """
        super().startService()
        if self._file is not None:
            signal.signal(signal.SIGUSR1, self._received)

    def _observer(self) -> ILogObserver:
        if self._twistd.get("syslog"):
            return _Syslog(self._twistd.get("prefix") or "")
        isDaemon = not self._twistd.get("nodaemon")
        path = self._twistd.get("logfile") or ("twistd.log" if isDaemon else "-")
        file: Any = sys.stdout
        if path != "-":
            file = self._file = _opened(path)
        elif isDaemon:
            raise SystemExit("twistd tcpchat: --logfile - does not go without --nodaemon")
        elif isinstance(file, TextIOWrapper):
            # In an encoding without Chinese, a Chinese nickname is no fault.
            file.reconfigure(errors="backslashreplace")
        return FileLogObserver(file, _LINES[self._format])

    def _received(self, number: int, frame: FrameType | None) -> None:
        # In the midst of anything, so this is all that may be done here.
        self._clock.callFromThread(self._turnOver)

    def _turnOver(self) -> None:
        assert self._file is not None
        if os.path.exists(self._file.path):
            self._file.rotate()
        else:
            # Somebody has moved it away, such as logrotate.
            self._file.reopen()


def _opened(path: str) -> LogFile:
    """
    @raise SystemExit: with one line, when it cannot be written.
    """
    try:
        file: LogFile = LogFile.fromFullPath(path, maxRotatedFiles=KEPT)
    except OSError as error:
        raise SystemExit(f"twistd tcpchat: cannot write {path}: {error.strerror}") from None
    return file


@implementer(ILogObserver)
class _Syslog:
    """
    The observer of C{--syslog}, which gets nothing that a line of ours has not.
    """

    def __init__(self, prefix: str) -> None:
        # It does not exist everywhere.
        from twisted.python.syslog import SyslogObserver

        observer: Any = SyslogObserver(prefix)
        self._observer = LegacyLogObserverWrapper(observer.emit)

    def __call__(self, event: LogEvent) -> None:
        self._observer(plain(event))
