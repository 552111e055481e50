"""
What is kept no longer: L{chat.store.pruning}, when L{chat.store.retention} has it done, and the
same in memory.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import capturedLogs

from chat.interfaces import Extract
from chat.store import pruning
from chat.store.database import LOG_BYTES
from chat.store.pruning import STEP
from chat.store.retention import EVERY, PAUSE
from chat.vocabulary.events import Missed, Said
from tests.support.stores import (
    AT,
    ROOM,
    MemoryStage,
    SQLiteStage,
    StoreStage,
    ids,
    lines,
    now,
    texts,
)


@pytest.fixture(params=["file", "memory"])
def newStage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Makes a store of each kind."""
    made: list[StoreStage] = []

    def new(**options: Any) -> StoreStage:
        isFile = request.param == "file"
        path = tmp_path / "chat.sqlite3"
        made.append(SQLiteStage(path, **options) if isFile else MemoryStage(**options))
        return made[-1]

    yield new
    for stage in made:
        stage.stop()


def onDisk(stage: SQLiteStage) -> list[tuple[str, int]]:
    """
    @return: the rooms and ids of the lines in the file.
    """
    with closing(sqlite3.connect(stage.path)) as other:
        return other.execute(
            "SELECT name, id FROM line JOIN room ON line.room = room.number ORDER BY seq"
        ).fetchall()


def indexSize(stage: SQLiteStage) -> int:
    """
    @return: how many lines are in the index.
    """
    with closing(sqlite3.connect(stage.path)) as other:
        other.execute("INSERT INTO word (word) VALUES ('integrity-check')")
        [count] = other.execute("SELECT count(*) FROM word WHERE word MATCH 'line'").fetchone()
    return int(count)


# Both stores.


def test_keepsSoManyLinesOfEachRoom(newStage: Any) -> None:
    stage = newStage(keepLines=10)
    stage.chat(50)
    stage.chat(10, "#dev")
    stage.settle()
    stage.sweep()
    assert ids(now(stage.history.after(ROOM, 0, 100))) == list(range(41, 51))
    assert now(stage.history.recent(ROOM, 100)).more is False
    assert ids(now(stage.history.recent(ROOM, 100))) == list(range(41, 51))
    assert len(now(stage.history.after("#dev", 0, 100)).lines) == 10
    assert len(now(stage.history.search("line", [ROOM], "", 100))) == 10
    stage.chat(1)
    stage.settle()
    stage.sweep()
    assert ids(now(stage.history.after(ROOM, 0, 100))) == list(range(42, 52))


def test_keepsLinesForSoLong(newStage: Any) -> None:
    stage = newStage(keepSeconds=3600)
    stage.say("old")
    stage.say("old, too", "#dev")
    stage.now += timedelta(minutes=30)
    stage.say("new")
    stage.settle()
    stage.sweep()
    assert texts(now(stage.history.recent(ROOM, 10))) == ["old", "new"]
    stage.now += timedelta(minutes=30, seconds=1)
    stage.sweep()
    assert texts(now(stage.history.recent(ROOM, 10))) == ["new"]
    assert texts(now(stage.history.after(ROOM, 0, 10))) == ["new"]
    assert now(stage.history.after("#dev", 0, 10)) == Extract(
        missed=(Missed("#dev", 1, 1, "expired"),)
    )
    assert now(stage.history.search("old", [ROOM, "#dev"], "", 10)) == ()


def test_keepsAllLinesByDefault(newStage: Any) -> None:
    stage = newStage()
    stage.chat(2000)
    stage.settle()
    stage.now += timedelta(days=10_000)
    stage.sweep()
    assert len(now(stage.history.after(ROOM, 0, 3000)).lines) == 2000


