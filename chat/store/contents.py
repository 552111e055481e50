"""
Whether another program has changed the files of a database where they are, as C{cp} and C{: >} do.

SQLite itself changes the database only when it moves the log there, and its index tells of each
time (L{chat.store.logindex}).  So between two such moves the size of the database and the time of
its last change stay; and all frames that the index counts are in the log.  Other programs that use
SQLite go by the same rules.

Nothing may be moved into a database that has been changed, nor out of a log that has been cut.  An
index that has been cut is no loss: it gets its size back before SQLite looks into it, which would
end the process (SIGBUS), and SQLite makes it anew.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from struct import Struct
from weakref import finalize

from chat.store.logindex import LogState, readState

_FLOCK = Struct("hhqqi0q")
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510
"""
The bytes of a database on which each reader has a lock.

@see: U{https://www.sqlite.org/lockingv3.html}, and C{SHARED_FIRST} in C{os.h} of SQLite
"""

_Content = tuple[int, int]
"""The size of a file, and when it was changed last, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """
    What was found when all was well.

    @ivar database: L{None} until the next checkpoint, if the last one has failed, or that of
        another program may be going on.
    """

    log: LogState
    indexSize: int
    database: _Content | None


class FileContents:
    """
    The files as long as they are open.  The threads of the writer and the reader share it.
    """

    def __init__(self, path: str, database: int) -> None:
        """
        SQLite must have opened the files.  Those that are opened here may be closed only after
        SQLite has closed them, or its locks are gone: see L{chat.store.files}.

        @param path: of the database.
        @param database: a descriptor of it.
        @raise OSError: when one is not there.
        """
        self._name = os.path.basename(path)
        self._database = database
        self._log = self._opened(f"{path}-wal", os.O_RDONLY)
        self._index = self._opened(f"{path}-shm", os.O_RDWR)
        # Never changed, only replaced, as two threads use it.
        self._seen: _Seen | None = None
        self._isForeign = False
        self.remember()

    @property
    def index(self) -> os.stat_result:
        """The status of the index."""
        return os.fstat(self._index)

    def remember(self) -> None:
        """
        Take the files as they are for good.
        """
        log = readState(self._index)
        if log is not None:
            self._seen = self._seenNow(log, self._content())

    def mendIndex(self) -> str:
        """
        Give an index its size back that has been cut.

        @return: why that is impossible, if it is.
        """
        seen = self._seen
        if seen is None or self.index.st_size >= seen.indexSize:
            return ""
        # What SQLite would make of a log that has been cut as well is an earlier state.
        if not seen.log.isIn(self._log):
            return self._changedFile("-wal")
        with suppress(OSError):
            os.ftruncate(self._index, seen.indexSize)
            return ""
        return self._changedFile("-shm")

    def foreign(self) -> str:
        """
        Only the thread of the writer may ask, while it writes nothing.

        @return: which file another program has changed, if one has.
        """
        reason = self.mendIndex() or self._foreign()
        if bool(reason) != self._isForeign:
            self._isForeign = bool(reason)
            self._beReader()
        return reason

    def _foreign(self) -> str:
        seen = self._seen
        log = readState(self._index)
        database = self._content()
        isWhole = log is None or log.isIn(self._log)
        if seen is None or log is None or log != readState(self._index):
            # Another program writes just now, or the index is to be made anew.
            return ""
        if not seen.log.precedes(log):
            return self._changedFile("-shm")
        if not isWhole:
            return self._changedFile("-wal")
        if not log.sameCheckpoint(seen.log):
            self._seen = self._seenNow(log, database)
        elif seen.database in (None, database):
            self._seen = _Seen(log, self.index.st_size, seen.database)
        else:
            return self._changedFile("")
        return ""

    def _seenNow(self, log: LogState, database: _Content) -> _Seen:
        return _Seen(log, self.index.st_size, database if log.isSettled else None)

    def _beReader(self) -> None:
        """
        Have the lock of a reader on the database while it is foreign.  With its last connection
        SQLite moves the log into the database, except while others read it.
        """
        # One of an open file: SQLite is this process as well, and would pass one of the process.
        kind = fcntl.F_RDLCK if self._isForeign else fcntl.F_UNLCK
        lock = _FLOCK.pack(kind, os.SEEK_SET, _SHARED_FIRST, _SHARED_SIZE, 0)
        with suppress(OSError):
            fcntl.fcntl(self._database, fcntl.F_OFD_SETLK, lock)

    def _opened(self, path: str, flags: int) -> int:
        """
        @return: a descriptor, which is closed when neither thread needs it any more.
        """
        descriptor = os.open(path, flags)
        finalize(self, os.close, descriptor)
        return descriptor

    def _content(self) -> _Content:
        status = os.fstat(self._database)
        return status.st_size, status.st_mtime_ns

    def _changedFile(self, suffix: str) -> str:
        return f"{self._name}{suffix} has been changed by another program"
