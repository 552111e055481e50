"""
Tests for L{chat.store.tally}: a start after a crash knows whether a line was lost.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.logger import capturedLogs, formatEvent

from chat.store.numbering import RESERVE
from chat.store.tally import Tally, takeTally
from chat.vocabulary.events import Missed
from tests.support.stores import ROOM, SQLiteStage, crash, ids, now, texts

QUIET = "#quiet"
WORD = "0123456789abcdef" * 2
NAME = f"tcpchat-{WORD}"


@pytest.fixture
def memory() -> Iterator[Path]:
    with TemporaryDirectory(dir="/dev/shm") as directory:
        yield Path(directory)


def started(memory: Path, log: str = "") -> SQLiteStage:
    """
    @param log: What the log must tell of the last end.
    """
    path = memory / "chat.sqlite3"
    with capturedLogs() as logged:
        stage = SQLiteStage(path, memory=str(memory))
    found = [formatEvent(each) for each in logged if each["event"] == "database-unclean"]
    assert found == ([f"{path} was not closed cleanly; {log}"] if log else [])
    return stage


NOTHING_LOST = "no line was lost"
UNKNOWN = "all stored lines are there"


# The file.


def test_aTallyIsTakenOnceAfterItsProcessHasEnded(memory: Path) -> None:
    tally = Tally(str(memory), WORD, 2**53)
    tally.count[0] += 2
    assert (memory / NAME).stat().st_mode & 0o777 == 0o600
    assert takeTally(str(memory), WORD) is None
    del tally
    assert takeTally(str(memory), "f" * 32) is None
    assert takeTally(str(memory), WORD) == 2**53 + 2
    assert takeTally(str(memory), WORD) is None
    assert list(memory.iterdir()) == []


def test_aTallyThatIsThereAlreadyIsNotUsed(memory: Path) -> None:
    (memory / NAME).write_bytes(b"something else")
    tally = Tally(str(memory), WORD, 5)
    tally.count[0] += 1
    tally.remove()
    assert (memory / NAME).read_bytes() == b"something else"
    assert tally.count[0] == 6


def test_nothingIsWrittenWhereADiskMayHang(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = memory.stat().st_dev
    mounts = b"1 0 %d:%d / / rw - ext4 - rw\n2 0 99:99 / / rw - tmpfs - rw\n" % (
        os.major(device),
        os.minor(device),
    )
    monkeypatch.setattr("chat.store.tally.open", lambda *_: BytesIO(mounts), raising=False)
    assert Tally(str(memory), WORD, 5).count[0] == 5
    assert list(memory.iterdir()) == []


@pytest.mark.parametrize("word", [None, 5, "", "\0", WORD + "\n", WORD.upper()])
def test_aDamagedWordHasNoTally(memory: Path, word: object) -> None:
    assert takeTally(str(memory), word) is None


@pytest.mark.parametrize(
    "content", [b"", b"x" * 15, pack("=QQ", 5, RESERVE - 1), pack("=QQ", 5, RESERVE + 1)]
)
def test_aDamagedTallyTellsNothing(memory: Path, content: bytes) -> None:
    """Nor one of a version with another reserve."""
    (memory / NAME).write_bytes(content)
    assert takeTally(str(memory), WORD) is None


def test_onlyAFileOfTheServiceIsBelieved(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = pack("=QQ", 5, RESERVE)
    (memory / "other").write_bytes(content)
    (memory / NAME).symlink_to(memory / "other")
    assert takeTally(str(memory), WORD) is None
    (memory / NAME).unlink()
    os.mkfifo(memory / NAME)
    assert takeTally(str(memory), WORD) is None
    (memory / NAME).unlink(missing_ok=True)
    (memory / NAME).write_bytes(content)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 12345)
        assert takeTally(str(memory), WORD) is None
    assert takeTally(str(memory), WORD) == 5


# A store.


def test_numbersGoOnAfterACrashThatLostNothing(memory: Path) -> None:
    """However often, and also where nothing was said."""
    stage = started(memory)
    stage.chat(3)
    stage.chat(2, QUIET)
    for _ in range(3):
        stage.settle()
        crash(stage, memory)
        stage = started(memory, NOTHING_LOST)
    assert (stage.say("hello").id, stage.say("hello", "#new").id) == (4, 1)
    stage.settle()
    crash(stage, memory)
    stage = started(memory, NOTHING_LOST)
    assert [stage.store.lastId(room) for room in (ROOM, QUIET, "#new", "#other")] == [4, 2, 1, 0]
    extract = now(stage.history.after(ROOM, 0, 10))
    assert (ids(extract), extract.missed) == ([1, 2, 3, 4], ())
    stage.stop()
    assert list(memory.glob("tcpchat-*")) == []
    started(memory).stop()


def test_aLineThatWaitedForTheDiskIsKnownToBeLost(memory: Path) -> None:
    stage = started(memory)
    stage.chat(3)
    stage.settle()
    stage.say("lost", QUIET)
    crash(stage, memory)
    stage = started(memory, UNKNOWN)
    assert stage.say("hello").id == 3 + RESERVE + 1
    assert stage.say("hello", QUIET).id == RESERVE + 1
    stage.settle()
    assert now(stage.history.after(ROOM, 0, 10)).missed == (
        Missed(ROOM, 4, 3 + RESERVE, "stopped"),
    )
    # From here on nothing is lost.
    crash(stage, memory)
    stage = started(memory, NOTHING_LOST)
    assert [stage.store.nextId(room) for room in (ROOM, QUIET)] == [RESERVE + 5, RESERVE + 2]
    stage.stop()


def test_aLineThatCouldNotWaitIsNotForgotten(memory: Path) -> None:
    """Neither one that had a number nor one that had none, whatever is stored later."""
    stage = started(memory)
    stage.store.nextId(ROOM)
    stage.chat(3)
    stage.settle()
    crash(stage, memory)
    stage = started(memory, UNKNOWN)
    [last] = stage.chat(1)
    stage.settle()
    numbers = stage.store._numbers
    numbers._rooms[ROOM][1] = last.id
    assert [line.id for line in stage.chat(2)] == [0, 0]
    numbers._rooms[ROOM][1] = last.id + RESERVE
    stage.chat(1)
    stage.settle()
    crash(stage, memory)
    stage = started(memory, UNKNOWN)
    assert stage.store.nextId(ROOM) > last.id + RESERVE
    stage.stop()


def test_nothingIsKnownAfterAPowerCut(memory: Path) -> None:
    stage = started(memory)
    stage.chat(3)
    stage.settle()
    crash(stage)
    stage = started(memory, UNKNOWN)
    assert stage.store.nextId(ROOM) == 3 + RESERVE + 1
    stage.stop()


def test_numbersThatWereSkippedBeforeStaySo(memory: Path) -> None:
    """In a room in which nothing was said since: they may have been given."""
    stage = started(memory)
    stage.chat(3)
    stage.chat(2, QUIET)
    stage.settle()
    crash(stage)
    stage = started(memory, UNKNOWN)
    stage.chat(1)
    stage.settle()
    crash(stage, memory)
    stage = started(memory, NOTHING_LOST)
    rooms = (ROOM, QUIET, "#new")
    assert [stage.store.lastId(room) for room in rooms] == [RESERVE + 4, RESERVE + 2, RESERVE]
    stage.stop()


def test_aDatabaseWithoutItsLogIsNotBelieved(memory: Path) -> None:
    """It may be of different moments, whatever its last place is."""
    stage = started(memory)
    stage.chat(3)
    stage.settle()
    with closing(sqlite3.connect(stage.path)) as other:
        other.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
    crash(stage, memory)
    Path(f"{stage.path}-wal").unlink()
    with capturedLogs() as logged:
        stage = SQLiteStage(stage.path, memory=str(memory))
    assert "there is no {path}-wal" in logged[0]["log_format"]
    assert (stage.say("hello").id, len(logged)) == (3 + RESERVE + 1, 1)
    stage.stop()


def test_aDatabaseThatComesBackIsNotBelieved(memory: Path) -> None:
    """Lines were said in another one meanwhile, while its tally was kept."""
    stage = started(memory)
    stage.stop()
    clean = stage.path.with_name("clean")
    shutil.copy(stage.path, clean)
    stage = started(memory)
    stage.chat(3)
    stage.settle()
    crash(stage, memory)
    files = [Path(f"{stage.path}{suffix}") for suffix in ("", "-wal")]
    crashed = {file: file.read_bytes() for file in files}
    files[1].unlink()
    shutil.copy(clean, stage.path)
    with capturedLogs():
        stage = SQLiteStage(stage.path, memory=str(memory))
    [*_, last] = stage.chat(2)
    stage.stop()
    for file, content in crashed.items():
        file.write_bytes(content)
    stage = started(memory, UNKNOWN)
    assert stage.say("hello").id > last.id
    stage.stop()


def test_aTallyThatIsLeftAfterACleanEndIsTakenAway(memory: Path) -> None:
    """The process was killed before it had removed it."""
    stage = started(memory)
    [left] = memory.glob("tcpchat-*")
    content = left.read_bytes()
    stage.stop()
    left.write_bytes(content)
    stage = started(memory)
    assert not left.exists()
    stage.stop()


def test_aRoomThatWasNeverSpokenInKeepsItsMark(memory: Path) -> None:
    """As one that is forgotten while its row is being dropped: no number was set aside."""
    stage = started(memory)
    with closing(sqlite3.connect(stage.path)) as other, other:
        other.execute("INSERT INTO room (name, mark, floor) VALUES (?, 5, 5)", (QUIET,))
    crash(stage, memory)
    stage = started(memory, NOTHING_LOST)
    assert stage.say("hello", QUIET).id == 6
    stage.stop()


def test_aCopyOfTheDatabaseDoesNotTakeTheTallyOfAServiceThatRuns(memory: Path) -> None:
    elsewhere = memory / "elsewhere" / "chat.sqlite3"
    elsewhere.parent.mkdir()
    running = started(memory)
    running.chat(3)
    running.settle()
    for suffix in ("", "-wal"):
        shutil.copy(f"{running.path}{suffix}", f"{elsewhere}{suffix}")
    with capturedLogs():
        moved = SQLiteStage(elsewhere, memory=str(memory))
    assert moved.say("hello").id == 3 + RESERVE + 1
    moved.stop()
    crash(running, memory)
    started(memory, NOTHING_LOST).stop()


def test_oneOfTwoCopiesOfACrashedDatabaseGoesOn(memory: Path) -> None:
    elsewhere = memory / "elsewhere" / "chat.sqlite3"
    elsewhere.parent.mkdir()
    stage = started(memory)
    stage.chat(3)
    stage.settle()
    crash(stage, memory)
    for suffix in ("", "-wal"):
        shutil.copy(f"{stage.path}{suffix}", f"{elsewhere}{suffix}")
    stage = started(memory, NOTHING_LOST)
    with capturedLogs():
        other = SQLiteStage(elsewhere, memory=str(memory))
    assert [each.store.nextId(ROOM) for each in (stage, other)] == [4, 3 + RESERVE + 1]
    other.stop()
    stage.stop()


def test_linesThatAreForgottenBeforeTheyAreStoredAreNotLost(memory: Path) -> None:
    """They are stored, found nowhere, and gone after the next sweep."""
    stage = started(memory)
    stage.chat(3)
    stage.history.forget(ROOM)
    assert stage.say("kept").id == 4
    stage.settle()
    for _ in range(2):
        assert texts(now(stage.history.after(ROOM, 0, 10))) == ["kept"]
        assert texts(now(stage.history.search("line", [ROOM], "", 10))) == []
        crash(stage, memory)
        stage = started(memory, NOTHING_LOST)
    stage.history.forget(ROOM)
    stage.sweep()
    with closing(sqlite3.connect(stage.path)) as other:
        assert other.execute("SELECT count(*) FROM line").fetchone() == (0,)
    crash(stage, memory)
    stage = started(memory, NOTHING_LOST)
    assert (stage.store.lastId(ROOM), stage.store.lastId("#new")) == (4, 4)
    stage.stop()


class Crashes(RuleBasedStateMachine):
    """
    A service that is killed, or loses its memory, or goes back to a copy of the database, at any
    moment, while lines are said, stored, forgotten and taken away.
    """

    ROOMS = st.sampled_from(["#a", "#b"])

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory(dir="/dev/shm")
        self.memory = Path(self.directory.name)
        self.said: list[tuple[str, int]] = []
        self.copy: dict[str, bytes] = {}
        self.stage = started(self.memory)

    @rule(room=ROOMS, count=st.integers(1, 3))
    def say(self, room: str, count: int) -> None:
        self.said += [(room, line.id) for line in self.stage.chat(count, room)]

    @rule()
    def settle(self) -> None:
        self.stage.settle()

    @rule(room=ROOMS)
    def forget(self, room: str) -> None:
        self.stage.history.forget(room)

    @rule(steps=st.integers(1, 4))
    def sweep(self, steps: int) -> None:
        self.stage.clock.advance(60)
        for _ in range(steps):
            self.stage.clock.advance(0.05)

    @rule()
    def kill(self) -> None:
        isLost = self.stage.store.waiting
        crash(self.stage, self.memory)
        self.stage = started(self.memory, UNKNOWN if isLost else NOTHING_LOST)

    @rule()
    def cutPower(self) -> None:
        crash(self.stage)
        self.stage = started(self.memory, UNKNOWN)

    @rule()
    def restart(self) -> None:
        self.stage.stop()
        self.stage = started(self.memory)

    @rule()
    def backUp(self) -> None:
        files = [f"{self.stage.path}{suffix}" for suffix in ("", "-wal")]
        self.copy = {file: Path(file).read_bytes() for file in files}

    @precondition(lambda self: self.copy)
    @rule()
    def goBack(self) -> None:
        crash(self.stage, self.memory)
        for file, content in self.copy.items():
            Path(file).write_bytes(content)
        with capturedLogs():
            self.stage = SQLiteStage(self.stage.path, memory=str(self.memory))

    @invariant()
    def noneTwice(self) -> None:
        assert len(set(self.said)) == len(self.said)

    def teardown(self) -> None:
        self.stage.stop()
        self.directory.cleanup()


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=10, stateful_step_count=15)
