"""
What is derived: the parts of the database that can be made again from the rest, which are the
rooms, the lines, the records and the settings. A derived part that is damaged is thrown away and
made anew, so it costs nobody a line.

SQLite frees the pages of a tree by reading them. So it can neither empty nor drop a damaged one,
and one that can be read in part might free pages of another. Therefore a damaged tree is given a
new root page, in C{sqlite_schema}, and its old pages stay as they are, unused, until C{VACUUM}.

@see: U{https://www.sqlite.org/fileformat.html}, section 2.6 (the schema)
@see: U{https://www.sqlite.org/pragma.html#pragma_writable_schema}
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twisted.logger import Logger

from chat.store.database import isDamage, setting

_log = Logger()


@dataclass(frozen=True, slots=True)
class Part:
    """
    A derived part.

    @ivar name: for the log.
    @ivar trees: the names of its tables and indexes in C{sqlite_schema}.
    @ivar fill: statements that make it of what else is there, when its trees are empty.
    @ivar probe: reads what tells where the rest of it is.
    """

    name: str
    trees: tuple[str, ...]
    fill: tuple[str, ...]
    probe: Callable[[sqlite3.Connection], object] = lambda connection: None


def _probeSearch(connection: sqlite3.Connection) -> None:
    connection.execute("SELECT rowid FROM word WHERE word MATCH 'x' LIMIT 1").fetchall()
    setting(connection, "unindexed")


SEARCH = Part(
    "the index of /search",
    ("word_data", "word_idx", "word_config"),
    # As FTS5 makes them at first. Putting the lines back takes long, so L{fillIndex} does it.
    (
        "INSERT INTO word_data (id, block) VALUES (1, x''), (10, zeroblob(7))",
        "INSERT INTO word_config (k, v) VALUES ('version', 4)",
        "INSERT INTO setting (name, value)"
        " SELECT 'unindexed', ifnull(max(seq), 0) FROM line WHERE TRUE"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    ),
    _probeSearch,
)

_PARTS = (
    Part(
        "the names of the rooms", ("sqlite_autoindex_room_1",), ("REINDEX sqlite_autoindex_room_1",)
    ),
    Part("the numbers of the lines", ("lineById",), ("REINDEX lineById",)),
    Part(
        "the times of the lines",
        ("span",),
        (
            "INSERT INTO span (room, number, newest) SELECT room, id >> 8, at FROM line WHERE TRUE"
            " ON CONFLICT (room, number) DO UPDATE SET newest = max(newest, excluded.newest)",
        ),
    ),
    Part(
        "the next places",
        ("sqlite_sequence",),
        (
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'room', max(number) FROM room",
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'line', max(seq) FROM line",
        ),
    ),
    SEARCH,
)


def damagedParts(connection: sqlite3.Connection, isThorough: bool = False) -> list[Part]:
    """
    Find the derived parts that cannot be read.

    @param connection: one that is in no transaction.
    @param isThorough: whether to look at every page, which reads about as much from the disk as
        there is text, and not only at the first ones.
    @raise sqlite3.Error: when something else is wrong.
    """
    return [part for part in _PARTS if not _isReadable(connection, part, isThorough)]


def renew(connection: sqlite3.Connection, parts: Sequence[Part]) -> None:
    """
    Make damaged parts anew, in one transaction. Of the index of C{/search} this makes an empty one.

    @param connection: one that is in no transaction.
    @raise sqlite3.Error: when that is impossible; then nothing has changed.
    """
    if not parts:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for part in parts:
            for tree in part.trees:
                _empty(connection, tree)
            for statement in part.fill:
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    _log.error(
        "parts of the database were damaged and are being rebuilt: {parts}",
        event="database-repaired",
        parts=", ".join(part.name for part in parts),
    )


def fillIndex(connection: sqlite3.Connection) -> None:
    """
    Put the lines back into the index of C{/search} that L{renew} took out, if it did. It takes half
    a minute for a million lines.
    """
    last = setting(connection, "unindexed")
    if last:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO word (rowid, tokens)"
                " SELECT seq, indexed(room, CAST(nick AS BLOB), CAST(text AS BLOB))"
                " FROM line WHERE seq <= ? ORDER BY seq",
                (last,),
            )
            connection.execute("DELETE FROM setting WHERE name = 'unindexed'")


def _isReadable(connection: sqlite3.Connection, part: Part, isThorough: bool) -> bool:
    what = "count(*)" if isThorough else "1"
    try:
        for tree in part.trees:
            [(kind, table)] = connection.execute(
                "SELECT type, tbl_name FROM sqlite_schema WHERE name = ?", (tree,)
            )
            source = table if kind == "table" else f"{table} INDEXED BY {tree}"
            connection.execute(f"SELECT {what} FROM {source} LIMIT 1").fetchall()
        part.probe(connection)
    except sqlite3.DatabaseError as error:
        if isDamage(error):
            return False
        raise
    return True


def _empty(connection: sqlite3.Connection, tree: str) -> None:
    """
    Give a table or an index a new root page.
    """
    [(isIndex,)] = connection.execute(
        "SELECT type = 'index' OR sql LIKE '%WITHOUT ROWID' FROM sqlite_schema WHERE name = ?",
        (tree,),
    )
    # A table without rowids is a tree of the same kind as an index.
    columns = "(key PRIMARY KEY) WITHOUT ROWID" if isIndex else "(key)"
    connection.execute(f"CREATE TABLE fresh {columns}")
    connection.execute("PRAGMA writable_schema = ON")
    try:
        connection.execute(
            "UPDATE sqlite_schema SET rootpage ="
            " (SELECT rootpage FROM sqlite_schema WHERE name = 'fresh') WHERE name = ?",
            (tree,),
        )
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'fresh'")
    finally:
        # SQLite reads the schema again.
        connection.execute("PRAGMA writable_schema = RESET")
