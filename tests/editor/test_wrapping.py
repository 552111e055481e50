"""Tests for L{chat.editor.wrapping}."""

import re

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.editor.row import cells, width
from chat.editor.wrapping import wrapped


@pytest.mark.parametrize(
    ("line", "columns", "rows"),
    [
        ("bob: hello", 11, ["bob: hello"]),
        ("bob: hello", 10, ["bob:", "  hello"]),
        ("bob: one two three", 15, ["bob: one two", "  three"]),
        ("one two  three", 9, ["one two", "  three"]),
        ("小红：今天天气很好，出去走走", 16, ["小红：今天天气", "  很好，出去走", "  走"]),
        # A comma begins no row; a bracket and the mark of a room end none.
        ("一二三四，五六", 9, ["一二三", "  四，五", "  六"]),
        ("一二三（四五）", 9, ["一二三", "  （四", "  五）"]),
        ("在聊天室#lobby里", 12, ["在聊天室", "  #lobby里"]),
        ("hello你好", 9, ["hello你", "  好"]),
        ("안녕하세요 여러분", 12, ["안녕하세요", "  여러분"]),
        # A word that no row can hold is broken where the row ends.
        ("bob: " + "x" * 10, 9, ["bob: xxx", "  xxxxxx", "  x"]),
        ("no\u00a0break here", 12, ["no\u00a0break", "  here"]),
    ],
)
def test_rowsEndBetweenWords(line: str, columns: int, rows: list[str]) -> None:
    assert wrapped(line, columns, 2) == rows


def test_coloursAreKeptAndTakeNoColumn() -> None:
    line = "\x1b[2m12:35\x1b[m \x1b[32mbob\x1b[m: \x1b[1mone two\x1b[m three"
    assert wrapped(line, 80, 4) == [line]
    assert wrapped(line, 18, 4) == [
        "\x1b[2m12:35\x1b[m \x1b[32mbob\x1b[m: \x1b[1mone",
        "    two\x1b[m three",
    ]


def test_anAddressIsBrokenByTheTerminalAlone() -> None:
    """So it stays one to whoever copies it; what follows it is placed with it in mind."""
    address = "https://example.org/" + "x" * 20
    screen = pyte.Screen(20, 5)
    pyte.Stream(screen).feed("\r\n".join(wrapped(f"see {address} 0123456 more", 20, 4)))
    assert [row.rstrip() for row in screen.display if row.strip()] == [
        "see https://example.",
        "org/xxxxxxxxxxxxxxxx",
        "xxxx 0123456 more",
    ]
    assert len(wrapped("see " + "x" * 100, 20, 4)) > 1


def test_aNarrowTerminalHasALessIndentation() -> None:
    assert wrapped("one two three", 12, 10) == ["one two", "   three"]
    assert wrapped("一二三", 1, 10) == ["一", " 二", " 三"]


_TEXTS = st.text(
    st.one_of(
        st.sampled_from(" ab-（，。\u3000\u0301👍🏽\u200d😀한"), st.characters(codec="utf-8")
    ),
    max_size=60,
).filter(str.isprintable)


@given(_TEXTS, st.integers(4, 40), st.integers(0, 12))
def test_noRowIsTooWideAndNothingButSpacesIsLost(text: str, columns: int, indent: int) -> None:
    first, *others = wrapped(text, columns, indent)
    shift = min(indent, columns // 4)
    for row in others:
        assert row.startswith(" " * shift)
    rows = [first, *(row[shift:] for row in others)]
    assert re.sub("[ \u3000]", "", "".join(rows)) == re.sub("[ \u3000]", "", text)
    for row in [first, *others]:
        assert width(cells(row.rstrip(" \u3000"))) < columns


@given(_TEXTS, st.integers(4, 40))
def test_coloursChangeNoRow(text: str, columns: int) -> None:
    painted = "".join(f"\x1b[1m{char}\x1b[m" if char in "ab一" else char for char in text)
    plain = [re.sub("\x1b\\[\\d*m", "", row) for row in wrapped(painted, columns, 4)]
    assert plain == wrapped(text, columns, 4)
