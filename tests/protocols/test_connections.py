"""Tests for L{chat.protocols.connections}."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.protocol import Protocol
from twisted.logger import capturedLogs

from chat.protocols.connections import Admitted
from chat.vocabulary.endings import Ending
from tests.support.doubles import HandPeer
from tests.support.netstringrendering import netstring
from tests.support.netstrings import NetstringFactory, NetstringProtocol
from tests.support.service import Service


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        yield service


def leave(service: Service, peer: HandPeer) -> None:
    peer.finish()
    service.heard(peer)


# What is counted and logged.


def counts(service: Service) -> tuple[int, int]:
    """
    @return: How many connections there are, and how many without a nickname.
    """
    admission = service.connections.admission
    return admission.connections, admission.nameless


def test_connectionsAreCountedWithAndWithoutANickname(service: Service) -> None:
    alice, other = service.connect("alice"), service.connect()
    assert counts(service) == (2, 1)
    service.say(alice, "/nick Alicia")
    service.heard(alice)
    assert counts(service) == (2, 1)
    leave(service, other)
    assert counts(service) == (1, 0)
    leave(service, alice)
    assert counts(service) == (0, 0)


def test_aConnectionThatGoesOnUnderAnAccountIsNamedOnce(service: Service) -> None:
    alice = service.connect("alice", "/register open-sesame")
    bob = service.connect("bob")
    service.say(bob, "/login alice open-sesame")
    service.heard(bob)
    assert counts(service) == (2, 0)
    leave(service, alice)
    leave(service, bob)
    assert counts(service) == (0, 0)


def test_refusedRequestsAreCounted(service: Service) -> None:
    alice = service.connect("alice", "/nosuch", "hello")
    counters = service.connections.counted()
    assert counters.lines == 3
    assert counters.refusals == {"unknown-command": 1}
    written = counters.bytesOut
    with capturedLogs() as events:
        leave(service, alice)
    assert [event["refused"] for event in events] == [1]
    goodbye = "--- Goodbye: end of input.\r\n"
    assert service.connections.counted().bytesOut == written + len(goodbye)


def test_nothingOfWhatWasSaidIsLogged(service: Service) -> None:
    with capturedLogs() as events:
        leave(service, service.connect("alice", "/register open-sesame", "a secret"))
    assert "open-sesame" not in str(events)
    assert "secret" not in str(events)


# Stages before there is a session.


class Password(Admitted, Protocol):
    """
    A stage of a door that wants a word before it speaks netstrings.
    """

    def connectionMade(self) -> None:
        self.transport.write(b"the word?\n")

    def dataReceived(self, data: bytes) -> None:
        self.bytesIn += len(data)
        if data != b"swordfish\n":
            self.end(Ending.NOT_CHAT)
            return
        connection = NetstringProtocol()
        connection.factory = self.factory
        connection.follow(self)
        self.transport.write(b"come in\n")
        self.transport.protocol = connection
        connection.makeConnection(self.transport)


class GuardedFactory(NetstringFactory):
    """The door with that stage."""

    door = "guarded"
    protocol = Password  # type: ignore[assignment]
    stageTimeout = 10.0


def comes(service: Service) -> HandPeer:
    return service.reactor.connect(service.newDoor(GuardedFactory).buildProtocol(None))


def turns(service: Service, seconds: float = 0) -> None:
    service.reactor.turn(seconds)
    service.reactor.turn()


def assertClosed(service: Service, events: list[Any], **expected: object) -> None:
    """
    Nothing is left but a line in the log with these fields.
    """
    assert list(service.connections) == []
    assert counts(service) == (0, 0)
    assert service.reactor.getDelayedCalls() == []
    [event] = events
    assert {name: event[name] for name in expected} == expected


def test_aConnectionTakesThePlaceOfAStage(service: Service) -> None:
    """And what the stage has written comes before the greeting."""
    with capturedLogs() as events:
        bob = comes(service)
        turns(service, 9)
        bob.send(b"swordfish\n")
        turns(service)
        turns(service, 9)
        bob.send(netstring("Nick\tbob") + netstring("Ping\t1"))
        turns(service)
        bob.read()
        assert bob.received.startswith(b"the word?\ncome in\n17:Greeted\ttcpchat\t0")
        assert bob.received.endswith(netstring("@bob\tPonged\t1"))
        assert service.connections.doors() == {"line": 0, "guarded": 1}
        bob.close()
        turns(service)
        turns(service)
        assertClosed(service, events, door="guarded", nick="bob", named=18, bytesIn=30, lines=2)
    assert service.connections.counters.connections == 1


def test_aStageHasADeadline(service: Service) -> None:
    with capturedLogs() as events:
        bob = comes(service)
        turns(service, 9.9)
        assert bob.transport.connected
        assert counts(service) == (1, 1)
        turns(service, 0.1)
        assert not bob.transport.connected
        assertClosed(service, events, door="guarded", nick="-", reason="registration-timeout")


def test_aStageMayEndTheConnection(service: Service) -> None:
    with capturedLogs() as events:
        comes(service).send(b"tuna\n")
        turns(service)
        turns(service)
        assertClosed(service, events, door="guarded", reason="not-chat", bytesIn=5)


def test_aStageThatIsLostLeavesNothing(service: Service) -> None:
    with capturedLogs() as events:
        comes(service).close()
        turns(service)
        assertClosed(service, events, reason="connection-lost")


def test_theStopEndsAStage(service: Service) -> None:
    with capturedLogs() as events:
        bob = comes(service)
        ended = service.connections.endAll(Ending.SHUTDOWN, 5)
        turns(service)
        assert ended.called
        assert not bob.transport.connected
        assertClosed(service, events, reason="shutdown")
