"""
A search without an index: line by line, in small steps, so that the reactor turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from chat.vocabulary.errors import HistoryUnavailable
from chat.vocabulary.events import Line

STEP = 100
"""How many lines are looked at in one turn: two or three milliseconds."""

WITHIN = 2.0
"""After how many seconds it is given up."""


class Scan:
    """
    One search.
    """

    def __init__(
        self,
        clock: IReactorTime,
        lines: Iterator[Line],
        isWanted: Callable[[Line], bool],
        count: int,
    ) -> None:
        """
        @param lines: newest first.
        @param count: after so many the search is over.
        """
        self._clock = clock
        self._lines = lines
        self._isWanted = isWanted
        self._count = count
        self._found: list[Line] = []
        self._done: Deferred[list[Line]] = Deferred()
        self._end = clock.seconds() + WITHIN

    def begin(self) -> Deferred[list[Line]]:
        """
        @return: fires with what was found, newest first, at once if there is not
            much to look at; fails with L{HistoryUnavailable} when it takes too
            long.
        """
        self._step()
        return self._done

    def _step(self) -> None:
        lines = list(islice(self._lines, STEP))
        self._found += filter(self._isWanted, lines)
        if len(self._found) >= self._count or len(lines) < STEP:
            self._done.callback(self._found[: self._count])
        elif self._clock.seconds() < self._end:
            self._clock.callLater(0, self._step)
        else:
            self._done.errback(HistoryUnavailable())
