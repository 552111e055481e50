"""
Pages that are damaged: what is derived is made anew, and nothing else is given up for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from twisted.logger import capturedLogs

from chat.store import writer
from chat.store.derived import damagedParts
from chat.store.opening import openStore
from chat.vocabulary.errors import CannotStart, HistoryUnavailable
from tests.support.stores import AT, ROOM, SQLiteStage, ids, now, texts

PARTS = {
    "word_data": "the index of /search",
    "word_idx": "the index of /search",
    "word_config": "the index of /search",
    "span": "the times of the lines",
    "lineById": "the numbers of the lines",
    "sqlite_autoindex_room_1": "the names of the rooms",
    "sqlite_sequence": "the next places",
}
"""The trees, and the part to which each belongs."""

MADE_ANEW = "parts of the database were damaged and are being rebuilt: {parts}"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[SQLiteStage]:
    """A store with lines enough for trees of several pages."""
    stage = SQLiteStage(tmp_path / "chat.sqlite3", replay=0)
    stage.chat(2000)
    stage.clock.pump([1] * 3)
    stage.observer.take()
    yield stage
    stage.stop()


def spoil(path: Path, *trees: str, kind: str = "noise") -> None:
    """
    Overwrite the first page of each tree, as a disk would; the next one to read it notices.
    """
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        [size] = other.execute("PRAGMA page_size").fetchone()
        roots = dict(other.execute("SELECT name, rootpage FROM sqlite_schema"))
    garbage = {"noise": Random(1).randbytes(size), "zeros": bytes(size), "ones": b"\xff" * size}
    with path.open("r+b") as file:
        for tree in trees:
            file.seek((roots[tree] - 1) * size)
            file.write(garbage[kind])


def spoilRunning(stage: SQLiteStage, *trees: str) -> None:
    spoil(stage.path, *trees)
    # SQLite forgets what it has read when another program has written.
    with closing(sqlite3.connect(stage.path)) as other:
        other.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('other', 1)")
        other.commit()


def spoiled(stage: SQLiteStage, *trees: str, kind: str = "noise") -> SQLiteStage:
    """
    @return: the store, started again after its file was damaged.
    """
    stage.stop()
    spoil(stage.path, *trees, kind=kind)
    vars(stage).update(vars(SQLiteStage(stage.path, replay=0)))
    return stage


def checkWhole(stage: SQLiteStage, count: int) -> None:
    """
    Everything is found that was said, in every way.
    """
    assert stage.store.waiting == 0
    assert ids(now(stage.history.after(ROOM, 0, 10_000))) == list(range(1, count + 1))
    assert ids(now(stage.history.since(ROOM, AT, 10_000))) == list(range(1, count + 1))
    assert texts(now(stage.history.search("1999", [ROOM], "", 10))) == ["line 1999"]
    with closing(sqlite3.connect(stage.path)) as other:
        found = other.execute("PRAGMA integrity_check").fetchall()
        # The pages that were damaged are not used any more.
        assert all("never used" in row or row == "ok" for [text] in found for row in _rows(text))
        other.execute("INSERT INTO word (word) VALUES ('integrity-check')")


def _rows(text: str) -> list[str]:
    return [row for row in text.splitlines() if not row.startswith("***")]


@pytest.mark.parametrize("kind", ["noise", "zeros", "ones"])
@pytest.mark.parametrize("tree", PARTS)
def test_aStartMakesDerivedPartsAnew(stage: SQLiteStage, tree: str, kind: str) -> None:
    """Before the first user comes, and the log tells it once."""
    with capturedLogs() as logged:
        spoiled(stage, tree, kind=kind)
        spoiled(stage)
    assert [(each["log_format"], each["parts"]) for each in logged] == [(MADE_ANEW, PARTS[tree])]
    assert stage.say("hello").id == 2001
    stage.settle()
    checkWhole(spoiled(stage), 2001)


def test_allDerivedPartsMayBeDamaged(stage: SQLiteStage) -> None:
    with capturedLogs() as logged:
        spoiled(stage, *PARTS)
    [parts] = [each["parts"] for each in logged]
    assert set(parts.split(", ")) == set(PARTS.values())
    stage.say("hello", "#dev")
    stage.settle()
    assert ids(now(stage.history.after("#dev", 0, 10))) == [1]
    checkWhole(stage, 2000)


@pytest.mark.parametrize("tree", PARTS)
def test_linesAreStoredAgainWhenDamageIsMet(stage: SQLiteStage, tree: str) -> None:
    """Within a second, and a start has the earlier lines in the index again."""
    spoilRunning(stage, tree)
    with capturedLogs() as logged:
        stage.say("hello")
        stage.say("hello", "#dev")
        stage.clock.pump([0.1, 1, 1])
        # FTS5 has its configuration at hand, so a question meets the damage there.
        with suppress(HistoryUnavailable):
            now(stage.history.search("hello", [ROOM], "", 10))
    stage.say("needle")
    stage.settle()
    assert stage.store.waiting == 0
    assert [each["parts"] for each in logged if each["log_format"] == MADE_ANEW] == [PARTS[tree]]
    assert texts(now(stage.history.search("needle", [ROOM], "", 10))) == ["needle"]
    checkWhole(spoiled(stage), 2002)


def test_aQuestionThatMeetsDamageHasItMended(stage: SQLiteStage) -> None:
    spoilRunning(stage, "span")
    stage.now += timedelta(hours=1)
    with capturedLogs() as logged:
        with suppress(HistoryUnavailable):
            now(stage.history.since(ROOM, AT + timedelta(seconds=1), 10))
        assert now(stage.history.since(ROOM, AT + timedelta(seconds=1), 10)).lines == ()
    assert MADE_ANEW in [each["log_format"] for each in logged]
    stage.say("hello")
    stage.settle()
    assert stage.observer.take() == [("stored", ROOM, 2001)]


@pytest.mark.parametrize("tree", ["room", "line", "fact", "setting"])
def test_aStartRefusesOtherDamage(stage: SQLiteStage, tree: str) -> None:
    stage.stop()
    whole = stage.path.read_bytes()
    spoil(stage.path, tree)
    damaged = stage.path.read_bytes()
    with pytest.raises(CannotStart, match="database disk image is malformed"):
        openStore(str(stage.path))
    assert stage.path.read_bytes() == damaged
    stage.path.write_bytes(whole)
    stage.store = SQLiteStage(stage.path).store


def test_damageThatCannotBeMendedIsLookedForOnce(
    stage: SQLiteStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at every page takes long, and writing is tried every second."""
    looked = []

    def look(connection: sqlite3.Connection, isThorough: bool) -> list[object]:
        looked.append(isThorough)
        return list(damagedParts(connection, isThorough))

    monkeypatch.setattr(writer, "damagedParts", look)
    spoiled(stage)
    spoil(stage.path)
    whole = stage.path.read_bytes()
    spoilRunning(stage, "line")
    with capturedLogs():
        stage.say("hello")
        stage.clock.pump([0.1, 1, 1, 1, 1])
        assert stage.store.waiting == 1
        assert looked == [True]
        stage.path.write_bytes(whole)
        spoilRunning(stage)
        stage.clock.advance(1)
    assert stage.store.waiting == 0
