"""Tests for L{chat.operations.unused}."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from chat.core.rooms import Directory
from chat.core.users import User
from chat.interfaces import Extract
from chat.operations.unused import EVERY, UnusedRooms
from chat.store.memory import MemoryStore
from chat.vocabulary.errors import HistoryUnavailable
from chat.vocabulary.events import Joined, Said
from chat.vocabulary.records import RoomRecord
from tests.support.doubles import endOfTurn
from tests.support.hubs import AT

WEEK = 7 * 86400.0


class Street:
    """
    Rooms of alice, and the service that looks after them.
    """

    def __init__(self, *names: str, keepSeconds: float = WEEK) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock, lambda records: None)
        self.directory = Directory(
            self.store.ledger,
            endOfTurn(self.clock),
            self.clock.callLater,
            self.store.history.forget,
            now=self.now,
        )
        self.directory.load(RoomRecord(name, owners=("alice",), made=AT) for name in names)
        self.history: Any = self.store.history
        self.asked: list[str] = []
        self.service = UnusedRooms(self.directory, self, keepSeconds, self.clock, self.now)  # type: ignore[arg-type]
        self.service.startService()

    def now(self) -> datetime:
        return AT + timedelta(seconds=self.clock.seconds())

    def since(self, room: str, at: datetime, count: int) -> Deferred[Extract]:
        self.asked.append(room)
        answer: Deferred[Extract] = self.history.since(room, at, count)
        return answer

    def say(self, room: str) -> None:
        self.store.history.append(Said(room, self.store.nextId(room), self.now(), "alice", "hello"))

    def passes(self, seconds: float) -> list[str]:
        """
        @return: The rooms there are after that time.
        """
        self.clock.pump([EVERY] * int(seconds // EVERY))
        return sorted(self.directory.rooms)


def test_aRoomInWhichNobodyHasTalkedIsForgotten() -> None:
    street = Street("#used", "#unused")
    street.say("#used")
    assert street.passes(WEEK) == ["#lobby", "#unused", "#used"]
    with capturedLogs() as logged:
        assert street.passes(EVERY) == ["#lobby", "#used"]
    assert "removed the room #unused, which was never used" in map(formatEvent, logged)
    assert street.passes(WEEK) == ["#lobby", "#used"]
    # Nobody asks again about a room that is known to be used.
    assert street.asked == ["#used", "#unused"]


def test_linesThatHaveExpiredWereSaidAllTheSame() -> None:
    street = Street("#used")
    street.say("#used")
    street.store.history.expire(AT + timedelta(days=1))
    assert street.passes(2 * WEEK) == ["#lobby", "#used"]


def test_linesOfAnEarlierRoomOfThatNameDoNotCount() -> None:
    street = Street("#dev")
    street.store.history.append(Said("#dev", 1, AT - timedelta(days=9), "bob", "hello"))
    street.store.history.forget("#dev")
    assert street.passes(2 * WEEK) == ["#lobby"]


def test_aRoomIsKeptWhileSomebodyIsInside() -> None:
    street = Street("#dev")
    alice = User("alice", "alice", account="alice")
    street.directory.open("#dev").enter(alice, Joined("#dev", AT, "alice"))
    assert street.passes(2 * WEEK) == ["#dev", "#lobby"]


def test_somebodyMayComeInWhileTheHistoryIsAsked() -> None:
    street = Street("#dev")
    answer: Deferred[Extract] = Deferred()
    street.history.since = lambda *question: answer
    street.passes(WEEK + EVERY)
    alice = User("alice", "alice", account="alice")
    street.directory.open("#dev").enter(alice, Joined("#dev", AT, "alice"))
    answer.callback(Extract())
    assert street.passes(0) == ["#dev", "#lobby"]
    assert street.directory.open("#dev").owns(alice)


def test_aHistoryThatCannotTellIsAskedLater(monkeypatch: pytest.MonkeyPatch) -> None:
    street = Street("#a", "#b")
    monkeypatch.setattr(street.history, "since", lambda *question: fail(HistoryUnavailable()))
    assert street.passes(WEEK + EVERY) == ["#a", "#b", "#lobby"]
    assert street.asked == ["#a"]
    monkeypatch.undo()
    assert street.passes(EVERY) == ["#lobby"]


def test_roomsMayBeKeptForEver() -> None:
    street = Street("#dev", keepSeconds=0.0)
    assert street.clock.getDelayedCalls() == []
    street.service.look()
    assert street.passes(9 * WEEK) == ["#dev", "#lobby"]


def test_theServiceLooksNoMoreWhenItHasStopped() -> None:
    street = Street("#dev")
    street.service.stopService()
    assert street.passes(2 * WEEK) == ["#dev", "#lobby"]
    assert street.clock.getDelayedCalls() == []
