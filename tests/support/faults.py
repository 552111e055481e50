"""
A service to which many come who mean it no good, or have bad luck; and what must hold meanwhile and
afterwards.
"""

from __future__ import annotations

import gc
from collections import Counter
from contextlib import ExitStack
from typing import Any
from weakref import WeakSet

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.logger import LogLevel, capturedLogs

from chat.core.rooms import START_ROOM
from chat.delivery.turnend import TurnEnd
from chat.endpoints.proxyprotocol import ProxiedFactory
from chat.protocols.line import LineProtocol
from chat.protocols.refusing import LOG_INTERVAL
from chat.protocols.spreading import BUDGET, Spread
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Limits, perMinute
from tests.support.doubles import HandReactor, SlowBackplane
from tests.support.people import SlowHistory
from tests.support.servers import PlainAuthenticator
from tests.support.service import BusyClock, Service
from tests.support.strangers import BUG, Person

OPERATOR = "root"
PASSWORD = "open-sesame"

PROXY = IPv4Address("TCP", "192.0.2.99", 54321)
HOSTS: list[IAddress | None] = [
    None,
    IPv4Address("TCP", "192.0.2.1", 54321),
    IPv4Address("TCP", "192.0.2.2", 54321),
    IPv6Address("TCP", "2001:db8::1", 54321),
    IPv6Address("TCP", "2001:db8::2", 54321),
]
"""From where people come: the last two are one origin."""

