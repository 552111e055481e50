"""
Files of a database that are removed, moved or replaced while it is open, and the locks that keep
another service away: L{chat.store.files}.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import capturedLogs

from chat.store import sqlite
from chat.store.opening import Opened, openStore
from chat.store.reader import DatabaseReader
from chat.store.retention import EVERY
from chat.store.writer import DatabaseWriter
from chat.vocabulary.errors import CannotStart, HistoryUnavailable
from chat.vocabulary.records import Account
from tests.support.stores import AT, ROOM, SQLiteStage, ids, now

SUFFIXES = ["", "-wal", "-shm"]


class Open(SQLiteStage):
    """
    A store whose parts a test can reach.

    @ivar opened: What L{openStore} gave the store, with the connection of its writer.
    @ivar writer: Its writer.
    @ivar reader: Its reader.
    """

    opened: Opened
    writer: DatabaseWriter
    reader: DatabaseReader


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A store with five lines, and a reader that has not read yet."""
    first = SQLiteStage(tmp_path / "chat.sqlite3", replay=0)
    first.chat(3)
    first.stop()
    made: dict[str, Any] = {}

    def make(name: str, making: Callable[..., Any], *given: Any) -> Any:
        made[name] = making(*given)
        return made[name]

    for name in ("openStore", "DatabaseWriter", "DatabaseReader"):
        monkeypatch.setattr(sqlite, name, partial(make, name, getattr(sqlite, name)))
    stage = Open(tmp_path / "chat.sqlite3", replay=0)
    stage.opened, stage.writer, stage.reader = made.values()
    stage.chat(2)
    stage.settle()
    stage.observer.take()
    yield stage
    with capturedLogs():
        stopping = stage.store.stopService()
        stage.clock.advance(5)
        now(stopping)


def beside(stage: SQLiteStage, suffix: str) -> Path:
    return Path(f"{stage.path}{suffix}")


def away(path: Path) -> Path:
    return path.with_name(f"away-{path.name}")


def onDisk(path: Path) -> list[int]:
    """
    @return: the ids of the lines in a copy of the database, without a log beside it.
    """
    with closing(sqlite3.connect(path)) as other:
        return [id for (id,) in other.execute("SELECT id FROM line ORDER BY seq")]


# Files that are gone.


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_aFileThatIsGoneIsADiskThatFails(stage: Open, suffix: str) -> None:
    """Until it is put back; nothing counts as stored meanwhile, and all of it is then."""
    path = beside(stage, suffix)
    path.rename(away(path))
    with capturedLogs() as logged:
        said = stage.chat(2)
        done = stage.ledger.put(Account("bob", "bob", AT))
        for _ in range(5):
            stage.clock.advance(1)
    reason = f"{path.name} has been removed"
    assert stage.observer.take() == [("failing", reason)]
    assert [event["reason"] for event in logged] == [reason]
    assert not done.called
    assert not path.exists()
    assert stage.store.waiting == 2
    away(path).rename(path)
    stage.clock.advance(1)
    assert stage.observer.take() == [("stored", ROOM, said[-1].id), ("recovered",)]
    now(done)
    assert ids(now(stage.history.after(ROOM, 0, 10))) == list(range(1, said[-1].id + 1))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_aFileThatIsReplacedByACopyIsADiskThatFails(stage: Open, suffix: str) -> None:
    """It is not written, nor read by a reader that begins only now."""
    path = beside(stage, suffix)
    path.rename(away(path))
    shutil.copy(away(path), path)
    content = path.read_bytes()
    with capturedLogs() as logged:
        stage.chat(2)
        stage.clock.advance(5)
        with pytest.raises(HistoryUnavailable):
            now(stage.history.after(ROOM, 0, 10))
    reason = f"{path.name} has been replaced by another file"
    assert stage.observer.take() == [("failing", reason)]
    assert [str(event["reason"]) for event in logged] == [reason] * 2
    assert path.read_bytes() == content


def test_aReaderThatHasBegunGoesOnReading(stage: Open) -> None:
    assert ids(now(stage.history.after(ROOM, 0, 10))) == [1, 2, 3, 4, 5]
    for suffix in SUFFIXES:
        beside(stage, suffix).unlink()
    stage.chat(1)
    assert ids(now(stage.history.after(ROOM, 0, 10))) == [1, 2, 3, 4, 5, 6]


def test_filesThatAreRemovedDuringABatchAreNoticedAfterIt(stage: Open) -> None:
    """SQLite has written it without an error; when they are back nothing is stored twice."""

    def move(statement: str) -> None:
        if statement == "COMMIT":
            stage.path.rename(away(stage.path))

    stage.opened.connection.set_trace_callback(move)
    [said] = stage.chat(1)
    done = stage.ledger.put(Account("bob", "bob", AT))
    with capturedLogs():
        stage.settle()
    stage.opened.connection.set_trace_callback(None)
    assert stage.observer.take() == [("failing", "chat.sqlite3 has been removed")]
    assert not done.called
    away(stage.path).rename(stage.path)
    stage.clock.advance(1)
    assert stage.observer.take() == [("stored", ROOM, said.id), ("recovered",)]
    now(done)
    assert ids(now(stage.history.after(ROOM, 0, 10))) == list(range(1, said.id + 1))


