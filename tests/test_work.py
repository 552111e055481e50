"""
The work of delivering a line, counted: a change that makes it slower makes these fail, whatever
machine they run on.

What one more recipient costs is exact.  What a line costs however few hear it is a budget, and a
budget that is not used up fails as well: lower it, and what was won stays won.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.support.work import Act, Hall, callsOf, stepsOf

PER_RECIPIENT = {"write": 1}
"""What is called for one more recipient, however many lines share the turn."""

STEPS_PER_RECIPIENT = 4
"""How many lines of our code are executed for one more recipient."""

INSTRUCTIONS_PER_RECIPIENT = 16
"""
How many instructions of the interpreter these are at the most: those of Python 3.11, as later ones
need a few less.
"""

CALLS_PER_LINE = 70
"""How many calls one more line of the same turn costs, however many hear it."""

STEPS_PER_LINE = 157
"""How many lines of our code that executes."""

CALLS_PER_TURN = 109
"""How many calls a turn with one line costs beside those for its recipients."""

LATER_PER_TURN = 1
"""How many timers a turn with lines takes, whatever is done at its end."""

SLACK = 3
"""By how much a budget may be too high."""

# Instructions that make something, or look something up, and of which none is for a recipient.
_COSTLY = ("BUILD_", "FORMAT_", "MAKE_", "IMPORT_", "STORE_SUBSCR", "BINARY_SUBSCR", "DELETE_")

MIX = ("/lang zh_CN", "/format json", "/lang en")


def _rehearsed(hall: Hall, count: int = 1) -> Act:
    """
    @return: Takes the turns in which each author says so many lines, when it has been done before.
    """
    for _ in range(2):
        callsOf(hall.say(count))
        stepsOf(hall.say(count))
    hall.sendsTo(hall.readers)
    return hall.say(count)


def _callsWith(directory: Path, readers: int, lines: int = 1, *choices: str) -> Counter[str]:
    with Hall(directory, readers, *choices) as hall:
        return callsOf(_rehearsed(hall, lines))


def _stepsWith(directory: Path, readers: int, lines: int) -> Counter[str]:
    with Hall(directory, readers) as hall:
        return stepsOf(_rehearsed(hall, lines))


def _requireUsed(name: str, budget: int, used: int, about: object = "") -> None:
    """
    @param name: Of the budget.
    @param about: What to tell where it is too low.
    """
    assert used <= budget, f"{used}, which is more than {name} allows: {about}"
    assert used >= budget - SLACK, f"only {used}: lower {name}, so that it stays so"


# Encodings.


@pytest.mark.parametrize("lines", [1, 7])
@pytest.mark.parametrize(("choices", "renderings"), [((), 1), (MIX, 3)])
def test_encodings(tmp_path: Path, choices: tuple[str, ...], renderings: int, lines: int) -> None:
    """
    An event is encoded once for each rendering, however many hear it.
    """
    calls = _callsWith(tmp_path, 30, lines, *choices)
    rendered = sum(count for name, count in calls.items() if name.endswith("Rendering.render"))
    assert rendered == renderings * lines


# Sends.


@pytest.mark.parametrize("lines", [1, 7])
@pytest.mark.parametrize("choices", [(), MIX])
def test_sends(tmp_path: Path, choices: tuple[str, ...], lines: int) -> None:
    """
    Whatever comes in one turn is one C{send} for each who hears it.
    """
    with Hall(tmp_path, 6, *choices) as hall:
        hall.say(lines)()
        assert [len(sends) for sends in hall.sendsTo(hall.readers)] == [1] * 6
        assert hall.sendsTo(hall.authors) == [[]]
        hall.take()
        assert not any(hall.sendsTo(hall.readers))


def test_sendsOfManyAuthors(tmp_path: Path) -> None:
    with Hall(tmp_path, 5, authors=3) as hall:
        hall.say(2)()
        for [send] in hall.sendsTo(hall.readers):
            assert [line.partition(":")[0] for line in send.splitlines()] == [
                *["author0"] * 2,
                *["author1"] * 2,
                *["author2"] * 2,
            ]
        # Each hears the others.
        assert [[send.count("\r\n") for send in sends] for sends in hall.sendsTo(hall.authors)] == [
            [4],
            [4],
            [4],
        ]


def test_withoutTransport(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The reactor is not asked to tell when it can be written to somebody who keeps up.
    """
    asked: list[object] = []
    with Hall(tmp_path, 10) as hall:
        monkeypatch.setattr(hall.reactor, "addWriter", asked.append)
        hall.say(3)()
        assert all(hall.sendsTo(hall.readers))
    assert not asked


# What one more recipient costs.


@pytest.mark.parametrize("lines", [1, 7])
@pytest.mark.parametrize("choices", [(), MIX])
def test_callsPerRecipient(tmp_path: Path, choices: tuple[str, ...], lines: int) -> None:
    few, many = (_callsWith(tmp_path, readers, lines, *choices) for readers in (30, 60))
    assert many - few == Counter({name: 30 * count for name, count in PER_RECIPIENT.items()})
    assert not few - many


@pytest.mark.parametrize("lines", [1, 7])
def test_stepsPerRecipient(tmp_path: Path, lines: int) -> None:
    """
    What calls nothing costs as well.
    """
    few, many = (_stepsWith(tmp_path, readers, lines) for readers in (20, 40))
    steps = {name: count / 20 for name, count in (many - few).items()}
    assert steps.pop("line") == STEPS_PER_RECIPIENT
    assert sum(steps.values()) <= INSTRUCTIONS_PER_RECIPIENT
    assert not [name for name in steps if name.startswith(_COSTLY)]


# What a line costs, and a turn.


def test_callsPerLine(tmp_path: Path) -> None:
    few, many = (_callsWith(tmp_path, 10, lines) for lines in (8, 9))
    calls = many - few
    _requireUsed("CALLS_PER_LINE", CALLS_PER_LINE, calls.total(), calls)


def test_stepsPerLine(tmp_path: Path) -> None:
    few, many = (_stepsWith(tmp_path, 10, lines) for lines in (8, 9))
    _requireUsed("STEPS_PER_LINE", STEPS_PER_LINE, many["line"] - few["line"])


def test_callsPerTurn(tmp_path: Path) -> None:
    calls = _callsWith(tmp_path, 10)
    calls.subtract({name: 10 * count for name, count in PER_RECIPIENT.items()})
    _requireUsed("CALLS_PER_TURN", CALLS_PER_TURN, calls.total(), calls)


@pytest.mark.parametrize("readers", [1, 20])
@pytest.mark.parametrize("lines", [1, 7])
def test_callLater(tmp_path: Path, readers: int, lines: int) -> None:
    assert _callsWith(tmp_path, readers, lines)["Clock.callLater"] == LATER_PER_TURN


def test_silence(tmp_path: Path) -> None:
    """
    A turn in which nobody says anything costs nothing.
    """
    with Hall(tmp_path, 20) as hall:
        assert not callsOf(hall.take)
