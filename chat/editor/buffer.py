"""
The text that is being typed, and what can be done to it.

A position is an index into the text and always lies between two grapheme
clusters (Unicode Standard Annex 29): a base with its combining marks, or an
emoji made of several, is one thing to every movement and every deletion.

The text may have several lines, because a paste may.  LF stands between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate, pairwise, takewhile
from unicodedata import category

from wcwidth import iter_graphemes

MAX_TEXT = 50 * 1024
"""Bytes that may be typed or pasted in UTF-8 before Enter sends them."""

MAX_LINES = 50
"""How many lines may be typed or pasted before Enter sends them."""

_BLANKS = re.compile("[\t\v\f\x85\u2028\u2029]")

# What stands for a byte that is no text (PEP 383).
_UNDECODABLE = re.compile("[\udc80-\udcff]")

# The format characters (category Cf) that are typed: the joiners.  All others are
# invisible and would only get in the way of the cursor.
_JOINERS = "\u200c\u200d"


def typed(text: str) -> str:
    """
    @return: the part of a text that can be typed: without controls, surrogates,
        and invisible characters that join nothing.  LF stays, and so does what
        stands for a byte that is no text; a tab becomes a space.
    """
    return "".join(
        char
        for char in _BLANKS.sub(" ", text)
        if char == "\n"
        or char in _JOINERS
        or category(char) not in {"Cc", "Cf", "Cs"}
        or _UNDECODABLE.match(char)
    )


def isText(text: str) -> bool:
    """
    @return: whether no byte in what was typed is none in the charset of the terminal.
    """
    return not _UNDECODABLE.search(text)


def withMarks(text: str) -> str:
    """
    @return: the text with U+FFFD for each byte that is no text.
    """
    return _UNDECODABLE.sub("\ufffd", text)


class LineBuffer:
    """
    A bounded text with a cursor, and the text that was killed last.

    @ivar text: what has been typed.
    @ivar cursor: where the next character goes, in code points.
    """

    def __init__(self, maxText: int = MAX_TEXT, maxLines: int = MAX_LINES) -> None:
        """
        @param maxText: bytes of the text in UTF-8.
        @param maxLines: lines at most.
        """
        self.text = ""
        self.cursor = 0
        self._maxText = maxText
        self._maxLines = maxLines
        self._killed = ""
        self._isKilling = False

    def replace(self, text: str) -> None:
        """Hold this text instead, with the cursor behind it."""
        self.text = text
        self.cursor = len(text)

    def boundaries(self) -> list[int]:
        """
        @return: every position that the cursor can have, ascending: 0, …, the
            length of the text.
        """
        return [0, *accumulate(map(len, iter_graphemes(self.text)))]

    def _fits(self, text: str) -> bool:
        return text.count("\n") < self._maxLines and _sizeOf(text) <= self._maxText

    # Inserting.

    def insert(self, text: str) -> bool:
        """
        Insert at the cursor as much of a text as there is room for.

        @return: whether all of it found room.
        """
        text = typed(text)
        if self.insertWhole(text):
            return True
        room = self._maxText - _sizeOf(self.text)
        sizes = accumulate(map(_sizeOf, text))
        self.insertWhole(text[: sum(1 for _ in takewhile(lambda size: size <= room, sizes))])
        return False

    def insertWhole(self, text: str) -> bool:
        """
        Insert a text at the cursor if there is room for all of it.

        @return: whether it has been inserted.
        """
        return self.substitute(self.cursor, text)

    def substitute(self, start: int, text: str) -> bool:
        """
        Put a text in place of the one between C{start} and the cursor, if there
        is room for all of it.

        @return: whether it has been put there.
        """
        new = self.text[:start] + text + self.text[self.cursor :]
        if not self._fits(new):
            return False
        self._set(new, start + len(text))
        return True

    def _set(self, text: str, cursor: int) -> None:
        self.text = text
        # The text may have grown together with what follows the cursor.
        self.cursor = next(position for position in self.boundaries() if position >= cursor)

    # Moving.  Each returns the position where a movement of the cursor would end.

    def start(self) -> int:
        """The beginning of the text."""
        return 0

    def end(self) -> int:
        """The end of the text."""
        return len(self.text)

    def left(self) -> int:
        """One grapheme to the left."""
        return max((at for at in self.boundaries() if at < self.cursor), default=0)

    def right(self) -> int:
        """One grapheme to the right."""
        return min((at for at in self.boundaries() if at > self.cursor), default=len(self.text))

    def wordLeft(self) -> int:
        """The beginning of the word at or before the cursor, a run of letters, digits and C{_}."""
        return self._backOver(_isWord)

    def blankLeft(self) -> int:
        """The same for a word that is everything between two blanks."""
        return self._backOver(_isInk)

    def wordRight(self) -> int:
        """The end of the word at or behind the cursor."""
        inside = False
        for start, end in pairwise(self.boundaries()):
            if start >= self.cursor:
                if _isWord(self.text[start:end]):
                    inside = True
                elif inside:
                    return start
        return len(self.text)

    # Deleting.

    def delete(self, to: int) -> bool:
        """
        Delete what stands between the cursor and another position.

        @return: whether anything did.
        """
        start, end = sorted((self.cursor, to))
        self._set(self.text[:start] + self.text[end:], start)
        return start < end

    def kill(self, to: int) -> bool:
        """
        L{delete}, and keep the text for L{yank}.  Texts that are killed in a row
        are kept together, up to L{endKill}.

        @return: whether there was anything to kill.
        """
        start, end = sorted((self.cursor, to))
        killed = self.text[start:end]
        if not killed:
            return False
        if not self._isKilling:
            self._killed = killed
        elif to < self.cursor:
            self._killed = killed + self._killed
        else:
            self._killed += killed
        self._isKilling = True
        return self.delete(to)

    def endKill(self) -> None:
        """Let the next L{kill} begin anew: something else was done meanwhile."""
        self._isKilling = False

    def yank(self) -> bool:
        """
        Insert what was killed last.

        @return: whether there was any, and room for it.
        """
        return bool(self._killed) and self.insertWhole(self._killed)

    def transpose(self) -> bool:
        """
        Exchange the graphemes around the cursor, or at the end the last two.

        @return: whether there were two.
        """
        boundaries = self.boundaries()
        index = min(boundaries.index(self.cursor), len(boundaries) - 2)
        if index < 1:
            return False
        start, middle, end = boundaries[index - 1 : index + 2]
        text = self.text
        swapped = text[middle:end] + text[start:middle]
        self._set(text[:start] + swapped + text[end:], end)
        return True

    def _backOver(self, belongs: Callable[[str], bool]) -> int:
        inside = False
        for start, end in reversed(list(pairwise(self.boundaries()))):
            if end <= self.cursor:
                if belongs(self.text[start:end]):
                    inside = True
                elif inside:
                    return end
        return 0


def _sizeOf(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _isWord(grapheme: str) -> bool:
    return grapheme[0].isalnum() or grapheme[0] == "_"


def _isInk(grapheme: str) -> bool:
    return not grapheme.isspace()
