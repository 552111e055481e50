"""
Pruning: taking away lines that are too old or too many, and lines of rooms that were told to
forget them.  It is done in small steps, so that no batch waits long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chat.store.database import fromMicroseconds, isText, setting, toMicroseconds
from chat.store.threads import gently
from chat.store.tokens import indexed

STEP = 500
"""How many lines a step takes away at most."""

_ROOMS = 20
"""How many rooms a step looks at, at most."""

_COLUMNS = "seq, room, id, at, nick, text"
_Row = tuple[int, int, int, int, str, str]


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """
    The limits of what is kept.

    @ivar now: the present time: later ones are in the future.
    @ivar before: lines that were said before this are dropped; L{None} if age does not
        matter.
    @ivar lines: how many lines of each room are kept; 0 for all.
    """

    now: datetime
    before: datetime | None = None
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Pruned:
    """
    The outcome of a step.

    @ivar expired: rooms, each with the last id that is not kept any more.
    @ivar empty: rooms that were told to forget their lines and have none any more.
    @ivar dropped: the rooms that were dropped, each with its last id.
    @ivar floor: see L{chat.store.numbering}.
    @ivar isDone: whether there is nothing more to do now.
    """

    expired: Mapping[str, int]
    empty: tuple[str, ...]
    dropped: Mapping[str, int]
    floor: int
    isDone: bool


@dataclass(slots=True)
class _Doomed:
    """
    The lines that a step takes away.

    @ivar left: how many lines it may still take.
    @ivar rows: the lines, by their places among those of all rooms.
    @ivar swept: the numbers of the rooms that have forgotten everything they were told to.
    """

    left: int = STEP
    rows: dict[int, _Row] = field(default_factory=dict)
    swept: list[int] = field(default_factory=list)

    def add(self, rows: Iterable[_Row]) -> bool:
        """
        @return: whether more rows would fit, so that these were all.
        """
        self.rows.update((row[0], row) for row in rows)
        self.left = STEP - len(self.rows)
        return self.left > 0


class Pruning:
    """
    Makes the steps.  It knows which rooms may have too many lines, so that the others are
    not counted again and again.
    """

    def __init__(self) -> None:
        self._grown: set[int] | None = None

    def grew(self, rooms: Iterable[int]) -> None:
        """
        Learn that rooms have more lines than before.

        @param rooms: their numbers.
        """
        if self._grown is not None:
            self._grown.update(rooms)

    def step(
        self, connection: sqlite3.Connection, limits: RetentionLimits, drops: Mapping[str, int]
    ) -> Pruned:
        """
        Make a step, within a transaction of the caller.

        @param drops: rooms that were found empty before, each with the last id that was
            given in it.  Their rows are deleted if they still are empty.
        """
        if self._grown is None:
            # Before a restart more may have been kept.
            self._grown = {number for (number,) in connection.execute("SELECT number FROM room")}
        dropped = dict(_drop(connection, drops))
        doomed = _Doomed()
        isDone = (
            _addForgotten(connection, doomed)
            and _addOld(connection, doomed, limits)
            and (limits.lines == 0 or self._addSurplus(connection, doomed, limits.lines))
        )
        _delete(connection, doomed)
        return Pruned(
            dict(_markExpired(connection, doomed)),
            _empty(connection),
            dropped,
            setting(connection, "floor"),
            isDone,
        )

    def _addSurplus(self, connection: sqlite3.Connection, doomed: _Doomed, keep: int) -> bool:
        assert self._grown is not None
        for _ in range(_ROOMS):
            if not self._grown:
                return True
            room = self._grown.pop()
            bound = connection.execute(
                "SELECT id FROM line WHERE room = ? ORDER BY id DESC LIMIT 1 OFFSET ?", (room, keep)
            ).fetchone()
            if bound and not doomed.add(_upTo(connection, room, bound[0], doomed.left)):
                self._grown.add(room)
                return False
        return False


def _addForgotten(connection: sqlite3.Connection, doomed: _Doomed) -> bool:
    rooms = connection.execute(
        "SELECT number, floor FROM room WHERE floor > expired LIMIT ?", (_ROOMS + 1,)
    ).fetchall()
    for room, floor in rooms[:_ROOMS]:
        if not doomed.add(_upTo(connection, room, floor, doomed.left)):
            return False
        doomed.swept.append(room)
    return len(rooms) <= _ROOMS


def _addOld(connection: sqlite3.Connection, doomed: _Doomed, limits: RetentionLimits) -> bool:
    if limits.before is None:
        return True
    bound, present = toMicroseconds(limits.before), toMicroseconds(limits.now)
    known = range(present + 1)

    def old() -> Iterator[_Row]:
        # The first one that is not old ends it, so that a clock that was behind for a while
        # takes no line away.  A line from the future is as old as those behind it; otherwise
        # it would keep all of them.
        isOld = wasFuture = False
        for row in connection.execute(
            f"SELECT {_COLUMNS} FROM line ORDER BY seq LIMIT ?", (doomed.left,)
        ):
            # So is a damaged time, of whatever kind.
            isFuture = row[3] not in known
            if not isFuture:
                isOld = row[3] < bound
            elif not wasFuture:
                isOld = behind(row[0])
            if not isOld:
                return
            wasFuture = isFuture
            yield row

    def behind(seq: int) -> bool:
        row = connection.execute(
            "SELECT at < ? FROM line WHERE seq > ? AND at BETWEEN 0 AND ? ORDER BY seq LIMIT 1",
            (bound, seq, present),
        ).fetchone()
        return row is not None and bool(row[0])

    return doomed.add(old())


def _upTo(connection: sqlite3.Connection, room: int, id: int, count: int) -> Iterable[_Row]:
    return connection.execute(
        f"SELECT {_COLUMNS} FROM line WHERE room = ? AND id <= ? ORDER BY id LIMIT ?",
        (room, id, count),
    )


def _delete(connection: sqlite3.Connection, doomed: _Doomed) -> None:
    # The index does not keep the text, so it must be told which tokens to remove.  Which ones a
    # damaged line had is unknown; they stay there without a line, and nothing is found by them.
    last = setting(connection, "unindexed")
    connection.executemany(
        "INSERT INTO word (word, rowid, tokens) VALUES ('delete', ?, ?)",
        (
            (seq, indexed(room, nick, text))
            for seq, room, _, _, nick, text in gently(doomed.rows.values())
            if seq > last and isText(nick) and isText(text)
        ),
    )
    connection.executemany("DELETE FROM line WHERE seq = ?", ((seq,) for seq in doomed.rows))


def _markExpired(connection: sqlite3.Connection, doomed: _Doomed) -> Iterator[tuple[str, int]]:
    lasts = {
        room: last
        for room in {row[1] for row in doomed.rows.values()}
        for (last,) in connection.execute("SELECT last FROM room WHERE number = ?", (room,))
    }
    newest: dict[int, tuple[int, int]] = {}
    for _, room, id, at, *_ in doomed.rows.values():
        # A damaged number says nothing of the lines before it.
        if id in range(1, lasts.get(room, 0) + 1):
            time = at if fromMicroseconds(at) is not None else 0
            newest[room] = max(newest.get(room, (0, 0)), (id, time))
    connection.executemany(
        "UPDATE room SET expired = max(expired, ?), expiredAt = ? WHERE number = ?",
        ((id, at, room) for room, (id, at) in newest.items()),
    )
    connection.executemany(
        "UPDATE room SET expired = max(expired, floor) WHERE number = ?",
        ((room,) for room in doomed.swept),
    )
    connection.executemany(
        "DELETE FROM span WHERE room = ?1"
        " AND number < (SELECT expired + 1 FROM room WHERE room.number = ?1) >> 8",
        ((room,) for room in {*newest, *doomed.swept}),
    )
    for room in {*newest, *doomed.swept}:
        yield connection.execute(
            "SELECT name, expired FROM room WHERE number = ?", (room,)
        ).fetchone()


def _empty(connection: sqlite3.Connection) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT name FROM room WHERE floor > 0 AND expired >= floor AND last <= floor"
        " AND NOT EXISTS (SELECT 1 FROM line WHERE line.room = room.number) LIMIT ?",
        (STEP,),
    )
    return tuple(name for (name,) in rows)


def _drop(connection: sqlite3.Connection, drops: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for name, last in drops.items():
        deleted = connection.execute(
            "DELETE FROM room WHERE name = ? AND expired >= floor AND last <= floor"
            " AND NOT EXISTS (SELECT 1 FROM line WHERE line.room = room.number)"
            " RETURNING number",
            (name,),
        ).fetchone()
        if deleted:
            connection.execute("DELETE FROM span WHERE room = ?", deleted)
            connection.execute(
                "UPDATE setting SET value = max(value, ?) WHERE name = 'floor'", (last,)
            )
            yield name, last
