"""
How often somebody may guess: a few times a minute from one address, and a few
times a minute at one account, wherever the guesses come from.

An attempt counts from its beginning, and no longer once it is known not to have
been a wrong guess.  So many attempts at the same time are no way around this.
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
How many addresses are remembered, and how many accounts.  Beyond that the one
that was tried least recently is forgotten: to make room for another guess at it
takes that many guesses elsewhere.
"""


class Attempt:
    """
    One guess, which counts as a wrong one until it is taken back.
    """

    def __init__(self, entries: tuple[tuple[_Recent, str], ...], at: float) -> None:
        """
        @param entries: where it is counted.
        @param at: when it began.
        """
        self._entries = entries
        self._at = at

    def takeBack(self) -> None:
        """
        The password was right, or nobody has looked at it.
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
        @param seconds: a clock that never goes back.
        @param maxKeys: see L{MAX_KEYS}.
        """
        self._seconds = seconds
        self._addresses = _Recent(maxKeys)
        self._accounts = _Recent(maxKeys)

    def begin(self, address: str, fold: str) -> Attempt:
        """
        Somebody offers a password.

        @param address: see L{origin}.
        @param fold: of the name of the account, whether there is one or not.
        @return: to be taken back if the guess was not a wrong one.
        @raise TooManyAttempts: when he must wait.  This attempt does not make
            the wait longer.
        """
        now = self._seconds()
        entries = ((self._addresses, origin(address)), (self._accounts, fold))
        wait = max(recent.wait(key, now) for recent, key in entries)
        if wait > 0:
            raise TooManyAttempts(str(ceil(wait)))
        for recent, key in entries:
            recent.add(key, now)
        return Attempt(entries, now)


def origin(address: str) -> str:
    """
    What counts as one address; see L{originOf}.

    @param address: an IP address, perhaps with a port after a space, or anything
        else, such as C{unix}.
    """
    host = address.partition(" ")[0]
    parsed = parseAddress(host)
    return host if parsed is None else originOf(parsed)


class _Recent:
    """
    When there were guesses, by address or account.
    """

    def __init__(self, maxKeys: int) -> None:
        self._maxKeys = maxKeys
        # Each with its newest guess last, and the one that was tried last at the end.
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def wait(self, key: str, now: float) -> float:
        """
        @return: the seconds until there may be another guess, 0 for now.
        """
        times = self._times.get(key)
        if times is None or len(times) < ATTEMPTS:
            return 0.0
        return max(0.0, times[0] + PERIOD - now)

    def add(self, key: str, now: float) -> None:
        """
        Count a guess, for which there was no wait.
        """
        self._forget(now)
        # No more than that many are needed to tell the wait.
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
