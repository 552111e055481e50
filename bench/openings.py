"""
Many connections at once: plain non-blocking sockets, and one epoll for all.

Each of them connects, says something, and reads until it has what it came for.
After that the connections that are to stay are left alone: what they are sent later
is not read, and the kernel keeps it.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from measuring import Wrong
from servers import HOST

ADDRESSES = tuple(f"127.0.0.{number}" for number in range(2, 255))
"""Where connections can come from."""

GREETED = b"nickname"
"""What the last line of the greeting has in it."""

_BEGUN = (0, errno.EINPROGRESS)
_READ_SIZE = 64 * 1024
_PATIENCE = 30.0

# So that as many ports as there are can be used for each address (ip(7)).
_BIND_ADDRESS_NO_PORT = 24


@dataclass(eq=False, slots=True)
class Opening:
    """
    One connection.

    @ivar socket: non-blocking.
    @ivar began: when it began to connect, in seconds of C{time.perf_counter}.
    @ivar done: when it had what it came for; 0 before that.
    @ivar received: what it has read.
    @ivar isOver: whether the server has closed it.
    """

    socket: socket.socket
    began: float
    done: float = 0.0
    received: bytes = b""
    isOver: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.done - self.began

    def read(self) -> None:
        """Read what there is."""
        try:
            data = self.socket.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        self.received += data
        self.isOver = not data


IsDone = Callable[[Opening], bool]
"""Whether a connection has what it came for."""


def isGreeted(opening: Opening) -> bool:
    """
    See L{IsDone}: it has been asked for a nickname.
    """
    return GREETED in opening.received


def isWelcome(opening: Opening) -> bool:
    """
    See L{IsDone}: it has one, and is in the room.
    """
    return b"You are " in opening.received


def isRefused(opening: Opening) -> bool:
    """
    See L{IsDone}: the server has closed it.
    """
    return opening.isOver


def connect(
    port: int,
    count: int,
    isDone: IsDone,
    atOnce: int,
    addresses: Sequence[str] = ADDRESSES,
    saying: Callable[[int], bytes] | None = None,
    receiveBuffer: int = 0,
) -> list[Opening]:
    """
    Connect, and wait until all have what they came for.

    @param atOnce: how many are on their way at the most.
    @param addresses: where they come from, in turn.
    @param saying: what each says as soon as it is connected, by its number.
    @param receiveBuffer: bytes of SO_RCVBUF, 0 for what is usual.
    @return: all of them, connected or not, in the order of their beginning.
    @raise Wrong: when one is closed that is not done, or nothing happens any more.
    """
    poll = select.epoll()
    openings: list[Opening] = []
    going: dict[int, tuple[int, Opening]] = {}
    while len(openings) < count or going:
        while len(openings) < count and len(going) < atOnce:
            number = len(openings)
            opening = _begin(port, addresses[number % len(addresses)], receiveBuffer)
            openings.append(opening)
            going[opening.socket.fileno()] = number, opening
            poll.register(opening.socket, select.EPOLLOUT if saying else select.EPOLLIN)
        events = poll.poll(_PATIENCE, atOnce)
        if not events:
            raise Wrong(f"{len(going)} of {count} connections have come to nothing")
        for fd, event in events:
            number, opening = going[fd]
            if event & select.EPOLLOUT and saying is not None:
                poll.modify(fd, select.EPOLLIN)
                opening.socket.send(saying(number))
                continue
            opening.read()
            if isDone(opening):
                opening.done = time.perf_counter()
            elif opening.isOver:
                raise Wrong(f"the server has closed a connection: {opening.received[-200:]!r}")
            else:
                continue
            del going[fd]
            poll.unregister(fd)
            if opening.isOver:
                opening.socket.close()
    poll.close()
    return openings


def hangUp(openings: Sequence[Opening]) -> None:
    """
    Close them all.
    """
    for opening in openings:
        opening.socket.close()


def _begin(port: int, address: str, receiveBuffer: int) -> Opening:
    connection = socket.socket()
    connection.setblocking(False)
    if receiveBuffer:
        # Before it is connected, or the window has been told already.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receiveBuffer)
    connection.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
    connection.bind((address, 0))
    began = time.perf_counter()
    result = connection.connect_ex((HOST, port))
    if result not in _BEGUN:
        raise Wrong(f"cannot connect from {address}: {os.strerror(result)}")
    return Opening(connection, began)
