"""
Whether a file can be our database, found out without a change to it or beside it.

SQLite makes files beside a database as soon as it looks into it, and mends one that
was not closed in order.  So what can be seen in its first bytes is looked at there.

@see: U{https://www.sqlite.org/fileformat.html}, section 1.3 (the header)
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from struct import Struct

from chat.store.database import APPLICATION_ID, connect
from chat.vocabulary.errors import CannotStart

_MAGIC = b"SQLite format 3\0"
_VERSION = Struct(">60xI")
_APPLICATION = Struct(">68xI")
_HEADER = 100


def check(path: str, latest: int) -> int:
    """
    @param path: absolute, and no symbolic link.
    @param latest: the latest version of the schema that is known.
    @return: the version of the database, or 0 where there is none yet.
    @raise CannotStart: when the file is none of ours, is of a newer version, or
        cannot be written.
    """
    _checkDirectory(os.path.dirname(path))
    try:
        with open(path, "r+b") as file:
            header = file.read(_HEADER)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise CannotStart(f"cannot open {path}: {error.strerror}") from error
    if not header:
        return 0
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise CannotStart(f"cannot open {path}: it is not a database")
    version: int = _VERSION.unpack_from(header)[0]
    [application] = _APPLICATION.unpack_from(header)
    if application != APPLICATION_ID or version == 0:
        raise CannotStart(f"cannot open {path}: it is the database of another program")
    # What was written last may be in another file as yet.
    version = max(version, _unfinished(path))
    if version > latest:
        raise CannotStart(
            f"cannot open {path}: it is of version {version}, made by a newer tcpchat; "
            f"this one knows versions up to {latest}"
        )
    return version


def _checkDirectory(directory: str) -> None:
    # SQLite has files beside the database.
    if not os.path.isdir(directory):
        raise CannotStart(f"cannot keep a database in {directory}: there is no such directory")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise CannotStart(f"cannot keep a database in {directory}: it cannot be written")


def _unfinished(path: str) -> int:
    """
    @return: the version, with all that a process left behind which was killed;
        0 if there is nothing.
    """
    log, index = f"{path}-wal", f"{path}-shm"
    if not (os.path.exists(log) and os.path.getsize(log)):
        return 0
    hadIndex = os.path.exists(index)
    try:
        # Who may only read mends nothing but the index.
        with closing(connect(path, "ro")) as connection:
            [version] = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise CannotStart(f"cannot open {path}: {error}") from error
    finally:
        if not hadIndex:
            with suppress(FileNotFoundError):
                os.remove(index)
    return int(version)
