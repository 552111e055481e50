"""
The transports under a front door: their addresses, their sockets and their half-close.

Importing this module lets the FIN of a peer reach a protocol that is wrapped, as
it is behind a proxy: a transport asks its immediate protocol only whether it can
be half-closed, and a wrapper does not say what it wraps.
"""

from __future__ import annotations

import socket
from itertools import count
from math import isfinite
from struct import Struct

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    ISSLTransport,
    ITransport,
)
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.components import registerAdapter
from zope.interface import Interface

from chat.delivery.sockets import setUserTimeout, socketOf
from chat.vocabulary import addresses
from chat.vocabulary.addresses import parseAddress, spelled
from chat.vocabulary.limits import Limits

# What SO_PEERCRED tells of a peer (unix(7)): process, user and group.
_CREDENTIALS = Struct("iII")

_UNMAPPED = 65534
"""
The user in whose place the kernel names all whom the service's namespace does not know
(C{/proc/sys/kernel/overflowuid}), as within C{PrivateUsers=} of systemd.
"""

_strangers = count(1)


def nameOf(address: IAddress | None) -> str:
    """
    @return: the far end, for the log: C{HOST PORT}, or C{unix}.
    """
    if isinstance(address, (IPv4Address, IPv6Address)):
        return f"{hostOf(address)} {address.port}"
    return "unix"


def hostOf(address: IAddress | None) -> str:
    """
    @return: the IP address, as L{spelled} writes it, or C{unix}.
    """
    if not isinstance(address, (IPv4Address, IPv6Address)):
        return "unix"
    return spelled(address.host)


def originOf(transport: object, address: str) -> str:
    """
    Name what counts as one place, for whatever one place may do only so often.

    @param address: of the far end, from L{hostOf}.
    @return: for an IP address what L{chat.vocabulary.addresses.originOf} says; at a unix socket
        the user who has connected, C{unix:1000}; where nothing is known of them, a word that no
        other connection has.
    """
    parsed = parseAddress(address)
    if parsed is not None:
        return addresses.originOf(parsed)
    user = _userOf(transport)
    return addresses.strange(next(_strangers)) if user is None else f"unix:{user}"


def _userOf(transport: object) -> int | None:
    """
    @return: the user at the other end of a unix socket, if that can be told.
    """
    # Within another protocol the other end may be a proxy, which speaks for many users.
    connection = None if isinstance(transport, ProtocolWrapper) else socketOf(transport)
    option = getattr(socket, "SO_PEERCRED", None)
    if connection is None or option is None or connection.family != socket.AF_UNIX:
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(credentials)
    return None if user == _UNMAPPED else int(user)


class ILayered(Interface):
    """
    A transport within another protocol, such as a channel of SSH.  It takes a push producer,
    has no half-close, and cannot be bypassed: what goes to the kernel is not what was written.
    """


def isLayered(transport: object) -> bool:
    """
    @return: whether a transport is within another protocol, which TLS is as well.
    """
    return ISSLTransport.providedBy(transport) or ILayered.providedBy(transport)


def prepare(transport: ITransport, limits: Limits) -> None:
    """
    Have the kernel notice that a peer has vanished, and keep little for a peer that
    does not read: no other limit counts what the kernel holds.
    """
    connection = socketOf(transport)
    if connection is None:
        return
    if isfinite(limits.sendBuffer):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, int(limits.sendBuffer))
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    # All bytes of a turn are one write already; waiting for more would cost 40 ms.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if limits.keepalive is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (
            ("TCP_KEEPIDLE", limits.keepalive.idle),
            ("TCP_KEEPINTVL", limits.keepalive.interval),
            ("TCP_KEEPCNT", limits.keepalive.probes),
        ):
            _set(connection, name, value)
    if isfinite(limits.userTimeout):
        setUserTimeout(connection, limits.userTimeout)


def _set(connection: socket.socket, name: str, value: int) -> None:
    """Set an option of TCP that not every system has."""
    option = getattr(socket, name, None)
    if option is not None:
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _halfCloseable(wrapper: ProtocolWrapper) -> object:
    # TLS has no half-close.
    if isLayered(wrapper):
        return None
    return IHalfCloseableProtocol(wrapper.wrappedProtocol, None)


registerAdapter(_halfCloseable, ProtocolWrapper, IHalfCloseableProtocol)
