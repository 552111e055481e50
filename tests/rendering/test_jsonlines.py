"""Tests for L{chat.rendering.jsonlines}, beside those of the contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from types import GenericAlias
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.rendering.jsonlines import JSONLinesRendering, fromMapping, toMapping
from chat.rendering.messages import Phrases
from chat.vocabulary.events import (
    BanRow,
    BansListed,
    Changed,
    Closed,
    Done,
    Ending,
    Event,
    Helped,
    Joined,
    Left,
    Listed,
    NickAsked,
    Ponged,
    Recalled,
    Refused,
    RoomRow,
    RoomsListed,
    Said,
    SessionRow,
    UserRow,
    Warned,
    Welcomed,
)
from chat.vocabulary.i18n import LANGUAGES
from chat.vocabulary.verbs import VERBS
from tests.support.samples import AT

SAID = Said("#lobby", 42, AT, "alice", "hi")
SAID_MAPPING = {
    "event": "said",
    "room": "#lobby",
    "id": 42,
    "at": "2026-11-21T04:35:38.123456Z",
    "nick": "alice",
    "text": "hi",
}

_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(),
    bool: st.booleans(),
    datetime: st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),
    Ending: st.sampled_from(Ending),
    tuple[str, ...]: st.lists(st.text(), max_size=3).map(tuple),
}
_VALUES[datetime | None] = st.none() | _VALUES[datetime]


def _valuesOf(kind: type) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: _VALUES[of] for name, of in get_type_hints(kind).items()})


for _row in (UserRow, RoomRow, BanRow, SessionRow):
    _VALUES[GenericAlias(tuple, (_row, ...))] = st.lists(_valuesOf(_row), max_size=3).map(tuple)


@settings(max_examples=30, deadline=None)
@given(st.tuples(*map(_valuesOf, get_args(Event))))
def test_roundTrip(events: tuple[Event, ...]) -> None:
    """An event of any kind that was written as JSON is read as the same."""
    for event in events:
        mapping = json.loads(json.dumps(toMapping(event)))
        assert mapping["event"] == type(event).__name__.lower()
        assert fromMapping(mapping) == event


def test_mappingIsThatOfTheProtocol() -> None:
    """Names, order and the form of the time are those of the protocol."""
    assert list(toMapping(SAID).items()) == list(SAID_MAPPING.items())
    assert fromMapping(SAID_MAPPING) == SAID


def test_eventWithoutFields() -> None:
    assert toMapping(NickAsked()) == {"event": "nickasked"}


def test_rowsOfUsers() -> None:
    people = [
        {"nick": "alice", "idle": 0, "away": False},
        {"nick": "bob", "idle": 61, "away": True},
    ]
    mapping = {"event": "listed", "room": "#lobby", "people": people, "more": 3}
    event = Listed("#lobby", (UserRow("alice"), UserRow("bob", 61, True)), 3)
    assert toMapping(event) == mapping
    assert fromMapping(mapping) == event


def test_rowsOfRooms() -> None:
    """Whether something holds is true or false."""
    rooms = [{"room": "#dev", "count": 3, "topic": "Tea", "here": True}]
    mapping = {"event": "roomslisted", "rooms": rooms, "more": 0}
    event = RoomsListed((RoomRow("#dev", 3, "Tea", True),))
    assert toMapping(event) == mapping
    assert fromMapping(mapping) == event


def test_timesThatMayBeMissing() -> None:
    """A ban that never ends has C{null} for its end."""
    ban, mute = BanRow("ban", "bob", "carol", "spam"), BanRow("mute", "eve", "carol", "", AT)
    bans = BansListed((ban, mute))
    mapping = toMapping(bans)
    rows = mapping["bans"]
    assert isinstance(rows, list)
    assert [row["until"] for row in rows] == [None, SAID_MAPPING["at"]]
    assert fromMapping(mapping) == bans


def test_linesOfThePast() -> None:
    recalled = Recalled("#lobby", 42, AT, "alice", "hi", True)
    mapping = {**SAID_MAPPING, "event": "recalled", "acted": True}
    assert list(toMapping(recalled).items()) == list(mapping.items())
    assert fromMapping(mapping) == recalled


def test_changesOfACrowd() -> None:
    changed = Changed("#lobby", AT, ("alice", "bob"), (), 80)
    assert toMapping(changed) == {
        "event": "changed",
        "room": "#lobby",
        "at": SAID_MAPPING["at"],
        "joined": ["alice", "bob"],
        "left": [],
        "count": 80,
        "late": False,
        "more": 0,
    }
    mapping = toMapping(changed)
    del mapping["late"], mapping["more"]
    assert fromMapping(mapping) == changed


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (AT.replace(microsecond=0), "2026-11-21T04:35:38.000000Z"),
        (AT.replace(microsecond=120), "2026-11-21T04:35:38.000120Z"),
        (AT.astimezone(timezone(timedelta(hours=8))), "2026-11-21T04:35:38.123456Z"),
    ],
)
def test_timesHaveMicrosecondsAndAreInUTC(at: datetime, written: str) -> None:
    assert toMapping(Joined("#lobby", at, "alice"))["at"] == written


@pytest.mark.parametrize("at", ["2026-11-21T04:35:38Z", "2026-11-21T12:35:38+08:00"])
def test_timesAreReadAsUTC(at: str) -> None:
    """In any notation of ISO 8601 that has a time zone."""
    event = fromMapping({**SAID_MAPPING, "at": at})
    assert isinstance(event, Said)
    assert event.at == AT.replace(microsecond=0)
    assert event.at.tzinfo is UTC


def test_unknownKeysArePassedOver() -> None:
    """A later version may add some, also to the rows of a list."""
    assert fromMapping({**SAID_MAPPING, "colour": ["red"], "": None}) == SAID
    row = {"nick": "alice", "idle": 1, "since": "yesterday"}
    listed = {"event": "listed", "room": "#lobby", "people": [row]}
    assert fromMapping(listed) == Listed("#lobby", (UserRow("alice", 1),))


@pytest.mark.parametrize(
    "mapping", [{}, {"event": "danced"}, {"event": "Said"}, {"event": None}, {"event": []}]
)
def test_unknownKindsArePassedOver(mapping: dict[str, Any]) -> None:
    assert fromMapping(mapping) is None


def test_missingKeysHaveTheirDefaults() -> None:
    """An earlier version does not send them."""
    assert fromMapping({"event": "closed", "reason": "quit"}) == Closed(Ending.QUIT)
    welcome = fromMapping({"event": "welcomed", "room": "#lobby", "nick": "alice"})
    assert welcome == Welcomed("#lobby", "alice", ())
    left = {"event": "left", "room": "#lobby", "at": SAID_MAPPING["at"], "nick": "a"}
    assert fromMapping({**left, "reason": "too-slow"}) == Left("#lobby", AT, "a", Ending.TOO_SLOW)


@pytest.mark.parametrize("key", ["room", "id", "at", "nick", "text"])
def test_missingKeyWithoutDefaultIsAnError(key: str) -> None:
    mapping = {name: value for name, value in SAID_MAPPING.items() if name != key}
    with pytest.raises(ValueError, match=key):
        fromMapping(mapping)


_BAD_STRINGS: list[object] = [None, 5, True, ["alice"], {}]
_BAD_INTEGERS: list[object] = [None, "42", "x", 4.2, float("inf"), float("nan"), True, []]
_BAD_TIMES: list[object] = [
    None,
    5,
    "",
    "yesterday",
    "2026-11-21T25:00:00Z",
    "2026-11-21T04:35:38",
    "0001-01-01T00:00:00+14:00",
    [],
]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("nick", value) for value in _BAD_STRINGS),
        *(("id", value) for value in _BAD_INTEGERS),
        *(("at", value) for value in _BAD_TIMES),
    ],
)
def test_badValuesAreErrors(key: str, value: object) -> None:
    """A value that the key cannot stand for is a L{ValueError}, and no other exception."""
    with pytest.raises(ValueError):  # noqa: PT011
        fromMapping({**SAID_MAPPING, key: value})


@pytest.mark.parametrize(
    "mapping",
    [
        {"event": "closed", "reason": ["quit"]},
        {"event": "closed", "reason": None},
        {"event": "welcomed", "room": "#lobby", "nick": "alice", "others": "bob"},
        {"event": "welcomed", "room": "#lobby", "nick": "alice", "others": [5]},
        {"event": "listed", "room": "#lobby", "people": None},
        {"event": "listed", "room": "#lobby", "people": {}},
        {"event": "listed", "room": "#lobby", "people": ["alice"]},
        {"event": "listed", "room": "#lobby", "people": [{"idle": 1}]},
        {"event": "listed", "room": "#lobby", "people": [{"nick": "alice", "idle": None}]},
        {"event": "roomslisted", "rooms": [{"room": "#dev", "count": 3, "here": 1}]},
        {"event": "roomslisted", "rooms": [[]]},
        {"event": "banslisted", "bans": [{"kind": "ban", "name": "b", "by": "c", "until": 0}]},
    ],
)
def test_badNestedValuesAreErrors(mapping: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        fromMapping(mapping)


def test_anEndingOfALaterVersionIsOther() -> None:
    """That a user has left matters more than why."""
    assert fromMapping({"event": "closed", "reason": "boredom"}) == Closed(Ending.OTHER)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.sampled_from(get_args(Event)), st.data())
def test_anythingElseIsAValueError(kind: type[Event], data: st.DataObject) -> None:
    """Any values give an event of that kind or a L{ValueError}."""
    mapping = {name: data.draw(_JSON) for name in get_type_hints(kind)}
    try:
        event = fromMapping({**mapping, "event": kind.__name__.lower()})
    except ValueError:
        return
    assert isinstance(event, kind)


def mappingOf(event: Event, language: str = "en") -> dict[str, Any]:
    """The object in the line of an event."""
    mapping: dict[str, Any] = json.loads(JSONLinesRendering(language).render(event))
    return mapping


def test_lineIsThatOfTheProtocol() -> None:
    """Byte for byte the line that the protocol shows."""
    assert JSONLinesRendering("en").render(SAID) == (
        b'{"event":"said","room":"#lobby","id":42,"at":"2026-11-21T04:35:38.123456Z",'
        b'"nick":"alice","text":"hi"}\r\n'
    )


def test_lettersStandAsTheyAre() -> None:
    """In UTF-8, and not as escapes."""
    line = JSONLinesRendering("en").render(Ponged("你好 👍"))
    assert line == '{"event":"ponged","token":"你好 👍"}\r\n'.encode()


def test_quotesAreEscaped() -> None:
    assert mappingOf(Ponged('"\\/{}')) == {"event": "ponged", "token": '"\\/{}'}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentencesAreInTheLanguageChosen(language: str) -> None:
    """So a program need not know every code."""
    phrases = Phrases(language)
    refused = mappingOf(Refused("nick-taken", "bob"), language)
    assert refused == {
        "event": "refused",
        "code": "nick-taken",
        "about": "bob",
        "text": phrases.refusal("nick-taken", "bob"),
        "by": "",
        "until": None,
    }
    warned = mappingOf(Warned("idle", "60"), language)
    assert warned["text"] == phrases.warning("idle", "60")
    closed = mappingOf(Closed(Ending.NOT_CHAT, "HTTP"), language)
    assert closed["text"] == phrases.farewell(Ending.NOT_CHAT, "HTTP")
    assert closed["reason"] == "not-chat"
    kicked = mappingOf(Closed(Ending.KICKED, "spam", by="carol"), language)
    assert kicked["text"] == phrases.farewell(Ending.KICKED, "spam", "carol")
    done = mappingOf(Done("operators", "carol"), language)
    assert done == {
        "event": "done",
        "code": "operators",
        "about": "carol",
        "text": phrases.done("operators", "carol"),
    }


def test_helpIsTranslated() -> None:
    for verb in VERBS:
        event = Helped("/" + verb.name, (), verb.arguments, verb.help)
        assert mappingOf(event, "en")["text"] == verb.help
        assert mappingOf(event, "zh_CN")["text"] == Phrases("zh_CN").gettext(verb.help)


def test_languageChangesNothingElse() -> None:
    assert JSONLinesRendering("zh_CN").render(SAID) == JSONLinesRendering("en").render(SAID)


def test_oneRenderingServesAllRooms() -> None:
    """Every line names its room."""
    rendering = JSONLinesRendering("en")
    assert rendering.elsewhere is rendering
    assert rendering.ringing is rendering
