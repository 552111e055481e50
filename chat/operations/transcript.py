"""
A transcript: lines said in rooms, appended to a file.

The file is opened anew for every batch, so it can be moved away at any time, and a thread writes
it, so the reactor never waits for the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.interfaces import Recorder, Rendering
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.events import Line

MAX_WAITING = 10_000
"""How many lines may wait for the disk."""

InThread = Callable[[Callable[[bytes], None], bytes], Deferred[None]]
"""Calls a function with bytes in a thread, as C{deferToThread} does."""


class Transcript(Service, Recorder):
    _log = Logger()

    def __init__(self, path: str, rendering: Rendering, inThread: InThread) -> None:
        """
        @param path: The path of the file, relative to twistd's run directory.
        @param rendering: How lines read in it; it names the room.
        """
        self._path = path
        self._rendering = rendering
        self._inThread = inThread
        self._waiting: list[bytes] = []
        self._isWriting = False
        self._whenIdle: Deferred[None] | None = None
        self._lost = 0
        # Of how many lines the waiting text tells, lost ones included.
        self._count = 0

    def startService(self) -> None:
        """
        Check that the file can be written, by the user that will write it.

        @raise CannotStart: When it cannot.
        """
        super().startService()
        self._path = os.path.abspath(self._path)
        try:
            self._append(b"")
        except OSError as error:
            raise CannotStart(f"cannot write {self._path}: {error.strerror}") from error

    def append(self, event: Line) -> None:
        """
        When more than L{MAX_WAITING} lines wait for the disk, or the disk refuses, lines are lost.
        That is logged, and noted in the transcript as soon as it can be written again.
        """
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            return
        if self._lost:
            self._log.error("{lost} lines were lost to the transcript", lost=self._lost)
            self._waiting.append(b"--- %d lines were lost\n" % self._lost)
            self._count += self._lost
            self._lost = 0
        time = event.at.strftime("%Y-%m-%dT%H:%M:%SZ ").encode()
        self._waiting.append(time + self._rendering.render(event).replace(b"\r\n", b"\n"))
        self._count += 1
        if not self._isWriting:
            self._write()

    def stopService(self) -> Deferred[None]:
        """
        @return: Fires when all waiting lines have been written.
        """
        super().stopService()
        if not self._isWriting:
            return succeed(None)
        self._whenIdle = Deferred()
        return self._whenIdle

    def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        count, self._count = self._count, 0
        self._isWriting = True
        writing = self._inThread(self._append, b"".join(batch))
        writing.addErrback(self._failed, count).addCallback(self._written)

    def _append(self, data: bytes) -> None:
        with open(self._path, "ab") as file:
            file.write(data)

    def _failed(self, failure: Failure, count: int) -> None:
        self._lost += count
        self._log.error("cannot write the transcript: {reason}", reason=failure.value)

    def _written(self, _: None) -> None:
        self._isWriting = False
        if self._waiting:
            self._write()
        elif self._whenIdle is not None:
            self._whenIdle.callback(None)
