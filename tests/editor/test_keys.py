"""Tests for L{chat.editor.keys}."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.editor.keys import (
    MAX_PASTE,
    MAX_SEQUENCE,
    PASTE_PATIENCE,
    SEQUENCE_PATIENCE,
    Key,
    KeyParser,
    KeyPress,
    Paste,
    Text,
)


def parse(*pieces: bytes) -> list[KeyPress]:
    """@return: the keys in some bytes, with text in one piece however it was split."""
    parser = KeyParser()
    keys: list[KeyPress] = []
    for key in [*(key for piece in pieces for key in parser.feed(piece)), *parser.flush()]:
        if isinstance(key, Text) and keys and isinstance(keys[-1], Text):
            keys[-1] = Text(keys[-1].text + key.text)
        else:
            keys.append(key)
    return keys


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"\r", Key.ENTER),
        (b"\n", Key.ENTER),
        (b"\r\n", Key.ENTER),
        (b"\x1bOM", Key.ENTER),
        (b"\x1b\r", Key.LINE_BREAK),
        (b"\x1b\r\n", Key.LINE_BREAK),
        (b"\t", Key.TAB),
        (b"\x1b[Z", Key.BACK_TAB),
        (b"\x1b[A", Key.UP),
        (b"\x1bOA", Key.UP),
        (b"\x10", Key.UP),
        (b"\x1b[B", Key.DOWN),
        (b"\x1b[C", Key.RIGHT),
        (b"\x1b[D", Key.LEFT),
        (b"\x1b[1;2D", Key.LEFT),
        (b"\x1b[1;5D", Key.WORD_LEFT),
        (b"\x1b[1;3C", Key.WORD_RIGHT),
        (b"\x1b[1;9C", Key.WORD_RIGHT),
        (b"\x1b\x1b[D", Key.WORD_LEFT),
        (b"\x1bOd", Key.WORD_LEFT),
        (b"\x1bb", Key.WORD_LEFT),
        (b"\x1bf", Key.WORD_RIGHT),
        (b"\x01", Key.HOME),
        (b"\x1b[H", Key.HOME),
        (b"\x1b[1~", Key.HOME),
        (b"\x1b[7~", Key.HOME),
        (b"\x1bOH", Key.HOME),
        (b"\x05", Key.END),
        (b"\x1b[F", Key.END),
        (b"\x1b[4~", Key.END),
        (b"\x1b[3~", Key.DELETE),
        (b"\x1b[3;5~", Key.KILL_WORD_RIGHT),
        (b"\x1bd", Key.KILL_WORD_RIGHT),
        (b"\x1b\x7f", Key.KILL_WORD_LEFT),
        (b"\x7f", Key.BACKSPACE),
        (b"\x08", Key.BACKSPACE),
        (b"\x15", Key.KILL_TO_START),
        (b"\x0b", Key.KILL_TO_END),
        (b"\x17", Key.KILL_BLANK_LEFT),
        (b"\x19", Key.YANK),
        (b"\x14", Key.TRANSPOSE),
        (b"\x0c", Key.REDRAW),
        (b"\x03", Key.INTERRUPT),
        (b"\x04", Key.END_OF_INPUT),
        (b"\x1a", Key.SUSPEND),
        (b"\x1b[5~", Key.PAGE_UP),
        (b"\x1b[6~", Key.PAGE_DOWN),
        (b"\x1b", Key.ESCAPE),
        (b"\x1b\x1b", Key.ESCAPE),
    ],
)
def test_sequenceIsOneKey(data: bytes, key: Key) -> None:
    """What follows it is text again."""
    assert parse(data) == [key]
    if data.strip(b"\x1b"):
        assert parse(b"a", data, b"b") == [Text("a"), key, Text("b")]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\x1b[15~",
        b"\x1b[I",
        b"\x1b[?1;2c",
        b"\x1b[>0;276;0c",
        b"\x1b[[A",
        b"\x1bx",
        b"\x1b]11;rgb:0000/0000/0000\x07",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b[" + b"1" * (MAX_SEQUENCE * 2) + b"\x7e",
    ],
)
def test_meaninglessSequenceIsSkippedAsAWhole(data: bytes) -> None:
    assert parse(b"a" + data + b"b") == [Text("ab")]


def test_textIsUTF8InPieces() -> None:
    data = "你好 é👍".encode()
    assert parse(*(data[i : i + 1] for i in range(len(data)))) == [Text("你好 é👍")]


def test_whatIsNotUTF8IsNotLostAndSwallowsNoKey() -> None:
    """It stands in the text as surrogates, which nobody can take for text."""
    assert parse(b"a\xffb") == [Text("a\udcffb")]
    assert parse(b"\xe4\xbd\r") == [Text("\udce4\udcbd"), Key.ENTER]
    assert parse(b"\xe4\xbd\x1b[A") == [Text("\udce4\udcbd"), Key.UP]
    assert parse(b"\x1b[200~a\xff\x1b[201~") == [Paste("a\udcff")]
    # U+FFFD itself is text.
    assert parse("\ufffd".encode()) == [Text("\ufffd")]


# With characters whose second byte is a letter, a digit, a backslash or a bar in ASCII, and with
# one of four bytes.
_CHARSETS = [
    ("gb18030", "你好 丂 é 👍"),
    ("gbk", "你好 丂 誠"),
    ("big5", "功 許 蓋 四"),
    ("euc_jp", "日本 丂 ｱ"),
    ("shift_jis", "表 ソ ｱ"),
    ("euc_kr", "한국"),
    ("koi8-r", "привет"),
    ("iso8859-1", "café ÿ"),
]


@pytest.mark.parametrize(("charset", "text"), _CHARSETS)
def test_textIsInTheCharsetOfTheTerminal(charset: str, text: str) -> None:
    """However it is cut, with keys before and behind it, and in a paste."""
    data = text.encode(charset)
    keys = [Key.LEFT, Key.BACKSPACE]
    for pieces in [data], [data[i : i + 1] for i in range(len(data))]:
        parser = KeyParser(charset)
        pressed = [key for piece in [b"\x1b[D", *pieces, b"\x7f"] for key in parser.feed(piece)]
        assert [key for key in pressed if isinstance(key, Key)] == keys
        assert "".join(key.text for key in pressed if isinstance(key, Text)) == text
    pasted = KeyParser(charset).feed(b"\x1b[200~" + data + b"\r\x1b[201~")
    assert pasted == [Paste(text + "\n")]


@pytest.mark.parametrize("charset", [charset for charset, _ in _CHARSETS])
def test_noKeyIsPartOfACharacter(charset: str) -> None:
    """Whatever stands before it, it is pressed."""
    for key in 0x0D, 0x15, 0x7F:
        for byte in range(0x80, 0x100):
            for before in bytes([byte]), bytes([byte, 0x31]), bytes([byte, 0x31, byte]):
                parser = KeyParser(charset)
                assert isinstance(parser.feed(before + bytes([key]))[-1], Key)


def test_pasteHasNoKeys() -> None:
    """Its line ends and control characters are text."""
    data = b"\x1b[200~one\r\ntwo\rthree\n\x03\x1b[A\x1b[201~\r"
    assert parse(data) == [Paste("one\ntwo\nthree\n\x03\x1b[A"), Key.ENTER]


def test_longPasteIsCutAndItsEndIsFound() -> None:
    keys = parse(b"\x1b[200~", b"x" * (3 * MAX_PASTE), b"\x1b[201~a")
    assert keys == [Paste("x" * MAX_PASTE), Text("a")]


def test_pasteWithoutEndMarkEndsInTime() -> None:
    """It does not swallow the rest of the session."""
    parser = KeyParser()
    assert parser.feed(b"\x1b[200~abc") == []
    assert parser.patience == PASTE_PATIENCE
    assert parser.flush() == [Paste("abc")]
    assert parser.feed(b"\r") == [Key.ENTER]


def test_patienceWhileSomethingIsUnfinished() -> None:
    parser = KeyParser()
    assert parser.patience is None
    parser.feed(b"\x1b")
    assert parser.patience == SEQUENCE_PATIENCE
    assert parser.flush() == [Key.ESCAPE]
    assert parser.patience is None
    parser.feed("你".encode()[:2])
    assert parser.patience == SEQUENCE_PATIENCE
    assert parser.feed("你".encode()[2:]) == [Text("你")]
    assert parser.patience is None


def test_escapeThenKey() -> None:
    """Escape before something that Alt cannot be held with is Escape."""
    assert parse(b"\x1b\x03") == [Key.ESCAPE, Key.INTERRUPT]


_fragments = st.sampled_from(
    [
        b"a",
        b"\x1b",
        b"[",
        b"O",
        b"]",
        b"1;5",
        b"A",
        b"~",
        b"200~",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\r",
        b"\n",
        b"\x07",
        b"\\",
        "你".encode(),
        b"\xe4",
        b"\xff",
        b"\x7f",
        b"\x00",
    ]
)


@given(st.lists(_fragments | st.binary(max_size=4), max_size=30), st.data())
@example([b"\x1b[200~", b"\x1b[201", b"\x1b[201~"], None)
def test_splittingTheBytesDoesNotChangeTheKeys(
    fragments: list[bytes], data: st.DataObject | None
) -> None:
    whole = b"".join(fragments)
    places = data.draw(st.lists(st.integers(0, len(whole)))) if data is not None else [3, 9]
    edges = [0, *sorted(places), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    assert parse(*pieces) == parse(whole)
    assert parse(*(whole[i : i + 1] for i in range(len(whole)))) == parse(whole)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_anyTextComesThroughUnchanged(text: str) -> None:
    assert parse(text.encode()) == ([Text(text)] if text else [])


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n")))
def test_anyPasteComesThroughUnchanged(text: str) -> None:
    assert parse(b"\x1b[200~" + text.encode() + b"\x1b[201~") == [Paste(text)]
