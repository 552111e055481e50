"""
The wrong passwords for each account since its last login, so that somebody is told: the user who
owns the account, and the operators where it goes on.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from math import inf

FEW = 3
"""Fewer wrong passwords than that are slips, of which no session is told that is here."""

MANY = 10
"""From how many on, without a pause, the operators are told."""

AGAIN_AFTER = 300.0
"""How many seconds lie between two warnings of one user."""

PAUSE = 600.0
"""After how many seconds without a wrong password it begins anew for the operators."""

MAX_ACCOUNTS = 1000
"""For how many accounts this is kept; that of the one that was guessed at least recently goes."""

MAX_ORIGINS = 64
"""How many origins are told apart for one account."""


@dataclass(slots=True)
class Tally:
    """
    The wrong passwords for one account.

    @ivar count: how many.
    @ivar inARow: how many without a pause.
    @ivar toldOf: of how many the user who owns the account knows.
    """

    count: int = 0
    inARow: int = 0
    toldOf: int = 0
    _origins: dict[str, int] = field(default_factory=dict)
    _last: float = -inf
    _told: float = -inf

    def __str__(self) -> str:
        """How many there were, a slash, and from how many origins; C{12/3}."""
        more = "+" if len(self._origins) >= MAX_ORIGINS else ""
        return f"{self.count}/{len(self._origins)}{more}"

    def add(self, origin: str, now: float) -> None:
        """
        Count one.
        """
        self.inARow = 1 if now - self._last >= PAUSE else self.inARow + 1
        self._last = now
        self.count += 1
        if origin in self._origins or len(self._origins) < MAX_ORIGINS:
            self._origins[origin] = self._origins.get(origin, 0) + 1

    def isDue(self, now: float) -> bool:
        """
        @return: whether the user is to be told now, which is noted.
        """
        if self.count - self.toldOf < FEW or now - self._told < AGAIN_AFTER:
            return False
        self.toldOf, self._told = self.count, now
        return True

    def without(self, origin: str) -> Tally:
        """
        @return: the same without a few slips from one origin.
        """
        slips = self._origins.get(origin, 0)
        if not 0 < slips < FEW:
            return self
        others = {each: count for each, count in self._origins.items() if each != origin}
        return Tally(self.count - slips, _origins=others)


class Guesses:
    """
    The tallies of all accounts, by their folds.
    """

    def __init__(self) -> None:
        # The one that was guessed at last is at the end.
        self._tallies: OrderedDict[str, Tally] = OrderedDict()

    def wrong(self, account: str, origin: str, now: float) -> Tally:
        """
        Count a wrong password.

        @param account: the fold of the account.
        @param now: in seconds of a clock that never goes back.
        """
        tally = self._tallies.setdefault(account, Tally())
        self._tallies.move_to_end(account)
        tally.add(origin, now)
        if len(self._tallies) > MAX_ACCOUNTS:
            self._tallies.popitem(last=False)
        return tally

    def loggedIn(self, account: str, origin: str) -> Tally | None:
        """
        Begin anew for an account.

        @return: what is to be told of the time since the last login, but for the slips of the
            user who logs in; L{None} where there is nothing.
        """
        tally = self._tallies.pop(account, None)
        if tally is not None:
            tally = tally.without(origin)
        return tally if tally is not None and tally.count else None

    def forget(self, account: str) -> None:
        """
        There is no such account any more.
        """
        self._tallies.pop(account, None)
