"""
Connections that are read to their end, even when their peer takes nothing any more.

A program that has sent its lines and closes its socket without having read everything makes its
kernel send RST instead of FIN (RFC 1122, section 4.2.2.13); so does the kernel of a program that
has closed, at the next bytes that reach it.  What came before that has been acknowledged, and the
program takes it for delivered.  The kernel here still has it: recv(2) returns all of it before it
tells of the reset.  It may have the FIN as well, of a program that has ended its output before it
closed.

Twisted closes a connection as soon as writing to it fails, or the kernel reports an error or a
hang-up on it, and that throws away what is unread.  With a transport that is not read from for a
while that is not rare.  The transports here are given up once they have been read to their end.
Until then they are like those of a peer that has closed one direction: what is written goes
nowhere, and they are read from, paused and resumed as before.  What is unread stays in the kernel,
so it costs no memory here, and a peer that has gone may be ahead no further than one that is there.

If the peer had ended its output, the end is a clean one: what it sent last is whole.  The kernel
tells a reset after a FIN from one without (EPIPE, ECONNRESET), but only once, and mostly to
somebody who has written past the transport.  So the bytes are counted, as the kernel counts them:
to it FIN is one.  Urgent data is counted, too, so it has to be read as the rest is.  A unix socket
knows no FIN and needs none: nothing that was written to it is on its way, so nothing is missing at
its end.

A port makes its transports from its class attribute C{transport}, so other ones can take their
place, and whatever ends a connection from outside comes by C{doWrite} or C{connectionLost}.
"""

from __future__ import annotations

from socket import socket
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProducer
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.python.failure import Failure

from chat.delivery.sockets import receivedBy, receiveUrgentInOrder, unreadIn


class _ReadToTheEnd(tcp.Connection):
    """
    What a transport of Twisted's lacks.  This comes before it in the order of classes.

    @ivar unread: how many bytes came and were never read, once the connection is closed; below
        TLS, with those of TLS itself.
    """

    unread = 0
    # Whether the peer takes nothing any more.
    _isDeaf = False
    # Whether the end of what the peer sends has been read.
    _isEndRead = False

    def __init__(self, connection: socket, *arguments: Any) -> None:
        super().__init__(connection, *arguments)
        receiveUrgentInOrder(connection)

    def doRead(self) -> Any:
        ended: Any = super().doRead()
        if isinstance(ended, ConnectionDone):
            # After a reset there is an end in any case; whether it is clean is seen later.
            if self._isDeaf or self._hasEnded() is False:
                return CONNECTION_LOST
            self._isEndRead = True
        return ended

    def doWrite(self) -> Any:
        ended = super().doWrite()
        if isinstance(ended, ConnectionLost) and self._isUnread():
            self._writeNoMore()
            return None
        return ended

    def connectionLost(self, reason: Failure) -> None:
        # An aborted connection is a lost one to Twisted, too.
        if reason.type is ConnectionLost and self.connected:
            if self._isUnread():
                self._writeNoMore()
                return
            if not self._isEndRead and self._hasEnded():
                reason = Failure(CONNECTION_DONE)
        if self.connected:
            self.unread = unreadIn(self.socket)
        super().connectionLost(reason)

    def loseConnection(self) -> None:
        if self._isDeaf and self.connected and not self.disconnecting:
            # Twisted's would call back from within this call, which TLS does not expect.
            self.disconnecting = 1
            self.stopReading()
            reactor: Any = self.reactor
            reactor.callLater(0, self.connectionLost, Failure(CONNECTION_DONE))
        else:
            super().loseConnection()

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        if self._isDeaf:
            producer.stopProducing()
        else:
            super().registerProducer(producer, streaming)

    def _hasEnded(self) -> bool | None:
        """
        Whether the peer has ended its output, now that all of it has been read; L{None} where that
        cannot be known.
        """
        raise NotImplementedError

    def _isUnread(self) -> bool:
        """
        Whether there is something to read, for a protocol that has not asked for the end.
        """
        return bool(not self.disconnecting and unreadIn(self.socket))

    def _writeNoMore(self) -> None:
        """
        Behave as after C{loseWriteConnection}, and tell the producer.
        """
        self._isDeaf = self._writeDisconnected = True
        self.stopWriting()
        self.dataBuffer, self.offset = b"", 0
        self._tempDataBuffer, self._tempDataLen = [], 0
        producer, self.producer = self.producer, None
        if producer is not None:
            producer.stopProducing()


class TCPServer(_ReadToTheEnd, tcp.Server):
    """
    A TCP connection to a port.
    """

    # How many bytes have been read.
    _read = 0

    def _dataReceived(self, data: bytes | None) -> Any:
        self._read += len(data or b"")
        return super()._dataReceived(data)

    def _hasEnded(self) -> bool | None:
        received = receivedBy(self.socket)
        # A kernel that only looks like Linux may leave the number empty.
        return None if received is None or received < self._read else received > self._read


class UNIXServer(_ReadToTheEnd, unix.Server):
    """
    A connection to a unix socket.
    """

    def _hasEnded(self) -> bool | None:
        return True


_KINDS: dict[object, type[tcp.Server]] = {tcp.Server: TCPServer, unix.Server: UNIXServer}


def readToTheEnd(port: Any) -> None:
    """
    Have a port make these transports from now on.

    @param port: one of Twisted's; any other is left as it is.
    """
    kind = _KINDS.get(getattr(port, "transport", None))
    if kind is not None:
        port.transport = kind
