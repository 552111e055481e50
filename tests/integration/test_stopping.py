"""
The end of the service: all users are told, no line is cut, and no connection can delay it.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.integration.conftest import StartDaemon
from tests.integration.daemon import Daemon
from tests.integration.doors import Certificate, Doors
from tests.integration.kernel import eventually
from tests.integration.peer import Peer

_WAYS: dict[str, Callable[[Doors], Peer]] = {
    "tcp": Doors.connectNarrow,
    "tls": Doors.connectTLS,
    "unix": Doors.connectUnix,
    "proxied": Doors.connectProxied,
}


def _isToldOfTheStop(peer: Peer) -> None:
    """
    Wait for the end. Users that are told before may be seen to leave.
    """
    *others, last = peer.eof()
    assert last == "--- Goodbye: the service is shutting down."
    assert all(
        re.fullmatch(r"<-- \w+ left .*: the service is shutting down .*", line) for line in others
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_allUsersAreToldOfTheStop(
    tmp_path: Path, certificate: Certificate, number: signal.Signals
) -> None:
    with Doors(tmp_path, certificate) as doors, ExitStack() as stack:
        people = {
            nick: stack.enter_context(connect(doors))
            for nick, connect in {**_WAYS, "robot": Doors.connect, "": Doors.connect}.items()
        }
        for nick, peer in people.items():
            if nick:
                peer.join(nick)
        people["robot"].send("/format json")
        for peer in people.values():
            peer.catchUp()
        doors.process.send_signal(number)
        with people.pop("robot") as robot:
            assert json.loads(robot.eof()[-1])["reason"] == "shutdown"
        for peer in people.values():
            with peer:
                _isToldOfTheStop(peer)
        assert doors.process.wait(10) in (0, -number)
        # The port is free at once.
        with Daemon(tmp_path / "next", port=doors.port) as daemon, daemon.join("alice") as alice:
            alice.leave()


def _isStuck(doors: Daemon, peer: Peer) -> Peer:
    """
    Let a peer ask for more than it ever reads.
    """
    peer.connection.setblocking(False)
    with suppress(OSError):
        while True:
            peer.connection.send(b"/help\r\n" * 1000)
    return peer


def test_stuckConnectionDoesNotDelayTheStopForEver(
    tmp_path: Path, certificate: Certificate
) -> None:
    with Doors(tmp_path, certificate) as doors, ExitStack() as stack:
        for connect in _WAYS.values():
            _isStuck(doors, stack.enter_context(connect(doors)))
        # A connection that never begins with TLS.
        stack.enter_context(socket.create_connection(("127.0.0.1", doors.secure)))
        alice = stack.enter_context(doors.join("alice"))
        doors.process.terminate()
        _isToldOfTheStop(alice)
        assert doors.process.wait(10) in (0, -signal.SIGTERM)


def test_secondSignalIsImmediate(startDaemon: StartDaemon) -> None:
    daemon = startDaemon()
    with _isStuck(daemon, daemon.connectNarrow()), daemon.join("alice") as alice:
        daemon.process.terminate()
        _isToldOfTheStop(alice)
        assert daemon.process.poll() is None
        daemon.process.terminate()
        # The stuck connection would have had five seconds.
        assert daemon.process.wait(3) in (0, -signal.SIGTERM)


def test_stopDuringTheStartIsInOrder(tmp_path: Path) -> None:
    """
    The signal comes when the database is open.
    """
    program = (
        "import signal\n"
        "from chat.store.sqlite import SQLiteStore\n"
        "start = SQLiteStore.startService\n"
        "def startService(self):\n"
        "    start(self)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "SQLiteStore.startService = startService\n"
        "from twisted.scripts.twistd import run\n"
        "run()\n"
    )
    options = ("--port", "tcp:0:interface=127.0.0.1", "--database", "db")
    result = subprocess.run(
        [sys.executable, "-c", program, "--nodaemon", "tcpchat", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")
    assert "Traceback" not in result.stdout
    assert "Received SIGINT, shutting down." in result.stdout
    assert "Server Shut Down." in result.stdout
    assert not (tmp_path / "twistd.pid").exists()


def test_noLineIsCut(startDaemon: StartDaemon) -> None:
    """
    The service stops in the middle of everything.
    """
    daemon = startDaemon()
    with daemon.join("alice") as alice, daemon.connectNarrow() as bob:
        bob.join("bob")
        bob.connection.sendall(b"".join(b"/ping %d\n" % number for number in range(20_000)))
        said = [f"{number} {'好' * 300}" for number in range(200)]
        alice.send(*said)
        alice.catchUp()
        daemon.process.terminate()
        heard = bob.eof()
        assert heard.pop() == "--- Goodbye: the service is shutting down."
        kinds: dict[str, list[str]] = {"---": [], "alice:": [], "<--": []}
        for line in heard:
            kinds[line.split()[0]].append(line)
        assert kinds["---"] == [f"--- PONG {number}" for number in range(len(kinds["---"]))]
        assert kinds["alice:"] == [f"alice: {line}" for line in said]
        alice.eof()
    assert daemon.process.wait(10) in (0, -signal.SIGTERM)


def test_aFileThatIsNeverReadDoesNotKeepTheServiceFromEnding(tmp_path: Path) -> None:
    """
    As on a disk that hangs.
    """
    motd = tmp_path / "motd"
    motd.touch()
    with Daemon(tmp_path / "daemon", "--motd", str(motd)) as daemon:
        motd.unlink()
        os.mkfifo(motd)
        daemon.process.send_signal(signal.SIGHUP)
        writers: list[int] = []

        def isRead() -> bool:
            with suppress(OSError):
                writers.append(os.open(motd, os.O_WRONLY | os.O_NONBLOCK))
            return bool(writers)

        eventually(isRead)
        assert daemon.stop() == -signal.SIGTERM
        os.close(writers[0])
