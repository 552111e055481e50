"""
Whether a connection is read from.
"""

from __future__ import annotations

from socket import socket
from typing import Any

from chat.delivery.sockets import socketOf
from chat.protocols.ghosts import Ghosts


class Reading:
    """
    The input of one connection.

    @ivar hasEnded: whether the peer has sent FIN, or the connection is no more.
    """

    __slots__ = ("_ghosts", "_isPaused", "_number", "_socket", "_transport", "hasEnded")

    def __init__(self, transport: Any, ghosts: Ghosts) -> None:
        """
        @param transport: a transport of Twisted's, which is read from.
        @param ghosts: sees whether the peer is still there while it is not.
        """
        self._transport = transport
        self._ghosts = ghosts
        self._socket: socket | None = socketOf(transport)
        self._number: int | None = None
        self._isPaused = False
        self.hasEnded = False

    def pause(self) -> None:
        """
        Read no more for now.
        """
        if not self._isPaused and not self.hasEnded:
            self._isPaused = True
            self._transport.pauseProducing()
            self._watch()

    def resume(self) -> None:
        """
        Go on.  After the end there is nothing to read.
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
            self._number = self._ghosts.add(self._socket, self._transport.abortConnection)

    def _unwatch(self) -> None:
        if self._number is not None:
            self._ghosts.discard(self._number)
            self._number = None
