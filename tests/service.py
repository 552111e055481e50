"""
The service without sockets of the network: its line protocol on L{tests.doubles.HandReactor}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import Protocol

from chat.interfaces import Backplane, FrontDoor, Outlet
from chat.protocols.linefactory import LineFactory
from chat.session import Session
from tests.doubles import HandPeer, HandReactor
from tests.facilities import facilities


class Service:
    """
    A hub with the line protocol before it.
    """

    def __init__(self, backplane: Backplane | None = None, **settings: Any) -> None:
        """
        @param settings: As for L{facilities}.
        """
        self.reactor = HandReactor()
        self.shared = facilities(self.reactor, backplane, **settings)
        self.hub = self.shared.hub
        self.factory = LineFactory(self._newSession, self.reactor)

    def _newSession(self, door: FrontDoor, outlet: Outlet) -> Session:
        return Session(self.shared, door, outlet)

    def close(self) -> None:
        self.reactor.close()

    def connect(self, *lines: str, protocol: Protocol | None = None) -> HandPeer:
        """
        @param lines: What the peer says to begin with.
        @param protocol: Another one than that of the factory.
        @return: A peer, who has read the answers.
        """
        peer = self.reactor.connect(protocol or self.factory.buildProtocol(None))
        self.say(peer, *lines)
        self.heard(peer)
        return peer

    def say(self, peer: HandPeer, *lines: str) -> None:
        """
        Send lines in one go.
        """
        if lines:
            peer.send("".join(line + "\r\n" for line in lines).encode())

    def heard(self, peer: HandPeer) -> list[str]:
        """
        @return: What a peer has got since the last time, when nothing more is going on.
        """
        lines: list[str] = []
        quiet = 0
        while quiet < 4:
            self.reactor.turn()
            more = peer.take()
            quiet = 0 if more else quiet + 1
            lines += more
        return lines
