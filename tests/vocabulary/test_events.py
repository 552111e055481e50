"""Tests for L{chat.vocabulary.events}."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass
from datetime import datetime
from types import ModuleType
from typing import get_args, get_type_hints

import pytest

from chat.vocabulary import events, replies
from chat.vocabulary.events import (
    Answer,
    BanRow,
    Event,
    Line,
    Listed,
    Recalled,
    RoomEvent,
    RoomRow,
    Said,
    SessionRow,
    Stored,
    UserRow,
)
from tests.support.samples import AT

KINDS = get_args(Event)
ROWS = {UserRow, RoomRow, BanRow, SessionRow}


def test_everyKindIsAnEvent() -> None:
    """None that is defined is missing from the union."""
    assert set(KINDS) == _kindsIn(events)
    assert set(get_args(Answer)) == _kindsIn(replies)


def _kindsIn(module: ModuleType) -> set[type]:
    values = vars(module).values()
    return {value for value in values if isinstance(value, type) and is_dataclass(value)} - ROWS


def test_allCanBeHadFromOneModule() -> None:
    names = {kind.__name__ for kind in {*KINDS, *ROWS}}
    assert names < set(vars(events))


def test_namesAreUniqueInLowerCase() -> None:
    """They are the names in JSON."""
    names = {kind.__name__.lower() for kind in KINDS}
    assert len(names) == len(KINDS)


def test_frozen() -> None:
    said = Said("#lobby", 1, AT, "alice", "hello")
    with pytest.raises(FrozenInstanceError):
        said.text = "goodbye"  # type: ignore[misc]


def test_values() -> None:
    """Two events that say the same are equal, and may be keys."""
    one = Listed("#lobby", (UserRow("alice", 5),))
    other = Listed("#lobby", (UserRow("alice", 5),))
    assert one == other
    assert len({one, other}) == 1
    assert one != Listed("#lobby", (UserRow("alice", 6),))


@pytest.mark.parametrize("kind", KINDS)
def test_noAttributesBesideTheFields(kind: type) -> None:
    assert "__dict__" not in dir(kind)


@pytest.mark.parametrize("kind", get_args(RoomEvent))
def test_eventsOfARoomNameItAndTheirTime(kind: type) -> None:
    names = [field.name for field in fields(kind)]
    assert names[0] == "room"
    assert get_type_hints(kind)["at"] is datetime


@pytest.mark.parametrize("kind", get_args(Line))
def test_linesHaveAnId(kind: type) -> None:
    assert get_type_hints(kind)["id"] is int


def test_onlyLinesHaveAnId() -> None:
    """It counts what a history keeps, so nothing else may take one; some tell of it."""
    telling = {Recalled, Stored}
    assert {kind for kind in KINDS if "id" in get_type_hints(kind)} - telling == set(get_args(Line))
