"""
The chat of a first afternoon: a LineReceiver for each connection, and one
C{sendLine} for each recipient of each line.  This is what the fan-out of
tcpchat is compared with.

It speaks just enough of the line protocol for the same load generator: the
first line is the nickname, and the answer to it is that of tcpchat.  It has no
limits, no rooms, no commands, does not decode or clean what it hands on, and
formats a line once for all.  It also keeps all that a slow reader does not read.
"""

from __future__ import annotations

import sys

from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure


class NaiveProtocol(LineReceiver):
    """
    One connection.
    """

    def __init__(self, connections: set[NaiveProtocol]) -> None:
        """
        @param connections: the connections that have a nickname; shared by all.
        """
        self._connections = connections
        self._nick = b""

    def connectionMade(self) -> None:
        """
        Ask for a nickname.
        """
        # As tcpchat does.  Otherwise Nagle's algorithm (RFC 896) is measured where a recipient
        # talks, too, and acknowledges 40 ms later.
        self.transport.setTcpNoDelay(True)
        self.sendLine(b"--- What is your nickname?")

    def lineReceived(self, line: bytes) -> None:
        """
        Take the nickname, or send the line to all others.

        @param line: without its end.
        """
        if not self._nick:
            self._nick = line
            self._connections.add(self)
            self.sendLine(b"--- You are " + line + b", in #lobby.")
            return
        message = self._nick + b": " + line
        for connection in self._connections:
            if connection is not self:
                connection.sendLine(message)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Forget the connection.
        """
        self._connections.discard(self)


class NaiveFactory(ServerFactory):
    """
    All connections.
    """

    noisy = False

    def __init__(self) -> None:
        self._connections: set[NaiveProtocol] = set()

    def buildProtocol(self, addr: object) -> NaiveProtocol:
        """
        @return: a protocol for one connection.
        """
        return NaiveProtocol(self._connections)


def main() -> None:
    """
    Serve on a port of 127.0.0.1, which is the first argument, until a signal.
    """
    from twisted.internet import reactor

    reactor.listenTCP(int(sys.argv[1]), NaiveFactory(), backlog=1024, interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main()
