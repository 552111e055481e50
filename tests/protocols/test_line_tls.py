"""Tests for L{chat.protocols.line} over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from chat.protocols.closing import FLUSH_TIMEOUT
from chat.protocols.refusing import GRACE
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Limits
from tests.support.insides import makeBusy
from tests.support.secure import SecurePeer
from tests.support.service import Service

MAX_WAITING = int(Limits.maxWaiting)
LINES_PER_TURN = int(Limits.turnLines)

# Twisted hands its own certificates to OpenSSL in a way that is out of date.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        yield service


@pytest.fixture
def bob(service: Service) -> SecurePeer:
    bob = SecurePeer(service.reactor, service.factory).shake()
    bob.say("bob")
    assert len(bob.heard()) == 3
    return bob


def assertOver(service: Service) -> None:
    for _ in range(4):
        service.reactor.turn()
    assert len(service.hub.nicknames) == 0
    assert service.connections.endAll(Ending.SHUTDOWN, 1).called
    assert not service.reactor.isReading
    assert service.reactor.getDelayedCalls() == []


def test_aConversation(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    bob.say("hello", "/me waves")
    assert service.heard(alice) == ["bob: hello", " * bob waves"]
    service.say(alice, "hello, bob")
    assert bob.heard() == ["--> alice joined #lobby (2 here)", "alice: hello, bob"]


def test_aCrowdIsHeardThoughItsBeginningsWait(service: Service) -> None:
    makeBusy(service)
    peers = [SecurePeer(service.reactor, service.factory) for _ in range(8)]
    for number, peer in enumerate(peers):
        peer.shake().say(f"bob{number}", "/ping 1")
    for peer in peers:
        assert "--- PONG 1" in peer.heard()


def test_quittingEndsTLSInOrder(service: Service, bob: SecurePeer) -> None:
    bob.say("/quit")
    assert bob.heard() == ["--- Goodbye."]
    assert bob.isClosed
    bob.notify()
    assertOver(service)


def test_aPeerThatNeverAnswersTheEndIsAborted(service: Service, bob: SecurePeer) -> None:
    bob.say("/quit")
    bob.heard()
    service.reactor.turn(FLUSH_TIMEOUT)
    assertOver(service)


def test_aPeerThatEndsItsSideLeaves(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    bob.say("bye")
    bob.notify()
    assert service.heard(alice) == ["bob: bye", "<-- bob left #lobby: input closed (1 here)"]


@pytest.mark.parametrize("last", ["last words", "/quit last words"])
def test_everythingIsDoneThoughTheEndComesAtOnce(
    service: Service, bob: SecurePeer, last: str
) -> None:
    alice = service.connect("alice")
    bob.say(*["/ping"] * LINES_PER_TURN, last)
    bob.notify()
    assert "last words" in service.heard(alice)[0]
    # What was written to bob has to go first.
    assert bob.peer.read()
    service.say(alice, "/quit")
    alice.finish()
    service.heard(alice)
    assertOver(service)


def test_manyAnswersAllArrive(service: Service, bob: SecurePeer) -> None:
    bob.say(*["/help all"] * 300, "/ping", "/quit")
    for _ in range(50):
        service.reactor.turn()
    assert bob.heard()[-2:] == ["--- PONG", "--- Goodbye."]
    assert bob.isClosed


def test_aPeerThatReadsTooSlowlyIsToldAndClosed(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    for _ in range(MAX_WAITING * 2 // 20_000):
        service.say(alice, *["x" * 1000] * 20)
        service.reactor.turn()
    assert "<-- bob left #lobby: connection too slow (1 here)" in service.heard(alice)
    assert (
        bob.heard()[-1]
        == "!!! Your connection could not keep up; lines for you were lost (too-slow)"
    )
    assert bob.isClosed


def test_theServiceStopsDuringAHandshake(service: Service) -> None:
    SecurePeer(service.reactor, service.factory)
    ended = service.connections.endAll(Ending.SHUTDOWN, 5)
    service.reactor.turn(5)
    service.reactor.turn()
    assert ended.called
    assertOver(service)


def test_aPeerThatNeverShakesHandsIsClosed(service: Service) -> None:
    SecurePeer(service.reactor, service.factory)
    service.reactor.turn(60)
    service.reactor.turn(FLUSH_TIMEOUT)
    assertOver(service)


# The limits.


def tlsPeer(service: Service, nick: str) -> SecurePeer:
    """
    @return: The peer of a user whose whole burst is unused.
    """
    peer = SecurePeer(service.reactor, service.factory).shake()
    peer.say(nick)
    peer.heard()
    service.reactor.turn(60)
    peer.heard()
    return peer


def test_whatALostConnectionHasSaidIsDoneAtTheRate() -> None:
    """C{close_notify} ends the connection before it is the turn of every line."""
    with closing(Service(limits=Limits())) as service:
        alice = service.connect("alice")
        bob = tlsPeer(service, "bob")
        service.heard(alice)
        bob.say(*[f"line {number}" for number in range(13)])
        bob.notify()
        assert service.heard(alice) == [f"bob: line {number}" for number in range(10)]
        for number in range(10, 13):
            assert service.heard(alice) == []
            service.reactor.turn(0.5)
            assert service.heard(alice)[0] == f"bob: line {number}"
        assert len(service.hub.nicknames) == 1
        assert service.server.counters.endings == {"input-closed": 1}


def test_aConnectionThatMayNotComeInIsToldWhy() -> None:
    with closing(Service(limits=Limits(maxConnections=0))) as service:
        bob = SecurePeer(service.reactor, service.factory).shake()
        bob.say("bob")
        assert bob.heard()[0].endswith("(service-full)")
        assert bob.isClosed
        bob.notify()
        service.reactor.turn()
        service.reactor.turn()
        assert not bob.peer.transport.connected
        assert service.connections.admission.connections == 0


def test_aRefusedPeerThatNeverShakesHandsIsNotWaitedFor() -> None:
    with closing(Service(limits=Limits(maxConnections=0))) as service:
        bob = SecurePeer(service.reactor, service.factory)
        service.reactor.turn(GRACE)
        service.reactor.turn()
        assert not bob.peer.transport.connected


def test_aPeerThatTakesNothingIsGivenUp(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    for _ in range(20):
        service.say(alice, *["x" * 1000] * 10)
        service.reactor.turn()
    assert sum(service.connections.waiting())
    for _ in range(int(Limits.stallTimeout) + 2):
        service.reactor.turn(1)
    assert service.server.counters.tooSlow == {"stall": 1}
    assert not bob.peer.transport.connected
    assert service.connections.slowReaders.waiting == 0
    assert len(service.hub.nicknames) == 1


def test_aSlowPeerIsKept(service: Service, bob: SecurePeer) -> None:
    alice = service.connect("alice")
    for _ in range(20):
        service.say(alice, *["x" * 1000] * 10)
        service.reactor.turn()
    for _ in range(10):
        for _ in range(int(Limits.stallTimeout) - 1):
            service.reactor.turn(1)
        assert bob.peer.read(8192)
    assert service.server.counters.tooSlow == {}
    assert bob.peer.transport.connected
