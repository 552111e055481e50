"""
The end of a reactor turn: work that is asked for while events come in, and done once,
when all of them have come.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from chat.vocabulary.times import Later


class TurnEnd:
    """
    Calls functions at the end of this turn, in the order in which they are given.

    However many they are, they cost the reactor one timer.  An exception in one of them
    is logged, and the others are called all the same.
    """

    __slots__ = ("_due", "_later")

    _log = Logger()

    def __init__(self, later: Later) -> None:
        """
        @param later: the C{callLater} of the reactor.
        """
        self._later = later
        self._due: list[Callable[[], object]] = []

    def __call__(self, act: Callable[[], object]) -> None:
        """
        @param act: is called once.  What it asks for itself is done at the end of the
            next turn.
        """
        if not self._due:
            self._later(0, self._end)
        self._due.append(act)

    def _end(self) -> None:
        due, self._due = self._due, []
        for act in due:
            try:
                act()
            except BaseException:
                # As the reactor does: the others must still be called.
                self._log.failure("a turn could not be ended", event="internal-error")
