"""
Standard input and output where they are no terminal, and the feeder, which sends the
input to the service.

They can be anything: pipes, files, sockets, C{/dev/null}.  A reactor cannot wait
for a file, and making a pipe non-blocking would make it so for every process
that shares it.  So each stream has a thread that blocks.  The thread that reads
passes one piece of data at a time to the reactor.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.cli.input import linesFor
from chat.client.protocol import ChatClient

PIECE = 65536
"""Bytes that are read at once."""

MAX_UNWRITTEN = 262144
"""Bytes that may wait to be written before their producer is paused."""


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
        # A daemon, because a read that waits for a user cannot be ended.
        Thread(target=self._run, name="input", daemon=True).start()
        self._goOn()

    def pauseProducing(self) -> None:
        """Read no further."""
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
                # The terminal has hung up, or it was never open for reading.
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


class _Pause(Enum):
    """A reason why the feeder sends no line."""

    # There is no connection.
    CONNECTION = auto()
    # The service has not answered what may be a nickname.
    DECISION = auto()
    # The window of the client is full.
    WINDOW = auto()
    # The transport is full.
    TRANSPORT = auto()


@implementer(IPushProducer)
class Feeder:
    """
    Reads lines from a descriptor, and sends them to the service, until its end.

    Until there is a nickname each line may be one, so it is followed by a ping, and
    the next line waits for the answer: if a nickname is refused, the line after it
    must not be taken for another one.  After that a line is sent as soon as there is
    room for it, in the transport and in the window of the client (see
    L{chat.client.lines}); meanwhile no more is read.
    """

    def __init__(
        self,
        reactor: Any,
        descriptor: int,
        charset: str,
        decided: Callable[[], None],
        unreadable: Callable[[int], None],
    ) -> None:
        """
        @param descriptor: stays open.
        @param charset: in which the lines are; see L{chat.cli.charset}.
        @param decided: called when the service has answered what may have been a
            nickname, before anything else is sent; it may call L{stop}.
        @param unreadable: called with the number of a line, from 1, that is not in that
            charset, instead of sending it; it may call L{stop}.
        """
        self._input = InputStream(reactor, descriptor, self._received, self._inputEnded)
        self._charset = charset
        self._decided = decided
        self._unreadable = unreadable
        self._pauses = {_Pause.CONNECTION}
        # Each with whether it is the end of a line whose beginning has been sent.
        self._lines: deque[tuple[bytes, bool]] = deque()
        self._count = 0
        # The beginning of a line that has no end yet.
        self._rest = b""
        # Whether the beginning of that line has been sent.
        self._isCut = False
        self._hasEnded = False

    @property
    def isFinished(self) -> bool:
        """Whether everything has been sent."""
        return self._hasEnded and not self._lines

    def start(self, client: ChatClient) -> None:
        """
        Begin.

        @param client: connected, and may have asked for a nickname.
        """
        self._client = client
        self._pauses.remove(_Pause.CONNECTION)
        client.transport.registerProducer(self, True)
        if client.wantedNick is not None:
            self._awaitDecision()
        self._feed()
        self._input.start()

    def stop(self) -> None:
        """
        Send nothing more.
        """
        self._pauses.add(_Pause.CONNECTION)
        self._input.stopProducing()

    # IPushProducer, for the transport.

    def pauseProducing(self) -> None:
        """Send nothing for now."""
        self._pauses.add(_Pause.TRANSPORT)
        self._input.pauseProducing()

    def resumeProducing(self) -> None:
        """Send on."""
        self._goOn(_Pause.TRANSPORT)

    def stopProducing(self) -> None:
        """The connection has ended."""
        self.stop()

    # Reading.

    def _received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines.append((line, self._isCut))
            self._isCut = False
        self._feed()

    def _inputEnded(self) -> None:
        self._hasEnded = True
        if self._rest or self._isCut:
            # The last line is sent, although it has no end.
            self._lines.append((self._rest, self._isCut))
        self._feed()

    # Sending.

    def _feed(self) -> None:
        """Send what has been read, until there is something to wait for."""
        while self._lines and not self._pauses:
            lines = self._next()
            for line in lines:
                self._client.sendLine(line)
            if not lines:
                continue
            if not self._client.isRegistered:
                self._awaitDecision()
            elif self._client.held:
                self._pauses.add(_Pause.WINDOW)
                self._client.whenSent().addCallbacks(lambda _: self._goOn(_Pause.WINDOW), _ignore)
        if self._pauses:
            self._input.pauseProducing()
        elif self._hasEnded:
            self.stop()
            self._client.transport.unregisterProducer()
            self._client.closeInput()
        else:
            self._input.resumeProducing()
            if len(self._rest) >= PIECE:
                # No service takes a line that long; let it say so now.  In what charset it is does
                # not matter: what is not UTF-8 is refused as well.
                rest, self._rest = self._rest, b""
                self._isCut = True
                self._client.transport.write(rest)

    def _next(self) -> list[bytes]:
        """
        @return: the next line in UTF-8, in parts where the service would refuse it as too long;
            nothing where it is not in the charset.
        """
        line, isCut = self._lines.popleft()
        self._count += 1
        if isCut:
            return [line]
        try:
            text = line.decode(self._charset)
        except UnicodeDecodeError:
            self._unreadable(self._count)
            return []
        lines = linesFor(text, self._client.maxLine) if self._client.isRegistered else []
        # A command that is too long is for the service to refuse, as is a nickname.
        return [each.encode() for each in lines or [text]]

    def _goOn(self, pause: _Pause) -> None:
        self._pauses.discard(pause)
        self._feed()

    def _awaitDecision(self) -> None:
        self._pauses.add(_Pause.DECISION)
        self._client.ping().addCallbacks(self._answered, _ignore)

    def _answered(self, token: str) -> None:
        self._decided()
        self._goOn(_Pause.DECISION)


def _ignore(failure: Failure) -> None:
    """The connection has ended, and that is told elsewhere."""


class OutputStream:
    """
    Writes to a descriptor.
    """

    def __init__(self, reactor: Any, descriptor: int, failed: Callable[[OSError], None]) -> None:
        """
        @param reactor: provides C{callFromThread}.
        @param descriptor: stays open.
        @param failed: called at most once, when nothing can be written any more;
            from then on what is written is dropped.
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
            # The producer is read to its end all the same.
            self._isPaused = False
            self._producer.resumeProducing()
        self._failed(error)
        self._flushed()

    def _flushed(self) -> None:
        flushes, self._flushes = self._flushes, []
        for flush in flushes:
            flush.callback(None)
