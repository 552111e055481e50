"""Tests for L{chat.history.memory}, beside those of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from chat.events import Line, Said
from chat.history.memory import KEEP_LINES, MemoryHistory

AT = datetime(2026, 11, 21, tzinfo=UTC)


def _fill(history: MemoryHistory, room: str, count: int) -> None:
    for number in range(1, count + 1):
        history.append(Said(room, number, AT, "alice", "hi"))


def _idsOf(history: MemoryHistory, room: str) -> list[int]:
    answers: list[Sequence[Line]] = []
    history.recent(room, 10 * KEEP_LINES).addCallback(answers.append)
    return [line.id for line in answers[0]]


def test_keepsTheNewestOfEachRoom() -> None:
    """A busy room takes nothing from a quiet one."""
    history = MemoryHistory(keep=3)
    _fill(history, "#quiet", 2)
    _fill(history, "#busy", 10)
    assert _idsOf(history, "#quiet") == [1, 2]
    assert _idsOf(history, "#busy") == [8, 9, 10]


def test_isBounded() -> None:
    history = MemoryHistory()
    _fill(history, "#lobby", KEEP_LINES + 1)
    assert _idsOf(history, "#lobby") == list(range(2, KEEP_LINES + 2))


def test_keptAtOnce() -> None:
    assert MemoryHistory().append(Said("#lobby", 1, AT, "alice", "hi")) is None  # type: ignore[func-returns-value]
