"""Tests for L{chat.protocols.connections}."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.logger import capturedLogs

from chat.protocols.line import LineProtocol
from chat.vocabulary.endings import Ending
from chat.vocabulary.limits import Limits
from tests.support.doubles import HandPeer
from tests.support.service import Service

ADDRESS = IPv4Address("TCP", "192.0.2.1", 54321)


def started(**limits: Any) -> Service:
    """
    @return: A service with the limits that hold by default, but for these.
    """
    return Service(limits=Limits(**limits))


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        yield service


def leave(service: Service, peer: HandPeer) -> None:
    peer.finish()
    service.heard(peer)


# Who comes in.


def counts(service: Service) -> tuple[int, int]:
    """
    @return: How many connections there are, and how many without a nickname.
    """
    admission = service.connections.admission
    return admission.connections, admission.nameless


def test_whoIsThereIsCounted(service: Service) -> None:
    alice, other = service.connect("alice"), service.connect()
    assert counts(service) == (2, 1)
    service.say(alice, "/nick Alicia")
    service.heard(alice)
    assert counts(service) == (2, 1)
    leave(service, other)
    assert counts(service) == (1, 0)
    leave(service, alice)
    assert counts(service) == (0, 0)


def test_whoTakesAnotherAccountIsNamedOnce(service: Service) -> None:
    """As he has a nickname already."""
    alice = service.connect("alice", "/register open-sesame")
    bob = service.connect("bob")
    service.say(bob, "/login alice open-sesame")
    service.heard(bob)
    assert counts(service) == (2, 0)
    leave(service, alice)
    leave(service, bob)
    assert counts(service) == (0, 0)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"maxConnections": 3}, "service-full"),
        ({"maxNameless": 3}, "too-many-nameless"),
        ({"maxPerAddress": 3}, "too-many-connections"),
        ({"connectRate": 3}, "connecting-too-fast"),
    ],
)
def test_whoMayNotComeInIsToldWhy(limits: dict[str, Any], code: str) -> None:
    with closing(started(**limits)) as service:
        for _ in range(3):
            service.connect(host="192.0.2.1")
        refused = service.reactor.connect(service.factory.buildProtocol(ADDRESS))
        assert service.heard(refused)[0].endswith(f"({code})")
        assert refused.isEnded
        assert service.server.counters.refusals == {code: 1}
        assert service.server.counters.connections == 3
        assert counts(service) == (3, 3)
        refused.close()
        service.reactor.turn()
        assert counts(service) == (3, 3)


def test_thereIsRoomWhenSomebodyHasGone() -> None:
    with closing(started(maxConnections=1)) as service:
        alice = service.connect("alice")
        assert not isinstance(service.factory.buildProtocol(None), LineProtocol)
        leave(service, alice)
        assert isinstance(service.factory.buildProtocol(None), LineProtocol)


def test_thereIsRoomWhenSomebodyHasANickname() -> None:
    with closing(started(maxNameless=1)) as service:
        alice = service.connect()
        assert not isinstance(service.factory.buildProtocol(None), LineProtocol)
        service.say(alice, "alice")
        service.heard(alice)
        assert isinstance(service.factory.buildProtocol(None), LineProtocol)


def test_theEndWaitsForNobodyWhoMayNotComeIn() -> None:
    with closing(started(maxConnections=0)) as service:
        refused = service.connect()
        assert service.connections.endAll(Ending.SHUTDOWN, 5).called
        service.reactor.turn()
        service.reactor.turn()
        assert not refused.transport.connected
        assert service.reactor.getDelayedCalls() == []


# What is counted.


def test_whatIsCounted(service: Service) -> None:
    alice = service.connect("alice", "/nosuch", "hello")
    counters = service.connections.counted()
    assert counters.connections == 1
    assert counters.lines == 3
    assert counters.bytesIn == len("alice\r\n/nosuch\r\nhello\r\n")
    assert counters.refusals == {"unknown-command": 1}
    written = counters.bytesOut
    assert written > 100
    assert service.connections.counted() == counters, "to ask changes nothing"
    leave(service, alice)
    counters = service.connections.counted()
    assert counters.lines == 3
    assert counters.bytesOut == written + len("--- Goodbye: your input has ended.\r\n")
    assert counters.endings == {"input-closed": 1}


def test_whatIsOpenCountsAsWellAsWhatIsClosed(service: Service) -> None:
    for _ in range(3):
        leave(service, service.connect("alice"))
    service.connect("alice")
    assert service.connections.counted().lines == 4
    assert service.connections.counters.lines == 3


# What is logged.


def logged(events: list[Any]) -> list[dict[str, Any]]:
    """
    @return: What the log has of connections.
    """
    return [event for event in events if event["log_format"].startswith("closed ")]


def test_aLifeIsOneLineAtItsEnd(service: Service) -> None:
    with capturedLogs() as events:
        peer = service.connect(host="192.0.2.1")
        service.reactor.turn(1.5)
        service.say(peer, "alice", "/nosuch", "hello")
        service.heard(peer)
        service.reactor.turn(2.25)
        service.say(peer, "/quit")
        received = "".join(f"{line}\r\n" for line in service.heard(peer))
        assert events == []
        peer.finish()
        service.heard(peer)
    [event] = events
    fields = {name: event[name] for name in ("peer", "nick", "reason", "lines", "refused")}
    assert fields == {
        "peer": "192.0.2.1 54321",
        "nick": "alice",
        "reason": "quit",
        "lines": 4,
        "refused": 1,
    }
    assert (event["named"], event["seconds"]) == (1.5, 3.75)
    assert event["bytesIn"] == len("alice\r\n/nosuch\r\nhello\r\n/quit\r\n")
    assert event["bytesOut"] > len(received)
    assert event["opened"].endswith("+00:00")


def test_nothingOfWhatWasSaidIsLogged(service: Service) -> None:
    with capturedLogs() as events:
        leave(service, service.connect("alice", "/register open-sesame", "a secret"))
    assert "open-sesame" not in str(events)
    assert "secret" not in str(events)


def test_whoHadNoNicknameHasNone(service: Service) -> None:
    with capturedLogs() as events:
        leave(service, service.connect())
    [event] = logged(events)
    assert (event["nick"], event["named"]) == ("-", "-")
    assert (event["reason"], event["lines"]) == ("input-closed", 0)


def test_manyWhoMayNotComeInAreOneLine() -> None:
    with closing(started(maxConnections=0)) as service, capturedLogs() as events:
        for _ in range(100):
            service.reactor.connect(service.factory.buildProtocol(None)).close()
        service.reactor.turn()
        [event] = events
        assert (event["count"], event["reason"]) == (100, "service-full")
