"""
Connections that come through a proxy which says for whom it speaks.

A proxy in front of the service hides the addresses of its users: all connections come from the
proxy.  With the PROXY protocol (U{https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt}) it
says once, before anything else on a connection and so before TLS, from where that has come to the
proxy and to where:

  - Version 1 (section 2.1) is one line of ASCII, at most 107 bytes with its end:
    C{PROXY TCP4 198.51.100.7 192.0.2.9 1000 8080}, or C{PROXY UNKNOWN}.
  - Version 2 (section 2.2) is binary: a signature of 12 bytes that no other protocol begins with,
    the version and a command in one byte, the family and the kind of the addresses in another, the
    length of the rest in two, the addresses, and perhaps more, which is skipped.

A proxy that looks whether the service is there (C{LOCAL}), or that does not know the address,
speaks for itself.

L{parseHeader} knows the bytes and does no I/O.  L{ProxiedFactory} makes a protocol only when the
header is there, so a door knows the address from the beginning.
"""

from __future__ import annotations

import re
from enum import IntEnum
from ipaddress import ip_address
from struct import Struct
from typing import Any, NamedTuple

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IListeningPort,
    IProtocolFactory,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.vocabulary.addresses import spelled

HEADER_TIMEOUT = 5.0
"""How many seconds a proxy has to say for whom it speaks."""

NO_HEADER = "no-proxy-header"
"""The code under which connections are counted that have no header."""

MAX_UNKNOWN = 512
"""How many connections at once may still owe their header."""


class _Family(IntEnum):
    """
    Of addresses, as version 2 numbers them.
    """

    UNSPECIFIED, INET, INET6, UNIX = range(4)


class _Transport(IntEnum):
    """
    The transport of the connection, as version 2 numbers it.
    """

    UNSPECIFIED, STREAM, DATAGRAMS = range(3)


_TEXT = b"PROXY "
_MAX_TEXT = 107
_PORT = re.compile(rb"0|[1-9][0-9]{0,4}")

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED = Struct("!12xBBH")
_LOCAL, _PROXY = 0x20, 0x21
# From where, to where, and the ports of both.
_ADDRESSES = {
    _Family.INET: Struct("!4s4sHH"),
    _Family.INET6: Struct("!16s16sHH"),
    _Family.UNIX: Struct("!108s108s"),
}


class Header(NamedTuple):
    """
    The header that a proxy sends first.

    @ivar length: of the header, in bytes; what follows belongs to the connection.
    @ivar source: from where the connection has come; L{None} where the proxy does not say.
    @ivar destination: to where; L{None} where the proxy does not say.
    """

    length: int
    source: IAddress | None = None
    destination: IAddress | None = None


def parseHeader(data: bytes) -> Header | None:
    """
    @param data: all that a connection has sent so far.
    @return: the header it begins with; L{None} while it takes more bytes to tell.
    @raise ValueError: when no header begins like this.
    """
    if _SIGNATURE.startswith(data[: len(_SIGNATURE)]):
        return _parseBinary(data)
    if _TEXT.startswith(data[: len(_TEXT)]):
        return _parseText(data)
    raise ValueError("neither version of the PROXY protocol")


def _parseText(data: bytes) -> Header | None:
    line, end, _ = data[:_MAX_TEXT].partition(b"\r\n")
    if not end:
        if len(data) > _MAX_TEXT:
            raise ValueError("the line is too long")
        return None
    length = len(line) + len(end)
    match line.split(b" "):
        case [_, b"UNKNOWN", *_]:
            return Header(length)
        # A proxy behind another may name addresses of both families, whatever it calls them.
        case [_, b"TCP4" | b"TCP6", source, destination, fromPort, toPort]:
            return Header(
                length,
                _address(source.decode("ascii"), _port(fromPort)),
                _address(destination.decode("ascii"), _port(toPort)),
            )
    raise ValueError("incomplete, or no such family")


def _parseBinary(data: bytes) -> Header | None:
    if len(data) < _FIXED.size:
        return None
    command, addressing, rest = _FIXED.unpack_from(data)
    if command not in (_LOCAL, _PROXY):
        raise ValueError("neither version 2 nor a command of it")
    length = _FIXED.size + rest
    if len(data) < length:
        return None
    if command == _LOCAL:
        return Header(length)
    family, transport = _Family(addressing >> 4), _Transport(addressing & 15)
    if not (family and transport):
        return Header(length)
    form = _ADDRESSES[family]
    if rest < form.size:
        raise ValueError("incomplete")
    source, destination, *ports = form.unpack_from(data, _FIXED.size)
    if family is _Family.UNIX:
        paths = (UNIXAddress(path.rstrip(b"\0")) for path in (source, destination))
        return Header(length, *paths)
    return Header(
        length,
        _address(str(ip_address(source)), ports[0]),
        _address(str(ip_address(destination)), ports[1]),
    )


