"""Tests for L{chat.editor.row} and L{chat.editor.editor}: what the screen shows."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes, wcswidth

from chat.editor.editor import LineEditor
from chat.editor.keys import Key, KeyPress, Text
from tests.support.screens import Terminal, terminal

FAMILY = "👨‍👩‍👧"
ACUTE = "e\u0301"


def test_printingAboveLeavesWhatIsTyped() -> None:
    it = terminal(prompt="#lobby 3> ")
    it.press("half a li", Key.LEFT)
    it.printAbove("alice: 你好", "bob: hi")
    assert it.lines == ["alice: 你好", "bob: hi", "#lobby 3> half a li"]
    it.press("x")
    assert it.lines[2] == "#lobby 3> half a lxi"


def test_printingAboveAtTheBottomScrolls() -> None:
    """The row stays last, and a long line wraps."""
    it = terminal(columns=20)
    it.press("typing")
    for number in range(10):
        it.printAbove(str(number) * 20)
    it.printAbove("x" * 25)
    assert it.lines == ["7" * 20, "8" * 20, "9" * 20, "x" * 20, "x" * 5, "> typing"]


def test_newPromptMovesTheText() -> None:
    it = terminal(prompt="> ")
    it.press("abc", Key.LEFT)
    it.editor.prompt = "#lobby 12> "
    it.show(it.editor.draw())
    assert (it.lines, it.left) == (["#lobby 12> abc"], "#lobby 12> ab")


def test_longLineShowsThePartWithTheCursor() -> None:
    it = terminal(columns=20)
    text = "".join(chr(ord("a") + i % 26) for i in range(60))
    it.press(text)
    assert it.lines == [it.row.rstrip()]
    assert it.row.startswith("> <")
    assert it.row.rstrip().endswith(text[-5:])
    it.press(Key.HOME)
    assert it.row == "> " + text[:16] + "> "
    it.press(*[Key.RIGHT] * 30)
    assert it.left.endswith(text[20:30])


def test_wideCharacterIsShownAsAWholeOrNotAtAll() -> None:
    it = terminal(columns=20)
    it.press("你好" * 20)
    assert wcswidth(it.row.rstrip()) < 20
    it.press(Key.HOME)
    assert it.row.rstrip() == "> " + "你好" * 4 + ">"


def test_erasedRowComesBack() -> None:
    it = terminal()
    it.press("abc")
    it.show(it.editor.erase())
    assert (it.lines, it.screen.cursor.x) == ([], 0)
    it.show(it.editor.draw())
    assert it.lines == ["> abc"]


def test_ctrlLRepairsTheRow() -> None:
    """Another program has written into it."""
    it = terminal()
    it.press("abc")
    it.show(b"\rwall: the system is going down")
    it.press(Key.REDRAW)
    assert it.lines == ["> abc"]


def test_rowIsDrawnForTheNewWidth() -> None:
    it = terminal(columns=30)
    it.printAbove("before")
    text = "0123456789" * 4
    it.press(text)
    it.screen.resize(columns=60)
    it.show(it.editor.resize(60))
    assert it.lines == ["before", "> " + text]


def test_rowThatTheTerminalHasWrappedIsErased() -> None:
    it = terminal(columns=40)
    it.press("x" * 30)
    data = it.editor.resize(10)
    assert data.startswith(b"\r\x1b[3A\x1b[J")


def test_columnIsSetAnewAfterAnEmojiOfUncertainWidth() -> None:
    it = LineEditor(40)
    it.draw()
    it.keyPressed(Text(FAMILY))
    assert it.draw() == b"\x1b[?7l" + FAMILY.encode() + b"\r\x1b[4C\x1b[?7h"


def test_onlyChangesAreDrawn() -> None:
    """One more character costs a few bytes, however long the line is."""
    it = LineEditor(80)
    it.keyPressed(Text("x" * 50))
    it.draw()
    it.keyPressed(Text("y"))
    assert it.draw() == b"y"
    assert it.draw() == b""


def test_whatTheCharsetLacksIsAQuestionMark() -> None:
    """The cursor stands behind it, although the character would be wider."""
    it = LineEditor(40, "#你 ", charset="iso8859-1")
    it.keyPressed(Text("é小"))
    assert it.draw().endswith(b"#? \xe9?")
    it.keyPressed(Key.LEFT)
    assert it.draw() == b"\r\x1b[4C"
    assert it.text == "é小"


def test_anyWidthIsDrawn() -> None:
    for columns in range(0, 20):
        editor = LineEditor(columns, "#lobby 3> ")
        editor.keyPressed(Text("你好 and more than fits"))
        editor.draw()
        editor.resize(columns // 2)


# Graphemes that never grow together with a neighbour, and that pyte draws.
_graphemes = st.sampled_from(["a", "Z", "_", " ", "-", "你", "好", "é", ACUTE, "👍", "ﾊ"])
_keys = st.sampled_from(
    [
        Key.LEFT,
        Key.RIGHT,
        Key.HOME,
        Key.END,
        Key.WORD_LEFT,
        Key.WORD_RIGHT,
        Key.BACKSPACE,
        Key.DELETE,
        Key.KILL_TO_START,
        Key.KILL_TO_END,
        Key.KILL_BLANK_LEFT,
        Key.KILL_WORD_LEFT,
        Key.KILL_WORD_RIGHT,
        Key.YANK,
        Key.TRANSPOSE,
        Key.UP,
        Key.DOWN,
        Key.ENTER,
        Key.REDRAW,
    ]
)
_presses = st.lists(
    _graphemes.map(Text) | st.lists(_graphemes, min_size=1).map("".join).map(Text) | _keys,
    max_size=60,
)


class Model:
    """The simplest editor of the simple keys: a list of graphemes."""

    def __init__(self) -> None:
        self.line: list[str] = []
        self.at = 0

    def press(self, key: KeyPress) -> bool:
        """@return: whether the model knows this key."""
        match key:
            case Text(text):
                new = list(iter_graphemes(text))
                self.line[self.at : self.at] = new
                self.at += len(new)
            case Key.LEFT:
                self.at = max(0, self.at - 1)
            case Key.RIGHT:
                self.at = min(len(self.line), self.at + 1)
            case Key.HOME:
                self.at = 0
            case Key.END:
                self.at = len(self.line)
            case Key.BACKSPACE:
                if self.at:
                    self.at -= 1
                    del self.line[self.at]
            case Key.DELETE:
                del self.line[self.at : self.at + 1]
            case Key.KILL_TO_START:
                del self.line[: self.at]
                self.at = 0
            case Key.KILL_TO_END:
                del self.line[self.at :]
            case _:
                return False
        return True


@given(_presses, st.integers(16, 60))
def test_screenShowsTheModel(presses: list[KeyPress], columns: int) -> None:
    """
    After any keys the editor has the text of the model, and the screen shows the
    part around the cursor in one row, with the cursor in its place.
    """
    it = terminal(columns, "#l 3> ")
    model = Model()
    for number, key in enumerate(presses):
        it.press(key)
        if number % 7 == 3:
            it.printAbove(f"line {number}")
        if not model.press(key):
            model.line = list(iter_graphemes(it.editor.text))
            model.at = len(list(iter_graphemes(it.editor.text[: it.editor.cursor])))
        assert it.editor.text == "".join(model.line)
        assert it.editor.text[: it.editor.cursor] == "".join(model.line[: model.at])
        checkRow(it, model)


def checkRow(it: Terminal, model: Model) -> None:
    # pyte composes a character with its combining marks.
    text = "".join(model.line).replace(ACUTE, "é")
    before = "".join(model.line[: model.at]).replace(ACUTE, "é")
    assert it.row.startswith("#l 3> ")
    shown = it.row[len("#l 3> ") :]
    left = it.left[len("#l 3> ") :]
    if wcswidth("#l 3> " + text) < it.editor.columns:
        assert shown.rstrip() == text.rstrip()
        assert left == before
    else:
        if left.startswith("<") and not before.startswith(left):
            left = left[1:]
            shown = shown[1:]
        assert before.endswith(left)
        behind = shown[len(left) :].rstrip()
        rest = text[len(before) :]
        assert rest.startswith(behind.removesuffix(">")) or rest.rstrip() == behind
    assert wcswidth(it.row.rstrip()) < it.editor.columns


@given(st.lists(st.text(min_size=1) | _keys, max_size=20), st.integers(1, 30))
def test_cursorIsBetweenGraphemesAndTheRowIsOneRow(
    presses: list[KeyPress | str], columns: int
) -> None:
    editor = LineEditor(columns, "#lobby 3> ")
    for press in presses:
        editor.keyPressed(press if isinstance(press, Key) else Text(press))
        ends = accumulate(map(len, iter_graphemes(editor.text)))
        assert editor.cursor in {0, *ends}
        assert b"\n" not in editor.draw()
