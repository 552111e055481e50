"""
The terminal as a device: raw (termios(3)) while the client has it, and as it was
before once the client gives it back.

The client opens a descriptor of its own, by the name of the terminal.  Standard
input shares its open file with the shell and all other programs there, and a file
that one of them makes non-blocking is non-blocking for all.
"""

from __future__ import annotations

import errno
import os
import select
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IReadWriteDescriptor
from twisted.internet.main import CONNECTION_LOST
from twisted.python.failure import Failure
from zope.interface import implementer

_PASTES_MARKED = b"\x1b[?2004h"
_PASTES_PLAIN = b"\x1b[?2004l"

_READ_AT_ONCE = 4096

_MAX_UNWRITTEN = 65536
"""Bytes that may wait for the terminal before their producer is paused."""

_FLUSH_WITHIN = 1.0
"""Seconds for a terminal to take what is left to write."""


@implementer(IReadWriteDescriptor)
class Terminal:
    """
    A terminal in the reactor: bytes of keys in, bytes for the screen out.

    @ivar isRaw: whether the client has it now.
    """

    def __init__(
        self,
        reactor: Any,
        received: Callable[[bytes], None],
        hungUp: Callable[[], None],
        descriptor: int = 0,
    ) -> None:
        """
        @param reactor: provides C{IReactorFDSet}.
        @param received: called with the bytes of keys.
        @param hungUp: called once, when the terminal is gone.
        @param descriptor: open on the terminal; only the name of its terminal is
            taken, if possible.
        @raise OSError: when C{descriptor} is no terminal.
        """
        self._reactor = reactor
        self._received = received
        self._hungUp = hungUp
        self._own = _open(descriptor)
        try:
            self._saved = termios.tcgetattr(self._own)
        except termios.error as error:
            os.close(self._own)
            raise OSError(*error.args) from error
        self.isRaw = False
        self._isGone = False
        self._unwritten = bytearray()
        self._producer: Any = None
        self._isPaused = False

    @property
    def columns(self) -> int:
        """How wide it is; 80 where the terminal does not know."""
        try:
            return os.get_terminal_size(self._own).columns or 80
        except OSError:
            return 80

    def setProducer(self, producer: Any) -> None:
        """
        @param producer: paused while too many bytes wait; or L{None}.
        """
        self._producer = producer
        self._isPaused = False

    def enter(self) -> None:
        """
        Take the terminal: every key arrives at once, is not echoed, and is no
        signal.

        In the background this stops the process (SIGTTOU) until it is brought to the
        foreground.
        """
        if self._isGone:
            return
        wasRaw, self.isRaw = self.isRaw, True
        try:
            while not self._makeRaw(wasRaw):
                pass
        except termios.error as error:
            # It has hung up, or no shell is left that could bring us to the foreground.
            self.connectionLost(Failure(error))
            return
        self.write(_PASTES_MARKED)
        self._reactor.addReader(self)

    def _makeRaw(self, isSaved: bool) -> bool:
        """
        @param isSaved: whether it is known how the terminal was before.
        @return: whether it is raw; otherwise a signal has come, and if the process was
            stopped, another program may have changed the terminal meanwhile.
        """
        try:
            if not isSaved:
                self._saved = termios.tcgetattr(self._own)
            termios.tcsetattr(self._own, termios.TCSADRAIN, _raw(self._saved))
        except termios.error as error:
            # Python tries again by itself (PEP 475), but not in this module.
            if error.args[0] != errno.EINTR:
                raise
            return False
        return True

    def leave(self) -> None:
        """
        Give the terminal back as it was, with everything written.  Leaving again
        does nothing.
        """
        if not self.isRaw:
            return
        self.isRaw = False
        self._reactor.removeReader(self)
        self._unwritten += _PASTES_PLAIN
        self._flush()
        # A terminal that has hung up cannot be given back.
        with suppress(termios.error):
            termios.tcsetattr(self._own, termios.TCSANOW, self._saved)

    def close(self) -> None:
        """
        Leave, and close the descriptor.
        """
        self.leave()
        self._end()

    def write(self, data: bytes) -> None:
        """
        Write when the terminal takes it; nothing, when it is gone.
        """
        if self._isGone or not data:
            return
        self._unwritten += data
        self._reactor.addWriter(self)
        if len(self._unwritten) > _MAX_UNWRITTEN and not self._isPaused and self._producer:
            self._isPaused = True
            self._producer.pauseProducing()

    def _flush(self) -> None:
        """Write what waits without the reactor, which may have stopped."""
        self._reactor.removeWriter(self)
        while self._unwritten:
            _, writable, _ = select.select([], [self._own], [], _FLUSH_WITHIN)
            if not writable or self.doWrite() is not None:
                self._unwritten.clear()

    def _end(self) -> None:
        if not self._isGone:
            self._isGone = True
            self._reactor.removeReader(self)
            self._reactor.removeWriter(self)
            self._unwritten.clear()
            os.close(self._own)

    # IReadWriteDescriptor.

    def fileno(self) -> int:
        return -1 if self._isGone else self._own

    def logPrefix(self) -> str:
        return "terminal"

    def doRead(self) -> Any:
        try:
            data = os.read(self._own, _READ_AT_ONCE)
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        if not data:
            return CONNECTION_LOST
        self._received(data)
        return None

    def doWrite(self) -> Any:
        try:
            del self._unwritten[: os.write(self._own, self._unwritten)]
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        if not self._unwritten:
            self._reactor.removeWriter(self)
            if self._isPaused:
                self._isPaused = False
                self._producer.resumeProducing()
        return None

    def connectionLost(self, reason: Failure) -> None:
        if not self._isGone:
            self.isRaw = False
            self._end()
            self._hungUp()


def _open(descriptor: int) -> int:
    flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(os.ttyname(descriptor), flags)
    except OSError:
        # After su, or in a container, it may have no name, or one that this user
        # may not open.  Then the open file is shared and stays blocking.
        return os.dup(descriptor)


def _raw(attributes: list[Any]) -> list[Any]:
    """
    @return: the attributes after cfmakeraw(3), except those for the output,
        because other programs write to the terminal as well.
    """
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = attributes
    iflag &= ~(
        termios.BRKINT
        | termios.ICRNL
        | termios.IGNCR
        | termios.INLCR
        | termios.INPCK
        | termios.ISTRIP
        | termios.IXON
        | termios.PARMRK
    )
    lflag &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN | termios.ISIG)
    cflag = cflag & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    cc = list(cc)
    cc[termios.VMIN], cc[termios.VTIME] = 1, 0
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]