def test_filesThatAreGoneAreNoticedThoughNothingIsSaid(stage: Open) -> None:
    stage.path.unlink()
    with capturedLogs():
        stage.clock.advance(EVERY)
        stage.settle()
    assert stage.observer.take() == [("failing", "chat.sqlite3 has been removed")]


def test_whatIsInALogThatIsGoneComesIntoTheDatabase(stage: Open, tmp_path: Path) -> None:
    beside(stage, "-wal").unlink()
    stage.chat(1)
    stage.settle()
    copy = tmp_path / "copy"
    shutil.copy(stage.path, copy)
    assert onDisk(copy) == [1, 2, 3, 4, 5]


def test_theEndWithoutFilesIsNoOrderlyEnd(tmp_path: Path) -> None:
    """The lines that waited are counted, and another file in their place is left alone."""
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    for suffix in SUFFIXES:
        beside(stage, suffix).unlink()
    stage.path.write_bytes(b"mine")
    with capturedLogs() as logged:
        now(stage.store.stopService())
    assert [event["log_format"] for event in logged] == [
        "the database was not closed cleanly: {reason}"
    ]
    assert stage.path.read_bytes() == b"mine"
    assert not beside(stage, "-wal").exists()


def test_linesThatWaitedForFilesUntilTheEndAreToldToBeLost(tmp_path: Path) -> None:
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    stage.path.unlink()
    with capturedLogs() as logged:
        stage.chat(3)
        stopping = stage.store.stopService()
        for _ in range(5):
            stage.clock.advance(1)
        now(stopping)
    assert ("{count} lines are lost", 3) in [
        (event["log_format"], event.get("count")) for event in logged
    ]
    assert not stage.path.exists()


def test_aLogThatSQLiteRemovesIsNoFault(stage: Open) -> None:
    """It does so when its last connection is closed, whichever that is."""
    for isWriterLast in (False, True):
        now(stage.history.after(ROOM, 0, 10))
        ends = [stage.reader.close, stage.writer.abandon]
        for end in ends if isWriterLast else ends[::-1]:
            end()
        assert not beside(stage, "-wal").exists()
        stage.chat(1)
        stage.settle()
        assert [told[0] for told in stage.observer.take()] == ["stored"]


def test_aLogThatIsGoneIsNotMadeAnew(stage: Open) -> None:
    """The reader may still use the old one, which does not fit to a new one."""
    now(stage.history.after(ROOM, 0, 10))
    beside(stage, "-wal").unlink()
    stage.writer.abandon()
    with capturedLogs():
        stage.chat(1)
        stage.clock.advance(5)
    assert stage.observer.take() == [("failing", "chat.sqlite3-wal has been removed")]
    assert not beside(stage, "-wal").exists()


# Another service.


def isRefused(path: Path) -> bool:
    try:
        opened = openStore(str(path))
    except CannotStart as error:
        return str(error) == f"cannot open {path}: another tcpchat is using it"
    opened.connection.close()
    opened.files.close()
    return False


def test_aServiceIsRefusedWhateverThePathOfItsDatabase(stage: Open, tmp_path: Path) -> None:
    """Symbolic links are followed, and the file is known by any name."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "symbolic").symlink_to(stage.path)
    assert isRefused(stage.path)
    with pytest.raises(CannotStart, match="another tcpchat is using it"):
        openStore(str(other / "symbolic"))
    stage.path.rename(other / "moved")
    assert isRefused(other / "moved")
    (other / "moved").rename(stage.path)
    assert {path.name for path in other.iterdir()} == {"symbolic", "moved.lock"}
    # The one that was refused has not taken away the locks of SQLite.
    stage.chat(1)
    stage.settle()
    assert stage.observer.take() == [("stored", ROOM, stage.store.lastId(ROOM))]
    stage.stop()
    assert not isRefused(stage.path)


def test_aLockThatIsRemovedIsPutBack(stage: Open) -> None:
    """Removed alone it is nobody's loss: the database itself is locked as well."""
    beside(stage, ".lock").unlink()
    assert isRefused(stage.path)
    beside(stage, ".lock").unlink()
    stage.chat(1)
    stage.settle()
    assert [told[0] for told in stage.observer.take()] == ["stored"]
    assert beside(stage, ".lock").exists()
    for suffix in (*SUFFIXES, ".lock"):
        beside(stage, suffix).unlink()
    with capturedLogs():
        stage.chat(1)
        stage.settle()
    # There is no database now, and none is made while this service runs.
    assert isRefused(stage.path)
    assert not stage.path.exists()


def test_aServiceThatHasBegunBesideThisOneIsTold(stage: Open) -> None:
    """In the moment after all files were removed."""
    for suffix in (*SUFFIXES, ".lock"):
        beside(stage, suffix).unlink()
    other = openStore(str(stage.path))
    with capturedLogs():
        stage.chat(1)
        stage.settle()
    assert stage.observer.take() == [("failing", "another tcpchat is using it")]
    other.connection.close()
    other.files.close()
