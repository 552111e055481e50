"""Tests for L{chat.editor.editor} and its parts: what keys do to the text."""

from __future__ import annotations

import pytest

from chat.editor.buffer import MAX_LINES, MAX_TEXT
from chat.editor.completion import completerFor
from chat.editor.editor import LineEditor, NotText, Request, Submitted, TooLong
from chat.editor.keys import Key, KeyPress, Paste
from tests.support.screens import Terminal, terminal

FAMILY = "👨‍👩‍👧"
ACUTE = "e\u0301"


def typedInto(*keys: KeyPress | str) -> tuple[str, str]:
    """@return: the text before and behind the cursor after some keys."""
    it = terminal()
    it.press(*keys)
    return it.editor.text[: it.editor.cursor], it.editor.text[it.editor.cursor :]


@pytest.mark.parametrize(
    ("keys", "before", "behind"),
    [
        (["abc"], "abc", ""),
        (["ac", Key.LEFT, "b"], "ab", "c"),
        (["abc", Key.HOME, Key.RIGHT], "a", "bc"),
        (["abc", Key.HOME, Key.LEFT], "", "abc"),
        (["abc", Key.HOME, Key.END, Key.RIGHT], "abc", ""),
        (["abc", Key.BACKSPACE], "ab", ""),
        (["abc", Key.HOME, Key.DELETE], "", "bc"),
        (["abc", Key.HOME, Key.END_OF_INPUT], "", "bc"),
        ([f"a{ACUTE}", Key.BACKSPACE], "a", ""),
        ([f"a{ACUTE}", Key.LEFT], "a", ACUTE),
        ([f"a{FAMILY}b", Key.LEFT, Key.BACKSPACE], "a", "b"),
        ([FAMILY, Key.LEFT, Key.DELETE], "", ""),
        (["你好", Key.LEFT, "们"], "你们", "好"),
        # The typed text grows together with its neighbour.
        (["e", "\u0301", Key.LEFT], "", ACUTE),
        (["👩", Key.LEFT, "👨\u200d"], "👨\u200d👩", ""),
        (["two words", Key.WORD_LEFT], "two ", "words"),
        (["two words", Key.WORD_LEFT, Key.WORD_LEFT, Key.WORD_LEFT], "", "two words"),
        (["two words", Key.HOME, Key.WORD_RIGHT], "two", " words"),
        (["two words", Key.HOME, Key.WORD_RIGHT, Key.WORD_RIGHT], "two words", ""),
        (["see http://a/b ", Key.KILL_BLANK_LEFT], "see ", ""),
        (["see http://a/b ", Key.KILL_WORD_LEFT], "see http://a/", ""),
        (["two words", Key.HOME, Key.KILL_WORD_RIGHT], "", " words"),
        (["two words", Key.WORD_LEFT, Key.KILL_TO_START], "", "words"),
        (["two words", Key.WORD_LEFT, Key.KILL_TO_END], "two ", ""),
        (["abc", Key.KILL_TO_START, Key.YANK, Key.YANK], "abcabc", ""),
        # Kills in a row are one.
        (["one two", Key.KILL_WORD_LEFT, Key.KILL_WORD_LEFT, Key.YANK], "one two", ""),
        (["ab", Key.LEFT, Key.KILL_TO_START, Key.KILL_TO_END, Key.YANK], "ab", ""),
        (["ab", Key.LEFT, Key.KILL_TO_START, Key.END, Key.KILL_TO_START, Key.YANK], "b", ""),
        (["ab", Key.TRANSPOSE], "ba", ""),
        (["abc", Key.LEFT, Key.TRANSPOSE], "acb", ""),
        (["a", Key.TRANSPOSE], "a", ""),
        ([f"{ACUTE}你", Key.TRANSPOSE], f"你{ACUTE}", ""),
        (["a\x00\x1b\x9b\u202e\u2028b\tc"], "a b c", ""),
        (["abc", Key.INTERRUPT], "", ""),
        (["abc", Key.ESCAPE, Key.PAGE_UP, Key.PAGE_DOWN], "abc", ""),
    ],
)
def test_keysEditAsInAShell(keys: list[KeyPress | str], before: str, behind: str) -> None:
    assert typedInto(*keys) == (before, behind)


def test_enterSubmitsTheText() -> None:
    """The line is empty afterwards."""
    it = terminal()
    assert it.press("你好", Key.ENTER) == Submitted("你好")
    assert (it.editor.text, it.lines) == ("", [">"])
    assert it.press(Key.ENTER) == Submitted("")


def test_ctrlCAndCtrlDAskForSomethingOnAnEmptyLineOnly() -> None:
    it = terminal()
    assert it.press(Key.INTERRUPT) is Request.INTERRUPT
    assert it.press(Key.END_OF_INPUT) is Request.END
    assert it.press("a", Key.END_OF_INPUT) is None
    assert it.press(Key.INTERRUPT) is None
    assert it.press(Key.SUSPEND) is Request.SUSPEND


