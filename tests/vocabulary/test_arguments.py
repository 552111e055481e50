"""Tests for L{chat.vocabulary.arguments}: what stands behind a verb."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.arguments import LONGEST, MAX_HISTORY, cut, seconds
from chat.vocabulary.commands import (
    Ban,
    Command,
    Join,
    Mode,
    Mute,
    Operator,
    Part,
    Search,
    Sessions,
    ShowHistory,
)
from chat.vocabulary.errors import ArgumentInvalid, ArgumentMissing, UnitMissing
from chat.vocabulary.verbs import verbNamed

# Beside those in the table of C{test_verbs.py}.
GOOD: list[tuple[str, str, Command]] = [
    ("join", "dev secret ", Join("dev", "secret")),
    ("part", "#dev", Part("#dev")),
    ("part", "so  long ", Part("", "so  long")),
    ("mode", "KEY Secret", Mode("key", "Secret")),
    ("mode", "key none", Mode("key", "none")),
    ("mode", "private ON", Mode("private", "on")),
    ("mode", "topic owner", Mode("topic", "owner")),
    ("history", "5", ShowHistory(5)),
    ("history", "99999", ShowHistory(MAX_HISTORY)),
    ("history", "in #dev", ShowHistory(room="#dev")),
    ("history", "5 IN #dev", ShowHistory(5, room="#dev")),
    ("history", "after 0", ShowHistory(after=0)),
    ("history", "AFTER 41 in #dev", ShowHistory(after=41, room="#dev")),
    ("history", "since 1h30m", ShowHistory(seconds=5400)),
    ("history", "since 2d in #dev", ShowHistory(seconds=172800, room="#dev")),
    ("search", "tea", Search("tea")),
    ("search", "green  tea", Search("green tea")),
    ("search", "tea in #dev", Search("tea", "#dev")),
    ("search", "tea from bob", Search("tea", "", "bob")),
    ("search", "tea from bob in #dev", Search("tea", "#dev", "bob")),
    # What has no room behind it is a word like others.
    ("search", "tea in china", Search("tea in china")),
    ("search", "letter from bob from eve", Search("letter from bob", "", "eve")),
    # There is always something to look for.
    ("search", "from bob", Search("from bob")),
    ("search", "in #dev", Search("in #dev")),
    ("search", "from bob in #dev", Search("from bob", "#dev")),
    ("sessions", "END 2", Sessions(2)),
    ("ban", "bob", Ban("bob")),
    ("ban", "192.0.2.0/24 2h", Ban("192.0.2.0/24", 7200)),
    ("ban", "bob 2h for  spam", Ban("bob", 7200, "for  spam")),
    ("ban", "bob spam 2h", Ban("bob", None, "spam 2h")),
    ("mute", "bob 5m", Mute("bob", 300)),
    ("mute", "bob too loud", Mute("bob", None, "too loud")),
    ("operator", "", Operator()),
    ("operator", "bob OFF", Operator("bob", False)),
]


def built(name: str, rest: str) -> Command:
    """
    @return: The command that a verb makes of what stands behind it.
    """
    verb = verbNamed(name)
    return verb.command(*verb.reads(rest))


INVALID = [
    *(("join", "#dev two words"),),
    *(("mode", rest) for rest in ["loud", "key two words", "private maybe", "topic everybody"]),
    *(("history", rest) for rest in ["x", "0", "-5", "5 6", "5.0", "٥", "9" * 16, "in", "#dev"]),
    *(("history", rest) for rest in ["after x", "after -1", "since 5y", "since x", "before 5"]),
    ("login", "alice two words"),
    *(("sessions", rest) for rest in ["2", "end x", "end 0", "stop 2"]),
    ("operator", "bob maybe"),
]

MISSING = [
    *((name, "") for name in ["join", "search", "login", "ban", "mute"]),
    *(("mode", rest) for rest in ["key", "private ", "topic"]),
    ("sessions", "end"),
]


@pytest.mark.parametrize(("name", "rest", "command"), GOOD)
def test_argumentsAreUnderstood(name: str, rest: str, command: Command) -> None:
    assert built(name, rest) == command


@pytest.mark.parametrize(("name", "rest"), INVALID)
def test_invalidArgumentsAreRefused(name: str, rest: str) -> None:
    with pytest.raises(ArgumentInvalid):
        built(name, rest)


@pytest.mark.parametrize(("name", "rest"), MISSING)
def test_missingArgumentsAreRefused(name: str, rest: str) -> None:
    with pytest.raises(ArgumentMissing):
        built(name, rest)


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("", "", ""),
        ("  ", "", ""),
        ("one", "one", ""),
        (" one  two  three ", "one", "two  three"),
        ("你好\u3000大家", "你好", "大家"),
    ],
)
def test_cut(text: str, word: str, rest: str) -> None:
    assert cut(text) == (word, rest)


@given(st.sampled_from(sorted({name for name, *_ in [*GOOD, *MISSING]})), st.text(max_size=30))
def test_anyTextIsUnderstoodOrRefused(name: str, rest: str) -> None:
    """Whatever is typed is understood, or refused."""
    try:
        command = built(name, rest)
    except (ArgumentInvalid, ArgumentMissing, UnitMissing):
        return
    assert type(command) is verbNamed(name).command


@pytest.mark.parametrize(
    ("name", "rest", "number"),
    [
        ("ban", "bob 10 minutes", "10"),
        ("mute", "192.0.2.7 10", "10"),
        ("mute", "bob ２ hours", "２"),
        ("history", "since 5", "5"),
        ("history", "since 999999999", "999999999"),
    ],
)
def test_aNumberWithoutAUnitIsNoTime(name: str, rest: str, number: str) -> None:
    with pytest.raises(UnitMissing) as raised:
        built(name, rest)
    assert raised.value.about == number


@pytest.mark.parametrize("rest", ["bob 10min", "bob 2hours spam", "bob 0s", "bob 1234567890"])
def test_sanctionTimesThatAreNoSpansAreRefused(rest: str) -> None:
    """Or a slip of the finger would be for ever."""
    for name in "ban", "mute":
        with pytest.raises(ArgumentInvalid):
            built(name, rest)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1s", 1),
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("30d", 30 * 86400),
        ("1w", 7 * 86400),
        ("1h30m", 5400),
        ("1H30M", 5400),
        ("0d1s", 1),
        ("007m", 420),
        (f"{LONGEST // 86400}d", LONGEST),
    ],
)
def test_spans(text: str, span: int) -> None:
    assert seconds(text) == span


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "s", "5", "m5", "5 m", " 5m", "5m ", "-5m", "1.5h", "5x", "5mm", "5mo", "spam"),
        *("0s", "0h0m", f"{LONGEST // 86400}d1s", "9999999999s", "9" * 5000 + "s"),
        *("٥m", "５m", "5ｍ", "五分"),
    ],
)
def test_noSpans(text: str) -> None:
    """No span at all, an empty one, one that is too long, or with digits beyond ASCII."""
    assert seconds(text) is None


@given(st.text())
def test_anyTextIsASpanOrNone(text: str) -> None:
    span = seconds(text)
    assert span is None or 0 < span <= LONGEST


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from("smhdw")), max_size=4))
def test_partsAreAdded(parts: list[tuple[int, str]]) -> None:
    """In any order, and a unit may come twice."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    total = sum(number * units[unit] for number, unit in parts)
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert seconds(text) == (total if 0 < total <= LONGEST else None)
