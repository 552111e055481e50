"""
The wrong passwords for each account, so that somebody is told: the user who owns the account,
and the operators where it goes on, as of wrong keys of a room.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from math import inf

FEW = 3
"""Fewer wrong passwords than that are slips, of which no session is told that is here."""

MANY = 10
"""
From how many on, without a pause, the operators are told: wrong passwords for one account, or
accounts at which one origin guesses.
"""

AGAIN_AFTER = 300.0
"""How many seconds lie between two warnings of one user, and of operators while it goes on."""

ALARM_AFTER = 60.0
"""How many seconds lie at least between two warnings of operators."""

PAUSE = 600.0
"""After how many seconds without a wrong password it begins anew for the operators."""

MAX_ACCOUNTS = 1000
"""For how many accounts this is kept; that of the one that was guessed at least recently goes."""

MAX_ORIGINS = 64
"""How many origins are told apart for one account, and accounts for one origin."""

UNKNOWN = "?"
"""
Stands for all names that have no account here: such a name may be a password in the wrong place, so
nobody is shown it.
"""

SHOWN = 3
"""How many accounts and origins are named to operators."""


@dataclass(slots=True)
class Tally:
    """
    The wrong passwords for one account.

    @ivar known: the origins from which the account had logged in when this began.  Who
        guesses right comes from none of them, as a rule.
    @ivar count: how many.
    @ivar toldOf: of how many the user who owns the account knows.
    """

    known: frozenset[str] = frozenset()
    count: int = 0
    toldOf: int = 0
    _origins: dict[str, int] = field(default_factory=dict)
    _told: float = -inf
    # The origins whose logins have been told.
    _toldTo: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return _numbers(self.count, self._origins)

    def add(self, origin: str) -> None:
        """
        Count one.
        """
        self.count += 1
        self._toldTo.clear()
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

    def tellTo(self, origin: str) -> Tally | None:
        """
        @return: what a login from an origin is to be told, which is noted: all but a few slips
            from there, once; L{None} where that is nothing.
        """
        if origin in self._toldTo:
            return None
        if len(self._toldTo) < MAX_ORIGINS:
            self._toldTo.add(origin)
        slips = self._origins.get(origin, 0)
        if not 0 < slips < FEW:
            return self
        others = {each: count for each, count in self._origins.items() if each != origin}
        told = Tally(count=self.count - slips, _origins=others)
        return told if told.count else None


class Guesses:
    """
    The tallies of all accounts, by their folds.
    """

    def __init__(self) -> None:
        # The one that was guessed at last is at the end.
        self._tallies: OrderedDict[str, Tally] = OrderedDict()
        # Of their own, or made-up names would push out those of accounts.
        self._elsewhere: OrderedDict[str, Tally] = OrderedDict()

    def wrong(self, account: str, origin: str, known: Collection[str] = ()) -> Tally:
        """
        Count a wrong password.

        @param account: the fold of the account.
        @param known: the origins from which it has logged in.
        """
        return _wrong(self._tallies, account, origin, known)

    def wrongElsewhere(self, name: str, origin: str) -> None:
        """
        Count a wrong password for a name that has no account here, until it has one.

        @param name: its fold.
        """
        _wrong(self._elsewhere, name, origin)

    def loggedIn(self, account: str, origin: str) -> Tally | None:
        """
        Somebody has logged in.  If that is from an origin which was known before, or none was,
        it begins anew; else it may be one who has guessed right, so the next login is told as
        well.

        @return: what is to be told, but for the slips of the user who logs in; L{None} where
            there is nothing.
        """
        tallies = self._tallies if account in self._tallies else self._elsewhere
        tally = tallies.get(account)
        if tally is None:
            return None
        if origin in tally.known or not tally.known:
            del tallies[account]
        return tally.tellTo(origin)

    def forget(self, account: str) -> None:
        """
        There is no such account any more, or a new one.
        """
        self._tallies.pop(account, None)
        self._elsewhere.pop(account, None)


class Series:
    """
    Wrong passwords or keys without a pause, for one account or room, or from one origin.

    @ivar others: how many from each origin, or for each account or room.
    """

    __slots__ = ("_told", "count", "last", "others")

    def __init__(self) -> None:
        self.count = 0
        self.last = self._told = -inf
        self.others: dict[str, int] = {}

    def __str__(self) -> str:
        return _numbers(self.count, self.others)

    def isDue(self, now: float) -> bool:
        """
        @return: whether the owners of a room are to be told now, which is noted.
        """
        if self.count < MANY or now - self._told < AGAIN_AFTER:
            return False
        self._told = now
        return True

    def add(self, other: str, now: float) -> None:
        if now - self.last >= PAUSE:
            self.count = 0
            self.others.clear()
        self.last = now
        self.count += 1
        if other in self.others or len(self.others) < MAX_ORIGINS:
            self.others[other] = self.others.get(other, 0) + 1


class Alarms:
    """
    What operators are told of wrong passwords and keys: all accounts and rooms together, so that
    nobody can hide one behind others, and again while it goes on.  No login ends it, only a pause.
    """

    def __init__(self) -> None:
        # By the name of the account or room, and by origin; the one of the last guess is at the
        # end.
        self._accounts: OrderedDict[str, Series] = OrderedDict()
        self._origins: OrderedDict[str, Series] = OrderedDict()
        self._told = -inf
        self._isNew = False

    def wrong(self, account: str, origin: str, now: float) -> Series:
        """
        Count a wrong password or key.

        @param account: its name, or that of the room.
        @param now: in seconds of a clock that never goes back.
        @return: those for the account or room.
        """
        at = _add(self._accounts, account, origin, now)
        by = _add(self._origins, origin, account, now)
        if at.count == MANY or (len(by.others) == MANY and by.others[account] == 1):
            self._isNew = True
        return at

    def delay(self, now: float) -> float | None:
        """
        @return: in how many seconds the operators are to be told of what has begun, or at once
            of what goes on; L{None} where they know.
        """
        since = now - self._told
        if self._isNew:
            return max(0.0, ALARM_AFTER - since)
        return 0.0 if since >= AGAIN_AFTER and self.report(now) else None

    def told(self, now: float) -> None:
        """The operators know what there is."""
        self._told, self._isNew = now, False

    def report(self, now: float) -> str:
        """
        @return: the accounts and rooms, how many were wrong and from how many origins, and
            from which most, C{alice,bob,+4 60/5 192.0.2.7,192.0.2.8}; nothing where nobody
            guesses at present.
        """
        pairs: dict[tuple[str, str], int] = {}
        for name, series in _lasting(self._accounts, now):
            if series.count >= MANY:
                pairs.update({(name, each): count for each, count in series.others.items()})
        for origin, series in _lasting(self._origins, now):
            if len(series.others) >= MANY:
                pairs.update({(each, origin): count for each, count in series.others.items()})
        if not pairs:
            return ""
        names: dict[str, int] = {}
        origins: dict[str, int] = {}
        for (name, origin), count in pairs.items():
            names[name] = names.get(name, 0) + count
            origins[origin] = origins.get(origin, 0) + count
        numbers = f"{sum(names.values())}/{len(origins)}"
        return f"{_most(names)} {numbers} {_most(origins)}"


def _numbers(count: int, origins: dict[str, int]) -> str:
    """
    @return: how many there were, a slash, and from how many origins; C{12/3}.
    """
    more = "+" if len(origins) >= MAX_ORIGINS else ""
    return f"{count}/{len(origins)}{more}"


def _wrong(
    tallies: OrderedDict[str, Tally], account: str, origin: str, known: Collection[str] = ()
) -> Tally:
    tally = tallies.setdefault(account, Tally(frozenset(known)))
    tallies.move_to_end(account)
    tally.add(origin)
    if len(tallies) > MAX_ACCOUNTS:
        tallies.popitem(last=False)
    return tally


def _add(kept: OrderedDict[str, Series], key: str, other: str, now: float) -> Series:
    series = kept.setdefault(key, Series())
    kept.move_to_end(key)
    series.add(other, now)
    if len(kept) > MAX_ACCOUNTS:
        kept.popitem(last=False)
    return series


def _lasting(kept: OrderedDict[str, Series], now: float) -> list[tuple[str, Series]]:
    return [(key, series) for key, series in kept.items() if now - series.last < PAUSE]


def _most(counts: dict[str, int]) -> str:
    """
    @return: those with the highest counts, and how many more there are.
    """
    keys = sorted(counts, key=lambda key: -counts[key])
    more = [f"+{len(keys) - SHOWN}"] if len(keys) > SHOWN else []
    return ",".join(keys[:SHOWN] + more)
