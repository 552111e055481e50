"""Tests for L{chat.vocabulary.editingkeys}."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.editingkeys import edited
from chat.vocabulary.errors import CursorKeys
from tests.support.typed import texts as anyTexts


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("helo\blo", "hello"),
        ("helo\x7flo", "hello"),
        ("ab\b\b\bc", "c"),
        ("\b\x7f\x15\x17hello", "hello"),
        ("one two\x17three", "one three"),
        ("one two  \x17three", "one three"),
        ("one\t\x17two", "two"),
        ("one, two\x15three", "three"),
        ("a\tb\b\bc", "ac"),
        ("你好\b们", "你们"),
        ("e\u0301\bo", "o"),
        ("xy\b\u0301z", "x\u0301z"),
        ("xy\b\u0301\bz", "z"),
        ("xy\b\bе\u0301\b\u0301o", "\u0301o"),
        ("한\u1100\u1161\u11a8\b국", "한국"),
        ("a👨\u200d👩\u200d👧\bb", "ab"),
        ("a👍🏽\bb", "ab"),
        ("🇩🇪🇨🇳\b🇫🇷", "🇩🇪🇫🇷"),
        ("a\x07\bb", "b"),
        ("a\x1b[31mb\x1b[0m\bc", "ac"),
        ("N\bNA\bAM\bME\bE", "NAME"),
    ],
)
def test_whatIsErasedIsGone(typed: str, left: str) -> None:
    assert edited(typed) == left


@pytest.mark.parametrize(
    "key",
    [
        *("\x01", "\x02", "\x05", "\x06", "\x0e", "\x10", "\x12", "\x14", "\x16", "\x18", "\x19"),
        *("\x1b", "\x1b\x1b", "\x1bb", "\x1bf", "\x1bd", "\x1b\x7f", "\x1bOD", "\x8fD"),
        *("\x1b[A", "\x1b[D", "\x1b[1;5D", "\x1b[H", "\x1b[3~", "\x1b[4~", "\x1b[15~", "\x9bD"),
        *("\x1b[2J", "\x1b[1K", "\x1b[5G", "\x1b[5;1H", "\x1bc", "\x1b7", "\x1b]0;x", "\x1b["),
    ],
)
@pytest.mark.parametrize("line", ["{}", "hello{}", "{}hello", "hel{}\blo", "hel{}lo\x15"])
def test_afterAKeyThatMovesNobodyKnowsTheLine(line: str, key: str) -> None:
    with pytest.raises(CursorKeys) as raised:
        edited(line.format(key))
    # Nothing of it is told, as it may be a password.
    assert raised.value.about == ""


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("a\x1b[31mred\x1b[0m \x9b1mbold", "ared bold"),
        ("\x1b[01;31m\x1b[Kred\x1b[m\x1b[K", "red"),
        ("\x1b[200~pasted\x1b[201~", "pasted"),
        ("\x1b[I\x1b[O\x1b[?1;2chello\x1b[>0;276;0c", "hello"),
        ("\x1b]0;title\x07text\x1b]8;;http://x\x1b\\", "text"),
        ("\x1b(B\x1b[mtext\x1b[?25h", "text"),
        ("bell\x07 nul\0 xon\x11\x13", "bell nul xon"),
        ("a\tb\x0bc\x0cd\x85e", "a\tb\x0bc\x0cd\x85e"),
    ],
)
def test_whatShowsNothingIsDropped(typed: str, left: str) -> None:
    """Some of it becomes a space later."""
    assert edited(typed) == left


def test_ctrlCGivesUpALine() -> None:
    """Where there is none, it does nothing."""
    for typed in ["hel\x03", "hel\x03hello", "\x1b[31mhel\x03"]:
        assert edited(typed) == typed.partition("\x03")[2]
    assert edited("\x03\x03/quit") == "/quit"
    assert edited("hel\x15\x03hello") == "hello"


@given(st.text(st.characters(exclude_categories=["Cc"]), max_size=40), anyTexts)
def test_eachTextCanBeErased(before: str, rest: str) -> None:
    """Whatever it is made of, Ctrl-U takes all of it back, and nothing else is lost."""
    assert edited(before) == before
    assert edited(before + "\x15") == ""
    with suppress(CursorKeys):
        assert edited(before + "\x15" + rest) == edited(rest)


@pytest.mark.parametrize(
    "unit",
    [
        "b\b",
        "b" * 50 + "\b",
        "\u0301b\b",
        "\x1b[",
        "\x1b]",
        "\x9d",
        "\x1b[1;",
        "b \x17",
        "\U0001f1e9b\b",
    ],
)
def test_theWorkIsLinear(unit: str) -> None:
    begun = process_time()
    with suppress(CursorKeys):
        edited("a" + "\u0301" * 20_000 + unit * (200_000 // len(unit)))
    assert process_time() - begun < 10
