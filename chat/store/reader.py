"""
Reading the database, in a thread with a connection of its own.

L{Questions} is the side of the reactor: a bounded queue of questions, each answered or
given up within L{WITHIN} seconds.  L{DatabaseReader} is the side of the thread.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.interfaces import RecordT
from chat.store.database import (
    COLUMNS,
    connect,
    fromMicroseconds,
    isDamage,
    lineFrom,
    toMicroseconds,
)
from chat.store.extracts import MAX_ID, Found, Query, Since
from chat.store.files import DatabaseFiles
from chat.store.serialization import KINDS, parseAll
from chat.store.threads import Worker, gently
from chat.store.tokens import expression
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from chat.vocabulary.events import Line
from chat.vocabulary.outages import Outage
from chat.vocabulary.records import Record

MAX_WAITING = 100
"""How many questions may wait, not counting the one that is being answered."""

WITHIN = 2.0
"""After how many seconds a question is given up, its time in the queue included."""

MAX_LOGGED = 1000
"""After so many damaged lines further ones are only counted."""

# Making a line takes four microseconds, so the reactor waits for little more than 0.1 ms.
_GENTLY = 32

T = TypeVar("T")


class DatabaseReader:
    """
    Finds lines and records.  Its methods raise L{sqlite3.Error} when the disk or the file
    is at fault, and when they are interrupted.

    Lines that are damaged are left out.  So the statements have no limit: rows are taken one by
    one until there are enough good ones.
    """

    def __init__(self, files: DatabaseFiles) -> None:
        """
        @param files: those of the database.
        """
        self._files = files
        self._connection: sqlite3.Connection | None = None
        self._isInterrupted = False
        self._damaged: list[tuple[str, int]] = []

    def read(self, question: Callable[[DatabaseReader], T]) -> T:
        """
        Answer one question.  Everything it finds is of the same moment.
        """
        try:
            self._files.mend()
            if self._connection is None:
                # Another file than the one that is written tells nothing of this service.
                self._files.check()
                self._connection = connect(self._files.path)
                self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("BEGIN")
            try:
                return question(self)
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()
            raise

    def interrupt(self) -> None:
        """
        Stop reading as soon as possible.  Any thread may call this; L{resume} must be
        called before the next L{read}.
        """
        self._isInterrupted = True
        connection = self._connection
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.interrupt()

    def resume(self) -> None:
        """
        Accept questions again, after the interrupted one has ended.
        """
        self._isInterrupted = False

    def close(self) -> None:
        """
        Close the connection.  The next question opens another.
        """
        if self._connection is not None:
            self._files.disconnect(self._connection)
            self._connection = None

    @property
    def isConnected(self) -> bool:
        """Whether the database is open."""
        return self._connection is not None

    def takeDamaged(self) -> list[tuple[str, int]]:
        """
        @return: the room and the id of each damaged line that was met since the last time.
        """
        damaged, self._damaged = self._damaged, []
        return damaged

    def newest(self, room: str, count: int, floor: int) -> Found:
        """
        @param floor: lines up to this id are not to be found.
        @return: the last C{count} lines.
        """
        found = self._lines(room, 0, count, floor, "DESC")
        return replace(found, lines=found.lines[::-1])

    def after(self, room: str, id: int, count: int, floor: int) -> Found:
        """
        @return: the first C{count} lines after C{id}.
        """
        return self._lines(room, id, count, floor, "ASC")

    def since(self, room: str, asked: Since, count: int, floor: int) -> Found:
        """
        @return: the first C{count} lines since then; see L{chat.store.extracts}.
        """
        known = self._room(room, floor)
        if known is None:
            return Found()
        number, expired, expiredAt, _ = known
        if asked.holds(expiredAt):
            return self.after(room, expired, count, floor)
        at, present = toMicroseconds(asked.at), toMicroseconds(asked.now)
        # The first one whose time is right is looked for only where there are lines since then.
        rows = self._rows(
            "SELECT line.id FROM span CROSS JOIN line ON line.room = span.room"
            " AND line.id BETWEEN span.number << 8 AND span.number << 8 | 255"
            " WHERE span.room = ? AND span.number >= ? >> 8 AND span.newest >= ?"
            " AND line.id > ? AND line.at BETWEEN ? AND ?"
            " ORDER BY span.number, line.id LIMIT 1",
            (number, expired, at, expired, at, present),
        )
        [first] = next(rows, (MAX_ID,))
        # Before it there may be lines from the future.
        rows = self._rows(
            "SELECT id FROM line WHERE room = ? AND id BETWEEN ? AND ? AND at <= ?"
            " ORDER BY id DESC LIMIT 1",
            (number, expired + 1, first - 1, present),
        )
        [before] = next(rows, (expired,))
        return self.after(room, before, count, floor)

    def search(self, query: Query, count: int) -> list[Line]:
        """
        @return: the newest C{count} lines that match, newest first.
        """
        marks = ", ".join("?" * len(query.rooms))
        known = self._rows(f"SELECT number FROM room WHERE name IN ({marks})", query.rooms)
        numbers = [number for (number,) in known]
        if not numbers:
            return []
        # The index leads, newest first, so no more of it is read than needed.
        rows = self._rows(
            f"SELECT room.name, {COLUMNS} FROM word CROSS JOIN line ON line.seq = word.rowid"
            " CROSS JOIN room ON room.number = line.room"
            " WHERE word MATCH ? AND line.id BETWEEN room.floor + 1 AND room.last"
            " ORDER BY word.rowid DESC",
            (expression(query.phrases, numbers, query.nick),),
        )
        return list(islice(self._good(rows), count))

    def records(self, kind: type[RecordT]) -> list[Record]:
        """
        @return: all records of a kind, in the order of their keys.
        """
        rows = self._rows(
            "SELECT kind, key, value FROM fact WHERE kind = ? ORDER BY key", (KINDS[kind],)
        )
        return list(parseAll(rows))

    def _lines(self, room: str, after: int, count: int, floor: int, order: str) -> Found:
        known = self._room(room, floor)
        if known is None:
            return Found()
        number, expired, expiredAt, last = known
        rows = self._rows(
            f"SELECT ?, {COLUMNS} FROM line WHERE room = ? AND id > ? AND id <= ?"
            f" ORDER BY id {order}",
            (room, number, max(after, expired), last),
        )
        before = len(self._damaged)
        lines = list(islice(self._good(rows), count))
        damaged = max((id for _, id in self._damaged[before:]), default=0)
        return Found(lines, expired, expiredAt, damaged)

    def _good(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Line]:
        """
        @param rows: the room of each line, and L{COLUMNS}.
        """
        for row in gently(rows, _GENTLY):
            line = lineFrom(*row)
            if line is None:
                self._damaged.append((row[0], row[1]))
            else:
                yield line

    def _room(self, name: str, floor: int) -> tuple[int, int, datetime | None, int] | None:
        """
        @return: the number of the room, the last id that has expired, when the newest line was
            said that expired by age or number, and the last id.  No line has a greater one, unless
            it is damaged.
        """
        for number, expired, at, last in self._rows(
            "SELECT number, max(floor, expired, ?), expiredAt, last FROM room WHERE name = ?",
            (floor, name),
        ):
            return number, expired, fromMicroseconds(at), last
        return None

    def _rows(self, statement: str, parameters: Sequence[object]) -> Iterator[tuple[Any, ...]]:
        # Between two statements there is nothing that SQLite could interrupt.
        if self._isInterrupted:
            raise sqlite3.OperationalError("interrupted")
        assert self._connection is not None
        return self._connection.execute(statement, parameters)


@dataclass(slots=True, eq=False)
class _Question:
    """
    @ivar asked: called with the reader, in its thread.
    @ivar answer: fires once, when that has been done or given up.
    @ivar limit: gives it up.
    """

    asked: Callable[[DatabaseReader], Any]
    answer: Deferred[Any] = field(default_factory=Deferred)
    limit: IDelayedCall | None = None

    def end(self, result: object) -> None:
        if self.limit is not None and self.limit.active():
            self.limit.cancel()
        if not self.answer.called:
            self.answer.callback(result)


class Questions:
    """
    Has one question answered after the other.
    """

    _log = Logger()

    def __init__(
        self,
        reader: DatabaseReader,
        worker: Worker,
        clock: IReactorTime,
        onDamaged: Callable[[int], None] = lambda count: None,
        onDamage: Callable[[BaseException | None], object] = lambda error: None,
    ) -> None:
        """
        @param worker: the thread of the reader.
        @param onDamaged: called with the number of lines that an answer lacks, since they are
            damaged.
        @param onDamage: called with the error when something in the file cannot be read.
        """
        self._reader = reader
        self._worker = worker
        self._clock = clock
        self._onDamaged = onDamaged
        self._onDamage = onDamage
        self._logged: set[tuple[str, int]] = set()
        self._waiting: deque[_Question] = deque()
        self._current: _Question | None = None
        self._isClosed = False
        self._outage = Outage()

    def ask(self, asked: Callable[[DatabaseReader], T]) -> Deferred[T]:
        """
        @param asked: called in the thread of the reader.
        @return: fires with the answer; fails with L{HistoryUnavailable} or L{TryLater}.
        """
        if self._isClosed:
            return fail(HistoryUnavailable())
        if len(self._waiting) >= MAX_WAITING:
            return fail(TryLater())
        question = _Question(asked)
        question.limit = self._clock.callLater(WITHIN, self._giveUp, question)
        self._waiting.append(question)
        if self._current is None:
            self._next()
        return question.answer

    def close(self) -> Deferred[None]:
        """
        Give up all questions, and close the reader.

        @return: fires when the reader is closed, which a disk can delay.
        """
        self._isClosed = True
        while self._waiting:
            self._waiting.popleft().end(Failure(HistoryUnavailable()))
        if self._current is not None:
            self._giveUp(self._current)
        return self._worker.run(self._reader.close)

    def _next(self) -> None:
        self._current = question = self._waiting.popleft()
        self._reader.resume()
        self._worker.run(lambda: self._reader.read(question.asked)).addBoth(self._answered)

    def _answered(self, result: Any) -> None:
        question, self._current = self._current, None
        assert question is not None
        self._tellDamaged(self._reader.takeDamaged())
        if isinstance(result, Failure):
            if not question.answer.called and self._outage.failed(str(result.value)):
                self._log.error(
                    "history cannot be read: {reason}", event="history-failed", reason=result.value
                )
            if isDamage(result.value):
                self._onDamage(result.value)
            if result.check(sqlite3.Error) is None:
                self._log.failure("a history query failed", result, event="internal-error")
            result = Failure(HistoryUnavailable())
        elif failures := self._outage.worked():
            self._log.info(
                "history can be read again, after {count} failures",
                event="history-recovered",
                count=failures,
            )
        question.end(result)
        if self._waiting and self._current is None:
            self._next()

    def _tellDamaged(self, damaged: Sequence[tuple[str, int]]) -> None:
        if not damaged:
            return
        self._onDamaged(len(damaged))
        # Once, however often they are asked for.
        new = [each for each in damaged if each not in self._logged]
        if new and len(self._logged) < MAX_LOGGED:
            self._logged.update(new)
            room, id = new[0]
            self._log.error(
                "{count} lines are damaged and were left out, such as {id} of {room}",
                event="lines-damaged",
                count=len(new),
                id=id,
                room=room,
            )

    def _giveUp(self, question: _Question) -> None:
        if question is self._current:
            if self._outage.failed("too long"):
                self._log.error("a history query took too long", event="history-slow")
            self._reader.interrupt()
        else:
            self._waiting.remove(question)
        question.end(Failure(HistoryUnavailable()))
