"""
A line editor without I/O: keys in, screen bytes out.

Whoever has a terminal at the other end, be it a tty, a telnet connection or an
SSH channel, gives its L{LineEditor} the keys (see L{chat.editor.keys}) and writes to
the terminal what L{LineEditor.draw} and L{LineEditor.printAbove} return.  The
editor owns one row, the last one written; what is printed goes above it, so it
never mixes with what is being typed.

Enter ends a line.  The line ends in a paste do not: they stay in the text, show
as C{↵}, and nothing is sent before the person has seen it and presses Enter.
The text then has several lines, and what that means is up to whoever gets it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from chat.editor.buffer import MAX_LINE, MAX_LINES, LineBuffer, typed
from chat.editor.completion import Choices, Completer, Completion
from chat.editor.keys import Key, KeyPress, Paste, Text
from chat.editor.recall import MAX_RECALLED, Recall
from chat.editor.row import InputRow, cells

_BELL = b"\x07"
_HIDDEN = "*"


class Request(Enum):
    """
    What the person wants that is not editing.

    @cvar INTERRUPT: Ctrl-C, with nothing typed that it could clear.
    @cvar END: Ctrl-D, with nothing typed that it could delete.
    @cvar SUSPEND: Ctrl-Z.
    """

    INTERRUPT = auto()
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
    A paste or a yank had no room.  Nothing of it has been inserted.

    @ivar maxLine: bytes that a line may have in UTF-8, with its line end.
    @ivar maxLines: how many lines there may be.
    """

    maxLine: int
    maxLines: int


Outcome = Submitted | Request | TooLong


def nothingToComplete(before: str) -> Choices:
    """The L{Completer} of an editor that has none."""
    return Choices(len(before), ())


def _noSecret(text: str) -> bool:
    return False


