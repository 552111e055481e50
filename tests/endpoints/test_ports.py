"""Tests for L{chat.endpoints.ports}."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import endpoints, tcp
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import capturedLogs
from twisted.python.systemd import ListenFDs

from chat.endpoints.certificates import Certificates
from chat.endpoints.listen import closePort, endpointFrom, openPort, placeOf
from chat.vocabulary.errors import CannotStart
from tests.support.doubles import HandReactor


class Greeter(Protocol):
    def connectionMade(self) -> None:
        self.transport.write(b"hello")
        self.transport.loseConnection()


class Reactor(HandReactor):
    """
    A reactor by hand with ports that Twisted makes.
    """

    def listenTCP(self, number: int, factory: Any, backlog: int, interface: str) -> Any:
        port = tcp.Port(number, factory, backlog, interface, self)
        port.startListening()
        return port

    def adoptStreamPort(self, number: int, family: int, factory: IProtocolFactory) -> Any:
        port = tcp.Port._fromListeningDescriptor(self, number, family, factory)
        port.startListening()
        return port


class Ports:
    """
    Opens ports as the service does.
    """

    def __init__(self) -> None:
        self.reactor = Reactor()
        self._opened: list[Any] = []

    def open(self, description: str) -> Any:
        factory: Any = Factory.forProtocol(Greeter)
        factory.noisy = False
        certificates = Certificates(lambda read, source: Deferred())
        endpoint = endpointFrom(description, self.reactor, certificates, 1024)
        self._opened.append(openPort(description, endpoint, factory))
        return self._opened[-1]

    def close(self, port: Any) -> None:
        self._opened.remove(port)
        closed = closePort(port)
        self.reactor.turn()
        assert closed.called

    def closeAll(self) -> None:
        for port in tuple(self._opened):
            self.close(port)
        self.reactor.close()

    def greets(self, place: Any, header: bytes = b"") -> bool:
        """
        @return: Whether whoever connects there is greeted.
        """
        with _connection(place) as peer:
            peer.sendall(header)
            for _ in range(5):
                self.reactor.turn()
            peer.setblocking(False)
            try:
                return peer.recv(100) == b"hello"
            except BlockingIOError:
                return False


def _state(path: Path) -> tuple[int, ...]:
    """All of a file but when it was last used, which every connection to a socket changes."""
    state = path.lstat()
    return state.st_dev, state.st_ino, state.st_mode, state.st_uid, state.st_gid, state.st_ctime_ns


def _connection(place: Any) -> socket.socket:
    if isinstance(place, tuple):
        return socket.create_connection(place, 10.0)
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(10.0)
    try:
        peer.connect(place)
    except OSError:
        peer.close()
        raise
    return peer


@pytest.fixture
def ports() -> Iterator[Ports]:
    ports = Ports()
    yield ports
    ports.closeAll()


class Lender:
    """
    A service manager, with the sockets that it hands over again and again.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._owned = ExitStack()

    def socket(self, place: Any, backlog: int = 1024) -> socket.socket:
        family = socket.AF_UNIX
        if isinstance(place, tuple):
            family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        owned = self._owned.enter_context(socket.socket(family))
        owned.bind(place)
        owned.listen(backlog)
        return owned

    def lend(self, *owned: socket.socket) -> None:
        """
        Hand sockets over to a process, by the names C{chat0}, C{chat1} and so on.
        """
        numbers = [os.dup(each.fileno()) for each in owned]
        names = [f"chat{index}" for index in range(len(numbers))]
        parser = endpoints._SystemdParser
        self._monkeypatch.setattr(parser, "_sddaemon", ListenFDs(numbers, names))

    def close(self) -> None:
        self._owned.close()


@pytest.fixture
def lender(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lender]:
    with closing(Lender(monkeypatch)) as lender:
        yield lender


# All addresses.


@pytest.fixture
def ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"there is no IPv6 here: {error}")


class _IPv6Alone(socket.socket):
    """A socket where C{net.ipv6.bindv6only} is set."""

    def __init__(self, family: int = -1, *arguments: Any, **more: Any) -> None:
        super().__init__(family, *arguments, **more)
        if family == socket.AF_INET6:
            self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


