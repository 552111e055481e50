"""
Events as JSON objects, one a line: the service writes them, the client reads
them.

An object has the key C{event}, the name of its class in lower case, and one key
for each field.  Keys are only ever added, so a client ignores those that it does
not know, as L{fromMapping} does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, replace
from datetime import UTC, datetime
from json import JSONEncoder
from typing import Any, TypeVar, get_args, get_type_hints

from chat.interfaces import Rendering
from chat.rendering.messages import Phrases
from chat.vocabulary.endings import Ending
from chat.vocabulary.events import Closed, Done, Event, Helped, Refused, Warned
from chat.vocabulary.replies import BanRow, RoomRow, SessionRow, UserRow

_T = TypeVar("_T")
_Encoder = Callable[[Any], object]
_Decoder = Callable[[Any], Any]

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _exactly(kind: type[_T]) -> Callable[[object], _T]:
    def decode(value: object) -> _T:
        # Not isinstance: true is no number here.
        if type(value) is not kind:
            raise TypeError(f"not of type {kind.__name__}")
        return value

    return decode


_toString, _toInteger, _toBoolean = _exactly(str), _exactly(int), _exactly(bool)
_toList: Callable[[object], list[Any]] = _exactly(list)
_toObject: Callable[[object], dict[str, Any]] = _exactly(dict)


def _toTime(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise TypeError("not an aware time")
    return at.astimezone(UTC)


def _toEnding(value: str) -> Ending:
    try:
        return Ending(_toString(value))
    except ValueError:
        # A departure must not be lost because its reason is not known.
        return Ending.OTHER


def _toStrings(value: object) -> tuple[str, ...]:
    return tuple(map(_toString, _toList(value)))


# How the field types that JSON lacks are written and read.
_ENCODERS: dict[Any, _Encoder] = {
    datetime: _timestamp,
    datetime | None: lambda at: None if at is None else _timestamp(at),
    Ending: str,
    tuple[str, ...]: list,
}
_DECODERS: dict[Any, _Decoder] = {
    datetime: _toTime,
    datetime | None: lambda value: None if value is None else _toTime(value),
    Ending: _toEnding,
    tuple[str, ...]: _toStrings,
    str: _toString,
    int: _toInteger,
    bool: _toBoolean,
}


class _Codec:
    """The fields of one kind of event, or of the rows of a list, looked up once."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.name = kind.__name__.lower()
        types = get_type_hints(kind)
        named: list[tuple[Field[Any], Any]] = [(f, types[f.name]) for f in fields(kind)]
        self._encoders = [(f.name, _ENCODERS.get(type_)) for f, type_ in named]
        self._decoders = [(f.name, _DECODERS[type_], f.default is MISSING) for f, type_ in named]

    def encode(self, mapping: dict[str, object], value: object) -> dict[str, object]:
        """Add the fields of a value to a mapping."""
        for name, encode in self._encoders:
            field = getattr(value, name)
            mapping[name] = field if encode is None else encode(field)
        return mapping

    def decode(self, mapping: Mapping[str, Any]) -> Any:
        """The value; raises L{ValueError} when a key is missing or bad."""
        values: dict[str, Any] = {}
        for name, decode, needed in self._decoders:
            if name in mapping:
                try:
                    values[name] = decode(mapping[name])
                except (AttributeError, KeyError, OverflowError, TypeError) as error:
                    raise ValueError(f"{self.name}: bad {name}") from error
            elif needed:
                raise ValueError(f"{self.name}: no {name}")
        return self.kind(**values)


def _encoderOf(row: _Codec) -> _Encoder:
    return lambda rows: [row.encode({}, each) for each in rows]


def _decoderOf(row: _Codec) -> _Decoder:
    return lambda value: tuple(row.decode(_toObject(each)) for each in _toList(value))


_ROWS = {
    tuple[UserRow, ...]: _Codec(UserRow),
    tuple[RoomRow, ...]: _Codec(RoomRow),
    tuple[BanRow, ...]: _Codec(BanRow),
    tuple[SessionRow, ...]: _Codec(SessionRow),
}
_ENCODERS.update({type_: _encoderOf(row) for type_, row in _ROWS.items()})
_DECODERS.update({type_: _decoderOf(row) for type_, row in _ROWS.items()})

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
    return codec.encode({"event": codec.name}, event)


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
    event: Event = codec.decode(mapping)
    return event


class JSONLinesRendering(Rendering):
    """
    Events for programs, with the sentences that a program may want to show
    without knowing every code.
    """

    echoesOwn = listsPeople = wantsReceipts = isProgram = True

    def __init__(self, language: str) -> None:
        """
        @param language: of the sentences; keys and codes have none.
        """
        self._phrases = Phrases(language)
        self.elsewhere = self.ringing = self

    def render(self, event: Event) -> bytes:
        return (_encode(toMapping(self._withText(event))) + "\r\n").encode()

    def _withText(self, event: Event) -> Event:
        phrases = self._phrases
        match event:
            case Refused(code=code, about=about, by=by, until=until):
                return replace(event, text=phrases.refusal(code, about, by, until))
            case Warned(code=code, about=about, by=by, until=until):
                return replace(event, text=phrases.warning(code, about, by, until))
            case Done(code=code, about=about):
                return replace(event, text=phrases.done(code, about))
            case Closed(reason=reason, about=about, by=by, until=until):
                return replace(event, text=phrases.farewell(reason, about, by, until))
            case Helped(text=text):
                return replace(event, text=phrases.gettext(text))
            case _:
                return event
