"""
The C{tcpchat} command.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Timer
from typing import Any, NoReturn, cast

from twisted.internet.task import LoopingCall
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, globalLogBeginner
from zope.interface import provider

from chat.cli.charset import encoded, localeCharset
from chat.cli.options import FAILED, ClientOptions, parseOptions
from chat.vocabulary.awake import BEAT, AwakeTime
from chat.vocabulary.sanitizing import clean

_STANDARD_STREAMS = (0, 1, 2)
_MAX_MISTAKES = 20

_STOP_WITHIN = 1.0
"""Seconds for the reactor to stop when everything has been said."""

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """
    Run C{tcpchat} with the arguments and the environment of this process.

    @raise SystemExit: always, with a status that C{tcpchat --help} explains.
    """
    _openStandardStreams()
    charset = localeCharset()
    options = parseOptions(sys.argv[1:], os.environ, charset)
    # Importing the reactor installs it, so this comes after the options.
    from twisted.internet import reactor

    run = _Run(reactor, charset)
    if _isTerminal():
        run.onTerminal(options)
    else:
        run.onPipe(options)
    run.exit()


class _Run:
    """
    One run of the reactor, from its start to the exit status.
    """

    def __init__(self, reactor: Any, charset: str) -> None:
        self._reactor = reactor
        self._charset = charset
        # A service that answers while this process is suspended has answered in time.
        self._time = AwakeTime()
        reactor.seconds = self._time.seconds
        self.status = FAILED
        self._signal: int | None = None
        self._mistakes: list[str] = []

    def onPipe(self, options: ClientOptions) -> None:
        from chat.cli.pipe import PipeChat

        chat = PipeChat(self._reactor, options, self._ended, self._warned)
        for number in _ENDING_SIGNALS:
            self._upon(number, partial(self._endBy, number))
        self._go(chat.start)

    def onTerminal(self, options: ClientOptions) -> None:
        from chat.cli.terminal import TerminalChat

        chat = TerminalChat(self._reactor, options, self._ended)
        # Whatever happens, the shell gets its terminal back.
        atexit.register(chat.terminal.leave)

        def leave(number: int) -> None:
            self._signal = number
            chat.leave()

        for number in _ENDING_SIGNALS:
            self._upon(number, partial(leave, number))
        self._upon(signal.SIGWINCH, chat.resized)
        self._upon(signal.SIGTSTP, chat.suspend)
        self._upon(signal.SIGCONT, chat.resumed)
        self._keepMistakes(chat.wentWrong)
        try:
            self._go(chat.start)
        finally:
            chat.close()
            for mistake in self._mistakes:
                self._tell(mistake)

    def exit(self) -> NoReturn:
        """
        End the process, by the signal that has ended the reactor if there was one.
        """
        if self._signal is not None:
            # The parent process is to see which signal it was.
            signal.signal(self._signal, signal.SIG_DFL)
            os.kill(os.getpid(), self._signal)
        raise SystemExit(self.status)

    def _go(self, start: Callable[[], None]) -> None:
        beating = LoopingCall(self._time.beat)
        beating.clock = self._reactor
        self._reactor.callWhenRunning(beating.start, BEAT)
        self._reactor.callWhenRunning(start)
        self._reactor.run(installSignalHandlers=False)

    def _keepMistakes(self, made: Callable[[], None]) -> None:
        """
        Keep the errors that Twisted logs: it would write them across the screen.

        @param made: called after each.
        """

        @provider(ILogObserver)
        def observe(event: LogEvent) -> None:
            if event.get("log_level") is LogLevel.critical and len(self._mistakes) < _MAX_MISTAKES:
                self._mistakes.append(eventAsText(event, includeSystem=False))
                made()

        globalLogBeginner.beginLoggingTo(
            [cast("ILogObserver", observe)], discardBuffer=True, redirectStandardIO=False
        )

    def _upon(self, number: int, do: Callable[[], None]) -> None:
        # A signal that nohup or a shell has set to be ignored stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: self._reactor.callFromThread(do))

    def _endBy(self, number: int) -> None:
        self._signal = number
        self._stop()

    def _ended(self, status: int, message: str) -> None:
        self.status = status
        if message and self._signal is None:
            self._warned(message)
        self._stop()

    def _warned(self, message: str) -> None:
        self._tell(f"tcpchat: {message}")

    def _tell(self, text: str) -> None:
        """Write a text to standard error, made safe: it may quote the service."""
        lines = "".join(clean(line) + "\n" for line in text.splitlines())
        with suppress(OSError):
            os.write(2, encoded(lines, self._charset))

    def _stop(self) -> None:
        if self._reactor.running:
            self._reactor.stop()
            # The reactor waits for its threads, and one of them may still be
            # looking up a name.
            last = Timer(_STOP_WITHIN, self._leaveThreadsBehind)
            last.daemon = True
            last.start()

    def _leaveThreadsBehind(self) -> None:
        os._exit(self.status if self._signal is None else 128 + self._signal)


def _openStandardStreams() -> None:
    """
    Open those that are closed on /dev/null; otherwise the next file that is opened
    would become one of them.
    """
    for descriptor in _STANDARD_STREAMS:
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _isTerminal() -> bool:
    """
    @return: whether input and output are one terminal that can move its cursor.
    """
    if not os.isatty(0) or not os.isatty(1) or os.environ.get("TERM", "dumb") == "dumb":
        return False
    with suppress(OSError):
        return os.ttyname(0) == os.ttyname(1)
    return True


if __name__ == "__main__":
    main()