@pytest.mark.usefixtures("ipv6")
@pytest.mark.parametrize("description", ["0", "tcp:0", "haproxy:0"])
@pytest.mark.parametrize("system", [socket.socket, _IPv6Alone], ids=["both", "IPv6 alone"])
def test_aPortWithoutAnInterfaceIsOneOfIPv6AndIPv4(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, description: str, system: type[socket.socket]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(socket, "socket", system)
        port = ports.open(description)
    header = b"PROXY UNKNOWN\r\n" if description.startswith("haproxy") else b""
    for host in "127.0.0.1", "::1":
        assert ports.greets((host, port.getHost().port), header)
    assert placeOf(port) == f"port {port.getHost().port} (IPv6 and IPv4)"


class _NoIPv6(socket.socket):
    """A socket where the kernel has no IPv6, or a process may not use it."""

    def __init__(self, family: int = -1, *arguments: Any, **more: Any) -> None:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        super().__init__(family, *arguments, **more)


class _NoAddressOfIPv6(socket.socket):
    """A socket where the kernel has IPv6, but no address of it."""

    def bind(self, address: Any) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        super().bind(address)


@pytest.mark.parametrize("system", [_NoIPv6, _NoAddressOfIPv6])
def test_whereThereIsNoIPv6APortIsOneOfIPv4(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, system: type[socket.socket]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(socket, "socket", system)
        port = ports.open("0")
    number = port.getHost().port
    assert ports.greets(("127.0.0.1", number))
    assert placeOf(port) == f"port {number} (IPv4)"


@pytest.mark.usefixtures("ipv6")
@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "::1", "::"])
def test_aPortThatAnotherHasIsInUse(ports: Ports, host: str) -> None:
    """Also where the other one is of one family only."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if other.family == socket.AF_INET6:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind((host, 0))
        other.listen()
        number = other.getsockname()[1]
        with pytest.raises(CannotStart) as raised:
            ports.open(str(number))
    assert str(raised.value) == f"cannot listen on {number}: Address already in use"


@pytest.mark.usefixtures("ipv6")
def test_theLogTellsOfAPortOfIPv6Alone(ports: Ports, lender: Lender) -> None:
    """As a service manager may lend it."""
    owned = lender.socket(("::1", 0))
    assert owned.family == socket.AF_INET6
    with socket.socket(socket.AF_INET6) as alone:
        alone.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        alone.bind(("::", 0))
        alone.listen()
        lender.lend(owned, alone)
        ours, all = (ports.open(f"systemd:domain=INET6:name=chat{number}") for number in (0, 1))
        assert placeOf(ours) == f"[::1]:{owned.getsockname()[1]}"
        assert placeOf(all) == f"port {alone.getsockname()[1]} (IPv6)"


# Sockets that were lent.


@pytest.mark.parametrize(
    ("prefix", "header"), [("", b""), ("haproxy:", b"PROXY UNKNOWN\r\n")], ids=["plain", "haproxy"]
)
def test_aUnixSocketThatWasLentStaysAsItIs(
    ports: Ports,
    lender: Lender,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prefix: str,
    header: bytes,
) -> None:
    """Also where the service is not its owner: it does not even try."""
    path = str(tmp_path / "chat.sock")
    owned = lender.socket(path)
    os.chmod(path, 0o620)
    before = _state(Path(path))
    for name in "chmod", "chown", "unlink", "remove", "rename":
        monkeypatch.setattr(os, name, lambda *_: pytest.fail("that is for its owner"))
    for _ in range(3):
        lender.lend(owned)
        port = ports.open(f"{prefix}systemd:domain=UNIX:name=chat0")
        assert ports.greets(path, header)
        ports.close(port)
        assert _state(Path(path)) == before
    # Who connects while nobody serves waits for the next service.
    with _connection(path) as early:
        early.sendall(header)
        lender.lend(owned)
        ports.open(f"{prefix}systemd:domain=UNIX:name=chat0")
        for _ in range(5):
            ports.reactor.turn()
        assert early.recv(100) == b"hello"


def test_aUnixSocketWithoutAFileMayBeLent(ports: Ports, lender: Lender) -> None:
    name = f"\0tcpchat-test-{os.getpid()}"
    owned = lender.socket(name)
    for _ in range(2):
        lender.lend(owned)
        port = ports.open("systemd:domain=UNIX:name=chat0")
        assert ports.greets(name)
        ports.close(port)


def test_aTCPSocketThatWasLentGoesOn(ports: Ports, lender: Lender) -> None:
    owned = lender.socket(("127.0.0.1", 0))
    for _ in range(2):
        lender.lend(owned)
        port = ports.open("systemd:domain=INET:name=chat0")
        assert ports.greets(owned.getsockname())
        ports.close(port)
    assert owned.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


def test_theBacklogIsThatOfTheLender(ports: Ports, lender: Lender, tmp_path: Path) -> None:
    path = str(tmp_path / "chat.sock")
    lender.lend(lender.socket(path, 2))
    ports.open("systemd:domain=UNIX:name=chat0")
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(_connection(path))
        over = stack.enter_context(socket.socket(socket.AF_UNIX))
        over.setblocking(False)
        with pytest.raises(BlockingIOError):
            over.connect(path)


def test_theFamilyIsThatOfTheSocket(ports: Ports, lender: Lender, tmp_path: Path) -> None:
    path = str(tmp_path / "chat.sock")
    first, second = lender.socket(path), lender.socket(("127.0.0.1", 0))
    lender.lend(first, second)
    ports.open("systemd:domain=INET6:name=chat0")
    ports.open("systemd:domain=UNIX:name=chat1")
    assert ports.greets(path)
    assert ports.greets(second.getsockname())


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_aSocketThatDoesNotListenIsRefused(
    ports: Ports, lender: Lender, kind: socket.SocketKind
) -> None:
    """As those are that are lent for datagrams, or for one connection each."""
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    with one, other:
        lender.lend(one)
        with pytest.raises(CannotStart) as raised:
            ports.open("systemd:domain=UNIX:name=chat0")
    assert str(raised.value) == (
        "cannot listen on systemd:domain=UNIX:name=chat0: the socket is not listening"
    )


# Sockets of our own.


def test_aUnixSocketGoesWithItsPort(ports: Ports, tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    port = ports.open(f"unix:{path}:mode=620")
    assert path.stat().st_mode & 0o777 == 0o620
    assert ports.greets(str(path))
    ports.close(port)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lock", [None, os.getpid(), 1], ids=["none", "of this process", "of init"])
def test_whatACrashHasLeftIsReplaced(ports: Ports, tmp_path: Path, lock: int | None) -> None:
    """
    Whichever process has the number by now of the one that crashed.
    """
    path = tmp_path / "chat.sock"
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(path))
        crashed.listen()
    if lock is not None:
        # Earlier versions had one.
        (tmp_path / "chat.sock.lock").symlink_to(str(lock))
    ports.close(ports.open(f"unix:{path}"))
    assert not path.exists()


def _assertInUse(ports: Ports, path: Path, number: int = errno.EADDRINUSE) -> None:
    before = _state(path)
    with pytest.raises(CannotStart) as raised:
        ports.open(f"unix:{path}")
    reason = os.strerror(number)
    assert str(raised.value) == f"cannot listen on unix:{path}: {reason}"
    assert _state(path) == before


def test_aSocketAtWhichAnotherListensIsNotReplaced(ports: Ports, tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(0)
        _assertInUse(ports, path)
        # Nor where no more can wait to be accepted, as now.
        _assertInUse(ports, path)


def test_startsAtTheSameTimeTakeTurns(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or each would take the socket of the other for one that a crash has left."""
    path = tmp_path / "chat.sock"
    with ExitStack() as stack:
        other = stack.enter_context(socket.socket(socket.AF_UNIX))
        directory = os.open(tmp_path, os.O_RDONLY)
        stack.callback(os.close, directory)
        flock(directory, LOCK_EX)
        other.bind(str(path))

        def listen(_: float) -> None:
            other.listen()
            flock(directory, LOCK_UN)

        monkeypatch.setattr("chat.endpoints.ports.sleep", listen)
        _assertInUse(ports, path)
        # The lock is given back.
        flock(directory, LOCK_EX | LOCK_NB)


