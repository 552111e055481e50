"""
The way from a path to a store that can be used.

A file is checked before SQLite touches it: SQLite makes files beside a database as soon
as it looks into it, and repairs one that was not closed properly, while a file that is
refused must stay as it is.  The first 100 bytes of a database say enough: that it is
one, whose it is (C{application_id}), and which version its schema has
(C{user_version}).

@see: U{https://www.sqlite.org/fileformat.html}, section 1.3 (the header)
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from errno import ENOSPC
from struct import Struct
from uuid import uuid4

from twisted.logger import Logger

from chat.store.database import (
    APPLICATION_ID,
    BUSY_SECONDS,
    LATEST,
    Damaged,
    connect,
    create,
    fromMicroseconds,
    isNumber,
    isText,
    setting,
    shrinkLog,
    upgrade,
)
from chat.store.derived import damagedParts, fillIndex, renew
from chat.store.files import DatabaseFiles, requireUnused
from chat.store.numbering import RESERVE, Numbers
from chat.store.serialization import parseAll
from chat.store.tally import Tally, takeTally
from chat.store.witness import Witness, lastPlace
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.records import Record

_log = Logger()

WAIT = 3.0
"""How many seconds the start waits for another program that writes to the file."""

SPACE = 256 << 10
"""With less space than this, in bytes, a disk is full: a start needs about 100 KiB."""

_MAGIC = b"SQLite format 3\0"
_VERSION = Struct(">60xI")
_APPLICATION = Struct(">68xI")
_HEADER = 100


@dataclass(frozen=True, slots=True)
class Opened:
    """
    An open store.

    @ivar files: no other service opens the store until they are closed.
    @ivar connection: to write through.
    @ivar word: see C{opening} in the schema.
    @ivar wasClean: whether the store was closed properly the last time.
    @ivar isWhole: whether it is known that no line is missing; see L{chat.store.tally}.
    @ivar hadLog: whether the write-ahead log was there; only after an orderly end there is none.
    @ivar wasOlder: whether the database is older than the one that was here, as a backup is;
        numbers go on behind those that were given since.
    @ivar seen: the last time that was trusted before; see L{chat.vocabulary.trusted}.
    @ivar floors: for each room that was told to forget its lines, the last id forgotten.
    @ivar rooms: those that have lines.
    """

    files: DatabaseFiles
    connection: sqlite3.Connection
    word: str
    wasClean: bool
    isWhole: bool
    hadLog: bool
    wasOlder: bool
    seen: datetime | None
    numbers: Numbers
    tally: Tally
    floors: dict[str, int]
    rooms: frozenset[str]
    records: Sequence[Record]


def openStore(path: str, memory: str = "") -> Opened:
    """
    Open a store, and create or upgrade its database where needed.  This blocks on the
    disk, so call it only while the service starts.

    @param path: of the database.
    @param memory: a directory in a tmpfs, for the tally; empty if there is none.
    @raise CannotStart: when that is impossible.  A file that is not a database of ours,
        or is of a newer version, is left untouched.
    """
    path = os.path.realpath(path)
    version = _check(path)
    files = DatabaseFiles(path)
    try:
        if version == 0:
            create(path)
            version = LATEST
            _log.info("{path} is a new database", event="database-created", path=path)
        files.lockDatabase()
        hadLog = _hasLog(path)
        connection = connect(path, wait=WAIT)
        try:
            return _begin(files, connection, version, hadLog, memory)
        except BaseException:
            connection.close()
            raise
    except CannotStart:
        files.close()
        raise
    except (sqlite3.Error, OSError) as error:
        files.close()
        reason = "the disk is full" if _isFull(path, error) else error
        raise CannotStart(f"cannot open {path}: {reason}") from error


def _isFull(path: str, error: sqlite3.Error | OSError) -> bool:
    # Where there is no place for its shared memory, SQLite speaks of an I/O error.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return isinstance(error, OSError) and error.errno == ENOSPC
    disk = os.statvfs(os.path.dirname(path))
    return disk.f_bavail * disk.f_frsize < SPACE


def checkStore(path: str) -> None:
    """
    Look whether a store can be opened, and make nothing: the files are to be of the user as whom
    the service will run.

    @param path: of the database.
    @raise CannotStart: as L{openStore}; some faults of the disk show only there.
    """
    path = os.path.realpath(path)
    _check(path)
    requireUnused(path)


def _check(path: str) -> int:
    """
    @param path: absolute, and no symbolic link.
    @return: the version of the database, or 0 where there is none yet.
    @raise CannotStart: when the file is not a database of ours, is of a newer version,
        has several names, or cannot be written.
    """
    # SQLite has files beside the database.
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        raise CannotStart(f"cannot keep a database in {directory}: there is no such directory")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise CannotStart(f"cannot keep a database in {directory}: it is not writable")
    try:
        with open(path, "r+b") as file:
            header, names = file.read(_HEADER), os.fstat(file.fileno()).st_nlink
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
        raise CannotStart(f"cannot open {path}: it belongs to another program")
    if names > 1:
        # Each has its own log.  After a crash the log beside another one is missed, and later
        # destroys what was written meanwhile.
        raise CannotStart(f"cannot open {path}: it has {names} hard links; it must have only one")
    # The newest version may still be in the write-ahead log.
    version = max(version, _versionInLog(path))
    if version > LATEST:
        raise CannotStart(
            f"cannot open {path}: it is version {version}, made by a newer tcpchat; "
            f"this one supports versions up to {LATEST}"
        )
    return version


def _versionInLog(path: str) -> int:
    """
    @return: the version, with everything in the write-ahead log that a killed process
        left behind; 0 if it left none.
    """
    index = f"{path}-shm"
    if not _hasLog(path):
        return 0
    hadIndex = os.path.exists(index)
    try:
        # A connection that may only read repairs nothing but the index.
        with closing(connect(path, "ro")) as connection:
            [version] = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise CannotStart(f"cannot open {path}: {error}") from error
    finally:
        if not hadIndex:
            with suppress(FileNotFoundError):
                os.remove(index)
    return int(version)


def _hasLog(path: str) -> bool:
    log = f"{path}-wal"
    return os.path.exists(log) and os.path.getsize(log) > 0


def _begin(
    files: DatabaseFiles, connection: sqlite3.Connection, version: int, hadLog: bool, memory: str
) -> Opened:
    upgrade(files.path, connection, version)
    if version < LATEST:
        _log.info(
            "{path} was upgraded from version {old} to {new}; {copy} is a copy of the old one",
            event="database-upgraded",
            path=files.path,
            old=version,
            new=LATEST,
            copy=f"{files.path}.v{version}.bak",
        )
    [journal] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if journal != "wal":
        raise OSError(f"there can be no write-ahead log in this file system, only {journal}")
    _mend(connection)
    records = tuple(
        parseAll(connection.execute("SELECT kind, key, value FROM fact ORDER BY kind, key"))
    )
    word = uuid4().hex
    connection.execute("BEGIN IMMEDIATE")
    wasClean = _wasClean(connection)
    [last] = connection.execute(
        "SELECT (SELECT value FROM setting WHERE name = 'opening')"
    ).fetchone()
    place = lastPlace(connection, files.witness)
    # A backup does not know which numbers were given since.
    wasOlder = files.witness.isOlder(last, place)
    # Without its log the database may be of different moments.
    tallied = takeTally(memory, last)
    isWhole = wasClean or (tallied == place and hadLog and not wasOlder)
    floor = _floor(connection, files.witness) + (0 if isWhole else RESERVE)
    if isWhole and not wasClean:
        # No mark has been reached: each is as far ahead as the last opening has put it.
        connection.execute("UPDATE room SET mark = max(mark - ?, 0) WHERE mark >= 0", (RESERVE,))
    if wasOlder:
        floor = max(floor, files.witness.top + RESERVE)
        connection.execute("UPDATE room SET mark = max(mark, ?)", (floor,))
    # A number may be damaged, and then be one that was never given.
    most = files.witness.mostNumbers
    connection.execute(
        "UPDATE room SET mark = max(mark, last, floor, ifnull("
        " (SELECT max(id) FROM line WHERE line.room = room.number AND id <= ?), 0))"
        " WHERE mark >= 0",
        (most,),
    )
    lasts = dict(_marks(connection, most))
    # All of this is on the disk before the first id is given.
    connection.execute("UPDATE room SET mark = mark + ?", (RESERVE,))
    connection.executemany(
        "INSERT INTO setting (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [("floor", floor), ("clean", 0), ("opening", word)],
    )
    connection.execute("COMMIT")
    top = max(floor, *lasts.values(), 0) + RESERVE
    files.attest(word=word, lines=place, top=top)
    tally = Tally(memory, word, place)
    # Without it only /search suffers.
    with suppress(sqlite3.Error):
        fillIndex(connection)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    # The database itself says that it is in use: it may be moved without its log after a crash.
    # And after the last one it may be in the middle of a move.
    connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
    shrinkLog(files.path, connection)
    files.remember()
    return Opened(
        files=files,
        connection=connection,
        word=word,
        wasClean=wasClean,
        isWhole=isWhole,
        hadLog=hadLog,
        wasOlder=wasOlder,
        seen=fromMicroseconds(files.witness.seen or None),
        numbers=Numbers(
            floor, {room: (last, last + RESERVE) for room, last in lasts.items()}, tally.count
        ),
        tally=tally,
        floors={
            room: known
            for room, known in connection.execute("SELECT name, floor FROM room WHERE floor > 0")
            if room in lasts
        },
        rooms=frozenset(
            room
            for (room,) in connection.execute(
                "SELECT name FROM room WHERE EXISTS ("
                " SELECT 1 FROM line WHERE line.room = room.number AND line.id > room.floor)"
            )
            if room in lasts
        ),
        records=records,
    )


def _mend(connection: sqlite3.Connection) -> None:
    """
    Make derived parts anew that are damaged.

    @raise sqlite3.DatabaseError: when no line could be stored all the same.
    """
    connection.execute("SELECT max(seq) FROM line").fetchall()
    renew(connection, damagedParts(connection))


def _floor(connection: sqlite3.Connection, witness: Witness) -> int:
    """
    @return: see L{chat.store.numbering}.
    @raise Damaged: when nothing tells it.
    """
    try:
        return setting(connection, "floor", default=None, most=witness.mostNumbers)
    except Damaged:
        if witness.word == "":
            raise
        return witness.top + RESERVE


def _wasClean(connection: sqlite3.Connection) -> bool:
    # A value that is damaged says that ids may have been given that nobody knows.
    try:
        return setting(connection, "clean") == 1
    except Damaged:
        return False


def _marks(connection: sqlite3.Connection, most: int) -> Iterator[tuple[str, int]]:
    """
    @param most: the greatest number that is believed.
    @return: the mark of each room.  A room whose name is damaged is left out, as nobody can ask
        for it.
    @raise Damaged: when a number of a room is damaged, since ids could be given
        twice.
    """
    for name, *numbers in connection.execute("SELECT name, mark, last, floor, expired FROM room"):
        if not all(isNumber(each, most) for each in numbers):
            raise Damaged(f"the numbers of {name!a} are damaged")
        if isText(name):
            yield name, numbers[0]
