"""
The one row of a terminal in which a line is typed: where everything stands in
it, and the bytes that make the terminal show it.

A terminal wraps, and then nobody can say how many rows to erase; so a line that
is wider than the row is shown in part, and the part follows the cursor.  The
last column stays empty, because a terminal whose cursor is "behind" it does not
agree with the next one about where that is.

Nor do terminals agree on how wide an emoji of several code points is.  After
such a grapheme the column is set anew, so that what follows, and the cursor,
stand right in any case; and a row with one is drawn with wrapping switched off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wcwidth import iter_graphemes, wcswidth

_RETURN = b"\r"
_ERASE_TO_END_OF_ROW = b"\x1b[K"
_ERASE_TO_END_OF_SCREEN = b"\x1b[J"
_NO_WRAP = b"\x1b[?7l"
_WRAP = b"\x1b[?7h"

LINE_BREAK_MARK = "↵"
"""How a line end within the typed text is shown."""

MIN_COLUMNS = 4


class Cell(NamedTuple):
    """
    One grapheme as it is shown.

    @ivar text: the characters to write.
    @ivar width: the columns it takes, at least one.
    """

    text: str
    width: int

    @property
    def isCertain(self) -> bool:
        """Whether every terminal takes it for as wide as we do."""
        return len(self.text) == 1


def cells(text: str) -> list[Cell]:
    """
    @return: what to show for each grapheme of a text, in order.  None is less
        than a column wide, so the cursor can be at each.
    """
    return [_cell(grapheme) for grapheme in iter_graphemes(text)]


def _cell(grapheme: str) -> Cell:
    if grapheme == "\n":
        return Cell(LINE_BREAK_MARK, 1)
    width = wcswidth(grapheme)
    # A combining mark with nothing to stand on stands on a space.
    return Cell(grapheme, width) if width > 0 else Cell(" " + grapheme, 1)


def width(row: Iterable[Cell]) -> int:
    """
    @return: columns.
    """
    return sum(cell.width for cell in row)


class InputRow:
    """
    Knows what the terminal shows in the row, and how to change it.
    """

    def __init__(self, columns: int) -> None:
        """
        @param columns: how wide the terminal is.
        """
        self.columns = max(columns, MIN_COLUMNS)
        self._shown: list[Cell] | None = None
        self._column = 0
        self._first = 0

    def draw(self, prompt: str, text: str, before: str) -> bytes:
        """
        @param prompt: what stands before the text; cut to half of the row, and
            left out of one that is very narrow.
        @param text: what is being typed.
        @param before: the part of it that is before the cursor.
        @return: the bytes that change what is shown into this.
        """
        head = self._clip(cells(prompt), self.columns // 2 if self.columns >= 16 else 0)
        tail, cursor = self._window(cells(text), len(cells(before)), width(head))
        return self._change([*head, *tail], width(head) + cursor)

    def erase(self) -> bytes:
        """
        @return: the bytes that empty the row and put the cursor at its
            beginning.
        """
        self.forget()
        return _RETURN + _ERASE_TO_END_OF_ROW

    def forget(self) -> None:
        """What the row shows is not known any more: L{draw} draws all of it."""
        self._shown = None
        self._column = 0

    def resize(self, columns: int) -> bytes:
        """
        The terminal has got another width.  Most terminals flow a row that has
        become too long over several ones then, and the cursor with it.

        @return: the bytes that empty the row, or the rows that it has become.
        """
        self.columns = max(columns, MIN_COLUMNS)
        rows = self._rowsAboveCursor()
        self.forget()
        up = b"\x1b[%dA" % rows if rows else b""
        return _RETURN + up + _ERASE_TO_END_OF_SCREEN

    def _rowsAboveCursor(self) -> int:
        rows = column = position = 0
        for cell in self._shown or ():
            if position >= self._column:
                break
            if column + cell.width > self.columns:
                rows, column = rows + 1, 0
            column += cell.width
            position += cell.width
        return rows + (column >= self.columns)

    @staticmethod
    def _clip(row: Sequence[Cell], columns: int) -> list[Cell]:
        """As much of the beginning as there is room for."""
        kept: list[Cell] = []
        for cell in row:
            columns -= cell.width
            if columns < 0:
                break
            kept.append(cell)
        return kept

    def _window(self, row: Sequence[Cell], cursor: int, indent: int) -> tuple[list[Cell], int]:
        """
        Choose the part of the text to show.

        @param row: all of the text.
        @param cursor: before which cell the cursor is.
        @param indent: columns that are taken already.
        @return: the cells to show, and the column of the cursor in them.
        """
        room = self.columns - 1 - indent
        if width(row) <= room:
            self._first = 0
            return list(row), width(row[:cursor])
        first = min(self._first, cursor)
        # The cursor needs the cell it stands on, too.
        needed = min(cursor + 1, len(row))
        if width(row[first:needed]) > self._room(room, first) or self._wastes(row, first, room):
            # It comes to stand at two thirds, so that not every key scrolls.
            first = needed
            while first > 0 and width(row[first - 1 : needed]) <= self._room(room, 1) * 2 // 3:
                first -= 1
            first = min(first, cursor)
            while self._wastes(row, first, room):
                first -= 1
        self._first = first
        left = [Cell("<", 1)] if first > 0 else []
        shown = self._clip(row[first:], self._room(room, first))
        right = [Cell(">", 1)] if first + len(shown) < len(row) else []
        return [*left, *shown, *right], width(left) + width(row[first:cursor])

    @staticmethod
    def _room(room: int, first: int) -> int:
        """Columns without those for the marks that there is more."""
        return max(room - (2 if first > 0 else 1), 1)

    def _wastes(self, row: Sequence[Cell], first: int, room: int) -> bool:
        """Whether a window that begins here leaves columns empty at its end."""
        return first > 0 and width(row[first - 1 :]) <= self._room(room, first - 1)

    def _change(self, row: list[Cell], cursor: int) -> bytes:
        old = self._shown
        same = 0
        if old is None:
            out = [_RETURN, _ERASE_TO_END_OF_ROW]
            column = 0
        else:
            same = next(
                (at for at, (was, now) in enumerate(zip(old, row, strict=False)) if was != now),
                min(len(old), len(row)),
            )
            column = width(row[:same])
            out = []
            if same < len(old) or same < len(row):
                out.append(self._goTo(column, self._column))
                if same < len(old):
                    out.append(_ERASE_TO_END_OF_ROW)
                self._column = column
            else:
                column = self._column
        fresh = row[same:]
        guarded = not all(cell.isCertain for cell in fresh)
        if guarded:
            out.append(_NO_WRAP)
        for cell in fresh:
            out.append(cell.text.encode())
            column += cell.width
            if not cell.isCertain:
                out.append(self._goTo(column))
        if guarded:
            out.append(_WRAP)
        out.append(self._goTo(cursor, column))
        self._shown, self._column = row, cursor
        return b"".join(out)

    @staticmethod
    def _goTo(column: int, now: int | None = None) -> bytes:
        """Put the cursor into a column, counted from 0, if it is not there."""
        if column == now:
            return b""
        return b"\r\x1b[%dC" % column if column else _RETURN
