"""
Everybody who is connected: plain non-blocking sockets, and one epoll for all.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence

from traffic import SENDERS, Wrong, nick

READ_SIZE = 64 * 1024
"""How many bytes one read takes at most."""

_PATIENCE = 15.0
"""How many seconds may pass without anything to read."""

_AT_ONCE = 40
"""How many connect before the first of them is waited for; fewer than any backlog."""


class Participant:
    """
    One connection.

    @ivar number: which sender it is; L{SENDERS} and more only listen.
    """

    __slots__ = ("nick", "number", "recv", "send", "socket")

    def __init__(self, number: int, address: tuple[str, int]) -> None:
        self.number = number
        self.nick = nick(number) if number < SENDERS else b"reader%d" % number
        self.socket = socket.create_connection(address)
        # Nothing of what is sent may wait for the acknowledgement of what was sent before.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.recv = self.socket.recv
        self.send = self.socket.sendall


class Crowd:
    """
    The participants of one measurement.

    @ivar everybody: the senders first.
    @ivar senders: the L{SENDERS} who may say something.
    @ivar byFD: everybody, by the number of the file descriptor.
    """

    def __init__(self, address: tuple[str, int], size: int) -> None:
        """
        Connect, and wait until everybody has been welcomed.

        @param size: how many, more than L{SENDERS}.
        """
        self._epoll = select.epoll()
        self._markers = 0
        self._size = size
        self.everybody: list[Participant] = []
        self.byFD: dict[int, Participant] = {}
        for first in range(0, size, _AT_ONCE):
            self._enter(address, range(first, min(size, first + _AT_ONCE)))
        self.senders = self.everybody[:SENDERS]
        self.synchronise(strictly=False)

    def close(self) -> None:
        """
        Hang up.
        """
        for participant in self.everybody:
            participant.socket.close()
        self._epoll.close()

    def readable(self) -> list[tuple[int, int]]:
        """
        Wait until something can be read.

        @return: file descriptors, each with its event.
        @raise Wrong: when nothing comes.
        """
        events = self._epoll.poll(_PATIENCE, self._size)
        if not events:
            raise Wrong(f"nothing to read for {_PATIENCE} s: lines are lost")
        return events

    def synchronise(self, strictly: bool = True) -> None:
        """
        Make sure that everybody has read everything: two senders say something,
        and everybody reads up to that, the second one up to what the first says.

        @param strictly: whether it is an error when there is anything before it.
        """
        for sender in self.senders[:2]:
            self._markers += 1
            text = b"marker %d\r\n" % self._markers
            sender.send(text)
            end = sender.nick + b": " + text
            waiting = {person: b"" for person in self.everybody if person is not sender}
            while waiting:
                for fd, _ in self.readable():
                    person = self.byFD[fd]
                    data = waiting.get(person, b"") + self._read(person)
                    if strictly and not (person in waiting and end.startswith(data)):
                        raise Wrong(f"{person.nick!r} got {data!r} instead of {end!r}")
                    if data.endswith(end):
                        del waiting[person]
                    elif person in waiting:
                        waiting[person] = data

    def _enter(self, address: tuple[str, int], numbers: Sequence[int]) -> None:
        coming = [Participant(number, address) for number in numbers]
        for person in coming:
            self.everybody.append(person)
            self.byFD[person.socket.fileno()] = person
            self._epoll.register(person.socket, select.EPOLLIN)
            person.send(person.nick + b"\r\n")
        waiting = dict.fromkeys(coming, b"")
        while waiting:
            for fd, _ in self.readable():
                person = self.byFD[fd]
                data = self._read(person)
                if person in waiting:
                    waiting[person] += data
                    if b"You are " + person.nick + b"," in waiting[person]:
                        del waiting[person]

    def _read(self, person: Participant) -> bytes:
        data = person.recv(READ_SIZE)
        if not data:
            raise Wrong(f"the server has closed the connection of {person.nick!r}")
        return data
