"""
The database: connections to it, the versions of its schema, and its columns.

A file may be damaged in places, by a disk or by hand.  So a row is looked at before it is believed,
and a text that is not UTF-8 raises nothing: an exception of the C{sqlite3} module would quote it.

C{schema/0001.sql} makes the first version of the schema, and each further file makes the
next version out of the one before.  SQLite keeps the number of the version in the header
of the file (C{PRAGMA user_version}).
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from chat.store.tokens import indexed
from chat.vocabulary.events import Acted, Line, Said

APPLICATION_ID = 0x74637074
"""Marks a SQLite file as ours: C{tcpt} in ASCII."""

BUSY_SECONDS = 0.2
"""
How long a thread waits for a lock that another program has on the file.  A longer lock is
a fault of the disk like any other: the batch is tried again.
"""

LOG_BYTES = 4 << 20
"""
How large the write-ahead log stays, in bytes: as large as SQLite lets it become before it moves
what is in it into the database.  While another program reads, it can only grow.
"""

MAX_NUMBER = 2**53
"""More than there ever are lines, and than some programs can read in JSON."""

COLUMNS = "line.id, line.at, CAST(line.nick AS BLOB), CAST(line.text AS BLOB), line.acted"
"""The columns of a line, as L{lineFrom} takes them: bytes become text there, and faster."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_TIMES = range(0, (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND)
"""The times that all time zones have, in microseconds since 1970."""

# What no sanitizer ever let pass: controls, line ends, and what L{_text} makes of bytes that are
# not UTF-8.
_impossible = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]").search

_SCHEMA = {
    int(each.name.removesuffix(".sql")): each
    for each in files("chat.store").joinpath("schema").iterdir()
    if each.name.endswith(".sql")
}

LATEST = max(_SCHEMA)
"""The version of the schema that this program works with."""


def connect(path: str, mode: str = "rw", wait: float = BUSY_SECONDS) -> sqlite3.Connection:
    """
    @param mode: C{rw}, C{rwc} or C{ro}; see U{https://www.sqlite.org/uri.html}.
    @param wait: seconds to wait for a lock.
    @return: a connection in autocommit mode: it begins no transaction by itself.  Any
        thread may use it, but only one at a time.
    @raise sqlite3.Error: when there is no such file.
    """
    connection = sqlite3.connect(
        f"{Path(path).as_uri()}?mode={mode}",
        timeout=wait,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
    connection.text_factory = _text
    try:
        # Sorting must work when the disk is full.
        connection.execute("PRAGMA temp_store = MEMORY")
        if mode != "ro":
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
            connection.create_function("indexed", 3, _indexed, deterministic=True)
    except BaseException:
        connection.close()
        raise
    return connection


def create(path: str, version: int = LATEST) -> None:
    """
    Make a new database.  It gets its name when it is complete, so there is either a
    whole database afterwards or none.

    @raise sqlite3.Error: when the database cannot be made.
    @raise OSError: likewise.
    """
    with _making(path, f"{path}.new") as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for step in range(1, version + 1):
            _advance(connection, step)
        connection.execute("PRAGMA journal_mode = WAL")


def upgrade(path: str, connection: sqlite3.Connection, version: int) -> None:
    """
    Bring a database up to L{LATEST}, each step as a whole or not at all.  A copy is made
    first, C{PATH.vN.bak}, where N is the old version.

    @param version: of the database; nothing is done if it is the latest.
    @raise sqlite3.Error: when the upgrade fails.
    @raise OSError: likewise.
    """
    if version < LATEST:
        with _making(f"{path}.v{version}.bak", f"{path}.bak.new") as copy:
            connection.backup(copy)
            # Without a log beside it the copy must be complete by itself.
            copy.execute("PRAGMA journal_mode = DELETE")
    for step in range(version + 1, LATEST + 1):
        _advance(connection, step)


def shrinkLog(path: str, connection: sqlite3.Connection) -> None:
    """
    Empty the write-ahead log if it is larger than L{LOG_BYTES}.  SQLite cuts it as well, but
    only when more is written.  A program that still reads from it is waited for as long as for
    any lock; then the log stays as it is.

    @param path: of the database.
    @param connection: one that is in no transaction.
    """
    # A disk that fails shows at the next batch.
    with suppress(OSError, sqlite3.Error):
        if os.path.getsize(f"{path}-wal") > LOG_BYTES:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


class Damaged(sqlite3.DatabaseError):
    """
    A value that cannot be what was kept.
    """

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def isDamage(error: BaseException | None) -> bool:
    """
    @return: whether this says that something in the file cannot be read.
    """
    # The lower byte is the kind, the rest tells more.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT


def isNumber(value: object, most: int = MAX_NUMBER) -> bool:
    """
    @return: whether this can be the number of a line, or how many there are.
    """
    return type(value) is int and 0 <= value <= most


def setting(
    connection: sqlite3.Connection, name: str, default: int | None = 0, most: int = MAX_NUMBER
) -> int:
    """
    @param default: what stands for a value that is not there; L{None} where it must be.
    @param most: the greatest value that can be one.
    @return: a value of the table C{setting}, which holds what is true of the whole database.
    @raise Damaged: when it cannot be one.
    """
    row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    value: Any = row[0] if row else default
    if not isNumber(value, most):
        raise Damaged(f"the setting {name!r} is damaged")
    return int(value)


def toMicroseconds(at: datetime) -> int:
    """
    @param at: an aware time.
    @return: the same as microseconds since 1970, as the database has it.
    """
    return (at - _EPOCH) // _MICROSECOND


def fromMicroseconds(at: object) -> datetime | None:
    """
    @return: the time in UTC, or L{None} where it cannot be one.
    """
    return _EPOCH + timedelta(microseconds=at) if type(at) is int and at in _TIMES else None


def isText(value: object) -> bool:
    """
    @return: whether this can have been given to be kept: a nickname, a name of a room, or what
        was said.
    """
    return (
        isinstance(value, str)
        and value != ""
        and (value.isprintable() or _impossible(value) is None)
    )


def lineFrom(room: str, id: int, at: object, nick: Any, text: Any, acted: object) -> Line | None:
    """
    @return: the line in a row of L{COLUMNS}, or L{None} where it is damaged.
    """
    time = fromMicroseconds(at)
    try:
        nick, text = nick.decode(), text.decode()
    except (UnicodeDecodeError, AttributeError):
        return None
    if time is None or not (isText(nick) and isText(text)):
        return None
    return (Acted if acted else Said)(room, id, time, nick, text)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _indexed(room: int, nick: bytes, text: bytes) -> str:
    return indexed(room, nick.decode("utf-8", "replace"), text.decode("utf-8", "replace"))


def _advance(connection: sqlite3.Connection, version: int) -> None:
    script = _SCHEMA[version].read_text(encoding="utf-8")
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {version};\nCOMMIT;"
        )
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


@contextmanager
def _making(path: str, unfinished: str) -> Iterator[sqlite3.Connection]:
    """
    Make a database that gets its name when it is complete, and is removed when that fails.
    """
    _remove(unfinished)
    # A database holds secrets.  SQLite gives the files beside it the same mode.
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(connect(unfinished)) as connection:
            yield connection
        _rename(unfinished, path)
    except BaseException:
        _remove(unfinished)
        raise


def _remove(path: str) -> None:
    for each in ("", "-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.remove(f"{path}{each}")


def _rename(old: str, new: str) -> None:
    os.rename(old, new)
    # The new name survives a power cut only when the directory is on the disk as well.
    directory = os.open(os.path.dirname(new), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
