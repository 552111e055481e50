"""
What waits for a reader, and what happens when it is too much.

A L{BoundedOutlet} keeps what its transport has not taken yet in a queue of its
own, counted in bytes, because a transport's own buffer has no limit.

On plain TCP and unix transports it is a pull producer: the transport asks for
more whenever it has sent everything, so the outlet knows when nothing waits.
Then L{BoundedOutlet.write} puts the bytes into the kernel itself, and for a reader who keeps
up nothing else ever happens: no buffer, no C{epoll_ctl}, no second turn.  What
the kernel does not take goes through the transport as usual.

TLS transports would poll a pull producer without end, and cannot be bypassed.
There the outlet is a push producer: it writes through until it is paused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from socket import socket
from typing import Protocol

from twisted.internet.interfaces import IPushProducer, ISSLTransport
from zope.interface import implementer

MAX_WAITING = 256 * 1024
"""How many bytes may wait for a reader."""

BUSY = 64 * 1024
"""How many bytes may wait before the reader's own commands should wait, too."""

_CHUNK = 64 * 1024


class Transport(Protocol):
    """What an outlet needs of a transport of Twisted's."""

    disconnecting: bool

    def write(self, data: bytes) -> None: ...

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...


@implementer(IPushProducer)
class BoundedOutlet:
    """
    The outlet of one connection.

    @ivar waiting: how many bytes have been written and not been taken by the
        kernel yet (for TLS, by the transport).
    """

    def __init__(
        self,
        transport: Transport,
        onOverflow: Callable[[], None],
        onDrain: Callable[[], None],
        limit: int = MAX_WAITING,
    ) -> None:
        """
        @param transport: connected, and without a producer.
        @param onOverflow: called once, from within L{write}, when more than
            C{limit} would wait.  It must only note it, and act in a later turn.
            What waited is lost; what is written now waits alone.
        @param onDrain: called when nothing waits any more.
        @param limit: bytes.
        """
        self._transport = transport
        self._onOverflow = onOverflow
        self._onDrain = onDrain
        self._limit = limit
        self._queue: deque[bytes] = deque()
        self._taken = 0
        self._open = True
        self._overflowed = False
        self._secure = ISSLTransport.providedBy(transport)
        self._ready = self._secure
        self._send = None if self._secure else _directSend(transport)
        self.waiting = 0
        transport.registerProducer(self, self._secure)

    @property
    def busy(self) -> bool:
        """Whether so much waits that the reader should not ask for more."""
        return self.waiting > BUSY

    def write(self, data: bytes) -> None:
        """
        See L{chat.interfaces.Outlet.write}.
        """
        if self._ready:
            send = self._send
            if send is not None:
                try:
                    sent = send(data)
                except OSError:
                    # Full, or broken: the transport will find out which.
                    sent = 0
                if sent == len(data):
                    return
                data = data[sent:]
            self._give(data)
        elif self._open and data:
            if self.waiting + len(data) > self._limit:
                # The oldest lines are lost: the newest may say goodbye.
                self._forget()
                if not self._overflowed:
                    self._overflowed = True
                    self._onOverflow()
            self._queue.append(data)
            self.waiting += len(data)

    def discard(self) -> None:
        """
        Forget what has not been handed to the transport, and begin anew.  The
        reader misses whole lines and never gets a part of one.
        """
        self._forget()
        self._overflowed = False

    def close(self) -> None:
        """
        Take no more, call back no more, and let go of the transport.
        """
        if self._open:
            self.stopProducing()
            self._transport.unregisterProducer()

    def resumeProducing(self) -> None:
        """
        The transport has sent everything, or (TLS) can take more.
        """
        if not self._open:
            return
        drained = self._secure or self._taken > 0
        self.waiting -= self._taken
        self._taken = 0
        self._ready = True
        while self._ready and self._queue:
            self._give(self._next())
        if drained and self._ready:
            self._onDrain()
        if self._ready and self._transport.disconnecting:
            # Somebody else, such as a wrapper that misses its PROXY header, has
            # closed the transport; it waits for its producer to go.
            self.close()

    def pauseProducing(self) -> None:
        """
        The transport has enough (TLS only).
        """
        self._ready = False

    def stopProducing(self) -> None:
        """
        The connection is gone.
        """
        self._open = self._ready = False
        self._queue.clear()
        self.waiting = self._taken = 0

    def _forget(self) -> None:
        self._queue.clear()
        self.waiting = self._taken

    def _next(self) -> bytes:
        """Whole lines from the queue, about as much as a transport sends at once."""
        pieces = [self._queue.popleft()]
        size = len(pieces[0])
        while self._queue and size + len(self._queue[0]) <= _CHUNK:
            pieces.append(self._queue.popleft())
            size += len(pieces[-1])
        self.waiting -= size
        return b"".join(pieces)

    def _give(self, data: bytes) -> None:
        """
        Hand bytes to the transport.  A plain one tells when they are all gone,
        and until then they wait here.
        """
        if not self._secure:
            self._ready = False
            self._taken = len(data)
            self.waiting += len(data)
        self._transport.write(data)


def _directSend(transport: Transport) -> Callable[[bytes], int] | None:
    """How to write past a transport, where that is possible."""
    getHandle = getattr(transport, "getHandle", None)
    handle = getHandle() if getHandle is not None else None
    return handle.send if isinstance(handle, socket) else None
