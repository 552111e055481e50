"""
The files of a database: the locks on them, and whether they are still what SQLite works on.

SQLite works on the files that it has opened, whatever becomes of their names.  After a database was
removed or replaced everything can still be written, and is gone when the service ends.  So the
files that were opened are compared with those that have the names now, by device and inode.  This
goes for the log and its index as well: what is stored is in the log at first, and without the index
other programs do not see who else uses the log.  What becomes of files where they are is seen by
L{chat.store.contents}.

Two locks keep another service away.  One is on a file of its own beside the database, which is
there before the database is, and when it is replaced.  The other one is on the database itself,
which may have further paths: a file can be mounted twice, or moved.  Both are locks of flock(2),
which the locks that SQLite takes with fcntl(2) do not see, nor they them.  (Over NFS they would,
but there SQLite's log does not work in any case.)  Closing any descriptor of a file gives up all
locks of fcntl(2) that the process has on it, so those that are open here are closed last.

@see: U{https://www.sqlite.org/howtocorrupt.html}, sections 2.2, 2.4 and 2.5
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from dataclasses import replace
from typing import IO

from chat.store.contents import FileContents
from chat.store.witness import readWitness, writeWitness
from chat.vocabulary.errors import CannotStart

_Identity = tuple[int, int]
"""The device and the inode of a file."""


class DatabaseFiles:
    """
    The files of one database, from its opening to its end.  The threads of the writer and the
    reader share it.

    @ivar path: of the database; absolute, without symbolic links.
    @ivar witness: what is known of the database that was written last.
    """

    def __init__(self, path: str) -> None:
        """
        Lock the path.

        @raise CannotStart: when another service has it, or there can be no lock.
        """
        self.path = path
        self._lockPath = f"{path}.lock"
        try:
            self._lock = _locked(self._lockPath, os.O_RDWR | os.O_CREAT)
        except BlockingIOError as error:
            raise _inUse(path) from error
        except OSError as error:
            raise CannotStart(f"cannot write {self._lockPath}: {error.strerror}") from error
        self.witness = readWitness(self._lock.fileno())
        self._database: IO[bytes] | None = None
        # Never changed, only replaced, as two threads use them.
        self._known: dict[str, _Identity] = {}
        self._contents: FileContents | None = None

    def lockDatabase(self) -> None:
        """
        Lock the database itself, before SQLite opens it.

        @raise CannotStart: when another service has it.
        @raise OSError: when there is none.
        """
        try:
            self._database = _locked(self.path, os.O_RDONLY)
        except BlockingIOError as error:
            raise _inUse(self.path) from error

    def remember(self) -> None:
        """
        Know the files again from now on.  SQLite must have opened them all.

        @raise OSError: when one is not there.
        """
        paths = (self.path, *self._logs())
        self._known = {path: _identity(os.stat(path)) for path in paths}
        contents, index = self._contents, self._known[paths[2]]
        if contents is not None and _identity(contents.index) == index:
            contents.remember()
        elif self._database is not None:
            self._contents = FileContents(self.path, self._database.fileno())

    def check(self) -> None:
        """
        See whether the files are those that SQLite works on.

        @raise sqlite3.DatabaseError: when they are not.
        """
        _raise(self._lockAgain() or self._damage())

    def mend(self) -> None:
        """
        Before anything is read: mend an index that has been cut.

        @raise sqlite3.DatabaseError: when that is impossible.
        """
        contents = self._contents
        _raise(contents.mendIndex() if contents is not None else "")

    def checkContents(self) -> None:
        """
        L{check}, and see whether another program has changed the files where they are.  Only the
        thread of the writer may do so, while it writes nothing.

        @raise sqlite3.DatabaseError: when they are not as SQLite has left them.
        """
        self.check()
        _raise(self._contents.foreign() if self._contents is not None else "")

    def rescue(self, connection: sqlite3.Connection) -> None:
        """
        Move what is only in a log that has been removed into the database.
        """
        if self._contents is not None and not self._contents.foreign():
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint").fetchall()

    def attest(self, **known: str | int) -> None:
        """
        Let the witness know more.  A disk that fails shows elsewhere.

        @param known: fields of L{Witness}.
        """
        self.witness = replace(self.witness, **known)  # type: ignore[arg-type]
        with suppress(OSError):
            writeWitness(self._lock.fileno(), self.witness)

    def disconnect(self, connection: sqlite3.Connection) -> None:
        """
        Close a connection.  With the last one SQLite removes the log, and the next one makes it
        anew.
        """
        isWhole = not self._damage()
        with suppress(sqlite3.Error):
            connection.close()
        if isWhole:
            gone = {path for path in self._logs() if not os.path.exists(path)}
            self._known = {path: each for path, each in self._known.items() if path not in gone}
            if gone:
                self._contents = None

    def close(self) -> None:
        """
        Give up the locks, after all connections have been closed.
        """
        self._contents = None
        for file in (self._database, self._lock):
            if file is not None:
                file.close()

    def _logs(self) -> tuple[str, str]:
        return f"{self.path}-wal", f"{self.path}-shm"

    def _damage(self) -> str:
        """
        @return: what is wrong with the files, if anything.
        """
        for path, known in self._known.items():
            name = os.path.basename(path)
            try:
                found = _identity(os.stat(path))
            except FileNotFoundError:
                return f"{name} has been removed"
            except OSError as error:
                return f"{name} cannot be found: {error.strerror}"
            if found != known:
                return f"{name} has been replaced by another file"
        return ""

    def _lockAgain(self) -> str:
        """
        Put the lock back that has been removed together with the database, as by C{rm} with a
        pattern.

        @return: why that is impossible, if it is.
        """
        with suppress(OSError):
            if _identity(os.stat(self._lockPath)) == _identity(os.fstat(self._lock.fileno())):
                return ""
        try:
            lock = _locked(self._lockPath, os.O_RDWR | os.O_CREAT)
        except BlockingIOError:
            return "another tcpchat is using it"
        except OSError as error:
            return f"{os.path.basename(self._lockPath)} cannot be written: {error.strerror}"
        self._lock.close()
        self._lock = lock
        return ""


def _raise(reason: str) -> None:
    if reason:
        raise sqlite3.DatabaseError(reason)


def requireUnused(path: str) -> None:
    """
    @raise CannotStart: when another service uses the database.
    """
    for locked in (f"{path}.lock", path):
        try:
            _locked(locked, os.O_RDONLY).close()
        except BlockingIOError as error:
            raise _inUse(path) from error
        except OSError:
            # Where there is none yet, nobody has it.
            continue


def _locked(path: str, flags: int) -> IO[bytes]:
    """
    @param flags: of open(2).
    @raise BlockingIOError: when another process has the lock.
    """
    file: IO[bytes] = open(os.open(path, flags, 0o666), "rb", buffering=0)  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        file.close()
        raise
    return file


def _inUse(path: str) -> CannotStart:
    return CannotStart(f"cannot open {path}: another tcpchat is using it")


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino
