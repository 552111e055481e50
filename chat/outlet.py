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

A transport tells that it has sent something only when it has sent everything, so
whether a slow reader takes anything is seen in how far the transport is, and
asked of the kernel (L{BoundedOutlet.level}).
"""

from __future__ import annotations

import os
import socket as socket_
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from socket import AF_INET, AF_INET6, IPPROTO_TCP, socket
from struct import calcsize, unpack
from termios import TIOCOUTQ
from typing import Any, Protocol

from twisted.internet.interfaces import IPushProducer, ISSLTransport
from zope.interface import implementer

from chat.limits import UNLIMITED
from chat.readers import Readers

_CHUNK = 64 * 1024

# Looked up once, as it is called for every delivery.
_write = os.write


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

    @ivar busy: whether so much waits that the reader should not ask for more.
    @ivar waiting: how many bytes have been written and not been taken by the
        kernel yet (for TLS, by the transport).
    @ivar written: how many bytes have been written in all.
    """

    __slots__ = (
        "_descriptor",
        "_isGivenUp",
        "_onDrain",
        "_onTooSlow",
        "_open",
        "_queue",
        "_readers",
        "_ready",
        "_resumed",
        "_secure",
        "_socket",
        "_taken",
        "_transport",
        "busy",
        "waiting",
        "written",
    )

    def __init__(
        self,
        transport: Transport,
        readers: Readers,
        onTooSlow: Callable[[str], None],
        onDrain: Callable[[], None],
    ) -> None:
        """
        @param transport: connected, and without a producer.
        @param readers: all for whom something waits, and the limits for them.
        @param onTooSlow: called once, with the limit that was passed: C{waiting},
            from within L{write}, so that it must only note it, and act in a later
            turn; or C{stall} or C{all}.  What waited is lost; what is written
            from now on waits alone.
        @param onDrain: called when nothing waits any more.
        """
        self._transport = transport
        self._readers = readers
        self._onTooSlow = onTooSlow
        self._onDrain = onDrain
        self._queue: list[bytes] = []
        self._taken = 0
        self._resumed = 0
        self._open = True
        self._isGivenUp = False
        self._secure = ISSLTransport.providedBy(transport)
        self._ready = self._secure
        self._socket = socketOf(transport)
        # To be written to directly, or -1.
        self._descriptor = -1
        if self._socket is not None and not self._secure:
            self._descriptor = self._socket.fileno()
        self.busy = False
        self.waiting = 0
        self.written = 0
        transport.registerProducer(self, self._secure)

    def write(self, data: bytes) -> None:
        """
        See L{chat.interfaces.Outlet.write}.
        """
        size = len(data)
        self.written += size
        if self._ready:
            if self._descriptor >= 0:
                try:
                    # A socket's own send does the same and costs a tenth more.
                    sent = _write(self._descriptor, data)
                except OSError:
                    # Full, or broken: the transport will find out which.
                    sent = 0
                if sent == size:
                    return
                data = data[sent:]
            self._give(data)
        elif self._open and data:
            if self.waiting + size > self._readers.limits.maxWaiting:
                # The oldest lines are lost: the newest may say goodbye.
                self.giveUp("waiting")
            self._queue.append(data)
            self._wait(size)

    def level(self) -> object:
        """
        See L{chat.readers.Reader.level}.
        """
        # How much is unsent may be the same again and again: as a reader takes
        # something, the kernel takes as much from the transport.
        return self._resumed, _left(self._transport), _unsent(self._socket)

    def progressed(self, seconds: float) -> None:
        """
        See L{chat.readers.Reader.progressed}.

        The kernel counts C{TCP_USER_TIMEOUT} from when the peer's window was closed
        first, even if it opens a little now and then, so it is to begin anew.
        """
        self._allow(seconds)

    def giveUp(self, limit: str) -> None:
        """
        See L{chat.readers.Reader.giveUp}.
        """
        self._forget()
        if not self._isGivenUp:
            self._isGivenUp = True
            self._onTooSlow(limit)

    def discard(self) -> None:
        """
        Forget what has not been handed to the transport, and begin anew.  The
        reader misses whole lines and never gets a part of one.
        """
        self._forget()
        self._isGivenUp = False

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
        self._resumed += 1
        self._wait(-self._taken)
        self._taken = 0
        self._ready = True
        while self._ready and self._queue:
            self._give(self._next())
        if self._ready:
            if self._readers.forget(self):
                self._allow(0)
            if drained:
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
        self._readers.watch(self)

    def stopProducing(self) -> None:
        """
        The connection is gone.
        """
        self._open = self._ready = False
        # Once the socket is closed, the number may be that of another one.
        self._descriptor = -1
        self._taken = 0
        self._forget()
        self._readers.forget(self)
        # Nobody is called any more, and whoever that was can be freed at once.
        self._onTooSlow = self._onDrain = _ignore

    def _allow(self, seconds: float) -> None:
        timeout = self._readers.limits.userTimeout
        if self._socket is not None and timeout != UNLIMITED:
            setUserTimeout(self._socket, timeout + seconds)

    def _wait(self, size: int) -> None:
        self.waiting += size
        self.busy = self.waiting > self._readers.limits.softWaiting
        self._readers.more(size)

    def _forget(self) -> None:
        self._queue.clear()
        self._wait(self._taken - self.waiting)

    def _next(self) -> bytes:
        """Whole lines from the queue, about as much as a transport sends at once."""
        size = count = 0
        for piece in self._queue:
            if count and size + len(piece) > _CHUNK:
                break
            size += len(piece)
            count += 1
        pieces = self._queue[:count]
        del self._queue[:count]
        self._wait(-size)
        return b"".join(pieces)

    def _give(self, data: bytes) -> None:
        """
        Hand bytes to the transport.  A plain one tells when they are all gone,
        and until then they wait here.
        """
        if not self._secure:
            self._ready = False
            self._taken = len(data)
            self._wait(len(data))
            self._readers.watch(self)
        self._transport.write(data)


def _ignore(*_: object) -> None:
    """Do nothing."""


def setUserTimeout(connection: socket, seconds: float) -> None:
    """
    Say how long what was sent may stay unacknowledged (RFC 5482), where the
    system can be told.
    """
    option = getattr(socket_, "TCP_USER_TIMEOUT", None)
    if option is not None and connection.family in (AF_INET, AF_INET6):
        with suppress(OSError):
            # It may be no more.
            connection.setsockopt(IPPROTO_TCP, option, int(seconds * 1000))


def socketOf(transport: object) -> socket | None:
    """
    @return: the socket under a transport, if there is one.
    """
    while transport is not None:
        handle = getattr(transport, "getHandle", lambda: None)()
        if isinstance(handle, socket):
            return handle
        # TLS, or a wrapper.
        transport = getattr(transport, "transport", None)
    return None


def _left(transport: Any) -> int:
    """
    @return: how much of its own data a transport of Twisted's has not sent.
    """
    return len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)


def _unsent(connection: socket | None) -> int:
    """
    @return: how many bytes the peer's kernel has not acknowledged; of a unix
        socket, how many the peer has not read.
    """
    if connection is None:
        return 0
    try:
        answer = ioctl(connection, TIOCOUTQ, bytes(calcsize("i")))
    except (OSError, ValueError):
        # Closed, or not to be asked of this kind.
        return 0
    size: int = unpack("i", answer)[0]
    return size
