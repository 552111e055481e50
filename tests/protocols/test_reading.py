"""Tests for L{chat.protocols.reading}: peers that go while their input is not read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from zope.interface import implementer

from chat.protocols.reading import INTERVAL, ReadSide, UnreadConnections
from chat.protocols.transports import ILayered
from tests.support.service import Service


class ReadingStage:
    """
    @ivar gone: The numbers of the connections whose peers have gone.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.ghosts = UnreadConnections(self.clock)
        self.gone: list[int] = []
        self._sockets: list[socket.socket] = []

    def connection(self) -> tuple[int, socket.socket]:
        """
        @return: The number of a connection that is not read from, and its peer.
        """
        ours, theirs = socket.socketpair()
        self._sockets += ours, theirs
        number = self.ghosts.add(ours, lambda: self._isGone(ours.fileno()))
        return number, theirs

    def close(self) -> None:
        for each in self._sockets:
            each.close()

    def _isGone(self, number: int) -> None:
        self.gone.append(number)
        self.ghosts.discard(number)


@implementer(ILayered)
class Channel(StringTransport):
    """A channel of SSH, which has the socket of its connection."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection

    def getHandle(self) -> socket.socket:
        return self._connection


@pytest.fixture
def stage() -> Iterator[ReadingStage]:
    with closing(ReadingStage()) as stage:
        yield stage


def test_aPeerThatHasGoneIsNoticed(stage: ReadingStage) -> None:
    number, peer = stage.connection()
    stage.connection()
    stage.clock.advance(INTERVAL)
    assert stage.gone == []
    peer.close()
    stage.clock.advance(INTERVAL)
    assert stage.gone == [number]


def test_aPeerThatHasOnlySentFINHasNotGone(stage: ReadingStage) -> None:
    """And what it has sent is not looked at yet."""
    _, peer = stage.connection()
    peer.send(b"hello")
    peer.shutdown(socket.SHUT_WR)
    stage.clock.advance(INTERVAL)
    assert stage.gone == []


def test_aConnectionThatIsReadFromIsNotWatched(stage: ReadingStage) -> None:
    number, peer = stage.connection()
    stage.ghosts.discard(number)
    peer.close()
    stage.clock.advance(INTERVAL)
    assert stage.gone == []
    assert stage.clock.getDelayedCalls() == []


def test_allMayGoAtOnce(stage: ReadingStage) -> None:
    numbers = []
    for _ in range(3):
        number, peer = stage.connection()
        numbers.append(number)
        peer.close()
    stage.clock.advance(INTERVAL)
    assert sorted(stage.gone) == sorted(numbers)
    assert stage.clock.getDelayedCalls() == []


def test_whileAllAreReadFromNoTimerRuns() -> None:
    assert ReadingStage().clock.getDelayedCalls() == []


def test_channelsOfOneConnectionPauseAndResumeByThemselves() -> None:
    """Their connection notices by itself that the peer has gone."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        clock = Clock()
        unread = UnreadConnections(clock)
        sides = [ReadSide(Channel(ours), unread) for _ in range(2)]
        for act in (ReadSide.pause, ReadSide.resume, ReadSide.end, ReadSide.over):
            for side in sides:
                act(side)
        assert clock.getDelayedCalls() == []


def test_theSessionOfAPeerThatOnlyListenedAndHasGoneIsOver() -> None:
    """The nickname is free, although nothing is read or written any more."""
    with closing(Service(listenAfterFIN=True)) as service:
        bob = service.connect("bob")
        bob.finish()
        service.heard(bob)
        service.reactor.turn(INTERVAL)
        assert len(service.hub.nicknames) == 1
        bob.close()
        service.reactor.turn(INTERVAL)
        for _ in range(3):
            service.reactor.turn()
        assert len(service.hub.nicknames) == 0
        assert service.connections.admission.connections == 0
        assert service.reactor.getDelayedCalls() == []
