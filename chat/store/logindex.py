"""
What the index of the write-ahead log tells about the log and the database.

SQLite appends what is written to the log, and now and then moves the log into the database: a
I{checkpoint}.  Its index, the file that ends in C{-shm}, is shared by all programs that use the
database, and knows how many frames of the log count, by which I{salt} frames of this log are known,
and how many of them have been moved.  The number of those that are I{about} to be moved is there
before the first one is.  So nobody who works by the rules changes the database, or cuts the log,
while these numbers stay.

An index that is empty is no loss: SQLite makes it anew from the log.

@see: U{https://www.sqlite.org/walformat.html}, sections 2.1 (the index header) and 2.3 (locks); and
    U{https://www.sqlite.org/fileformat.html}, section 4.1 (the log)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from struct import Struct

_HEADER = Struct("=12x?xHI12x8s8x")
"""Whether it is valid, the size of a page, the frames, the salt; in the order of the machine."""

_CHECKPOINT = Struct("=I28xI")
"""The frames that have been moved, and those that are being moved."""

_LOG_HEADER, _FRAME_HEADER = 32, 24
_SALT = slice(16, 24)


@dataclass(frozen=True, slots=True)
class LogState:
    """
    One moment of a log.

    @ivar page: the size of a page, in bytes.
    @ivar moved: how many frames are in the database.
    @ivar moving: how many will be when the last checkpoint is complete.
    """

    salt: bytes
    frames: int
    page: int
    moved: int
    moving: int

    @property
    def isSettled(self) -> bool:
        """Whether the last checkpoint is complete."""
        return self.moved == self.moving

    def precedes(self, later: LogState) -> bool:
        """
        @return: whether the other state can be a later one: frames are only added, until the log
            begins anew with another salt.
        """
        return self.salt != later.salt or self.frames <= later.frames

    def sameCheckpoint(self, other: LogState) -> bool:
        """
        @return: whether no checkpoint has begun or ended in between.
        """
        return (self.salt, self.moved, self.moving) == (other.salt, other.moved, other.moving)

    def isIn(self, log: int) -> bool:
        """
        @param log: a descriptor of the log.
        @return: whether all the frames can be there.
        """
        size = _LOG_HEADER + self.frames * (_FRAME_HEADER + self.page)
        return not self.frames or (
            os.pread(log, _LOG_HEADER, 0)[_SALT] == self.salt and os.fstat(log).st_size >= size
        )


def readState(index: int) -> LogState | None:
    """
    @param index: a descriptor of the file that ends in C{-shm}.
    @return: L{None} while another program writes there, or there is nothing yet.
    """
    content = os.pread(index, 2 * _HEADER.size + _CHECKPOINT.size, 0)
    first, second = content[: _HEADER.size], content[_HEADER.size : 2 * _HEADER.size]
    if len(content) < 2 * _HEADER.size + _CHECKPOINT.size or first != second:
        return None
    isValid, page, frames, salt = _HEADER.unpack(first)
    moved, moving = _CHECKPOINT.unpack_from(content, 2 * _HEADER.size)
    # 65536 does not fit, and is written as 1.
    page = 65536 if page == 1 else page
    return LogState(salt, frames, page, moved, moving) if isValid else None
