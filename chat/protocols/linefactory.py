"""
All connections of the line protocol, for those who make them and end them.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory

from chat.events import Ending
from chat.interfaces import FrontDoor, Outlet
from chat.protocols.line import LineProtocol
from chat.session import Session

NewSession = Callable[[FrontDoor, Outlet], Session]


class LineFactory(ServerFactory):
    """
    All connections of the line protocol.

    @ivar clock: for every timer of theirs.
    @ivar newSession: makes the session of a connection.
    """

    noisy = False

    def __init__(self, newSession: NewSession, clock: IReactorTime) -> None:
        self.newSession = newSession
        self.clock = clock
        self._connections: set[LineProtocol] = set()
        self._allClosed: list[Deferred[None]] = []

    def buildProtocol(self, addr: IAddress | None) -> LineProtocol:
        """
        @return: a protocol for one connection.
        """
        return LineProtocol(self)

    def opened(self, connection: LineProtocol) -> None:
        """A connection has been made."""
        self._connections.add(connection)

    def closed(self, connection: LineProtocol) -> None:
        """A connection is no more."""
        self._connections.discard(connection)
        if not self._connections:
            waiting, self._allClosed = self._allClosed, []
            for deferred in waiting:
                deferred.callback(None)

    def endAll(self, reason: Ending, grace: float) -> Deferred[None]:
        """
        End every session, telling each peer why.

        @param grace: seconds a peer has to read it and to hang up.
        @return: fires when every connection is closed.
        """
        for connection in tuple(self._connections):
            connection.end(reason, grace)
        if not self._connections:
            return succeed(None)
        deferred: Deferred[None] = Deferred()
        self._allClosed.append(deferred)
        return deferred

    def abortAll(self) -> None:
        """
        End every connection now.
        """
        for connection in tuple(self._connections):
            connection.abort()
