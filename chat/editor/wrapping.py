"""
Lines in the rows of a terminal: broken between words, and continued with an indentation.

A terminal by itself breaks a line where its row ends, in the middle of a word, and goes on in
the first column.  There only the marks of notices and the times stand, so the text of a user
must not come there.
"""

from __future__ import annotations

import re

from wcwidth import iter_graphemes

from chat.editor.row import MIN_COLUMNS, cells, width
from chat.vocabulary.pieces import SPACES, pieces

# Colours (SGR; ECMA-48, section 8.3.117) take no column.
_COLOURS = re.compile("(\x1b\\[[0-9;]*m)")


def wrapped(line: str, columns: int, indent: int) -> list[str]:
    """
    @param line: safe for a terminal, without a line end.  It may have colours.
    @param columns: how wide the terminal is.  The last column stays empty, as in
        L{chat.editor.row}.
    @param indent: columns before all rows but the first; no more than a quarter of the row.
    @return: the rows.
    """
    columns = max(columns, MIN_COLUMNS)
    room, indent = columns - 1, min(indent, columns // 4)
    plain = _COLOURS.sub("", line)
    # No character takes more than two columns.
    if 2 * len(plain) <= room or _widthOf(plain) <= room:
        return [line]
    rows: list[str] = []
    behind = 0
    offsets = _offsets(line)
    for end, start in _cuts(plain, room, indent):
        # What stands between two rows is spaces, and perhaps colours.
        at = offsets[end - 1] + 1
        rows.append(line[behind:at] + "".join(_COLOURS.findall(line[at : offsets[start]])))
        behind = offsets[start]
    first, *others = [*rows, line[behind:]]
    return [first, *(" " * indent + row for row in others)]


def _cuts(plain: str, room: int, indent: int) -> list[tuple[int, int]]:
    """
    @return: for each row but the last, where it ends, and where the next one begins.
    """
    cuts: list[tuple[int, int]] = []
    at = column = begun = 0

    def cut() -> None:
        nonlocal begun, column
        cuts.append((max(len(plain[:at].rstrip(SPACES)), begun + 1), at))
        begun, column = at, indent

    for piece in pieces(plain):
        ink = piece.rstrip(SPACES)
        if _widthOf(ink) <= room - indent:
            if column + _widthOf(ink) > room and at > begun:
                cut()
            at += len(ink)
            column += _widthOf(ink)
        elif _isAddress(ink):
            # The terminal itself breaks it, so that it can be opened and copied as one.
            at += len(ink)
            column = (column + len(ink)) % (room + 1)
        else:
            for grapheme in iter_graphemes(ink):
                if column + _widthOf(grapheme) > room and at > begun:
                    cut()
                at += len(grapheme)
                column += _widthOf(grapheme)
        at += len(piece) - len(ink)
        column += _widthOf(piece[len(ink) :])
    return cuts


def _isAddress(piece: str) -> bool:
    """
    @return: whether a piece can only be an address, as of a web page.  It must not look like
        the beginning of another line, which has spaces.
    """
    return "://" in piece and piece.isascii()


def _offsets(line: str) -> list[int]:
    """
    @return: for each character that is no colour, where it stands in the line.
    """
    offsets: list[int] = []
    at = 0
    for index, part in enumerate(_COLOURS.split(line)):
        if index % 2 == 0:
            offsets.extend(range(at, at + len(part)))
        at += len(part)
    return offsets


def _widthOf(text: str) -> int:
    return width(cells(text))
