"""
Where a line of text may be broken: behind spaces, and around ideographs, which have none.

This is the part of the Unicode Line Breaking Algorithm (Unicode Standard Annex 14) that shows
in a chat: closing punctuation begins no row, opening punctuation ends none.  Rows of a terminal
are broken so (L{chat.editor.wrapping}), and messages too long for one line (L{parts}).
"""

from __future__ import annotations

from unicodedata import category, east_asian_width

from wcwidth import iter_graphemes

SPACES = " \u3000"
"""The spaces behind which a row may end; others, such as U+00A0, keep words together."""

# Besides the categories of punctuation: marks of repetition and of length, and small kana,
# belong to the character before them; units belong to their number.
_CLOSING = frozenset("々〻ゝゞヽヾーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ℃")
# These open what follows, though Unicode counts them as other punctuation: #lobby, @bob.
_OPENING = frozenset("#@&＃＠＆")
_QUOTES = frozenset("\"'")


def pieces(text: str) -> list[str]:
    """
    @return: the text in pieces, in order and with nothing left out.  A row may end behind each
        piece, without the spaces at its end.
    """
    found: list[str] = []
    begun = before = ""
    for grapheme in iter_graphemes(text):
        if begun and _mayBreak(before, grapheme):
            found.append(begun)
            begun = ""
        begun += grapheme
        before = grapheme
    return [*found, begun] if begun else found


def parts(text: str, size: int) -> list[str]:
    """
    Cut a text into parts of a size, between words where possible.

    @param size: bytes that a part may have in UTF-8: 4 or more.
    @return: the parts, without spaces where they were cut; one, if the text is no larger.
    """
    if _sizeOf(text) <= size:
        return [text]
    found: list[str] = []
    part = ""
    for piece in pieces(text):
        ink = piece.rstrip(SPACES)
        if _sizeOf(part + ink) > size and _sizeOf(ink) <= size:
            found.append(part.rstrip(SPACES))
            part = ""
        for atom in [piece] if _sizeOf(part + ink) <= size else _atoms(piece, size):
            if _sizeOf(part + atom.rstrip(SPACES)) > size:
                found.append(part.rstrip(SPACES))
                part = ""
            part += atom
    return list(filter(None, [*found, part.rstrip(SPACES)]))


def _mayBreak(before: str, after: str) -> bool:
    if after in SPACES:
        return False
    if before in SPACES:
        return True
    if _isClosing(after) or _isOpening(before):
        return False
    return _isIdeographic(before) or _isIdeographic(after)


def _isIdeographic(grapheme: str) -> bool:
    """Whether it is as wide as an ideograph.  Hangul is, but Korean has spaces."""
    first = grapheme[0]
    if "\u1100" <= first <= "\u11ff" or "\uac00" <= first <= "\ud7a3":
        return False
    return east_asian_width(first) in ("W", "F")


def _isClosing(grapheme: str) -> bool:
    first = grapheme[0]
    if first in _OPENING:
        return False
    return first in _CLOSING or category(first) in ("Pe", "Pf", "Po", "Pd")


def _isOpening(grapheme: str) -> bool:
    first = grapheme[0]
    return first in _OPENING or first in _QUOTES or category(first) in ("Ps", "Pi", "Sc")


def _atoms(piece: str, size: int) -> list[str]:
    """The graphemes of a piece; the characters of one that is larger than a part."""
    return [
        atom
        for grapheme in iter_graphemes(piece)
        for atom in ([grapheme] if _sizeOf(grapheme) <= size else grapheme)
    ]


def _sizeOf(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
