"""
The numbers of lines: none is ever given twice, not even after a power cut.

Delivery does not wait for the disk, so a number is given before its line is
written.  The disk therefore holds a I{mark} for each room, and no number above
it is given.  With every batch of lines the mark is written anew, L{RESERVE} ahead
of the last line.  Whoever opens the store after a crash cannot know which numbers
up to the mark were given, and goes on behind it.

A room that the disk does not know begins behind the I{floor}, which is one value
for all of them, and may go L{RESERVE} beyond it.  A crash raises the floor by as
much.  Who deletes a room raises it to the last number of that room.

Here is only the counting; the marks come from L{chat.store.opening} and
L{chat.store.writer}.
"""

from __future__ import annotations

from collections.abc import Mapping

RESERVE = 20_000
"""
How many numbers may be given ahead of the disk: more than may wait for it
(L{chat.store.backlog.MAX_LINES}), so that no number is wanting before lines are
lost.
"""


class Numbers:
    """
    Counts for every room.
    """

    def __init__(self, floor: int = 0, marks: Mapping[str, tuple[int, int]] | None = None) -> None:
        """
        @param floor: where rooms begin that are not in C{marks}.
        @param marks: for each room the last number that may have been given, and
            the mark on the disk.
        """
        self._floor = floor
        self._reserve = RESERVE
        # The last number, and the greatest that may be given.
        self._rooms: dict[str, list[int]] = {
            room: [last, mark] for room, (last, mark) in (marks or {}).items()
        }

    def next(self, room: str) -> int:
        """
        See L{chat.store.store.Store.nextId}.
        """
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
        See L{chat.store.store.Store.lastId}.
        """
        counted = self._rooms.get(room)
        return self._floor if counted is None else counted[0]

    def isKnown(self, room: str) -> bool:
        """
        @return: whether a number of the room was ever given, as far as is known.
        """
        return room in self._rooms

    def marked(self, room: str, mark: int) -> None:
        """
        A new mark of the room is on the disk.
        """
        counted = self._rooms.setdefault(room, [0, 0])
        # Whoever numbers lines by himself must not get one of these again.
        counted[0] = max(counted[0], mark - RESERVE)
        counted[1] = mark

    def dropped(self, rooms: Mapping[str, int], floor: int) -> None:
        """
        Rooms are no longer on the disk.

        @param rooms: for each the last number that was given when this was asked
            for.
        @param floor: the floor that is on the disk now, at least as great as any
            of these.
        """
        self._floor = floor
        for room, last in rooms.items():
            counted = self._rooms[room]
            if counted[0] <= last:
                del self._rooms[room]
            else:
                # Somebody spoke meanwhile; he is covered like a room that begins.
                counted[1] = min(counted[1], floor + RESERVE)

    def end(self) -> dict[str, int]:
        """
        Give no more numbers.

        @return: the last number of each room, which can be its mark now.
        """
        self._reserve = 0
        for counted in self._rooms.values():
            counted[1] = counted[0]
        return {room: last for room, (last, _) in self._rooms.items()}
