"""
Lines out of bytes, however the bytes are cut.

LF, CRLF, CR NUL (RFC 854, what telnet sends for Enter in character mode) and a
lone CR each end a line; a pair that is split over two reads is one end.  The
work is linear in the number of bytes, and what is kept of a line that is too
long is only its length.
"""

from __future__ import annotations

import re
from collections import deque
from enum import Enum

MAX_LINE = 1024
"""The longest line, in bytes, with its end."""

MAX_ENDLESS = 16 * 1024
"""How many bytes may come without a line end."""

_ENDS = re.compile(rb"\r\n|\r\x00|\n|\r")


class Broken(Enum):
    """What can come instead of a line."""

    TOO_LONG = "a line longer than the limit, which is over"
    ENDLESS = "too much without a line end; nothing comes after it"


class LineFramer:
    """
    Put bytes in with L{receive}, take lines out with L{next}.
    """

    def __init__(self, maxLine: int = MAX_LINE, maxEndless: int = MAX_ENDLESS) -> None:
        """
        @param maxLine: bytes, line end included.
        @param maxEndless: bytes.
        """
        self._maxLine = maxLine
        self._maxEndless = maxEndless
        self._frames: deque[bytes | Broken] = deque()
        self._partial: list[bytes] = []
        self._partialSize = 0
        self._held = b""
        self._afterCR = False
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
        if self._held:
            data, self._held = self._held + data, b""
        start = 0
        for end in _ENDS.finditer(data):
            if end.end() == len(data) and end[0] == b"\r":
                if self._partialSize + end.start() - start == self._maxLine - 1:
                    # Whether this line is too long, the next byte decides.
                    break
                self._afterCR = True
            self._keep(data[start : end.start()])
            if self._endless:
                return
            self._finish(len(end[0]))
            start = end.end()
        if data.endswith(b"\r") and start < len(data):
            self._held = b"\r"
            data = data[:-1]
        self._keep(data[start:])

    def end(self) -> None:
        """
        No more bytes will come: what is there without a line end is a line.
        """
        if self._partialSize and not self._endless:
            self._held = b""
            self._finish(1)

    def next(self) -> bytes | Broken | None:
        """
        @return: the next line without its end, L{Broken}, or L{None} where none
            is complete.
        """
        return self._frames.popleft() if self._frames else None

    def _keep(self, piece: bytes) -> None:
        self._partialSize += len(piece)
        if self._partialSize < self._maxLine:
            self._partial.append(piece)
        else:
            self._partial.clear()
        if self._partialSize > self._maxEndless:
            self._endless = True
            self._frames.append(Broken.ENDLESS)

    def _finish(self, endSize: int) -> None:
        if self._partialSize + endSize <= self._maxLine:
            self._frames.append(b"".join(self._partial))
        else:
            self._frames.append(Broken.TOO_LONG)
        self._partial.clear()
        self._partialSize = 0
