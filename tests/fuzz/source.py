"""
The bytes of a fuzzer, made into what a property needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle


class Source:
    """
    Bytes that are used up from their beginning. When none are left, every number is 0.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def number(self, below: int) -> int:
        """
        @param below: 256 at most.
        """
        first, self._data = self._data[:1], self._data[1:]
        return first[0] % below if first else 0

    @property
    def isLeft(self) -> bool:
        return bool(self._data)

    def take(self, size: int) -> bytes:
        """
        @return: So many bytes, or as many as are left.
        """
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def pieces(self) -> list[bytes]:
        """
        @return: What is left, cut into pieces of up to four sizes in turn.
        """
        sizes = [self.number(256) for _ in range(self.number(5))]
        return list(_cut(self.rest(), sizes))

    def rest(self) -> bytes:
        rest, self._data = self._data, b""
        return rest

    def text(self) -> str:
        """
        @return: What is left, as UTF-8; a byte that is none is a lone surrogate.
        """
        return self.rest().decode("utf-8", "surrogateescape")


def _cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    start = 0
    for size in cycle(sizes or [0]):
        end = start + size if size else len(data)
        yield data[start:end]
        start = end
        if start >= len(data):
            return


def ways(pieces: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """
    @return: Some pieces, the same in one, and, where they are few, in single bytes.
    """
    data = b"".join(pieces)
    yield pieces
    yield [data]
    if len(data) <= 2048:
        yield [data[place : place + 1] for place in range(len(data))]
