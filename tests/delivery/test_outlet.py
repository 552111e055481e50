"""Tests for L{chat.delivery.outlet}."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from zope.interface import implementer

from chat.delivery.fanout import Fan
from chat.delivery.outlet import BoundedOutlet
from chat.delivery.slowreaders import SlowReaders
from chat.vocabulary.limits import Limits
from tests.support.doubles import HandPeer, HandReactor

BUSY = int(Limits.softWaiting)
MAX_WAITING = int(Limits.maxWaiting)


class Owner(Protocol):
    """
    A protocol with an outlet.

    @ivar calls: The limit that was passed, C{"drain"}, and C{"gone"}.
    """

    transport: Any

    def __init__(self, readers: SlowReaders) -> None:
        self.calls: list[str] = []
        self._readers = readers

    def connectionMade(self) -> None:
        self.outlet = BoundedOutlet(
            self.transport,
            self._readers,
            self.calls.append,
            lambda: self.calls.append("drain"),
        )

    def connectionLost(self, reason: object = None) -> None:
        self.calls.append("gone")


class Line:
    """
    An owner on a real transport, and the peer at the other end.
    """

    def __init__(self, reactor: HandReactor) -> None:
        self.reactor = reactor
        self.readers = SlowReaders(reactor, Limits())
        self.owner = Owner(self.readers)
        self.peer: HandPeer = reactor.connect(self.owner)
        self.outlet = self.owner.outlet

    def fill(self) -> bytes:
        """
        Write until the kernel takes no more and something waits.

        @return: What was written.
        """
        written = b""
        while not self.outlet.waiting:
            self.outlet.write(b"filling\r\n" * 100)
            written += b"filling\r\n" * 100
        return written

    def readAll(self) -> bytes:
        """
        @return: What the peer gets when it reads all.
        """
        for _ in range(1000):
            self.reactor.turn()
            if not self.peer.read() and not self.outlet.waiting:
                break
        data, self.peer.received = self.peer.received, b""
        return data

    def readToTheEnd(self) -> bytes:
        """
        @return: What the peer gets before the connection is closed.
        """
        for _ in range(1000):
            self.reactor.turn()
            self.peer.read()
            if self.peer.isEnded:
                return self.peer.received
        raise AssertionError("it is never closed")


def anyReaders(maxWaiting: float = MAX_WAITING) -> SlowReaders:
    return SlowReaders(Clock(), Limits(maxWaiting=maxWaiting))


def ignore(limit: str) -> None:
    """Do nothing."""


@pytest.fixture
def reactor() -> Iterator[HandReactor]:
    with closing(HandReactor()) as reactor:
        yield reactor


@pytest.fixture
def line(reactor: HandReactor) -> Line:
    return Line(reactor)


def test_sendsAtOnceWhereNothingWaits(line: Line) -> None:
    line.outlet.write(b"hello\r\n")
    assert line.peer.read() == b"hello\r\n"
    assert line.outlet.waiting == 0
    assert not line.reactor.isWriting


def test_theRestGoesThroughTheTransport(line: Line) -> None:
    filling = line.fill()
    line.outlet.write(b"last\r\n")
    assert line.reactor.isWriting
    assert line.readAll() == filling + b"last\r\n"
    line.outlet.write(b"at once\r\n")
    assert line.peer.read() == b"at once\r\n"


def test_waitingCountsWhatTheKernelHasNotTaken(line: Line) -> None:
    line.fill()
    before = line.outlet.waiting
    line.outlet.write(b"x" * 10)
    line.outlet.write(b"y" * 20)
    assert line.outlet.waiting == before + 30
    line.readAll()
    assert line.outlet.waiting == 0


def test_tellsWhenNothingWaitsAnyMore(line: Line) -> None:
    line.fill()
    line.outlet.write(b"x" * 100_000)
    assert line.owner.calls == []
    line.readAll()
    assert line.owner.calls == ["drain"]


def test_busyWhenMuchWaits(line: Line) -> None:
    line.fill()
    assert not line.outlet.busy
    line.outlet.write(b"x" * BUSY)
    assert line.outlet.busy
    line.readAll()
    assert not line.outlet.busy


def test_overflowIsToldOnce(line: Line) -> None:
    line.fill()
    for _ in range(1000):
        line.outlet.write(b"x" * 1000)
        assert line.outlet.waiting <= MAX_WAITING
    assert line.owner.calls == ["waiting"]


def test_afterAnOverflowOnlyTheGoodbyeArrives(line: Line) -> None:
    """Whether the peer goes on reading before or after that: no line follows upon the gap."""
    written = line.fill()
    while not line.owner.calls:
        line.outlet.write(b"x" * 998 + b"\r\n")
    line.outlet.write(b"waits with nothing before it\r\n")
    assert line.readAll() == written
    line.outlet.write(b"could be sent\r\n")
    fan = Fan()
    line.outlet.join(fan)
    fan.write(b"said in a room\r\n")
    line.outlet.leave(fan)
    line.outlet.writeLast(b"goodbye\r\n")
    assert line.readAll() == b"goodbye\r\n"
    assert line.owner.calls == ["waiting", "drain"]


def test_theGoodbyeFindsRoom(line: Line) -> None:
    """Though what waits is lost for it."""
    written = line.fill()
    line.outlet.write(b"x" * (MAX_WAITING - line.outlet.waiting))
    assert line.owner.calls == []
    line.outlet.writeLast(b"goodbye\r\n")
    assert line.owner.calls == ["waiting"]
    assert line.readAll() == written + b"goodbye\r\n"


def test_aPeerThatTakesNothingOfTheGoodbyeIsGivenUpAgain(line: Line) -> None:
    line.fill()
    line.outlet.write(b"x" * MAX_WAITING)
    line.outlet.writeLast(b"goodbye\r\n")
    line.outlet.giveUp("stall")
    line.outlet.giveUp("stall")
    assert line.owner.calls == ["waiting", "stall"]


def test_aLargeWriteWhereNothingWaitsIsNoOverflow(line: Line) -> None:
    line.outlet.write(b"x" * (2 * MAX_WAITING))
    assert line.readAll() == b"x" * (2 * MAX_WAITING)
    assert line.owner.calls == ["drain"]


def test_givingUpKeepsWholeLines(line: Line) -> None:
    filling = line.fill()
    line.outlet.write(b"lost\r\n")
    line.outlet.giveUp("all")
    line.outlet.write(b"lost as well\r\n")
    line.outlet.writeLast(b"goodbye\r\n")
    assert line.readAll() == filling + b"goodbye\r\n"


def test_nothingIsWrittenAfterClosing(line: Line) -> None:
    line.outlet.close()
    line.outlet.close()
    line.outlet.write(b"hello\r\n")
    line.reactor.turn()
    assert line.peer.read() == b""
    assert line.outlet.waiting == 0


def test_aClosedOutletCallsNothingBack(line: Line) -> None:
    line.fill()
    line.outlet.close()
    line.outlet.write(b"x" * MAX_WAITING)
    line.outlet.write(b"x" * MAX_WAITING)
    line.readAll()
    assert line.owner.calls == []


def test_whatTheTransportHasIsSentAfterClosing(line: Line) -> None:
    filling = line.fill()
    line.outlet.close()
    line.peer.transport.loseConnection()
    assert line.readToTheEnd() == filling
    assert line.owner.calls == ["gone"]


def test_aBrokenSocketRaisesNothing(line: Line) -> None:
    """The transport finds out, and tells the protocol."""
    line.peer.close()
    line.outlet.write(b"hello\r\n")
    assert line.owner.calls == []
    line.reactor.turn()
    line.reactor.turn()
    assert line.owner.calls == ["gone"]


def test_writingAfterTheConnectionIsLost(line: Line) -> None:
    line.fill()
    line.peer.close()
    line.reactor.turn()
    assert line.owner.calls == ["gone"]
    line.outlet.resumeProducing()
    line.outlet.write(b"x" * MAX_WAITING)
    assert line.outlet.waiting == 0
    assert line.owner.calls == ["gone"]


def test_lettingGoWhenOtherCodeClosesTheTransport(line: Line) -> None:
    """Otherwise the transport would wait for its producer for ever."""
    filling = line.fill()
    line.outlet.write(b"more\r\n")
    line.peer.transport.loseConnection()
    assert line.readToTheEnd() == filling + b"more\r\n"
    assert line.owner.calls[-1] == "gone"


def test_withoutASocketEverythingGoesThroughTheTransport() -> None:
    transport = StringTransport()
    calls: list[str] = []
    outlet = BoundedOutlet(transport, anyReaders(), calls.append, lambda: calls.append("drain"))
    outlet.resumeProducing()
    outlet.write(b"one\r\n")
    outlet.write(b"two\r\n")
    outlet.write(b"three\r\n")
    assert transport.value() == b"one\r\n"
    assert outlet.waiting == len(b"one\r\ntwo\r\nthree\r\n")
    outlet.resumeProducing()
    assert transport.value() == b"one\r\ntwo\r\nthree\r\n"
    assert calls == []
    outlet.resumeProducing()
    assert calls == ["drain"]
    assert outlet.waiting == 0


@implementer(ISSLTransport)
class SecureTransport(StringTransport):
    """
    A TLS transport with a buffer of so many bytes.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = self._room = size

    def write(self, data: bytes) -> None:
        super().write(data)
        self._room -= len(data)
        if self._room <= 0:
            self.producer.pauseProducing()

    def empty(self) -> None:
        """
        The peer has taken everything.
        """
        self._room = self._size
        self.producer.resumeProducing()

    def getHandle(self) -> object:
        """
        No socket: nothing may be written past TLS.
        """
        return None


