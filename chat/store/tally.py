"""
A tally of the lines that were said, in memory that outlives the process and not the machine.

Lines are delivered before they are on the disk.  So a start after a crash finds the lines that
were stored, and cannot tell from them whether there were others.  The tally can: it is a file in a
tmpfs, mapped into the process, in which each line is counted before it has a number.  The kernel
keeps it when the process is killed, and loses it in a power cut.

It begins with the place of the last line among those of all rooms (see
L{chat.store.witness.lastPlace}), and places go up by one for each line that is stored.  So a tally
that is equal to the last place says that every line since is stored.  When one was lost, the tally
stays ahead for the rest of that opening, and tells nothing.

It is named by the word of the opening, locked while the process lives, and removed by the first
start that reads it, so that no copy of the database finds it again.  Where there is no tmpfs there
is no tally: a write to a file that is mapped may wait for its disk.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from struct import Struct

from chat.store.numbering import RESERVE

# The count, and the reserve by which the marks of that opening were raised.
_CONTENT = Struct("=QQ")

_isWord = re.compile("[0-9a-f]{32}").fullmatch


class Tally:
    """
    The tally of one opening.

    @ivar count: its first item is the count, to which whoever gives numbers adds.
    """

    def __init__(self, directory: str, word: str, place: int) -> None:
        """
        @param directory: in which the file is made.  Where that is impossible the count is kept,
            and is lost with the process.
        @param word: of the opening.
        @param place: of the last line before.
        """
        content = _CONTENT.pack(place, RESERVE)
        self._path = ""
        memory: mmap.mmap | bytearray = bytearray(content)
        with suppress(OSError):
            path = _path(directory, word)
            with _locked(path, os.O_RDWR | os.O_CREAT | os.O_EXCL) as file:
                self._path = path
                # Written, since a page that is not there yet may find no space later.
                os.write(file, content)
                # It keeps the file open, and thereby the lock.
                memory = mmap.mmap(file, len(content))
        self.count = memoryview(memory).cast("Q")

    def remove(self) -> None:
        """
        Remove the file, since the database was closed cleanly.
        """
        with suppress(OSError):
            os.remove(self._path)


def takeTally(directory: str, word: object) -> int | None:
    """
    Read the tally of an opening that has ended, and take it away.

    @param word: of that opening, as the database has it.
    @return: the place that its last line must have, or L{None} where that is not known.
    """
    content = b""
    with suppress(OSError):
        path = _path(directory, word)
        with _locked(path, os.O_RDONLY) as file:
            content = os.read(file, _CONTENT.size)
            os.remove(path)
    if len(content) != _CONTENT.size:
        return None
    place, reserve = _CONTENT.unpack(content)
    return int(place) if reserve == RESERVE else None


def _path(directory: str, word: object) -> str:
    """
    @raise OSError: when there can be none.
    """
    if not isinstance(word, str) or not _isWord(word):
        raise OSError("the word is damaged")
    if not _isInMemory(directory):
        raise OSError(f"{directory} is not in memory")
    return f"{directory}/tcpchat-{word}"


def _isInMemory(directory: str) -> bool:
    # See proc(5), mountinfo: the third field is the device, the kind comes after a dash.
    device = os.stat(directory).st_dev
    number = b"%d:%d" % (os.major(device), os.minor(device))
    with open("/proc/self/mountinfo", "rb") as mounts:
        return any(b" - tmpfs " in each and each.split()[2] == number for each in mounts)


@contextmanager
def _locked(path: str, flags: int) -> Iterator[int]:
    """
    @return: a descriptor of a file of our own that no other process has.
    @raise OSError: when it is not.
    """
    # Others may have put anything there.
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file).st_uid != os.geteuid():
            raise PermissionError(f"{path} belongs to another user")
        yield file
    finally:
        os.close(file)
