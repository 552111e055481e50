"""
TLS whose records go into the kernel at once.

Twisted's TLS gathers what is written until the next turn of the reactor, encrypts it then, and has
the TCP transport send it in the turn after that: for every connection a timer, two C{epoll_ctl} and
two more turns.  The service writes once per connection and turn (L{chat.delivery.audience}), so
there is nothing to gather: here data is encrypted when it is written, and goes straight into the
kernel.  Only data that the kernel does not take goes through the TCP transport, and until all of it
is gone the producer is paused.
"""

from __future__ import annotations

import os
from typing import Any

from OpenSSL.SSL import RECEIVED_SHUTDOWN
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IAddress, IPullProducer, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer, providedBy

from chat.delivery.sockets import socketOf


class _PromptTransport:
    """
    A TCP transport that is written to without waiting for the reactor; for the rest it is the one
    that it wraps.
    """

    def __init__(self, transport: Any) -> None:
        """
        @param transport: an C{ITCPTransport} on a socket, with no producer, to which nothing has
            been written.
        """
        self._transport = transport
        directlyProvides(self, *providedBy(transport))
        self._producer: IPushProducer | None = None
        connection = socketOf(transport)
        assert connection is not None
        self._number = connection.fileno()
        # Whether the transport has nothing to send.
        self._isEmpty = False
        self._isStopped = False
        transport.registerProducer(_PromptSource(self), False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._isEmpty:
            try:
                sent = os.write(self._number, data)
            except OSError:
                # The socket is full or broken; the transport finds out which.
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
            self._isEmpty = False
        if self._producer is not None:
            # Every time: after the handshake TLS resumes its producer, full or not.
            self._producer.pauseProducing()
        self._transport.write(data)

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """
        @param streaming: always true; a layer of TLS is a push producer.
        """
        assert self._producer is None
        if self._isStopped:
            producer.stopProducing()
            return
        self._producer = producer
        if not self._isEmpty:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        self._producer = None

    def loseConnection(self) -> None:
        # The transport sends what waits, and would wait for its producer as well.
        self._transport.unregisterProducer()
        self._transport.loseConnection()

    def emptied(self) -> None:
        """
        Write to the kernel again: the transport has sent everything.
        """
        self._isEmpty = True
        if self._producer is not None:
            self._producer.resumeProducing()

    def stopped(self) -> None:
        """
        Write to the kernel no more: the peer takes nothing, or the connection is gone, and its
        number may soon be that of another socket.
        """
        self._isEmpty = False
        self._isStopped = True
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()


@implementer(IPullProducer)
class _PromptSource:
    """
    The producer of the TCP transport, which asks it for more whenever it has sent everything.

    The L{_PromptTransport} cannot be that itself: its C{resumeProducing} is the transport's, which
    goes on reading.
    """

    def __init__(self, prompt: _PromptTransport) -> None:
        self.resumeProducing, self.stopProducing = prompt.emptied, prompt.stopped


class _PromptTLS(TLSMemoryBIOProtocol):
    """
    The layer of TLS.  Unlike Twisted's C{BufferingTLSTransport} it encrypts data at once.
    """

    def makeConnection(self, transport: Any) -> None:
        self._prompt = _PromptTransport(transport)
        super().makeConnection(self._prompt)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._prompt.stopped()
        # The peer had ended its output in order; lost are answers, which it does not read.
        if reason.type is ConnectionLost and self._hasEnded():
            reason = connectionDone
        super().connectionLost(reason)

    def _hasEnded(self) -> bool:
        """
        Whether C{close_notify} has come.
        """
        tls = self._tlsConnection
        return tls is not None and bool(tls.get_shutdown() & RECEIVED_SHUTDOWN)


class TLSFactory(TLSMemoryBIOFactory):
    """
    Adds TLS to the connections of a factory.
    """

    protocol = _PromptTLS

    def buildProtocol(  # type: ignore[override]
        self, address: IAddress | None
    ) -> TLSMemoryBIOProtocol | None:
        """
        @return: L{None} where the wrapped factory refuses the connection; Twisted's would open one
            that never ends.
        """
        wrapped = self.wrappedFactory.buildProtocol(address)
        return None if wrapped is None else self.protocol(self, wrapped)