def test_tellsWhichLinesHaveExpired(newStage: Any) -> None:
    """But none that were not asked for."""
    stage = newStage(keepLines=10)
    for line in [*lines(1, 50), *lines(53, 55)]:
        stage.history.append(line)
    stage.settle()
    stage.sweep()
    expired, lost = Missed(ROOM, 6, 43, "expired"), Missed(ROOM, 51, 52, "lost")
    found = now(stage.history.after(ROOM, 5, 100))
    assert (ids(found), found.missed) == ([*range(44, 51), 53, 54, 55], (expired, lost))
    assert now(stage.history.after(ROOM, 5, 3)).missed == (expired,)
    assert now(stage.history.after(ROOM, 43, 3)).missed == ()
    assert now(stage.history.recent(ROOM, 100)).missed == (lost,)
    # The newest expired line was said in the 43rd second.
    since = now(stage.history.since(ROOM, AT + timedelta(seconds=43), 5))
    assert since.missed == (Missed(ROOM, 1, 43, "expired"),)
    assert ids(since) == [44, 45, 46, 47, 48]
    since = now(stage.history.since(ROOM, AT + timedelta(seconds=44), 5))
    assert (since.missed, ids(since)) == ((), [44, 45, 46, 47, 48])


def test_tellsThatAllLinesHaveExpired(newStage: Any) -> None:
    stage = newStage(keepSeconds=60)
    stage.chat(40)
    stage.settle()
    stage.now += timedelta(seconds=61)
    stage.sweep()
    missed = (Missed(ROOM, 6, 40, "expired"),)
    assert now(stage.history.after(ROOM, 5, 100)) == Extract(missed=missed)
    assert now(stage.history.after(ROOM, 40, 100)) == Extract()
    assert now(stage.history.recent(ROOM, 100)) == Extract()
    assert now(stage.history.since(ROOM, AT, 100)).missed == (Missed(ROOM, 1, 40, "expired"),)
    assert now(stage.history.since(ROOM, AT + timedelta(seconds=1), 100)) == Extract()


def sayAt(stage: StoreStage, *seconds: int) -> None:
    for each in seconds:
        line = Said(
            ROOM, stage.store.nextId(ROOM), AT + timedelta(seconds=each), "alice", f"at {each}"
        )
        stage.history.append(line)
    stage.settle()


def test_aLineFromTheFutureIsAsOldAsThoseBehindIt(newStage: Any) -> None:
    """The clock was ahead for a while.  Otherwise the line would keep all of them for years."""
    stage = newStage(keepSeconds=60)
    sayAt(stage, 0, 10**9, 10**9, 5, 30, 2 * 10**9)
    stage.now += timedelta(seconds=80)
    stage.sweep()
    assert ids(now(stage.history.after(ROOM, 0, 10))) == [5, 6]
    # The last one is as old as what is said next.
    stage.now += timedelta(seconds=20)
    stage.sweep()
    assert ids(now(stage.history.after(ROOM, 0, 10))) == [6]
    sayAt(stage, 100)
    stage.sweep()
    assert ids(now(stage.history.after(ROOM, 0, 10))) == [6, 7]
    stage.now += timedelta(seconds=100)
    stage.sweep()
    assert now(stage.history.after(ROOM, 0, 10)) == Extract(missed=(Missed(ROOM, 1, 7, "expired"),))


def test_moreLinesFromTheFutureThanAStepTakesExpire(newStage: Any) -> None:
    stage = newStage(keepSeconds=60)
    sayAt(stage, *[10**9] * (STEP + 10), 0, 90)
    stage.now += timedelta(seconds=100)
    stage.sweep()
    assert texts(now(stage.history.after(ROOM, 0, 10))) == ["at 90"]


def test_aLineFromThePastIsKeptAsLongAsThoseBeforeIt(newStage: Any) -> None:
    """The clock was behind for a while."""
    stage = newStage(keepSeconds=60)
    sayAt(stage, 0, 50, -(10**9), -(10**9), 55)
    stage.now += timedelta(seconds=80)
    stage.sweep()
    assert ids(now(stage.history.after(ROOM, 0, 10))) == [2, 3, 4, 5]
    stage.now += timedelta(seconds=32)
    stage.sweep()
    assert ids(now(stage.history.after(ROOM, 0, 10))) == [5]


# The file.


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[SQLiteStage]:
    stage = SQLiteStage(tmp_path / "chat.sqlite3", keepLines=100)
    yield stage
    stage.stop()


