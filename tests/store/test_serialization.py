"""Tests for L{chat.store.serialization}: records as JSON, here and in other versions."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from chat.store.database import connect
from chat.store.serialization import KINDS, dump, parse, parseAll, standIn
from chat.vocabulary.errors import NickInvalid
from chat.vocabulary.names import nickname
from chat.vocabulary.records import DAMAGED, Account, Record, RoomRecord, Sanction, SanctionKind
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


def test_timesWithAnotherOffsetAreMadeUTC() -> None:
    value = changed(RECORDS[0], registered="2026-01-02T03:04:05+08:00")
    parsed = parse("account", value)
    assert isinstance(parsed, Account)
    assert parsed.registered.isoformat() == "2026-01-01T19:04:05+00:00"


def test_unknownFieldsOfALaterVersionAreIgnored() -> None:
    later = json.loads(dump(RECORDS[0])) | {"colour": "blue", "badges": [1]}
    assert parse("account", json.dumps(later)) == RECORDS[0]


def test_missingFieldsOfAnEarlierVersionHaveTheirDefaults() -> None:
    assert parse("room", '{"name": "#dev"}') == RoomRecord("#dev")


def changed(record: Record, **changes: object) -> str:
    return json.dumps(json.loads(dump(record)) | changes)


SECRET = "correct-horse"

DAMAGED_ROWS = [
    ("account", "{}"),
    ("account", f'{{"{SECRET}'),
    ("account", f"{SECRET}\udcff"),
    ("account", "[" * 100_000),
    ("account", "[]"),
    ("account", "null"),
    ("account", '{"name": "alice", "fold": "alice", "registered": "correct-horse"}'),
    ("account", changed(RECORDS[0], registered=7)),
    ("account", changed(RECORDS[0], registered="2026-01-02T03:04:05")),
    ("account", changed(RECORDS[0], registered="99999-01-02T03:04:05+00:00")),
    ("account", changed(RECORDS[0], registered="0001-01-01T00:00:00+01:00")),
    ("account", changed(RECORDS[0], fold=["alice"])),
    ("account", changed(RECORDS[0], name=None)),
    ("account", changed(RECORDS[0], name="\ud800")),
    ("account", changed(RECORDS[0], isOperator="no")),
    ("account", changed(RECORDS[0], ignored="bob")),
    ("account", changed(RECORDS[0], ignored=[1])),
    ("account", changed(RECORDS[0], origins=[["192.0.2.1"]])),
    ("account", changed(RECORDS[0], origins=["ab"])),
    ("room", changed(RECORDS[2], topic="\x1b[31m")),
    ("room", changed(RECORDS[2], owners={"alice": 1})),
    ("sanction", changed(RECORDS[4], kind="exile")),
    ("sanction", changed(RECORDS[4], until=float("nan"))),
    ("sanction", changed(RECORDS[4], until="9999-12-31T23:59:59-23:00")),
]
KEYS = {"account": "alice", "room": "#dev", "sanction": "ban 192.0.2.0/24"}
STAND_INS = {
    "account": Account("alice", "alice", datetime(1970, 1, 1, tzinfo=UTC), "?"),
    "room": RoomRecord("#dev", isPrivate=True, owners=("?",)),
    "sanction": Sanction(
        SanctionKind.BAN,
        "192.0.2.0/24",
        "192.0.2.0/24",
        "?",
        datetime(1970, 1, 1, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize(("kind", "value"), DAMAGED_ROWS)
def test_inThePlaceOfADamagedRowIsTheMostCarefulRecord(kind: str, value: str) -> None:
    """What it says is not logged: it may be a secret."""
    with capturedLogs() as logged:
        assert list(parseAll([(kind, KEYS[kind], value)])) == [STAND_INS[kind]]
    [event] = logged
    assert event["key"] == KEYS[kind]
    assert SECRET not in repr(event)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("badge", "x"),
        ("sanction", "exile x"),
        ("sanction", "ban"),
        ("account", "a\udcff"),
        ("", ""),
    ],
)
def test_aRowThatTellsNothingIsLeftOut(kind: str, key: str) -> None:
    rows = [(kind, key, "{}"), ("room", "#dev", '{"name": "#dev"}')]
    with capturedLogs() as logged:
        assert list(parseAll(rows)) == [RoomRecord("#dev")]
    assert len(logged) == 1


@pytest.mark.parametrize("record", RECORDS[1:], ids=lambda record: record.key)
def test_aRowWithTheRecordOfAnotherIsDamaged(record: Record) -> None:
    """Neither name is free then."""
    kind = KINDS[type(record)]
    [own, other] = [(kind, key, dump(record)) for key in (record.key, KEYS[kind] + "2")]
    stranger = standIn(*other[:2])
    with capturedLogs() as logged:
        assert list(parseAll([own, other])) == [record, stranger]
        assert list(parseAll([other, own])) == [stranger, record]
        assert list(parseAll([other])) == [record, stranger]
        assert list(parseAll([(kind, "x\udcff", dump(record))])) == [record]
    assert {event["reason"].args for event in logged} == {(f"no {kind} of this name",)}


def test_nobodyIsCalledLikeTheOwnerOfADamagedRoom() -> None:
    with pytest.raises(NickInvalid):
        nickname(DAMAGED)


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
