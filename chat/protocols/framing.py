"""
Lines out of bytes, however the bytes are cut.

LF, CRLF, CR NUL (RFC 854, what telnet sends for Enter in character mode) and a
lone CR each end a line; a pair that is split over two reads is one end.

Lines are looked for when they are taken out, one at a time.  So a turn that does few
lines pays for few, and what waits is the bytes that were read rather than an object for
each line in them.  The work is linear in the number of bytes.  Of a line that is too long
only the length is kept.
"""

from __future__ import annotations

import re
from enum import Enum

from chat.vocabulary.limits import Limits

_END = re.compile(rb"[\r\n]")
_PAIRS = (b"\r\n", b"\r\x00")


class Broken(Enum):
    """What L{LineFramer.next} may return instead of a line."""

    TOO_LONG = "a line longer than the limit, which is over"
    ENDLESS = "too much without a line end; nothing comes after it"


class LineFramer:
    """
    Put bytes in with L{receive}, take lines out with L{next}.

    All that was put in is kept until L{next} comes to it, so take out what is there, or
    stop reading, before more is put in.
    """

    __slots__ = (
        "_afterCR",
        "_data",
        "_dropped",
        "_endless",
        "_inputEnded",
        "_maxEndless",
        "_maxLine",
        "_searched",
        "_start",
    )

    def __init__(
        self, maxLine: float = Limits.maxLine, maxEndless: float = Limits.maxUnended
    ) -> None:
        """
        @param maxLine: bytes, line end included.
        @param maxEndless: bytes.
        """
        self._maxLine = maxLine
        self._maxEndless = maxEndless
        self._data = b""
        # Where the line begins in the data, and up to where its end has been looked for.
        self._start = 0
        self._searched = 0
        # How many bytes of the line were too many to be kept.
        self._dropped = 0
        self._afterCR = False
        self._inputEnded = False
        self._endless = False

    def receive(self, data: bytes) -> None:
        """
        Take in what has been read.
        """
        if not data or self._endless:
            return
        if self._afterCR:
            self._afterCR = False
            if data[0] in b"\n\x00":
                data = data[1:]
        if self._start:
            self._keep(self._searched)
        self._data += data

    def end(self) -> bool:
        """
        Make a line of what has no line end, as no more bytes will come.

        @return: whether that had not been asked for before.
        """
        isNew, self._inputEnded = not self._inputEnded, True
        return isNew

    def next(self) -> bytes | Broken | None:
        """
        @return: the next line without its end, L{Broken}, or L{None} where none
            is complete.
        """
        data, start, over = self._data, self._start, len(self._data)
        if start == over and not self._dropped:
            return None
        found = _END.search(data, self._searched)
        if found is None:
            return self._unended()
        stop = found.start()
        end = stop + (2 if data.startswith(_PAIRS, stop) else 1)
        size = self._dropped + stop - start
        if end == over and data.endswith(b"\r") and not self._inputEnded:
            if size == self._maxLine - 1:
                # The next byte decides whether this line is too long.
                if size > self._maxEndless:
                    return self._tooMuch()
                self._keep(stop)
                return None
            self._afterCR = True
        return self._take(size, stop, end)

    @property
    def rest(self) -> bytes:
        """
        The bytes that L{next} has not come to, without those of a line that is too long.
        """
        return self._data[self._start :]

    @property
    def count(self) -> int:
        """
        About how many lines that is; see L{countOf}.
        """
        return countOf(self._data, self._start)

    def drop(self) -> None:
        """
        Forget the line that has begun.
        """
        self._forget()
        self._dropped = 0

    def _unended(self) -> bytes | Broken | None:
        """Return a line whose end has not come, if no end will come or it is too long."""
        size = self._dropped + len(self._data) - self._start
        if self._inputEnded:
            return self._take(size, len(self._data), len(self._data) + 1)
        if size > self._maxEndless:
            return self._tooMuch()
        if size < self._maxLine:
            self._keep(len(self._data))
        else:
            self._forget()
            self._dropped = size
        return None

    def _take(self, size: int, stop: int, end: int) -> bytes | Broken:
        """
        @param size: how many bytes the line has without its end.
        @param stop: where it stops in the data.
        @param end: where its end is over.
        """
        if size > self._maxEndless:
            return self._tooMuch()
        isTooLong = size + end - stop > self._maxLine
        line = self._data[self._start : stop]
        self._dropped = 0
        if end >= len(self._data):
            self._data = b""
            end = 0
        self._start = self._searched = end
        return Broken.TOO_LONG if isTooLong else line

    def _tooMuch(self) -> Broken:
        self._forget()
        self._dropped = 0
        self._afterCR = False
        self._endless = True
        return Broken.ENDLESS

    def _keep(self, searched: int) -> None:
        """
        Let go of what has been taken.

        @param searched: how far there is no end in the data.
        """
        self._searched = searched - self._start
        if self._start:
            self._data = self._data[self._start :]
            self._start = 0

    def _forget(self) -> None:
        """Let go of all data."""
        self._data = b""
        self._start = self._searched = 0


def countOf(data: bytes, start: int = 0) -> int:
    """
    @return: about how many lines end in some bytes; exactly how many, where all of
        them end in the same way.
    """
    return max(data.count(b"\n", start), data.count(b"\r", start))
