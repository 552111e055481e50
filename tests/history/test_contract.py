"""
The contract of L{chat.interfaces.History}.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred

from chat.events import Acted, Line, Said
from chat.history.memory import MemoryHistory
from chat.interfaces import History

AT = datetime(2026, 11, 21, 4, 35, 38, 123456, UTC)


@pytest.fixture(params=[MemoryHistory])
def history(request: pytest.FixtureRequest) -> History:
    """Each kind of history, empty."""
    made: History = request.param()
    return made


def lines(first: int, last: int, room: str = "#lobby") -> list[Line]:
    """Some lines of a room; every third is no saying."""
    return [
        (Acted if number % 3 == 0 else Said)(room, number, AT, "alice", f"line {number}")
        for number in range(first, last + 1)
    ]


async def keep(history: History, kept: Sequence[Line]) -> None:
    """Append lines, and wait until they are kept."""
    for line in kept:
        waiting = history.append(line)
        if waiting is not None:
            await waiting


@ensureDeferred
async def test_nothingAtFirst(history: History) -> None:
    assert list(await history.recent("#lobby", 10)) == []


@ensureDeferred
async def test_keepsWhatWasSaid(history: History) -> None:
    """All of it: kind, id, time and text in any script."""
    said = Said("#lobby", 1, AT, "李雷", "你好 👍\u200d🚒 e\u0301 ' \" \\ %s")
    acted = Acted("#lobby", 2, AT.replace(microsecond=0), "alice", "waves")
    await keep(history, [said, acted])
    assert list(await history.recent("#lobby", 10)) == [said, acted]


@ensureDeferred
async def test_oldestFirst(history: History) -> None:
    await keep(history, lines(1, 5))
    assert list(await history.recent("#lobby", 5)) == lines(1, 5)


@ensureDeferred
async def test_newestWhereThereAreMore(history: History) -> None:
    await keep(history, lines(1, 9))
    assert list(await history.recent("#lobby", 2)) == lines(8, 9)
    assert list(await history.recent("#lobby", 1)) == lines(9, 9)
    assert list(await history.recent("#lobby", 0)) == []


@ensureDeferred
async def test_roomsAreApart(history: History) -> None:
    """However their lines came."""
    lobby, dev = lines(1, 3), lines(1, 4, "#dev")
    for pair in zip(lobby, dev, strict=False):
        await keep(history, pair)
    await keep(history, dev[3:])
    assert list(await history.recent("#lobby", 10)) == lobby
    assert list(await history.recent("#dev", 10)) == dev
    assert list(await history.recent("#other", 10)) == []


@ensureDeferred
async def test_askingTwice(history: History) -> None:
    """Changes nothing, and what was answered stays as it is."""
    await keep(history, lines(1, 3))
    first = await history.recent("#lobby", 10)
    assert list(await history.recent("#lobby", 10)) == lines(1, 3)
    await keep(history, lines(4, 4))
    assert list(first) == lines(1, 3)
    assert list(await history.recent("#lobby", 10)) == lines(1, 4)


@ensureDeferred
async def test_gapsBetweenIds(history: History) -> None:
    """A line that could not be kept is no reason to mistake another for it."""
    kept = [*lines(1, 2), *lines(5, 6)]
    await keep(history, kept)
    assert list(await history.recent("#lobby", 3)) == kept[1:]


@ensureDeferred
async def test_asksWithoutWaiting(history: History) -> None:
    """Lines that were appended before are in the answer, kept or not yet."""
    waiting = [history.append(line) for line in lines(1, 3)]
    assert list(await history.recent("#lobby", 10)) == lines(1, 3)
    for each in waiting:
        if isinstance(each, Deferred):
            await each