def test_upAndDownRecallLinesAndTheDraft() -> None:
    it = terminal()
    for line in ("one", "two", "two", "  ", "three"):
        it.press(line, Key.ENTER)
    seen = []
    it.press("draft")
    for key in (Key.UP, Key.UP, Key.UP, Key.UP, Key.DOWN, Key.DOWN, Key.DOWN, Key.DOWN):
        it.press(key)
        seen.append(it.editor.text)
    assert seen == ["three", "two", "one", "one", "two", "three", "draft", "draft"]
    assert it.bells == 2


def test_editedLineIsRecalledAsEditedUntilASubmission() -> None:
    it = terminal()
    it.press("one", Key.ENTER, "two", Key.ENTER)
    it.press(Key.UP, "!", Key.UP, Key.DOWN)
    assert it.editor.text == "two!"
    assert it.press(Key.ENTER) == Submitted("two!")
    it.press(Key.UP, Key.UP)
    assert it.editor.text == "two"


def test_oldestLinesAreForgotten() -> None:
    it = Terminal(LineEditor(40, maxRecalled=2))
    it.press("one", Key.ENTER, "two", Key.ENTER, "three", Key.ENTER)
    it.press(Key.UP, Key.UP, Key.UP)
    assert it.editor.text == "two"


def test_lineClearedByCtrlCIsRecalled() -> None:
    it = terminal()
    it.press("precious", Key.INTERRUPT, Key.UP)
    assert it.editor.text == "precious"


def test_pasteWaitsForEnterAndDropsItsLastLineEnd() -> None:
    it = terminal()
    assert it.press(Paste("one\n/quit\n")) is None
    assert it.row.rstrip() == "> one↵/quit"
    assert it.press(Key.ENTER) == Submitted("one\n/quit")


def test_altEnterMakesALineEndLikeThatOfAPaste() -> None:
    it = terminal()
    it.press("one", Key.LINE_BREAK, "two", Key.HOME, Key.DELETE)
    assert it.press(Key.ENTER) == Submitted("ne\ntwo")


def test_theTextIsBoundedInBytesOfUTF8() -> None:
    it = Terminal(LineEditor(40, maxText=10))
    it.press("好" * 3)
    assert it.bells == 0
    it.press(Key.HOME, "aé")
    assert it.editor.text == "a好好好"
    assert it.bells == 1


def test_pasteThatIsTooLongIsRefusedAsAWhole() -> None:
    it = terminal()
    assert it.press("a", Paste("x" * MAX_TEXT)) == TooLong(MAX_TEXT, MAX_LINES)
    assert it.press(Paste("x\n" * MAX_LINES + "x")) == TooLong(MAX_TEXT, MAX_LINES)
    assert it.editor.text == "a"
    assert it.press(Paste(f"{'x' * (MAX_TEXT // MAX_LINES - 2)}\n" * MAX_LINES)) is None


@pytest.mark.parametrize(
    ("typed", "tabs", "becomes"),
    [
        ("bo", 1, "bob: "),
        ("hi bo", 1, "hi bob "),
        ("@bo", 1, "@bob "),
        ("BO", 1, "bob: "),
        ("al", 1, "Albert: "),
        ("al", 2, "alice: "),
        ("al", 3, "Albert: "),
        ("李", 1, "李明: "),
        ("/w", 1, "/who "),
        ("/帮", 1, "/帮助 "),
        ("hi /w", 1, "hi /w"),
        ("nobody", 1, "nobody"),
        ("", 1, "Albert: "),
        # The word is whole, so the next Tab completes the next one.
        ("/w", 2, "/who Albert "),
    ],
)
def test_tabCompletesNicknamesAndCommandsInTurn(typed: str, tabs: int, becomes: str) -> None:
    it = terminal()
    it.press(typed, *[Key.TAB] * tabs)
    assert it.editor.text == becomes


def test_tabCompletesTheCommonPrefixFirst() -> None:
    """Shift-Tab goes back."""
    it = Terminal(LineEditor(40, complete=completerFor(lambda: ["anna", "annika"], list)))
    it.press("A", Key.TAB)
    assert it.editor.text == "ann"
    it.press(Key.TAB)
    assert it.editor.text == "anna: "
    it.press(Key.BACK_TAB)
    assert it.editor.text == "annika: "
    it.press("x", Key.TAB)
    assert it.editor.text == "annika: x"
    assert it.bells == 1


def test_completionKeepsTheTextBehindTheCursor() -> None:
    it = terminal()
    it.press(" bo hi", Key.HOME, Key.WORD_RIGHT, Key.TAB)
    assert it.editor.text == " bob:  hi"


def test_replacingTheTextEndsACompletion() -> None:
    it = terminal()
    it.press("al", Key.TAB)
    it.editor.replace("b")
    it.press(Key.TAB)
    assert it.editor.text == "bob: "


def hidden() -> Terminal:
    it = terminal()
    it.press("hello", Key.ENTER)
    it.editor.isHidden = True
    return it


