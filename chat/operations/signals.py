"""
The signals by which an operator asks for something: SIGHUP to read files again, SIGUSR1 to begin a
new log, SIGINT and SIGTERM to stop.

The first two would end the process by default, and at once: nobody would be told, and what waits
for the disk would be lost. So they are heeded to the end of the process, not only while there is
somebody to act upon them. What is asked for during the start is done after it.

The start has three parts. While Python and Twisted are being loaded nothing here runs yet, and each
of the signals ends the process. While the service is being loaded, which takes longest, L{hold} is
in force; from then on L{Signals} and L{endOnceRunning} are.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

_HELD = (signal.SIGHUP, signal.SIGUSR1)


def hold() -> None:
    """
    Let the kernel keep SIGHUP and SIGUSR1 until there are L{Signals} for them. SIGINT ends the
    process until L{endOnceRunning}, as SIGTERM does: nothing is open yet, and a traceback of Python
    would tell nothing.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    # A shell lets jobs in the background ignore it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def endOnceRunning(reactor: Any) -> None:
    """
    Let SIGINT and SIGTERM stop the service in order from now on: the first that comes before the
    reactor runs is kept until it does, and the second ends the process at once.

    @param reactor: Handles both signals once it runs.
    """
    _EarlyEnd().watch(reactor)


class _EarlyEnd:
    """
    The signals that end the process, until the reactor runs.
    """

    def __init__(self) -> None:
        self._asked: int | None = None

    def watch(self, reactor: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._received)
        reactor.callWhenRunning(self._over, reactor)

    def _received(self, number: int, frame: FrameType | None) -> None:
        if self._asked is not None:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._asked = number

    def _over(self, reactor: Any) -> None:
        # Twisted leaves SIGINT alone where the handler is not Python's own.
        if signal.getsignal(signal.SIGINT) == self._received:
            signal.signal(signal.SIGINT, reactor.sigInt)
        if self._asked is not None:
            signal.raise_signal(self._asked)


class Signals:
    """
    Some signals, and what is done upon each.
    """

    def __init__(self, *numbers: int) -> None:
        """
        From now on none of them ends the process. Those that L{hold} has kept come now.

        Nor does SIGTTOU stop it, which comes to a job in the background that writes its log to a
        terminal, after C{stty tostop}: the terminal then takes the log, as from any job.
        """
        self._acts: dict[int, Callable[[], object]] = {}
        self._early: set[int] = set()
        for number in numbers:
            signal.signal(number, self._received)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    def upon(self, number: int, act: Callable[[], object]) -> None:
        """
        @param act: Called whenever the signal comes, and now if it has come already. It may
            interrupt anything, so there is little that it can safely do.
        """
        # In this order no signal is missed that comes in between.
        self._acts[number] = act
        if number in self._early:
            self._early.remove(number)
            act()

    def _received(self, number: int, frame: FrameType | None) -> None:
        act = self._acts.get(number)
        if act is None:
            self._early.add(number)
        else:
            act()
