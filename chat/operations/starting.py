"""
Tells the operator in one line why the service cannot start.

In the foreground the line is printed. For the background twistd forks, and its parent waits for a
message of the child, of which it prints the first hundred bytes, as Python writes bytes. Therefore
a pipe of ours leads from the child to its parent, which reads it first. At the end of the pipe
either the line has come, and the parent prints it and ends, or the service runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn

from twisted.internet.interfaces import IReactorCore
from twisted.logger import Logger

from chat.vocabulary.errors import CannotStart

_log = Logger()

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]
"""The type of C{sys.excepthook}."""


def tellFailures(reactor: IReactorCore, isDaemon: bool) -> None:
    """
    From now until the reactor runs, tell in one line on standard error and in the log why the
    service cannot start. The exit status is then 1.

    @param isDaemon: Whether twistd is going into the background.
    """
    Start(sys.excepthook, _Pipe() if isDaemon else None).watch(reactor)


class Start:
    """
    The start of this process, until the reactor runs.
    """

    def __init__(self, otherwise: Hook, pipe: _Pipe | None) -> None:
        """
        @param otherwise: Called for exceptions that are not meant for the operator.
        @param pipe: The way out of the background.
        """
        self._otherwise = otherwise
        self._pipe = pipe
        self._isOver = False

    def watch(self, reactor: IReactorCore) -> None:
        """
        Become the exception hook of this process.
        """
        sys.excepthook = self.failed
        reactor.callWhenRunning(self.over)

    def over(self) -> None:
        """
        The service runs.
        """
        self._isOver = True
        if self._pipe is not None:
            self._pipe.close()

    def failed(
        self,
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        """
        An exception hook. A mistake that the operator can mend needs no traceback.
        """
        reason = None if self._isOver else _reasonOf(error)
        if reason is None:
            self._otherwise(kind, error, traceback)
            return
        _log.critical("{error}", event="start-failed", error=reason)
        line = f"twistd tcpchat: {' '.join(reason.split())}"
        print(line, file=sys.__stderr__)
        if self._pipe is not None:
            self._pipe.write(line)


class _Pipe:
    """
    From the child of the first fork to its parent.
    """

    def __init__(self) -> None:
        self._source, self._sink = os.pipe()
        self._isUsed = False
        os.register_at_fork(after_in_parent=self._inParent, after_in_child=self._inChild)

    def write(self, line: str) -> None:
        """
        Make the parent print a line and end.
        """
        os.write(self._sink, f"{line}\n".encode(errors="backslashreplace"))
        self.close()

    def close(self) -> None:
        """
        Let the parent go on.
        """
        os.close(self._sink)

    def _inChild(self) -> None:
        if not self._isUsed:
            self._isUsed = True
            os.close(self._source)

    def _inParent(self) -> None:
        # Later forks, of the child or of the parent, do not concern the start.
        if not self._isUsed:
            self._isUsed = True
            self._read()

    def _read(self) -> None:
        os.close(self._sink)
        with open(self._source, "rb") as source:
            said = source.read()
        if said:
            _end(said)


def _end(said: bytes) -> NoReturn:
    """
    End as the parent of twistd does, without the cleanup that the child does.
    """
    os.write(2, said)
    os._exit(1)


def _reasonOf(error: BaseException) -> str | None:
    match error:
        case CannotStart():
            return str(error)
        case OSError(strerror=str(strerror), filename=filename):
            # twistd raises it, for instance for a --rundir that is missing.
            return f"cannot start: {strerror}" + (f" ({filename})" if filename else "")
        case _:
            return None
