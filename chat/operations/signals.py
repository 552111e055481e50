"""
The signals by which an operator asks for something: SIGHUP to read files again, SIGUSR1 to begin a
new log.

Either would end the process by default, and at once: nobody would be told, and what waits for the
disk would be lost. So they are heeded from the beginning to the end of the process, not only while
there is somebody to act upon them. What is asked for during the start is done after it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType


class Signals:
    """
    Some signals, and what is done upon each.
    """

    def __init__(self, *numbers: int) -> None:
        """
        From now on none of them ends the process.

        Nor does SIGTTOU stop it, which comes to a job in the background that writes its log to a
        terminal, after C{stty tostop}: the terminal then takes the log, as from any job.
        """
        self._acts: dict[int, Callable[[], object]] = {}
        self._early: set[int] = set()
        for number in numbers:
            signal.signal(number, self._received)
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
