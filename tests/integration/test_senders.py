"""
Programs that send their lines and hang up without reading what they are answered, so that their
kernel resets the connection: everything that they have sent is said.
"""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.integration.doors import Certificate, Doors
from tests.integration.kernel import eventually
from tests.integration.peer import Peer
from tests.support.programs import requireProgram

# Each reads its lines from standard input.
_COMMANDS: dict[str, Callable[[Doors], str]] = {
    "bash": lambda doors: f"cat > /dev/tcp/127.0.0.1/{doors.port}",
    "nc": lambda doors: f"nc -q 0 127.0.0.1 {doors.port} > /dev/null",
    "busybox": lambda doors: f"busybox nc 127.0.0.1 {doors.port} > /dev/null",
    "ncat": lambda doors: f"ncat --send-only 127.0.0.1 {doors.port}",
    "socat": lambda doors: f"socat -u - TCP:127.0.0.1:{doors.port}",
    "socat unix": lambda doors: f"socat -u - UNIX-CONNECT:{doors.path}",
    "ncat tls": lambda doors: f"ncat --ssl --send-only 127.0.0.1 {doors.secure}",
    "socat tls": lambda doors: f"socat -u - OPENSSL:127.0.0.1:{doors.secure},verify=0",
}

_LINES = [f"{number} {'x' * 50}" for number in range(100)]
# These say that their output ends before they hang up, so that what has no line end is a line.  By
# TLS it depends on how much of that leaves their kernel in time, so nothing is tried there.
_ENDING = {"nc", "busybox", "ncat", "socat", "socat unix"}
_UNKNOWN = {"ncat tls", "socat tls"}
# The service reads these with the nickname, and then no more until they are done.
_FIRST = 40


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Doors]:
    """
    A daemon that takes a third of a second for that many lines of one user.
    """
    directory = tmp_path_factory.mktemp("slow")
    options = ["--replay", "0", "--line-burst", "10", "--line-rate", "300"]
    with Doors(directory, certificate, *options) as doors:
        yield doors


@pytest.fixture
def listener(slow: Doors) -> Iterator[Peer]:
    listener = slow.join("listener")
    yield listener
    listener.leave()


def _bytes(*lines: str) -> bytes:
    return "".join(line + "\n" for line in lines).encode()


def _heardOf(nick: str, listener: Peer) -> list[str]:
    """
    Answer each line of a user, who may have hung up.

    @return: what they say until they have left.
    """
    said: list[str] = []
    while not (line := listener.line()).startswith(f"<-- {nick} left"):
        said.append(line)
        listener.send("go on")
    return said


@pytest.mark.parametrize("name", _COMMANDS)
def test_everyLineOfASenderThatHangsUpIsSaid(slow: Doors, listener: Peer, name: str) -> None:
    command = _COMMANDS[name](slow)
    requireProgram(command.split()[0])
    tail = "" if name in _UNKNOWN else "tail"
    expected = [*_LINES, tail] if name in _ENDING else _LINES
    with subprocess.Popen(["bash", "-c", command], stdin=subprocess.PIPE) as program:
        assert program.stdin is not None
        # The program writes each of these two at once.  A third piece would wait in its kernel
        # until the second has been acknowledged, and be dropped when it hangs up.
        program.stdin.write(_bytes("alice", *_LINES[:_FIRST]))
        program.stdin.flush()
        assert listener.line() == "--> alice joined #lobby (2 here)"
        program.stdin.write(_bytes(*_LINES[_FIRST:]) + tail.encode())
        program.stdin.close()
        assert _heardOf("alice", listener) == [f"alice: {line}" for line in expected]
        program.kill()
    eventually(lambda: f"{1 + len(expected)} lines, 0 undone" in slow.log.splitlines()[-1])


def _reset(peer: Peer) -> None:
    """
    Close at once, with RST.
    """
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def test_linesThatAreNotDoneAreCounted(slow: Doors, listener: Peer) -> None:
    """
    A user is put out while their lines wait.
    """
    with slow.connect() as peer:
        peer.join("alice")
        listener.expect("--> alice joined")
        peer.send(*["x"] * 20, "/quit", *["more"] * 30)
        _reset(peer)
    listener.expect("<-- alice left #lobby: quit")
    eventually(lambda: "22 lines, 30 undone" in slow.log)


def test_senderThatHasHungUpBeforeTheServiceAcceptsIsHeard(slow: Doors, listener: Peer) -> None:
    with slow.paused(), slow.connect() as peer:
        peer.connection.sendall(b"alice\nhello\nhalf")
        _reset(peer)
    assert listener.line() == "--> alice joined #lobby (2 here)"
    assert _heardOf("alice", listener) == ["alice: hello"]
