"""
The way from a path to a store that can be used.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO
from uuid import uuid4

from chat.store.checking import check
from chat.store.database import BUSY_SECONDS, connect, setting
from chat.store.numbering import RESERVE, Numbers
from chat.store.serialization import parseAll
from chat.store.upgrading import LATEST, create, upgrade
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.records import Record

WAIT = 3.0
"""How many seconds the start waits for somebody else who writes into the file."""


@dataclass(frozen=True, slots=True)
class Opened:
    """
    An open store.

    @ivar path: absolute, without symbolic links.
    @ivar connection: to write by.
    @ivar lock: while it is open, no other process opens the store.
    @ivar word: see C{opening} in the schema.
    @ivar wasClean: whether it had been closed in order.
    @ivar floors: for each room of which something is to be forgotten up to which
        id that is.
    @ivar rooms: those that have lines.
    """

    path: str
    connection: sqlite3.Connection
    lock: IO[bytes]
    word: str
    wasClean: bool
    numbers: Numbers
    floors: dict[str, int]
    rooms: frozenset[str]
    records: Sequence[Record]


def openStore(path: str) -> Opened:
    """
    Open a store, and make or upgrade it where that is needed.  It waits for the
    disk, so it is for the start of the service only.

    @param path: of the database.
    @raise CannotStart: when that cannot be done.  A file that is none of ours, or
        is of a newer version, is left as it is.
    """
    path = os.path.realpath(path)
    version = check(path, LATEST)
    lock = _lock(path)
    try:
        if version == 0:
            create(path)
            version = LATEST
        connection = connect(path, wait=WAIT)
    except (sqlite3.Error, OSError) as error:
        lock.close()
        raise CannotStart(f"cannot open {path}: {error}") from error
    try:
        return _begin(path, connection, lock, version)
    except (sqlite3.Error, OSError) as error:
        connection.close()
        lock.close()
        raise CannotStart(f"cannot open {path}: {error}") from error


def _lock(path: str) -> IO[bytes]:
    # Two processes that write into one store would give the same numbers.  The
    # database itself is not for locking: to close it would take the locks from SQLite.
    try:
        lock = open(f"{path}.lock", "ab")  # noqa: SIM115
    except OSError as error:
        raise CannotStart(f"cannot write {path}.lock: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotStart(f"cannot open {path}: another tcpchat uses it") from error
    return lock


def _begin(path: str, connection: sqlite3.Connection, lock: IO[bytes], version: int) -> Opened:
    upgrade(path, connection, version)
    [journal] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if journal != "wal":
        raise OSError(f"there can be no write-ahead log in this file system, only {journal}")
    word = uuid4().hex
    connection.execute("BEGIN IMMEDIATE")
    wasClean = bool(setting(connection, "clean"))
    floor = setting(connection, "floor") + (0 if wasClean else RESERVE)
    lasts = dict(connection.execute("SELECT name, mark FROM room"))
    # All of this is on the disk before the first number is given.
    connection.execute("UPDATE room SET mark = mark + ?", (RESERVE,))
    connection.executemany(
        "UPDATE setting SET value = ? WHERE name = ?",
        [(floor, "floor"), (0, "clean"), (word, "opening")],
    )
    connection.execute("COMMIT")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    return Opened(
        path=path,
        connection=connection,
        lock=lock,
        word=word,
        wasClean=wasClean,
        numbers=Numbers(floor, {room: (last, last + RESERVE) for room, last in lasts.items()}),
        floors=dict(connection.execute("SELECT name, floor FROM room WHERE floor > 0")),
        rooms=frozenset(
            room
            for (room,) in connection.execute(
                "SELECT name FROM room WHERE EXISTS ("
                " SELECT 1 FROM line WHERE line.room = room.number AND line.id > room.floor)"
            )
        ),
        records=tuple(
            parseAll(connection.execute("SELECT kind, key, value FROM fact ORDER BY kind, key"))
        ),
    )
