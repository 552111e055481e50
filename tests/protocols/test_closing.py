"""Tests for L{chat.protocols.closing}."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.delivery.outlet import BoundedOutlet
from chat.delivery.slowreaders import SlowReaders
from chat.protocols.closing import FLUSH_TIMEOUT, LINGER_TIMEOUT, LingeringClose
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.support.doubles import HandReactor

# Peers are given up for no other reason here.
UNBOUNDED = Limits(maxWaiting=UNLIMITED, stallTimeout=UNLIMITED)


def ignore(limit: str) -> None:
    """Do nothing."""


@implementer(IHalfCloseableProtocol)
class Owner(Protocol):
    """
    A protocol that only closes.

    @ivar lost: Why the connection was lost.
    """

    transport: Any
    ending: LingeringClose | None = None
    lost: type[BaseException] | None = None

    def __init__(self, reactor: HandReactor) -> None:
        self._reactor = reactor
        self._peerFinished = False

    def connectionMade(self) -> None:
        self.outlet = BoundedOutlet(
            self.transport, SlowReaders(self._reactor, UNBOUNDED), ignore, self._drained
        )

    def close(self, grace: float | None = None) -> None:
        self.ending = LingeringClose(self.transport, self.outlet, self._reactor, grace)
        self.ending.start(self._peerFinished)

    def _drained(self) -> None:
        if self.ending is not None:
            self.ending.drained()

    def readConnectionLost(self) -> None:
        self._peerFinished = True
        if self.ending is not None:
            self.ending.peerFinished()

    def writeConnectionLost(self) -> None:
        assert self.ending is not None
        self.ending.writeFinished()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        assert self.ending is not None
        self.ending.stop()
        self.lost = reason.type


class ClosingStage:
    """
    A connection that will be closed.
    """

    def __init__(self, reactor: HandReactor) -> None:
        self.reactor = reactor
        self.owner = Owner(reactor)
        self.peer = reactor.connect(self.owner)

    def fill(self, size: int) -> bytes:
        """
        Write more than the kernel takes.

        @param size: How many bytes must wait at least.
        @return: All that was written.
        """
        written = b""
        while self.owner.outlet.waiting < size:
            self.owner.outlet.write(b"line\r\n")
            written += b"line\r\n"
        return written

    def turns(self, count: int = 5) -> None:
        for _ in range(count):
            self.reactor.turn()

    def readAll(self) -> bytes:
        """
        @return: What the peer gets up to the end.
        """
        for _ in range(1000):
            self.peer.read()
            self.reactor.turn()
            if self.peer.isEnded:
                return self.peer.received
        raise AssertionError("it never ends")

    @property
    def isOver(self) -> bool:
        """Whether the connection is lost, and nothing is left of it."""
        return self.owner.lost is not None and not self.reactor.getDelayedCalls()


@pytest.fixture
def stage() -> Iterator[ClosingStage]:
    with closing(HandReactor()) as reactor:
        yield ClosingStage(reactor)


def test_whereNothingWaitsFINComesAtOnce(stage: ClosingStage) -> None:
    stage.owner.outlet.write(b"goodbye\r\n")
    stage.owner.close()
    stage.turns()
    assert stage.readAll() == b"goodbye\r\n"
    assert stage.owner.lost is None


def test_theConnectionIsOverWhenThePeerHangsUp(stage: ClosingStage) -> None:
    stage.owner.close()
    stage.turns()
    stage.peer.finish()
    stage.turns()
    assert stage.owner.lost is ConnectionDone
    assert stage.isOver


def test_whatWaitsComesBeforeFIN(stage: ClosingStage) -> None:
    written = stage.fill(100_000)
    stage.owner.close()
    assert stage.readAll() == written
    stage.peer.finish()
    stage.turns()
    assert stage.isOver


def test_afterThePeersFINTheConnectionEndsAsSoonAsAllIsSent(stage: ClosingStage) -> None:
    written = stage.fill(100_000)
    stage.peer.finish()
    stage.turns()
    stage.owner.close()
    assert stage.readAll() == written
    assert stage.owner.lost is ConnectionDone
    assert stage.isOver


def test_thePeersFINMayComeWhileWhatWaitsIsSent(stage: ClosingStage) -> None:
    written = stage.fill(100_000)
    stage.owner.close()
    stage.turns()
    stage.peer.finish()
    assert stage.readAll() == written
    assert stage.owner.lost is ConnectionDone
    assert stage.isOver


def test_aPeerThatDoesNotHangUpIsWaitedForALittle(stage: ClosingStage) -> None:
    stage.owner.close()
    stage.turns()
    stage.reactor.turn(LINGER_TIMEOUT - 0.1)
    assert stage.owner.lost is None
    stage.reactor.turn(0.1)
    assert stage.owner.lost is ConnectionDone, "what the kernel has is still delivered"
    assert stage.isOver


def test_lingeringBeginsWithFIN(stage: ClosingStage) -> None:
    """The kernel may have taken all and have no room: then FIN is not on its way yet."""
    room = len(ClosingStage(stage.reactor).fill(1)) - len(b"line\r\n")
    for _ in range(room // len(b"line\r\n")):
        stage.owner.outlet.write(b"line\r\n")
    assert stage.owner.outlet.waiting == 0
    stage.owner.close()
    stage.reactor.turn()
    stage.reactor.turn(FLUSH_TIMEOUT - 1)
    assert stage.owner.lost is None
    assert stage.readAll() == b"line\r\n" * (room // len(b"line\r\n"))
    stage.reactor.turn(LINGER_TIMEOUT - 0.1)
    assert stage.owner.lost is None
    stage.reactor.turn(0.1)
    assert stage.owner.lost is ConnectionDone


def test_aPeerThatReadsNothingIsAborted(stage: ClosingStage) -> None:
    stage.fill(1)
    stage.owner.close()
    stage.reactor.turn(FLUSH_TIMEOUT - 0.1)
    assert stage.owner.lost is None
    stage.reactor.turn(0.1)
    stage.turns()
    assert stage.owner.lost is ConnectionAborted
    assert stage.isOver


def test_aPeerThatReadsNothingAndHasFinishedIsAborted(stage: ClosingStage) -> None:
    stage.fill(1)
    stage.peer.finish()
    stage.turns()
    stage.owner.close()
    stage.reactor.turn(FLUSH_TIMEOUT)
    stage.turns()
    assert stage.owner.lost is ConnectionAborted
    assert stage.isOver


def test_aPeerThatReadsSlowlyGetsEverything(stage: ClosingStage) -> None:
    """The limit is for a peer that takes nothing at all."""
    written = stage.fill(250_000)
    stage.owner.close()
    waiting = stage.owner.outlet.waiting
    for _ in range(4):
        for _ in range(1000):
            stage.peer.read(4096)
            stage.reactor.turn()
            if stage.owner.outlet.waiting < waiting:
                break
        waiting = stage.owner.outlet.waiting
        stage.reactor.turn(FLUSH_TIMEOUT - 1)
    assert stage.readAll() == written
    stage.reactor.turn(LINGER_TIMEOUT)
    assert stage.owner.lost is ConnectionDone


def test_aPeerThatStopsReadingIsAborted(stage: ClosingStage) -> None:
    stage.fill(250_000)
    stage.owner.close()
    for _ in range(50):
        stage.peer.read(4096)
        stage.reactor.turn()
    stage.reactor.turn(FLUSH_TIMEOUT)
    assert stage.owner.lost is None
    stage.reactor.turn(FLUSH_TIMEOUT)
    stage.turns()
    assert stage.owner.lost is ConnectionAborted
    assert stage.isOver


@pytest.mark.parametrize("reads", [True, False])
def test_graceShortensBothLimits(stage: ClosingStage, reads: bool) -> None:
    if not reads:
        stage.fill(1)
    stage.owner.close(0.5)
    stage.turns()
    stage.reactor.turn(0.5)
    stage.turns()
    assert stage.owner.lost is (ConnectionDone if reads else ConnectionAborted)
    assert stage.isOver


def test_aLongGraceDoesNotProlongLingering(stage: ClosingStage) -> None:
    stage.owner.close(20)
    stage.turns()
    stage.reactor.turn(LINGER_TIMEOUT)
    assert stage.owner.lost is ConnectionDone


def test_aResetEndsEverything(stage: ClosingStage) -> None:
    stage.fill(100_000)
    stage.owner.close()
    stage.peer.close()
    stage.turns()
    assert stage.isOver


@implementer(ISSLTransport)
class SecureTransport(StringTransport):
    """
    A TLS transport, which has no half-close.

    @ivar calls: What was asked of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def loseConnection(self) -> None:
        assert self.producer is None
        self.calls.append("lose")

    def loseWriteConnection(self) -> None:
        raise AssertionError("TLS has no half-close")

    def abortConnection(self) -> None:
        self.calls.append("abort")


