"""
The screen of the terminal: the last row has what is being typed, and what is said
goes above it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from chat.cli.charset import encoded
from chat.cli.tty import Terminal
from chat.editor.completion import Completer
from chat.editor.editor import LineEditor, Outcome
from chat.editor.keys import KeyParser, KeyPress
from chat.editor.wrapping import wrapped


class Screen:
    """
    A line editor on a terminal.

    @ivar terminal: the device.
    @ivar editor: holds what is being typed.
    """

    def __init__(
        self,
        reactor: Any,
        typed: Callable[[Outcome], None],
        hungUp: Callable[[], None],
        prompt: Callable[[], str],
        complete: Completer,
        secretIn: Callable[[str], int | None],
        charset: str,
        descriptor: int,
    ) -> None:
        """
        @param typed: called with what the user has asked for.
        @param hungUp: called once, when the terminal is gone.
        @param prompt: returns what to show before the text.
        @param complete: as for L{LineEditor}.
        @param secretIn: as for L{LineEditor}.
        @param charset: see L{localeCharset}.
        @param descriptor: open on the terminal.
        @raise OSError: when C{descriptor} is no terminal.
        """
        self._reactor = reactor
        self._typed = typed
        self._prompt = prompt
        self.terminal = Terminal(reactor, self._received, hungUp, descriptor)
        self._keys = KeyParser(charset)
        self._charset = charset
        self.editor = LineEditor(
            self.terminal.columns, "", complete, secretIn=secretIn, charset=charset
        )
        self._above: list[str] = []
        self._isPrinting = False
        self._patience: IDelayedCall | None = None
        self._isClosed = False

    def open(self) -> None:
        """Take the terminal."""
        self.terminal.enter()
        self.draw()

    def close(self) -> None:
        """
        Give the terminal back, with everything shown.  Closing again does nothing.
        """
        if not self._isClosed:
            self._printAll()
        self._isClosed = True
        if self.terminal.isRaw:
            self.terminal.write(self.editor.erase())
        self.terminal.close()

    def suspend(self) -> None:
        """
        Stop the process, as Ctrl-Z does in a shell, until it is continued.
        """
        self.terminal.write(self.editor.erase())
        self.terminal.leave()
        # The whole process group stops, as the terminal itself would do it.
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, before)
        self.resumed()

    def resumed(self) -> None:
        """
        Take the terminal again: the process was continued, and another one had
        the terminal meanwhile.
        """
        if not self._isClosed:
            self.terminal.enter()
            self.terminal.write(self.editor.resize(self.terminal.columns))

    def resized(self) -> None:
        """
        Draw the row again if the terminal has another width.
        """
        columns = self.terminal.columns
        if columns != self.editor.columns and self.terminal.isRaw:
            self.terminal.write(self.editor.resize(columns))

    def print(self, line: str, indent: int) -> None:
        """
        Show a line above the row, together with the others of this reactor turn.

        @param line: safe for a terminal, without a line end.
        @param indent: as for L{wrapped}.
        """
        self._above.extend(row + "\r\n" for row in wrapped(line, self.editor.columns, indent))
        if not self._isPrinting:
            self._isPrinting = True
            self._reactor.callLater(0, self._printAll)

    def draw(self) -> None:
        """Bring the row up to date."""
        if not self._isClosed:
            self.editor.prompt = self._prompt()
            self.terminal.write(self.editor.draw())

    def ring(self) -> None:
        """Ring the bell."""
        self.terminal.write(b"\x07")

    def _printAll(self) -> None:
        self._isPrinting = False
        if self._isClosed or not self.terminal.isRaw:
            return
        above, self._above = self._above, []
        self.editor.prompt = self._prompt()
        if above:
            self.terminal.write(self.editor.printAbove(encoded("".join(above), self._charset)))

    # Keys.

    def _received(self, data: bytes) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._press(self._keys.feed(data))
        if not self._isClosed and self._keys.patience is not None:
            self._patience = self._reactor.callLater(self._keys.patience, self._impatient)

    def _impatient(self) -> None:
        self._patience = None
        self._press(self._keys.flush())

    def _press(self, keys: list[KeyPress]) -> None:
        for key in keys:
            if self._isClosed:
                return
            outcome = self.editor.keyPressed(key)
            if outcome is not None:
                self._typed(outcome)
        self.draw()
