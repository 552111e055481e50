"""
Passwords are found nowhere: not on the disk, not in a log, not in anything that is sent.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.daemon import Daemon
from tests.integration.peer import Peer

# All of them contain this, in any case.
MARK = "Xyzzy-Plugh"


class _Recorded(socket.socket):
    """
    A socket that remembers what it has received.
    """

    received = b""

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = super().recv(size, flags)
        self.received += data
        return data


def _connect(stack: ExitStack, daemon: Daemon, sockets: list[_Recorded]) -> Peer:
    connection = _Recorded()
    connection.connect(("127.0.0.1", daemon.port))
    sockets.append(connection)
    peer = stack.enter_context(Peer(connection))
    peer.expect("Choose a nickname")
    return peer


@pytest.mark.parametrize("logFormat", ["text", "json"])
def test_passwordsAreNowhere(tmp_path: Path, logFormat: str) -> None:
    elsewhere = tmp_path / "passwords"
    elsewhere.write_text(f"dave:{MARK}-elsewhere\n")
    directory = tmp_path / "daemon"
    options = [
        *("--transcript", str(directory / "transcript"), "--log-format", logFormat),
        *("--auth", f"file:{elsewhere}", "--operator", "alice"),
    ]
    sockets: list[_Recorded] = []
    with Daemon(directory, *options) as daemon, ExitStack() as stack:
        alice, bob, json, guest = (_connect(stack, daemon, sockets) for _ in range(4))
        json.send("/format json", "json")
        bob.send("bob", "hello")
        alice.send(
            "alice",
            f"/register {MARK[:5]}",
            f"/register {MARK}-1 ",
            f"/register {MARK} with spaces",
            f"/register {MARK}-1",
            f"/register {MARK}-2",
            f"/login alice {MARK}-1",
            f"/login alice {MARK}-wrong",
            f"/login {MARK}-1",
            f"/password {MARK}-2",
            f"/password {MARK} with spaces",
            f"/登录 alice {MARK}-2",
            "/whois alice",
            "/sessions",
        )
        alice.catchUp()
        # A user types it where it is asked for, in strange ways as well.
        guest.send("alice", f"{MARK}-wrong", f" {MARK}-2 ", "/history", "/search 1")
        guest.expect("logged in")
        guest.catchUp()
        other = _connect(stack, daemon, sockets)
        other.send(f"/login dave {MARK}-elsewhere", f"/login dave {MARK}-else")
        other.expect("logged in")
        other.sendBytes(b"/password " + MARK.encode() + b"-\xff\r\n")
        other.sendBytes(f"/password {MARK}-{'x' * 5000}\r\n".encode())
        other.sendBytes(f"/password {MARK}\x1b[2J-\u202e\r\n".encode())
        other.catchUp()
        # A user leaves while it is being verified.
        hasty = _connect(stack, daemon, sockets)
        hasty.send(f"/login alice {MARK}-2")
        hasty.close()
        alice.send("/unregister alice", f"/register {MARK}-3")
        for peer in (alice, bob, json):
            peer.catchUp()
        written = {f"{name} at work": data for name, data in _written(directory).items()}
    written.update(_written(directory))
    files = {"tcpchat.sqlite3", "tcpchat.sqlite3-wal at work", "log", "transcript"}
    assert files <= written.keys()
    assert b"hello" in written["transcript"]
    assert b"argon2id" in written["tcpchat.sqlite3"]
    assert b"wrong password for alice" in written["log"] or logFormat == "json"
    codes = b"logged in", b"password-invalid", b"argument-invalid", b"wrong-password"
    assert all(code in sockets[0].received for code in codes)
    for name, data in written.items():
        assert MARK.lower().encode() not in data.lower(), name
    for connection in sockets:
        assert MARK.lower().encode() not in connection.received.lower()


def _written(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}
