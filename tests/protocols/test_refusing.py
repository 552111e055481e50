"""Tests for L{chat.protocols.refusing}."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from zope.interface import implementer

from chat.protocols.refusing import GRACE, LOG_INTERVAL, MAX_LEAVING, Refusals
from chat.vocabulary.counters import Counters
from chat.vocabulary.endings import Ending
from tests.support.doubles import HandPeer, HandReactor

FULL = Ending.SERVICE_FULL
FAST = Ending.CONNECTING_TOO_FAST


class RefusingStage:
    """
    A service that lets no connection in.
    """

    def __init__(self, reactor: HandReactor) -> None:
        self.reactor = reactor
        self.counters = Counters()
        self.refusals = Refusals(reactor, self.counters)

    def comes(self, reason: Ending = FULL) -> HandPeer:
        return self.reactor.connect(
            self.refusals.refused(reason, f"!!! no ({reason})\r\n".encode())
        )

    def turns(self, seconds: float = 0) -> None:
        self.reactor.turn(seconds)
        self.reactor.turn()


@pytest.fixture
def stage() -> Iterator[RefusingStage]:
    with closing(HandReactor()) as reactor:
        yield RefusingStage(reactor)


def isOpen(peer: HandPeer) -> bool:
    """
    @return: Whether the service still waits for a peer.
    """
    return bool(peer.transport.connected)


def test_thePeerIsToldWhyAndThenComesTheEnd(stage: RefusingStage) -> None:
    peer = stage.comes()
    stage.turns()
    assert peer.take() == ["!!! no (service-full)"]
    assert peer.isEnded


def test_itIsOverWhenThePeerHangsUp(stage: RefusingStage) -> None:
    peer = stage.comes()
    stage.turns()
    assert isOpen(peer)
    peer.finish()
    stage.turns()
    assert not isOpen(peer)


def test_whatThePeerSendsDoesNoHarm(stage: RefusingStage) -> None:
    """Had it been closed at once, the answer would be a reset, and the line lost."""
    peer = stage.comes()
    peer.send(b"GET / HTTP/1.1\r\n\r\n" + b"x" * 50_000)
    stage.turns()
    peer.send(b"more\r\n")
    stage.turns()
    assert peer.take() == ["!!! no (service-full)"]
    assert peer.isEnded
    assert isOpen(peer)


def test_thePeerIsNotWaitedForForLong(stage: RefusingStage) -> None:
    peer = stage.comes()
    stage.turns(GRACE - 0.1)
    assert isOpen(peer)
    stage.turns(0.1)
    assert not isOpen(peer)


def test_eachPeerHasItsTime(stage: RefusingStage) -> None:
    first = stage.comes()
    stage.turns(GRACE / 2)
    second = stage.comes()
    stage.turns(GRACE / 2)
    assert (isOpen(first), isOpen(second)) == (False, True)
    stage.turns(GRACE / 2)
    assert not isOpen(second)


def test_onlySoManyPeersAreWaitedFor(stage: RefusingStage) -> None:
    """The peers that have been waited for longest go first."""
    peers = [stage.comes() for _ in range(MAX_LEAVING + 3)]
    stage.turns()
    assert [isOpen(peer) for peer in peers] == [False] * 3 + [True] * MAX_LEAVING


def test_refusalsAreCounted(stage: RefusingStage) -> None:
    for reason in (FULL, FAST, FULL):
        stage.comes(reason)
    assert stage.counters.refusals == {"service-full": 2, "connecting-too-fast": 1}


def test_nothingIsLeft(stage: RefusingStage) -> None:
    """Neither when they hang up, nor when they do not."""
    for isPolite in (True, False):
        for _ in range(3):
            peer = stage.comes()
            if isPolite:
                peer.close()
        for _ in range(3):
            stage.turns(LOG_INTERVAL)
        assert stage.reactor.getDelayedCalls() == []
        assert not stage.reactor.isReading


def test_withoutConnectionsNoTimerRuns(stage: RefusingStage) -> None:
    assert stage.reactor.getDelayedCalls() == []


# The log.


def logged(events: list[Any]) -> list[tuple[str, int]]:
    """
    @return: What the log has of refusals, and nothing else.
    """
    assert {event["log_format"] for event in events} <= {"{count} connections refused: {reason}"}
    counts = [(event["reason"], event["count"]) for event in events]
    events.clear()
    return counts


def test_thousandsAreOneLineAtOnceAndOneAMinute(stage: RefusingStage) -> None:
    with capturedLogs() as events:
        for _ in range(300):
            stage.comes().close()
        stage.turns()
        assert logged(events) == [("service-full", 300)]
        for _ in range(59):
            stage.comes()
            stage.turns(1)
        assert logged(events) == []
        stage.turns(1)
        assert logged(events) == [("service-full", 59)]
        stage.turns(LOG_INTERVAL)
        assert logged(events) == []
        stage.comes()
        stage.turns()
        assert logged(events) == [("service-full", 1)]


def test_everyReasonHasItsLine(stage: RefusingStage) -> None:
    with capturedLogs() as events:
        for reason in (FULL, FAST, FULL):
            stage.comes(reason)
        stage.turns()
        assert sorted(logged(events)) == [("connecting-too-fast", 1), ("service-full", 2)]


# The end of the service.


def test_theEndOfTheServiceWaitsForNoRefusedPeer(stage: RefusingStage) -> None:
    with capturedLogs() as events:
        peers = [stage.comes() for _ in range(3)]
        stage.turns()
        events.clear()
        peers.append(stage.comes(FAST))
        stage.refusals.stop()
        stage.turns()
        assert [isOpen(peer) for peer in peers] == [False] * 4
        assert logged(events) == [("connecting-too-fast", 1)]
    assert stage.reactor.getDelayedCalls() == []


def test_withoutRefusalsTheEndIsQuiet(stage: RefusingStage) -> None:
    with capturedLogs() as events:
        stage.refusals.stop()
        assert logged(events) == []


# TLS.


@implementer(ISSLTransport)
class SecureTransport(StringTransport):
    """
    A TLS transport, which has no half-close.
    """

    def loseWriteConnection(self) -> None:
        raise AssertionError("TLS has no half-close")


def test_tlsEndsWithoutHalfClose(stage: RefusingStage) -> None:
    transport = SecureTransport()
    refused = stage.refusals.refused(FULL, b"!!! no (service-full)\r\n")
    refused.makeConnection(transport)
    assert transport.value() == b"!!! no (service-full)\r\n"
    assert transport.disconnecting
    stage.turns(GRACE)
    assert transport.disconnected
