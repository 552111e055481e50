"""Tests for L{chat.store.tokens}."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.store.tokens import Phrase, expression, holds, indexed, phrases, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, World!", ["hello", "world"]),
        ("foo_bar it's 3.14 a-b", ["foo", "bar", "it", "s", "3", "14", "a", "b"]),
        ("ＨＥＬＬＯ ①", ["hello", "1"]),
        ("Straße ǅ ﬁn", ["strasse", "dž", "fin"]),
        ("e\u0301t\u00e9", ["\u00e9t\u00e9"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("Привет, мир", ["привет", "мир"]),
        ("大家你好", ["大家", "家你", "你好", "好"]),
        ("好", ["好"]),
        ("abc你好def", ["abc", "你好", "好", "def"]),
        ("3月13日", ["3", "月", "13", "日"]),
        ("你好，世界", ["你好", "好", "世界", "界"]),
        ("ｶﾞｷﾞ", ["ガギ", "ギ"]),
        ("한국어 말", ["한국", "국어", "어", "말"]),
        ("ㄅㄆ", ["ㄅㄆ", "ㄆ"]),
        ("𠀀𠀁", ["𠀀𠀁", "𠀁"]),
        ("สวัสดี", ["สว", "วั", "ัส", "สด", "ดี", "ี"]),
        ("👍 ❤\ufe0f 👩\u200d🚒 1\ufe0f\u20e3 … \0", ["1"]),
        ("\ud800a", ["a"]),
    ],
)
def test_aTextBecomesTokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", []),
        ("! … 👍 *", []),
        ("Hello hello WORLD", [Phrase(("hello",)), Phrase(("world",))]),
        ("hel*", [Phrase(("hel",), True)]),
        ("hel*lo*", [Phrase(("hel", "lo"), True)]),
        ("hel* hel", [Phrase(("hel",), True), Phrase(("hel",))]),
        ("(hel*)", [Phrase(("hel",), True)]),
        ("it's", [Phrase(("it", "s"))]),
        ("你好", [Phrase(("你好",))]),
        ("你好！", [Phrase(("你好",))]),
        ("你好*", [Phrase(("你好",))]),
        ("家你好", [Phrase(("家你", "你好"))]),
        ("好", [Phrase(("好",), True)]),
        ("好　家", [Phrase(("好",), True), Phrase(("家",), True)]),
        ("abc你", [Phrase(("abc", "你"), True)]),
        ("你abc", [Phrase(("你", "abc"))]),
        ("你好abc*", [Phrase(("你好", "好", "abc"), True)]),
    ],
)
def test_wordsBecomePhrases(words: str, expected: list[Phrase]) -> None:
    assert list(phrases(words)) == expected


def test_expressionsOfFTS5() -> None:
    """No character of a word is taken for syntax."""
    wanted = phrases("it's\" OR 你 NEAR(x")
    assert expression(wanted, [3, 14], "") == (
        '("§3" OR "§14") AND "it s" AND "or" AND "你"* AND "near x"'
    )
    assert expression((), [3], 'A" b') == '("§3") AND ("¤61222062")'
    # The second one is that of lines from before both were one name.
    assert expression((), [3], "Ü\u0131") == '("§3") AND ("¤c3bc69" OR "¤c3bcc4b1")'


def test_anIndexedLineHasRoomNicknameAndTokens() -> None:
    assert indexed(7, "Alice", "Hi 你好") == "§7 ¤616c696365 hi 你好 好"


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("indexed", 3, indexed)
        for name in ("0001.sql", "0002.sql"):
            schema = files("chat.store").joinpath("schema", name).read_text(encoding="utf-8")
            connection.executescript(schema)
        yield connection


def isFound(index: sqlite3.Connection, text: str, words: str) -> bool:
    """
    @return: whether SQLite finds the words in the text.
    """
    index.execute("BEGIN")
    index.execute("INSERT INTO word (rowid, tokens) VALUES (1, ?)", (indexed(1, "alice", text),))
    wanted = expression(phrases(words), [1, 2], "ALICE")
    found = index.execute("SELECT rowid FROM word WHERE word MATCH ?", (wanted,)).fetchall()
    index.execute("ROLLBACK")
    return found == [(1,)]


FEW = st.text("aB你好カ.* é1", max_size=12)


@given(text=FEW, words=FEW)
def test_sqliteFindsWhatPythonFinds(index: sqlite3.Connection, text: str, words: str) -> None:
    """So all stores find the same lines."""
    if phrases(words):
        assert isFound(index, text, words) == holds(tokens(text), phrases(words))


@given(text=st.text(max_size=30), words=st.text(max_size=10))
def test_anyTextIsFoundByItself(index: sqlite3.Connection, text: str, words: str) -> None:
    """Any words may be asked for."""
    assert isFound(index, text, text)
    isFound(index, text, words)


@given(st.text("大家你好啊", min_size=1, max_size=12), st.data())
def test_everyPartOfAChineseTextIsFound(text: str, data: st.DataObject) -> None:
    """And nothing else."""
    first = data.draw(st.integers(0, len(text) - 1))
    last = data.draw(st.integers(first + 1, len(text)))
    assert holds(tokens(text), phrases(text[first:last]))
    other = data.draw(st.text("大家你好啊", min_size=1, max_size=4))
    assert holds(tokens(text), phrases(other)) == (other in text)