def test_linesAreTakenAwayInSmallSteps(stage: SQLiteStage) -> None:
    """With pauses, and batches in between."""
    stage.chat(3 * STEP + 150)
    stage.settle()
    stage.clock.advance(EVERY - stage.clock.seconds())
    assert len(onDisk(stage)) == 2 * STEP + 150
    stage.clock.advance(PAUSE / 2)
    assert len(onDisk(stage)) == 2 * STEP + 150
    stage.clock.advance(PAUSE / 2)
    assert len(onDisk(stage)) == STEP + 150
    stage.say("hello")
    stage.clock.advance(PAUSE)
    assert len(onDisk(stage)) == 150
    stage.clock.advance(PAUSE)
    stage.clock.advance(0.02)
    assert onDisk(stage)[-1] == (ROOM, 3 * STEP + 151)
    for _ in range(10):
        stage.clock.advance(PAUSE)
    assert len(onDisk(stage)) == 101
    # The line that came meanwhile is counted in the next sweep.
    stage.clock.advance(EVERY)
    assert len(onDisk(stage)) == 100


def test_linesAreTakenOutOfTheIndex(stage: SQLiteStage) -> None:
    stage.chat(600)
    for number in range(150):
        stage.say(f"line 你好 {number}", "#dev", "李雷")
    stage.settle()
    assert indexSize(stage) == 750
    stage.sweep()
    assert indexSize(stage) == 200
    stage.history.forget(ROOM)
    stage.settle()
    stage.sweep()
    assert indexSize(stage) == 100
    assert len(now(stage.history.search("你", ["#dev"], "李雷", 1000))) == 100


def test_spansWithoutLinesAreForgotten(stage: SQLiteStage) -> None:
    stage.chat(1000)
    stage.chat(5, "#dev")
    stage.settle()
    stage.history.forget("#dev")
    stage.sweep()
    with closing(sqlite3.connect(stage.path)) as other:
        spans = other.execute("SELECT room, number FROM span ORDER BY room, number").fetchall()
    # The last hundred lines are kept.
    assert spans == [(1, 901 >> 8)]


def test_aRestartWithASmallerLimitTakesLinesAway(stage: SQLiteStage) -> None:
    stage.chat(50)
    stage.chat(50, "#dev")
    again = stage.again(keepLines=10)
    again.sweep()
    assert len(onDisk(again)) == 20
    again.stop()


def test_takesLinesOfManyRooms(stage: SQLiteStage) -> None:
    for number in range(3 * pruning._ROOMS):
        stage.chat(102, f"#room{number}")
        if number % 2:
            stage.history.forget(f"#room{number}")
    stage.settle()
    stage.sweep()
    assert len(onDisk(stage)) == 3 * pruning._ROOMS // 2 * 100


def test_aRoomForgetsMoreLinesThanAStepTakes(stage: SQLiteStage) -> None:
    stage.chat(2 * STEP + 1)
    stage.settle()
    stage.history.forget(ROOM)
    stage.chat(2)
    stage.settle()
    stage.sweep()
    assert onDisk(stage) == [(ROOM, 2 * STEP + 2), (ROOM, 2 * STEP + 3)]


def test_forgottenLinesThatWaitAreNotStored(stage: SQLiteStage) -> None:
    stage.writes.isPrompt = False
    stage.chat(2500)
    stage.history.forget(ROOM)
    stage.chat(2)
    stage.writes.isPrompt = True
    stage.writes.work()
    stage.settle()
    stage.sweep()
    assert onDisk(stage) == [(ROOM, 2501), (ROOM, 2502)]


# The write-ahead log.


def logSize(stage: SQLiteStage) -> int:
    return os.path.getsize(f"{stage.path}-wal")


