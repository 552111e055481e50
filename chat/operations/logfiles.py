"""
Where the lines of the log go: a file that is rotated, a pipe or a terminal, syslog. All of them may
block, so only the thread of a L{LineWriter<chat.operations.linewriter.LineWriter>} writes.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from itertools import pairwise

from chat.operations.linewriter import Sink, writeTo

ROTATED_AT = 1_000_000
"""How many bytes a file of the log has when it is rotated."""

KEPT = 100
"""How many rotated files are kept."""

MODE = 0o640
"""
Of a new file, less what the umask takes: it has nicknames and addresses. Another one that is there
keeps its mode, and the files that follow it have the same.
"""

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY


class Stream(Sink):
    """
    A pipe or a terminal.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def opened(cls, path: str) -> Stream:
        """
        @raise OSError: When it cannot be opened; also when it is a FIFO that no program reads.
        """
        return cls(os.open(path, _FLAGS | os.O_NONBLOCK))

    def write(self, data: memoryview) -> int:
        return writeTo(self._descriptor, data)


class RotatedFile(Sink):
    """
    A file that is renamed to C{FILE.1}, and begun anew, when it is large. The file that has this
    name becomes C{FILE.2}, and so on, as far as there are such files: any other, such as
    C{FILE.20251101} or C{FILE.01}, is not ours. Nor is a link by which the file was opened.

    twistd has one, too (L{twisted.python.logfile.LogFile}). After a disk has been full in the wrong
    moment that one never writes again.
    """

    def __init__(self, path: str) -> None:
        """
        @raise OSError: When the file cannot be written.
        """
        self._path = os.path.abspath(path)
        self._mode: int | None = None
        self._descriptor = -1
        self._open()

    def write(self, data: memoryview) -> int:
        if self._size >= ROTATED_AT and self._isInPlace():
            self.turnOver()
        if self._descriptor < 0:
            self._open()
        if not self._size and data[0] == ord("\n"):
            # The line that this would end was cut by a full disk, in the file before.
            return 1
        written = os.write(self._descriptor, data)
        self._size += written
        return written

    def turnOver(self) -> None:
        """
        Rotate the file now, or open a new one where it was moved away, for instance by logrotate.

        As long as the directory cannot be written, the file just grows.
        """
        with suppress(OSError):
            if self._isInPlace():
                self._rename()
            self._close()
            self._open()

    def _isInPlace(self) -> bool:
        """
        @return: Whether the file has its name, and no link to it nor another file has.
        """
        try:
            return os.path.samestat(os.lstat(self._path), os.fstat(self._descriptor))
        except OSError:
            return False

    def _rename(self) -> None:
        """
        Only files in the way move up, so a rename that fails does no more harm when it is tried
        again.
        """
        names = [self._path]
        for number in range(1, KEPT + 1):
            name = f"{self._path}.{number}"
            if not os.path.lexists(name):
                names.append(name)
                break
            if stat.S_ISREG(os.lstat(name).st_mode):
                names.append(name)
        for newer, older in reversed([*pairwise(names)]):
            os.rename(newer, older)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def _open(self) -> None:
        try:
            self._descriptor = os.open(self._path, _FLAGS)
        except FileNotFoundError:
            self._descriptor = os.open(self._path, _FLAGS | os.O_CREAT, MODE)
            if self._mode is not None:
                # Whatever umask twistd has set since.
                os.fchmod(self._descriptor, self._mode)
        status = os.fstat(self._descriptor)
        self._size = status.st_size
        self._mode = stat.S_IMODE(status.st_mode)


class Syslog(Sink):
    """
    Takes lines as L{syslogLines<chat.operations.logformat.syslogLines>} makes them.
    """

    def __init__(self, name: str) -> None:
        """
        @param name: Of this program.
        """
        # Not every system has syslog.
        import syslog

        self._syslog = syslog.syslog
        syslog.openlog(name)

    def write(self, data: memoryview) -> int:
        for line in bytes(data).decode().split("\n")[:-1]:
            priority, _, text = line[1:].partition(">")
            self._syslog(int(priority), text)
        return len(data)