def _address(host: str, port: int) -> IAddress:
    """
    @raise ValueError: when it is no IP address.
    """
    plain = spelled(host)
    kind = IPv6Address if ":" in plain else IPv4Address
    return kind("TCP", plain, port)


def _port(text: bytes) -> int:
    if not _PORT.fullmatch(text) or int(text) > 0xFFFF:
        raise ValueError("no such port")
    return int(text)


class ProxiedProtocol(ProtocolWrapper):
    """
    One connection through the proxy.  Until its header is there it wraps a protocol that does
    nothing.
    """

    factory: ProxiedFactory
    transport: Any
    _timer: IDelayedCall | None = None
    _beginning = b""
    _header: Header | None = None

    def connectionMade(self) -> None:
        """
        Wait for the header, for a while.
        """
        super().connectionMade()
        self._timer = self.factory.clock.callLater(HEADER_TIMEOUT, self._timedOut)
        self.factory.expect(self)

    def dataReceived(self, data: bytes) -> None:
        if self._header is not None:
            super().dataReceived(data)
            return
        if self.disconnecting:
            return
        self._beginning += data
        try:
            header = parseHeader(self._beginning)
        except ValueError:
            self.loseConnection()
            return
        if header is not None:
            received, self._beginning = self._beginning[header.length :], b""
            self._header = header
            self._begin(received)

    def getPeer(self) -> IAddress:
        source = self._header and self._header.source
        return source or super().getPeer()

    def getHost(self) -> IAddress:
        destination = self._header and self._header.destination
        return destination or super().getHost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._timer is not None:
            self._stopTimer()
            self.factory.turnedAway()
        super().connectionLost(reason)

    def abort(self) -> None:
        """
        End the connection now, before its header is there.
        """
        self._stopTimer()
        self.transport.abortConnection()

    def _begin(self, received: bytes) -> None:
        """
        Make the protocol, now that the address is known.

        @param received: the bytes that came behind the header.
        """
        self._stopTimer()
        protocol = self.factory.wrappedFactory.buildProtocol(self.getPeer())
        if protocol is None:
            self.loseConnection()
            return
        self.wrappedProtocol = protocol
        protocol.makeConnection(self)
        if received:
            protocol.dataReceived(received)

    def _timedOut(self) -> None:
        self.factory.turnedAway()
        self.abort()

    def _stopTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            if timer.active():
                timer.cancel()
            self.factory.came(self)


class ProxiedFactory(WrappingFactory):
    """
    All connections through the proxy.

    @ivar clock: measures L{HEADER_TIMEOUT}.
    @ivar unknown: how many connections still owe their header.
    """

    noisy = False

    def __init__(self, factory: IProtocolFactory, clock: IReactorTime) -> None:
        """
        @param factory: makes the protocols, once the address is known.
        """
        super().__init__(factory)
        self.clock = clock
        self.unknown = 0
        # A front door, within TLS or not, has a register of all transports; the factory of the
        # metrics has none.
        door = getattr(factory, "wrappedFactory", factory)
        self._door: Any = door if hasattr(door, "expect") else None

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """
        @param addr: of the proxy.
        @return: a protocol; L{None} for one connection too many.
        """
        if self.unknown >= MAX_UNKNOWN:
            return None
        factory: Any = self
        return ProxiedProtocol(factory, Protocol())

    def turnedAway(self) -> None:
        """
        Count a connection without a header that can be read: perhaps from a proxy that was not
        told to send one.
        """
        if self._door is not None:
            self._door.turnedAway(NO_HEADER)

    def expect(self, protocol: ProxiedProtocol) -> None:
        """
        Wait for the header of a connection.
        """
        self.unknown += 1
        if self._door is not None:
            self._door.expect(protocol)

    def came(self, protocol: ProxiedProtocol) -> None:
        """
        Wait for it no longer.
        """
        self.unknown -= 1
        if self._door is not None:
            self._door.came(protocol)


@implementer(IStreamServerEndpoint)
class ProxiedEndpoint:
    """
    An endpoint to which a proxy connects.
    """

    def __init__(self, endpoint: IStreamServerEndpoint, clock: IReactorTime) -> None:
        """
        @param endpoint: where to listen for the proxy.
        """
        self._endpoint = endpoint
        self._clock = clock

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        listening: Deferred[IListeningPort] = self._endpoint.listen(
            ProxiedFactory(protocolFactory, self._clock)
        )
        return listening
