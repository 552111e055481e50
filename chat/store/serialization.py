"""
Records as the database has them: JSON objects with the names of their fields, and times in
UTC as ISO 8601.

A row may be damaged.  Its key still tells that there is an account, a room or a sanction of this
name.  So the most careful record stands in its place (L{standIn}); otherwise the name of the
account would be free for another user, the lines of the room would be forgotten, and a user who is
banned could come back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, asdict, fields
from datetime import UTC, datetime
from typing import Any

from twisted.logger import Logger

from chat.store.database import isText
from chat.vocabulary.records import DAMAGED, Account, Record, RoomRecord, Sanction, SanctionKind

_log = Logger()

KINDS: dict[type[Record], str] = {Account: "account", RoomRecord: "room", Sanction: "sanction"}
"""The names of the kinds of records."""

_TYPES = {name: kind for kind, name in KINDS.items()}

# What the readers raise.
_FAULTS = (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def dump(record: Record) -> str:
    """
    @return: the record as JSON, without its kind.
    """
    return json.dumps(asdict(record), default=datetime.isoformat, ensure_ascii=False)


def parse(kind: str, value: str) -> Record:
    """
    @param value: what L{dump} returned, in this version or another one: an unknown field is
        ignored, and a missing one has its default.
    @raise ValueError: when the kind is unknown, or C{value} is no record of that kind.  It does not
        quote the value.
    """
    try:
        made, known = _TYPES[kind], json.loads(value)
        given = {
            field.name: _READERS[str(field.type)](known[field.name])
            for field in fields(made)
            if field.name in known or field.default is MISSING
        }
        return made(**given)
    except _FAULTS as error:
        raise ValueError(f"no {kind}: {type(error).__name__}") from None


def standIn(kind: str, key: str) -> Record | None:
    """
    @return: the record for a row of which only the key can be read; L{None} where there can be
        none.
    """
    match kind:
        case "account":
            return Account(key, key, _LONG_AGO, DAMAGED)
        case "room":
            return RoomRecord(key, isPrivate=True, owners=(DAMAGED,))
        case "sanction":
            name, _, target = key.partition(" ")
            if target and name in list(SanctionKind):
                return Sanction(SanctionKind(name), target, target, DAMAGED, _LONG_AGO)
    return None


def parseAll(rows: Iterable[tuple[str, str, str]]) -> Iterator[Record]:
    """
    @param rows: kind, key and value of each.
    @return: the records.  A row that cannot be parsed is logged, and its L{standIn} returned if
        there is one.  The same is true of a row whose record is another one's; that record is
        returned as well, unless it has a row of its own.
    """
    rows = list(rows)
    known = {(kind, key) for kind, key, _ in rows}
    for kind, key, value in rows:
        try:
            parsed = parse(kind, value)
            if parsed.key == key:
                yield parsed
                continue
            # Either may be the damaged one.
            if (kind, parsed.key) not in known:
                yield parsed
            raise ValueError(f"no {kind} of this name")
        except ValueError as error:
            _log.error(
                "the record {key} cannot be read: {reason}",
                event="record-damaged",
                kind=ascii(kind),
                key=key if isText(key) else ascii(key),
                reason=error,
            )
            record = standIn(kind, key) if isText(key) else None
            if record is not None:
                yield record


def _text(value: Any) -> str:
    if value != "" and not isText(value):
        raise ValueError
    assert isinstance(value, str)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _time(value: Any) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError
    # With its offset it may be beyond the last year.
    return time.astimezone(UTC)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError
    return tuple(map(_text, value))


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in map(_texts, value))


# From the form that a field has in JSON, by its type in the record.
_READERS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "bool": _flag,
    "datetime": _time,
    "datetime | None": lambda value: None if value is None else _time(value),
    "tuple[str, ...]": _texts,
    "tuple[tuple[str, str], ...]": _pairs,
    "SanctionKind": SanctionKind,
}
