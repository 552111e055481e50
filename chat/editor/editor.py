"""
A line editor without I/O: keys in, screen bytes out.

A front door or a client that has a terminal at its far end, be it a tty, a
telnet connection or an SSH channel, makes keys of what arrives
(L{chat.editor.keys}), gives them to a L{LineEditor} one by one, acts on the
L{Outcome} of each, and writes to the terminal what L{LineEditor.draw} and
L{LineEditor.printAbove} return.  The editor owns one row, the last one written;
output is printed above it and never mixes with what is being typed.

Enter ends a line.  The line ends in a paste do not: they stay in the text and
show as C{↵}, so that the user sees the whole paste before anything of it is
sent.  The text then has several lines, and the caller decides what they mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from chat.editor.buffer import MAX_LINES, MAX_TEXT, LineBuffer, isText, typed, withMarks
from chat.editor.completion import Choices, Completer, Completion
from chat.editor.keys import Key, KeyPress, Paste, Text
from chat.editor.recall import MAX_RECALLED, Recall
from chat.editor.row import InputRow, cells
from chat.vocabulary.verbs import isPassword

_BELL = b"\x07"
_HIDDEN = "*"


class Request(Enum):
    """
    A wish of the user that is not editing.

    @cvar INTERRUPT: Ctrl-C, with nothing typed that it could clear.
    @cvar CANCEL: Ctrl-C, which has cleared what was typed of a password.
    @cvar END: Ctrl-D, with nothing typed that it could delete.
    @cvar SUSPEND: Ctrl-Z.
    """

    INTERRUPT = auto()
    CANCEL = auto()
    END = auto()
    SUSPEND = auto()


@dataclass(frozen=True, slots=True)
class Submitted:
    """
    Enter was pressed.

    @ivar text: what had been typed, perhaps nothing; LF between its lines.
    """

    text: str


@dataclass(frozen=True, slots=True)
class TooLong:
    """
    There was no room for a paste.  Nothing of it has been inserted.

    @ivar maxText: bytes that all lines together may have in UTF-8.
    @ivar maxLines: how many lines there may be.
    """

    maxText: int
    maxLines: int


@dataclass(frozen=True, slots=True)
class NotText:
    """
    Enter was pressed, but there are bytes in the line that are none in the charset of the
    terminal.  The line stays; each of these bytes shows as U+FFFD.
    """


Outcome = Submitted | Request | TooLong | NotText

_MOVEMENTS = {
    Key.LEFT: LineBuffer.left,
    Key.RIGHT: LineBuffer.right,
    Key.WORD_LEFT: LineBuffer.wordLeft,
    Key.WORD_RIGHT: LineBuffer.wordRight,
    Key.HOME: LineBuffer.start,
    Key.END: LineBuffer.end,
}

# Delete from the cursor to where a movement would end.
_DELETIONS = {
    Key.BACKSPACE: LineBuffer.left,
    Key.DELETE: LineBuffer.right,
    Key.END_OF_INPUT: LineBuffer.right,
}

# The same, and keep the text for Ctrl-Y.
_KILLS = {
    Key.KILL_TO_START: LineBuffer.start,
    Key.KILL_TO_END: LineBuffer.end,
    Key.KILL_WORD_LEFT: LineBuffer.wordLeft,
    Key.KILL_WORD_RIGHT: LineBuffer.wordRight,
    Key.KILL_BLANK_LEFT: LineBuffer.blankLeft,
}

_KEEP_COMPLETION = (Key.TAB, Key.BACK_TAB, Key.REDRAW)


class LineEditor:
    """
    The input line of one user.

    @ivar prompt: stands before what is typed.  No control characters.
    @ivar isHidden: whether a password is being typed: it shows as asterisks, and
        nothing of it is kept.  A command is shown all the same, once its name is
        there, up to a secret in it.
    """

    def __init__(
        self,
        columns: int,
        prompt: str = "> ",
        complete: Completer = lambda before: Choices(len(before), ()),
        maxText: int = MAX_TEXT,
        maxLines: int = MAX_LINES,
        maxRecalled: int = MAX_RECALLED,
        secretIn: Callable[[str], int | None] = lambda text: None,
        charset: str = "utf-8",
    ) -> None:
        """
        @param columns: how wide the terminal is.
        @param complete: says what Tab makes of the text before the cursor.
        @param maxText: bytes of the text in UTF-8.  More is refused with a bell.
        @param maxLines: how many lines a paste may bring.
        @param maxRecalled: how many submitted lines Up finds.
        @param secretIn: says where in a text a secret begins, if it has one.  From there
            on it shows as asterisks, and neither Up nor Ctrl-Y brings the text back.
        @param charset: in which the terminal shows text, as Python names it.
        """
        self.prompt = prompt
        self.isHidden = False
        self._secretIn = secretIn
        self._complete = complete
        self._tooLong = TooLong(maxText, maxLines)
        self._buffer = LineBuffer(maxText, maxLines)
        self._recall = Recall(maxRecalled)
        self._row = InputRow(columns, charset)
        self._completion: Completion | None = None
        self._rings = False

    @property
    def text(self) -> str:
        """What is being typed; LF between its lines."""
        return self._buffer.text

    @property
    def cursor(self) -> int:
        """Where in the text the cursor is, in code points."""
        return self._buffer.cursor

    @property
    def columns(self) -> int:
        """How wide the terminal is."""
        return self._row.columns

    # Keys in.

    def keyPressed(self, key: KeyPress) -> Outcome | None:
        """
        Do what a key means.  Nothing is drawn before the next L{draw}.

        @return: what the caller has to act upon before it hands over the next
            key, if anything.
        """
        if key not in _KEEP_COMPLETION:
            self._completion = None
        if key not in _KILLS:
            self._buffer.endKill()
        buffer = self._buffer
        match key:
            case Text(text):
                self._ringUnless(buffer.insert(text))
            case Paste(text):
                # Copied lines end with a line end that is not meant.
                if not buffer.insertWhole(typed(text).rstrip("\n")):
                    self._rings = True
                    return self._tooLong
            case Key.ENTER if not isText(self.text):
                self._rings = True
                return NotText()
            case Key.ENTER:
                return Submitted(self._take())
            case Key.INTERRUPT if not self.text:
                return Request.INTERRUPT
            case Key.INTERRUPT:
                # Up brings it back, should it have been a slip.
                self._take()
                return Request.CANCEL if self.isHidden else None
            case Key.END_OF_INPUT if not self.text:
                return Request.END
            case Key.SUSPEND:
                return Request.SUSPEND
            case Key.TAB:
                self._tab(1)
            case Key.BACK_TAB:
                self._tab(-1)
            case Key.UP:
                self._remember(self._recall.older)
            case Key.DOWN:
                self._remember(self._recall.newer)
            case Key.LINE_BREAK:
                self._ringUnless(buffer.insertWhole("\n"))
            case Key.YANK:
                self._ringUnless(buffer.yank())
            case Key.TRANSPOSE:
                self._ringUnless(buffer.transpose())
            case Key.REDRAW:
                self._row.forget()
            case key if key in _MOVEMENTS:
                buffer.cursor = _MOVEMENTS[key](buffer)
            case key if key in _DELETIONS:
                self._ringUnless(buffer.delete(_DELETIONS[key](buffer)))
            case key if key in _KILLS:
                # A kill keeps its text, which must not be a password.
                remove = buffer.delete if self._hasSecret() else buffer.kill
                self._ringUnless(remove(_KILLS[key](buffer)))
            case _:
                pass
        return None

    def replace(self, text: str) -> None:
        """Put this text into the line instead, with the cursor behind it."""
        self._buffer.replace(text)
        self._completion = None

    # Screen bytes out.

    def draw(self) -> bytes:
        """
        @return: the bytes that bring the terminal up to date, with a bell where
            a key could do nothing.
        """
        bell = _BELL if self._rings else b""
        self._rings = False
        start, cursor = self._firstHidden(), self.cursor
        before = self._masked(self.text[:cursor], start)
        return bell + self._row.draw(self.prompt, self._masked(self.text, start), before)

    def erase(self) -> bytes:
        """
        @return: the bytes that remove the row and leave the cursor at the
            beginning of an empty one.  The next L{draw} brings it back.
        """
        return self._row.erase()

    def printAbove(self, lines: bytes) -> bytes:
        """
        Print lines above the row.

        @param lines: in the charset of the terminal, each line with its CR LF.
            They go to the terminal as they are, so they must be safe, and must
            leave colours as they found them.
        @return: the bytes that do it.
        """
        return self.erase() + lines + self.draw()

    def resize(self, columns: int) -> bytes:
        """
        @param columns: how wide the terminal is now.
        @return: the bytes that draw the row anew.
        """
        return self._row.resize(columns) + self.draw()

    def _firstHidden(self) -> int:
        """
        @return: from where on the text is not shown; its length where all of it is.
        """
        if self.isHidden and isPassword(self.text):
            return 0
        start = self._secretIn(self.text)
        return len(self.text) if start is None else start

    def _hasSecret(self) -> bool:
        return self.isHidden or self._secretIn(self.text) is not None

    @staticmethod
    def _masked(text: str, start: int) -> str:
        return withMarks(text[:start]) + _HIDDEN * len(cells(text[start:]))

    # What keys do.

    def _ringUnless(self, done: bool) -> None:
        self._rings |= not done

    def _take(self) -> str:
        """Empty the line; Up finds its text, unless it is secret."""
        text, hasSecret = self.text, self._hasSecret()
        self._buffer.replace("")
        if hasSecret:
            self._recall.leave()
        else:
            self._recall.add(text)
        return text

    def _remember(self, recall: Callable[[str], str | None]) -> None:
        # Recalling keeps what stands in the line, which must not be a password.
        text = None if self.isHidden else recall(self.text)
        self._ringUnless(text is not None)
        if text is not None:
            self._buffer.replace(text)

    def _tab(self, step: int) -> None:
        if self.isHidden or self._firstHidden() < self.cursor:
            self._rings = True
            return
        if self._completion is None:
            before = self.text[: self.cursor]
            choices = self._complete(before)
            if not choices.words:
                self._rings = True
                return
            self._completion = Completion(choices, before[choices.start :])
        completion = self._completion
        self._ringUnless(self._buffer.substitute(completion.start, completion.next(step)))
        if completion.isOnly:
            # The word is whole; another Tab is about the next one.
            self._completion = None
