"""
What a front door must know of the transports under it.

Importing this module lets the FIN of a peer reach a protocol that is wrapped, as
it is under a C{haproxy:} endpoint: a transport asks its immediate protocol only
whether it can be half-closed, and a wrapper does not say what it wraps.
"""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHalfCloseableProtocol, ISSLTransport, ITransport
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.components import registerAdapter


def peerName(transport: ITransport) -> str:
    """
    @return: who it is, for the log: C{HOST PORT}, or C{unix}.  Behind a proxy it
        is known with the first bytes.
    """
    address = transport.getPeer()
    if isinstance(address, (IPv4Address, IPv6Address)):
        return f"{address.host} {address.port}"
    return "unix"


def peerAddress(transport: ITransport) -> str:
    """
    @return: the IP address of the peer, or C{unix}.  Behind a proxy it is known
        with the first bytes.
    """
    address = transport.getPeer()
    return address.host if isinstance(address, (IPv4Address, IPv6Address)) else "unix"


def _halfCloseable(wrapper: ProtocolWrapper) -> object:
    # TLS has no half-close.
    if ISSLTransport.providedBy(wrapper):
        return None
    return IHalfCloseableProtocol(wrapper.wrappedProtocol, None)


registerAdapter(_halfCloseable, ProtocolWrapper, IHalfCloseableProtocol)
