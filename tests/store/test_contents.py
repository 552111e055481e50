"""
Files of a database that other programs change where they are: L{chat.store.contents} and
L{chat.store.logindex}.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from chat.store import sqlite
from chat.store.logindex import LogState, readState
from chat.store.opening import Opened, openStore
from chat.store.retention import EVERY
from chat.vocabulary.errors import HistoryUnavailable
from tests.support.stores import ROOM, SQLiteStage, ids, now


class Open(SQLiteStage):
    """
    @ivar opened: What L{openStore} gave the store.
    """

    opened: Opened


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A store with five lines, three of them in the database and two in its log."""
    first = SQLiteStage(tmp_path / "chat.sqlite3")
    first.chat(3)
    first.stop()
    found: list[Opened] = []

    def opened(*where: str) -> Opened:
        found.append(openStore(*where))
        return found[-1]

    monkeypatch.setattr(sqlite, "openStore", opened)
    stage = Open(tmp_path / "chat.sqlite3", replay=0)
    [stage.opened] = found
    stage.chat(2)
    stage.settle()
    stage.observer.take()
    yield stage
    with capturedLogs():
        stopping = stage.store.stopService()
        stage.clock.advance(5)
        now(stopping)


def beside(stage: Open, suffix: str) -> Path:
    return Path(f"{stage.path}{suffix}")


def other(stage: Open) -> closing[sqlite3.Connection]:
    """
    @return: A connection as that of another program.
    """
    return closing(sqlite3.connect(stage.path, isolation_level=None))


def told(stage: Open, seconds: int = 3) -> list[str]:
    """
    @return: What observers are told while something is said.
    """
    stage.chat(1)
    with capturedLogs():
        for _ in range(seconds):
            stage.clock.advance(1)
    return [event[0] if event[0] != "failing" else event[1] for event in stage.observer.take()]


def contentOf(path: Path) -> list[int]:
    """
    @return: The ids of the lines in a copy of the database without its log.
    """
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    with closing(sqlite3.connect(copy)) as connection:
        return [id for (id,) in connection.execute("SELECT id FROM line ORDER BY seq")]


# Changed against the rules.


def test_aDatabaseThatIsCopiedOverIsADiskThatFails(stage: Open, tmp_path: Path) -> None:
    """Nothing is moved there, not even at the end."""
    backup = tmp_path / "backup"
    with other(stage) as connection:
        connection.execute(f"VACUUM INTO '{backup}'")
    stage.path.write_bytes(backup.read_bytes())
    reason = "chat.sqlite3 has been changed by another program"
    assert told(stage) == [reason]
    with capturedLogs():
        stopping = stage.store.stopService()
        stage.clock.advance(5)
        now(stopping)
    assert stage.path.read_bytes() == backup.read_bytes()