def _refuse(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("isReadable", [True, False])
def test_aLockThatIsNotToBeHadDoesNotHinder(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isReadable: bool
) -> None:
    monkeypatch.setattr("chat.endpoints.ports.sleep", lambda _: None)
    directory = os.open(tmp_path, os.O_RDONLY)
    try:
        flock(directory, LOCK_EX)
        with monkeypatch.context() as patched:
            if not isReadable:
                patched.setattr(os, "open", _refuse)
            ports.open(f"unix:{tmp_path}/chat.sock")
    finally:
        os.close(directory)
    assert ports.greets(f"{tmp_path}/chat.sock")


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_aFileOfAnotherKindIsNotReplaced(ports: Ports, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "chat.sock"
    path.mkdir() if kind == "directory" else path.write_text("mine")
    _assertInUse(ports, path, errno.EEXIST)


def test_aLinkThatLeadsNowhereIsNotReplaced(ports: Ports, tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    path.symlink_to("gone")
    _assertInUse(ports, path, errno.EEXIST)


def test_aFileThatIsNotThereAnyMoreIsNoFault(ports: Ports, tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    port = ports.open(f"unix:{path}")
    path.unlink()
    with capturedLogs() as logs:
        ports.close(port)
    assert not [event for event in logs if event["log_namespace"].startswith("chat.")]


def test_theSocketOfAnotherUnderTheSameNameStays(ports: Ports, tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    port = ports.open(f"unix:{path}")
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        before = _state(path)
        ports.close(port)
        assert _state(path) == before


def test_aFileThatCannotBeRemovedIsLogged(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its socket is closed all the same, as where the service has given up its rights."""
    path = tmp_path / "chat.sock"
    port = ports.open(f"unix:{path}")
    monkeypatch.setattr(os, "unlink", _refuse)
    with capturedLogs() as logs:
        ports.close(port)
    formats = [event["log_format"] for event in logs if "reason" in event]
    assert formats == ["the port at {address} was not closed cleanly: {reason}"]
    with pytest.raises(ConnectionRefusedError):
        _connection(str(path))
