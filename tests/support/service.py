"""
The service without sockets of the network: its line protocol on
L{tests.support.doubles.HandReactor}.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol

from chat.delivery.turnend import TurnEnd
from chat.interfaces import Backplane, Style
from chat.protocols.connections import Connections, DoorFactory
from chat.protocols.line import LineFactory
from chat.session.session import Session
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.support.doubles import HandPeer, HandReactor
from tests.support.servers import newServer

RELAXED = Limits(
    lineRate=UNLIMITED, maxPerAddress=UNLIMITED, connectRate=UNLIMITED, sendBuffer=4096
)
"""
What holds unless a test is about the limits: as often as one likes.  The kernel keeps little, so
something waits for a peer that does not read.
"""


class Service:
    """
    A hub with the line protocol before it.
    """

    def __init__(
        self,
        backplane: Backplane | None = None,
        limits: Limits = RELAXED,
        **settings: Any,
    ) -> None:
        """
        @param settings: As for L{newServer}.
        """
        self.reactor = HandReactor()
        turnEnd = TurnEnd(self.reactor.callLater)
        self.server = newServer(self.reactor, backplane, turnEnd=turnEnd, **settings)
        self.hub = self.server.hub
        self._newSession = partial(Session, self.server)
        self.connections = Connections(
            self.reactor, turnEnd, limits, self.server.counters, self.reactor.seconds
        )
        rendering = self.server.renderings(Style())
        self.factory = LineFactory(self.connections, self._newSession, rendering)

    def newDoor(self, door: type[DoorFactory]) -> DoorFactory:
        """
        @return: Another door to the same rooms.
        """
        return door(self.connections, self._newSession)

    def close(self) -> None:
        self.reactor.close()

    def connect(self, *lines: str, protocol: Protocol | None = None, host: str = "") -> HandPeer:
        """
        @param lines: What the peer says to begin with.
        @param protocol: Another one than that of the factory.
        @param host: The IPv4 address of the peer, if it has one.
        @return: A peer that has read the answers.
        """
        address = IPv4Address("TCP", host, 54321) if host else None
        peer = self.reactor.connect(protocol or self.factory.buildProtocol(address))
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


class BusyClock:
    """
    The clock of a reactor for which everything takes time, since a little has passed whenever it is
    looked at.
    """

    def __init__(self, reactor: HandReactor, step: float) -> None:
        """
        @param step: How much.
        """
        self._step = step
        self._now = 0.0
        self.callLater = reactor.callLater

    def seconds(self) -> float:
        self._now += self._step
        return self._now
