"""
The backlog: lines and records that wait for the disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import chain

from twisted.internet.defer import Deferred

from chat.vocabulary.events import Line
from chat.vocabulary.records import Record

MAX_LINES = 10_000
"""How many lines may wait."""

MAX_BATCH = 1000
"""How many lines are written at a time."""

Key = tuple[type[Record], str]
"""The kind of a record, and its key."""


@dataclass(slots=True)
class Change:
    """
    A record that is to be kept or removed.

    @ivar record: as it is to be kept, or L{None} when it is to be removed.
    @ivar done: fired when that is on the disk.
    """

    record: Record | None
    done: list[Deferred[None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    """
    Everything that is written together.

    @ivar changes: of records.
    @ivar forgets: rooms, each with the last id that is to be forgotten.
    """

    lines: list[Line] = field(default_factory=list)
    changes: dict[Key, Change] = field(default_factory=dict)
    forgets: dict[str, int] = field(default_factory=dict)


class Backlog:
    """
    A bounded queue of lines, records and rooms to be forgotten.  At most one batch is taken
    at a time, and it can be put back.
    """

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._changes: dict[Key, Change] = {}
        self._forgets: dict[str, int] = {}
        self._taken = Batch()

    def append(self, line: Line) -> int:
        """
        @return: how many lines wait now, not counting the batch that is taken, or 0 if there
            was no space for this one.
        """
        waiting = len(self._lines)
        if waiting + len(self._taken.lines) >= MAX_LINES:
            return 0
        self._lines.append(line)
        return waiting + 1

    @property
    def size(self) -> int:
        """How many lines wait, the batch that is taken included."""
        return len(self._lines) + len(self._taken.lines)

    def change(self, key: Key, record: Record | None) -> Deferred[None]:
        """
        @return: fires when the record, or a newer one with the same key, is on the disk.
        """
        done: Deferred[None] = Deferred()
        change = self._changes.setdefault(key, Change(record))
        change.record = record
        change.done.append(done)
        return done

    def forget(self, room: str, floor: int) -> None:
        """
        Have the lines of a room up to an id forgotten.
        """
        self._forgets[room] = floor

    def isEmpty(self) -> bool:
        """
        @return: whether nothing waits, not counting the batch that is taken.
        """
        return not (self._lines or self._changes or self._forgets)

    def isFull(self) -> bool:
        """
        @return: whether the lines of a whole batch wait.
        """
        return len(self._lines) >= MAX_BATCH

    def take(self) -> Batch:
        """
        @return: what is to be written next.
        """
        count = min(MAX_BATCH, len(self._lines))
        lines = [self._lines.popleft() for _ in range(count)]
        self._taken = Batch(lines, self._changes, self._forgets)
        self._changes, self._forgets = {}, {}
        return self._taken

    def drop(self) -> Batch:
        """
        Forget the batch that was taken, since it is on the disk.

        @return: that batch.
        """
        taken, self._taken = self._taken, Batch()
        return taken

    def putBack(self) -> None:
        """
        Queue the batch that was taken again, since it could not be written.
        """
        taken = self.drop()
        self._lines.extendleft(reversed(taken.lines))
        self._forgets = taken.forgets | self._forgets
        for key, newer in self._changes.items():
            older = taken.changes.get(key)
            if older is not None:
                newer.done[:0] = older.done
        self._changes = taken.changes | self._changes

    def lines(self, rooms: Collection[str]) -> list[Line]:
        """
        @return: the lines of these rooms that are not on the disk yet.
        """
        return [line for line in chain(self._taken.lines, self._lines) if line.room in rooms]

    def changes(self) -> Iterator[tuple[Key, Record | None]]:
        """
        @return: the records that are not on the disk yet, or L{None} for a removal; of two
            with the same key the last one counts.
        """
        for key, change in chain(self._taken.changes.items(), self._changes.items()):
            yield key, change.record

    def clear(self) -> Batch:
        """
        @return: everything that has not been written, taken or not.
        """
        self.putBack()
        batch = Batch(list(self._lines), self._changes, self._forgets)
        self._lines, self._changes, self._forgets = deque(), {}, {}
        return batch
