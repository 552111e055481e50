"""
Whether a connection is read from, and whether its peer is still there while it is not.

The reactor watches a connection only while it reads or writes.  A connection whose messages
wait for their turn, or which has ended its input and only listens, is not watched, and so its
RST, or the end that keepalive makes of it, would be noticed much later, or never.
L{UnreadConnections} asks the kernel about all of these once a second.
"""

from __future__ import annotations

from collections.abc import Callable
from select import POLLERR, POLLHUP, poll
from socket import socket
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.delivery.sockets import socketOf
from chat.protocols.transports import ILayered

INTERVAL = 1.0
"""How many seconds lie between two looks at the connections that are not read from."""


class UnreadConnections:
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
        Watch a connection that is not read from any more.

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
        Watch a connection no longer: it is read from again, or closed.
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


class ReadSide:
    """
    Reads from one connection, or does not.

    @ivar hasEnded: whether the peer has sent FIN, or the connection is no more.
    """

    __slots__ = ("_isPaused", "_number", "_socket", "_transport", "_unread", "hasEnded")

    def __init__(self, transport: Any, unread: UnreadConnections) -> None:
        """
        @param transport: a transport of Twisted's, which is read from.
        @param unread: watches the peer while the transport is not read from.
        """
        self._transport = transport
        self._unread = unread
        # Channels share the socket of their connection, which goes on reading it.
        self._socket = None if ILayered.providedBy(transport) else socketOf(transport)
        self._number: int | None = None
        self._isPaused = False
        self.hasEnded = False

    def pause(self) -> None:
        """
        Do not read for now.
        """
        if not self._isPaused and not self.hasEnded:
            self._isPaused = True
            self._transport.pauseProducing()
            self._watch()

    def resume(self) -> None:
        """
        Read again, unless the input has ended.
        """
        if self._isPaused and not self.hasEnded:
            self._unwatch()
            self._transport.resumeProducing()
        self._isPaused = False

    def end(self) -> None:
        """
        The peer has sent FIN.
        """
        self.hasEnded = True
        self._watch()

    def over(self) -> None:
        """
        The connection is no more.
        """
        self.hasEnded = True
        self._unwatch()

    def _watch(self) -> None:
        if self._number is None and self._socket is not None:
            self._number = self._unread.add(self._socket, self._gone)

    def _gone(self) -> None:
        # The reactor finds out that the peer has gone, and the transport, whether there is
        # something left to read.
        self._unwatch()
        self._transport.startWriting()

    def _unwatch(self) -> None:
        if self._number is not None:
            self._unread.discard(self._number)
            self._number = None
