"""
How often passwords may be guessed: a few times a minute from one address, and a few times a minute
for one account, wherever the guesses come from.

An attempt counts from its beginning until it is known not to have been a wrong guess. Guessing many
times at once is therefore no way around the limit.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil

from chat.vocabulary.addresses import originOf, parseAddress
from chat.vocabulary.errors import TooManyAttempts

ATTEMPTS = 3
"""How many wrong passwords there may be in L{PERIOD}."""

PERIOD = 60.0
"""Seconds."""

MAX_KEYS = 20_000
"""
How many addresses are remembered, and how many accounts. Beyond that the one that was tried least
recently is forgotten: room for another guess at it costs that many guesses elsewhere.
"""


class Attempt:
    """
    One guess, which counts as a wrong one until it is taken back.
    """

    def __init__(self, entries: tuple[tuple[_Recent, str], ...], at: float) -> None:
        """
        @param entries: Where it is counted.
        @param at: When it began.
        """
        self._entries = entries
        self._at = at

    def takeBack(self) -> None:
        """
        The password was right, or it was not looked at.
        """
        entries, self._entries = self._entries, ()
        for recent, key in entries:
            recent.takeBack(key, self._at)


class Throttle:
    """
    Counts the guesses of the last minute.
    """

    def __init__(self, seconds: Callable[[], float], maxKeys: int = MAX_KEYS) -> None:
        """
        @param seconds: A clock that never goes back.
        @param maxKeys: See L{MAX_KEYS}.
        """
        self._seconds = seconds
        self._addresses = _Recent(maxKeys)
        self._accounts = _Recent(maxKeys)

    def begin(self, address: str, fold: str) -> Attempt:
        """
        Count a guess.

        @param address: An IP address, of which L{originOf} counts, or a word such as C{unix}.
        @param fold: The fold of the account's name, whether the account exists or not.
        @return: To be taken back if the guess was not a wrong one.
        @raise TooManyAttempts: When another guess has to wait. A refused attempt does not make the
            wait longer.
        """
        now = self._seconds()
        parsed = parseAddress(address)
        origin = address if parsed is None else originOf(parsed)
        entries = ((self._addresses, origin), (self._accounts, fold))
        wait = max(recent.wait(key, now) for recent, key in entries)
        if wait > 0:
            raise TooManyAttempts(str(ceil(wait)))
        for recent, key in entries:
            recent.add(key, now)
        return Attempt(entries, now)


class _Recent:
    """
    The times of recent guesses, by address or by account.
    """

    def __init__(self, maxKeys: int) -> None:
        self._maxKeys = maxKeys
        # Times are in ascending order; the key that was tried last is at the end.
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def wait(self, key: str, now: float) -> float:
        """
        @return: The seconds until another guess is allowed, 0 for now.
        """
        times = self._times.get(key)
        if times is None or len(times) < ATTEMPTS:
            return 0.0
        return max(0.0, times[0] + PERIOD - now)

    def add(self, key: str, now: float) -> None:
        """
        Count a guess that does not have to wait.
        """
        self._forget(now)
        # The wait can be told from this many.
        times = self._times.setdefault(key, deque(maxlen=ATTEMPTS))
        times.append(now)
        self._times.move_to_end(key)
        if len(self._times) > self._maxKeys:
            self._times.popitem(last=False)

    def takeBack(self, key: str, at: float) -> None:
        """
        Count a guess no longer.
        """
        times = self._times.get(key)
        if times is not None and at in times:
            times.remove(at)
            if not times:
                del self._times[key]

    def _forget(self, now: float) -> None:
        while self._times:
            key, times = next(iter(self._times.items()))
            if times[-1] + PERIOD > now:
                break
            del self._times[key]
