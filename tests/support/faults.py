"""
A service to which many connect that mean it no good, or have bad luck. All that its peers read is
checked, and so is what the service knows inside, meanwhile and afterwards.
"""

from __future__ import annotations

import gc
import json
import re
from contextlib import ExitStack
from enum import Enum
from typing import Any
from weakref import WeakSet

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.logger import LogLevel, capturedLogs

from chat.endpoints.proxyprotocol import ProxiedFactory
from chat.protocols.refusing import LOG_INTERVAL
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Limits
from tests.fuzz.text import checkSafe
from tests.support.doubles import HandPeer, SlowBackplane
from tests.support.insides import (
    FAULTS,
    checkCounts,
    checkNothingIsLeft,
    checkSettled,
    connectionsOf,
    makeBusy,
    slowParts,
)
from tests.support.service import RELAXED, Service
from tests.support.typed import OPERATOR

BUG = "a bug that nobody may see"
"""What goes wrong inside."""

PROXY = IPv4Address("TCP", "192.0.2.99", 54321)
HOSTS: list[IAddress | None] = [
    None,
    IPv4Address("TCP", "192.0.2.1", 54321),
    IPv4Address("TCP", "192.0.2.2", 54321),
    IPv6Address("TCP", "2001:db8::1", 54321),
    IPv6Address("TCP", "2001:db8::2", 54321),
]
"""Where connections come from: the last two are one origin."""

LOW = Limits(
    softWaiting=8_000,
    maxWaiting=20_000,
    maxWaitingAll=25_000,
    stallTimeout=10.0,
    sendBuffer=4096,
    maxConnections=8,
    maxNameless=6,
    maxPerAddress=4,
    lineBurst=6,
    lineRate=4.0,
    maxBehind=10.0,
)
"""All of them are reached."""

_TEXT = re.compile(
    r"(\[[0-9:]+\] )?"
    r"(--> |<-- |--- |!!! |\[[^\W\d_][^] ]* -> [^\W\d_][^] ]*\] "
    r"|(\[[0-9: -]+\] )?(#[^ ]+ )?( ?\* )?[^\W\d_][^: ]*(: | ))"
)
"""How a line of text begins."""

_PONG = re.compile(r'(?:\[[0-9:]+\] )?--- PONG test(\d+)|\{"event":"ponged","token":"test(\d+)"\}')
_TELNET = re.compile(rb"\xff[\xfb-\xfe].", re.DOTALL)
_BELL = "\a"


class Reads(Enum):
    """How a peer reads."""

    ALL = "all that comes"
    LITTLE = "a little now and then"
    NOTHING = "nothing"


class CheckedPeer:
    """
    The far end of a connection. All that it reads is checked.

    @ivar reads: How it reads.
    @ivar isNamed: Whether it has asked for a nickname.
    @ivar isUnderstood: Whether all that it has sent are lines, so that all that it gets are.
    """

    def __init__(self, peer: HandPeer, isTold: bool) -> None:
        """
        @param isTold: Whether it may be told of an internal error.
        """
        self.reads = Reads.ALL
        self.isNamed = False
        self.isUnderstood = True
        self._peer = peer
        self._isTold = isTold
        self._isGone = False
        self._text = b""
        self._asked = self._answered = 0

    @property
    def isThere(self) -> bool:
        """Whether the connection is open, for all that this end knows."""
        return not (self._isGone or self._peer.isEnded)

    def says(self, *lines: str) -> None:
        self._send("".join(f"{line}\r\n" for line in lines).encode())

    def asks(self, *lines: str) -> None:
        """
        Say something, and something that must be answered after that.
        """
        for line in lines:
            self._asked += 1
            self.says(line.replace("\n", " "), f"/ping test{self._asked}")

    def sends(self, data: bytes) -> None:
        """
        Send what need not be lines.
        """
        self.isUnderstood = False
        self._send(data)

    def _send(self, data: bytes) -> None:
        if not self._isGone and not self._peer.offer(data):
            self.isUnderstood = False

    def finishes(self) -> None:
        """Send FIN."""
        if not self._isGone:
            try:
                self._peer.finish()
            except OSError:
                # It is over already.
                self._isGone = True

    def vanishes(self) -> None:
        """Close; often it is a reset."""
        self._peer.close()
        self._isGone = True

    def read(self, isAll: bool) -> None:
        """
        Read, in its own way unless it is all.
        """
        if self._isGone or (self.reads is Reads.NOTHING and not isAll):
            return
        try:
            while data := self._peer.read(1 << 20 if isAll or self.reads is Reads.ALL else 4096):
                self._take(data)
                if self.reads is Reads.LITTLE and not isAll:
                    break
        except ConnectionResetError:
            self._isGone = True

    def isAnswered(self) -> bool:
        """
        @return: Whether nothing that was asked is still to be answered.
        """
        return self._answered == self._asked

    def _take(self, data: bytes) -> None:
        *lines, self._text = _TELNET.sub(b"", self._text + data).split(b"\r\n")
        for line in (*lines, self._text[-500:]):
            assert b"Traceback" not in line
            assert BUG.encode() not in line
        if self.isUnderstood:
            for line in lines:
                self._check(line.decode().removesuffix(_BELL))

    def _check(self, line: str) -> None:
        checkSafe(line)
        assert self._isTold or "internal-error" not in line
        if line.startswith("{"):
            assert json.loads(line)["event"]
        else:
            assert _TEXT.match(line), line
        if pong := _PONG.fullmatch(line):
            self._answered += 1
            assert int(pong[1] or pong[2]) == self._answered