class LineEditor:
    """
    One person's input line.

    @ivar prompt: stands before what is typed.
    @ivar isHidden: whether a password is being typed: nobody can read it, and
        nothing of it is kept.  A command is shown all the same.
    """

    def __init__(
        self,
        columns: int,
        prompt: str = "> ",
        complete: Completer = nothingToComplete,
        maxLine: int = MAX_LINE,
        maxLines: int = MAX_LINES,
        maxRecalled: int = MAX_RECALLED,
        isSecret: Callable[[str], bool] = _noSecret,
    ) -> None:
        """
        @param columns: how wide the terminal is.
        @param prompt: stands before what is typed.  No control characters.
        @param complete: what Tab asks.
        @param maxLine: bytes per line in UTF-8, with its line end (one byte).
            More is refused with a bell.
        @param maxLines: how many lines a paste may bring.
        @param maxRecalled: how many entered lines Up finds.
        @param isSecret: says of a text that is entered whether Up must not find
            it.
        """
        self.prompt = prompt
        self.isHidden = False
        self._isSecret = isSecret
        self._complete = complete
        self._tooLong = TooLong(maxLine, maxLines)
        self._buffer = LineBuffer(maxLine, maxLines)
        self._recall = Recall(maxRecalled)
        self._row = InputRow(columns)
        self._completion: Completion | None = None
        self._bells = 0
        self._actions: dict[Key, Callable[[], Outcome | None]] = {
            Key.ENTER: self._enter,
            Key.LINE_BREAK: lambda: self._ring(self._buffer.insertWhole("\n")),
            Key.TAB: lambda: self._tab(1),
            Key.BACK_TAB: lambda: self._tab(-1),
            Key.LEFT: lambda: self._move(self._buffer.left()),
            Key.RIGHT: lambda: self._move(self._buffer.right()),
            Key.WORD_LEFT: lambda: self._move(self._buffer.wordLeft()),
            Key.WORD_RIGHT: lambda: self._move(self._buffer.wordRight()),
            Key.HOME: lambda: self._move(0),
            Key.END: lambda: self._move(len(self.text)),
            Key.UP: lambda: self._remember(self._recall.older),
            Key.DOWN: lambda: self._remember(self._recall.newer),
            Key.BACKSPACE: lambda: self._ring(
                self._buffer.delete(self._buffer.left(), self._buffer.cursor)
            ),
            Key.DELETE: self._delete,
            Key.KILL_TO_START: lambda: self._killBack(0),
            Key.KILL_TO_END: lambda: self._killOn(len(self.text)),
            Key.KILL_WORD_LEFT: lambda: self._killBack(self._buffer.wordLeft()),
            Key.KILL_WORD_RIGHT: lambda: self._killOn(self._buffer.wordRight()),
            Key.KILL_BLANK_LEFT: lambda: self._killBack(self._buffer.blankLeft()),
            Key.YANK: lambda: self._ring(self._buffer.yank()),
            Key.TRANSPOSE: lambda: self._ring(self._buffer.transpose()),
            # The next draw then draws the whole row.
            Key.REDRAW: self._row.forget,
            Key.INTERRUPT: self._interrupt,
            Key.END_OF_INPUT: lambda: self._delete() if self.text else Request.END,
            Key.SUSPEND: lambda: Request.SUSPEND,
        }

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

        @return: what is left to do for the owner of the editor, if anything.
        """
        if key not in _KEEP_COMPLETION:
            self._completion = None
        if key not in _KEEP_KILL:
            self._buffer.endKill()
        match key:
            case Text(text):
                self._ring(self._buffer.insert(text))
                return None
            case Paste(text):
                # Copied lines end with a line end that nobody means.
                return self._insertWhole(typed(text).rstrip("\n"))
            case _:
                action = self._actions.get(key)
                return action() if action is not None else None

    def replace(self, text: str) -> None:
        """Have this text in the line instead, with the cursor behind it."""
        self._buffer.replace(text)

    # Screen bytes out.

    def draw(self) -> bytes:
        """
        @return: the bytes that bring the terminal up to date, with a bell where
            a key could do nothing.
        """
        bells, self._bells = self._bells, 0
        before = self.text[: self.cursor]
        shown = (self._shown(self.text), self._shown(before))
        return _BELL * min(bells, 1) + self._row.draw(self.prompt, *shown)

    def redraw(self) -> bytes:
        """
        @return: the bytes that show the row whatever the terminal shows now.
        """
        return self._row.erase() + self.draw()

    def erase(self) -> bytes:
        """
        @return: the bytes that remove the row and leave the cursor at the
            beginning of an empty one.  The next L{draw} brings it back.
        """
        return self._row.erase()

    def printAbove(self, text: str) -> bytes:
        """
        Print text above the row.

        @param text: one line or more, LF between them, none at the end.  It
            goes to the terminal as it is, so it must be safe, and must leave
            colours as it found them.
        @return: the bytes that do it.
        """
        return self.erase() + text.replace("\n", "\r\n").encode() + b"\r\n" + self.draw()

    def resize(self, columns: int) -> bytes:
        """
        @param columns: how wide the terminal is now.
        @return: the bytes that draw the row anew.
        """
        return self._row.resize(columns) + self.draw()

    def _shown(self, text: str) -> str:
        isShown = not self.isHidden or self.text.startswith("/")
        return text if isShown else _HIDDEN * len(cells(text))

    # What keys do.

    def _ring(self, done: bool) -> None:
        if not done:
            self._bells += 1

    def _insertWhole(self, text: str) -> Outcome | None:
        if self._buffer.insertWhole(text):
            return None
        self._ring(False)
        return self._tooLong

    def _move(self, position: int) -> None:
        self._buffer.cursor = position

    def _killBack(self, start: int) -> None:
        self._kill(start, self._buffer.cursor)

    def _killOn(self, end: int) -> None:
        self._kill(self._buffer.cursor, end)

    def _kill(self, start: int, end: int) -> None:
        # What is killed is kept, which a password must not be.
        remove = self._buffer.delete if self.isHidden else self._buffer.kill
        self._ring(remove(start, end))

    def _delete(self) -> None:
        self._ring(self._buffer.delete(self._buffer.cursor, self._buffer.right()))

    def _remember(self, recall: Callable[[str], str | None]) -> None:
        # It keeps what stands in the line.
        text = None if self.isHidden else recall(self.text)
        self._ring(text is not None)
        if text is not None:
            self._buffer.replace(text)

    def _enter(self) -> Outcome:
        text = self.text
        self._keep(text)
        self._buffer.replace("")
        return Submitted(text)

    def _interrupt(self) -> Outcome | None:
        if not self.text:
            return Request.INTERRUPT
        # Up brings it back, should it have been a slip.
        self._keep(self.text)
        self._buffer.replace("")
        return None

    def _keep(self, text: str) -> None:
        if self.isHidden or self._isSecret(text):
            self._recall.leave()
        else:
            self._recall.add(text)

    def _tab(self, step: int) -> None:
        before = self.text[: self.cursor]
        if self.isHidden:
            self._ring(False)
            return
        if self._completion is None:
            choices = self._complete(before)
            if not choices.words:
                self._ring(False)
                return
            self._completion = Completion(choices, before[choices.start :])
            isOnly = len(choices.words) == 1
        else:
            isOnly = False
        completion = self._completion
        self._ring(self._buffer.substitute(completion.start, completion.next(step)))
        if isOnly:
            # The word is whole; another Tab is about the next one.
            self._completion = None


_KEEP_COMPLETION = (Key.TAB, Key.BACK_TAB, Key.REDRAW)
_KEEP_KILL = (
    Key.KILL_TO_START,
    Key.KILL_TO_END,
    Key.KILL_WORD_LEFT,
    Key.KILL_WORD_RIGHT,
    Key.KILL_BLANK_LEFT,
)
