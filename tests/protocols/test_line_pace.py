"""Tests for L{chat.protocols.line}: how much of what comes is done, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from chat.vocabulary.events import Ending
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.support.doubles import HandPeer, SlowBackplane
from tests.support.service import Service


def started(**limits: Any) -> Service:
    """
    @return: A service with the limits that hold by default, but for these.
    """
    return Service(limits=Limits(**limits))


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(started()) as service:
        yield service


def enter(service: Service, nick: str) -> HandPeer:
    """
    @return: The peer of a user in the lobby whose whole burst is unused.
    """
    peer = service.connect(nick)
    service.reactor.turn(60)
    service.heard(peer)
    return peer


def pings(first: int, count: int) -> list[str]:
    return [f"/ping {number}" for number in range(first, first + count)]


def pongs(first: int, count: int) -> list[str]:
    return [f"--- PONG {number}" for number in range(first, first + count)]


def assertGone(service: Service) -> None:
    """
    No user and no timer is left.
    """
    for _ in range(3):
        service.reactor.turn()
    assert len(service.hub.nicknames) == 0
    assert service.connections.admission.connections == 0
    assert service.reactor.getDelayedCalls() == []
    assert not service.reactor.isReading


# The rate of lines.


def test_exactlyTheBurstIsNotDelayed(service: Service) -> None:
    bob = enter(service, "bob")
    service.say(bob, *pings(0, 10))
    assert service.heard(bob) == pongs(0, 10)
    assert service.reactor.isReading
    assert service.server.counters.delays == {}


def test_whileLinesWaitTheirConnectionIsNotRead(service: Service) -> None:
    """So the kernel makes the peer wait, and what waits here is bounded."""
    bob = enter(service, "bob")
    service.say(bob, *pings(0, 12))
    service.heard(bob)
    assert not service.reactor.isReading
    service.say(bob, *pings(12, 3))
    service.reactor.turn(0.5)
    assert not service.reactor.isReading
    service.reactor.turn(0.5)
    assert service.heard(bob) == pongs(10, 2)
    assert not service.reactor.isReading
    for _ in range(3):
        service.reactor.turn(0.5)
    assert service.heard(bob) == pongs(12, 3)
    assert service.reactor.isReading


def test_otherUsersFeelNothing(service: Service) -> None:
    alice, bob = enter(service, "alice"), enter(service, "bob")
    service.heard(alice)
    service.say(bob, *[f"bob {number}" for number in range(50)])
    service.say(alice, *pings(0, 10))
    lines = service.heard(alice)
    assert [line for line in lines if "PONG" in line] == pongs(0, 10)
    assert [line for line in lines if "bob " in line] == [f"bob: bob {n}" for n in range(10)]


def test_silenceEarnsNoMoreThanTheBurst(service: Service) -> None:
    bob = enter(service, "bob")
    service.say(bob, *pings(0, 10))
    service.heard(bob)
    service.reactor.turn(1000)
    service.say(bob, *pings(10, 11))
    assert service.heard(bob) == pongs(10, 10)


def test_aBadLineIsALine(service: Service) -> None:
    bob = enter(service, "bob")
    bob.send(b"\xff\xff\r\n" * 6 + b"x" * 2000 + b"\r\n" + b"\r\n" * 5)
    assert len(service.heard(bob)) == 7
    assert not service.reactor.isReading


def test_howFastIsTheOperatorsChoice() -> None:
    with closing(started(lineBurst=2, lineRate=0.25)) as service:
        bob = enter(service, "bob")
        service.say(bob, *pings(0, 3))
        assert service.heard(bob) == pongs(0, 2)
        service.reactor.turn(3.75)
        assert service.heard(bob) == []
        service.reactor.turn(0.25)
        assert service.heard(bob) == pongs(2, 1)


@pytest.mark.parametrize("limit", ["lineBurst", "lineRate"])
def test_withoutALimitAllIsDone(limit: str) -> None:
    with closing(started(**{limit: UNLIMITED})) as service:
        bob = enter(service, "bob")
        service.say(bob, *pings(0, 1000))
        lines = []
        for _ in range(10):
            lines += service.heard(bob)
        assert lines == pongs(0, 1000)
        assert "line-rate" not in service.server.counters.delays


# What has come is done, whatever happens meanwhile.


def collect(service: Service, peer: HandPeer, seconds: float) -> list[str]:
    """
    @return: What a peer hears meanwhile.
    """
    lines = []
    for _ in range(int(seconds * 2)):
        service.reactor.turn(0.5)
        lines += service.heard(peer)
    return lines


def said(first: int, count: int) -> list[str]:
    return [f"bob: line {number}" for number in range(first, first + count)]


@pytest.fixture
def alice(service: Service) -> HandPeer:
    return enter(service, "alice")


@pytest.fixture
def bob(service: Service, alice: HandPeer) -> HandPeer:
    """
    The peer of a user who has said 20 lines, half of which are done, and sent half of one more.
    """
    bob = enter(service, "bob")
    service.heard(alice)
    service.say(bob, *[f"line {number}" for number in range(20)])
    bob.send(b"half")
    assert service.heard(alice) == said(0, 10)
    return bob


def test_aFINWaitsUntilAllIsDone(service: Service, alice: HandPeer, bob: HandPeer) -> None:
    bob.finish()
    assert collect(service, alice, 5) == said(10, 10)
    assert service.heard(bob) == []
    # What has no end is a line all the same.
    assert collect(service, alice, 0.5) == [
        "bob: half",
        "<-- bob left #lobby: input closed (1 here)",
    ]
    assert service.heard(bob) == ["--- Goodbye: end of input."]
    assert bob.isEnded


def test_linesOfALostConnectionAreDoneAtTheRate(
    service: Service, alice: HandPeer, bob: HandPeer
) -> None:
    bob.transport.connectionLost(Failure(ConnectionLost()))
    service.reactor.removeReader(bob.transport)
    assert service.heard(alice) == [], "no faster than before"
    assert service.hub.nicknames.named("bob")
    assert collect(service, alice, 5.5) == [
        *said(10, 10),
        "<-- bob left #lobby: connection lost (1 here)",
    ]
    assert service.server.counters.endings == {"connection-lost": 1}
    service.say(alice, "/quit")
    service.heard(alice)
    alice.finish()
    assertGone(service)


def test_theNicknameOfALostConnectionIsFreeAfterwards(
    service: Service, alice: HandPeer, bob: HandPeer
) -> None:
    bob.transport.connectionLost(Failure(ConnectionLost()))
    service.reactor.removeReader(bob.transport)
    other = service.connect()
    service.say(other, "bob")
    assert service.heard(other)[-1].endswith("(nick-taken)")
    collect(service, alice, 5.5)
    service.say(other, "bob")
    assert any("You are bob" in line for line in service.heard(other))


def test_theEndOfTheServiceWaitsForNoPace(service: Service, alice: HandPeer, bob: HandPeer) -> None:
    bob.transport.connectionLost(Failure(ConnectionLost()))
    service.reactor.removeReader(bob.transport)
    ended = service.connections.endAll(Ending.SHUTDOWN, 5)
    service.heard(alice)
    alice.finish()
    service.reactor.turn()
    service.reactor.turn()
    assert ended.called
    assertGone(service)


def test_aDecisionIsWaitedForThoughThePeerHasGone() -> None:
    """And then all is done in order."""
    backplane = SlowBackplane()
    with closing(Service(backplane)) as service:
        alice = service.connect("alice")
        backplane.decide()
        service.heard(alice)
        bob = service.connect("bob", "hello")
        bob.transport.connectionLost(Failure(ConnectionLost()))
        service.reactor.removeReader(bob.transport)
        assert service.heard(alice) == []
        backplane.decide()
        assert service.heard(alice) == [
            "--> bob joined #lobby (2 here)",
            "bob: hello",
            "<-- bob left #lobby: connection lost (1 here)",
        ]
        assert backplane.taken == {"alice"}


# Too fast.


def test_aUserWhoIsFurtherBehindIsToldAndClosed(service: Service) -> None:
    alice, bob = enter(service, "alice"), enter(service, "bob")
    service.heard(alice)
    service.say(bob, *pings(0, 131))
    *lines, last = service.heard(bob)
    assert lines == pongs(0, 10)
    assert last.startswith("!!! ")
    assert last.endswith("(too-fast)")
    assert bob.isEnded
    [left] = service.heard(alice)
    assert left.startswith("<-- bob left #lobby")
    assert service.hub.nicknames.users != ()
    bob.finish()
    service.heard(bob)
    assert service.server.counters.endings == {"too-fast": 1}


def test_manyShortLinesAreCounted(service: Service) -> None:
    """As many as one read brings, most of which no framer has seen yet."""
    bob = enter(service, "bob")
    bob.send(b"\n" * 60_000)
    assert service.heard(bob)[-1].endswith("(too-fast)")


@pytest.mark.parametrize(("maxBehind", "count"), [(5, 10), (0.5, 1)])
def test_howFarBehindIsTheOperatorsChoice(maxBehind: float, count: int) -> None:
    with closing(started(maxBehind=maxBehind)) as service:
        bob, carol = enter(service, "bob"), enter(service, "carol")
        service.say(bob, *pings(0, 10 + count))
        service.say(carol, *pings(0, 11 + count))
        assert service.heard(carol)[-1].endswith("(too-fast)")
        assert [line for line in service.heard(bob) if "PONG" in line] == pongs(0, 10)
        assert not bob.isEnded


def test_withoutALimitAUserMayBeBehindForEver() -> None:
    with closing(started(maxBehind=UNLIMITED)) as service:
        bob = enter(service, "bob")
        service.say(bob, *pings(0, 2000))
        assert service.heard(bob) == pongs(0, 10)
        service.reactor.turn(0.5)
        assert service.heard(bob) == pongs(10, 1)
