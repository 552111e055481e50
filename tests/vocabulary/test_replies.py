"""Tests for L{chat.vocabulary.replies}: events about very many users are bounded."""

from __future__ import annotations

import pytest

from chat.core.presence import PresenceChanges
from chat.rendering import renderingFor
from chat.vocabulary.events import Event, Joined
from chat.vocabulary.names import MAX_COLUMNS, nickname
from chat.vocabulary.replies import (
    MAX_NAMES,
    MAX_NAMES_SIZE,
    Entered,
    Listed,
    UserRow,
    Welcomed,
    fitting,
)
from chat.vocabulary.style import Style
from tests.support.hubs import AT

ROOM = "#" + "r" * MAX_COLUMNS
SHORT = [f"n{number}" for number in range(2 * MAX_NAMES)]
# As many letters and marks as a nickname may have, of four bytes each.
WORST = ["𑄃" + "𑄀𑄁" * 39 + "𑄀"] * (2 * MAX_NAMES)


def test_theWorstNameIsANickname() -> None:
    assert nickname(WORST[0]) == WORST[0]
    assert len(WORST[0].encode()) == 320


def test_fewNamesFit() -> None:
    assert fitting([]) == 0
    assert fitting(["alice", "李雷"]) == 2
    assert fitting(SHORT[:MAX_NAMES]) == MAX_NAMES


def test_veryManyNamesDoNotFit() -> None:
    assert fitting(SHORT) == MAX_NAMES
    assert fitting(WORST) == MAX_NAMES_SIZE // 320
    assert fitting(WORST[: MAX_NAMES_SIZE // 320]) == MAX_NAMES_SIZE // 320


def test_severalEventsShare() -> None:
    """And each of them names at least one user."""
    assert fitting(SHORT, 4) == MAX_NAMES // 4
    assert fitting(WORST, 4) == MAX_NAMES_SIZE // 4 // 320
    assert fitting(WORST, 10 * MAX_NAMES) == fitting(SHORT, 10 * MAX_NAMES) == 1
    assert fitting([], 10 * MAX_NAMES) == 0


def _changed(nicks: list[str]) -> Event:
    comings = PresenceChanges()
    for index, nick in enumerate(nicks):
        # Each another one, and as long.
        comings.note(Joined(ROOM, AT, f"{index:04}{nick}"[: len(nick)]))
    return comings.changed(ROOM, 10_000)


@pytest.mark.parametrize("nicks", [["n" * MAX_COLUMNS] * (2 * MAX_NAMES), SHORT, WORST])
@pytest.mark.parametrize("style", [Style("json"), Style()])
def test_eventsAreBounded(nicks: list[str], style: Style) -> None:
    """However many users there are, and whatever they are called."""
    named = tuple(nicks[: fitting(nicks)])
    people = tuple(UserRow(nick, 1_000_000, True) for nick in named)
    events: list[Event] = [
        Welcomed(ROOM, nicks[0], named, 10_000),
        Entered(ROOM, named, "", 10_000),
        Listed(ROOM, people, 10_000),
        _changed(nicks),
    ]
    for event in events:
        assert len(renderingFor(style).render(event)) < 64 * 1024
