"""
The newest lines of the rooms that people come into, in memory.

Whoever comes into a room is told its last lines, and begins to listen in the same
moment.  So for most of those who come there must be no disk in between.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

from chat.store.extracts import Found
from chat.vocabulary.events import Line

MAX_ROOMS = 1000
"""How many rooms are remembered: those in which something happened last."""


class _Tail:
    """
    @ivar lines: oldest first.
    @ivar isWhole: whether the room has no lines but these.
    """

    __slots__ = ("isWhole", "lines")

    def __init__(self, lines: Iterable[Line], isWhole: bool, size: int) -> None:
        self.lines = deque(lines, size)
        self.isWhole = isWhole


class Tails:
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
        # Those that have lines which are not here.
        self._elsewhere = set(rooms)

    def append(self, line: Line) -> None:
        """
        There is another line.
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
        @return: the newest C{count} lines, if they are here or there are none.
        """
        tail = self._tails.get(room)
        if tail is None:
            return None if room in self._elsewhere else Found()
        self._tails.move_to_end(room)
        if not tail.isWhole and len(tail.lines) < count:
            return None
        return Found(list(tail.lines)[-count:] if count > 0 else ())

    def found(self, room: str, lines: Sequence[Line], isWhole: bool) -> None:
        """
        The newest lines of a room have been read from the disk.

        @param lines: oldest first.
        @param isWhole: whether there are no older ones.
        """
        if room not in self._tails:
            isWhole = isWhole and len(lines) <= self._size
            self._add(room, _Tail(lines, isWhole, self._size))
            self._elsewhere.discard(room)

    def expired(self, room: str, id: int) -> None:
        """
        The lines of a room up to an id are no more.
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
        All lines of a room are no more.
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
