"""Tests for L{chat.store.memory} that are not in the contract."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.task import Clock

from chat.store import memory as memorystore
from chat.store.memory import STEP, WITHIN, MemoryStore
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from chat.vocabulary.events import Said
from tests.support.stores import AT, ROOM, RecordingObserver, ids, lines, now, texts


class Memory:
    """A store in memory, started."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock, lambda records: None, **options)
        self.history = self.store.history
        self.store.startService()

    def say(self, text: str, room: str = ROOM) -> None:
        number = self.store.nextId(room)
        at = AT + timedelta(seconds=number)
        self.history.append(Said(room, number, at, "alice", text))


def test_keepsTheNewestLinesOfEachRoom() -> None:
    """A busy room takes nothing from a quiet one."""
    memory = Memory(keepLines=3)
    for line in [*lines(1, 2, "#quiet"), *lines(1, 10)]:
        memory.history.append(line)
    assert ids(now(memory.history.recent("#quiet", 10))) == [1, 2]
    assert ids(now(memory.history.recent(ROOM, 10))) == [8, 9, 10]


def test_expiredLinesDoNotPileUp() -> None:
    memory = Memory(keepLines=10)
    for line in lines(1, 1000):
        memory.history.append(line)
        assert len(memory.history._rooms[ROOM].lines) <= 2 * 10 + 1


def test_observersHearNothing() -> None:
    memory = Memory()
    observer = RecordingObserver()
    memory.store.observe(observer)
    memory.say("hello")
    memory.clock.advance(100)
    now(memory.store.stopService())
    assert observer.take() == []


def test_noTimerRunsWithoutNeed() -> None:
    memory = Memory()
    assert memory.clock.getDelayedCalls() == []
    memory = Memory(keepSeconds=60)
    assert len(memory.clock.getDelayedCalls()) == 1
    now(memory.store.stopService())
    assert memory.clock.getDelayedCalls() == []


def test_askingAboutARoomDoesNotAddIt() -> None:
    memory = Memory()
    for ask in (memory.history.recent("#a", 1), memory.history.after("#b", 0, 1)):
        now(ask)
    memory.store.lastId("#c")
    assert memory.history._rooms == {}


def test_forgottenRoomsAreDroppedWhenThereAreVeryMany(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids go on all the same."""
    monkeypatch.setattr(memorystore, "MAX_ROOMS", 3)
    memory = Memory()
    for number in range(10):
        for _ in range(number):
            memory.say("hello", f"#room{number}")
        memory.history.forget(f"#room{number}")
    assert len(memory.history._rooms) <= 4
    for number in range(1, 10):
        assert memory.store.nextId(f"#room{number}") > number


# Searching.


def test_aLongSearchFindsWhatIsSaidMeanwhile() -> None:
    """It takes more than one turn."""
    memory = Memory()
    memory.say("needle at the start")
    for _ in range(3 * STEP):
        memory.say("hay")
    searching = memory.history.search("needle", [ROOM], "", 10)
    assert not searching.called
    memory.say("needle meanwhile")
    memory.say("needle elsewhere", "#dev")
    memory.clock.advance(0)
    assert texts(now(searching)) == ["needle meanwhile", "needle at the start"]


def test_aSearchDoesNotFindLinesThatExpireMeanwhile() -> None:
    memory = Memory()
    memory.say("needle")
    for _ in range(2 * STEP):
        memory.say("hay")
    searching = memory.history.search("needle", [ROOM], "", 10)
    memory.history.forget(ROOM)
    memory.clock.advance(0)
    assert now(searching) == ()


def test_aSearchThatTakesTooLongIsGivenUp() -> None:
    memory = Memory()
    for _ in range(3 * STEP):
        memory.say("hay")
    searching = memory.history.search("needle", [ROOM], "", 10)
    memory.clock.advance(WITHIN)
    with pytest.raises(HistoryUnavailable):
        now(searching)
    assert memory.clock.getDelayedCalls() == []


def test_tooManySearchesAreRefused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memorystore, "MAX_SCANS", 2)
    memory = Memory()
    for _ in range(3 * STEP):
        memory.say("hay")
    searching = [memory.history.search("needle", [ROOM], "", 10) for _ in range(2)]
    with pytest.raises(TryLater):
        now(memory.history.search("needle", [ROOM], "", 10))
    memory.clock.advance(0)
    assert [now(each) for each in searching] == [(), ()]
    assert not memory.history.search("needle", [ROOM], "", 10).called
