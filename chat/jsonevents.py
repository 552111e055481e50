"""
Events as JSON objects, both ways: the service writes them, the client reads
them.

Every event has the key C{event}, its name in lower case, and one key for each
of its fields.  Keys are only ever added, so a reader passes over what it does
not know: L{fromMapping} does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args, get_type_hints

from chat.events import Ending, Event, Person

_T = TypeVar("_T")


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _people(people: tuple[Person, ...]) -> list[dict[str, object]]:
    return [{"nick": person.nick, "idle": person.idle} for person in people]


def _exactly(kind: type[_T]) -> Callable[[object], _T]:
    def decode(value: object) -> _T:
        # Not isinstance: true is no number here.
        if type(value) is not kind:
            raise TypeError(f"not of type {kind.__name__}")
        return value

    return decode


_toString, _toInteger = _exactly(str), _exactly(int)
_toList: Callable[[object], list[Any]] = _exactly(list)


def _toTime(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise TypeError("not an aware time")
    return at.astimezone(UTC)


def _toEnding(value: str) -> Ending:
    try:
        return Ending(_toString(value))
    except ValueError:
        # That somebody has left matters more than why.
        return Ending.OTHER


def _toPeople(value: object) -> tuple[Person, ...]:
    return tuple(
        Person(_toString(row["nick"]), _toInteger(row.get("idle", 0))) for row in _toList(value)
    )


def _toStrings(value: object) -> tuple[str, ...]:
    return tuple(map(_toString, _toList(value)))


# How the field types that JSON lacks are written and read.
_ENCODERS: dict[Any, Callable[[Any], object]] = {
    datetime: _timestamp,
    Ending: str,
    tuple[str, ...]: list,
    tuple[Person, ...]: _people,
}
_DECODERS: dict[Any, Callable[[Any], Any]] = {
    datetime: _toTime,
    Ending: _toEnding,
    tuple[str, ...]: _toStrings,
    tuple[Person, ...]: _toPeople,
    str: _toString,
    int: _toInteger,
}


class _Codec:
    """The fields of one kind of event, looked up once."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.name = kind.__name__.lower()
        types = get_type_hints(kind)
        named: list[tuple[Field[Any], Any]] = [(f, types[f.name]) for f in fields(kind)]
        self.encoders = [(f.name, _ENCODERS.get(type_)) for f, type_ in named]
        self.decoders = [(f.name, _DECODERS[type_], f.default is MISSING) for f, type_ in named]


_CODECS = [_Codec(kind) for kind in get_args(Event)]
_BY_KIND = {codec.kind: codec for codec in _CODECS}
_BY_NAME = {codec.name: codec for codec in _CODECS}


def toMapping(event: Event) -> dict[str, object]:
    """
    @return: what C{json.dumps} makes one line of, with C{event} as first key
        and the fields in their order.  Times are ISO 8601 in UTC with
        microseconds and C{Z}.
    """
    codec = _BY_KIND[type(event)]
    mapping: dict[str, object] = {"event": codec.name}
    for name, encode in codec.encoders:
        value = getattr(event, name)
        mapping[name] = value if encode is None else encode(value)
    return mapping


def fromMapping(mapping: Mapping[str, Any]) -> Event | None:
    """
    The inverse of L{toMapping}; keys it does not know are passed over.

    @return: the event, or L{None} when it is of a kind this version does not
        know.
    @raise ValueError: when a key is missing or its value cannot be what the
        key stands for.
    """
    codec = _BY_NAME.get(str(mapping.get("event")))
    if codec is None:
        return None
    values: dict[str, Any] = {}
    for name, decode, needed in codec.decoders:
        if name in mapping:
            try:
                values[name] = decode(mapping[name])
            except (AttributeError, KeyError, OverflowError, TypeError) as error:
                raise ValueError(f"{codec.name}: bad {name}") from error
        elif needed:
            raise ValueError(f"{codec.name}: no {name}")
    event: Event = codec.kind(**values)
    return event
