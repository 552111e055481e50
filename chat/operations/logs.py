"""
Where the log goes, and which lines of libraries it leaves out.

twistd would set up a log by itself, but its lines let control characters and the messages of
exceptions through; see L{chat.operations.logformat}.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LegacyLogObserverWrapper,
    LogEvent,
)
from twisted.python.logfile import LogFile
from zope.interface import implementer

from chat.operations.logformat import jsonLine, plain, textLine

KEPT = 100
"""How many rotated files of the log are kept, of a megabyte each."""

NO_DESCRIPTORS = "no-descriptors"
"""The code under which connections are counted for which no file descriptor was left."""

_LINES = {"text": textLine, "json": jsonLine}


@dataclass(frozen=True, slots=True)
class Noise:
    """
    Lines of a library that are not logged as they come.

    @ivar namespace: Of the logger.
    @ivar formats: The C{log_format} of each of the lines; empty for all lines of the namespace.
    @ivar level: The L{LogLevel<twisted.logger.LogLevel>} at which they are logged instead; L{None}
        leaves them out.
    @ivar refusal: The code under which each is counted as a connection turned away, if it is one.
    """

    namespace: str
    formats: Sequence[str] = ()
    level: Any = None
    refusal: str = ""


# When no file descriptor is left, Twisted gives up one that it has in reserve to accept a
# connection and close it, so the port does not become deaf. It logs three lines of a hundred bytes
# each time, by which an attack could fill the disk.
NOISE = tuple(
    noise
    for port in ("twisted.internet.tcp.Port", "twisted.internet.unix.Port")
    for noise in (
        Noise(port, ["EMFILE recovery: Closed socket from {address}"], refusal=NO_DESCRIPTORS),
        Noise(
            port,
            [
                "EMFILE encountered; releasing reserved file descriptor.",
                "Re-reserving EMFILE recovery file descriptor.",
            ],
        ),
    )
)
"""All lines of libraries that the log leaves out or lowers."""


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
        @param twistd: The options of twistd itself.
        @param logFormat: C{text} or C{json}.
        @param turnedAway: Called with a code for each connection that was turned away, as
            L{NoiseFilter} does.
        """
        super().__init__()
        self._twistd = twistd
        self._format = logFormat
        self._clock = clock
        self._turnedAway = turnedAway
        self._file: LogFile | None = None

    def setServiceParent(self, parent: Any) -> None:
        """
        Become the service of an application. twistd asks the application for an observer before it
        begins to log.

        @raise SystemExit: With one line, when the file of the log cannot be written.
        """
        # With --logger the operator has an observer of their own.
        if not self._twistd.get("logger"):
            observer = NoiseFilter(self._observer(), self._turnedAway)
            parent.setComponent(ILogObserver, observer)
        super().setServiceParent(parent)

    def startService(self) -> None:
        """
        Rotate the file at every SIGUSR1 from now on, until the process ends: a signal that comes
        during the stop must not kill it.
        """
        super().startService()
        if self._file is not None:
            # A signal may interrupt anything, so nothing else is safe to do in its handler.
            signal.signal(signal.SIGUSR1, lambda *_: self._clock.callFromThread(self._turnOver))

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
            # The encoding of the terminal may have no Chinese, which nicknames may have.
            file.reconfigure(errors="backslashreplace")
        return FileLogObserver(file, _LINES[self._format])

    def _turnOver(self) -> None:
        assert self._file is not None
        if os.path.exists(self._file.path):
            self._file.rotate()
        else:
            # It was moved away, for instance by logrotate.
            self._file.reopen()


def _opened(path: str) -> LogFile:
    """
    @raise SystemExit: With one line, when the file cannot be written.
    """
    try:
        file: LogFile = LogFile.fromFullPath(path, maxRotatedFiles=KEPT)
    except OSError as error:
        raise SystemExit(f"twistd tcpchat: cannot write {path}: {error.strerror}") from None
    return file


@implementer(ILogObserver)
class NoiseFilter:
    """
    Hands log events on to another observer, all but L{NOISE}.
    """

    def __init__(
        self,
        observer: ILogObserver,
        turnedAway: Callable[[str], None],
        table: Sequence[Noise] = NOISE,
    ) -> None:
        """
        @param turnedAway: Called with L{Noise.refusal} for each connection that was turned away.
            It must not log at once.
        """
        self._observer = observer
        self._turnedAway = turnedAway
        self._table = table

    def __call__(self, event: LogEvent) -> None:
        for noise in self._table:
            if event.get("log_namespace") == noise.namespace and (
                not noise.formats or event.get("log_format") in noise.formats
            ):
                if noise.refusal:
                    self._turnedAway(noise.refusal)
                if noise.level is None:
                    return
                event = {**event, "log_level": noise.level}
        self._observer(event)


@implementer(ILogObserver)
class _Syslog:
    """
    The observer for C{--syslog}. It hands on the text of an event alone, as our lines have it.
    """

    def __init__(self, prefix: str) -> None:
        # Not every system has syslog.
        from twisted.python.syslog import SyslogObserver

        observer: Any = SyslogObserver(prefix)
        self._observer = LegacyLogObserverWrapper(observer.emit)

    def __call__(self, event: LogEvent) -> None:
        self._observer(plain(event))
