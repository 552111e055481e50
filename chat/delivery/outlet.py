"""
The outlet of one connection: bytes that wait for its peer, up to a limit.

A L{BoundedOutlet} keeps what its transport has not taken yet in a queue of its
own, counted in bytes, because a transport's own buffer has no limit.

On plain TCP and unix transports it is a pull producer: the transport asks for
more whenever it has sent everything, so the outlet knows when nothing waits.
Then L{BoundedOutlet.write} puts the bytes into the kernel itself.  For a peer that
keeps up nothing else ever happens: no buffer, no C{epoll_ctl}, no second turn.  What
the kernel does not take goes through the transport as usual.

A peer for which too much waits is given up: what waits is lost, and so is all that is
written from then on, but for the goodbye (L{BoundedOutlet.writeLast}).  So nothing is
missing before the last line that it has heard, and a client can ask for what came after.

TLS transports would poll a pull producer without end, and cannot be bypassed.
There the outlet is a push producer: it writes through until it is paused.

A transport tells that it has sent something only when it has sent everything.  Whether
a slow peer takes anything is therefore seen in how much the transport has left, and
asked of the kernel (L{BoundedOutlet.level}).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from chat.delivery.slowreaders import SlowReader, SlowReaders
from chat.delivery.sockets import hasUnsent, leftIn, setUserTimeout, socketOf, unsentBy
from chat.interfaces import DirectOutlet, OutletGroup
from chat.vocabulary.limits import UNLIMITED

_CHUNK = 64 * 1024


class OutletTransport(Protocol):
    """The methods of Twisted's transports that an outlet needs."""

    disconnecting: bool

    def write(self, data: bytes) -> None: ...

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...


