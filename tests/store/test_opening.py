"""
Tests for L{chat.store.opening} and the schema in L{chat.store.database}: from a path to a
store.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from twisted.logger import capturedLogs, formatEvent

from chat.store.backlog import Batch
from chat.store.database import APPLICATION_ID, LATEST, connect, create, toMicroseconds
from chat.store.opening import WAIT, Opened, checkStore, openStore
from chat.store.writer import DatabaseWriter
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.events import Said
from tests.support.programs import runPython
from tests.support.stores import AT, ROOM, SQLiteStage, ids, lines, now, texts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.sqlite3"


def contents(directory: Path) -> dict[str, tuple[bytes, int]]:
    """
    @return: every file, with its bytes and the time of its last change.
    """
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in directory.iterdir()}


def refusal(path: Path) -> str:
    """
    @return: Why a store cannot be opened; the attempt must change nothing, and a look at it
        before must tell the same.
    """
    before = contents(path.parent)
    with pytest.raises(CannotStart) as looked:
        checkStore(str(path))
    assert contents(path.parent) == before
    with pytest.raises(CannotStart) as caught:
        openStore(str(path))
    lock = f"{path.name}.lock"
    assert {**contents(path.parent), lock: None} == {**before, lock: None}
    message = str(caught.value)
    assert str(looked.value) == message
    assert "\n" not in message
    return message.replace(str(path), "PATH").replace(str(path.parent), "DIRECTORY")


def close(opened: Opened) -> None:
    opened.connection.close()
    opened.files.close()


# Files that are refused.


def test_refusesAMissingDirectory(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="there is no such directory"):
        openStore(str(tmp_path / "missing" / "chat.sqlite3"))
    assert contents(tmp_path) == {}


def test_refusesAFileAsDirectory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    with pytest.raises(CannotStart, match="there is no such directory"):
        openStore(str(tmp_path / "file" / "chat.sqlite3"))


def test_refusesADirectoryAsFile(tmp_path: Path) -> None:
    (tmp_path / "chat.sqlite3").mkdir()
    with pytest.raises(CannotStart, match=r"cannot open .*: Is a directory"):
        openStore(str(tmp_path / "chat.sqlite3"))


@pytest.mark.parametrize(
    "content", [b"hello", b"SQLite format 3", b"\0" * 4096, os.urandom(5000), b"SQLite format 3\0"]
)
def test_refusesAFileThatIsNoDatabase(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert refusal(path) == "cannot open PATH: it is not a database"


@pytest.mark.parametrize("application", [0, 0x12345678])
def test_refusesTheDatabaseOfAnotherProgram(path: Path, application: int) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA application_id = {application}")
        other.execute("PRAGMA user_version = 1")
        other.execute("CREATE TABLE line (text)")
    assert refusal(path) == "cannot open PATH: it belongs to another program"


def test_refusesANewerVersion(path: Path) -> None:
    create(str(path))
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {LATEST + 5}")
    assert refusal(path) == (
        f"cannot open PATH: it is version {LATEST + 5}, made by a newer tcpchat; "
        f"this one supports versions up to {LATEST}"
    )


@pytest.mark.parametrize("index", [True, False])
def test_refusesANewerVersionThatIsOnlyInTheLog(tmp_path: Path, index: bool) -> None:
    """A newer tcpchat was killed before SQLite moved its log into the database."""
    path, elsewhere = tmp_path / "chat.sqlite3", tmp_path / "elsewhere"
    elsewhere.mkdir()
    create(str(elsewhere / path.name))
    with closing(connect(str(elsewhere / path.name))) as newer:
        newer.execute(f"PRAGMA user_version = {LATEST + 1}")
        for suffix in ["", "-wal", *(["-shm"] if index else [])]:
            copy = (elsewhere / f"{path.name}{suffix}").read_bytes()
            Path(f"{path}{suffix}").write_bytes(copy)
    for left in elsewhere.iterdir():
        left.unlink()
    elsewhere.rmdir()
    if index:
        # SQLite may repair the index, since it is made anew from the other files.
        with pytest.raises(CannotStart, match=f"it is version {LATEST + 1}"):
            openStore(str(path))
        assert {each.name for each in tmp_path.iterdir()} == {
            path.name,
            f"{path.name}-wal",
            f"{path.name}-shm",
        }
    else:
        assert f"it is version {LATEST + 1}" in refusal(path)


@pytest.fixture
def public() -> Iterator[Path]:
    """
    A directory that others reach, as they do not reach those of pytest.
    """
    with TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


def test_refusesWhatItCannotWrite(public: Path) -> None:
    """A file and a directory, tried by a process that is not root."""
    readOnly, closed = public / "file", public / "directory"
    for directory in (readOnly, closed):
        directory.mkdir()
    path = readOnly / "chat.sqlite3"
    create(str(path))
    path.chmod(0o444)
    readOnly.chmod(0o777)
    closed.chmod(0o555)
    program = (
        "import os, sys\n"
        "from chat.vocabulary.errors import CannotStart\n"
        "from chat.store.opening import openStore\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "for path in sys.argv[1:]:\n"
        "    try: openStore(path)\n"
        "    except CannotStart as error: print(error)\n"
    )
    before = contents(readOnly)
    assert runPython("-c", program, path, closed / "chat.sqlite3").splitlines() == [
        f"cannot open {path}: Permission denied",
        f"cannot keep a database in {closed}: it is not writable",
    ]
    assert contents(readOnly) == before
    assert contents(closed) == {}


def test_refusesACorruptDatabase(path: Path) -> None:
    """The fault is behind its header."""
    create(str(path))
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    with pytest.raises(CannotStart, match=r"cannot open .*: .*malformed"):
        openStore(str(path))
    with open(f"{path}.lock", "rb") as lock:
        # The lock is released, so a second attempt can be made.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_refusesADatabaseThatAnotherProgramLocks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WAIT < 10
    monkeypatch.setattr("chat.store.opening.WAIT", 0.01)
    create(str(path))
    with closing(connect(str(path))) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CannotStart, match=r"cannot open .*: database is locked"):
            openStore(str(path))
    close(openStore(str(path)))


def test_refusesADatabaseThatAnotherServiceUses(path: Path) -> None:
    """Two services would give the same ids."""
    opened = openStore(str(path))
    assert refusal(path) == "cannot open PATH: another tcpchat is using it"
    # Nor by another path, at which there is no lock.
    moved = path.rename(path.with_name("moved"))
    assert refusal(moved) == "cannot open PATH: another tcpchat is using it"
    close(opened)
    moved.rename(path)
    close(openStore(str(path)))


def test_refusesAFileWithSeveralNames(path: Path) -> None:
    """SQLite would have a log beside each."""
    create(str(path))
    link = path.with_name("link")
    os.link(path, link)
    for each in (path, link):
        assert refusal(each) == "cannot open PATH: it has 2 hard links; it must have only one"
    link.unlink()
    close(openStore(str(path)))


# Files that are made.


def test_aLookMakesNothing(path: Path, tmp_path: Path) -> None:
    """The service may still be root, and will be another user."""
    checkStore(str(path))
    assert contents(tmp_path) == {}
    close(openStore(str(path)))
    before = contents(tmp_path)
    checkStore(str(path))
    assert contents(tmp_path) == before


@pytest.mark.parametrize("isThere", [False, True])
def test_aNewDatabaseIsReadableForItsOwnerOnly(path: Path, tmp_path: Path, isThere: bool) -> None:
    if isThere:
        path.touch()
    opened = openStore(str(path))
    assert (opened.wasClean, opened.floors, opened.rooms, opened.records) == (True, {}, set(), ())
    for each in tmp_path.iterdir():
        if not each.name.endswith(".lock"):
            assert stat.S_IMODE(each.stat().st_mode) == 0o600
    close(opened)
    with closing(sqlite3.connect(path)) as made:
        assert made.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert made.execute("PRAGMA user_version").fetchone() == (LATEST,)
        assert made.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_aNewDatabaseReplacesAnUnfinishedOne(path: Path) -> None:
    Path(f"{path}.new").write_text("half of it")
    close(openStore(str(path)))
    assert not Path(f"{path}.new").exists()


@pytest.mark.parametrize(
    ("code", "free", "reason"),
    [
        (sqlite3.SQLITE_FULL, 0, "the disk is full"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, 20, "the disk is full"),
        (sqlite3.SQLITE_IOERR_READ, 1 << 20, "disk I/O error"),
    ],
)
def test_aFullDiskIsToldFromOneThatFails(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, free: int, reason: str
) -> None:
    def fail(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr("chat.store.opening._begin", fail)
    disk = os.statvfs_result((4096, 4096, 1 << 20, free, free, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    with pytest.raises(CannotStart, match=f"cannot open .*: {reason}"):
        openStore(str(path))


@pytest.mark.parametrize("isThere", [False, True])
def test_whatCannotBeFinishedIsRemoved(
    path: Path, monkeypatch: pytest.MonkeyPatch, isThere: bool
) -> None:
    """On a full disk: neither a new database nor the copy before an upgrade is left half made."""
    if isThere:
        create(str(path), 1)

    def rename(*names: str) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("chat.store.database._rename", rename)
    before = contents(path.parent)
    with pytest.raises(CannotStart, match="No space left on device"):
        openStore(str(path))
    after = contents(path.parent)
    after.pop(f"{path.name}.lock")
    assert after == before


def test_noCharacterOfAPathIsSpecial(tmp_path: Path) -> None:
    path = tmp_path / "a %20 b?mode=ro#c&'\"\n你好"
    close(openStore(str(path)))
    close(openStore(str(path)))
    assert path.exists()


def test_symbolicLinksAreFollowedToAFileThatDoesNotExistYet(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "chat.sqlite3")
    opened = openStore(str(tmp_path / "link"))
    assert opened.files.path == str(tmp_path / "real" / "chat.sqlite3")
    close(opened)
    assert (tmp_path / "link").is_symlink()


def test_aRelativePathIsOfTheDirectoryAtTheStart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """twistd changes its directory before it starts the service."""
    monkeypatch.chdir(tmp_path)
    stage = SQLiteStage(Path("chat.sqlite3"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    stage.say("hello")
    stage.settle()
    assert texts(now(stage.history.after(ROOM, 0, 10))) == ["hello"]
    stage.stop()
    assert (tmp_path / "chat.sqlite3").exists()
    assert contents(tmp_path / "elsewhere") == {}


# Upgrades.


def test_upgradesTheFirstVersionAndKeepsACopy(path: Path, tmp_path: Path) -> None:
    """The first version had no index."""
    create(str(path), 1)
    with closing(connect(str(path))) as old:
        old.execute("INSERT INTO room (name, last, mark) VALUES ('#lobby', 3, 3)")
        old.executemany(
            "INSERT INTO line (room, id, at, nick, text, acted) VALUES (1, ?, 0, 'Alice', ?, 0)",
            [(1, "hello world"), (2, "大家你好啊"), (3, "bye")],
        )
    with capturedLogs() as logged:
        stage = SQLiteStage(path)
    assert [(each["event"], formatEvent(each)) for each in logged] == [
        (
            "database-upgraded",
            f"{path} was upgraded from version 1 to {LATEST}; "
            f"{path}.v1.bak is a copy of the old one",
        )
    ]
    assert texts(now(stage.history.search("你好", [ROOM], "alice", 10))) == ["大家你好啊"]
    assert texts(now(stage.history.search("HELLO", [ROOM], "", 10))) == ["hello world"]
    assert stage.say("hello again").id == 4
    stage.settle()
    assert len(now(stage.history.search("hello", [ROOM], "", 10))) == 2
    stage.stop()

    backup = Path(f"{path}.v1.bak")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    backup.rename(tmp_path / "restored.sqlite3")
    with closing(sqlite3.connect(tmp_path / "restored.sqlite3")) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
        assert old.execute("SELECT count(*) FROM line").fetchone() == (3,)
    restored = SQLiteStage(tmp_path / "restored.sqlite3")
    assert texts(now(restored.history.search("bye", [ROOM], "", 10))) == ["bye"]
    restored.stop()


def test_linesOfTheSecondVersionAreFoundByTheirTimes(path: Path) -> None:
    """It had no spans."""
    create(str(path), 2)
    with closing(connect(str(path))) as old:
        old.execute("INSERT INTO room (name, last, mark) VALUES ('#lobby', 900, 900)")
        old.executemany(
            "INSERT INTO line (room, id, at, nick, text, acted) VALUES (1, ?, ?, 'alice', 'hi', 0)",
            [(id, toMicroseconds(AT + timedelta(seconds=-id % 300))) for id in range(1, 901)],
        )
    stage = SQLiteStage(path)
    stage.now += timedelta(hours=1)
    for seconds, first in ((299, 1), (298, 1), (300, 0)):
        found = now(stage.history.since(ROOM, AT + timedelta(seconds=seconds), 1000))
        assert ids(found) == (list(range(first, 901)) if first else [])
    stage.stop()


def test_anUpgradeIsAllOrNothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create(str(path), 1)
    with closing(connect(str(path))) as old:
        old.execute("INSERT INTO room (name, last, mark) VALUES ('#lobby', 3, 3)")
        old.execute(
            "INSERT INTO line (room, id, at, nick, text, acted) VALUES (1, 1, 0, 'a', 'hi', 0)"
        )

    def indexed(*row: object) -> str:
        raise ValueError("a mistake")

    monkeypatch.setattr("chat.store.database.indexed", indexed)
    with pytest.raises(CannotStart, match=r"cannot open .*: user-defined function raised"):
        openStore(str(path))
    with closing(connect(str(path))) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
        names = old.execute("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'word%'")
        assert names.fetchone() == (0,)
    monkeypatch.undo()
    close(openStore(str(path)))


def test_noCopyIsMadeWithoutAnUpgrade(path: Path, tmp_path: Path) -> None:
    for _ in range(2):
        close(openStore(str(path)))
    assert not list(tmp_path.glob("*.bak"))


def test_onlyTheFirstStartLogsThatTheDatabaseIsNew(path: Path) -> None:
    with capturedLogs() as logged:
        close(openStore(str(path)))
        close(openStore(str(path)))
    assert [(event["event"], formatEvent(event)) for event in logged] == [
        ("database-created", f"{path} is a new database")
    ]


# Closing and opening again.


def test_noIdIsSkippedAfterAProperClose(path: Path, tmp_path: Path) -> None:
    """Only the lock is left beside the file."""
    opened = openStore(str(path))
    writer = DatabaseWriter(opened)
    writer.write(Batch([*lines(1, 3), *lines(1, 2, "#dev")], forgets={"#dev": 2}))
    writer.close({ROOM: 5, "#dev": 2, "#new": 1})
    opened.files.close()
    assert {each.name for each in tmp_path.iterdir()} == {path.name, f"{path.name}.lock"}
    with capturedLogs() as logged:
        stage = SQLiteStage(path)
    assert logged == []
    assert [stage.store.nextId(room) for room in (ROOM, "#dev", "#new", "#other")] == [6, 3, 2, 1]
    stage.stop()


def test_idsThatMayHaveBeenGivenAreSkippedAfterACrash(path: Path) -> None:
    opened = openStore(str(path))
    DatabaseWriter(opened).write(Batch(lines(1, 3)))
    close(opened)
    with capturedLogs() as logged:
        stage = SQLiteStage(path)
    assert len(logged) == 1
    assert stage.store.nextId(ROOM) == 3 + 20_000 + 1
    assert stage.store.nextId("#dev") == 20_000 + 1
    stage.history.append(Said(ROOM, 20_004, AT, "alice", "hello"))
    stage.stop()
    again = SQLiteStage(path)
    assert again.store.nextId(ROOM) == 20_005
    assert texts(now(again.history.recent(ROOM, 2))) == ["line 3", "hello"]
    again.stop()


def test_aDatabaseThatIsMovedWithoutItsLogAfterACrashWasNotClosedInOrder(tmp_path: Path) -> None:
    """No id is given twice, and the log tells that lines may be missing."""
    elsewhere = tmp_path / "elsewhere" / "chat.sqlite3"
    elsewhere.parent.mkdir()
    running = SQLiteStage(tmp_path / "chat.sqlite3")
    running.chat(3)
    running.settle()
    shutil.copy(running.path, elsewhere)
    with capturedLogs() as logged:
        moved = SQLiteStage(elsewhere)
    assert [formatEvent(event) for event in logged] == [
        f"{elsewhere} was not closed cleanly, and there is no {elsewhere}-wal:"
        " lines that were stored last may be missing"
    ]
    assert moved.say("hello").id > running.store.lastId(ROOM)
    moved.stop()
    running.stop()


def test_aDatabaseThatHasItsLogAfterACrashHasAllLines(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "chat.sqlite3"
    elsewhere.parent.mkdir()
    running = SQLiteStage(tmp_path / "chat.sqlite3")
    running.chat(3)
    running.settle()
    for suffix in ("", "-wal"):
        shutil.copy(f"{running.path}{suffix}", f"{elsewhere}{suffix}")
    with capturedLogs() as logged:
        moved = SQLiteStage(elsewhere)
    assert [formatEvent(event) for event in logged] == [
        f"{elsewhere} was not closed cleanly; all stored lines are there"
    ]
    assert ids(now(moved.history.recent(ROOM, 9))) == [1, 2, 3]
    moved.stop()
    running.stop()


def test_moreIdsCanBeSkippedAfterABackup(path: Path) -> None:
    """As docs/operations.md says, in rooms that it has and in others."""
    stage = SQLiteStage(path)
    stage.chat(3)
    stage.stop()
    with closing(sqlite3.connect(path)) as other:
        other.executescript(
            "UPDATE room SET mark = mark + 1000000;"
            "UPDATE setting SET value = value + 1000000 WHERE name = 'floor'"
        )
    stage = SQLiteStage(path)
    assert (stage.say("hello").id, stage.say("hello", "#new").id) == (1_000_004, 1_000_001)
    stage.settle()
    assert ids(now(stage.history.recent(ROOM, 10))) == [1, 2, 3, 1_000_004]
    stage.stop()
