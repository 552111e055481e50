"""
Rows that are damaged: they are left out, counted, and told as missing, and nothing that was said
is logged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from chat.interfaces import Extract
from chat.store.database import connect, create
from chat.store.opening import openStore
from chat.vocabulary.errors import CannotStart, HistoryUnavailable
from chat.vocabulary.events import Missed
from chat.vocabulary.records import Account
from tests.support.stores import AT, ROOM, SQLiteStage, ids, now, texts

SECRET = "SECRET"

# What may become of a row, as SQL.
DAMAGES = {
    "a text that is not UTF-8": "text = CAST(x'534543524554FF' AS TEXT)",
    "a nickname that is not UTF-8": "nick = CAST(x'534543524554FF' AS TEXT)",
    "a text that ends a line": "text = 'SECRET' || char(10) || 'x'",
    "a text that a terminal acts on": "text = 'SECRET' || char(27) || '[31m'",
    "no text": "text = ''",
    "no nickname": "nick = ''",
    "a time that is too late": "at = 1 << 62",
    "a time that no calendar has": "at = -(1 << 62)",
    "a time before all clocks": "at = -1",
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[SQLiteStage]:
    """A store with ten lines."""
    first = SQLiteStage(tmp_path / "chat.sqlite3")
    first.chat(10)
    stage = first.again(replay=3)
    stage.now += timedelta(hours=1)
    yield stage
    stage.stop()


def damage(stage: SQLiteStage, statement: str) -> None:
    """
    Change the database as another program would.
    """
    with closing(sqlite3.connect(stage.path)) as other:
        other.execute(statement)
        other.commit()


def lost(first: int, last: int) -> tuple[Missed, ...]:
    return (Missed(ROOM, first, last, "lost"),)


@pytest.mark.parametrize("how", DAMAGES)
def test_aDamagedLineIsToldAsLost(stage: SQLiteStage, how: str) -> None:
    """Wherever it is; the answer has as many lines as without it."""
    damage(stage, f"UPDATE line SET {DAMAGES[how]} WHERE id IN (4, 5)")
    with capturedLogs() as logged:
        for found, expected, more in (
            (stage.history.recent(ROOM, 100), [1, 2, 3, 6, 7, 8, 9, 10], False),
            (stage.history.after(ROOM, 0, 100), [1, 2, 3, 6, 7, 8, 9, 10], False),
            (stage.history.after(ROOM, 1, 4), [2, 3, 6, 7], True),
            (stage.history.since(ROOM, AT, 100), [1, 2, 3, 6, 7, 8, 9, 10], False),
            (stage.history.recent(ROOM, 6), [3, 6, 7, 8, 9, 10], True),
        ):
            extract = now(found)
            assert (ids(extract), extract.more, extract.missed) == (expected, more, lost(4, 5))
        assert texts(now(stage.history.search("line", [ROOM], "", 7))) == [
            f"line {number}" for number in (9, 8, 7, 6, 5, 2, 1)
        ]
    # Counted whenever it is asked for, and logged once.
    assert set(stage.observer.take()) == {("damaged", 2)}
    assert [event["log_format"] for event in logged] == [
        "{count} lines are damaged and were left out, such as {id} of {room}"
    ]
    assert SECRET not in repr(logged)


def test_damagedLinesAtTheEndAreLostToo(stage: SQLiteStage) -> None:
    """Whether they are read from the disk or are at hand."""
    damage(stage, "UPDATE line SET text = '' WHERE id IN (9, 10)")
    with capturedLogs():
        for _ in range(2):
            extract = now(stage.history.recent(ROOM, 3))
            assert (ids(extract), extract.missed) == ([6, 7, 8], lost(9, 10))
        assert now(stage.history.after(ROOM, 8, 3)) == Extract(missed=lost(9, 10))
        stage.say("hello")
        assert now(stage.history.recent(ROOM, 1)).missed == ()
        assert now(stage.history.recent(ROOM, 2)).missed == lost(9, 10)
        assert now(stage.history.after(ROOM, 8, 3)).missed == lost(9, 10)


def test_allLinesMayBeDamaged(stage: SQLiteStage) -> None:
    damage(stage, "UPDATE line SET text = ''")
    with capturedLogs():
        assert now(stage.history.recent(ROOM, 100)) == Extract(missed=lost(1, 10))
        assert now(stage.history.after(ROOM, 0, 100)) == Extract(missed=lost(1, 10))
        assert now(stage.history.search("line", [ROOM], "", 7)) == ()


def test_aDamagedNumberHidesNoOtherLine(stage: SQLiteStage) -> None:
    """It is greater than any that was given; or there are two of it, as far as is known."""
    damage(stage, "UPDATE line SET id = 1 << 40 WHERE id = 4")
    extract = now(stage.history.recent(ROOM, 100))
    assert (ids(extract), extract.missed) == ([1, 2, 3, 5, 6, 7, 8, 9, 10], lost(4, 4))
    assert stage.say("hello").id == 11
    stage.settle()
    assert ids(now(stage.history.after(ROOM, 9, 100))) == [10, 11]
    assert len(now(stage.history.search("line", [ROOM], "", 100))) == 9


def test_aDamagedNumberIsNotGivenAfterAStart(stage: SQLiteStage) -> None:
    """So it stands in the way of no line."""
    stage.stop()
    damage(stage, "UPDATE line SET id = 12 WHERE id = 4")
    again = SQLiteStage(stage.path)
    assert again.say("hello").id == 13
    again.settle()
    extract = now(again.history.after(ROOM, 9, 100))
    assert (ids(extract), extract.missed) == ([10, 12, 13], lost(11, 11))
    stage.store = again.store


def test_aDamagedNumberThatIsFarAheadIsNotGivenEither(stage: SQLiteStage) -> None:
    """But no room runs out of numbers by it."""
    stage.stop()
    damage(stage, "UPDATE line SET id = 1 << 40 WHERE id = 4")
    damage(stage, "UPDATE line SET id = 1 << 60 WHERE id = 5")
    for number in (1, 2):
        again = SQLiteStage(stage.path)
        assert again.say("hello").id == (1 << 40) + number
        again.settle()
        again.stop()
    stage.store = SQLiteStage(stage.path).store


@pytest.mark.parametrize("damaged", ["last = 50", "floor = 50", "mark = 0", "mark = 0, last = 0"])
def test_newLinesAreStoredThoughNumbersOfTheRoomAreDamaged(
    stage: SQLiteStage, damaged: str
) -> None:
    """None of them was given before, and none passes for one that is stored already."""
    stage.stop()
    damage(stage, f"UPDATE room SET {damaged}")
    again = SQLiteStage(stage.path)
    given = again.say("hello").id
    assert given > 10
    again.settle()
    again.stop()
    last = SQLiteStage(stage.path)
    assert texts(now(last.history.after(ROOM, given - 1, 9))) == ["hello"]
    stage.store = last.store


def test_aLineTakesThePlaceOfADamagedOne(stage: SQLiteStage) -> None:
    """Its number was changed while the service ran; and other rooms wait for nothing."""
    damage(stage, "UPDATE line SET id = 11 WHERE id = 4")
    assert stage.say("hello").id == 11
    assert stage.say("others", "#dev").id == 1
    stage.settle()
    assert stage.store.waiting == 0
    assert texts(now(stage.history.after(ROOM, 10, 9))) == ["hello"]
    assert texts(now(stage.history.search("hello", [ROOM], "", 9))) == ["hello"]
    assert texts(now(stage.history.after("#dev", 0, 9))) == ["others"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sqlite_sequence WHERE name = 'line'",
        "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'line'",
        "UPDATE sqlite_sequence SET seq = 'abc' WHERE name = 'line'",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'line'",
        "UPDATE line SET seq = 9223372036854775807 WHERE id = 4",
    ],
)
def test_linesAreStoredThoughTheirOrderIsDamaged(stage: SQLiteStage, statement: str) -> None:
    damage(stage, statement)
    stage.chat(3)
    stage.settle()
    assert stage.store.waiting == 0
    assert ids(now(stage.history.after(ROOM, 0, 100))) == list(range(1, 14))


@pytest.mark.parametrize("statement", [*DAMAGES.values(), "id = 1 << 40", "room = 77"])
def test_damagedLinesExpireAsOthersDo(tmp_path: Path, statement: str) -> None:
    stage = SQLiteStage(tmp_path / "chat.sqlite3", keepSeconds=60)
    stage.chat(10)
    stage.settle()
    damage(stage, f"UPDATE line SET {statement} WHERE id IN (4)")
    stage.now += timedelta(seconds=61)
    stage.say("hello")
    with capturedLogs() as logged:
        stage.sweep()
    assert logged == []
    with closing(sqlite3.connect(stage.path)) as other:
        assert other.execute("SELECT id FROM line").fetchall() == [(11,)]
    assert now(stage.history.after(ROOM, 0, 10)).missed == (Missed(ROOM, 1, 10, "expired"),)
    assert texts(now(stage.history.since(ROOM, AT, 10))) == ["hello"]
    stage.stop()


def test_damagedLinesDoNotHinderAnUpgrade(tmp_path: Path) -> None:
    path = tmp_path / "chat.sqlite3"
    create(str(path), 1)
    with closing(connect(str(path))) as old:
        old.execute("INSERT INTO room (name, last, mark) VALUES ('#lobby', 2, 2)")
        old.execute(
            "INSERT INTO line (room, id, at, nick, text, acted) VALUES"
            " (1, 1, 0, 'a', CAST(x'48ff' AS TEXT), 0), (1, 2, 0, 'a', 'hello', 0)"
        )
    stage = SQLiteStage(path)
    assert ids(now(stage.history.search("hello", [ROOM], "", 10))) == [2]
    stage.stop()


# Rows that are read at the start.


def test_theServiceStartsWithDamagedRecords(stage: SQLiteStage) -> None:
    """The name of an account is not free for that, and nobody is told its secret."""
    stage.ledger.put(Account("alice", "alice", AT, SECRET))
    stage.ledger.put(Account("bob", "bob", AT))
    stage.settle()
    damage(stage, "UPDATE fact SET value = CAST(x'534543524554FF' AS TEXT) WHERE key = 'alice'")
    damage(stage, "INSERT INTO fact VALUES ('room', CAST(x'23FF' AS TEXT), '{}')")
    with capturedLogs() as logged:
        again = stage.again()
        loaded = now(again.ledger.load(Account))
    assert loaded == tuple(again.records)
    assert [(each.name, each.secret) for each in loaded] == [("alice", "?"), ("bob", "")]
    assert SECRET not in repr(logged)
    assert {event["log_format"] for event in logged} == {
        "the record {key} cannot be read: {reason}"
    }
    again.stop()


def test_aRoomWithADamagedNameIsLeftOut(stage: SQLiteStage) -> None:
    """Nothing hinders the others, neither forgetting nor the end."""
    stage.chat(3, "#dev")
    stage.settle()
    stage.stop()
    damage(stage, "UPDATE room SET name = CAST(x'23FF' AS TEXT), floor = 1 WHERE name = '#dev'")
    again = SQLiteStage(stage.path)
    with capturedLogs() as logged:
        again.history.forgetOthers([ROOM])
        again.chat(1)
        again.settle()
        again.sweep()
        again.stop()
    assert logged == []
    stage.store = SQLiteStage(stage.path).store


@pytest.mark.parametrize(
    "statement",
    ["mark = 1 << 62", "mark = -1", "mark = (1 << 52) + 1", "floor = 1 << 60", "last = 1 << 53"],
)
def test_damagedNumbersOfARoomAreRefused(stage: SQLiteStage, statement: str) -> None:
    """Ids could be given twice."""
    stage.stop()
    damage(stage, f"UPDATE room SET {statement}")
    with pytest.raises(CannotStart, match="the numbers of '#lobby' are damaged"):
        openStore(str(stage.path))
    damage(stage, "UPDATE room SET last = 10, mark = 10, floor = 0")
    stage.store = SQLiteStage(stage.path).store


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE setting SET value = 'abc' WHERE name = 'floor'",
        "UPDATE setting SET value = x'00' WHERE name = 'floor'",
        "UPDATE setting SET value = -1 WHERE name = 'floor'",
        "UPDATE setting SET value = 1 << 60 WHERE name = 'floor'",
        "UPDATE setting SET value = (1 << 52) + 1 WHERE name = 'floor'",
        "UPDATE setting SET value = 1.5 WHERE name = 'floor'",
        "DELETE FROM setting WHERE name = 'floor'",
    ],
)
def test_newRoomsBeginBehindAllOthersIfItIsDamagedWhereTheyBegin(
    stage: SQLiteStage, statement: str
) -> None:
    """The lock file knows how far the others had come; without it nothing does."""
    stage.stop()
    damage(stage, statement)
    lock = stage.path.with_name(f"{stage.path.name}.lock")
    known = lock.read_bytes()
    lock.unlink()
    with pytest.raises(CannotStart, match="the setting 'floor' is damaged"):
        openStore(str(stage.path))
    lock.write_bytes(known)
    again = SQLiteStage(stage.path)
    assert again.say("hello").id == 11
    assert again.say("hello", "#dev").id > 10
    stage.store = again.store


@pytest.mark.parametrize("value", ["'abc'", "x'00'", "-1", "1 << 60", "'1'"])
def test_otherSettingsHaveCarefulDefaults(stage: SQLiteStage, value: str) -> None:
    """No id is given twice, and all lines are found."""
    stage.stop()
    damage(
        stage,
        "INSERT OR REPLACE INTO setting (name, value)"
        f" VALUES ('clean', {value}), ('opening', {value}), ('unindexed', {value})",
    )
    with capturedLogs() as logged:
        again = SQLiteStage(stage.path)
    assert [event["log_format"] for event in logged] == [
        "parts of the database were damaged and are being rebuilt: {parts}",
        "{path} was not closed cleanly, and there is no {path}-wal:"
        " lines that were stored last may be missing",
        "{path} is older than the database that was here; line numbers continue after that one's",
    ]
    assert again.say("hello").id > 10
    again.settle()
    assert len(found(again, "line")) == 10
    assert isIndexWhole(again)
    stage.store = again.store


def test_settingsMayBeMissing(stage: SQLiteStage) -> None:
    stage.stop()
    damage(stage, "DELETE FROM setting WHERE name IN ('clean', 'opening')")
    with capturedLogs():
        again = SQLiteStage(stage.path)
    # The writer connects anew, and knows the file again.
    damage(again, INDEX_DAMAGES[0])
    with capturedLogs(), pytest.raises(HistoryUnavailable):
        found(again, "line")
    again.say("hello")
    again.settle()
    assert again.store.waiting == 0
    again.stop()
    stage.store = SQLiteStage(stage.path).store


# The index.

INDEX_DAMAGES = [
    "UPDATE word_data SET block = x'' WHERE id > 10",
    "UPDATE word_data SET block = substr(block, 1, length(block) / 2) WHERE id > 10",
    "UPDATE word_data SET block = substr(block, 1, 5) WHERE id = 10",
    "DELETE FROM word_data WHERE id = 10",
]


def found(stage: SQLiteStage, words: str) -> list[str]:
    return texts(now(stage.history.search(words, [ROOM], "", 10)))


def isIndexWhole(stage: SQLiteStage) -> bool:
    with closing(sqlite3.connect(stage.path)) as other:
        other.execute("INSERT INTO word (word) VALUES ('integrity-check')")
    return True


@pytest.mark.parametrize("statement", INDEX_DAMAGES)
def test_linesAreStoredThoughTheIndexIsDamaged(stage: SQLiteStage, statement: str) -> None:
    """It is empty then, and has all lines after a start."""
    stage.chat(3000)
    stage.clock.pump([1] * 3)
    damage(stage, statement)
    with capturedLogs():
        for _ in range(5):
            stage.chat(1000)
            stage.clock.pump([1] * 3)
    assert stage.store.waiting == 0
    assert stage.observer.take()[-1] == ("stored", ROOM, 8010)
    stage.say("needle")
    stage.settle()
    assert found(stage, "needle") == ["needle"]
    assert ids(now(stage.history.after(ROOM, 0, 9000))) == list(range(1, 8012))
    again = stage.again()
    assert found(again, "999") == ["line 999"] * 6
    assert isIndexWhole(again)
    stage.store = again.store


@pytest.mark.parametrize("statement", INDEX_DAMAGES)
def test_historyGoesOnWithADamagedIndex(stage: SQLiteStage, statement: str) -> None:
    """Only searches are refused, and only until the index is empty."""
    damage(stage, statement)
    with capturedLogs():
        try:
            assert found(stage, "line") == []
        except HistoryUnavailable:
            assert found(stage, "line") == []
    assert ids(now(stage.history.after(ROOM, 0, 10))) == list(range(1, 11))
    stage.say("needle")
    stage.settle()
    assert found(stage, "needle") == ["needle"]


def test_linesThatAreNotInTheIndexExpireAsOthersDo(tmp_path: Path) -> None:
    stage = SQLiteStage(tmp_path / "chat.sqlite3", keepLines=10)
    stage.chat(20)
    stage.settle()
    damage(stage, INDEX_DAMAGES[0])
    with capturedLogs(), pytest.raises(HistoryUnavailable):
        found(stage, "line")
    stage.sweep()
    stage.chat(5)
    stage.settle()
    stage.sweep()
    assert isIndexWhole(stage)
    assert len(found(stage, "line")) == 5
    again = stage.again(keepLines=10)
    assert isIndexWhole(again)
    assert len(found(again, "line")) == 10
    again.stop()