def test_aDatabaseIsForeignWhateverItsSize(stage: Open) -> None:
    """A second is more than the times of a file system may lack."""
    status = stage.path.stat()
    os.utime(stage.path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    assert told(stage) == ["chat.sqlite3 has been changed by another program"]
    os.utime(stage.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert told(stage) == ["stored", "recovered"]


def test_aForeignDatabaseIsNoticedThoughNothingIsSaid(stage: Open) -> None:
    os.truncate(stage.path, 0)
    with capturedLogs():
        stage.clock.advance(EVERY)
        stage.settle()
    assert stage.observer.take() == [
        ("failing", "chat.sqlite3 has been changed by another program")
    ]


@pytest.mark.parametrize("size", [0, 4096])
def test_aLogThatIsCutIsADiskThatFails(stage: Open, size: int) -> None:
    """The database stays as it was; what was in the log alone is lost."""
    before = contentOf(stage.path)
    os.truncate(beside(stage, "-wal"), size)
    assert told(stage) == ["chat.sqlite3-wal has been changed by another program"]
    with capturedLogs():
        stopping = stage.store.stopService()
        stage.clock.advance(5)
        now(stopping)
    assert contentOf(stage.path) == before == [1, 2, 3]


def test_aLogThatIsCutDuringABatchIsNoticedAfterIt(stage: Open) -> None:
    """It has its size again, and a hole."""
    connection = stage.opened.connection
    size = beside(stage, "-wal").stat().st_size

    def cut(statement: str) -> None:
        if statement == "COMMIT":
            os.truncate(beside(stage, "-wal"), 0)

    connection.set_trace_callback(cut)
    [reason] = told(stage)
    connection.set_trace_callback(None)
    assert reason == "chat.sqlite3-wal has been changed by another program"
    assert beside(stage, "-wal").stat().st_size > size


def test_anIndexThatIsCutIsMended(stage: Open) -> None:
    """Before SQLite looks into it, which would end the process."""
    for suffix in ("writing", "reading"):
        os.truncate(beside(stage, "-shm"), 0)
        if suffix == "writing":
            assert told(stage) == ["stored"]
        assert ids(now(stage.history.after(ROOM, 0, 10))) == [1, 2, 3, 4, 5, 6]
    assert told(stage) == ["stored"]
    stage.stop()
    assert contentOf(stage.path) == list(range(1, 8))


def test_anIndexIsNotMadeOfALogThatIsCutAsWell(stage: Open) -> None:
    """It would be that of an earlier state, and be taken for the present one."""
    for suffix in ("-wal", "-shm"):
        os.truncate(beside(stage, suffix), 0)
    with capturedLogs(), pytest.raises(HistoryUnavailable):
        now(stage.history.after(ROOM, 0, 10))
    assert told(stage) == ["chat.sqlite3-wal has been changed by another program"]
    assert beside(stage, "-shm").stat().st_size == 0


def test_anEarlierIndexIsADiskThatFails(stage: Open) -> None:
    earlier = beside(stage, "-shm").read_bytes()
    assert told(stage) == ["stored"]
    beside(stage, "-shm").write_bytes(earlier)
    assert told(stage) == ["chat.sqlite3-shm has been changed by another program"]


# By the rules.


def updated(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE setting SET value = value WHERE name = 'floor'")


def vacuumed(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")


def backedUp(connection: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(":memory:")) as copy:
        connection.backup(copy)


def moved(connection: sqlite3.Connection) -> None:
    updated(connection)
    connection.execute("PRAGMA wal_checkpoint")


def cut(connection: sqlite3.Connection) -> None:
    moved(connection)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def read(connection: sqlite3.Connection) -> None:
    connection.execute("SELECT count(*) FROM line").fetchall()


@pytest.mark.parametrize("use", [updated, vacuumed, backedUp, moved, cut, read])
def test_programsThatUseSQLiteMayUseTheDatabase(
    stage: Open, use: Callable[[sqlite3.Connection], None]
) -> None:
    for _ in range(2):
        with other(stage) as connection:
            use(connection)
            assert told(stage) == ["stored"]
        assert told(stage) == ["stored"]


def test_aLogThatBeginsAnewIsNoFault(stage: Open) -> None:
    """Batches move it into the database, again and again."""
    connection = stage.opened.connection
    connection.execute("PRAGMA wal_autocheckpoint = 1")
    for _ in range(5):
        assert told(stage) == ["stored"]
    os.truncate(stage.path, 4096)
    assert told(stage) == ["chat.sqlite3 has been changed by another program"]


def test_aCheckpointOfAnotherProgramThatGoesOnIsNoFault(stage: Open) -> None:
    """And neither is one that was killed, until the next one is complete."""
    with beside(stage, "-shm").open("r+b") as index:
        index.seek(128)
        index.write((3).to_bytes(4, "little"))
    os.utime(stage.path, ns=(1, 1))
    assert told(stage) == ["stored"]
    os.utime(stage.path, ns=(2, 2))
    assert told(stage) == ["stored"]
    with other(stage) as connection:
        connection.execute("PRAGMA wal_checkpoint")
        assert told(stage) == ["stored"]
        os.utime(stage.path, ns=(3, 3))
        assert told(stage) == ["chat.sqlite3 has been changed by another program"]


# The index.


def test_anIndexIsReadAsItIsWritten(tmp_path: Path) -> None:
    path = tmp_path / "some"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 65536")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (a)")
        index = os.open(f"{path}-shm", os.O_RDONLY)
        first = readState(index)
        assert first is not None
        log = Path(f"{path}-wal").read_bytes()
        assert first == LogState(log[16:24], 2, 65536, 0, 0)
        assert len(log) == 32 + 2 * (24 + 65536)
        connection.execute("PRAGMA wal_checkpoint")
        assert readState(index) == LogState(log[16:24], 2, 65536, 2, 2)
        connection.execute("INSERT INTO t VALUES (1)")
        second = readState(index)
        assert second is not None
        assert (second.frames, second.moved, second.moving) == (1, 0, 0)
        assert first.salt != second.salt
    # Not before SQLite closes its own, or its locks are gone.
    os.close(index)


@pytest.mark.parametrize("size", [0, 47, 135])
def test_anIndexThatIsTooShortTellsNothing(tmp_path: Path, size: int) -> None:
    path = tmp_path / "index"
    path.write_bytes(bytes(size))
    with path.open("rb") as index:
        assert readState(index.fileno()) is None


def test_anIndexThatIsBeingWrittenTellsNothing(tmp_path: Path) -> None:
    path = tmp_path / "index"
    header = bytes(12) + b"\1" + bytes(35)
    for second, isReadable in ((header, True), (bytes(48), False)):
        path.write_bytes(header + second + bytes(40))
        with path.open("rb") as index:
            assert (readState(index.fileno()) is not None) == isReadable
