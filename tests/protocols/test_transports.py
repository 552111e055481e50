"""Tests for L{chat.protocols.transports}: from where somebody comes."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.testing import StringTransport
from twisted.protocols.haproxy import proxyEndpoint

from chat.protocols.transports import peerAddress, peerName
from tests.hubs import now
from tests.service import Service

PROXY = IPv4Address("TCP", "192.0.2.1", 54321)


@pytest.mark.parametrize(
    ("peer", "name", "address"),
    [
        (PROXY, "192.0.2.1 54321", "192.0.2.1"),
        (IPv6Address("TCP", "2001:db8::1", 54321), "2001:db8::1 54321", "2001:db8::1"),
        (UNIXAddress(""), "unix", "unix"),
    ],
)
def test_aPeerIsWhereHeComesFrom(peer: IAddress, name: str, address: str) -> None:
    transport = StringTransport(peerAddress=peer)
    assert peerName(transport) == name
    assert peerAddress(transport) == address


class Endpoint:
    """Tells what would listen."""

    def listen(self, factory: Any) -> Deferred[Any]:
        return succeed(factory)


def test_whoComesThroughAProxyIsWhereItSays() -> None:
    """From its first bytes on."""
    with closing(Service()) as service:
        factory = now(proxyEndpoint(Endpoint()).listen(service.factory))
        wrapper = factory.buildProtocol(PROXY)
        wrapper.makeConnection(StringTransport(peerAddress=PROXY))
        door = wrapper.wrappedProtocol
        assert door.address == "192.0.2.1"
        wrapper.dataReceived(b"PROXY TCP4 198.51.100.7 192.0.2.2 1000 8080\r\nbob\r\n")
        assert door.address == "198.51.100.7"
        for _ in range(3):
            service.reactor.turn()
        [seat] = service.hub.nicknames.named("bob").seats
        assert seat.address() == "198.51.100.7"
