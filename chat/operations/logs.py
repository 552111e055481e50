"""
Where the log goes, and which lines of libraries it leaves out.

twistd would set up a log by itself, but its lines let control characters and the messages of
exceptions through; see L{chat.operations.logformat}. It would also write them at once, and then a
pipe that nobody drains, a terminal stopped with Ctrl-S or a hung disk would stop the whole service;
see L{chat.operations.linewriter}. An event is put into words where it happens, since its values may
change; only the line goes to the thread.
"""

from __future__ import annotations

import atexit
import os
import signal
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import UnsupportedOperation
from time import monotonic, time
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, LogLevel
from zope.interface import implementer

from chat.operations.linewriter import LineWriter, Sink
from chat.operations.logfiles import RotatedFile, Stream, Syslog
from chat.operations.logformat import jsonLine, syslogLines, textLine
from chat.operations.signals import Signals

END_WITHIN = 1.0
"""For how many seconds the end of the process waits for lines that are not written yet."""

NO_DESCRIPTORS = "no-descriptors"
"""The code under which connections are counted for which no file descriptor was left."""

_LINES = {"text": textLine, "json": jsonLine}


@dataclass(frozen=True, slots=True)
class Noise:
    """
    Lines of a library that are not logged as they come.

    @ivar namespace: Of the logger.
    @ivar formats: The C{log_format} of each of the lines, or the reason that L{twisted.python.log}
        was given for an error; empty for all lines of the namespace.
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
NOISE = (
    *(
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
    ),
    # twistd logs it with a traceback, before a start fails since that file cannot be written.
    Noise("log_legacy", ["Failed to unlink PID file:"]),
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
        signals: Signals,
        turnedAway: Callable[[str], None],
    ) -> None:
        """
        @param twistd: The options of twistd itself.
        @param logFormat: C{text} or C{json}.
        @param signals: Of which SIGUSR1 asks for a new file.
        @param turnedAway: Called with a code for each connection that was turned away, as
            L{NoiseFilter} does.
        """
        super().__init__()
        self._twistd = twistd
        self._format = logFormat
        self._signals = signals
        self._turnedAway = turnedAway
        self._file: RotatedFile | None = None
        self._observer: LineObserver | None = None

    @property
    def lost(self) -> int:
        """
        @return: How many lines the log has lost.
        """
        return 0 if self._observer is None else self._observer.writer.lost

    @property
    def path(self) -> str:
        """
        @return: Of the file where the log goes; C{-} for standard output, and nothing where it
            goes elsewhere.
        """
        if not self._twistd or self._twistd.get("logger") or self._twistd.get("syslog"):
            return ""
        isDaemon = not self._twistd.get("nodaemon")
        return self._twistd.get("logfile") or ("twistd.log" if isDaemon else "-")

    def setServiceParent(self, parent: Any) -> None:
        """
        Become the service of an application. twistd asks the application for an observer before it
        begins to log.

        @raise SystemExit: With one line, when the file of the log cannot be written.
        """
        # With --logger the operator has an observer of their own.
        if not self._twistd.get("logger"):
            self._observer = self._newObserver()
            # A process that is ended by a signal does not come to this, but stops its services.
            atexit.register(self._observer.end)
            parent.setComponent(ILogObserver, NoiseFilter(self._observer, self._turnedAway))
        super().setServiceParent(parent)

    def startService(self) -> None:
        """
        Write from now on: twistd forks no more. Rotate the file at every SIGUSR1, until the process
        ends; a log that is no file has nothing to rotate.
        """
        if self._observer is not None:
            self._observer.writer.start()
        super().startService()
        # What was asked for during the start comes after its lines.
        if self._observer is not None and self._file is not None:
            writer, rotate = self._observer.writer, self._file.turnOver
            self._signals.upon(signal.SIGUSR1, lambda: writer.then(rotate))

    def stopService(self) -> Deferred[Any]:
        """
        @return: Fires when all services have stopped and what they logged is written, or
            L{END_WITHIN} seconds later.
        """
        stopped: Deferred[Any] = super().stopService()
        return stopped.addBoth(self._end)

    def _end(self, result: Any) -> Any:
        if self._observer is not None:
            self._observer.end()
        return result

    def _newObserver(self) -> LineObserver:
        if self._twistd.get("syslog"):
            return LineObserver(syslogLines, Syslog(self._twistd.get("prefix") or ""))
        if self.path != "-":
            return LineObserver(_LINES[self._format], self._opened(self.path))
        if not self._twistd.get("nodaemon"):
            raise SystemExit("twistd tcpchat: --logfile - requires --nodaemon")
        try:
            number, encoding = sys.stdout.fileno(), sys.stdout.encoding
        except (AttributeError, UnsupportedOperation):
            raise SystemExit(
                "twistd tcpchat: standard output is closed; use --logfile FILE"
            ) from None
        return LineObserver(_LINES[self._format], Stream(number), encoding)

    def _opened(self, path: str) -> Sink:
        """
        @raise SystemExit: With one line, when the file cannot be written.
        """
        try:
            if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
                return Stream.opened(path)
            self._file = RotatedFile(path)
        except OSError as error:
            raise SystemExit(f"twistd tcpchat: cannot write {path}: {error.strerror}") from None
        return self._file


@implementer(ILogObserver)
class LineObserver:
    """
    Hands a line for each event to a thread that writes it.

    @ivar writer: Has the thread.
    """

    def __init__(
        self, lineOf: Callable[[LogEvent], str], sink: Sink, encoding: str = "utf-8"
    ) -> None:
        """
        @param lineOf: Makes the line, or an empty text.
        @param encoding: That of a terminal may have no Chinese, which nicknames may have; what it
            does not have is escaped.
        """
        self._lineOf = lineOf
        self._encoding = encoding
        self.writer = LineWriter("log", sink, self._gap)
        self._deadline: float | None = None

    def __call__(self, event: LogEvent) -> None:
        if line := self._lineOf(event):
            self.writer.write(line.encode(self._encoding, "backslashreplace"))
            if self._deadline is not None:
                self._flush(self._deadline)

    def end(self) -> None:
        """
        Wait until everything is written, now and with all events to come: nobody tells which is the
        last one. All this takes at most L{END_WITHIN} seconds.
        """
        if self._deadline is None:
            self._deadline = monotonic() + END_WITHIN
        self._flush(self._deadline)

    def _flush(self, deadline: float) -> None:
        self.writer.flush(max(0.0, deadline - monotonic()))

    def _gap(self, count: int) -> bytes:
        event = {
            "log_format": "{count} lines of the log were lost",
            "log_level": LogLevel.error,
            "log_namespace": f"{__name__}.Log",
            "log_time": time(),
            "event": "log-lost",
            "count": count,
        }
        return self._lineOf(event).encode()


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
                not noise.formats or event.get("why", event.get("log_format")) in noise.formats
            ):
                if noise.refusal:
                    self._turnedAway(noise.refusal)
                if noise.level is None:
                    return
                event = {**event, "log_level": noise.level}
        self._observer(event)
