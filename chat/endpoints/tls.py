"""
TLS whose records go into the kernel at once.

Twisted's gathers what is written until the next turn of the reactor, encrypts it then,
and has the TCP transport send it in the turn after that: for every reader a timer, two
C{epoll_ctl} and two more turns.  What a turn has to say is one write already
(L{chat.delivery.audience}), so here it is encrypted when it is written and goes straight into the
kernel.  Only what the kernel does not take goes through the TCP transport, and until that
is all gone the producer is paused.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.interfaces import IAddress, IPullProducer, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer, providedBy

from chat.delivery.sockets import socketOf


class _Prompt:
    """
    A TCP transport that is written to without waiting for the reactor.

    Whatever it does not do itself it leaves to the transport.
    """

    def __init__(self, transport: Any) -> None:
        """
        @param transport: an C{ITCPTransport} on a socket, to which nothing has been written,
            and which has no producer.
        """
        self._transport = transport
        directlyProvides(self, *providedBy(transport))
        self._producer: IPushProducer | None = None
        connection = socketOf(transport)
        assert connection is not None
        self._number = connection.fileno()
        # Whether the transport has nothing to send.
        self._isEmpty = False
        transport.registerProducer(_Source(self), False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """See C{ITransport.write}."""
        if self._isEmpty:
            try:
                sent = os.write(self._number, data)
            except OSError:
                # Full, or broken: the transport will find out which.
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
            self._isEmpty = False
        if self._producer is not None:
            # Each time: after the handshake TLS has its producer go on, full or not.
            self._producer.pauseProducing()
        self._transport.write(data)

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """
        See C{IConsumer.registerProducer}.

        @param streaming: as a layer of TLS has it, always true.
        """
        assert self._producer is None
        self._producer = producer
        if not self._isEmpty:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        """See C{IConsumer.unregisterProducer}."""
        self._producer = None

    def loseConnection(self) -> None:
        """See C{ITransport.loseConnection}: what waits is sent before."""
        # It would wait for its producer.
        self._transport.unregisterProducer()
        self._transport.loseConnection()

    def emptied(self) -> None:
        """
        The transport has sent everything.
        """
        self._isEmpty = True
        if self._producer is not None:
            self._producer.resumeProducing()

    def stopped(self) -> None:
        """
        The connection is gone, and the number may be that of another socket soon.
        """
        self._isEmpty = False
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()


@implementer(IPullProducer)
class _Source:
    """
    What the transport asks for more: it does so whenever it has sent everything.

    It is not the L{_Prompt} itself, which is asked for C{resumeProducing} by those who want
    to read again.
    """

    def __init__(self, prompt: _Prompt) -> None:
        self.resumeProducing = prompt.emptied

    def stopProducing(self) -> None:
        """See C{IProducer.stopProducing}: the layer of TLS will be told."""


class _Connection(TLSMemoryBIOProtocol):
    """
    See L{TLSMemoryBIOProtocol}, which encrypts what is written when it is written.
    """

    def makeConnection(self, transport: Any) -> None:
        """See C{IProtocol.makeConnection}."""
        self._prompt = _Prompt(transport)
        super().makeConnection(self._prompt)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See C{IProtocol.connectionLost}."""
        self._prompt.stopped()
        super().connectionLost(reason)


class TLSFactory(TLSMemoryBIOFactory):
    """
    Adds TLS to the connections of a factory.
    """

    protocol = _Connection

    def buildProtocol(  # type: ignore[override]
        self, address: IAddress | None
    ) -> TLSMemoryBIOProtocol | None:
        """
        See C{IProtocolFactory.buildProtocol}.

        @return: L{None} where the factory wants no connection; Twisted's would open one that
            nobody ends.
        """
        wrapped = self.wrappedFactory.buildProtocol(address)
        return None if wrapped is None else self.protocol(self, wrapped)