def secure(size: int) -> tuple[BoundedOutlet, SecureTransport, list[str]]:
    transport = SecureTransport(size)
    calls: list[str] = []
    outlet = BoundedOutlet(
        transport, anyReaders(), calls.append, lambda: calls.append("drain"), isLayered=True
    )
    return outlet, transport, calls


def test_tlsGetsAPushProducer() -> None:
    """A pull producer would be polled without end."""
    _, transport, _ = secure(100)
    assert transport.streaming is True


def test_tlsWritesThroughUntilItIsPaused() -> None:
    outlet, transport, calls = secure(8)
    for data in [b"1234\r\n", b"5678\r\n", b"wait\r\n", b"more\r\n"]:
        outlet.write(data)
    assert transport.value() == b"1234\r\n5678\r\n"
    assert outlet.waiting == len(b"wait\r\nmore\r\n")
    transport.empty()
    assert transport.value() == b"1234\r\n5678\r\nwait\r\nmore\r\n"
    assert outlet.waiting == 0
    assert calls == [], "the transport is full again"
    transport.empty()
    assert calls == ["drain"]


def test_tlsIsPausedWhileItIsResumed() -> None:
    """What is resumed may be too much again, and the rest waits on."""
    outlet, transport, calls = secure(100_000)
    outlet.write(b"x" * 100_000)
    for _ in range(4):
        outlet.write(b"y" * 60_000)
    transport.empty()
    assert outlet.waiting == 2 * 60_000
    assert calls == []


