"""
The replays that were told last, as bytes.

All users of a crowd that enters a room are told the same lines.  To render them anew
for each user would cost several times what all the rest of entering does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from chat.interfaces import Extract, Rendering
from chat.vocabulary.events import Missed

MAX_COUNT = 64
"""
How many replays are remembered: those of some renderings in each of the few rooms that
a crowd enters.
"""

MAX_SIZE = 1024 * 1024
"""
How many bytes all of them have at the most: some of the longest that there may be, or
all of a usual length.
"""

# The ends of what is told, how many lines it has, and what is missing.
_Content = tuple[int, int, int, bool, tuple[Missed, ...]]


class Replays:
    """
    The newest replay of each room and rendering.
    """

    def __init__(self) -> None:
        # The replay that was told last is at the end.
        self._told: OrderedDict[tuple[Rendering, str], tuple[_Content, bytes]] = OrderedDict()
        self._size = 0

    def bytesOf(
        self, rendering: Rendering, room: str, extract: Extract, render: Callable[[], bytes]
    ) -> bytes:
        """
        @param extract: what is to be told.
        @param render: makes bytes of all of it, in this rendering; called where they are
            not remembered.
        @return: them.
        """
        key, content = (rendering, room), _contentOf(extract)
        told = self._told.get(key)
        if told is not None and told[0] == content:
            self._told.move_to_end(key)
            return told[1]
        data = render()
        self._forget(key)
        self._told[key] = content, data
        self._size += len(data)
        while len(self._told) > MAX_COUNT or self._size > MAX_SIZE:
            self._forget(next(iter(self._told)))
        return data

    def _forget(self, key: tuple[Rendering, str]) -> None:
        told = self._told.pop(key, None)
        if told is not None:
            self._size -= len(told[1])


def _contentOf(extract: Extract) -> _Content:
    """
    @return: a value that differs for two extracts of the newest lines of a room.  An id
        is never given twice, and lines go away from the oldest on, so those between need
        not be looked at.
    """
    lines = extract.lines
    first, last = (lines[0].id, lines[-1].id) if lines else (0, 0)
    return first, last, len(lines), extract.more, extract.missed
