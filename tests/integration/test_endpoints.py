"""
Several ways in, side by side, into the same room.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.conftest import StartDaemon
from tests.integration.daemon import TWISTD, Daemon, freePort
from tests.integration.doors import Certificate, Doors
from tests.integration.peer import Peer

Connect = Callable[[Doors], Peer]

_WAYS: dict[str, Connect] = {
    "tcp": Doors.connect,
    "tls": Doors.connectTLS,
    "unix": Doors.connectUnix,
    "proxied": Doors.connectProxied,
}


def test_allWaysLeadToTheSameRoom(doors: Doors) -> None:
    with ExitStack() as stack:
        people: dict[str, Peer] = {}
        for nick, connect in _WAYS.items():
            people[nick] = stack.enter_context(connect(doors))
            people[nick].join(nick)
        for peer in people.values():
            peer.catchUp()
        for nick, author in people.items():
            author.send("你好")
            assert author.catchUp() == []
            for peer in people.values():
                assert peer.catchUp() == ([f"{nick}: 你好"] if peer is not author else [])
        tls = people.pop("tls")
        tls.send("/who")
        assert tls.line() == "--- 4 people in #lobby: tcp, tls, unix, proxied"
        with _WAYS["tls"](doors) as another:
            another.send("unix")
            assert another.expect("!!!") == "!!! unix is taken; choose another (nick-taken)"
        for here, (nick, peer) in zip((3, 2, 1), people.items(), strict=True):
            peer.leave()
            assert tls.line() == f"<-- {nick} left #lobby: input closed ({here} here)"
        tls.send("/quit")
        assert tls.eof() == ["--- Goodbye."]


@pytest.mark.parametrize("way", _WAYS)
def test_linesAreFramedAlike(doors: Doors, way: str) -> None:
    with _WAYS[way](doors) as peer:
        peer.join("alice")
        peer.connection.sendall(b"x" * 2000 + b"\n/ping \xfe\n/ping end\r\n")
        assert peer.line() == "!!! Not sent: that line is longer than 1024 bytes (line-too-long)"
        assert peer.line() == "!!! Not sent: that line is not UTF-8 (not-utf8)"
        assert peer.line() == "--- PONG end"
        peer.send("/quit")
        assert peer.eof() == ["--- Goodbye."]


@pytest.mark.parametrize("way", _WAYS)
def test_allOutputArrivesBeforeTheEnd(doors: Doors, way: str) -> None:
    """
    It is more than a socket holds.
    """
    count = 20_000
    with _WAYS[way](doors) as peer:
        peer.join("alice")
        peer.send(*(f"/ping {number}" for number in range(count)))
        if way == "tls":
            # TLS has no half-close here.
            peer.send("/quit")
            farewell = "--- Goodbye."
        else:
            peer.finish()
            farewell = "--- Goodbye: end of input."
        assert peer.eof() == [*(f"--- PONG {number}" for number in range(count)), farewell]


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n",
        b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n",
        b"PROXY UNKNOWN 192.0.2.7 192.0.2.1 4711 80\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes((192, 0, 2, 7, 192, 0, 2, 1, 18, 103, 0, 80)),
    ],
)
def test_proxyHeaderIsNoLine(doors: Doors, header: bytes) -> None:
    """
    Half-close works behind it.
    """
    with doors.connectProxied(header + b"alice\r\n/pi") as peer:
        peer.expect("You are alice")
        peer.connection.sendall(b"ng 1\r\n")
        assert peer.line() == "--- PONG 1"
        peer.connection.sendall(b"/ping 2")
        peer.finish()
        assert peer.eof() == ["--- PONG 2", "--- Goodbye: end of input."]


def test_proxyNamesThePeer(tmp_path: Path, certificate: Certificate) -> None:
    with Doors(tmp_path, certificate) as doors:
        with doors.connectProxied(b"PROXY TCP4 198.51.100.9 192.0.2.1 4711 80\r\n") as peer:
            peer.join("alice")
            peer.leave()
        doors.stop()
        assert "closed 198.51.100.9 4711 alice input-closed" in doors.log


@pytest.mark.parametrize("data", [b"hello\r\n", b"PROXY nonsense\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_connectionWithoutProxyHeaderIsClosed(doors: Doors, data: bytes) -> None:
    """
    No user hears of it.
    """
    with doors.join("witness") as witness:
        with doors.connectProxied(data) as peer:
            assert peer.eof() == []
        assert witness.catchUp() == []
        witness.leave()


def test_plainTextOnThePortOfTLSIsClosed(doors: Doors) -> None:
    """
    There is no answer in plain text, and it costs nothing.
    """
    with (
        doors.connectTLS() as witness,
        socket.create_connection(("127.0.0.1", doors.secure), 10.0) as plain,
    ):
        witness.join("witness")
        plain.sendall(b"alice\r\nhello\r\n")
        received = b""
        while data := plain.recv(4096):
            received += data
        # At most an alert comes (RFC 8446, section 6).
        assert received[:1] in (b"", b"\x15")
        assert b"Welcome" not in received
        assert witness.catchUp() == []
        witness.send("/quit")
        witness.eof()


def test_untrustedCertificateFailsTheHandshake(doors: Doors) -> None:
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", doors.secure), 10.0) as connection,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(connection, server_hostname="localhost")
    with doors.connectTLS() as peer:
        peer.join("alice")
        peer.send("/quit")
        peer.eof()


def test_unixSocketOutlivesACrash(startDaemon: StartDaemon, tmp_path: Path) -> None:
    """
    A daemon that was killed leaves its socket behind; the next one listens there all the same.
    """
    path = tmp_path / "socket"

    def start() -> Daemon:
        daemon = startDaemon("--port", f"unix:{path}")
        # It sends no greeting before both are open.
        with daemon.connect() as peer:
            peer.line()
        return daemon

    daemon = start()
    daemon.process.kill()
    daemon.process.wait()
    assert path.exists()
    start()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    with Peer(connection) as peer:
        peer.join("alice")
        peer.leave()


def test_unixSocketGoesWithItsDaemon(tmp_path: Path, certificate: Certificate) -> None:
    with Doors(tmp_path, certificate) as doors:
        assert doors.path.exists()
        doors.stop()
        assert not doors.path.exists()


def test_numberIsAPortOfEveryAddress(tmp_path: Path) -> None:
    """
    It is the default command.
    """
    port = freePort()
    command = [TWISTD, "-n", "--pidfile=", "tcpchat", "--port", str(port)]
    with Daemon(tmp_path, command=command, port=port) as daemon, daemon.join("alice") as alice:
        with Peer(socket.create_connection(("::1", port), 10.0)) as bob:
            bob.join("bob")
            bob.send("/sessions")
            assert bob.line().startswith("--- Session 1 from ::1 since ")
            bob.leave()
        assert alice.expect("<--") == "<-- bob left #lobby: input closed (1 here)"
        alice.send("/sessions")
        assert alice.line().startswith("--- Session 1 from 127.0.0.1 since ")
        alice.leave()
