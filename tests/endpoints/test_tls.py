"""Tests for L{chat.endpoints.tls}."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.endpoints.tls import TLSFactory
from tests.support.doubles import HandReactor
from tests.support.secure import SecurePeer, certificate

# Twisted hands its own certificates to OpenSSL in a way that is out of date.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")

# More bytes than the kernel keeps for a peer that reads nothing.
_MUCH = 100_000


@implementer(IPushProducer)
class Wrapped(Protocol):
    """
    The protocol within TLS, which is the producer of its transport as well.

    @ivar events: the calls it has received.
    """

    def __init__(self) -> None:
        self.events: list[str] = []

    def connectionMade(self) -> None:
        self.transport.registerProducer(self, True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.events.append("lost")

    def pauseProducing(self) -> None:
        self.events.append("pause")

    def resumeProducing(self) -> None:
        self.events.append("resume")

    def stopProducing(self) -> None:
        self.events.append("stop")


class WrappedFactory(Factory):
    """
    Makes one protocol, or refuses.
    """

    def __init__(self, wrapped: Wrapped | None) -> None:
        self._wrapped = wrapped

    def buildProtocol(self, address: object) -> Wrapped | None:
        return self._wrapped


@pytest.fixture
def reactor() -> Iterator[HandReactor]:
    with closing(HandReactor()) as reactor:
        yield reactor


@pytest.fixture
def wrapped() -> Wrapped:
    return Wrapped()


@pytest.fixture
def peer(reactor: HandReactor, wrapped: Wrapped) -> SecurePeer:
    peer = SecurePeer(reactor, WrappedFactory(wrapped)).shake()
    peer.heard()
    assert wrapped.events == []
    return peer


def _fill(wrapped: Wrapped) -> bytes:
    """
    @return: the bytes that have been written, which are more than the kernel takes.
    """
    data = bytes(number % 251 for number in range(_MUCH))
    wrapped.transport.write(data)
    assert wrapped.events == ["pause"]
    return data


def _taken(reactor: HandReactor, peer: SecurePeer) -> bytes:
    """
    @return: all bytes that come once the peer reads again.
    """
    data = b""
    for _ in range(200):
        reactor.turn()
        data += peer.take()
    return data


def test_dataIsInTheKernelWhenWriteReturns(
    reactor: HandReactor, wrapped: Wrapped, peer: SecurePeer
) -> None:
    """And the reactor has nothing to do."""
    for number in range(100):
        data = b"line %d\r\n" % number
        wrapped.transport.write(data)
        assert peer.take() == data
    assert not reactor.isWriting
    assert reactor.getDelayedCalls() == []


def test_aSequenceIsWrittenTogether(wrapped: Wrapped, peer: SecurePeer) -> None:
    wrapped.transport.writeSequence([b"one", b"two"])
    assert peer.take() == b"onetwo"


def test_dataThatTheKernelDoesNotTakeWaitsInOrder(
    reactor: HandReactor, wrapped: Wrapped, peer: SecurePeer
) -> None:
    """And the producer is paused."""
    data = _fill(wrapped)
    for number in range(10):
        wrapped.transport.write(b"%d" % number)
        reactor.turn()
    assert wrapped.events == ["pause"]
    assert _taken(reactor, peer) == data + b"0123456789"
    assert wrapped.events == ["pause", "resume"]
    wrapped.transport.write(b"after")
    assert peer.take() == b"after"
    assert not reactor.isWriting


def test_aProducerIsPausedWhereSomethingWaits(
    reactor: HandReactor, wrapped: Wrapped, peer: SecurePeer
) -> None:
    wrapped.transport.unregisterProducer()
    wrapped.transport.write(bytes(_MUCH))
    assert wrapped.events == []
    wrapped.transport.registerProducer(wrapped, True)
    assert wrapped.events == ["pause"]
    _taken(reactor, peer)
    assert wrapped.events == ["pause", "resume"]


def test_dataThatWaitsComesBeforeTheEnd(
    reactor: HandReactor, wrapped: Wrapped, peer: SecurePeer
) -> None:
    data = _fill(wrapped)
    wrapped.transport.unregisterProducer()
    wrapped.transport.loseConnection()
    assert _taken(reactor, peer) == data
    assert peer.isClosed
    peer.notify()
    reactor.turn()
    reactor.turn()
    assert not peer.peer.transport.connected
    assert wrapped.events == ["pause", "lost"]


def test_dataMayBeWrittenBeforeTheHandshake(reactor: HandReactor, wrapped: Wrapped) -> None:
    peer = SecurePeer(reactor, WrappedFactory(wrapped))
    wrapped.transport.write(b"hello")
    assert wrapped.events == ["pause"]
    peer.shake()
    reactor.turn()
    assert peer.take() == b"hello"
    assert wrapped.events == ["pause", "resume"]


def test_muchMayBeWrittenBeforeTheHandshake(reactor: HandReactor, wrapped: Wrapped) -> None:
    """The handshake resumes the producer, and the next write pauses it again."""
    peer = SecurePeer(reactor, WrappedFactory(wrapped))
    wrapped.transport.write(bytes(_MUCH))
    peer.shake()
    wrapped.transport.write(b"more")
    assert wrapped.events[-1] == "pause"
    assert _taken(reactor, peer) == bytes(_MUCH) + b"more"
    assert wrapped.events[-1] == "resume"


def test_aRefusedConnectionIsNotWrapped() -> None:
    factory = TLSFactory(certificate(), False, WrappedFactory(None), Clock())
    assert factory.buildProtocol(None) is None


def test_writingToAClosedConnectionEndsIt(
    reactor: HandReactor, wrapped: Wrapped, peer: SecurePeer
) -> None:
    peer.peer.close()
    wrapped.transport.write(b"hello")
    reactor.turn()
    reactor.turn()
    assert wrapped.events[-2:] == ["stop", "lost"]


@pytest.mark.parametrize("way", ["reset", "abort", "error"])
@pytest.mark.parametrize("isFull", [False, True])
def test_aLossIsToldOnceAndToTheProducerFirst(
    reactor: HandReactor, wrapped: Wrapped, peer: SecurePeer, way: str, isFull: bool
) -> None:
    if isFull:
        _fill(wrapped)
        wrapped.events.clear()
    if way == "reset":
        peer.peer.close()
    elif way == "abort":
        wrapped.transport.abortConnection()
    else:
        # This is no TLS.
        peer.peer.send(b"\xff" * 100)
    for _ in range(200):
        reactor.turn()
        if way == "error":
            peer.peer.read()
    assert not peer.peer.transport.connected
    assert [event for event in wrapped.events if event != "resume"] == ["stop", "lost"]
    assert not reactor.isReading
    assert not reactor.isWriting


def test_nothingIsWrittenToASocketWithTheNumberOfAClosedOne(
    reactor: HandReactor, wrapped: Wrapped, peer: SecurePeer
) -> None:
    number = peer.peer.transport.fileno()
    opened: list[socket.socket] = []

    def connectionLost(reason: Failure = connectionDone) -> None:
        while not any(each.fileno() == number for each in opened):
            opened.extend(socket.socketpair())
        wrapped.transport.write(b"too late")

    wrapped.connectionLost = connectionLost  # type: ignore[method-assign]
    wrapped.transport.abortConnection()
    reactor.turn()
    assert opened
    for each in opened:
        each.setblocking(False)
        with pytest.raises(BlockingIOError):
            each.recv(100)
    for each in opened:
        each.close()
