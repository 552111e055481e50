"""
The versions of the schema, and the way from one to the next.

C{schema/0001.sql} makes the first version, and each further file the next one out
of the one before.  SQLite keeps the number of the version in the header of the file
(C{PRAGMA user_version}).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from importlib.resources import files

from chat.store.database import APPLICATION_ID, connect

_SCHEMA = {
    int(each.name.removesuffix(".sql")): each
    for each in files("chat.store").joinpath("schema").iterdir()
    if each.name.endswith(".sql")
}

LATEST = max(_SCHEMA)
"""The version that this program works with."""


def create(path: str, version: int = LATEST) -> None:
    """
    Make a new database.  Either there is a whole one afterwards, or none: it gets
    its name when it is done.

    @raise sqlite3.Error: when that cannot be done.
    @raise OSError: likewise.
    """
    unfinished = f"{path}.new"
    with suppress(FileNotFoundError):
        os.remove(unfinished)
    # It holds what is secret, and the files beside it get the same mode.
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(connect(unfinished)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for step in range(1, version + 1):
            _advance(connection, step)
        connection.execute("PRAGMA journal_mode = WAL")
    _rename(unfinished, path)


def upgrade(path: str, connection: sqlite3.Connection, version: int) -> None:
    """
    Bring a database up to L{LATEST}.  Before that a copy is made, C{PATH.vN.bak},
    N being its version.  Each step is done as a whole or not at all.

    @param version: of the database; nothing is done if it is the latest.
    @raise sqlite3.Error: when that cannot be done.
    @raise OSError: likewise.
    """
    if version < LATEST:
        _backUp(path, connection, version)
    for step in range(version + 1, LATEST + 1):
        _advance(connection, step)


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


def _backUp(path: str, connection: sqlite3.Connection, version: int) -> None:
    unfinished = f"{path}.bak.new"
    with suppress(FileNotFoundError):
        os.remove(unfinished)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(connect(unfinished)) as copy:
        connection.backup(copy)
        # Alone it must be complete.
        copy.execute("PRAGMA journal_mode = DELETE")
    _rename(unfinished, f"{path}.v{version}.bak")


def _rename(old: str, new: str) -> None:
    os.rename(old, new)
    # The name is on the disk only when the directory is.
    directory = os.open(os.path.dirname(new), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
