"""Tests for L{chat.protocols.line}: how a connection ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, ISSLTransport
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import alsoProvides

from chat.protocols.closing import FLUSH_TIMEOUT, LINGER_TIMEOUT
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Limits
from tests.support.doubles import HandPeer, SlowBackplane
from tests.support.service import Service

MAX_WAITING = int(Limits.maxWaiting)
MAX_ENDLESS = int(Limits.maxUnended)
LINES_PER_TURN = int(Limits.turnLines)


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        yield service


def assertOver(service: Service) -> None:
    """
    No connection, no user and no timer is left.
    """
    for _ in range(4):
        service.reactor.turn()
    assert len(service.hub.nicknames) == 0
    assert fired(service.connections.endAll(Ending.SHUTDOWN, 1))
    assert not service.reactor.isReading
    assert not service.reactor.isWriting
    assert service.reactor.getDelayedCalls() == []


def fired(deferred: Deferred[None]) -> bool:
    return deferred.called


def test_quittingIsToldOnBothSides(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    service.say(bob, "bye", "/quit off to lunch", "nobody hears this")
    assert service.heard(bob) == ["--- Goodbye."]
    assert bob.isEnded
    assert service.heard(alice) == ["bob: bye", "<-- bob left #lobby: off to lunch (1 here)"]


def test_whatIsSentAfterTheEndDoesNoHarm(service: Service) -> None:
    bob = service.connect("bob")
    service.say(bob, "/quit")
    service.heard(bob)
    for _ in range(10):
        bob.send(b"x" * 20_000 + b"\xff\xf6\r\n/ping\r\n")
        service.reactor.turn()
    assert service.heard(bob) == []
    bob.finish()
    service.heard(bob)
    assertOver(service)


def test_theLastLineIsTheLast(service: Service) -> None:
    """While it is on its way, nothing that still comes is answered."""
    bob = service.connect("bob")
    service.say(bob, *["/help all"] * 20, "/quit")
    service.reactor.turn()
    assert bob.transport.producer.waiting
    bob.send(b"\xff\xf6\xff\xfd\x06\xff\xfa" + b"x" * MAX_ENDLESS + b"\r\n/ping\r\n")
    assert service.heard(bob)[-1] == "--- Goodbye."


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_everythingIsDoneBeforeAFINIs(service: Service, count: int) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    service.say(bob, *(f"/ping {number}" for number in range(count)), "last")
    bob.finish()
    for _ in range(10):
        service.reactor.turn()
    assert service.heard(bob) == [
        *(f"--- PONG {number}" for number in range(count)),
        "--- Goodbye: end of input.",
    ]
    assert bob.isEnded
    assert service.heard(alice) == ["bob: last", "<-- bob left #lobby: input closed (1 here)"]


def test_everythingThatWaitsComesBeforeTheEnd(service: Service) -> None:
    """Though it is more than the kernel takes when the FIN comes."""
    bob = service.connect("bob")
    service.say(bob, *["/help all"] * 300, "/ping")
    bob.finish()
    for _ in range(100):
        service.reactor.turn()
    assert service.heard(bob)[-2:] == ["--- PONG", "--- Goodbye: end of input."]
    assertOver(service)


def test_aLineNeedsNoEndBeforeAFIN(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    bob.send(b"hello")
    bob.finish()
    assert service.heard(alice)[0] == "bob: hello"


def test_aFINWaitsForTheDecisionAboutANickname() -> None:
    backplane = SlowBackplane()
    with closing(Service(backplane)) as service:
        bob = service.connect()
        service.say(bob, "bob", "/ping 1")
        bob.finish()
        assert service.heard(bob) == []
        backplane.decide()
        assert service.heard(bob)[1:] == ["--- PONG 1", "--- Goodbye: end of input."]
        assertOver(service)


def test_afterItsFINAPeerMayListen() -> None:
    with closing(Service(listenAfterFIN=True)) as service:
        bob = service.connect("bob", "over to you")
        bob.finish()
        service.heard(bob)
        service.reactor.turn(100_000)
        alice = service.connect("alice", "hello")
        assert service.heard(bob)[-1] == "alice: hello"
        bob.close()
        service.say(alice, "gone?", "/ping")
        assert "<-- bob left #lobby: connection lost (1 here)" in service.heard(alice)


def test_aResetEndsTheSessionAfterItsWholeLines(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.say(alice, "bob does not read this")
    service.reactor.turn()
    service.reactor.turn()
    bob.send(b"one\r\ntwo\r\nhalf")
    bob.close()
    assert service.heard(alice)[1:] == [
        "bob: one",
        "bob: two",
        "<-- bob left #lobby: connection lost (1 here)",
    ]


def abandon(service: Service, peer: HandPeer, *lines: str) -> None:
    """
    Lose a connection when only some of these lines have been done.
    """
    service.say(peer, *["/ping"] * LINES_PER_TURN, *lines)
    service.reactor.turn()
    service.reactor.removeReader(peer.transport)
    peer.transport.connectionLost(Failure(ConnectionLost()))


def test_theLinesOfAConnectionThatIsGoneAreDone(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    abandon(service, bob, "last words")
    assert service.heard(alice) == [
        "bob: last words",
        "<-- bob left #lobby: connection lost (1 here)",
    ]


@pytest.mark.parametrize("last", ["/quit", "x" * MAX_ENDLESS + "x", "/ping"])
def test_nothingOutlivesAConnectionThatIsGone(service: Service, last: str) -> None:
    """Although it ends by what it had said before, and no peer is there to be told."""
    bob = service.connect("bob")
    abandon(service, bob, last, "too late")
    assertOver(service)


def test_aConnectionThatIsLostWhileItsNicknameIsDecidedLeavesNothing() -> None:
    backplane = SlowBackplane()
    with closing(Service(backplane)) as service:
        bob = service.connect()
        service.say(bob, "bob", "hello")
        service.heard(bob)
        bob.transport.connectionLost(Failure(ConnectionLost()))
        backplane.decide()
        for _ in range(3):
            service.reactor.turn()
        assert backplane.taken == set()
        assertOver(service)


def flood(service: Service, slow: HandPeer, loud: HandPeer) -> None:
    """
    Talk until more waits for a peer than may.
    """
    outlet = slow.transport.producer
    while outlet.waiting < MAX_WAITING - 24_000:
        service.say(loud, *["x" * 1000] * 10)
        service.reactor.turn()
    service.say(loud, *["lost" * 250] * 15)
    for _ in range(5):
        service.reactor.turn()


def test_aPeerThatReadsTooSlowlyIsToldAndClosed(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    flood(service, bob, alice)
    assert service.heard(alice) == ["<-- bob left #lobby: connection too slow (1 here)"]
    lines = service.heard(bob)
    assert (
        lines.pop() == "!!! Your connection could not keep up; lines for you were lost (too-slow)"
    )
    assert set(lines) <= {"alice: " + "x" * 1000}
    assert bob.isEnded


def test_aPeerThatReadsNothingIsAborted(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    flood(service, bob, alice)
    alice.close()
    service.reactor.turn(FLUSH_TIMEOUT)
    service.reactor.turn(FLUSH_TIMEOUT)
    assertOver(service)


def test_aSlowPeerIsToldThatTheServiceStops(service: Service) -> None:
    """The last line finds room, whatever is lost."""
    alice, bob = service.connect("alice"), service.connect("bob")
    outlet = bob.transport.producer
    while outlet.waiting < MAX_WAITING - 2000:
        service.say(alice, "x" * 1000)
        service.reactor.turn()
    service.say(alice, *["y" * 1000] * 10)
    service.reactor.turn()
    service.connections.endAll(Ending.SHUTDOWN, 5)
    lines = service.heard(bob)
    assert lines[-1] == "--- Goodbye: the service is shutting down."
    assert bob.isEnded


def test_aConnectionWithoutANicknameIsClosedInTime(service: Service) -> None:
    bob = service.connect()
    service.reactor.turn(60)
    assert service.heard(bob) == [
        "!!! You did not choose a nickname in time (registration-timeout)"
    ]
    assert bob.isEnded
    service.reactor.turn(LINGER_TIMEOUT)
    assertOver(service)


def test_aByteNowAndThenIsNoLine() -> None:
    with closing(Service(idleTimeout=100)) as service:
        bob = service.connect("bob")
        for _ in range(100):
            bob.send(b"x")
            service.reactor.turn(1)
        assert service.heard(bob) == [
            "!!! You have been silent; say something within 50 seconds to stay (idle)",
            "!!! You have been silent for too long (idle-timeout)",
        ]


def test_aConnectionIsOverWhateverGoesWrong(service: Service) -> None:
    """The service would wait for it when it stops."""
    bob = service.connect("bob")

    def leave(*_: object) -> None:
        raise RuntimeError("a bug")

    service.hub.leave = leave  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="a bug"):
        bob.transport.connectionLost(Failure(ConnectionLost()))
    assert fired(service.connections.endAll(Ending.SHUTDOWN, 5))


def test_aFINReachesAProtocolThatIsWrapped(service: Service) -> None:
    """As under a haproxy: endpoint."""
    wrapping = WrappingFactory(service.factory)
    alice = service.connect("alice", protocol=wrapping.buildProtocol(None))
    service.say(alice, "/ping 1")
    alice.finish()
    assert service.heard(alice) == ["--- PONG 1", "--- Goodbye: end of input."]
    assert alice.isEnded
    assertOver(service)


def test_tlsHasNoHalfClose(service: Service) -> None:
    wrapper = ProtocolWrapper(WrappingFactory(service.factory), service.factory.buildProtocol(None))
    assert IHalfCloseableProtocol(wrapper, None) is wrapper.wrappedProtocol
    alsoProvides(wrapper, ISSLTransport)
    assert IHalfCloseableProtocol(wrapper, None) is None
