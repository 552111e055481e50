"""
Writing to the database, in a thread of its own.

The thread shares the interpreter with the reactor, and each of them waits while the other
runs Python.  So there are no long stretches of Python here: a batch is handed to SQLite as
one JSON text, and SQLite works through it with the interpreter let go.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from twisted.logger import Logger

from chat.store.backlog import Batch, Change, Key
from chat.store.database import connect, isDamage, setting, shrinkLog, toMicroseconds
from chat.store.derived import SEARCH, Part, damagedParts, renew
from chat.store.numbering import RESERVE
from chat.store.opening import Opened
from chat.store.pruning import Pruned, Pruning, RetentionLimits
from chat.store.serialization import KINDS, dump
from chat.store.threads import gently
from chat.store.tokens import indexed
from chat.store.witness import Witness, lastPlace
from chat.vocabulary.events import Acted, Line
from chat.vocabulary.outages import Outage

# The connection is still good after these errors.
_HARMLESS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}


@dataclass(frozen=True, slots=True)
class Written:
    """
    The ids that are on the disk, now that a batch has been written.

    @ivar stored: for each room in the batch the last id.
    @ivar marks: for each room in the batch its mark; see L{chat.store.numbering}.
    """

    stored: Mapping[str, int]
    marks: Mapping[str, int]


@dataclass(slots=True)
class _RoomState:
    number: int
    last: int
    floor: int


class DatabaseWriter:
    """
    Stores batches and takes old lines away.  Its methods raise L{sqlite3.Error} when the
    disk or the file is at fault; then nothing has changed, and they can be tried again.
    """

    _log = Logger()

    def __init__(self, opened: Opened) -> None:
        """
        @param opened: its connection is the writer's from now on.
        """
        self._files = opened.files
        self._word = opened.word
        self._tally = opened.tally
        self._connection: sqlite3.Connection | None = opened.connection
        self._rooms: dict[str, _RoomState] = {}
        self._pruning = Pruning()
        self._isBeyondMending = False
        self._mending = Outage()

    def write(self, batch: Batch) -> Written:
        """
        Store a batch as a whole.
        """
        self._checkFiles()
        stored: dict[str, int] = {}
        with self._transaction() as connection:
            # These take the place of the known rooms when they are on the disk, not before.
            rooms = {
                name: self._room(connection, name, floor) for name, floor in batch.forgets.items()
            }
            _forget(connection, rooms, batch.forgets)
            fresh: list[tuple[int, Line]] = []
            for line in batch.lines:
                room = rooms.get(line.room)
                if room is None:
                    room = rooms[line.room] = self._room(connection, line.room, line.id - 1)
                stored[line.room] = line.id
                # An earlier attempt that seemed to fail may have succeeded.  A line that is
                # forgotten now is stored all the same, so that none is missing for the tally,
                # until the next sweep.
                isKept = line.id > room.floor or line.room in batch.forgets
                if line.id > room.last and isKept:
                    room.last = line.id
                    fresh.append((room.number, line))
            place = _insert(connection, fresh, self._files.witness)
            marks = {name: max(rooms[name].last, last) + RESERVE for name, last in stored.items()}
            _mark(connection, ((rooms[name], mark) for name, mark in marks.items()))
            _change(connection, batch.changes)
        self._rooms |= rooms
        self._pruning.grew(room.number for room in rooms.values())
        # Else all of it may be in files that nobody will find.
        self._checkFiles()
        if place:
            top = max(self._files.witness.top, *marks.values())
            self._files.attest(lines=place, top=top)
        return Written(stored, marks)

    def prune(self, limits: RetentionLimits, drops: Mapping[str, int]) -> Pruned:
        """
        Make a step of L{chat.store.pruning}; after the last one the write-ahead log is cut.
        """
        self._checkFiles()
        try:
            with self._transaction() as connection:
                pruned = self._pruning.step(connection, limits, drops)
        except BaseException:
            # The transaction was undone, so all that was learnt in it is wrong.
            self._pruning = Pruning()
            raise
        for name in pruned.dropped:
            self._rooms.pop(name, None)
        self._files.attest(seen=toMicroseconds(limits.now))
        if pruned.isDone:
            self._isBeyondMending = False
            shrinkLog(self._files.path, self._connected())
        return pruned

    def mend(self, error: BaseException | None) -> None:
        """
        Make those derived parts anew that are damaged, so that lines can be stored and found again.

        @param error: what has failed. Nothing is done where it does not speak of damage, or where
            that was tried in vain since the last sweep.
        """
        if not isDamage(error):
            return
        isSearch = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT_VTAB
        if self._isBeyondMending and not isSearch:
            return
        self.abandon()
        damaged: list[Part] = []
        try:
            connection = self._connected()
            damaged = damagedParts(connection, isThorough=True)
            if isSearch and SEARCH not in damaged:
                # Its pages can be read, and FTS5 does not understand what is in them.
                damaged.append(SEARCH)
            renew(connection, damaged)
        except (sqlite3.Error, OSError) as failure:
            self._isBeyondMending = isDamage(failure)
            if damaged and self._mending.failed(str(failure)):
                self._log.error(
                    "damage cannot be repaired: {reason}", event="repair-failed", reason=failure
                )
        else:
            self._mending.worked()
            self._isBeyondMending = not damaged
            if SEARCH in damaged:
                self._log.error(
                    "the index of /search is incomplete: the next start adds the missing lines",
                    event="index-incomplete",
                )
        self.abandon()

    def close(self, lasts: Mapping[str, int]) -> None:
        """
        Close the database properly.

        @param lasts: for each room the last id that was given.
        """
        self._checkFiles()
        with self._transaction() as connection:
            floor = setting(connection, "floor")
            connection.executemany(
                "INSERT INTO room (name, mark, expired) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET mark = excluded.mark",
                ((name, last, min(last, floor)) for name, last in lasts.items()),
            )
            connection.execute("UPDATE setting SET value = 1 WHERE name = 'clean'")
        self._tally.remove()
        self.abandon()

    def abandon(self) -> None:
        """
        Close the connection, whatever state the database is in.
        """
        if self._connection is not None:
            self._files.disconnect(self._connection)
            self._connection = None
            self._rooms.clear()

    @property
    def isConnected(self) -> bool:
        """Whether the database is open."""
        return self._connection is not None

    def _checkFiles(self) -> None:
        """
        See whether the files are still those that were opened, and as they were left.  If not
        the connection stays open, so that writing goes on when they are put back.
        """
        try:
            self._files.checkContents()
        except sqlite3.Error:
            if self._connection is not None:
                self._files.rescue(self._connection)
            raise

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connected()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                connection.rollback()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _HARMLESS:
                self.abandon()
            self.mend(error)
            raise

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = connect(self._files.path)
            try:
                [word] = connection.execute(
                    "SELECT value FROM setting WHERE name = 'opening'"
                ).fetchone()
                # In another file, such as an older copy, ids would be given twice.
                if word != self._word:
                    raise sqlite3.DatabaseError("it is not the file that was opened")
                self._files.remember()
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _room(self, connection: sqlite3.Connection, name: str, before: int) -> _RoomState:
        """
        @param before: no line after this id has expired.
        """
        known = self._rooms.get(name)
        if known is not None:
            return replace(known)
        row = connection.execute(
            "SELECT number, last, floor FROM room WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            row = connection.execute(
                "INSERT INTO room (name, expired) VALUES (?, ?) RETURNING number, last, floor",
                (name, min(before, setting(connection, "floor"))),
            ).fetchone()
        return _RoomState(*row)


def _forget(
    connection: sqlite3.Connection, rooms: Mapping[str, _RoomState], forgets: Mapping[str, int]
) -> None:
    for name, floor in forgets.items():
        rooms[name].floor = max(rooms[name].floor, floor)
    connection.executemany(
        "UPDATE room SET floor = max(floor, ?), mark = max(mark, ?) WHERE name = ?",
        ((floor, floor, name) for name, floor in forgets.items()),
    )


def _insert(connection: sqlite3.Connection, lines: list[tuple[int, Line]], witness: Witness) -> int:
    """
    @return: the place of the last one among all lines; 0 if there is none.
    """
    if not lines:
        return 0
    first = lastPlace(connection, witness) + 1
    # All rows in one statement, as JSON: SQLite works through them without the interpreter.
    # Row by row it would take the interpreter from the reactor each time.
    rows = json.dumps(
        [
            (
                seq,
                room,
                line.id,
                toMicroseconds(line.at),
                line.nick,
                line.text,
                int(type(line) is Acted),
                indexed(room, line.nick, line.text),
            )
            for seq, (room, line) in enumerate(gently(lines), first)
        ]
    )
    # A line that has one of these ids already was changed by another program: ids are given behind
    # all that were there at the start.
    connection.execute(
        "INSERT OR REPLACE INTO line (seq, room, id, at, nick, text, acted)"
        " SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,"
        " value ->> 6 FROM json_each(?)",
        (rows,),
    )
    connection.execute(
        "INSERT INTO word (rowid, tokens) SELECT value ->> 0, value ->> 7 FROM json_each(?)",
        (rows,),
    )
    connection.execute(
        "INSERT INTO span (room, number, newest)"
        " SELECT room, id >> 8, max(at) FROM line WHERE seq >= ? GROUP BY 1, 2"
        " ON CONFLICT (room, number) DO UPDATE SET newest = max(newest, excluded.newest)",
        (first,),
    )
    return first + len(lines) - 1


def _mark(connection: sqlite3.Connection, marks: Iterable[tuple[_RoomState, int]]) -> None:
    connection.executemany(
        "UPDATE room SET last = ?, mark = max(mark, ?) WHERE number = ?",
        ((room.last, mark, room.number) for room, mark in marks),
    )


def _change(connection: sqlite3.Connection, changes: Mapping[Key, Change]) -> None:
    for (kind, key), change in changes.items():
        if change.record is None:
            connection.execute("DELETE FROM fact WHERE kind = ? AND key = ?", (KINDS[kind], key))
        else:
            connection.execute(
                "INSERT INTO fact (kind, key, value) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                (KINDS[kind], key, dump(change.record)),
            )
