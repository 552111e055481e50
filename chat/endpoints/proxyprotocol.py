"""
Connections that come through a proxy which tells who they are (the PROXY
protocol, versions 1 and 2).

Twisted reads the header; but it connects the protocol behind it before that has
come, when the address is still that of the proxy.  Here the protocol is made
when the header is there, so whoever counts or greets knows with whom he has to do.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone

# Twisted keeps these to itself: its proxyEndpoint() is not made for being told.
from twisted.protocols.haproxy._v1parser import V1Parser
from twisted.protocols.haproxy._v2parser import V2Parser
from twisted.protocols.haproxy._wrapper import HAProxyProtocolWrapper
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

HEADER_TIMEOUT = 5.0
"""How many seconds a proxy has to say who it is speaking for."""

NO_HEADER = "no-proxy-header"
"""Under which code those are counted who do not."""

MAX_UNKNOWN = 512
"""How many connections may be about to say so."""

_MAX_HEADER = 107
# The shortest header there is, and the form of it that Twisted wants.
_UNKNOWN = b"PROXY UNKNOWN\r\n"
_UNKNOWN_TO_TWISTED = b"PROXY UNKNOWN \r\n"


class _Unknown(Protocol):
    """
    In the place of the protocol, until it is known who has come.

    @ivar received: what came behind the header.
    """

    def __init__(self) -> None:
        self.received = b""

    def dataReceived(self, data: bytes) -> None:
        self.received += data


class ProxiedProtocol(HAProxyProtocolWrapper):
    """
    One connection through the proxy.
    """

    factory: ProxiedFactory
    transport: Any
    _timer: IDelayedCall | None = None
    _beginning = b""

    def connectionMade(self) -> None:
        """
        Wait for the header, for a while.
        """
        super().connectionMade()
        self._timer = self.factory.clock.callLater(HEADER_TIMEOUT, self._timedOut)
        self.factory.unknown += 1

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        unknown = self.wrappedProtocol
        if not isinstance(unknown, _Unknown):
            super().dataReceived(data)
            return
        data, self._beginning = self._beginning + data, b""
        if isPartial(data):
            self._beginning = data
            return
        try:
            if data.startswith(_UNKNOWN):
                data = _UNKNOWN_TO_TWISTED + data.removeprefix(_UNKNOWN)
            super().dataReceived(data)
        except ValueError:
            # A port that is no number, or an address that is no text.
            self.loseConnection()
        if self._proxyInfo is not None:
            self._begin(unknown.received)

    def _begin(self, received: bytes) -> None:
        """
        It is known who has come.

        @param received: what came behind the header.
        """
        self._stopTimer()
        peer = self.getPeer()
        protocol = self.factory.protocolFor(peer) if _isAddress(peer) else None
        if protocol is None:
            self.loseConnection()
            return
        self.wrappedProtocol = protocol
        # A wrapper is the transport of what it wraps.
        transport: Any = self
        protocol.makeConnection(transport)
        if received:
            protocol.dataReceived(received)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        if self._timer is not None:
            self._stopTimer()
            self.factory.turnedAway()
        super().connectionLost(reason)

    def _timedOut(self) -> None:
        self._timer = None
        self.factory.unknown -= 1
        self.factory.turnedAway()
        self.transport.abortConnection()

    def _stopTimer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.factory.unknown -= 1


class ProxiedFactory(WrappingFactory):
    """
    All connections through the proxy.

    @ivar clock: for how long a header may take.
    @ivar unknown: how many connections have not told who they are.
    """

    protocol = ProxiedProtocol
    noisy = False

    def __init__(self, factory: IProtocolFactory, clock: IReactorTime) -> None:
        """
        @param factory: makes the protocols, when it is known who has come.
        """
        super().__init__(factory)
        self.clock = clock
        self.unknown = 0
        # A LineFactory counts them.
        self._turnedAway: Callable[[str], None] | None = getattr(factory, "turnedAway", None)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """
        @param addr: of the proxy.
        @return: a protocol; L{None} for one too many.
        """
        if self.unknown >= MAX_UNKNOWN:
            return None
        factory: Any = self
        return ProxiedProtocol(factory, _Unknown())

    def turnedAway(self) -> None:
        """
        Somebody came without a header that can be read: perhaps a proxy that was
        not told to send one.
        """
        if self._turnedAway is not None:
            self._turnedAway(NO_HEADER)

    def protocolFor(self, addr: IAddress) -> IProtocol | None:
        """
        @param addr: of the one for whom the proxy speaks.
        """
        protocol: IProtocol | None = self.wrappedFactory.buildProtocol(addr)
        return protocol


def isPartial(data: bytes) -> bool:
    """
    @param data: the first bytes of a connection.
    @return: whether it takes more of them to say what they are.  Twisted wants the
        first 8 (version 1) or 16 bytes (version 2) of a header in one piece.
    """
    if V2Parser.PREFIX.startswith(data[: len(V2Parser.PREFIX)]):
        return len(data) < 16
    if V1Parser.PROXYSTR.startswith(data[: len(V1Parser.PROXYSTR)]):
        return V1Parser.NEWLINE not in data and len(data) <= _MAX_HEADER
    return False


def _isAddress(address: IAddress) -> bool:
    """
    Whether it is one: in version 1 of the protocol it is a text, which may be
    anything.
    """
    if not isinstance(address, (IPv4Address, IPv6Address)):
        return True
    try:
        ip_address(address.host)
    except ValueError:
        return False
    return True


@implementer(IStreamServerEndpoint)
class ProxiedEndpoint:
    """
    An endpoint at which a proxy comes.
    """

    def __init__(self, endpoint: IStreamServerEndpoint, clock: IReactorTime) -> None:
        """
        @param endpoint: where the proxy comes.
        """
        self._endpoint = endpoint
        self._clock = clock

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        See L{IStreamServerEndpoint.listen}.
        """
        listening: Deferred[IListeningPort] = self._endpoint.listen(
            ProxiedFactory(protocolFactory, self._clock)
        )
        return listening
