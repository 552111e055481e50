"""
A database that is older than the one that was here: L{chat.store.witness}.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from chat.store.numbering import RESERVE
from chat.store.witness import Witness, readWitness, writeWitness
from chat.vocabulary.trusted import CONFIRM, TrustedTime
from tests.support.samples import AT
from tests.support.stores import ROOM, SQLiteStage, crash, now

QUIET = "#quiet"


def started(path: Path) -> SQLiteStage:
    with capturedLogs():
        return SQLiteStage(path)


def test_noNumberIsGivenAgainAfterABackupOfAStoppedService(tmp_path: Path) -> None:
    """Nor in a room that the backup knows better, or does not know at all."""
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    stage.chat(3)
    stage.stop()
    shutil.copy(stage.path, tmp_path / "backup")
    stage = SQLiteStage(stage.path)
    [*_, last] = stage.chat(7)
    stage.chat(2, QUIET)
    stage.stop()
    shutil.copy(tmp_path / "backup", stage.path)
    with capturedLogs() as logged:
        stage = SQLiteStage(stage.path)
    assert "is older than the database that was here" in logged[0]["log_format"]
    assert stage.store.nextId(ROOM) > last.id
    assert stage.store.nextId(QUIET) > 2
    # It is the one that was here now.
    stage.stop()
    with capturedLogs() as logged:
        again = SQLiteStage(stage.path)
    assert logged == []
    again.stop()


def test_noNumberIsGivenAgainAfterABackupOfARunningService(tmp_path: Path) -> None:
    """Even if more numbers were given since than after a crash are left out."""
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    stage.chat(3)
    stage.settle()
    with closing(sqlite3.connect(stage.path)) as connection:
        connection.execute(f"VACUUM INTO '{tmp_path / 'backup'}'")
    for _ in range(3):
        for _ in range(RESERVE // 2):
            stage.store.nextId(ROOM)
        [last] = stage.chat(1)
        stage.settle()
    stage.stop()
    shutil.copy(tmp_path / "backup", stage.path)
    stage = started(stage.path)
    assert last.id > RESERVE + RESERVE // 4
    assert stage.store.nextId(ROOM) > last.id
    stage.stop()


def test_theNewerDatabaseThatComesBackAfterABackupIsForeign(tmp_path: Path) -> None:
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    stage.stop()
    shutil.copy(stage.path, tmp_path / "backup")
    stage = SQLiteStage(stage.path)
    stage.chat(50)
    stage.stop()
    shutil.copy(stage.path, tmp_path / "newer")
    shutil.copy(tmp_path / "backup", stage.path)
    stage = started(stage.path)
    [line] = stage.chat(1)
    stage.stop()
    shutil.copy(tmp_path / "newer", stage.path)
    stage = started(stage.path)
    assert stage.store.nextId(ROOM) > line.id
    stage.stop()


def test_aCrashSkipsNoMoreNumbersThanBefore(tmp_path: Path) -> None:
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    stage.chat(30)
    stage.chat(2, QUIET)
    stage.settle()
    crash(stage)
    stage = started(stage.path)
    assert stage.store.nextId(QUIET) == 2 + RESERVE + 1
    stage.stop()


def test_theNumbersGoOnWithoutAWitness(tmp_path: Path) -> None:
    """Only a backup is not known for one then."""
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    stage.chat(3)
    stage.stop()
    for content in (b"", b"\xff", b"some word -1 0 0", b"1 2 3 4 5", b"word 1 %d 0" % 2**70):
        Path(f"{stage.path}.lock").write_bytes(content)
        with capturedLogs() as logged:
            stage = SQLiteStage(stage.path)
        assert logged == []
        assert stage.store.lastId(ROOM) == 3
        stage.stop()


def test_roomsThatAreNewGoOnBehindThoseThatWereNew(tmp_path: Path) -> None:
    """A room may have had as many numbers before the disk knew of it."""
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    stage.stop()
    Path(f"{stage.path}.lock").write_text("word 7 500 0")
    stage = started(stage.path)
    assert stage.store.nextId(QUIET) == 500 + RESERVE + 1
    stage.stop()


def test_whatIsBelievedAtOneStartLeavesRoomForTheNext(tmp_path: Path) -> None:
    """The greatest numbers that are, those given behind them, and those skipped after a crash."""
    stage = started(tmp_path / "chat.sqlite3")
    stage.chat(1)
    stage.stop()
    with closing(sqlite3.connect(stage.path)) as other:
        other.executescript(
            "UPDATE room SET mark = 1 << 52;"
            "UPDATE setting SET value = 1 << 52 WHERE name = 'floor';"
            "UPDATE line SET seq = 1 << 52"
        )
    said: list[tuple[str, int]] = []
    for new in ("#one", "#two", "#three"):
        stage = started(stage.path)
        for room in (ROOM, QUIET, new):
            said += [(room, line.id) for line in stage.chat(2, room)]
        stage.settle()
        crash(stage)
    assert min(id for _, id in said) > 1 << 52
    stage = started(stage.path)
    found = [
        (room, line.id)
        for room in (ROOM, QUIET, "#one", "#two", "#three")
        for line in now(stage.history.after(room, 1, 100)).lines
    ]
    assert sorted(found) == sorted(said)
    assert len(set(said)) == len(said)
    stage.stop()


def test_aWitnessIsReadAsItWasWritten(tmp_path: Path) -> None:
    witness = Witness("0" * 32, 2**52, 2**52 + 1, 2**52 + 2)
    with (tmp_path / "lock").open("w+b", buffering=0) as file:
        for each in (witness, Witness("a", 1, 2, 3)):
            writeWitness(file.fileno(), each)
            assert readWitness(file.fileno()) == each
    assert (tmp_path / "lock").stat().st_size == 128


@pytest.mark.parametrize(
    ("word", "lines", "isOlder"), [("a", 5, False), ("a", 6, False), ("a", 4, True), ("b", 6, True)]
)
def test_aDatabaseIsOlderByItsWordOrItsLines(word: str, lines: int, isOlder: bool) -> None:
    assert Witness("a", 5).isOlder(word, lines) == isOlder
    assert not Witness().isOlder(word, lines)


def test_linesAreNotRemovedByAClockThatIsAheadAtTheStart(tmp_path: Path) -> None:
    """The witness knows the time before; an hour later the clock is trusted."""

    shown, passed = AT, 0.0

    def begun() -> SQLiteStage:
        trusted = TrustedTime(lambda: shown, lambda: passed)
        return SQLiteStage(tmp_path / "chat.sqlite3", keepSeconds=86400.0, trusted=trusted)

    stage = begun()
    stage.chat(3)
    stage.sweep()
    stage.stop()
    shown = datetime(2038, 1, 1, tzinfo=UTC)
    stage = begun()
    stage.sweep()
    assert len(now(stage.history.after(ROOM, 0, 10)).lines) == 3
    stage.stop()
    # Another start is no confirmation.
    stage = begun()
    stage.sweep()
    assert len(now(stage.history.after(ROOM, 0, 10)).lines) == 3
    passed = CONFIRM
    stage.sweep()
    assert now(stage.history.after(ROOM, 0, 10)).lines == ()
    stage.stop()
