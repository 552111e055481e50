"""
The newest lines of busy rooms, in memory.

A user who enters a room is told its last lines, and begins to listen in the same moment.
So for most users the disk must not come in between.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

from chat.store.extracts import Found
from chat.vocabulary.events import Line

MAX_ROOMS = 1000
"""How many rooms are remembered: the ones that something happened in last."""


class _Tail:
    """
    The last lines of one room.

    @ivar lines: oldest first.
    @ivar isWhole: whether the room has no lines but these.
    @ivar last: see L{Found}.
    """

    __slots__ = ("isWhole", "last", "lines")

    def __init__(self, lines: Iterable[Line], isWhole: bool, size: int, last: int = 0) -> None:
        self.lines = deque(lines, size)
        self.isWhole = isWhole
        self.last = last


class RecentLines:
    """
    The last lines of some rooms.
    """

    def __init__(self, size: int, rooms: Iterable[str] = ()) -> None:
        """
        @param size: how many lines of a room are kept here.
        @param rooms: those that have lines on the disk.
        """
        self._size = size
        self._tails: OrderedDict[str, _Tail] = OrderedDict()
        # The rooms that have lines which are not here.
        self._elsewhere = set(rooms)

    def append(self, line: Line) -> None:
        """
        Add a line that has been said.
        """
        room = line.room
        tail = self._tails.get(room)
        if tail is None:
            if room in self._elsewhere:
                return
            tail = self._add(room, _Tail((), True, self._size))
        else:
            self._tails.move_to_end(room)
        if len(tail.lines) == self._size:
            tail.isWhole = False
        tail.lines.append(line)

    def find(self, room: str, count: int) -> Found | None:
        """
        @return: the newest C{count} lines, or as many as there are; L{None} where only the
            disk knows.
        """
        tail = self._tails.get(room)
        if tail is None:
            return None if room in self._elsewhere else Found()
        self._tails.move_to_end(room)
        if not tail.isWhole and len(tail.lines) < count:
            return None
        return Found(list(tail.lines)[-count:] if count > 0 else (), last=tail.last)

    def found(self, room: str, lines: Sequence[Line], isWhole: bool, last: int = 0) -> None:
        """
        Keep the newest lines of a room, which have been read from the disk.

        @param lines: oldest first.
        @param isWhole: whether there are no older ones.
        @param last: see L{Found}.
        """
        if room not in self._tails:
            isWhole = isWhole and len(lines) <= self._size
            self._add(room, _Tail(lines, isWhole, self._size, last))
            self._elsewhere.discard(room)

    def expired(self, room: str, id: int) -> None:
        """
        Drop the lines of a room up to an id.
        """
        tail = self._tails.get(room)
        if tail is None:
            return
        lines = tail.lines
        while lines and lines[0].id <= id:
            lines.popleft()
            tail.isWhole = True
        if lines and lines[0].id == id + 1:
            tail.isWhole = True

    def forget(self, room: str) -> None:
        """
        Drop all lines of a room, which are gone from the disk as well.
        """
        self._tails.pop(room, None)
        self._elsewhere.discard(room)

    def _add(self, room: str, tail: _Tail) -> _Tail:
        self._tails[room] = tail
        if len(self._tails) > MAX_ROOMS:
            evicted, old = self._tails.popitem(last=False)
            if old.lines or not old.isWhole:
                self._elsewhere.add(evicted)
        return tail
