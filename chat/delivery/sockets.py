"""
Questions to a socket, and to the transport on it.
"""

from __future__ import annotations

import socket as socket_
from contextlib import suppress
from fcntl import ioctl
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SOL_SOCKET, socket
from struct import calcsize, unpack, unpack_from
from termios import FIONREAD, TIOCOUTQ
from typing import Any

# Where C{tcpi_bytes_received}, 64 bits, is in C{struct tcp_info} of Linux.
_RECEIVED, _RECEIVED_END = 128, 136


def setUserTimeout(connection: socket, seconds: float) -> None:
    """
    Say how long what was sent may stay unacknowledged (RFC 5482), where the
    system can be told.
    """
    option = getattr(socket_, "TCP_USER_TIMEOUT", None)
    if option is not None and connection.family in (AF_INET, AF_INET6):
        with suppress(OSError):
            # The connection may be gone.
            connection.setsockopt(IPPROTO_TCP, option, int(seconds * 1000))


def receiveUrgentInOrder(connection: socket) -> None:
    """
    Have urgent data read at its place among the rest (RFC 6093, section 4.2).  By default the last
    byte of it comes by a way of its own, and is lost to those who only read on: telnet clients
    send the end of C{IAC DM} as such (RFC 854, "The TELNET Synch").
    """
    with suppress(OSError):
        # The connection may be gone.
        connection.setsockopt(SOL_SOCKET, socket_.SO_OOBINLINE, 1)


def socketOf(transport: Any) -> socket | None:
    """
    @return: the socket under a transport, if there is one; a transport that is closed has none.
    """
    while transport is not None:
        try:
            handle = transport.getHandle()
        except AttributeError:
            handle = None
        if isinstance(handle, socket):
            return handle
        # TLS, or a wrapper.
        transport = getattr(transport, "transport", None)
    return None


def leftIn(transport: Any) -> int:
    """
    @return: how much of its own data a transport of Twisted's has not sent.
    """
    return len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)


def hasUnsent(transport: object) -> bool:
    """
    @return: whether something has been written to a transport of Twisted's that it has not
        handed to the kernel.
    """
    # Bytes written since it last sent something are in a list of their own.
    return bool(leftIn(transport) or getattr(transport, "_tempDataLen", 0))


def unsentBy(connection: socket | None) -> int:
    """
    @return: how many bytes the peer's kernel has not acknowledged; of a unix
        socket, how many the peer has not read.
    """
    return 0 if connection is None else _count(connection, TIOCOUTQ)


def unreadIn(connection: socket) -> int:
    """
    @return: how many bytes have come that nobody has read yet.
    """
    return _count(connection, FIONREAD)


def receivedBy(connection: socket) -> int | None:
    """
    @return: how many bytes have come by TCP in order, and one more if FIN has; L{None} where the
        system does not tell.
    """
    try:
        if connection.getsockopt(SOL_SOCKET, socket_.SO_PROTOCOL) != IPPROTO_TCP:
            return None
        info = connection.getsockopt(IPPROTO_TCP, socket_.TCP_INFO, _RECEIVED_END)
    except (AttributeError, OSError):
        return None
    if len(info) < _RECEIVED_END:
        return None
    received: int = unpack_from("Q", info, _RECEIVED)[0]
    return received


def _count(connection: socket, request: int) -> int:
    try:
        answer = ioctl(connection, request, bytes(calcsize("i")))
    except (OSError, ValueError):
        # Closed, or not to be asked of this kind.
        return 0
    size: int = unpack("i", answer)[0]
    return size
