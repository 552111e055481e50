"""
A history that lives as long as the process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from twisted.internet.defer import Deferred, succeed

from chat.events import Line

KEEP_LINES = 1000
"""How many lines of a room are kept unless asked otherwise."""


class MemoryHistory:
    """
    See L{chat.interfaces.History}.
    """

    def __init__(self, keep: int = KEEP_LINES) -> None:
        """
        @param keep: how many lines of each room.
        """
        self._keep = keep
        self._rooms: dict[str, deque[Line]] = {}

    def append(self, event: Line) -> None:
        """See L{chat.interfaces.Recorder.append}; it is done at once."""
        lines = self._rooms.get(event.room)
        if lines is None:
            lines = self._rooms[event.room] = deque(maxlen=self._keep)
        lines.append(event)

    def recent(self, room: str, count: int) -> Deferred[Sequence[Line]]:
        """See L{chat.interfaces.History.recent}."""
        lines = self._rooms.get(room, deque())
        return succeed(list(islice(lines, max(0, len(lines) - count), None)))
