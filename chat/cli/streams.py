"""
Standard input and output where they are no terminal.

They can be anything: pipes, files, sockets, C{/dev/null}.  A reactor cannot wait
for a file, and to make a pipe non-blocking would make it so for every process
that shares it.  So each stream has a thread that blocks, and at most one piece
of data is between the thread and the reactor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

PIECE = 65536
"""Bytes that are read at once."""

MAX_UNWRITTEN = 262144
"""Bytes that may wait to be written before the one who makes them is paused."""


@implementer(IPushProducer)
class InputStream:
    """
    Reads from a descriptor until its end.
    """

    def __init__(
        self,
        reactor: Any,
        descriptor: int,
        received: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        """
        @param reactor: provides C{callFromThread}.
        @param descriptor: stays open.
        @param received: called with what has been read.
        @param ended: called once, when there is no more.
        """
        self._reactor = reactor
        self._descriptor = descriptor
        self._received = received
        self._ended = ended
        self._permits = Semaphore(0)
        self._isPaused = False
        self._isReading = False
        self._isStopped = False

    def start(self) -> None:
        """
        Begin to read.
        """
        # A daemon, because nobody can end a read that waits for a person.
        Thread(target=self._run, name="input", daemon=True).start()
        self._goOn()

    def pauseProducing(self) -> None:
        """Read no further piece."""
        self._isPaused = True

    def resumeProducing(self) -> None:
        """Read on."""
        self._isPaused = False
        self._goOn()

    def stopProducing(self) -> None:
        """Never read again."""
        self._isStopped = True

    def _goOn(self) -> None:
        if not self._isPaused and not self._isReading and not self._isStopped:
            self._isReading = True
            self._permits.release()

    def _run(self) -> None:
        data = b"unread"
        while data:
            self._permits.acquire()
            try:
                data = os.read(self._descriptor, PIECE)
            except OSError:
                # Its terminal has hung up, or it was never open for reading.
                data = b""
            self._reactor.callFromThread(self._wasRead, data)

    def _wasRead(self, data: bytes) -> None:
        self._isReading = False
        if self._isStopped:
            return
        if data:
            self._received(data)
            self._goOn()
        else:
            self._isStopped = True
            self._ended()


class OutputStream:
    """
    Writes to a descriptor.
    """

    def __init__(self, reactor: Any, descriptor: int, failed: Callable[[OSError], None]) -> None:
        """
        @param reactor: provides C{callFromThread}.
        @param descriptor: stays open.
        @param failed: called at most once, when nothing can be written any more;
            what is written then is dropped.
        """
        self._reactor = reactor
        self._descriptor = descriptor
        self._failed = failed
        self._queue: SimpleQueue[bytes] = SimpleQueue()
        self._unwritten = 0
        self._isBroken = False
        self._producer: Any = None
        self._isPaused = False
        self._flushes: list[Deferred[None]] = []
        Thread(target=self._run, name="output", daemon=True).start()

    def setProducer(self, producer: Any) -> None:
        """
        @param producer: what is paused while too much waits, or L{None}.
        """
        self._producer = producer
        self._isPaused = False

    def write(self, data: bytes) -> None:
        """
        Write, in time.
        """
        if self._isBroken or not data:
            return
        self._unwritten += len(data)
        self._queue.put(data)
        if self._unwritten > MAX_UNWRITTEN and not self._isPaused and self._producer is not None:
            self._isPaused = True
            self._producer.pauseProducing()

    def whenFlushed(self) -> Deferred[None]:
        """
        @return: fires when nothing waits any more.
        """
        if not self._unwritten:
            return succeed(None)
        flushed: Deferred[None] = Deferred()
        self._flushes.append(flushed)
        return flushed

    def _run(self) -> None:
        while True:
            data = self._queue.get()
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError as error:
                self._reactor.callFromThread(self._broke, error)
                return
            self._reactor.callFromThread(self._wrote, len(data))

    def _wrote(self, count: int) -> None:
        self._unwritten -= count
        if self._isPaused and self._unwritten <= MAX_UNWRITTEN // 2:
            self._isPaused = False
            self._producer.resumeProducing()
        if not self._unwritten:
            self._flushed()

    def _broke(self, error: OSError) -> None:
        self._isBroken = True
        self._unwritten = 0
        if self._isPaused:
            # It is read to the end all the same.
            self._isPaused = False
            self._producer.resumeProducing()
        self._failed(error)
        self._flushed()

    def _flushed(self) -> None:
        flushes, self._flushes = self._flushes, []
        for flush in flushes:
            flush.callback(None)
