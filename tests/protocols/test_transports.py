"""Tests for L{chat.protocols.transports}."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from chat.protocols import transports
from chat.protocols.transports import hostOf, nameOf, originOf, prepare
from chat.vocabulary.addresses import isLasting
from chat.vocabulary.limits import UNLIMITED, Keepalive, Limits

PROXY = IPv4Address("TCP", "192.0.2.1", 54321)


@pytest.mark.parametrize(
    ("peer", "name", "address"),
    [
        (PROXY, "192.0.2.1 54321", "192.0.2.1"),
        (IPv6Address("TCP", "2001:db8::1", 54321), "2001:db8::1 54321", "2001:db8::1"),
        (IPv6Address("TCP", "::ffff:192.0.2.1", 54321), "192.0.2.1 54321", "192.0.2.1"),
        (IPv6Address("TCP", "0:0:0:0:0:ffff:c000:201", 1), "192.0.2.1 1", "192.0.2.1"),
        (IPv6Address("TCP", "fe80::1%eth0", 54321), "fe80::1 54321", "fe80::1"),
        (UNIXAddress(""), "unix", "unix"),
        (UNIXAddress("\x1b[31m"), "unix", "unix"),
    ],
)
def test_aPeerIsNamedByItsAddress(peer: IAddress, name: str, address: str) -> None:
    assert nameOf(peer) == name
    assert hostOf(peer) == address


@pytest.mark.parametrize(
    ("address", "origin"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64")],
)
def test_anAddressIsItsOrigin(address: str, origin: str) -> None:
    assert originOf(StringTransport(), address) == origin
    assert isLasting(origin)


def test_theUserIsTheOriginAtAUnixSocket() -> None:
    """As the kernel tells it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert originOf(Transport(ours), "unix") == f"unix:{os.getuid()}"
        assert isLasting(f"unix:{os.getuid()}")


def test_aPeerOfWhomNothingIsKnownIsAnOriginOfItsOwn(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy that does not name it, outside the namespace, or without a socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wrapper = ProtocolWrapper(WrappingFactory(Factory()), Protocol())
        wrapper.transport = Transport(ours)  # type: ignore[assignment]
        origins = {
            originOf(transport, "unix")
            for transport in (wrapper, wrapper, Transport(connection), StringTransport())
        }
        monkeypatch.setattr(transports, "_UNMAPPED", os.getuid())
        origins.add(originOf(Transport(ours), "unix"))
    assert len(origins) == 5
    assert not any(map(isLasting, origins))


class Transport:
    """
    A transport with a socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def getHandle(self) -> socket.socket:
        return self._connection


class Wrapper:
    """
    What is between the protocol and it, such as TLS.
    """

    def __init__(self, transport: object) -> None:
        self.transport = transport


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    """
    One end of a connection over TCP, as the kernel makes it.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as ours,
    ):
        yield ours


def tcp(connection: socket.socket, name: str) -> int:
    return connection.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))


def buffer(connection: socket.socket) -> int:
    """
    @return: What was asked for: Linux doubles it (socket(7)).
    """
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_theKernelIsToldOfAPeerThatVanishes(connection: socket.socket, depth: int) -> None:
    """However deep the socket is, as it is under TLS and behind a proxy."""
    transport: Any = Transport(connection)
    for _ in range(depth):
        transport = Wrapper(transport)
    prepare(transport, Limits())
    assert tcp(connection, "TCP_NODELAY")
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert tcp(connection, "TCP_KEEPIDLE") == 60
    assert tcp(connection, "TCP_KEEPINTVL") == 15
    assert tcp(connection, "TCP_KEEPCNT") == 4
    assert tcp(connection, "TCP_USER_TIMEOUT") == 60_000
    assert buffer(connection) == 64 * 1024


def test_theKernelIsToldWhatTheOperatorChose(connection: socket.socket) -> None:
    prepare(
        Transport(connection),  # type: ignore[arg-type]
        Limits(keepalive=Keepalive(1, 2, 3), userTimeout=1.5, sendBuffer=20_000),
    )
    assert tcp(connection, "TCP_KEEPIDLE") == 1
    assert tcp(connection, "TCP_KEEPINTVL") == 2
    assert tcp(connection, "TCP_KEEPCNT") == 3
    assert tcp(connection, "TCP_USER_TIMEOUT") == 1500
    assert buffer(connection) == 20_000


def test_theKernelIsLeftAlone(connection: socket.socket) -> None:
    before = buffer(connection)
    prepare(
        Transport(connection),  # type: ignore[arg-type]
        Limits(keepalive=None, userTimeout=UNLIMITED, sendBuffer=UNLIMITED),
    )
    assert not connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert tcp(connection, "TCP_USER_TIMEOUT") == 0
    assert buffer(connection) == before


def test_ofAUnixSocketOnlyTheBufferIsSet() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        prepare(Transport(ours), Limits(sendBuffer=20_000))  # type: ignore[arg-type]
        assert buffer(ours) == 20_000


def test_whereThereIsNoSocketNothingIsSet() -> None:
    prepare(StringTransport(), Limits())


def test_whatASystemDoesNotHaveIsNotSet(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TCP_USER_TIMEOUT", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"):
        monkeypatch.delattr(socket, name)
    prepare(Transport(connection), Limits())  # type: ignore[arg-type]
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
