"""
What the kernel (Linux) tells of a service: its sockets and their states, and its files.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from tests.integration.daemon import Daemon

# As in <net/tcp_states.h>.
_STATES = {
    0x01: "established",
    0x02: "syn-sent",
    0x03: "syn-received",
    0x04: "fin-wait-1",
    0x05: "fin-wait-2",
    0x06: "time-wait",
    0x07: "close",
    0x08: "close-wait",
    0x09: "last-ack",
    0x0A: "listen",
    0x0B: "closing",
}

# It is the same on every architecture.
_PIDFD_GETFD = 438
_libc = ctypes.CDLL(None, use_errno=True)

Address = tuple[str, int]


def connections(daemon: Daemon, port: int | None = None) -> dict[Address, str]:
    """
    @param port: of the service; by default that of the daemon.
    @return: the states of its connections, by the addresses of their peers. Those that the service
        has closed are left out once the kernel keeps no bytes for them and only waits for a FIN.
    """
    own = daemon.port if port is None else port
    states: dict[Address, str] = {}
    for line in Path(f"/proc/{daemon.process.pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, remote, name = *fields[1:3], _STATES[int(fields[3], 16)]
        isOver = name == "time-wait" or (name == "fin-wait-2" and fields[9] == "0")
        if int(local.partition(":")[2], 16) == own and name != "listen" and not isOver:
            states[_address(remote)] = name
    return states


def openFiles(daemon: Daemon) -> int:
    """
    @return: how many descriptors it has open.
    """
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


@contextmanager
def otherEnd(daemon: Daemon, connection: socket.socket) -> Iterator[socket.socket]:
    """
    @param connection: to the daemon, by TCP.
    @return: a duplicate of the socket that the daemon has at the other end, for its options only.
        The kernel keeps the connection while it is open.
    """
    mine = connection.getsockname()
    process = os.pidfd_open(daemon.process.pid)
    try:
        for number in os.listdir(f"/proc/{daemon.process.pid}/fd"):
            descriptor = _libc.syscall(_PIDFD_GETFD, process, int(number), 0)
            if descriptor < 0:
                # It was closed meanwhile.
                continue
            try:
                candidate = socket.socket(fileno=descriptor)
            except OSError:
                os.close(descriptor)
                continue
            with candidate:
                if _peerOf(candidate) == mine:
                    yield candidate
                    return
        raise AssertionError(f"the daemon has no connection to {mine}")
    finally:
        os.close(process)


def eventually(condition: Callable[[], object], within: float = 10.0) -> None:
    """
    Wait for a condition by asking again and again.

    @param condition: called until it is true.
    @param within: seconds.
    """
    deadline = monotonic() + within
    while not condition():
        assert monotonic() < deadline, "it never came true"
        sleep(0.02)


def _peerOf(candidate: socket.socket) -> object:
    try:
        return candidate.getpeername()
    except OSError:
        return None


def _address(text: str) -> Address:
    host, _, port = text.partition(":")
    return socket.inet_ntoa(int(host, 16).to_bytes(4, "little")), int(port, 16)
