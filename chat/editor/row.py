"""
The one row of a terminal in which a line is typed: the layout of the row, and
the bytes that make the terminal show it (ECMA-48; xterm's private modes).

Once a terminal has wrapped a row, it is unknown how many rows to erase.  So a
line that is wider than the row is shown in part, and the part follows the
cursor.  The last column stays empty, because terminals disagree about where the
cursor is after a character in it.

Terminals also disagree about the width of an emoji of several code points.  After
such a grapheme the column is set anew, so that the cursor and what follows stand
in the right place in any case; and a row with one is drawn with wrapping
switched off.
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
"""Stands for a line end within the typed text."""

MIN_COLUMNS = 4
"""A narrower terminal is drawn on as if it were this wide."""


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
        """Whether all terminals agree on its width."""
        return len(self.text) == 1


def cells(text: str) -> list[Cell]:
    """
    @return: a cell for each grapheme of a text, in order.  Each is at least a
        column wide, so that the cursor can stand on it.
    """
    return [_cell(grapheme) for grapheme in iter_graphemes(text)]


def _cell(grapheme: str) -> Cell:
    if grapheme == "\n":
        return Cell(LINE_BREAK_MARK, 1)
    width = wcswidth(grapheme)
    # A combining mark that follows nothing is put on a space.
    return Cell(grapheme, width) if width > 0 else Cell(" " + grapheme, 1)


def width(row: Iterable[Cell]) -> int:
    """
    @return: the columns that some cells take.
    """
    return sum(cell.width for cell in row)


class InputRow:
    """
    The row as the terminal shows it, and the bytes that change it.
    """

    def __init__(self, columns: int, charset: str = "utf-8") -> None:
        """
        @param columns: how wide the terminal is.
        @param charset: in which it shows text, as Python names it.
        """
        self._charset = charset
        self.columns = max(columns, MIN_COLUMNS)
        self._first = 0
        # What the terminal shows, and the column of its cursor.
        self._shown: list[Cell] | None = None
        self._column = 0
        # What it is to show, and the bytes that draw it into an empty row.
        self._content: tuple[str, str, str] | None = None
        self._row: list[Cell] = []
        self._cursor = 0
        self._whole = b""

    def draw(self, prompt: str, text: str, before: str) -> bytes:
        """
        @param prompt: stands before the text; cut to half of the row, and left
            out of a very narrow one.
        @param text: what is being typed.
        @param before: the part of the text before the cursor.
        @return: the bytes that make the row show this.
        """
        content = (prompt, text, before)
        if content != self._content:
            prompt, text, before = map(self._showable, content)
            head = self._clip(cells(prompt), self.columns // 2 if self.columns >= 16 else 0)
            tail, cursor = self._window(cells(text), len(cells(before)), width(head))
            self._content = content
            self._row, self._cursor = [*head, *tail], width(head) + cursor
            self._whole = b""
        if self._shown is not None:
            out = self._change()
        else:
            # Lines are printed above far more often than the row changes.
            out = self._whole = self._whole or self._change()
        self._shown, self._column = self._row, self._cursor
        return out

    def erase(self) -> bytes:
        """
        @return: the bytes that empty the row and put the cursor at its start.
        """
        self.forget()
        return _RETURN + _ERASE_TO_END_OF_ROW

    def forget(self) -> None:
        """Assume nothing about what the row shows: the next L{draw} draws all of it."""
        self._shown = None
        self._column = 0

    def resize(self, columns: int) -> bytes:
        """
        Adapt to another width.  Most terminals have then wrapped a row that has
        become too long, and moved the cursor with it.

        @return: the bytes that empty the row, or all rows that it has become.
        """
        self.columns = max(columns, MIN_COLUMNS)
        rows = self._rowsAboveCursor()
        self.forget()
        self._content = None
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

    def _showable(self, text: str) -> str:
        """
        @return: the text with C{?} for each character that the charset lacks.  That has another
            width, so it comes before the columns are counted.
        """
        return text.encode(self._charset, "replace").decode(self._charset)

    @staticmethod
    def _clip(row: Sequence[Cell], columns: int) -> list[Cell]:
        """
        @return: as many of the first cells as fit into some columns.
        """
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

        @param row: the whole text.
        @param cursor: the index of the cell on which the cursor stands.
        @param indent: columns that the prompt takes.
        @return: the cells to show, and the column of the cursor within them.
        """
        room = self.columns - 1 - indent
        if width(row) <= room:
            self._first = 0
            return list(row), width(row[:cursor])
        first = min(self._first, cursor)
        # The cell under the cursor is to be seen as well.
        needed = min(cursor + 1, len(row))
        if width(row[first:needed]) > self._room(room, first) or self._wastes(row, first, room):
            # Put the cursor at two thirds of the row, so that not every key scrolls.
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
        """
        @return: the columns that the marks for more text (C{<} and C{>}) leave.
        """
        return max(room - (2 if first > 0 else 1), 1)

    def _wastes(self, row: Sequence[Cell], first: int, room: int) -> bool:
        """
        @return: whether a window that begins at C{first} leaves columns empty at
            its end.
        """
        return first > 0 and width(row[first - 1 :]) <= self._room(room, first - 1)

    def _change(self) -> bytes:
        """
        @return: the bytes that change what the terminal shows into the row.
        """
        old, row, column = self._shown, self._row, self._column
        if old is None:
            same = column = 0
            out = [_RETURN, _ERASE_TO_END_OF_ROW]
        else:
            out = []
            same = next(
                (at for at, (was, now) in enumerate(zip(old, row, strict=False)) if was != now),
                min(len(old), len(row)),
            )
            if same < max(len(old), len(row)):
                column = width(row[:same])
                out.append(self._goTo(column, self._column))
            if same < len(old):
                out.append(_ERASE_TO_END_OF_ROW)
        fresh = row[same:]
        guarded = not all(cell.isCertain for cell in fresh)
        if guarded:
            out.append(_NO_WRAP)
        for cell in fresh:
            out.append(cell.text.encode(self._charset, "replace"))
            column += cell.width
            if not cell.isCertain:
                out.append(self._goTo(column))
        if guarded:
            out.append(_WRAP)
        out.append(self._goTo(self._cursor, column))
        return b"".join(out)

    @staticmethod
    def _goTo(column: int, now: int | None = None) -> bytes:
        """Put the cursor into a column, counted from 0, unless it is there."""
        if column == now:
            return b""
        return b"\r\x1b[%dC" % column if column else _RETURN