@implementer(IPushProducer)
class BoundedOutlet(DirectOutlet, SlowReader):
    """
    The outlet of one connection.

    @ivar busy: whether so much waits that the peer should not ask for more.
    @ivar waiting: how many bytes have been written and not been taken by the
        kernel yet (for TLS, by the transport).
    """

    __slots__ = (
        "_fans",
        "_isAhead",
        "_isDirect",
        "_isGivenUp",
        "_isLayered",
        "_number",
        "_onDrain",
        "_onStop",
        "_onTooSlow",
        "_open",
        "_queue",
        "_readers",
        "_ready",
        "_resumed",
        "_socket",
        "_taken",
        "_transport",
        "_written",
        "busy",
        "waiting",
    )

    def __init__(
        self,
        transport: OutletTransport,
        readers: SlowReaders,
        onTooSlow: Callable[[str], None],
        onDrain: Callable[[], None],
        isLayered: bool = False,
        onStop: Callable[[], None] | None = None,
    ) -> None:
        """
        @param transport: connected, and without a producer.  What has been written to it
            before goes first.
        @param readers: all outlets in which something waits, and the limits for them.
        @param onTooSlow: called once, with the limit that was passed: C{waiting},
            from within L{write}, so that it must only note it, and act in a later
            turn; or C{stall} or C{all}.  What waited is lost, and of what is
            written from now on everything but the goodbye.
        @param onDrain: called when nothing waits any more.
        @param isLayered: whether the transport is within another protocol, such as TLS: it is
            to be a push producer's, and the kernel must be given nothing past it.
        @param onStop: called when the transport takes nothing any more, which may be long
            before it is lost; not after L{close}.
        """
        self._transport = transport
        self._readers = readers
        self._onTooSlow = onTooSlow
        self._onDrain = onDrain
        self._onStop = onStop or _ignore
        self._queue: list[bytes] = []
        self._taken = 0
        self._resumed = 0
        self._open = True
        self._isGivenUp = False
        self._isLayered = isLayered
        self._ready = isLayered
        self._socket = socketOf(transport)
        # Of the socket, if the kernel may be given bytes directly, or -1.
        self._number = -1
        if self._socket is not None and not self._isLayered:
            self._number = self._socket.fileno()
        self._fans: list[OutletGroup] = []
        # Whether it keeps up, and is in the C{direct} outlets of its groups.
        self._isDirect = False
        self._written = 0
        self.busy = False
        self.waiting = 0
        # It asks for more when all of that is gone; until then nothing may overtake it.
        self._isAhead = not isLayered and hasUnsent(transport)
        if self._isAhead:
            readers.watch(self)
        transport.registerProducer(self, isLayered)

    @property
    def written(self) -> int:
        """How many bytes have been written in all."""
        if self._isDirect:
            return self._written + sum(fan.total for fan in self._fans)
        return self._written

    def write(self, data: bytes) -> None:
        if self._isGivenUp:
            # The peer may have begun to take more, but has a gap already.
            return
        size = len(data)
        self._written += size
        if self._ready:
            if self._number >= 0:
                try:
                    sent = os.write(self._number, data)
                except OSError:
                    # Full, or broken: the transport will find out which.
                    sent = 0
                if sent == size:
                    return
                data = data[sent:]
            self._give(data)
        elif self._open and data:
            if self._isTooMuch(size):
                self.giveUp("waiting")
            else:
                self._queue.append(data)
                self._wait(size)

    def writeLast(self, data: bytes) -> None:
        size = len(data)
        if not self._ready and self._isTooMuch(size):
            self.giveUp("waiting")
        self._isGivenUp = False
        if self._ready:
            self.write(data)
        elif self._open and data:
            # It finds room, whatever the transport has not sent.
            self._written += size
            self._queue.append(data)
            self._wait(size)

    def join(self, fan: OutletGroup) -> None:
        self._fans.append(fan)
        if self._isDirect:
            fan.direct[self._number] = self
            self._written -= fan.total
        else:
            fan.others[self] = None

    def leave(self, fan: OutletGroup) -> None:
        self._fans.remove(fan)
        if self._isDirect:
            del fan.direct[self._number]
            self._written += fan.total
        else:
            del fan.others[self]

    def fellBehind(self, data: bytes, sent: int) -> None:
        self._give(data[sent:])

    def level(self) -> object:
        # How much is unsent may be the same again and again: as the peer takes
        # something, the kernel takes as much from the transport.
        return self._resumed, leftIn(self._transport), unsentBy(self._socket)

    def progressed(self, seconds: float) -> None:
        # The kernel counts TCP_USER_TIMEOUT from when the peer's window was closed
        # first, even if it opens a little now and then.
        self._allow(seconds)

    def giveUp(self, limit: str) -> None:
        self._forget()
        if not self._isGivenUp:
            self._isGivenUp = True
            self._onTooSlow(limit)

    def close(self) -> None:
        """
        Take no more, call back no more, and let go of the transport.
        """
        if self._open:
            self._onStop = _ignore
            self.stopProducing()
            self._transport.unregisterProducer()

    def resumeProducing(self) -> None:
        """
        The transport has sent everything, or (TLS) can take more.
        """
        if not self._open:
            return
        if self._isAhead:
            self._isAhead = hasUnsent(self._transport)
            if self._isAhead:
                return
        drained = self._isLayered or self._taken > 0
        self._resumed += 1
        self._wait(-self._taken)
        self._taken = 0
        self._ready = True
        while self._ready and self._queue:
            self._give(self._next())
        if self._ready:
            if self._readers.forget(self):
                self._allow(0)
            if not self._isGivenUp:
                self._keepUp()
            if drained:
                self._onDrain()
        if self._ready and self._transport.disconnecting:
            # Other code, such as a wrapper that misses its PROXY header, has closed
            # the transport, which waits for its producer to go.
            self.close()

    def pauseProducing(self) -> None:
        """
        The transport has enough (TLS only).
        """
        self._ready = False
        self._readers.watch(self)

    def stopProducing(self) -> None:
        """
        The transport takes nothing any more.
        """
        self._open = self._ready = False
        # Once the socket is closed, another one may get its file descriptor.
        self._stepAside()
        self._number = -1
        self._taken = 0
        self._forget()
        self._readers.forget(self)
        # Drop the callbacks, so that the objects they belong to are freed at once.
        onStop, self._onStop = self._onStop, _ignore
        self._onTooSlow = self._onDrain = _ignore
        onStop()

    def _allow(self, seconds: float) -> None:
        timeout = self._readers.limits.userTimeout
        if self._socket is not None and timeout != UNLIMITED:
            setUserTimeout(self._socket, timeout + seconds)

    def _wait(self, size: int) -> None:
        self.waiting += size
        self.busy = self.waiting > self._readers.limits.softWaiting
        self._readers.more(size)

    def _isTooMuch(self, size: int) -> bool:
        return self.waiting + size > self._readers.limits.maxWaiting

    def _forget(self) -> None:
        """
        Lose what has not been handed to the transport.  The peer misses whole lines and never
        gets a part of one.
        """
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
        if not self._isLayered:
            self._stepAside()
            self._ready = False
            self._taken = len(data)
            self._wait(len(data))
            self._readers.watch(self)
        self._transport.write(data)

    def _keepUp(self) -> None:
        """Be among the outlets that are written to directly, if the socket allows it."""
        if self._number >= 0 and not self._isDirect:
            self._isDirect = True
            for fan in self._fans:
                del fan.others[self]
                fan.direct[self._number] = self
                self._written -= fan.total

    def _stepAside(self) -> None:
        """Be among the outlets that are not written to directly."""
        if self._isDirect:
            self._isDirect = False
            for fan in self._fans:
                del fan.direct[self._number]
                self._written += fan.total
                fan.others[self] = None


def _ignore(*_: object) -> None:
    """Do nothing."""