LIMITS = Limits(
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
"""Low, so that all of them are met."""

FAULTS = {
    "claim": lambda service: (service.hub.nicknames, "claim"),
    "say": lambda service: (service.hub, "say"),
    "tell": lambda service: (service.hub, "tell"),
    "join": lambda service: (service.hub.directory, "admit"),
    "part": lambda service: (service.hub, "part"),
    "rename": lambda service: (service.hub, "rename"),
    "greet": lambda service: (service.shared.sanctions, "ofAddress"),
    "list": lambda service: (service.hub.directory, "listed"),
    "login": lambda service: (service.shared.authenticator, "login"),
}
"""What may go wrong: where, and which method."""


class Crowd:
    """
    The service, and those who come.

    @ivar people: Those who have come and may still be there.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._events: Any = self._open.enter_context(capturedLogs())
        self._backplane = SlowBackplane()
        self.service = Service(
            self._backplane,
            LIMITS,
            operators=[OPERATOR],
            rooms={"maxRooms": 4, "maxJoined": 3, "announceLimit": 3},
            registrationTimeout=20.0,
            idleTimeout=300.0,
            nickRate=perMinute(3),
            joinRate=perMinute(10),
        )
        self._open.callback(self.service.close)
        # So that it is not always the turn of those who come and go.
        clock: Any = BusyClock(self.service.reactor, BUDGET / 2)
        turnEnd = TurnEnd(clock.callLater)
        self.service.factory.spread = Spread(clock, turnEnd)
        self.service.factory.crossings = Spread(clock, turnEnd)
        shared = self.service.shared
        assert isinstance(shared.authenticator, PlainAuthenticator)
        self._authenticator = shared.authenticator
        self._history = SlowHistory(shared.history)
        self._history.append = shared.history.append  # type: ignore[attr-defined]
        shared.history = self._history  # type: ignore[assignment]
        self.beSlow(False)
        self._proxied = ProxiedFactory(self.service.factory, self.service.reactor)
        self.people: list[Person] = []
        self._faults = 0
        self._ended: list[Deferred[None]] = []
        # Of all that were ever made.
        self._protocols: WeakSet[Any] = WeakSet()
        self._sessions: WeakSet[Any] = WeakSet()

    # What happens.

    def connect(self, host: IAddress | None, proxied: bytes | None = None) -> Person:
        """
        @param proxied: What the proxy says first, if one is in between.
        """
        factory: Any = self.service.factory if proxied is None else self._proxied
        peer = self.service.reactor.connect(
            factory.buildProtocol(host if proxied is None else PROXY), host
        )
        person = Person(peer)
        self.people.append(person)
        person.sends(proxied or b"")
        self.turn()
        return person

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
        Let time pass, and everybody read as he does.
        """
        for passed in (seconds, 0, 0):
            if not self._isSlow:
                self.decide()
            self.service.reactor.turn(passed)
            for person in self.people:
                person.read(isAll)
        self.people = [person for person in self.people if person.isThere]
        for connection in self.connections:
            self._protocols.add(connection)
            self._sessions.add(connection.session)

    def stop(self) -> None:
        """
        Tell everybody that the service stops.
        """
        self._ended.append(self.service.factory.endAll(Ending.SHUTDOWN, 5))

    # What holds.

    @property
    def reactor(self) -> HandReactor:
        return self.service.reactor

    @property
    def connections(self) -> set[LineProtocol]:
        return self.service.factory._connections

    def check(self) -> None:
        """
        Whatever counts somebody agrees with the rest, and everything is within its limits.
        """
        self._checkAdmission()
        self._checkNicknames()
        self._checkReaders()
        self._checkLog()

    def _checkAdmission(self) -> None:
        admission = self.service.factory.admission
        lives = [connection.life for connection in self.connections]
        assert admission.connections == len(lives) <= LIMITS.maxConnections
        assert admission.nameless == sum(life.named is None for life in lives)
        assert admission.nameless <= LIMITS.maxNameless
        origins = Counter(life.origin for life in lives if life.origin)
        counted = {origin: known.count for origin, known in admission._origins.items()}
        assert {origin: count for origin, count in counted.items() if count} == origins
        assert all(count <= LIMITS.maxPerAddress for count in origins.values())

    def _checkNicknames(self) -> None:
        hub = self.service.hub
        seats = {connection.session._core.seat for connection in self.connections}
        members = hub.nicknames.members
        for member in members:
            assert hub.nicknames.holder(member.fold) is member
            assert member.seats
            assert seats.issuperset(member.seats)
        for connection in self.connections:
            core = connection.session._core
            if core.participant.reason:
                assert core.member is None
            if core.member is not None:
                assert core.member in members
                assert core.seat in core.member.seats
        for room in hub.directory._rooms.values():
            assert set(members).issuperset(room.members)

    def _checkReaders(self) -> None:
        readers = self.service.factory.readers
        outlets = [connection.outlet for connection in self.connections]
        assert readers.waiting == sum(outlet.waiting for outlet in outlets)
        watched = set(readers._watched)
        assert watched <= set(outlets)
        assert all(outlet in watched for outlet in outlets if outlet.waiting)
        assert (readers._timer is None) is (not watched)
        # What waited before counts, and one write that found nothing waiting.
        assert all(outlet.waiting <= LIMITS.maxWaiting + 64 * 1024 for outlet in outlets)

    def _checkLog(self) -> None:
        """
        Of what went wrong there is one line each, and nothing else went wrong.
        """
        bad = [event for event in self._events if event["log_level"] >= LogLevel.error]
        assert {event["log_failure"].getErrorMessage() for event in bad} <= {BUG}
        assert len(bad) == self._faults == self.service.shared.counters.faults

    def leaveAll(self, isPolite: bool) -> None:
        """
        Let everybody go; afterwards nothing is left of anybody.
        """
        self.mend()
        self.beSlow(False)
        for person in self.people:
            if isPolite:
                person.finishes()
            else:
                person.vanishes()
        for _ in range(100):
            self.turn(1.0, isAll=True)
            self.check()
            if not self.connections:
                break
        # What is left of those who were turned away is a line in the log.
        self.turn(LOG_INTERVAL)
        self.turn(LOG_INTERVAL)
        self._checkNothingIsLeft()

    def _checkNothingIsLeft(self) -> None:
        service, hub, factory = self.service, self.service.hub, self.service.factory
        assert not self.connections
        assert all(deferred.called for deferred in self._ended)
        assert (factory.admission.connections, factory.admission.nameless) == (0, 0)
        assert factory.readers.waiting == 0
        assert not factory.readers._watched
        assert len(hub.nicknames) == 0
        assert self._backplane.taken == set()
        for room in hub.directory._rooms.values():
            assert len(room) == 0
            # One that empties because the service stops is there after the restart.
            assert room.name == START_ROOM or room.record.owners or self._ended
            assert not room.audience._groups
        assert not hub._joining
        assert not hub.authors._lines
        assert not hub.attention._deaf
        assert not hub.attention._followed
        assert not service.reactor.getDelayedCalls()
        assert not service.reactor.isReading
        assert not service.reactor.isWriting
        self.people.clear()
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
