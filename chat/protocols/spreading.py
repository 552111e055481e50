"""
What many connections want at once, done over several turns.

When thousands of peers come, speak or hang up in the same moment, the reactor
hears of all of them in one turn, and what each of them costs would keep everybody
else waiting for seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from chat.delivery.turnend import TurnEnd

BUDGET = 0.01
"""For how many seconds of a turn it goes on."""


class Spread:
    """
    Does things in the order in which they are asked for: at once, as long as
    they take little of a turn, and else in one of the next turns.
    """

    def __init__(self, clock: IReactorTime, turnEnd: TurnEnd) -> None:
        self._clock = clock
        self._turnEnd = turnEnd
        self._waiting: deque[Callable[[], None]] = deque()
        # Until when in this turn; known once it has something to do.
        self._until: float | None = None

    @property
    def isCrowded(self) -> bool:
        """Whether somebody waits for another turn."""
        return bool(self._waiting)

    def do(self, act: Callable[[], None]) -> bool:
        """
        @param act: is called once.
        @return: whether it has been; else it will be in a later turn.
        """
        now = self._clock.seconds()
        if self._until is None:
            self._until = now + BUDGET
            self._turnEnd(self._nextTurn)
        if self._waiting or now >= self._until:
            self._waiting.append(act)
            return False
        act()
        return True

    def _nextTurn(self) -> None:
        self._until = None
        if not self._waiting:
            return
        self._until = self._clock.seconds() + BUDGET
        self._turnEnd(self._nextTurn)
        while self._waiting and self._clock.seconds() < self._until:
            self._waiting.popleft()()
