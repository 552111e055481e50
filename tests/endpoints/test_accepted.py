"""Tests for L{chat.endpoints.accepted}."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IPullProducer
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.endpoints.accepted import TCPServer, UNIXServer
from chat.endpoints.listen import openPort
from tests.support.doubles import FixedEndpoint, HandPeer, HandReactor


@implementer(IHalfCloseableProtocol, IPullProducer)
class Reader(Protocol):
    """
    @ivar events: what it was told.
    """

    def __init__(self) -> None:
        self.events: list[object] = []

    def dataReceived(self, data: bytes) -> None:
        self.events.append(data)

    def readConnectionLost(self) -> None:
        self.events.append("end")

    def writeConnectionLost(self) -> None:
        raise AssertionError("nobody has asked for that")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.events.append(reason.type)

    def resumeProducing(self) -> None:
        """Nothing more is written."""

    def stopProducing(self) -> None:
        self.events.append("stop")


class Line:
    """
    A connection that is not read from, whose peer has sent something, and hung up without having
    read everything.
    """

    def __init__(self, reactor: HandReactor, sent: bytes = b"unread") -> None:
        self.reactor = reactor
        self.reader = Reader()
        self.peer: HandPeer = reactor.connect(self.reader)
        self.transport = self.peer.transport
        self.transport.registerProducer(self.reader, False)
        self.transport.write(b"hello")
        reactor.turn()
        self.transport.pauseProducing()
        self.peer.offer(sent)
        self.peer.close()

    def turn(self) -> list[object]:
        """
        @return: what the protocol has been told within some turns.
        """
        for _ in range(4):
            self.reactor.turn()
        events, self.reader.events = self.reader.events, []
        return events


@pytest.fixture
def reactor() -> Iterator[HandReactor]:
    with closing(HandReactor()) as reactor:
        yield reactor


@pytest.fixture
def line(reactor: HandReactor) -> Line:
    return Line(reactor)


def write(line: Line) -> None:
    line.transport.write(b"into the void")


def lose(line: Line) -> None:
    line.transport.connectionLost(Failure(ConnectionLost()))


@pytest.mark.parametrize("notice", [write, lose])
def test_whatIsUnreadIsReadBeforeTheConnectionIsLost(line: Line, notice: Any) -> None:
    notice(line)
    assert line.turn() == ["stop"]
    line.transport.resumeProducing()
    assert line.turn() == [b"unread", ConnectionLost]
    assert line.transport.unread == 0


@pytest.mark.parametrize("notice", [write, lose])
def test_withNothingUnreadTheConnectionIsLostAtOnce(reactor: HandReactor, notice: Any) -> None:
    line = Line(reactor, b"")
    notice(line)
    assert line.turn() == ["stop", ConnectionLost]


def test_whatIsReadGoesOnBeingRead(reactor: HandReactor) -> None:
    """Although less is read in a turn than there is."""
    line = Line(reactor)
    line.transport.bufferSize = 2
    line.transport.resumeProducing()
    write(line)
    assert line.turn() == [b"un", "stop", b"re", b"ad", ConnectionLost]


def test_noEndIsCleanAfterAReset(line: Line) -> None:
    """The kernel tells only once that it was a reset, here to the one who writes."""
    write(line)
    line.transport.resumeProducing()
    assert "end" not in line.turn()


def test_nothingIsWrittenAnyMore(line: Line) -> None:
    write(line)
    line.turn()
    write(line)
    assert not line.reactor.isWriting


def test_aProducerThatComesTooLateIsStopped(line: Line) -> None:
    write(line)
    line.turn()
    line.transport.registerProducer(line.reader, True)
    assert line.turn() == ["stop"]


@pytest.mark.parametrize("isNoticed", [False, True])
def test_abortingLosesWhatIsUnread(line: Line, isNoticed: bool) -> None:
    if isNoticed:
        write(line)
    line.transport.abortConnection()
    [*_, reason] = line.turn()
    assert isinstance(reason, type)
    assert issubclass(reason, ConnectionLost)
    assert line.transport.unread == len(b"unread")


def test_closingLosesWhatIsUnread(line: Line) -> None:
    """And is told in another turn, as TLS expects."""
    write(line)
    line.turn()
    line.transport.loseConnection()
    line.transport.loseConnection()
    assert line.reader.events == []
    assert line.turn() == [ConnectionDone]
    assert line.transport.unread == len(b"unread")


# What the kernels tell.


def tcpPair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        theirs = socket.create_connection(listening.getsockname())
        ours, _ = listening.accept()
    return ours, theirs


def overwritten(transport: Any) -> None:
    """
    Write past the transport, which takes the kernel's word for what has happened.
    """
    with suppress(OSError):
        while True:
            os.write(transport.fileno(), b"answer")


@pytest.mark.parametrize("isOverwritten", [False, True])
@pytest.mark.parametrize("isReadBefore", [False, True])
@pytest.mark.parametrize("notice", ["read", "write", "lose"])
@pytest.mark.parametrize(
    ("way", "hasFIN", "end"),
    [
        ("tcp", False, ConnectionLost),
        ("tcp", True, ConnectionDone),
        ("unix", False, ConnectionDone),
        ("unix", True, ConnectionDone),
    ],
)
def test_theEndIsCleanWhereWhatThePeerSentIsWhole(
    reactor: HandReactor,
    way: str,
    hasFIN: bool,
    end: type,
    notice: str,
    isReadBefore: bool,
    isOverwritten: bool,
) -> None:
    """Whoever is the first to notice the reset, and whatever is unread by then."""
    ours, theirs = tcpPair() if way == "tcp" else socket.socketpair()
    reader = Reader()
    transport: Any = (TCPServer if way == "tcp" else UNIXServer)(
        ours, reader, ("", 0), None, 0, reactor
    )
    with ours, theirs:
        reader.makeConnection(transport)
        transport.write(b"hello")
        reactor.turn()
        # It must have come, or there is no reset.
        theirs.recv(5, socket.MSG_PEEK)
        theirs.send(b"some")
        if isReadBefore:
            transport.startReading()
            while not reader.events:
                reactor.turn()
            transport.stopReading()
        theirs.send(b"more" * (not isReadBefore))
        if hasFIN:
            theirs.shutdown(socket.SHUT_WR)
        theirs.close()
        if isOverwritten:
            overwritten(transport)
        if notice == "write":
            transport.write(b"into the void")
        elif notice == "lose":
            transport.connectionLost(Failure(ConnectionLost()))
        if transport.connected:
            transport.resumeProducing()
        for _ in range(4):
            reactor.turn()
        [first, *_] = [event for event in reader.events if not isinstance(event, bytes)]
        data = b"".join(event for event in reader.events if isinstance(event, bytes))
        assert data == (b"some" if isReadBefore else b"somemore")
        # What comes after FIN concerns the other direction.
        assert first is end or (end is ConnectionDone and first == "end")


@pytest.mark.parametrize("way", ["tcp", "unix"])
def test_urgentDataIsReadAtItsPlace(reactor: HandReactor, way: str) -> None:
    """It is no FIN either, though the kernel counts it."""
    ours, theirs = tcpPair() if way == "tcp" else socket.socketpair()
    reader = Reader()
    transport: Any = (TCPServer if way == "tcp" else UNIXServer)(
        ours, reader, ("", 0), None, 0, reactor
    )
    with ours, theirs:
        reader.makeConnection(transport)
        theirs.send(b"some")
        try:
            theirs.send(b"urgent", socket.MSG_OOB)
        except OSError:
            # Unix sockets have it since Linux 5.15.
            theirs.send(b"urgent")
        theirs.send(b"more")
        if way == "tcp":
            # RST instead of FIN.
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
        transport.connectionLost(Failure(ConnectionLost()))
        transport.resumeProducing()
        for _ in range(6):
            reactor.turn()
        data = b"".join(event for event in reader.events if isinstance(event, bytes))
        assert data == b"someurgentmore"
        [first, *_] = [event for event in reader.events if not isinstance(event, bytes)]
        assert first in ([ConnectionLost] if way == "tcp" else ["end", ConnectionDone])


# Ports.


@pytest.mark.parametrize(
    ("port", "kind"),
    [
        (tcp.Port(0, ServerFactory(), reactor=HandReactor()), TCPServer),
        (unix.Port(b"chat.sock", ServerFactory(), reactor=HandReactor()), UNIXServer),
    ],
)
def test_portsMakeSuchTransports(port: Any, kind: type) -> None:
    fixed: Any = FixedEndpoint(port)
    assert openPort("8080", fixed, ServerFactory()).transport is kind  # type: ignore[attr-defined]
