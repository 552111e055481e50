"""
A service and its peers on two machines, as far as the kernel can tell: two network namespaces with
a cable between them, which can be cut.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.integration.daemon import Daemon, freePort
from tests.integration.peer import Peer
from tests.support.programs import requireProgram

# The addresses of both ends (RFC 5737): of the service, and of its peers.
NEAR = "192.0.2.1"
FAR = "192.0.2.2"

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = count()


def _enter(namespace: int) -> None:
    # os.setns came with Python 3.12.
    if _libc.setns(namespace, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Namespace:
    """
    One network namespace, with its own loopback interface.
    """

    def __init__(self, name: str) -> None:
        """
        @raise OSError: when this machine does not allow it; with the reason.
        """
        self.name = name
        _ip("netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments: str) -> None:
        """
        Run C{ip} with these arguments in the namespace.
        """
        _ip("-netns", self.name, *arguments)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """
        Enter the namespace with this thread: the sockets that it makes in the context, and the
        processes that it starts, are in the namespace and stay there.
        """
        with (
            Path("/proc/thread-self/ns/net").open() as own,
            Path("/run/netns", self.name).open() as other,
        ):
            _enter(other.fileno())
            try:
                yield
            finally:
                _enter(own.fileno())

    def remove(self) -> None:
        """
        Remove its name; the namespace ends with the last process and socket in it.
        """
        _ip("netns", "delete", self.name)


class Wire:
    """
    Two namespaces and the cable between them, from entering the context to leaving it.

    @ivar near: the namespace of the service.
    @ivar far: the namespace of its peers.
    """

    def __enter__(self) -> Wire:
        requireProgram("ip")
        name = f"tcpchat-{os.getpid()}-{next(_numbers)}"
        self._namespaces: list[Namespace] = []
        try:
            for side in "near", "far":
                self._namespaces.append(Namespace(f"{name}-{side}"))
            self.near, self.far = self._namespaces
            self.near.ip(
                *("link", "add", "wire", "type", "veth"),
                *("peer", "name", "wire", "netns", self.far.name),
            )
            for namespace, address in (self.near, NEAR), (self.far, FAR):
                namespace.ip("address", "add", f"{address}/24", "dev", "wire")
                namespace.ip("link", "set", "wire", "up")
        except OSError as error:
            self.__exit__()
            pytest.skip(f"no network namespaces here: {error.strerror}")
        return self

    def __exit__(self, *_exception: object) -> None:
        for namespace in self._namespaces:
            namespace.remove()

    def cut(self) -> None:
        """
        Cut the cable at its far end: from now on nothing arrives from there, no FIN, no RST and no
        acknowledgement. The near end looks as before, as it does with a switch in between.
        """
        self.far.ip("route", "add", "blackhole", f"{NEAR}/32")

    def mend(self) -> None:
        """
        Mend the cable.
        """
        self.far.ip("route", "delete", "blackhole", f"{NEAR}/32")


class WiredDaemon(Daemon):
    """
    A service at the near end, on a port of its loopback interface and on one of the wire.
    """

    def __init__(self, directory: Path, wire: Wire, *options: str) -> None:
        self._wire = wire
        self._far = freePort()
        super().__init__(directory, "--port", f"tcp:{self._far}:interface={NEAR}", *options)

    def __enter__(self) -> WiredDaemon:
        with self._wire.near.entered():
            super().__enter__()
        return self

    def connect(self, source: str = "127.0.0.1") -> Peer:
        """
        @return: a new connection from the machine of the service.
        """
        with self._wire.near.entered():
            return super().connect(source)

    def connectFar(self, receiveBuffer: int | None = None) -> Peer:
        """
        @param receiveBuffer: SO_RCVBUF of the far end, in bytes.
        @return: a new connection from the far end of the wire.
        """
        with self._wire.far.entered():
            connection = socket.socket()
        if receiveBuffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receiveBuffer)
        connection.settimeout(10)
        connection.connect((NEAR, self._far))
        return Peer(connection)


def _ip(*arguments: str) -> None:
    result = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=10)
    if result.returncode:
        raise OSError(result.returncode, result.stderr.strip())
