"""Tests for L{chat.protocols.intake}: many connections that come, talk and go in one turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from chat.core.room import COALESCE
from chat.delivery.turnend import TurnEnd
from chat.protocols.intake import BUDGET, TurnQueue
from chat.vocabulary.events import Ending
from tests.support.doubles import HandPeer, HandReactor
from tests.support.service import BusyClock, Service

MANY = 50
STEP = BUDGET / 8


def spreadOver(reactor: HandReactor) -> TurnQueue:
    """
    @return: A queue that has time for about eight in each turn.
    """
    clock: Any = BusyClock(reactor, STEP)
    return TurnQueue(clock, TurnEnd(reactor.callLater))


class IntakeStage:
    """
    @ivar done: What has been done, in its order.
    """

    def __init__(self) -> None:
        self.reactor = HandReactor()
        self.spread = TurnQueue(self.reactor, TurnEnd(self.reactor.callLater))
        self.done: list[int] = []

    def ask(self, first: int, count: int) -> None:
        """
        Ask for things each of which takes a quarter of what a turn has.
        """
        for number in range(first, first + count):
            self.spread.do(partial(self._do, number))

    def _do(self, number: int) -> None:
        self.reactor.rightNow += BUDGET / 4
        self.done.append(number)


def test_fewAreDoneAtOnce() -> None:
    stage = IntakeStage()
    stage.ask(0, 4)
    assert stage.done == list(range(4))
    stage.reactor.turn()
    assert stage.reactor.getDelayedCalls() == []


def test_whatTakesNoTimeIsDoneAtOnce() -> None:
    stage = IntakeStage()
    for number in range(1000):
        assert stage.spread.do(partial(stage.done.append, number))
    assert len(stage.done) == 1000


def test_manyAreDoneAFewInATurnInTheirOrder() -> None:
    stage = IntakeStage()
    stage.ask(0, 9)
    assert stage.done == list(range(4))
    assert stage.spread.waiting
    stage.reactor.turn()
    assert stage.done == list(range(8))
    stage.reactor.turn()
    assert stage.done == list(range(9))
    assert not stage.spread.waiting
    stage.reactor.turn()
    stage.reactor.turn()
    assert stage.reactor.getDelayedCalls() == []


def test_nothingOvertakes() -> None:
    stage = IntakeStage()
    stage.ask(0, 9)
    stage.reactor.turn()
    stage.ask(9, 4)
    for _ in range(3):
        stage.reactor.turn()
    assert stage.done == list(range(13))


def test_withoutWorkNoTimerRuns() -> None:
    assert IntakeStage().reactor.getDelayedCalls() == []


# Many connections.


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        service.connections.lineQueue = spreadOver(service.reactor)
        service.connections.doorQueue = spreadOver(service.reactor)
        yield service


def crowd(service: Service) -> list[HandPeer]:
    """
    @return: The peers of many connections that have come in one turn.
    """
    return [service.reactor.connect(service.factory.buildProtocol(None)) for _ in range(MANY)]


def lose(service: Service, peers: list[HandPeer]) -> None:
    """
    Lose many connections in one turn.
    """
    for peer in peers:
        service.reactor.removeReader(peer.transport)
        peer.transport.connectionLost(Failure(ConnectionLost()))


def assertOver(service: Service) -> None:
    for _ in range(MANY):
        service.reactor.turn()
    # What a crowd does is gathered for a second.
    service.reactor.turn(COALESCE)
    assert service.connections.admission.connections == 0
    assert len(service.hub.nicknames) == 0
    assert service.connections.endAll(Ending.SHUTDOWN, 5).called
    service.reactor.turn()
    assert service.reactor.getDelayedCalls() == []


def test_manyAreGreetedAFewInATurn(service: Service) -> None:
    peers = crowd(service)
    greeted = 0
    turns = 0
    while greeted < MANY:
        count = [bool(peer.read()) for peer in peers].count(True)
        assert 0 < count < 10
        greeted += count
        turns += 1
        service.reactor.turn()
    assert turns > 4
    assert service.connections.admission.connections == MANY


def test_whatIsSaidBeforeTheGreetingIsDoneAfterwards(service: Service) -> None:
    peers = crowd(service)
    for number, peer in enumerate(peers):
        service.say(peer, f"n{number}", "/ping 1")
    for _ in range(MANY):
        service.reactor.turn()
    for peer in peers:
        lines = service.heard(peer)
        assert lines[0].startswith("--- Welcome")
        assert "--- PONG 1" in lines


def test_connectionsLostBeforeTheGreetingLeaveNothing(service: Service) -> None:
    lose(service, crowd(service))
    assertOver(service)


def test_manyLostConnectionsLeaveNothing(service: Service) -> None:
    peers = [service.connect(f"n{number}") for number in range(MANY)]
    service.reactor.turn()
    lose(service, peers)
    assertOver(service)
    assert service.server.counters.endings == {"connection-lost": MANY}


@pytest.mark.parametrize("isAfter", [True, False])
def test_theServiceStopsWhileManyConnectionsAreLost(service: Service, isAfter: bool) -> None:
    """A connection that is lost, and not forgotten yet, is asked to end once more."""
    peers = [service.connect(f"n{number}") for number in range(MANY)]
    service.reactor.turn()
    if isAfter:
        lose(service, peers)
    ended = service.connections.endAll(Ending.SHUTDOWN, 5)
    if not isAfter:
        lose(service, peers)
    assertOver(service)
    assert ended.called


def test_theServiceStopsWhileManyConnectionsCome(service: Service) -> None:
    peers = crowd(service)
    ended = service.connections.endAll(Ending.SHUTDOWN, 5)
    for peer in peers:
        service.heard(peer)
        assert peer.isEnded
        peer.close()
    assertOver(service)
    assert ended.called


def test_noLineWaitsForConnectionsThatGo(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    peers = [service.connect() for _ in range(MANY)]
    for peer in peers:
        peer.finish()
    service.say(alice, "hello")
    for _ in range(4):
        service.reactor.turn()
    assert bob.take() == ["alice: hello"]
    assert service.connections.admission.connections > MANY / 2


def test_noLineWaitsForConnectionsThatCome(service: Service) -> None:
    peers = [service.connect() for _ in range(MANY)]
    alice, bob = service.connect("alice"), service.connect("bob")
    for number, peer in enumerate(peers):
        service.say(peer, f"n{number}")
    service.say(alice, "hello")
    for _ in range(4):
        service.reactor.turn()
    assert "alice: hello" in bob.take()
    assert len(service.hub.nicknames) < MANY
    for _ in range(MANY):
        service.reactor.turn()
    assert len(service.hub.nicknames) == 2 + MANY
