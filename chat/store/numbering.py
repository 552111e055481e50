"""
The ids of lines: none is ever given twice, not even after a power cut.

Delivery does not wait for the disk, so an id is given before its line is written.  The disk
therefore holds a I{mark} for each room, and no id above it is given.  With every batch of
lines the mark is written anew, L{RESERVE} ahead of the last line.  After a crash the next
start cannot know which ids up to the mark were given, so it continues behind the mark,
unless L{chat.store.tally} knows that they were given to the lines that are stored.

A room that the disk does not know begins behind the I{floor}, which is one value for all
such rooms, and may go L{RESERVE} beyond it.  A crash raises the floor by as much.  Deleting
a room raises the floor to the last id of that room.

This module only counts; the marks come from L{chat.store.opening} and
L{chat.store.writer}.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence

RESERVE = 20_000
"""
How many ids may be given ahead of the disk: more than lines may wait for it
(L{chat.store.backlog.MAX_LINES}), so that ids do not run out before lines are lost.
"""


class Numbers:
    """
    Counts the lines of every room.
    """

    def __init__(
        self,
        floor: int = 0,
        marks: Mapping[str, tuple[int, int]] | None = None,
        asked: MutableSequence[int] | memoryview[int] | None = None,
    ) -> None:
        """
        @param floor: rooms that are not in C{marks} begin behind this id.
        @param marks: for each room the last id that may have been given, and the mark on
            the disk.
        @param asked: its first item is incremented before an id is given, and also where there
            is none to give; see L{chat.store.tally}.
        """
        self._asked = [0] if asked is None else asked
        self._floor = floor
        self._reserve = RESERVE
        # The last id that was given, and the greatest that may be.
        self._rooms: dict[str, list[int]] = {
            room: [last, mark] for room, (last, mark) in (marks or {}).items()
        }

    def next(self, room: str) -> int:
        """
        @return: the next id of a room, which is given away now, or 0 when the disk is too
            far behind.
        """
        self._asked[0] += 1
        counted = self._rooms.get(room)
        if counted is None:
            counted = self._rooms[room] = [self._floor, self._floor + self._reserve]
        number = counted[0] + 1
        if number > counted[1]:
            return 0
        counted[0] = number
        return number

    def last(self, room: str) -> int:
        """
        @return: the last id that was given in a room.
        """
        counted = self._rooms.get(room)
        return self._floor if counted is None else counted[0]

    def isKnown(self, room: str) -> bool:
        """
        @return: whether an id of the room was ever given, as far as is known.
        """
        return room in self._rooms

    def rooms(self) -> set[str]:
        """
        @return: all rooms in which an id was ever given, as far as is known.
        """
        return set(self._rooms)

    def marked(self, room: str, mark: int) -> None:
        """
        Learn that a new mark of the room is on the disk.
        """
        counted = self._rooms.setdefault(room, [0, 0])
        # Lines may have come with ids of their own as well, which must not be given again.
        counted[0] = max(counted[0], mark - RESERVE)
        counted[1] = mark

    def dropped(self, rooms: Mapping[str, int], floor: int) -> None:
        """
        Learn that rooms are no longer on the disk.

        @param rooms: for each the last id that was given when dropping it was asked for.
        @param floor: the floor that is on the disk now, at least as great as any of these.
        """
        self._floor = floor
        for room, last in rooms.items():
            counted = self._rooms[room]
            if counted[0] <= last:
                del self._rooms[room]
            else:
                # Something was said there meanwhile; its ids are covered like those of a
                # new room.
                counted[1] = min(counted[1], floor + RESERVE)

    def end(self) -> dict[str, int]:
        """
        Give no more ids.

        @return: the last id of each room, which can be its mark now.
        """
        self._reserve = 0
        for counted in self._rooms.values():
            counted[1] = counted[0]
        return {room: last for room, (last, _) in self._rooms.items()}
