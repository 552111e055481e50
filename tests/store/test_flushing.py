"""Tests for L{chat.store.flushing}: when lines are written, and what observers are told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent

from chat.store.backlog import MAX_LINES
from chat.store.database import connect
from chat.store.numbering import RESERVE
from chat.vocabulary.errors import HistoryUnavailable
from chat.vocabulary.records import Account, Sanction, SanctionKind
from tests.support.stores import AT, ROOM, RecordingObserver, SQLiteStage, ids, lines, now, texts


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteStage]:
    """A store that does not wait for locks."""
    monkeypatch.setattr("chat.store.opening.BUSY_SECONDS", 0)
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    yield stage
    for worker in stage.workers:
        worker.isPrompt = True
        worker.work()
    if stage.store.running:
        stage.stop()


def onDisk(stage: SQLiteStage) -> list[int]:
    """
    @return: the ids of the lines that another program sees.
    """
    with closing(sqlite3.connect(stage.path)) as other:
        return [id for (id,) in other.execute("SELECT id FROM line ORDER BY seq")]


class Lock:
    """Another program that writes to the file."""

    def __init__(self, stage: SQLiteStage) -> None:
        self._connection = connect(str(stage.path))
        self._connection.execute("BEGIN EXCLUSIVE")

    def release(self) -> None:
        self._connection.close()


# Batches.


def test_linesAreCollectedForATenthOfASecond(stage: SQLiteStage) -> None:
    stage.chat(2)
    stage.clock.advance(0.06)
    stage.chat(1)
    assert onDisk(stage) == []
    stage.clock.advance(0.04)
    assert onDisk(stage) == [1, 2, 3]


def test_storedIsToldOnceForEachRoom(stage: SQLiteStage) -> None:
    stage.chat(3)
    stage.chat(2, "#dev")
    stage.chat(1)
    assert stage.observer.take() == []
    stage.settle()
    assert stage.observer.take() == [("stored", ROOM, 4), ("stored", "#dev", 2)]
    stage.clock.advance(10)
    assert stage.observer.take() == []


def test_withoutLinesNothingIsWritten(stage: SQLiteStage) -> None:
    stage.writes.isPrompt = False
    stage.clock.advance(10)
    assert stage.writes.waiting == []
    assert len(stage.clock.getDelayedCalls()) == 1


def test_aFullBatchIsWrittenAtOnce(stage: SQLiteStage) -> None:
    stage.chat(999)
    assert onDisk(stage) == []
    stage.chat(2)
    assert len(onDisk(stage)) == 1000
    stage.settle()
    assert len(onDisk(stage)) == 1001


def test_oneBatchIsWrittenAtATime(stage: SQLiteStage) -> None:
    stage.writes.isPrompt = False
    stage.chat(1)
    stage.settle()
    stage.chat(1500)
    stage.clock.advance(10)
    assert len(stage.writes.waiting) == 1
    stage.writes.do()()
    assert stage.observer.take() == [("stored", ROOM, 1)]
    # A full batch is written at once; the rest is collected.
    assert len(stage.writes.waiting) == 1
    stage.writes.do()()
    assert stage.observer.take() == [("stored", ROOM, 1001)]
    assert stage.writes.waiting == []
    stage.settle()
    stage.writes.work()
    assert stage.observer.take() == [("stored", ROOM, 1501)]


def test_observersMayAppend(stage: SQLiteStage) -> None:
    class Talkative:
        def stored(self, room: str, id: int) -> None:
            if id < 5:
                stage.say("and more")

    stage.store.observe(Talkative())  # type: ignore[arg-type]
    stage.say("hello")
    for _ in range(10):
        stage.settle()
    assert onDisk(stage) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("isFailing", [False, True])
def test_observersMayStopTheStore(stage: SQLiteStage, isFailing: bool) -> None:
    """Lines that have come meanwhile are written all the same."""
    stopping: list[Deferred[None]] = []

    class Resolute(RecordingObserver):
        def stored(self, room: str, id: int) -> None:
            if not stopping:
                stage.say("at the last moment")
                stopping.append(stage.store.stopService())

    stage.store.observe(Resolute())
    if isFailing:
        lock = Lock(stage)
        stage.chat(5)
        stage.settle()
        lock.release()
    stage.writes.isPrompt = False
    stage.chat(5)
    stage.clock.advance(1)
    stage.chat(3)
    stage.writes.work()
    now(stopping[0])
    assert len(onDisk(stage)) == (14 if isFailing else 9)


def test_anObserverThatFailsHarmsNothing(stage: SQLiteStage) -> None:
    class Broken:
        def stored(self, room: str, id: int) -> None:
            raise ValueError("a mistake")

    stage.store.observe(Broken())  # type: ignore[arg-type]
    stage.chat(2)
    with capturedLogs() as logged:
        stage.settle()
    assert "a mistake" in str(logged[0]["log_failure"])
    stage.chat(1)
    stage.settle()
    assert onDisk(stage) == [1, 2, 3]


def test_aLineAppendedTwiceIsStoredOnce(stage: SQLiteStage) -> None:
    """An attempt to write that seemed to fail may have succeeded."""
    for line in [*lines(1, 3), *lines(2, 4)]:
        stage.history.append(line)
    stage.settle()
    stage.history.append(lines(4, 4)[0])
    stage.settle()
    assert onDisk(stage) == [1, 2, 3, 4]
    assert len(now(stage.history.search("line", [ROOM], "", 10))) == 4


# Records.


def test_theNewestVersionOfARecordIsKept(stage: SQLiteStage) -> None:
    """The Deferreds of older versions fire as well."""
    fired: list[str] = []
    for name in ("alice", "Alice", "ALICE"):
        stage.ledger.put(Account(name, "alice", AT)).addCallback(lambda _, n=name: fired.append(n))
    assert fired == []
    stage.settle()
    assert fired == ["alice", "Alice", "ALICE"]
    assert now(stage.ledger.load(Account)) == (Account("ALICE", "alice", AT),)


def test_recordsWaitForTheDisk(stage: SQLiteStage) -> None:
    lock = Lock(stage)
    fired: list[int] = []
    for number in range(3):
        stage.ledger.put(Account(f"{number}", "alice", AT)).addCallback(
            lambda _, n=number: fired.append(n)
        )
        stage.clock.advance(1)
    assert fired == []
    assert now(stage.ledger.load(Account)) == (Account("2", "alice", AT),)
    lock.release()
    stage.clock.advance(1)
    assert fired == [0, 1, 2]


# Faults.


def test_linesWaitWhileTheFileIsLocked(stage: SQLiteStage) -> None:
    """Observers are told once; everything is written, in order, when it works again."""
    stage.chat(2)
    stage.settle()
    assert stage.observer.take() == [("stored", ROOM, 2)]
    lock = Lock(stage)
    with capturedLogs() as logged:
        stage.chat(1500)
        stage.settle()
        for _ in range(30):
            stage.chat(1)
            stage.clock.advance(1)
    assert stage.observer.take() == [("failing", "database is locked")]
    assert [event["log_level"].name for event in logged] == ["critical"]
    assert texts(now(stage.history.recent(ROOM, 1))) == ["line 0"]
    assert len(now(stage.history.after(ROOM, 0, 2000)).lines) == 1532
    lock.release()
    stage.clock.advance(0.9)
    assert onDisk(stage) == [1, 2]
    stage.clock.advance(0.1)
    assert stage.observer.take() == [
        ("stored", ROOM, 1002),
        ("stored", ROOM, 1532),
        ("recovered",),
    ]
    assert onDisk(stage) == list(range(1, 1533))
    stage.chat(1)
    stage.settle()
    assert stage.observer.take() == [("stored", ROOM, 1533)]


def test_eachFaultIsTold(stage: SQLiteStage) -> None:
    for _ in range(2):
        lock = Lock(stage)
        stage.chat(1)
        stage.settle()
        lock.release()
        stage.clock.advance(1)
        assert [told[0] for told in stage.observer.take()] == ["failing", "stored", "recovered"]


def test_eachReasonOfAnOutageIsToldOnce(stage: SQLiteStage) -> None:
    """Operators who have heard of a full disk must hear that files are gone."""
    lock = Lock(stage)
    away = stage.path.with_name("away")
    with capturedLogs() as logged:
        for _ in range(3):
            stage.chat(1)
            stage.clock.advance(1)
            stage.path.rename(away)
            stage.clock.advance(1)
            away.rename(stage.path)
    reasons = ["database is locked", "chat.sqlite3 has been removed"]
    assert stage.observer.take() == [("failing", reason) for reason in reasons]
    assert [event["reason"] for event in logged] == reasons
    lock.release()
    stage.clock.advance(1)
    assert stage.observer.take()[-1] == ("recovered",)


def test_recoveryIsToldThoughMoreLinesHaveCome(stage: SQLiteStage) -> None:
    lock = Lock(stage)
    stage.chat(10)
    stage.settle()
    lock.release()
    stage.writes.isPrompt = False
    stage.clock.advance(1)
    stage.chat(5)
    stage.writes.do()()
    assert [told[0] for told in stage.observer.take()] == ["failing", "stored", "recovered"]
    stage.writes.isPrompt = True
    stage.settle()
    assert onDisk(stage) == list(range(1, 16))


def test_linesBeyondTheBoundAreCountedAsLost(stage: SQLiteStage) -> None:
    """That is told at most once a second, and before what is stored."""
    lock = Lock(stage)
    stage.chat(MAX_LINES)
    stage.settle()
    stage.observer.take()
    with capturedLogs() as logged:
        stage.chat(3)
        assert stage.observer.take() == []
        stage.clock.advance(0.4)
        stage.chat(4)
        stage.clock.advance(0.55)
        stage.clock.advance(0.05)
        assert stage.observer.take() == [("lost", 7)]
        stage.chat(2)
        lock.release()
        stage.clock.advance(0.95)
    told = stage.observer.take()
    assert told[0] == ("lost", 2)
    assert told[-2:] == [("stored", ROOM, MAX_LINES), ("recovered",)]
    assert [event["count"] for event in logged if "count" in event] == [7, 2]
    assert len(onDisk(stage)) == MAX_LINES
    # Answers tell the gap.
    stage.chat(1)
    missed = now(stage.history.after(ROOM, MAX_LINES - 1, 10)).missed
    [gap] = missed
    assert (gap.first, gap.last, gap.reason) == (MAX_LINES + 1, MAX_LINES + 9, "lost")
    assert now(stage.history.recent(ROOM, 2)).missed == missed


def test_noIdsWhenTheDiskHasFailedForTooLong(stage: SQLiteStage) -> None:
    lock = Lock(stage)
    said = stage.chat(RESERVE + 5)
    assert ids(said) == [*range(1, RESERVE + 1), 0, 0, 0, 0, 0]
    stage.clock.advance(1)
    assert ("lost", RESERVE + 5 - MAX_LINES) in stage.observer.take()
    lock.release()
    stage.clock.advance(1)
    assert stage.say("hello").id == RESERVE + 1


# The end.


def test_stoppingWritesEverything(stage: SQLiteStage) -> None:
    stage.chat(2500)
    kept = stage.ledger.put(Account("alice", "alice", AT))
    assert onDisk(stage)[2000:] == []
    stage.stop()
    assert now(kept) is None
    assert len(onDisk(stage)) == 2500
    assert [worker.state for worker in stage.workers] == ["stopped", "stopped"]
    assert stage.clock.getDelayedCalls() == []


def test_stoppingWaitsForTheBatchThatIsBeingWritten(stage: SQLiteStage) -> None:
    stage.writes.isPrompt = False
    stage.chat(3)
    stage.settle()
    stage.chat(2)
    stopping = stage.store.stopService()
    stage.chat(1)
    stage.writes.work()
    now(stopping)
    assert onDisk(stage) == [1, 2, 3, 4, 5, 6]


def test_noIdsAfterStopping(stage: SQLiteStage) -> None:
    """The next service would give the same ones."""
    stage.chat(1)
    stage.writes.isPrompt = False
    stopping = stage.store.stopService()
    stage.writes.do()()
    assert stage.store.nextId(ROOM) == 0
    assert stage.store.nextId("#dev") == 0
    stage.writes.work()
    now(stopping)


def test_stoppingTriesAFailedDiskAgain(stage: SQLiteStage) -> None:
    """At once, and then for some seconds."""
    lock = Lock(stage)
    stage.chat(3)
    stage.settle()
    stopping = stage.store.stopService()
    stage.clock.advance(1)
    lock.release()
    stage.clock.advance(1)
    now(stopping)
    assert onDisk(stage) == [1, 2, 3]


def test_stoppingGivesUpADiskThatFails(stage: SQLiteStage) -> None:
    """Lost lines are logged, and each record."""
    lock = Lock(stage)
    stage.chat(3)
    kept = stage.ledger.put(Account("alice", "alice", AT, "a secret"))
    removed = stage.ledger.remove(Sanction(SanctionKind.BAN, "bob", "Bob", "olga", AT, "spam"))
    stopping = stage.store.stopService()
    with capturedLogs() as logged:
        for _ in range(5):
            assert not stopping.called
            stage.clock.advance(1)
    now(stopping)
    assert [kept.called, removed.called] == [False, False]
    critical = [event for event in logged if event["log_level"].name == "critical"]
    assert [formatEvent(event) for event in critical][-3:] == [
        "3 lines are lost",
        "the account alice was not stored: the service ended while the disk was failing",
        "the sanction ban bob was not removed: the service ended while the disk was failing",
    ]
    assert "a secret" not in repr(logged)
    lock.release()
    assert stage.clock.getDelayedCalls() == []
    again = SQLiteStage(stage.path)
    assert again.store.nextId(ROOM) == 20_001
    again.stop()


def test_stoppingGivesUpADiskThatNeverAnswers(stage: SQLiteStage) -> None:
    stage.writes.isPrompt = stage.reads.isPrompt = False
    stage.chat(3)
    stage.settle()
    asked: Deferred[object] = stage.history.search("line", [ROOM], "", 10)  # type: ignore[assignment]
    stopping = stage.store.stopService()
    with pytest.raises(HistoryUnavailable):
        now(asked)
    stage.clock.advance(5)
    now(stopping)
    # The answer comes after all.
    stage.writes.work()
    stage.reads.work()


def test_aStoppedStoreKeepsNothingAndAnswersAtOnce(stage: SQLiteStage) -> None:
    stage.chat(1)
    stage.stop()
    stage.chat(1)
    stage.history.forget(ROOM)
    for asked in (
        stage.history.recent(ROOM, 1),
        stage.history.after(ROOM, 0, 1),
        stage.history.since(ROOM, AT, 1),
        stage.history.search("line", [ROOM], "", 1),
        stage.ledger.load(Account),
    ):
        with pytest.raises(HistoryUnavailable):
            now(asked)  # type: ignore[arg-type]
    now(stage.store.stopService())


def test_recordsThatComeWhileClosingOrLaterAreLogged(stage: SQLiteStage) -> None:
    stage.writes.isPrompt = False
    stopping = stage.store.stopService()
    with capturedLogs() as logged:
        stage.ledger.put(Account("alice", "alice", AT))
        stage.writes.work()
        now(stopping)
        stage.ledger.put(Account("bob", "bob", AT))
    assert [event["key"] for event in logged] == ["alice", "bob"]
