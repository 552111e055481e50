"""Tests for L{chat.endpoints.certificates}, mostly over real sockets."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509 import random_serial_number
from OpenSSL import SSL
from pytest_twisted import async_yield_fixture, ensureDeferred
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.interfaces import IHandshakeListener, IOpenSSLClientConnectionCreator
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from twisted.internet.testing import MemoryReactor
from twisted.internet.threads import deferToThread
from twisted.logger import capturedLogs, formatEvent
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from chat.endpoints.certificates import Certificates, Read, Shown, reasonOf
from chat.endpoints.listen import endpointFrom
from chat.vocabulary.errors import CannotRead
from tests.support.secure import Authority, PrivateKey, newKey, selfSigned

# Twisted hands its own certificates to OpenSSL in a way that is out of date.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")


class Files:
    """
    A key and its certificate, in files.

    @ivar serial: the number of the certificate that was written last.
    """

    def __init__(self, directory: Path) -> None:
        self.key, self.chain = directory / "key.pem", directory / "certificate.pem"
        self.serial = 0
        self.renew()

    def renew(self) -> None:
        """Write another key and certificate."""
        self._write(newKey())

    def weaken(self) -> None:
        """Write a key that is too small to be trusted."""
        self._write(rsa.generate_private_key(65537, 1024))

    def _write(self, key: PrivateKey) -> None:
        self.serial = random_serial_number()
        private, chain = selfSigned(key, self.serial)
        self.key.write_bytes(private)
        self.chain.write_bytes(chain)

    @property
    def arguments(self) -> str:
        """The arguments of a description that name them."""
        return f"privateKey={self.key}:certKey={self.chain}"


class Echo(Protocol):
    """Sends back what it receives."""

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(data)


@implementer(IHandshakeListener)
class SecureClient(Protocol):
    """
    The client's end of a connection.

    @ivar secured: fires with the number of the certificate that the port shows.
    """

    def __init__(self) -> None:
        self.secured: Deferred[int] = Deferred()
        self.lost: Deferred[None] = Deferred()
        self._text = b""
        self._expected: tuple[bytes, Deferred[None]] | None = None

    def handshakeCompleted(self) -> None:
        self.secured.callback(self.transport.getPeerCertificate().get_serial_number())

    def dataReceived(self, data: bytes) -> None:
        self._text += data
        assert self._expected is not None
        text, heard = self._expected
        if self._text == text:
            self._text = b""
            heard.callback(None)

    def connectionLost(self, reason: Any = None) -> None:
        if not self.secured.called:
            self.secured.errback(reason)
        self.lost.callback(None)

    def echo(self, text: bytes) -> Deferred[None]:
        """
        @return: fires when the text has come back.
        """
        self._expected = text, Deferred()
        self.transport.write(text)
        return self._expected[1]


class Ports:
    """
    Ports with certificates, and the connections to them.

    @ivar threads: the threads in which files were read.
    """

    def __init__(self) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.threads: set[int] = set()
        self.certificates = Certificates(self._inThread)
        self._ports: list[Any] = []
        self._clients: list[SecureClient] = []

    def _inThread(self, read: Read) -> Deferred[Shown]:
        def reading() -> Shown:
            self.threads.add(threading.get_ident())
            return read()

        done: Deferred[Shown] = deferToThread(reading)
        return done

    async def listen(self, description: str) -> int:
        """
        @return: the number of the port.
        """
        endpoint = endpointFrom(description, self.reactor, self.certificates, 0)
        port = await endpoint.listen(Factory.forProtocol(Echo))
        self._ports.append(port)
        number: int = port.getHost().port
        return number

    async def secure(self, files: Files) -> int:
        """
        @return: the number of a port with a certificate.
        """
        return await self.listen(f"ssl:0:interface=127.0.0.1:{files.arguments}")

    async def connect(self, port: int, options: Any = None, header: bytes = b"") -> SecureClient:
        """
        @param header: what the client sends before TLS.
        """
        client = SecureClient()
        self._clients.append(client)
        endpoint = TCP4ClientEndpoint(self.reactor, "127.0.0.1", port)
        options = options or CertificateOptions(verify=False)
        if header:
            await connectProtocol(endpoint, client)
            client.transport.write(header)
            client.transport.startTLS(options)
        else:
            await connectProtocol(wrapClientTLS(options, endpoint), client)
        return client

    async def shownTo(self, port: int, host: str, root: Authority) -> int:
        """
        @param host: That the client asks for.
        @param root: What the client trusts.
        @return: the number of the certificate, if it is trusted.
        """
        trusted = trustRootFromCertificates([Certificate.loadPEM(root.pem)])
        client = await self.connect(port, optionsForClientTLS(host, trustRoot=trusted))
        return await client.secured

    async def shown(self, port: int) -> int:
        """
        @return: the number of the certificate that a new connection is shown.
        """
        return await (await self.connect(port)).secured

    async def close(self) -> None:
        for client in self._clients:
            if not client.lost.called:
                client.transport.abortConnection()
                await client.lost
        for port in self._ports:
            await port.stopListening()


@async_yield_fixture
async def ports() -> AsyncIterator[Ports]:
    ports = Ports()
    yield ports
    await ports.close()


@contextmanager
def refused(reason: str) -> Iterator[None]:
    with pytest.raises(CannotRead) as raised:
        yield
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@ensureDeferred
async def test_newConnectionsGetTheNewCertificate(files: Files, ports: Ports) -> None:
    port = await ports.secure(files)
    before = files.serial
    assert await ports.shown(port) == before
    files.renew()
    assert await ports.shown(port) == before
    await ports.certificates.readAgain()
    assert await ports.shown(port) == files.serial != before
    files.renew()
    await ports.certificates.readAgain()
    assert await ports.shown(port) == files.serial


@ensureDeferred
async def test_openConnectionsGoOn(files: Files, ports: Ports) -> None:
    port = await ports.secure(files)
    client = await ports.connect(port)
    await client.echo(b"before")
    files.renew()
    await ports.certificates.readAgain()
    await client.echo(b"after" * 10_000)
    assert not client.lost.called


@ensureDeferred
async def test_certificatesBehindAProxyAreReadAgainToo(files: Files, ports: Ports) -> None:
    port = await ports.listen(f"haproxy:ssl:0:interface=127.0.0.1:{files.arguments}")
    files.renew()
    await ports.certificates.readAgain()
    # The header comes before TLS.
    client = await ports.connect(port, header=b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n")
    assert await client.secured == files.serial
    await client.echo(b"hello")


@ensureDeferred
async def test_filesAreReadInAThread(files: Files, ports: Ports) -> None:
    await ports.secure(files)
    await ports.certificates.readAgain()
    assert len(ports.threads) == 1
    assert threading.get_ident() not in ports.threads


def _missing(files: Files) -> str:
    files.key.unlink()
    return f"No such file or directory ({files.key})"


def _empty(files: Files) -> str:
    files.chain.write_bytes(b"")
    return f"no certificate in {files.chain}"


def _garbage(files: Files) -> str:
    files.key.write_text("garbage")
    files.chain.write_text("garbage")
    return f"no private key in {files.key}"


def _anotherKey(files: Files) -> str:
    chain = files.chain.read_bytes()
    files.renew()
    files.chain.write_bytes(chain)
    return f"the private key in {files.key} does not match the certificate in {files.chain}"


def _passPhrase(files: Files) -> str:
    files.key.write_bytes(
        newKey().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    )
    return f"the private key in {files.key} has a pass phrase"


def _weakKey(files: Files) -> str:
    files.weaken()
    return "its certificate or private key cannot be used (ee key too small)"


@pytest.mark.parametrize(
    "breakThem", [_missing, _empty, _garbage, _anotherKey, _passPhrase, _weakKey]
)
@ensureDeferred
async def test_aPortKeepsItsCertificateWhileTheFilesAreBroken(
    files: Files, ports: Ports, breakThem: Callable[[Files], str]
) -> None:
    port = await ports.secure(files)
    before = files.serial
    reason = breakThem(files)
    with refused(f"ssl:0: {reason}"):
        await ports.certificates.readAgain()
    assert await ports.shown(port) == before
    # Once they are mended, they are used.
    files.renew()
    await ports.certificates.readAgain()
    assert await ports.shown(port) == files.serial


@ensureDeferred
async def test_theFilesOfOnePortDoNotHinderAnother(tmp_path: Path, ports: Ports) -> None:
    pairs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pairs.append(Files(tmp_path / name))
    broken, renewed = pairs
    numbers = [await ports.secure(files) for files in pairs]
    before = broken.serial
    broken.key.unlink()
    renewed.renew()
    with refused(f"No such file or directory ({broken.key})"):
        await ports.certificates.readAgain()
    assert [await ports.shown(number) for number in numbers] == [before, renewed.serial]


@pytest.mark.parametrize(
    "arguments",
    [
        "privateKey=key.pem:certKey=certificate.pem",
        "key.pem:certificate.pem",
        "key.pem:certKey=./certificate.pem",
        "certKey=certificate.pem:privateKey=od\\:d/k\\\\ey=.pem",
        "certKey=certificate.pem",
    ],
)
@ensureDeferred
async def test_relativePathsStayWhatTheyWere(
    files: Files, ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    """twistd reads its options before it goes to its run directory."""

    def renew() -> None:
        files.renew()
        for copy in ("server.pem", "od:d/k\\ey=.pem"):
            (tmp_path / copy).write_bytes(files.key.read_bytes())

    (tmp_path / "od:d").mkdir()
    renew()
    monkeypatch.chdir(tmp_path)
    port = await ports.listen(f"ssl:0:{arguments}:interface=127.0.0.1")
    monkeypatch.chdir("/")
    renew()
    await ports.certificates.readAgain()
    assert await ports.shown(port) == files.serial


@ensureDeferred
async def test_eachHostHasItsOwnCertificate(tmp_path: Path, ports: Ports) -> None:
    """The whole chain comes with it, and is read again."""

    def write(file: str, host: str) -> int:
        own = Authority("host", middle, [host])
        (tmp_path / file).write_bytes(own.private() + middle.pem + own.pem)
        return own.certificate.serial_number

    root = Authority("root")
    middle = Authority("middle", root)
    first, second = write("1.pem", "chat.test"), write("2.pem", "*.chat.test")
    port = await ports.listen(f"tls:{tmp_path}:0:interface=127.0.0.1")
    assert await ports.shown(port) == first
    for host, number in (("chat.test", first), ("a.chat.test", second)):
        assert await ports.shownTo(port, host, root) == number
    # What is asked for does not make the service read, or log.
    third = write("3.pem", "new.test")
    with capturedLogs() as logged, pytest.raises(VerificationError):
        await ports.shownTo(port, "new.test", root)
    assert [each for each in logged if "OneShotFactory" not in each["log_namespace"]] == []
    await ports.certificates.readAgain()
    assert await ports.shownTo(port, "new.test", root) == third
    assert len(ports.threads) == 1


@implementer(IOpenSSLClientConnectionCreator)
class Asking:
    """
    Makes clients that ask for a host, also for one that there cannot be.
    """

    def __init__(self, host: bytes) -> None:
        self._host = host

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        connection = SSL.Connection(CertificateOptions(verify=False).getContext())
        connection.set_tlsext_host_name(self._host)
        return connection


@ensureDeferred
async def test_aHostThatCannotBeIsShownTheFirstCertificate(tmp_path: Path, ports: Ports) -> None:
    """As where none is asked for: nothing is logged, and the connection goes on."""
    for name in "chat.test", "*.chat.test":
        own = Authority(name, hosts=[name])
        (tmp_path / f"{len(name)}.pem").write_bytes(own.private() + own.pem)
    port = await ports.listen(f"tls:{tmp_path}:0:interface=127.0.0.1")
    first = await ports.shown(port)
    with capturedLogs() as logged:
        for host in (b"\xff\xfe", "bücher.test".encode(), b"a\1b", b"..", b".", b"x" * 255):
            client = await ports.connect(port, Asking(host))
            # Without an answer, this would wait for ever.
            assert await client.secured.addTimeout(5.0, ports.reactor) == first
            await client.echo(b"hello")
    assert [each for each in logged if "OneShotFactory" not in each["log_namespace"]] == []


@ensureDeferred
async def test_doubtsAreLoggedAtTheStartAndWithEachReading(tmp_path: Path, ports: Ports) -> None:
    own = Authority("host", Authority("root"), ["chat.test"])
    path = tmp_path / "own.pem"
    path.write_bytes(own.private() + own.pem)
    with capturedLogs() as logged:
        await ports.listen(f"ssl:0:privateKey={path}:interface=127.0.0.1")
        await ports.certificates.readAgain()
    lines = [formatEvent(event) for event in logged if event["log_namespace"].startswith("chat.")]
    assert (
        lines
        == [f"the certificate {path} comes without the one of its issuer; clients may not trust it"]
        * 2
    )


@ensureDeferred
async def test_portsWithoutACertificateReadNoFiles(ports: Ports) -> None:
    await ports.listen("tcp:0:interface=127.0.0.1")
    await ports.listen("haproxy:tcp:0:interface=127.0.0.1")
    await ports.certificates.readAgain()
    assert ports.threads == set()


def test_portBacklogAndInterfaceAreThoseOfTheDescription(files: Files) -> None:
    memory = MemoryReactor()
    certificates = Certificates(deferToThread)
    description = f"ssl:8443:interface=192.0.2.1:backlog=1024:{files.arguments}"
    certificates.endpoint(memory, description).listen(Factory())
    [(port, _, backlog, interface)] = memory.tcpServers
    assert (port, backlog, interface) == (8443, 1024, "192.0.2.1")
    description = f"ssl:1:{files.key}:{files.chain}:TLS_METHOD:192.0.2.1:7:backlog=1024"
    with pytest.warns(DeprecationWarning, match="Passing method"):
        certificates.endpoint(memory, description).listen(Factory())
    assert memory.tcpServers[1][2] == 7


@pytest.mark.parametrize(
    ("description", "error", "reason"),
    [
        ("nonsense", ValueError, "Unknown endpoint type: 'nonsense'"),
        ("ssl:0:privateKey=/nowhere.pem", OSError, "No such file or directory (/nowhere.pem)"),
        ("tls:/nowhere:0", OSError, "No such file or directory (/nowhere)"),
        ("ssl:0:nonsense=1", ValueError, "ssl: takes no argument nonsense"),
        ("ssl:1:2:3:4:5:6:7:8:9", ValueError, "ssl: takes no argument 9"),
        ("ssl:privateKey=1", ValueError, "ssl: needs the argument port"),
        ("tls:/etc:nonsense=1", ValueError, "tls: takes no argument nonsense"),
    ],
)
def test_theReasonWhyAnEndpointCannotBeMade(
    description: str, error: type[Exception], reason: str
) -> None:
    certificates = Certificates(deferToThread)
    with pytest.raises(error) as raised:
        certificates.endpoint(MemoryReactor(), description)
    assert reason in reasonOf(raised.value)


def test_aPortWithAWeakKeyIsNotOpened(files: Files) -> None:
    files.weaken()
    with pytest.raises(SSL.Error) as raised:
        Certificates(deferToThread).endpoint(MemoryReactor(), f"ssl:0:{files.arguments}")
    assert "(ee key too small)" in reasonOf(raised.value)


def test_aReadingMayBeCancelled(files: Files) -> None:
    reading: Deferred[Shown] = Deferred()
    certificates = Certificates(lambda read: reading)
    certificates.endpoint(MemoryReactor(), f"ssl:0:{files.arguments}")
    failures: list[Any] = []
    again = certificates.readAgain().addErrback(failures.append)
    again.cancel()
    assert str(failures[0].value) == "ssl:0: not read in time"
    assert reasonOf(CancelledError()) == "not read in time"


def test_aDirectoryWithoutACertificateIsRefused(tmp_path: Path) -> None:
    """Otherwise the first connection would find out."""
    (tmp_path / "README").touch()
    certificates = Certificates(deferToThread)
    with pytest.raises(CannotRead, match=r"^no certificate in "):
        certificates.endpoint(MemoryReactor(), f"tls:{tmp_path}:0")