class CheckedCrowd:
    """
    The service, and the peers that connect to it.

    @ivar peers: Those whose connection is open.
    """

    def __init__(
        self,
        limits: Limits = RELAXED,
        isFaulty: bool = False,
        **settings: Any,
    ) -> None:
        """
        @param isFaulty: Whether anything will go wrong inside.
        @param settings: As for L{Service}.
        """
        self._open = ExitStack()
        # So that a collection looks only at what is made from here on.
        gc.freeze()
        self._open.callback(gc.unfreeze)
        self._events: Any = self._open.enter_context(capturedLogs())
        self._limits = limits
        self._isFaulty = isFaulty
        self._backplane = SlowBackplane()
        self.service = Service(
            self._backplane,
            limits,
            operators=[OPERATOR],
            rooms={"maxRooms": 4, "maxJoined": 3, "announceLimit": 3},
            motd="Be kind.",
            **settings,
        )
        self._open.callback(self.service.close)
        makeBusy(self.service)
        self._authenticator, self._history = slowParts(self.service)
        self.beSlow(False)
        self._proxied = ProxiedFactory(self.service.factory, self.service.reactor)
        self.peers: list[CheckedPeer] = []
        self._faults = 0
        self._ended: list[Deferred[None]] = []
        # All that were ever made.
        self._protocols: WeakSet[Any] = WeakSet()
        self._sessions: WeakSet[Any] = WeakSet()

    # What happens.

    def connect(self, host: IAddress | None = None, proxied: bytes | None = None) -> CheckedPeer:
        """
        @param proxied: What the proxy says first, if one is in between.
        """
        factory: Any = self.service.factory if proxied is None else self._proxied
        peer = CheckedPeer(
            self.service.reactor.connect(
                factory.buildProtocol(host if proxied is None else PROXY), host
            ),
            self._isFaulty,
        )
        self.peers.append(peer)
        if proxied is not None:
            peer.sends(proxied)
        self.turn()
        return peer

    def break_(self, name: str) -> None:
        """
        Let something go wrong, the next time it is done.
        """
        target, method = FAULTS[name](self.service)
        if method in vars(target):
            # It will already.
            return

        def fail(*_: object, **__: object) -> Any:
            delattr(target, method)
            self._faults += 1
            raise RuntimeError(BUG)

        setattr(target, method, fail)

    def mend(self) -> None:
        """
        Let nothing go wrong any more.
        """
        for place in FAULTS.values():
            target, method = place(self.service)
            vars(target).pop(method, None)

    def beSlow(self, isSlow: bool) -> None:
        """
        Let it take time, or none, to find out what has to be found out.
        """
        self._isSlow = isSlow
        self._authenticator.isSlow = self._history.isSlow = isSlow

    def decide(self) -> None:
        """
        Find it out.
        """
        self._authenticator.decide()
        self._history.decide()
        self._backplane.decide()

    def turn(self, seconds: float = 0.0, isAll: bool = False) -> None:
        """
        Let time pass, and every peer read.
        """
        for passed in (seconds, 0, 0):
            if not self._isSlow:
                self.decide()
            self.service.reactor.turn(passed)
            for peer in self.peers:
                peer.read(isAll)
        self.peers = [peer for peer in self.peers if peer.isThere]
        for connection in connectionsOf(self.service):
            self._protocols.add(connection)
            self._sessions.add(connection.session)

    def stop(self) -> None:
        """
        Stop the service, which tells every user.
        """
        self._ended.append(self.service.connections.endAll(Ending.SHUTDOWN, 5))

    # What holds.

    def check(self) -> None:
        """
        All counts agree and are within the limits; of each fault there is one line in the log, and
        nothing else is wrong.
        """
        checkCounts(self.service, self._limits)
        bad = [event for event in self._events if event["log_level"] >= LogLevel.error]
        assert {event["log_failure"].getErrorMessage() for event in bad} <= {BUG}
        assert len(bad) == self._faults == self.service.server.counters.faults

    def settle(self) -> None:
        """
        Let all be done that is to be done; then everything that is known agrees, and every question
        has been answered.
        """
        self.beSlow(False)
        for _ in range(8):
            self.turn(isAll=True)
        self.check()
        checkSettled(self.service.hub)
        assert all(peer.isAnswered() for peer in self.peers if peer.isUnderstood)

    def leaveAll(self, isPolite: bool) -> None:
        """
        Let every peer go; afterwards nothing is left of any of them.
        """
        self.mend()
        self.beSlow(False)
        for peer in self.peers:
            if isPolite:
                peer.finishes()
            else:
                peer.vanishes()
        for _ in range(100):
            self.turn(1.0, isAll=True)
            self.check()
            if not connectionsOf(self.service):
                break
        # What is left of those who were turned away is a line in the log.
        self.turn(LOG_INTERVAL)
        self.turn(LOG_INTERVAL)
        assert all(deferred.called for deferred in self._ended)
        assert self._backplane.taken == set()
        checkNothingIsLeft(self.service, bool(self._ended))
        self.peers.clear()
        self._forgetEvents()
        gc.collect()
        assert not self._protocols
        assert not self._sessions

    def _forgetEvents(self) -> None:
        """
        Before a process has a log, Twisted keeps all events, and with them whose they are.
        """
        for event in self._events:
            for name in ("log_failure", "log_logger", "log_source"):
                event.pop(name, None)
        self._events.clear()

    def close(self) -> None:
        """
        Let go of everything.
        """
        self._open.close()
