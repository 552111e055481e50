"""
Lines out of bytes.
"""

from __future__ import annotations


class LineSplitter:
    """
    Splits at LF, without its CR.  Each byte is looked at once, however small the
    pieces are in which a line arrives.
    """

    def __init__(self, limit: int) -> None:
        """
        @param limit: bytes of a line that has no end yet.
        """
        self._limit = limit
        self._pieces: list[bytes] = []
        self._length = 0

    def receive(self, data: bytes) -> list[bytes]:
        """
        @return: the lines that are complete now, without their ends.
        """
        *lines, rest = data.split(b"\n")
        if lines and self._pieces:
            lines[0] = b"".join([*self._pieces, lines[0]])
            self._pieces.clear()
            self._length = 0
        if rest:
            self._pieces.append(rest)
            self._length += len(rest)
        return [line.removesuffix(b"\r") for line in lines]

    @property
    def isOverfull(self) -> bool:
        """Whether a line without an end is longer than the limit."""
        return self._length > self._limit
