"""Tests for L{chat.endpoints.proxyprotocol}."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from ipaddress import IPv4Address as IPv4
from ipaddress import IPv6Address as IPv6
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactor
from twisted.logger import capturedLogs

from chat.endpoints import proxyprotocol
from chat.endpoints.proxyprotocol import (
    HEADER_TIMEOUT,
    NO_HEADER,
    Header,
    ProxiedEndpoint,
    ProxiedFactory,
    parseHeader,
)
from chat.endpoints.tls import TLSFactory
from chat.protocols.closing import LINGER_TIMEOUT
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Limits
from tests.support.doubles import HandPeer
from tests.support.secure import certificate
from tests.support.service import RELAXED, Service

PROXY = IPv4Address("TCP", "192.0.2.1", 54321)
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def version1(host: str) -> bytes:
    kind, to = ("TCP6", "2001:db8::9") if ":" in host else ("TCP4", "192.0.2.9")
    return f"PROXY {kind} {host} {to} 1000 8080\r\n".encode()


def version2(host: str) -> bytes:
    if ":" in host:
        kind, addresses = 0x21, IPv6(host).packed + IPv6("2001:db8::9").packed
    else:
        kind, addresses = 0x11, IPv4(host).packed + IPv4("192.0.2.9").packed
    addresses += pack("!HH", 1000, 8080)
    return SIGNATURE + pack("!BBH", 0x21, kind, len(addresses)) + addresses


# A proxy that looks whether the service is there, and one that does not say for whom it speaks.
LOCAL = SIGNATURE + pack("!BBH", 0x20, 0, 0)
UNKNOWN = b"PROXY UNKNOWN\r\n"


# The parser.


@pytest.mark.parametrize(
    ("data", "isPartial"),
    [
        (b"P", True),
        (b"PROXY TCP", True),
        (b"PROXY " + b"x" * 101, True),
        (b"PROXY " + b"x" * 102, False),
        (b"PROXY UNKNOWN\r\n", False),
        (b"PROXIES", False),
        (b"\r", True),
        (SIGNATURE + bytes(3), True),
        (SIGNATURE + bytes(4), False),
        (b"\r\nbob\r\n", False),
        (b"bob", False),
    ],
)
def test_beginningsOfAHeaderAreWaitedFor(data: bytes, isPartial: bool) -> None:
    try:
        header = parseHeader(data)
    except ValueError:
        assert not isPartial
    else:
        assert (header is None) is isPartial


PORTS = st.integers(0, 0xFFFF)


@st.composite
def _headers(draw: st.DrawFn) -> tuple[bytes, Header]:
    """
    A header of either version, and what is to be read from it.
    """
    kind = draw(st.sampled_from((4, 6)))
    addresses: Any = st.ip_addresses(v=kind)
    if kind == 6:
        addresses |= st.ip_addresses(v=4).map(lambda host: IPv6(f"::ffff:{host}"))
    hosts = draw(st.tuples(addresses, addresses))
    ports = draw(st.tuples(PORTS, PORTS))
    if draw(st.booleans()):
        data = "PROXY TCP{} {} {} {} {}\r\n".format(kind, *hosts, *ports).encode()
    else:
        extra = draw(st.binary(max_size=300))
        rest = b"".join(host.packed for host in hosts) + pack("!HH", *ports) + extra
        family = (0x10 if kind == 4 else 0x20) + draw(st.sampled_from((1, 2)))
        data = SIGNATURE + pack("!BBH", 0x21, family, len(rest)) + rest
    source, destination = map(_named, hosts, ports)
    return data, Header(len(data), source, destination)


def _named(host: IPv4 | IPv6, port: int) -> IAddress:
    plain = getattr(host, "ipv4_mapped", None) or host
    return (IPv4Address if plain.version == 4 else IPv6Address)("TCP", str(plain), port)


@given(_headers(), st.binary(max_size=20))
def test_aHeaderSaysFromWhereAndToWhere(header: tuple[bytes, Header], behind: bytes) -> None:
    """Whatever comes behind it, which does not belong to it."""
    data, expected = header
    assert parseHeader(data + behind) == expected


@given(_headers())
def test_aHeaderIsReadWhenItIsComplete(header: tuple[bytes, Header]) -> None:
    data, _ = header
    assert {parseHeader(data[:length]) for length in range(1, len(data))} == {None}


@given(
    st.sampled_from((b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21")), st.binary()
)
def test_anyBytesAreAHeaderOrAValueError(beginning: bytes, data: bytes) -> None:
    with suppress(ValueError):
        header = parseHeader(beginning + data)
        assert header is None or 0 < header.length <= len(beginning + data)


def test_theTwoAddressesMayBeOfDifferentFamilies() -> None:
    """As those of a proxy behind a proxy are."""
    data = b"PROXY TCP6 2001:db8::7 192.0.2.9 1 2\r\n"
    assert parseHeader(data) == Header(
        len(data), IPv6Address("TCP", "2001:db8::7", 1), IPv4Address("TCP", "192.0.2.9", 2)
    )


@pytest.mark.parametrize(
    ("host", "plain"),
    [
        # As haproxy sends it where it listens to both families with one socket (v4v6).
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("0:0:0:0:0:FFFF:C633:6407", "198.51.100.7"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        # Of another machine, if it is one at all.
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%\x1b[31m", "fe80::1"),
    ],
)
def test_anAddressOfVersion1IsReadAndNotCopied(host: str, plain: str) -> None:
    header = parseHeader(f"PROXY TCP6 {host} {host} 1 2\r\n".encode())
    assert header is not None
    addresses: Any = header.source, header.destination
    assert [address.host for address in addresses] == [plain, plain]


def test_unixSocketsHaveAPath() -> None:
    rest = b"/run/a".ljust(108, b"\0") + b"/run/b".ljust(108, b"\0")
    data = SIGNATURE + pack("!BBH", 0x21, 0x31, len(rest)) + rest
    assert parseHeader(data) == Header(len(data), UNIXAddress(b"/run/a"), UNIXAddress(b"/run/b"))


@pytest.mark.parametrize(
    "data",
    [
        LOCAL,
        SIGNATURE + pack("!BBH", 0x20, 0x11, 3) + b"any",
        # The family, or what carries it, is not said.
        SIGNATURE + pack("!BBH", 0x21, 0x01, 0),
        SIGNATURE + pack("!BBH", 0x21, 0x10, 12) + bytes(12),
        UNKNOWN,
        b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n",
    ],
    ids=repr,
)
def test_aHeaderMaySayNothing(data: bytes) -> None:
    assert parseHeader(data) == Header(len(data))


class ProxyStage:
    """
    A service behind a proxy.
    """

    def __init__(self, limits: Limits = RELAXED) -> None:
        self.service = Service(limits=limits)
        self.reactor = self.service.reactor
        self.factory = ProxiedFactory(self.service.factory, self.reactor)

    def comes(self, *pieces: bytes) -> HandPeer:
        """
        @param pieces: what the proxy sends, each in a turn of its own.
        """
        peer = self.reactor.connect(self.factory.buildProtocol(PROXY), PROXY)
        for piece in pieces:
            peer.send(piece)
            self.reactor.turn()
        return peer

    def heard(self, peer: HandPeer) -> list[str]:
        return self.service.heard(peer)

    def addressOf(self, nick: str) -> str:
        """
        @return: the address of a user, as the service knows it.
        """
        [session] = self.service.hub.nicknames.named(nick).sessions
        return session.address

    @property
    def connections(self) -> int:
        return self.service.connections.admission.connections

    def assertOver(self) -> None:
        """
        No connection and no timer is left.
        """
        for _ in range(4):
            self.reactor.turn()
        assert self.connections == 0
        assert self.service.connections.endAll(Ending.SHUTDOWN, 1).called
        assert not self.reactor.isReading
        assert self.reactor.getDelayedCalls() == []


# The connections.


@pytest.fixture
def stage() -> Iterator[ProxyStage]:
    stage = ProxyStage()
    with closing(stage.service):
        yield stage


@pytest.mark.parametrize("header", [version1, version2])
@pytest.mark.parametrize("host", ["198.51.100.7", "2001:db8::7"])
def test_theAddressIsTheOneThatTheProxySays(stage: ProxyStage, header: Any, host: str) -> None:
    bob = stage.comes(header(host), b"bob\r\n")
    assert "You are bob" in stage.heard(bob)[-1]
    assert stage.addressOf("bob") == host


@pytest.mark.parametrize("header", [version1, version2])
def test_aLineMayComeWithTheHeader(stage: ProxyStage, header: Any) -> None:
    """And the lines are done in the order in which they came."""
    bob = stage.comes(header("198.51.100.7") + b"bob\r\n/ping 1\r\n/pi", b"ng 2\r\n")
    assert stage.heard(bob)[-2:] == ["--- PONG 1", "--- PONG 2"]
    assert stage.addressOf("bob") == "198.51.100.7"


@pytest.mark.parametrize("header", [version1, version2])
def test_theHeaderMayComeInPieces(stage: ProxyStage, header: Any) -> None:
    data = header("198.51.100.7") + b"bob\r\n"
    bob = stage.comes(*(bytes([byte]) for byte in data))
    assert "You are bob" in stage.heard(bob)[-1]
    assert stage.addressOf("bob") == "198.51.100.7"


def test_aZoneReachesNeitherOperatorsNorTheLog(stage: ProxyStage) -> None:
    """It may be any text, such as one that colours their terminal."""
    with capturedLogs() as logged:
        bob = stage.comes(b"PROXY TCP6 fe80::1%\x1b[31m fe80::2 4711 80\r\n", b"bob\r\n")
        assert "You are bob" in stage.heard(bob)[-1]
        assert stage.addressOf("bob") == "fe80::1"
        bob.close()
        stage.assertOver()
    [peer] = [event["peer"] for event in logged if "peer" in event]
    assert peer == "fe80::1 4711"


@pytest.mark.parametrize("header", [version1, version2])
def test_aMappedAddressIsThatOfIPv4(stage: ProxyStage, header: Any) -> None:
    """And the limits know it by that."""
    bob = stage.comes(header("::ffff:198.51.100.7"), b"bob\r\n")
    assert "You are bob" in stage.heard(bob)[-1]
    assert stage.addressOf("bob") == "198.51.100.7"
    [connection] = stage.service.connections
    assert (connection.peer, connection.origin) == ("198.51.100.7 1000", "198.51.100.7")


@pytest.mark.parametrize("header", [LOCAL, UNKNOWN])
def test_withoutAnAddressItIsThatOfTheProxy(stage: ProxyStage, header: bytes) -> None:
    bob = stage.comes(header, b"bob\r\n")
    assert "You are bob" in stage.heard(bob)[-1]
    assert stage.addressOf("bob") == "192.0.2.1"


@pytest.mark.parametrize(
    "header",
    [
        b"bob\r\n",
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01" + bytes(99),
        b"\r\nbob\r\n",
        b"PROXY\r\n",
        b"PROXY TCP5 198.51.100.7 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.2 one 2\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.2 1 65536\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.2 1 065535\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.2 00 2\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.2 +1 2\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.2 1_0 2\r\n",
        "PROXY TCP4 198.51.100.7 192.0.2.2 \u0661 2\r\n".encode(),
        b"PROXY TCP4 198.51.100.7 192.0.2.2 1 2 3\r\n",
        b"PROXY TCP4  198.51.100.7 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 198.51.100.07 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 198.51.100.7%1 192.0.2.2 1 2\r\n",
        b"PROXY TCP6 fe80::1%\xc3\xa9 2001:db8::9 1 2\r\n",
        b"PROXY TCP6 [2001:db8::7] 2001:db8::9 1 2\r\n",
        b"PROXY TCP4 \xe9 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 unix 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 198.51.100.7\r\n",
        b"PROXY " + b"x" * 102,
        SIGNATURE + bytes(16),
        SIGNATURE + pack("!BBH", 0x21, 0x11, 2) + bytes(2),
        SIGNATURE + pack("!BBH", 0x2F, 0x11, 12) + bytes(12),
        SIGNATURE + pack("!BBH", 0x21, 0x41, 12) + bytes(12),
        SIGNATURE + pack("!BBH", 0x21, 0x13, 12) + bytes(12),
        SIGNATURE + pack("!BBH", 0x21, 0x31, 215) + bytes(215),
    ],
    ids=repr,
)
def test_connectionsWithoutAHeaderAreClosedAndNotGreeted(stage: ProxyStage, header: bytes) -> None:
    other = stage.comes(header)
    stage.reactor.turn()
    assert stage.heard(other) == []
    assert other.isEnded
    assert stage.service.server.counters.refusals == {NO_HEADER: 1}
    stage.assertOver()


def test_theHeaderComesBeforeTLS(stage: ProxyStage) -> None:
    secured = TLSFactory(certificate(), False, stage.service.factory, stage.reactor)
    stage.factory = ProxiedFactory(secured, stage.reactor)
    waiting = stage.comes(b"PROXY TCP4")
    other = stage.comes(b"\x16\x03\x01" + bytes(99))
    stage.reactor.turn()
    assert stage.heard(other) == []
    assert other.isEnded
    assert stage.service.server.counters.refusals == {NO_HEADER: 1}
    # The stop waits for no header.
    assert stage.service.connections.endAll(Ending.SHUTDOWN, 1).called
    stage.reactor.turn()
    assert not waiting.transport.connected


def test_aConnectionWithoutItsHeaderDoesNotCount(stage: ProxyStage) -> None:
    bob = stage.comes(b"PROXY TCP4 198.51.")
    assert stage.heard(bob) == []
    assert stage.connections == 0
    assert stage.service.server.counters.connections == 0


@pytest.mark.parametrize("beginning", [(), (b"PROXY TCP4",), (SIGNATURE,)])
def test_aHeaderMustComeInTime(stage: ProxyStage, beginning: tuple[bytes, ...]) -> None:
    other = stage.comes(*beginning)
    stage.reactor.turn(HEADER_TIMEOUT - 0.1)
    assert other.transport.connected
    stage.reactor.turn(0.1)
    stage.reactor.turn()
    assert not other.transport.connected
    assert stage.service.server.counters.refusals == {NO_HEADER: 1}
    stage.assertOver()


def test_connectionsWithoutTheirHeaderAreLimited(
    stage: ProxyStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxyprotocol, "MAX_UNKNOWN", 3)
    waiting = [stage.comes() for _ in range(3)]
    assert stage.factory.buildProtocol(PROXY) is None
    # One has its header, one closes, and one takes too long.
    waiting[0].send(version1("198.51.100.7"))
    waiting[1].close()
    stage.reactor.turn()
    assert stage.factory.unknown == 1
    stage.reactor.turn(HEADER_TIMEOUT)
    stage.reactor.turn()
    assert stage.factory.unknown == 0


def test_theTimeoutIsOverOnceTheHeaderIsThere(stage: ProxyStage) -> None:
    bob = stage.comes(version1("198.51.100.7"), b"bob\r\n")
    stage.reactor.turn(10 * HEADER_TIMEOUT)
    assert stage.heard(bob)
    assert bob.transport.connected


def test_theProxyMayCloseBeforeItsHeaderIsComplete(stage: ProxyStage) -> None:
    stage.comes(b"PROXY").close()
    stage.assertOver()


def test_linesBeforeAFINAreDone(stage: ProxyStage) -> None:
    """As without a proxy."""
    bob = stage.comes(version1("198.51.100.7") + b"bob\r\n/ping 1\r\n")
    bob.finish()
    assert stage.heard(bob)[-2:] == ["--- PONG 1", "--- Goodbye: end of input."]
    stage.assertOver()


def test_limitsHoldForTheAddressBehindTheProxy() -> None:
    stage = ProxyStage(Limits(maxPerAddress=2, sendBuffer=4096))
    with closing(stage.service):
        for number in range(2):
            stage.comes(version1("198.51.100.7"), b"bob%d\r\n" % number)
        third = stage.comes(version1("198.51.100.7") + b"carol\r\n")
        assert stage.heard(third)[0].endswith("(too-many-connections)")
        assert third.isEnded
        other = stage.comes(version2("198.51.100.8"), b"dave\r\n")
        assert "You are dave" in stage.heard(other)[-1]
        assert stage.service.server.counters.refusals == {"too-many-connections": 1}


def test_limitsPerAddressDoNotHoldForTheProxy() -> None:
    """As many connections as it likes come through it, as often as it likes."""
    stage = ProxyStage(Limits())
    with closing(stage.service):
        for number in range(100):
            stage.comes(version1(f"198.51.100.{number}"))
        assert stage.connections == 100


def test_aRefusedConnectionLingers() -> None:
    stage = ProxyStage(Limits(maxConnections=0))
    with closing(stage.service):
        bob = stage.comes(version1("198.51.100.7"))
        bob.send(b"bob\r\n" * 100)
        assert stage.heard(bob)[0].endswith("(service-full)")
        assert bob.isEnded
        assert bob.transport.connected
        bob.finish()
        stage.reactor.turn()
        stage.reactor.turn(60)
        stage.reactor.turn(60)
        stage.assertOver()


def test_theLogHasTheAddressBehindTheProxy(stage: ProxyStage) -> None:
    with capturedLogs() as logged:
        bob = stage.comes(version1("198.51.100.7"), b"bob\r\n/quit\r\n")
        stage.heard(bob)
        stage.reactor.turn(LINGER_TIMEOUT)
        stage.reactor.turn()
    [peer] = [event["peer"] for event in logged if "peer" in event]
    assert peer == "198.51.100.7 1000"


def test_theFactoryMayRefuseAConnection() -> None:
    class Refusing:
        def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
            return None

        def doStart(self) -> None:
            pass

        doStop = doStart

    with closing(Service()) as service:
        factory: Any = Refusing()
        wrapper = ProxiedFactory(factory, service.reactor).buildProtocol(PROXY)
        peer = service.reactor.connect(wrapper, PROXY)
        peer.send(version1("198.51.100.7"))
        service.reactor.turn()
        assert service.heard(peer) == []
        assert peer.isEnded
        assert service.reactor.getDelayedCalls() == []


def test_theEndpointListensWithAProxiedFactory(stage: ProxyStage) -> None:
    memory = MemoryReactor()
    ProxiedEndpoint(TCP4ServerEndpoint(memory, 8080), stage.reactor).listen(stage.service.factory)
    factory = memory.tcpServers[0][1]
    assert isinstance(factory, ProxiedFactory)
    assert factory.wrappedFactory is stage.service.factory
    assert factory.clock is stage.reactor
