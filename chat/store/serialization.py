"""
Records as the database has them: JSON objects with the names of their fields, and times in
UTC as ISO 8601.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, asdict, fields
from datetime import datetime
from typing import Any

from twisted.logger import Logger

from chat.vocabulary.records import Account, Record, RoomRecord, Sanction, SanctionKind

_log = Logger()

KINDS: dict[type[Record], str] = {Account: "account", RoomRecord: "room", Sanction: "sanction"}
"""The names of the kinds of records."""

_TYPES = {name: kind for kind, name in KINDS.items()}

# Fields that JSON has in another form than a record.
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "registered": datetime.fromisoformat,
    "since": datetime.fromisoformat,
    "until": lambda value: None if value is None else datetime.fromisoformat(value),
    "made": lambda value: None if value is None else datetime.fromisoformat(value),
    "kind": SanctionKind,
    "ignored": tuple,
    "owners": tuple,
    "guests": tuple,
    "origins": lambda value: tuple((str(origin), str(day)) for origin, day in value),
}


def dump(record: Record) -> str:
    """
    @return: the record as JSON, without its kind.
    """
    return json.dumps(asdict(record), default=datetime.isoformat, ensure_ascii=False)


def parse(kind: str, value: str) -> Record:
    """
    @param value: what L{dump} returned, in this version or another one: an unknown field is
        ignored, and a missing one has its default.
    @raise ValueError: when the kind is unknown, or C{value} is no record of that kind.
    """
    try:
        made, known = _TYPES[kind], json.loads(value)
        given = {
            field.name: _FIELDS.get(field.name, lambda value: value)(known[field.name])
            for field in fields(made)
            if field.name in known or field.default is MISSING
        }
        return made(**given)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no {kind}: {error!r}") from error


def parseAll(rows: Iterable[tuple[str, str, str]]) -> Iterator[Record]:
    """
    @param rows: kind, key and value of each.
    @return: the records.  A row that cannot be parsed is logged and left out.
    """
    for kind, key, value in rows:
        try:
            yield parse(kind, value)
        except ValueError as error:
            _log.error(
                "the record {key} cannot be read: {reason}", kind=kind, key=key, reason=error
            )
