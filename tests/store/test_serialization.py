"""Tests for L{chat.store.serialization}: records as JSON, here and in other versions."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from chat.store.database import connect
from chat.store.serialization import KINDS, dump, parse, parseAll
from chat.vocabulary.records import Account, Record, RoomRecord, Sanction, SanctionKind
from tests.support.stores import AT, SQLiteStage, now

ORIGINS = (("192.0.2.1", "2026-11-21"), ("unix:1000", "2026-11-22"))
RECORDS: list[Record] = [
    Account("Alice", "alice", AT, "$argon2id$v=19$x", True, ("bob", "李雷"), ORIGINS),
    Account("bob", "bob", AT.replace(microsecond=0)),
    RoomRecord("#dev"),
    RoomRecord("#dev", 'a "topic"', "Alice", "key", True, True, ("alice",), (), AT),
    Sanction(SanctionKind.BAN, "192.0.2.0/24", "192.0.2.0/24", "Alice", AT, "spam", AT),
    Sanction(SanctionKind.MUTE, "bob", "Bob", "Alice", AT),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.key)
def test_recordsAreParsedAsTheyWere(record: Record) -> None:
    again = parse(KINDS[type(record)], dump(record))
    assert again == record
    assert [type(value) for value in _values(again)] == [type(value) for value in _values(record)]


def _values(record: Record) -> list[object]:
    return [getattr(record, name) for name in type(record).__dataclass_fields__]


def test_timesAreWrittenInUTC() -> None:
    record = Account("a", "a", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert json.loads(dump(record))["registered"] == "2026-01-02T03:04:05+00:00"


def test_unknownFieldsOfALaterVersionAreIgnored() -> None:
    later = json.loads(dump(RECORDS[0])) | {"colour": "blue", "badges": [1]}
    assert parse("account", json.dumps(later)) == RECORDS[0]


def test_missingFieldsOfAnEarlierVersionHaveTheirDefaults() -> None:
    assert parse("room", '{"name": "#dev"}') == RoomRecord("#dev")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("badge", "{}"),
        ("account", "{}"),
        ("account", "hello"),
        ("account", "[]"),
        ("account", "null"),
        ("account", '{"name": "a", "fold": "a", "registered": "yesterday"}'),
        ("account", '{"name": "a", "fold": "a", "registered": 7}'),
        ("account", json.dumps(json.loads(dump(RECORDS[0])) | {"origins": [["192.0.2.1"]]})),
        ("sanction", json.dumps(json.loads(dump(RECORDS[4])) | {"kind": "exile"})),
    ],
)
def test_aRowThatIsNoRecordIsLoggedAndLeftOut(kind: str, value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse(kind, value)
    rows = [(kind, "odd", value), ("room", "#dev", '{"name": "#dev"}')]
    with capturedLogs() as logged:
        assert list(parseAll(rows)) == [RoomRecord("#dev")]
    [event] = logged
    assert event["key"] == "odd"


def test_recordsAreLoadedAtTheStart(tmp_path: Path) -> None:
    """In the order of kinds and keys.  Those of an unknown kind stay in the database."""
    stage = SQLiteStage(tmp_path / "chat.sqlite3")
    for record in RECORDS:
        stage.ledger.put(record)
    stage.settle()
    with closing(connect(str(stage.path))) as other:
        other.execute("INSERT INTO fact (kind, key, value) VALUES ('badge', 'x', '{}')")
    with capturedLogs() as logged:
        stage = stage.again()
    assert len(logged) == 1
    alice, bob, _, dev, ban, mute = RECORDS
    assert stage.records == [alice, bob, dev, ban, mute]
    assert now(stage.ledger.load(Sanction)) == (ban, mute)
    with closing(connect(str(stage.path))) as other:
        assert other.execute("SELECT count(*) FROM fact").fetchone() == (6,)
    stage.stop()
