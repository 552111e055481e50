"""Tests for L{chat.vocabulary.pieces}."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.pieces import parts, pieces


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("one  two ", ["one  ", "two "]),
        ("你好，world！再见", ["你", "好，", "world！", "再", "见"]),
        ("“你好”（再见）", ["“你", "好”", "（再", "见）"]),
        ("他说……好——吧", ["他", "说……", "好——", "吧"]),
        ("コーヒー々", ["コー", "ヒー々"]),
        ("100元￥5 it's", ["100", "元", "￥5 ", "it's"]),
        ("找@小红去#lobby", ["找", "@小", "红", "去", "#lobby"]),
        ("三\u3000字\u00a0a", ["三\u3000", "字", "\u00a0a"]),
    ],
)
def test_aRowMayEndBehindSpacesAndAroundIdeographs(text: str, found: list[str]) -> None:
    assert pieces(text) == found


@pytest.mark.parametrize(
    ("text", "size", "found"),
    [
        ("one two three", 13, ["one two three"]),
        ("one two three", 12, ["one two", "three"]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 4, ["one", "two", "thre", "e"]),
        ("a bbbbbbbbb c", 5, ["a bbb", "bbbbb", "b c"]),
        ("今天，好", 8, ["今", "天，", "好"]),
        ("e\u0301" * 3, 4, ["e\u0301", "e\u0301", "e\u0301"]),
        (" " * 9, 4, []),
    ],
)
def test_aTextIsCutBetweenWords(text: str, size: int, found: list[str]) -> None:
    assert parts(text, size) == found


@given(
    st.text(st.one_of(st.sampled_from(" a好，👍🏽"), st.characters(codec="utf-8"))),
    st.integers(4, 30),
)
def test_noPartIsTooLargeAndNothingButSpacesIsLost(text: str, size: int) -> None:
    found = parts(text, size)
    assert all(len(part.encode()) <= size for part in found)
    bare = str.maketrans("", "", " \u3000")
    assert "".join(found).translate(bare) == text.translate(bare)