@contextmanager
def longReader(stage: SQLiteStage) -> Iterator[None]:
    """
    Write much while another program reads: the log can only grow.
    """
    with closing(sqlite3.connect(stage.path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM line").fetchone()
        for _ in range(10):
            # Without a word, so that the index has little work.
            stage.say("!" * (LOG_BYTES // 4))
            stage.settle()
        assert logSize(stage) > 2 * LOG_BYTES
        yield


def test_theLogShrinksWhenALongReaderHasEnded(stage: SQLiteStage) -> None:
    """Though nothing more is said."""
    with longReader(stage):
        with capturedLogs() as logged:
            stage.sweep()
        assert logged == []
        assert logSize(stage) > 2 * LOG_BYTES
    stage.sweep()
    assert logSize(stage) == 0


def test_theLogShrinksWhileTheServiceIsBusy(stage: SQLiteStage) -> None:
    """Before the next sweep."""
    with longReader(stage):
        pass
    for _ in range(3):
        stage.chat(1)
        stage.settle()
    assert logSize(stage) <= LOG_BYTES


def test_theLogOfACrashShrinksAtTheStart(stage: SQLiteStage, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed.sqlite3"
    with longReader(stage):
        for suffix in ("", "-wal"):
            shutil.copy(f"{stage.path}{suffix}", f"{crashed}{suffix}")
    with capturedLogs():
        again = SQLiteStage(crashed)
    assert logSize(again) <= LOG_BYTES
    assert len(now(again.history.after(ROOM, 0, 100_000)).lines) == 10
    again.stop()


# Rooms that are dropped.


def rooms(stage: SQLiteStage) -> list[str]:
    with closing(sqlite3.connect(stage.path)) as other:
        return [name for (name,) in other.execute("SELECT name FROM room ORDER BY number")]


def test_aForgottenRoomIsDropped(stage: SQLiteStage) -> None:
    """A later room of that name begins behind its last id, and so does any other new room."""
    stage.chat(40)
    stage.chat(3, "#dev")
    stage.settle()
    stage.history.forget(ROOM)
    stage.settle()
    assert rooms(stage) == [ROOM, "#dev"]
    stage.sweep()
    assert rooms(stage) == ["#dev"]
    assert now(stage.history.after(ROOM, 0, 10)) == Extract()
    assert [stage.store.nextId(room) for room in (ROOM, "#new", "#dev")] == [41, 41, 4]
    again = stage.again()
    assert again.store.nextId("#newer") == 41
    again.stop()


def test_aRoomIsDroppedWhileItIsSpokenIn(stage: SQLiteStage) -> None:
    stage.chat(40)
    stage.settle()
    stage.history.forget(ROOM)
    stage.settle()
    stage.clock.advance(EVERY)
    # The room is known to be empty, and is dropped in the next step.
    stage.writes.isPrompt = False
    stage.clock.advance(PAUSE)
    tell = stage.writes.do()
    assert rooms(stage) == []
    said = stage.say("hello")
    assert said.id == 41
    tell()
    stage.writes.isPrompt = True
    stage.settle()
    stage.sweep()
    assert rooms(stage) == [ROOM]
    assert stage.store.nextId(ROOM) == 42
    assert now(stage.history.after(ROOM, 0, 10)).lines == (said,)


def test_aRoomThatIsSpokenInBeforeIsNotDropped(stage: SQLiteStage) -> None:
    stage.chat(40)
    stage.history.forget(ROOM)
    stage.settle()
    stage.writes.isPrompt = False
    stage.clock.advance(EVERY)
    stage.say("hello")
    stage.writes.isPrompt = True
    stage.writes.work()
    stage.settle()
    stage.sweep()
    assert onDisk(stage) == [(ROOM, 41)]


def test_aRoomWhoseLinesHaveAllExpiredStays(stage: SQLiteStage) -> None:
    """So that it can tell which lines have expired."""
    again = stage.again(keepSeconds=1)
    again.chat(3)
    again.settle()
    again.now += timedelta(seconds=2)
    again.sweep()
    assert onDisk(again) == []
    assert rooms(again) == [ROOM]
    again.stop()


def test_aSweepThatFailsIsTriedAgainInAMinute(stage: SQLiteStage) -> None:
    stage.chat(150)
    stage.settle()
    with closing(sqlite3.connect(stage.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with capturedLogs() as logged:
            stage.clock.advance(EVERY)
            stage.clock.advance(EVERY)
        # That of the sweeps, and of the batch that finds out whether the disk works.
        assert [event["log_namespace"] for event in logged] == [
            "chat.store.retention.Retention",
            "chat.store.flushing",
        ]
    assert len(onDisk(stage)) == 150
    with capturedLogs() as logged:
        stage.sweep()
    assert [event["count"] for event in logged if "count" in event] == [2]
    assert len(onDisk(stage)) == 100


def test_sweepsEndWithTheStore(stage: SQLiteStage) -> None:
    stage.writes.isPrompt = False
    stage.clock.advance(EVERY)
    stopping = stage.store.stopService()
    stage.writes.work()
    now(stopping)
    assert stage.clock.getDelayedCalls() == []
