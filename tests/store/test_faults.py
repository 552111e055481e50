"""
Real faults of the disk and of the file: chat goes on, and everything is written once they
are repaired.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from chat.store import sqlite
from chat.store.backlog import Batch
from chat.store.opening import Opened, openStore
from chat.store.writer import DatabaseWriter
from chat.vocabulary.errors import HistoryUnavailable
from tests.support.programs import runPython
from tests.support.stores import ROOM, SQLiteStage, ids, lines, now


class Faulty(SQLiteStage):
    """
    A store whose file and connection a test can damage.

    @ivar opened: What L{openStore} gave the store, with the connection of its writer.
    """

    opened: Opened


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    kept: list[Opened] = []

    def opening(*where: str) -> Opened:
        kept.append(openStore(*where))
        return kept[-1]

    monkeypatch.setattr(sqlite, "openStore", opening)
    stage = Faulty(tmp_path / "chat.sqlite3", replay=0)
    stage.opened = kept[0]
    yield stage
    stage.stop()


def onDisk(stage: SQLiteStage) -> list[int]:
    return ids(now(stage.history.after(ROOM, 0, 100_000)))


def fail(stage: SQLiteStage, reason: str) -> None:
    """
    Chat while the disk fails.
    """
    with capturedLogs() as logged:
        for _ in range(3):
            stage.chat(200)
            stage.clock.advance(1)
    assert stage.observer.take() == [("failing", reason)]
    assert [event["log_level"].name for event in logged] == ["critical"]


def recover(stage: SQLiteStage) -> None:
    """
    Wait until everything is written.
    """
    with capturedLogs() as logged:
        stage.clock.advance(1)
    assert stage.observer.take() == [
        ("stored", ROOM, stage.store.lastId(ROOM)),
        ("recovered",),
    ]
    assert [event["log_level"].name for event in logged] == ["info"]
    again = stage.again()
    assert onDisk(again) == list(range(1, again.store.lastId(ROOM) + 1))
    again.stop()


def test_aFullDiskKeepsLinesWaiting(stage: Faulty) -> None:
    stage.chat(100)
    stage.settle()
    stage.observer.take()
    connection = stage.opened.connection
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    fail(stage, "database or disk is full")
    # Reading still works.
    assert onDisk(stage) == list(range(1, 701))
    connection.execute("PRAGMA max_page_count = 1000000")
    recover(stage)


def test_aReadOnlyFileKeepsLinesWaiting(stage: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    from chat.store import writer

    def connect(path: str) -> sqlite3.Connection:
        connection = connectWell(path)
        connection.execute("PRAGMA query_only = ON")
        return connection

    connectWell = writer.connect
    monkeypatch.setattr(writer, "connect", connect)
    stage.opened.connection.execute("PRAGMA query_only = ON")
    fail(stage, "attempt to write a readonly database")
    monkeypatch.setattr(writer, "connect", connectWell)
    recover(stage)


def test_anOlderCopyOfTheFileIsNotWritten(tmp_path: Path) -> None:
    """In it, ids would be given twice."""
    path = tmp_path / "chat.sqlite3"
    opened = openStore(str(path))
    opened.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = path.read_bytes().replace(opened.word.encode(), b"0" * len(opened.word))
    writer = DatabaseWriter(opened)
    writer.write(Batch(lines(1, 3)))
    writer.abandon()
    current = path.read_bytes()
    path.write_bytes(copy)
    for _ in range(2):
        with pytest.raises(sqlite3.DatabaseError, match="it is not the file that was opened"):
            writer.write(Batch(lines(4, 4)))
    path.write_bytes(current)
    assert writer.write(Batch(lines(4, 4))).stored == {ROOM: 4}
    writer.close({})
    opened.files.close()


def test_aCorruptFileFailsWritingAndReading(stage: Faulty) -> None:
    stage.chat(500)
    stage.settle()
    stage.observer.take()
    stage.opened.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = stage.path.read_bytes()
    with stage.path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (len(content) - 100))
        file.flush()
        os.fsync(file.fileno())
    stage.opened.connection.execute("PRAGMA shrink_memory")
    fail(stage, "database disk image is malformed")
    with capturedLogs():
        for asked in (
            stage.history.recent(ROOM, 10),
            stage.history.after(ROOM, 0, 10),
            stage.history.search("line", [ROOM], "", 10),
        ):
            with pytest.raises(HistoryUnavailable):
                now(asked)
    with stage.path.open("r+b") as file:
        file.write(content)
    recover(stage)


SMALL_DISK = """
import json, resource, sys
from pathlib import Path
from twisted.internet.task import Clock
from tests.support.stores import ROOM, SQLiteStage, ids, lines, now

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

stage = SQLiteStage(Path(sys.argv[1]))
limit(1 << 20)
while not any(told[0] == "lost" for told in stage.observer.told):
    stage.chat(500)
    stage.clock.advance(1)
told = stage.observer.take()
limit(resource.RLIM_INFINITY)
stage.clock.advance(1)
after = stage.observer.take()
stage.chat(1)
stage.settle()
stage.stop()
stage = SQLiteStage(stage.path)
found = now(stage.history.after(ROOM, 0, 1000000))
stage.stop()
print(json.dumps([told, after, [line.id for line in found.lines],
    [[each.first, each.last, each.reason] for each in found.missed]]))
"""


def test_whatASmallDiskLosesIsCounted(tmp_path: Path) -> None:
    """
    No file may be larger than one MiB until the queue is full as well; then there is space
    again.
    """
    result = runPython("-c", SMALL_DISK, tmp_path / "chat.sqlite3")
    told, after, stored, missed = json.loads(result)
    # SQLite may move its log into the file once, so writing can fail twice.
    assert "failing" in [each[0] for each in told]
    lost = sum(each[1] for each in [*told, *after] if each[0] == "lost")
    assert after[-1] == ["recovered"]
    [[first, last, reason]] = missed
    assert (last - first + 1, reason) == (lost, "lost")
    assert stored == [*range(1, first), last + 1]
    assert last > 10_000


def test_questionsDoNotWaitForAWriterThatIsBlocked(stage: Faulty) -> None:
    stage.chat(5)
    stage.settle()
    stage.writes.isPrompt = False
    said = stage.chat(5)
    stage.settle()
    assert onDisk(stage) == list(range(1, 11))
    assert len(now(stage.history.search("line", [ROOM], "", 100))) == 10
    assert said[-1].id == 10
    stage.writes.isPrompt = True
    stage.writes.work()
