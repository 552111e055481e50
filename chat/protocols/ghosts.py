"""
Peers that have gone while nobody was reading from them.

The reactor watches a connection only while it reads or writes.  One whose lines
wait for their turn, or which has ended its input and only listens, is not watched,
and so its RST, or the end that keepalive makes of it, would be noticed much later,
or never.
"""

from __future__ import annotations

from collections.abc import Callable
from select import POLLERR, POLLHUP, poll
from socket import socket

from twisted.internet.interfaces import IDelayedCall, IReactorTime

INTERVAL = 1.0
"""How many seconds lie between two looks at those who are not read from."""


class Ghosts:
    """
    All connections that are not read from.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._unread: dict[int, Callable[[], None]] = {}
        self._poll = poll()
        self._timer: IDelayedCall | None = None

    def add(self, connection: socket, gone: Callable[[], None]) -> int:
        """
        A connection is not read from any more.

        @param gone: called if it turns out that its peer has gone.
        @return: its number, for L{discard}.
        """
        number = connection.fileno()
        # POLLERR and POLLHUP are told in any case.
        self._poll.register(number, 0)
        self._unread[number] = gone
        if self._timer is None:
            self._timer = self._clock.callLater(INTERVAL, self._look)
        return number

    def discard(self, number: int) -> None:
        """
        It is read from again, or it is closed.
        """
        del self._unread[number]
        self._poll.unregister(number)
        if not self._unread and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = self._clock.callLater(INTERVAL, self._look)
        for number, event in self._poll.poll(0):
            if event & (POLLERR | POLLHUP) and number in self._unread:
                self._unread[number]()
