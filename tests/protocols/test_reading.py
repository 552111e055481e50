"""Tests for L{chat.protocols.reading}: peers that go while their input is not read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from twisted.internet.task import Clock

from chat.protocols.reading import INTERVAL, UnreadConnections
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