def test_passwordIsEditedUnseen() -> None:
    it = hidden()
    it.press("s3c你ret", Key.LEFT, Key.BACKSPACE)
    assert it.lines == ["> ******"]
    assert it.left == "> *****"
    assert it.press(Key.ENTER) == Submitted("s3c你rt")
    assert b"s3c" not in it.written


def test_commandIsShownWhereAPasswordIsHidden() -> None:
    it = hidden()
    it.press("/nic")
    assert it.lines == ["> ****"]
    it.press("k bob")
    assert it.lines == ["> /nick bob"]


def test_passwordIsHiddenThoughItLooksLikeACommand() -> None:
    it = hidden()
    it.press("/sesame")
    assert it.lines == ["> *******"]
    assert b"/s" not in it.written


@pytest.mark.parametrize("key", [Key.ENTER, Key.INTERRUPT, Key.KILL_TO_START, Key.KILL_WORD_LEFT])
def test_passwordIsNeitherRecalledNorYanked(key: Key) -> None:
    it = hidden()
    outcome = it.press("s3cret", key)
    assert (outcome is Request.CANCEL) == (key is Key.INTERRUPT)
    it.editor.isHidden = False
    it.press(Key.YANK)
    assert it.editor.text == ""
    it.press(Key.UP)
    assert it.editor.text == "hello"
    it.press(Key.DOWN)
    assert it.editor.text == ""


@pytest.mark.parametrize("key", [Key.UP, Key.DOWN, Key.TAB])
def test_keysThatWouldKeepOrCompleteAPasswordOnlyRing(key: Key) -> None:
    it = hidden()
    it.press("al", key)
    assert (it.editor.text, it.bells) == ("al", 1)


def test_secretLinesAreNotRecalled() -> None:
    """They do not stay as the draft either."""
    it = Terminal(LineEditor(40, secretIn=lambda text: 7 if text.startswith("/login") else None))
    it.press("hello", Key.ENTER, "/login s3cret", Key.UP, Key.DOWN)
    assert it.editor.text == "/login s3cret"
    assert it.press(Key.ENTER) == Submitted("/login s3cret")
    it.press(Key.UP)
    assert it.editor.text == "hello"
    it.press(Key.DOWN)
    assert it.editor.text == ""
    it.press("/login again", Key.INTERRUPT, Key.UP)
    assert it.editor.text == "hello"


def withSecrets() -> Terminal:
    """@return: a terminal on which a text in angle brackets is secret."""

    def secretIn(text: str) -> int | None:
        return text.index("<") if "<" in text else None

    return Terminal(LineEditor(40, secretIn=secretIn))


def test_secretInALineIsEditedUnseen() -> None:
    it = withSecrets()
    it.press("tell <s3c你ret", Key.LEFT, Key.BACKSPACE)
    assert it.lines == ["> tell *******"]
    assert it.left == "> tell ******"
    it.press(Key.TAB)
    assert (it.bells, it.editor.text) == (1, "tell <s3c你rt")
    assert b"s3c" not in it.written
    it.press(Key.HOME, Key.WORD_RIGHT)
    assert it.left == "> tell"
    it.editor.isHidden = True
    it.press(Key.END)
    assert it.lines == ["> ************"]


@pytest.mark.parametrize(
    "key", [Key.KILL_TO_START, Key.KILL_WORD_LEFT, Key.KILL_BLANK_LEFT, Key.ENTER, Key.INTERRUPT]
)
def test_secretInALineIsNotYanked(key: Key) -> None:
    it = withSecrets()
    it.press("tell <s3cret", key, Key.KILL_TO_START, Key.YANK)
    assert "s3cret" not in it.editor.text
    it.press(Key.KILL_TO_START, "hello", Key.KILL_TO_START, Key.YANK)
    assert it.editor.text == "hello"


def test_tabCompletesRoomsAnywhereInTheLine() -> None:
    """A space follows them."""
    complete = completerFor(lambda: ["dev"], list, lambda: ["#dev", "#Design", "#ops"])
    it = Terminal(LineEditor(40, complete=complete))
    it.press("/join #o", Key.TAB)
    assert it.editor.text == "/join #ops "
    it.press(Key.KILL_TO_START, "#D", Key.TAB)
    assert it.editor.text == "#De"
    it.press(Key.TAB, Key.TAB)
    assert it.editor.text == "#dev "
    # Without rooms there is nothing to complete.
    it = Terminal(LineEditor(40, complete=completerFor(lambda: ["dev"], list)))
    it.press("#d", Key.TAB)
    assert it.editor.text == "#d"


def test_bytesThatAreNoTextShowAndAreNotSubmitted() -> None:
    """They can be deleted, and then the rest is submitted."""
    it = terminal()
    assert it.press("caf\udcc3", Key.ENTER) == NotText()
    assert it.bells == 1
    assert it.row.rstrip() == "> caf\ufffd"
    assert it.press(Key.BACKSPACE, "é", Key.ENTER) == Submitted("café")
    assert it.press(Paste("a\udcffb\nc"), Key.ENTER) == NotText()
    it.editor.isHidden = True
    assert it.press(Key.ENTER) == NotText()
    assert "\udcff" not in it.row
