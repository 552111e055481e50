"""
A transcript: lines said in rooms, appended to a file.

The file is opened anew for every batch, so it can be moved away at any time, and a thread writes
it, so the reactor never waits for the disk.
"""

from __future__ import annotations

import os
from functools import partial

from twisted.application.service import Service
from twisted.internet.defer import Deferred, TimeoutError
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.interfaces import Recorder, Rendering
from chat.operations.linewriter import LineWriter, Watch, writeTo
from chat.operations.serving import Clock
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.events import Line

END_WITHIN = 5.0
"""How many seconds the disk has at the end for what waits."""

MODE = 0o600
"""Of a new file: it has what is said in rooms that not everybody may enter."""


class Transcript(Service, Recorder, Watch):
    """
    Lines that cannot be written, and those that the disk takes too slowly, are lost. The log tells
    when that begins and when it is over, and the transcript has their number in their place.

    @ivar lost: How many lines were lost.
    """

    _log = Logger()

    def __init__(self, path: str, rendering: Rendering, clock: Clock) -> None:
        """
        @param path: The path of the file, relative to twistd's run directory.
        @param rendering: How lines read in it; it names the room.
        """
        self._file = _File(path)
        self._rendering = rendering
        self._clock = clock
        self._writer = LineWriter("transcript", self._file, _gap, self)

    @property
    def lost(self) -> int:
        return self._writer.lost

    def startService(self) -> None:
        """
        Check that the file can be written, by the user that will write it.

        @raise CannotStart: When it cannot.
        """
        super().startService()
        try:
            self._file.check()
        except OSError as error:
            raise CannotStart(f"cannot write {self._file.path}: {error.strerror}") from error
        self._writer.start()

    def append(self, event: Line) -> None:
        time = event.at.strftime("%Y-%m-%dT%H:%M:%SZ ").encode()
        self._writer.write(time + self._rendering.render(event).replace(b"\r\n", b"\n"))

    def stopService(self) -> Deferred[None]:
        """
        @return: Fires when all waiting lines have been written, after L{END_WITHIN} seconds at the
            latest.
        """
        super().stopService()
        done: Deferred[None] = Deferred()
        self._writer.stop(lambda: self._clock.callFromThread(partial(done.callback, None)))
        return done.addTimeout(END_WITHIN, self._clock).addErrback(self._notEnded)

    def failing(self, reason: str) -> None:
        self._log.error(
            "cannot write the transcript: {reason}", event="transcript-failed", reason=reason
        )

    def recovered(self, lost: int) -> None:
        self._log.error(
            "{lost} lines are missing from the transcript", event="transcript-recovered", lost=lost
        )

    def _notEnded(self, failure: Failure) -> None:
        failure.trap(TimeoutError)
        self._log.error(
            "the transcript is incomplete: the disk did not answer in time",
            event="transcript-incomplete",
        )


class _File:
    """
    @ivar path: Absolute once the file has been checked.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def check(self) -> None:
        """
        @raise OSError: When the file cannot be written.
        """
        self.path = os.path.abspath(self.path)
        os.close(self._open())

    def write(self, data: memoryview) -> int:
        descriptor = self._open()
        try:
            return writeTo(descriptor, data)
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        # Without O_NONBLOCK, opening a FIFO waits for a program that reads it.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(self.path, flags, MODE)


def _gap(count: int) -> bytes:
    return b"--- %d lines were lost\n" % count
