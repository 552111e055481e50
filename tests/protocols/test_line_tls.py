"""Tests for L{chat.protocols.line} through the TLS of Twisted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.internet.ssl import CertificateOptions, PrivateCertificate
from twisted.protocols.tls import TLSMemoryBIOFactory

from chat.events import Ending
from chat.limits import Limits
from chat.protocols.closing import FLUSH_TIMEOUT
from chat.protocols.refusing import GRACE
from tests.doubles import HandPeer
from tests.service import Service

MAX_WAITING = int(Limits.maxWaiting)
LINES_PER_TURN = int(Limits.turnLines)

# Twisted hands its own certificates to OpenSSL in a way that is out of date.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")


@pytest.fixture(scope="module")
def certificate() -> CertificateOptions:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "chat.test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    pem = signed.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    options: CertificateOptions = PrivateCertificate.loadPEM(pem).options()
    return options


class SecurePeer:
    """
    A peer who speaks TLS.

    @ivar isClosed: Whether C{close_notify} has come.
    """

    def __init__(self, service: Service, certificate: CertificateOptions) -> None:
        self._service = service
        factory = TLSMemoryBIOFactory(certificate, False, service.factory, service.reactor)
        self.peer: HandPeer = service.reactor.connect(factory.buildProtocol(None))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)
        self._text = b""
        self.isClosed = False

    def shake(self) -> SecurePeer:
        while True:
            with suppress(ssl.SSLWantReadError):
                self._tls.do_handshake()
                self._flush()
                return self
            self._flush()
            self._receive()

    def say(self, *lines: str) -> None:
        self._tls.write("".join(line + "\r\n" for line in lines).encode())
        self._flush()

    def heard(self) -> list[str]:
        """
        @return: What has come since the last time, when nothing more is going on.
        """
        quiet = 0
        while quiet < 4:
            quiet = 0 if self._receive() else quiet + 1
        lines, end, self._text = self._text.rpartition(b"\r\n")
        assert not (self._text and self.isClosed), "it ended within a line"
        return lines.decode().split("\r\n") if end else []

    def notify(self) -> None:
        """
        Send C{close_notify}.
        """
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        self._flush()

    def _receive(self) -> bool:
        self._service.reactor.turn()
        data = self.peer.read()
        self._in.write(data)
        with suppress(ssl.SSLWantReadError):
            while text := self._tls.read(1 << 16):
                self._text += text
            self.isClosed = True
        return bool(data)

    def _flush(self) -> None:
        if data := self._out.read():
            self.peer.send(data)


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        yield service


@pytest.fixture
def bob(service: Service, certificate: CertificateOptions) -> SecurePeer:
    bob = SecurePeer(service, certificate).shake()
    bob.say("bob")
    assert len(bob.heard()) == 3
    return bob


def assertOver(service: Service) -> None:
    for _ in range(4):
        service.reactor.turn()
    assert len(service.hub.nicknames) == 0
    assert service.factory.endAll(Ending.SHUTDOWN, 1).called
    assert not service.reactor.isReading
    assert service.reactor.getDelayedCalls() == []


def test_aConversation(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    bob.say("hello", "/me waves")
    assert service.heard(alice) == ["bob: hello", " * bob waves"]
    service.say(alice, "hello, bob")
    assert bob.heard() == ["--> alice joined #lobby (2 here)", "alice: hello, bob"]


def test_quittingEndsTLSInOrder(service: Service, bob: SecurePeer) -> None:
    bob.say("/quit")
    assert bob.heard() == ["--- Goodbye."]
    assert bob.isClosed
    bob.notify()
    assertOver(service)


def test_whoNeverAnswersTheEndIsAborted(service: Service, bob: SecurePeer) -> None:
    bob.say("/quit")
    bob.heard()
    service.reactor.turn(FLUSH_TIMEOUT)
    assertOver(service)


def test_whoEndsHisSideLeaves(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    bob.say("bye")
    bob.notify()
    assert service.heard(alice) == ["bob: bye", "<-- bob left #lobby: input closed (1 here)"]


@pytest.mark.parametrize("last", ["last words", "/quit last words"])
def test_everythingIsDoneThoughTheEndComesAtOnce(
    service: Service, bob: SecurePeer, last: str
) -> None:
    alice = service.connect("alice")
    bob.say(*["/ping"] * LINES_PER_TURN, last)
    bob.notify()
    assert "last words" in service.heard(alice)[0]
    service.say(alice, "/quit")
    alice.finish()
    service.heard(alice)
    assertOver(service)


def test_manyAnswersAllArrive(service: Service, bob: SecurePeer) -> None:
    bob.say(*["/help"] * 300, "/ping", "/quit")
    for _ in range(50):
        service.reactor.turn()
    assert bob.heard()[-2:] == ["--- PONG", "--- Goodbye."]
    assert bob.isClosed


def test_whoReadsTooSlowlyIsToldAndClosed(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    for _ in range(MAX_WAITING * 2 // 20_000):
        service.say(alice, *["x" * 1000] * 20)
        service.reactor.turn()
    assert "<-- bob left #lobby: too slow (1 here)" in service.heard(alice)
    assert bob.heard()[-1] == "!!! you read too slowly, and lines for you were lost (too-slow)"
    assert bob.isClosed


def test_theServiceStopsDuringAHandshake(service: Service, certificate: CertificateOptions) -> None:
    SecurePeer(service, certificate)
    ended = service.factory.endAll(Ending.SHUTDOWN, 5)
    service.reactor.turn(5)
    service.reactor.turn()
    assert ended.called
    assertOver(service)


def test_whoNeverShakesHandsIsClosed(service: Service, certificate: CertificateOptions) -> None:
    SecurePeer(service, certificate)
    service.reactor.turn(60)
    service.reactor.turn(FLUSH_TIMEOUT)
    assertOver(service)


# The limits.


def tlsPeer(service: Service, certificate: CertificateOptions, nick: str) -> SecurePeer:
    """
    @return: Somebody with a nickname, who may say as much as one may at once.
    """
    peer = SecurePeer(service, certificate).shake()
    peer.say(nick)
    peer.heard()
    service.reactor.turn(60)
    peer.heard()
    return peer


def test_whatHeHasSaidIsDoneAtThePaceThoughHeHasGone(certificate: CertificateOptions) -> None:
    """C{close_notify} ends the connection before it is the turn of every line."""
    with closing(Service(limits=Limits())) as service:
        alice = service.connect("alice")
        bob = tlsPeer(service, certificate, "bob")
        service.heard(alice)
        bob.say(*[f"line {number}" for number in range(13)])
        bob.notify()
        assert service.heard(alice) == [f"bob: line {number}" for number in range(10)]
        for number in range(10, 13):
            assert service.heard(alice) == []
            service.reactor.turn(0.5)
            assert service.heard(alice)[0] == f"bob: line {number}"
        assert len(service.hub.nicknames) == 1
        assert service.shared.counters.endings == {"input-closed": 1}


def test_whoMayNotComeInIsTold(certificate: CertificateOptions) -> None:
    with closing(Service(limits=Limits(maxConnections=0))) as service:
        bob = SecurePeer(service, certificate).shake()
        bob.say("bob")
        assert bob.heard() == ["!!! (service-full)"]
        assert bob.isClosed
        bob.notify()
        service.reactor.turn()
        service.reactor.turn()
        assert not bob.peer.transport.connected
        assert service.factory.admission.connections == 0


def test_whoMayNotComeInIsNotWaitedFor(certificate: CertificateOptions) -> None:
    """Though he never shakes hands."""
    with closing(Service(limits=Limits(maxConnections=0))) as service:
        bob = SecurePeer(service, certificate)
        service.reactor.turn(GRACE)
        service.reactor.turn()
        assert not bob.peer.transport.connected


def test_whoTakesNothingIsGivenUp(
    service: Service, certificate: CertificateOptions, bob: SecurePeer
) -> None:
    alice = service.connect("alice")
    for _ in range(20):
        service.say(alice, *["x" * 1000] * 10)
        service.reactor.turn()
    assert sum(service.factory.waiting())
    for _ in range(int(Limits.stallTimeout) + 2):
        service.reactor.turn(1)
    assert service.shared.counters.tooSlow == {"stall": 1}
    assert not bob.peer.transport.connected
    assert service.factory.readers.waiting == 0
    assert len(service.hub.nicknames) == 1


def test_whoIsSlowButAliveIsKept(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    for _ in range(20):
        service.say(alice, *["x" * 1000] * 10)
        service.reactor.turn()
    for _ in range(10):
        for _ in range(int(Limits.stallTimeout) - 1):
            service.reactor.turn(1)
        assert bob.peer.read(8192)
    assert service.shared.counters.tooSlow == {}
    assert bob.peer.transport.connected