def test_tlsIsBounded() -> None:
    outlet, transport, calls = secure(1)
    outlet.write(b"taken\r\n")
    while not calls:
        outlet.write(b"lost" * 250)
        assert outlet.waiting <= MAX_WAITING
    assert outlet.waiting == 0
    transport.empty()
    outlet.write(b"could be sent\r\n")
    outlet.writeLast(b"goodbye\r\n")
    assert transport.value() == b"taken\r\ngoodbye\r\n"
    assert calls == ["waiting", "drain"]


def test_tlsThatIsGoneAlready() -> None:
    class Gone(SecureTransport):
        def registerProducer(self, producer: Any, streaming: bool) -> None:
            producer.stopProducing()

    transport = Gone(1)
    outlet = BoundedOutlet(transport, anyReaders(), ignore, lambda: None, isLayered=True)
    outlet.write(b"hello\r\n")
    outlet.close()
    assert transport.value() == b""


class Throttle:
    """
    A transport on a real socket with little room, which sends as much as it is told to.
    """

    disconnecting = False

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        self._socket = connection
        self._buffer = b""

    def getHandle(self) -> socket.socket:
        return self._socket

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert not streaming
        self._producer = producer
        producer.resumeProducing()

    def unregisterProducer(self) -> None:
        raise AssertionError("it is not closed")

    def write(self, data: bytes) -> None:
        assert data
        self._buffer += data

    def send(self, size: int) -> None:
        if self._buffer:
            with suppress(BlockingIOError):
                self._buffer = self._buffer[self._socket.send(self._buffer[:size]) :]
            if not self._buffer:
                self._producer.resumeProducing()


STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "send", "read", "give up"]), st.integers(1, 20_000)),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([30_000, 1 << 30]), STEPS)
def test_anyPatternOfPartialSendsKeepsOrderAndWholeLines(
    limit: int, steps: list[tuple[str, int]]
) -> None:
    """
    Where nothing is bounded or given up, it keeps every line; otherwise none that comes after one
    that it has lost, but for the last.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        transport = Throttle(ours)
        outlet = BoundedOutlet(transport, anyReaders(limit), ignore, lambda: None)
        sent = []
        received = b""
        mayLose = limit == 30_000
        for number, (step, size) in enumerate([*steps, ("say goodbye", 1)]):
            if step in ("write", "say goodbye"):
                sent.append(b"%d %s" % (number, b"x" * size))
                say = outlet.write if step == "write" else outlet.writeLast
                say(sent[-1] + b"\r\n")
            elif step == "send":
                transport.send(size)
            elif step == "read":
                with suppress(BlockingIOError):
                    received += theirs.recv(size)
            elif mayLose:
                outlet.giveUp("all")
        for _ in range(1000):
            transport.send(1 << 20)
            try:
                received += theirs.recv(1 << 20)
            except BlockingIOError:
                break
        assert outlet.waiting == 0
        lines = received.split(b"\r\n")
        assert lines.pop() == b""
        count = len(lines) - 1 if mayLose else len(sent) - 1
        assert lines == [*sent[:count], sent[-1]]


# A transport that has been written to before.


class Greeter(Owner):
    """
    An owner that writes to its transport before there is an outlet.
    """

    def connectionMade(self) -> None:
        self.transport.write(b"101\r\n")
        super().connectionMade()
        self.outlet.write(b"hello\r\n")


def test_whatWasWrittenBeforeGoesFirst(reactor: HandReactor) -> None:
    readers = SlowReaders(reactor, Limits())
    owner = Greeter(readers)
    peer = reactor.connect(owner)
    assert owner.outlet.waiting == len(b"hello\r\n")
    owner.outlet.write(b"again\r\n")
    reactor.turn()
    reactor.turn()
    assert peer.take() == ["101", "hello", "again"]
    assert owner.outlet.waiting == 0
    assert reactor.getDelayedCalls() == []
    owner.outlet.write(b"at once\r\n")
    assert peer.take() == ["at once"]


def test_whereWhatWasWrittenBeforeIsNotTakenThePeerIsGivenUp(reactor: HandReactor) -> None:
    readers = SlowReaders(reactor, Limits())
    owner = Owner(readers)
    peer = reactor.connect(Writer(owner), room=4096)
    for _ in range(int(Limits.stallTimeout) + 2):
        reactor.turn(1)
    assert owner.calls == ["stall"]
    assert peer.transport.connected


class Writer(Protocol):
    """
    What is on a transport before its owner, and writes more than the kernel takes.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(b"x" * 1_000_000)
        transport.protocol = self._owner
        self._owner.makeConnection(transport)
