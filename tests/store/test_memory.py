"""Tests for L{chat.store.memory} that are not in the contract."""

from __future__ import annotations

import pytest

from chat.store import memory as memorystore
from chat.store.memory import STEP, WITHIN
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from tests.support.stores import ROOM, MemoryStage, ids, lines, now, texts


def test_keepsTheNewestLinesOfEachRoom() -> None:
    """A busy room takes nothing from a quiet one."""
    memory = MemoryStage(keepLines=3)
    for line in [*lines(1, 2, "#quiet"), *lines(1, 10)]:
        memory.history.append(line)
    assert ids(now(memory.history.recent("#quiet", 10))) == [1, 2]
    assert ids(now(memory.history.recent(ROOM, 10))) == [8, 9, 10]


def test_expiredLinesDoNotPileUp() -> None:
    memory = MemoryStage(keepLines=10)
    for line in lines(1, 1000):
        memory.history.append(line)
        assert len(memory.history._rooms[ROOM].lines) <= 2 * 10 + 1


def test_observersHearNothing() -> None:
    memory = MemoryStage()
    memory.say("hello")
    memory.clock.advance(100)
    now(memory.store.stopService())
    assert memory.observer.take() == []


def test_noTimerRunsWithoutNeed() -> None:
    memory = MemoryStage()
    assert memory.clock.getDelayedCalls() == []
    memory = MemoryStage(keepSeconds=60)
    assert len(memory.clock.getDelayedCalls()) == 1
    now(memory.store.stopService())
    assert memory.clock.getDelayedCalls() == []


def test_askingAboutARoomDoesNotAddIt() -> None:
    memory = MemoryStage()
    for ask in (memory.history.recent("#a", 1), memory.history.after("#b", 0, 1)):
        now(ask)
    memory.store.lastId("#c")
    assert memory.history._rooms == {}


def test_forgottenRoomsAreDroppedWhenThereAreVeryMany(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids go on all the same."""
    monkeypatch.setattr(memorystore, "MAX_ROOMS", 3)
    memory = MemoryStage()
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
    memory = MemoryStage()
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
    memory = MemoryStage()
    memory.say("needle")
    for _ in range(2 * STEP):
        memory.say("hay")
    searching = memory.history.search("needle", [ROOM], "", 10)
    memory.history.forget(ROOM)
    memory.clock.advance(0)
    assert now(searching) == ()


def test_aSearchThatTakesTooLongIsGivenUp() -> None:
    memory = MemoryStage()
    for _ in range(3 * STEP):
        memory.say("hay")
    searching = memory.history.search("needle", [ROOM], "", 10)
    memory.clock.advance(WITHIN)
    with pytest.raises(HistoryUnavailable):
        now(searching)
    assert memory.clock.getDelayedCalls() == []


def test_tooManySearchesAreRefused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memorystore, "MAX_SCANS", 2)
    memory = MemoryStage()
    for _ in range(3 * STEP):
        memory.say("hay")
    searching = [memory.history.search("needle", [ROOM], "", 10) for _ in range(2)]
    with pytest.raises(TryLater):
        now(memory.history.search("needle", [ROOM], "", 10))
    memory.clock.advance(0)
    assert [now(each) for each in searching] == [(), ()]
    assert not memory.history.search("needle", [ROOM], "", 10).called
