"""
Whose a listening socket is: one of our own, or one that we were lent.

A service manager that hands a listening socket over (C{sd_listen_fds(3)}) keeps it open, and gives
it to the next process as well.  Of a unix socket it has chosen the file, its mode and its owner.
Twisted takes such a unix socket for one of its own: it sets the mode, which only the owner may, and
the backlog, and in the end it shuts the socket down and removes the file.  After that nobody can
connect, whoever listens.  L{_LentUNIXPort} does none of this.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.python.failure import Failure
from zope.interface import directlyProvides, providedBy


class PortReactor:
    """
    Takes the place of the reactor of an endpoint.  A unix socket that it adopts is an
    L{_LentUNIXPort}; for the rest it is the reactor that it wraps.
    """

    def __init__(self, reactor: Any) -> None:
        """
        @param reactor: an C{IReactorFDSet} and C{IReactorSocket}.
        """
        self._reactor = reactor
        directlyProvides(self, *providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def adoptStreamPort(
        self, fileDescriptor: int, addressFamily: int, factory: IProtocolFactory
    ) -> IListeningPort:
        """
        As C{IReactorSocket.adoptStreamPort}.

        @param addressFamily: is not looked at: the socket knows it.
        @raise OSError: when it does not listen, as a socket for datagrams or one connection.
        """
        lent = socket.socket(fileno=os.dup(fileDescriptor))
        if not lent.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            lent.close()
            raise OSError("the socket does not listen")
        if lent.family != socket.AF_UNIX:
            # Twisted's ports of TCP leave it as it is.
            with lent:
                adopted: IListeningPort = self._reactor.adoptStreamPort(
                    fileDescriptor, lent.family, factory
                )
            return adopted
        port = _LentUNIXPort(lent, factory, self._reactor)
        port.startListening()
        return port


class _LentUNIXPort(unix.Port):
    """
    A unix socket that listens already, and goes on when this port is closed.
    """

    _shouldShutdown = False

    def __init__(self, lent: socket.socket, factory: IProtocolFactory, reactor: Any) -> None:
        """
        @param lent: is closed with this port.
        """
        super().__init__(lent.getsockname(), factory, reactor=reactor)
        self._lent = lent

    def startListening(self) -> None:
        # As tcp.Port does it with a socket that it adopts.
        tcp._reservedFD.reserve()
        factory: Any = self.factory
        factory.doStart()
        self.connected = True
        self.socket = self._lent
        self.fileno = self._lent.fileno  # type: ignore[method-assign]
        self.numberAccepts = 100
        self.startReading()

    def connectionLost(self, reason: Failure) -> None:
        tcp.Port.connectionLost(self, reason)
