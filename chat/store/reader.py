"""
What reads, in a thread of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from chat.interfaces import RecordT
from chat.store.database import COLUMNS, connect, fromMicroseconds, lineFrom, toMicroseconds
from chat.store.extracts import Found
from chat.store.serialization import KINDS, parseAll
from chat.store.threads import gently
from chat.store.tokens import Phrase, expression
from chat.vocabulary.events import Line
from chat.vocabulary.records import Record

T = TypeVar("T")

# A line takes three microseconds to make, so the reactor waits for 0.1 ms at most.
_GENTLY = 32


class Reader:
    """
    Its methods raise L{sqlite3.Error} when the disk or the file is at fault, or when
    they were interrupted.
    """

    def __init__(self, path: str) -> None:
        """
        @param path: absolute.
        """
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._isInterrupted = False

    def read(self, question: Callable[[Reader], T]) -> T:
        """
        Have one question answered.  All that is found is of one moment.
        """
        try:
            connection = self._connected()
            connection.execute("BEGIN")
            try:
                return question(self)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()
            raise

    def interrupt(self) -> None:
        """
        Stop reading as soon as possible.  This is for other threads; C{read} must be
        called anew after L{resume} only.
        """
        self._isInterrupted = True
        connection = self._connection
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.interrupt()

    def resume(self) -> None:
        """
        Let there be questions again, after the interrupted one has ended.
        """
        self._isInterrupted = False

    def close(self) -> None:
        """
        Close the connection, until there is another question.
        """
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def newest(self, room: str, count: int, floor: int) -> Found:
        """
        @param floor: up to which id the lines of the room are no more.
        @return: the last C{count} lines.
        """
        known = self._room(room)
        if known is None:
            return Found()
        number, expired, expiredAt = known
        rows = self._rows(
            f"SELECT {COLUMNS} FROM line WHERE room = ? AND id > ? ORDER BY id DESC LIMIT ?",
            (number, max(floor, expired), count),
        )
        return Found(_lines(room, rows)[::-1], max(floor, expired), expiredAt)

    def after(self, room: str, id: int, count: int, floor: int) -> Found:
        """
        @return: the first C{count} lines after C{id}.
        """
        known = self._room(room)
        if known is None:
            return Found()
        number, expired, expiredAt = known
        rows = self._rows(
            f"SELECT {COLUMNS} FROM line WHERE room = ? AND id > ? ORDER BY id LIMIT ?",
            (number, max(id, floor, expired), count),
        )
        return Found(_lines(room, rows), max(floor, expired), expiredAt)

    def since(self, room: str, at: datetime, count: int, floor: int) -> Found:
        """
        @return: the first C{count} lines that were said at C{at} or later.
        """
        known = self._room(room)
        if known is None:
            return Found()
        # The lines of a room come in the order of time, so there is a place between
        # two of them; an index of the times would be larger than the lines.
        number, expired, _ = known
        [(last,)] = self._rows("SELECT max(id) FROM line WHERE room = ?", (number,))
        low, high, bound = max(floor, expired) + 1, (last or 0) + 1, toMicroseconds(at)
        while low < high:
            middle = (low + high) // 2
            row = next(
                self._rows(
                    "SELECT id, at FROM line WHERE room = ? AND id >= ? ORDER BY id LIMIT 1",
                    (number, middle),
                ),
                None,
            )
            if row is None or row[1] >= bound:
                high = middle
            else:
                low = row[0] + 1
        return self.after(room, low - 1, count, floor)

    def search(
        self, wanted: Collection[Phrase], rooms: Sequence[str], nick: str, count: int
    ) -> list[Line]:
        """
        @return: the newest C{count} lines with all phrases, newest first.
        """
        marks = ", ".join("?" * len(rooms))
        known = [
            number
            for (number,) in self._rows(f"SELECT number FROM room WHERE name IN ({marks})", rooms)
        ]
        if not known:
            return []
        # The index leads, newest first, so it is read no further than needed.
        rows = self._rows(
            f"SELECT room.name, {COLUMNS} FROM word CROSS JOIN line ON line.seq = word.rowid"
            " CROSS JOIN room ON room.number = line.room"
            " WHERE word MATCH ? AND line.id > room.floor"
            " ORDER BY word.rowid DESC LIMIT ?",
            (expression(wanted, known, nick), count),
        )
        return [lineFrom(*row) for row in gently(rows, _GENTLY)]

    def records(self, kind: type[RecordT]) -> list[Record]:
        """
        @return: all records of a kind, in the order of their keys.
        """
        rows = self._rows(
            "SELECT kind, key, value FROM fact WHERE kind = ? ORDER BY key", (KINDS[kind],)
        )
        return list(parseAll(rows))

    def _room(self, name: str) -> tuple[int, int, datetime | None] | None:
        """
        @return: its number, up to which id its lines are no more, and when the newest
            of those that have expired was said.
        """
        for number, expired, at in self._rows(
            "SELECT number, max(floor, expired), expiredAt FROM room WHERE name = ?", (name,)
        ):
            return number, expired, None if at is None else fromMicroseconds(at)
        return None

    def _rows(self, statement: str, parameters: Sequence[object]) -> Iterator[tuple[Any, ...]]:
        # Between two statements there is nothing that SQLite could interrupt.
        if self._isInterrupted:
            raise sqlite3.OperationalError("interrupted")
        assert self._connection is not None
        return self._connection.execute(statement, parameters)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path)
            self._connection.execute("PRAGMA query_only = ON")
        return self._connection


def _lines(room: str, rows: Iterable[tuple[Any, ...]]) -> list[Line]:
    return [lineFrom(room, *row) for row in gently(rows, _GENTLY)]
