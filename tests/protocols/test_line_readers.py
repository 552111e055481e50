"""Tests for L{chat.protocols.line}: peers that read slowly, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chat.vocabulary.events import Ending
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.support.doubles import HandPeer
from tests.support.service import RELAXED, Service

STALL = int(Limits.stallTimeout)


@contextmanager
def started(**limits: Any) -> Iterator[Service]:
    """
    A service with these limits.
    """
    with closing(Service(limits=replace(RELAXED, **limits), idleTimeout=0)) as service:
        yield service


def fill(service: Service, loud: HandPeer, slow: HandPeer, size: int) -> None:
    """
    Talk until so much waits for a peer.
    """
    outlet = slow.transport.producer
    while outlet.waiting < size:
        service.say(loud, "x" * 500)
        service.reactor.turn()


def passes(service: Service, seconds: float) -> None:
    for _ in range(int(seconds * 2)):
        service.reactor.turn(0.5)
    service.reactor.turn()
    service.reactor.turn()


def isOpen(peer: HandPeer) -> bool:
    return bool(peer.transport.connected)


def here(service: Service) -> set[str]:
    """
    @return: The nicknames in the lobby.
    """
    room = service.hub.directory.find("#lobby")
    assert room is not None
    return set(room.nicks)


def assertNothingWaits(service: Service) -> None:
    assert service.connections.slowReaders.waiting == 0
    assert sum(service.connections.waiting()) == 0


# Stuck, or only slow.


def test_aPeerThatTakesNothingIsGivenUp() -> None:
    with started() as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        service.heard(alice)
        fill(service, alice, bob, 1)
        passes(service, STALL - 1)
        assert isOpen(bob)
        assert here(service) == {"alice", "bob"}
        passes(service, 2)
        assert not isOpen(bob)
        assert here(service) == {"alice"}
        assert service.heard(alice) == ["<-- bob left #lobby: connection too slow (1 here)"]
        assert service.server.counters.tooSlow == {"stall": 1}
        assert service.server.counters.endings == {"too-slow": 1}
        assertNothingWaits(service)
        again = service.connect("bob")
        assert isOpen(again)
        assert here(service) == {"alice", "bob"}


def test_aSlowPeerIsKept() -> None:
    with started() as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        fill(service, alice, bob, 100_000)
        for _ in range(10):
            passes(service, STALL - 1)
            assert bob.read(8192)
        assert isOpen(bob)
        assert service.server.counters.tooSlow == {}
        assert set(service.heard(bob)) >= {"alice: " + "x" * 500}


def test_aPeerThatKeepsUpIsNotTracked() -> None:
    with started() as service:
        service.connect("alice", "hello")
        assert service.reactor.getDelayedCalls() == []


def test_withoutALimitAPeerMayBeStuck() -> None:
    with started(stallTimeout=UNLIMITED) as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        fill(service, alice, bob, 1)
        passes(service, 10 * STALL)
        assert isOpen(bob)


def test_aStuckPeerWithoutANicknameIsGivenUp() -> None:
    """It asks for more and more, and reads nothing of it."""
    with started() as service:
        other = service.connect()
        service.say(other, *["/help all"] * 20)
        passes(service, STALL + 1)
        assert not isOpen(other)
        assert service.connections.admission.connections == 0
        assert service.reactor.getDelayedCalls() == []


def test_aPeerThatIsStuckWhileItQuitsIsGivenUp() -> None:
    with started() as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        fill(service, alice, bob, 1)
        service.say(bob, "/quit")
        passes(service, 1)
        assert here(service) == {"alice"}
        passes(service, STALL + 1)
        assert not isOpen(bob)
        assert service.server.counters.endings == {"quit": 1}
        assertNothingWaits(service)


def test_aPeerThatIsStuckWhileTheServiceStopsIsGivenUp() -> None:
    with started() as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        fill(service, alice, bob, 1)
        ended = service.connections.endAll(Ending.SHUTDOWN, 5)
        service.heard(alice)
        alice.close()
        passes(service, 6)
        assert ended.called
        assertNothingWaits(service)
        assert service.reactor.getDelayedCalls() == []


# Too much.


def test_onlyWhatWaitsForHimIsTooMuch() -> None:
    with started() as service:
        alice, bob, carol = (service.connect(nick) for nick in ["alice", "bob", "carol"])
        limit = Limits.maxWaiting
        while service.server.counters.tooSlow == {}:
            service.say(alice, "x" * 500)
            service.reactor.turn()
            service.heard(carol)
            assert sum(service.connections.waiting()) <= limit
        assert service.server.counters.tooSlow == {"waiting": 1}
        assert service.heard(bob)[-1].endswith("(too-slow)")
        assert here(service) == {"alice", "carol"}
        assert service.server.counters.endings == {}
        bob.finish()
        service.heard(bob)
        assert service.server.counters.endings == {"too-slow": 1}


def test_theLimitMayBeLower() -> None:
    with started(maxWaiting=20_000) as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        fill(service, alice, bob, 19_000)
        assert service.server.counters.tooSlow == {}
        for _ in range(5):
            service.say(alice, "x" * 500)
            service.reactor.turn()
        assert service.server.counters.tooSlow == {"waiting": 1}
        assert here(service) == {"alice"}


def test_aSlowPeerThatReadsNothingIsAbortedSoon() -> None:
    with started(maxWaiting=20_000) as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        fill(service, alice, bob, 19_000)
        for _ in range(5):
            service.say(alice, "x" * 500)
            service.reactor.turn()
        passes(service, 4)
        assert isOpen(bob)
        passes(service, 2)
        assert not isOpen(bob)
        assertNothingWaits(service)


def test_withoutALimitAnyAmountMayWait() -> None:
    with started(maxWaiting=UNLIMITED, softWaiting=UNLIMITED) as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        service.heard(alice)
        fill(service, alice, bob, 2 * int(Limits.maxWaiting))
        assert service.heard(alice) == []
        assert len(service.heard(bob)) > 1000


@pytest.mark.parametrize("limits", [{"maxWaiting": 20_000}, {"maxWaitingAll": 20_000}])
@pytest.mark.parametrize("reads", [0, 1 << 20])
def test_noLineFollowsUponAGap(limits: dict[str, int], reads: int) -> None:
    """
    Another user talks on while it is noticed that a peer is slow: what is put off is said in the
    same turn, before the session ends.  And the peer begins to read again.
    """
    with started(**limits, turnLines=5) as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        service.heard(alice)
        before = service.server.counters.tooSlow
        count = 0
        while not before:
            lines = [f"{count + more} {'x' * 500}" for more in range(12)]
            count += 12
            service.say(alice, *lines)
            service.reactor.turn()
            alice.take()
        bob.read(reads or 1)
        for _ in range(6):
            service.say(alice, *[f"{count + more} {'x' * 500}" for more in range(12)])
            count += 12
            service.reactor.turn()
            alice.take()
        *heard, last = service.heard(bob)
        assert last == "!!! Your connection could not keep up; lines for you were lost (too-slow)"
        said = [int(line.split()[1]) for line in heard if line.startswith("alice: ")]
        assert 0 < len(said) < count
        assert said == list(range(len(said)))


# All readers together.


def test_thePeersForWhichMostWaitsGoFirst() -> None:
    with started(maxWaitingAll=100_000) as service:
        alice = service.connect("alice")
        bob = service.connect("bob")
        fill(service, alice, bob, 60_000)
        # They have heard less.
        carol, dave = service.connect("carol"), service.connect("dave")
        service.heard(dave)
        while service.server.counters.tooSlow == {}:
            service.say(alice, "x" * 500)
            for _ in range(3):
                service.reactor.turn()
            dave.take()
        assert service.server.counters.tooSlow == {"all": 1}
        service.reactor.turn()
        assert here(service) == {"alice", "carol", "dave"}
        assert service.connections.slowReaders.waiting < 100_000
        lines = service.heard(bob)
        assert lines[-1].endswith("(too-slow)")
        assert bob.isEnded
        # Nothing has been lost to the others.
        service.say(alice, "done")
        assert service.heard(dave)[-1] == "alice: done"
        lines = service.heard(carol)
        assert lines[-1] == "alice: done"
        assert lines.count("alice: " + "x" * 500) > 10


def test_manyAreGivenUpAtOnce() -> None:
    """One turn brings much for each of them."""
    with started(maxWaitingAll=100_000) as service:
        alice = service.connect("alice")
        others = [service.connect(f"bob{number}") for number in range(20)]
        service.heard(alice)
        while service.server.counters.tooSlow == {}:
            service.say(alice, *["x" * 1000] * 5)
            service.reactor.turn()
        for _ in range(4):
            service.reactor.turn()
        count = service.server.counters.tooSlow["all"]
        assert len(here(service)) == 21 - count
        assert service.connections.slowReaders.waiting <= 100_000
        passes(service, 10)
        assert sum(isOpen(peer) for peer in others) == 20 - count


def test_aPeerThatHasQuitIsGivenUpToo() -> None:
    """What still waits for it counts as what waits for other peers does."""
    with started(maxWaitingAll=50_000, maxWaiting=UNLIMITED) as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        fill(service, alice, bob, 45_000)
        service.say(bob, "/quit")
        service.reactor.turn()
        service.reactor.turn()
        carol = service.connect("carol")
        fill(service, alice, carol, 1)
        while service.server.counters.tooSlow == {}:
            service.say(alice, "x" * 1000)
            service.reactor.turn()
        for _ in range(3):
            service.reactor.turn()
        assert not isOpen(bob)
        assert isOpen(carol)
        assert service.server.counters.endings == {"quit": 1}


# Requests of a slow peer.


@pytest.mark.parametrize("soft", [10_000, 65_536])
def test_requestsOfASlowPeerWait(soft: int) -> None:
    with started(softWaiting=soft) as service:
        bob = service.connect("bob")
        service.say(bob, *["/help all"] * 200)
        for _ in range(20):
            service.reactor.turn()
        outlet = bob.transport.producer
        assert soft < outlet.waiting < soft + 10_000
        assert service.server.counters.delays["waiting"] == 1
        assert not service.reactor.isReading
        assert len(service.heard(bob)) > 200 * 10
        assert outlet.waiting == 0
        assert service.reactor.isReading


def test_withoutALimitRequestsDoNotWait() -> None:
    with started(softWaiting=UNLIMITED, maxWaiting=UNLIMITED) as service:
        bob = service.connect("bob")
        service.say(bob, *["/help all"] * 200)
        for _ in range(20):
            service.reactor.turn()
        assert "waiting" not in service.server.counters.delays
        assert service.reactor.isReading


# What is told of it.


def test_whatWaitsForEachIsKnown() -> None:
    with started() as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        fill(service, alice, bob, 30_000)
        assert sorted(service.connections.waiting()) == [0, bob.transport.producer.waiting]
        assert service.connections.slowReaders.waiting == sum(service.connections.waiting())


def test_aSlowUserLeavesOnceAllIsRead() -> None:
    """
    After a FIN and the last line, the user stays in the room until the peer has read what waits.
    """
    with closing(Service(limits=replace(RELAXED, softWaiting=800))) as service:
        alice, bob = service.connect("alice"), service.connect("bob")
        for _ in range(14):
            service.say(alice, "y" * 900)
            service.reactor.turn()
            service.reactor.turn()
        bob.finish()
        for _ in range(6):
            service.reactor.turn()
        service.say(alice, "after that")
        for _ in range(3):
            service.reactor.turn()
        assert service.heard(bob)[-2:] == [
            "alice: after that",
            "--- Goodbye: end of input.",
        ]
