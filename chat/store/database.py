"""
Connections to the database, and what is the same for all of them.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chat.store.tokens import indexed
from chat.vocabulary.events import Acted, Line, Said

APPLICATION_ID = 0x74637074
"""What tells our files from others: C{tcpt} in ASCII."""

BUSY_SECONDS = 0.2
"""
How long a thread waits for a lock that somebody else has on the file.  What takes
longer is a fault of the disk like any other, and is tried again.
"""

COLUMNS = "line.id, line.at, line.nick, line.text, line.acted"
"""What L{lineFrom} needs."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def connect(path: str, mode: str = "rw", wait: float = BUSY_SECONDS) -> sqlite3.Connection:
    """
    @param mode: C{rw}, C{rwc} or C{ro}; see U{https://www.sqlite.org/uri.html}.
    @param wait: seconds to wait for a lock.
    @return: a connection without transactions of its own making.  Any thread may
        use it, but one at a time.
    @raise sqlite3.Error: when there is no such file.
    """
    connection = sqlite3.connect(
        f"{Path(path).as_uri()}?mode={mode}",
        timeout=wait,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
    try:
        # A disk that is full must not be needed for sorting.
        connection.execute("PRAGMA temp_store = MEMORY")
        if mode != "ro":
            connection.execute("PRAGMA synchronous = FULL")
            connection.create_function("indexed", 3, indexed, deterministic=True)
    except BaseException:
        connection.close()
        raise
    return connection


def setting(connection: sqlite3.Connection, name: str) -> int:
    """
    @return: one of the values that the whole database has.
    """
    [value] = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return int(value)


def toMicroseconds(at: datetime) -> int:
    """
    @param at: an aware time.
    @return: as it stands in the database.
    """
    return (at - _EPOCH) // _MICROSECOND


def fromMicroseconds(at: int) -> datetime:
    """
    @return: the time in UTC.
    """
    return _EPOCH + timedelta(microseconds=at)


def lineFrom(room: str, id: int, at: int, nick: str, text: str, acted: int) -> Line:
    """
    @return: the line of a row of L{COLUMNS}.
    """
    return (Acted if acted else Said)(room, id, fromMicroseconds(at), nick, text)