def test_tlsEndsWithoutHalfClose() -> None:
    clock, transport = Clock(), SecureTransport()
    outlet = BoundedOutlet(
        transport, SlowReaders(clock, UNBOUNDED), ignore, lambda: None, isLayered=True
    )
    ending = LingeringClose(transport, outlet, clock)
    ending.start(False)
    assert transport.calls == ["lose"]
    ending.stop()
    assert clock.getDelayedCalls() == []


def test_tlsFlushesFirst() -> None:
    clock, transport = Clock(), SecureTransport()
    outlet = BoundedOutlet(
        transport, SlowReaders(clock, UNBOUNDED), ignore, lambda: ending.drained(), isLayered=True
    )
    outlet.pauseProducing()
    outlet.write(b"goodbye\r\n")
    ending = LingeringClose(transport, outlet, clock)
    ending.start(False)
    assert transport.calls == []
    outlet.resumeProducing()
    assert transport.value() == b"goodbye\r\n"
    assert transport.calls == ["lose"]


def test_tlsThatIsNeverAnsweredIsAborted() -> None:
    clock, transport = Clock(), SecureTransport()
    outlet = BoundedOutlet(
        transport, SlowReaders(clock, UNBOUNDED), ignore, lambda: None, isLayered=True
    )
    LingeringClose(transport, outlet, clock).start(False)
    clock.advance(FLUSH_TIMEOUT)
    assert transport.calls == ["lose", "abort"]
    assert clock.getDelayedCalls() == []
