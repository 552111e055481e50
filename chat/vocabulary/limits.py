"""
The limits of one connection, of one user, and of all together.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from chat.vocabulary.addresses import Network

UNLIMITED = inf
"""The value of a limit that is turned off."""


class Keepalive(NamedTuple):
    """
    How a silent connection is asked for a sign of life (TCP keepalive, RFC 9293,
    section 3.8.4).

    @ivar idle: after how many seconds.
    @ivar interval: how many seconds lie between two probes.
    @ivar probes: after how many probes without an answer it is given up.
    """

    idle: int
    interval: int
    probes: int


KEEPALIVE = Keepalive(60, 15, 4)
"""The default."""


class Rate(NamedTuple):
    """
    How often something may happen: C{burst} times at once, and once more for every
    C{interval} seconds that pass.

    This is the generic cell rate algorithm (ITU-T I.371, virtual scheduling).  All
    that it keeps is one number, the I{mark}: the time up to which the share is
    used up.  It begins as 0.

    @ivar interval: seconds; 0 for no limit.
    """

    burst: float
    interval: float

    def wait(self, mark: float, now: float) -> float:
        """
        @return: in how many seconds it may happen, 0 for now.
        """
        if not self.interval:
            return 0.0
        wait = mark - now - (self.burst - 1) * self.interval
        return wait if wait > 0 else 0.0

    def spend(self, mark: float, now: float) -> float:
        """
        @return: the mark after it has happened now.
        """
        return (mark if mark > now else now) + self.interval


MAX_SHARES = 20_000
"""
How many marks L{Shares} remember.  Beyond that the one that was used least recently is
forgotten: to be let do something once more costs that many addresses.
"""


class Shares:
    """
    How often each of many has done something, under one L{Rate}: users from one address,
    say.  What each has used up is kept as one mark, and only while it is not whole again.
    """

    def __init__(
        self, rate: Rate, seconds: Callable[[], float], maxMarks: int = MAX_SHARES
    ) -> None:
        """
        @param seconds: a clock that never goes back.
        @param maxMarks: see L{MAX_SHARES}.
        """
        self._rate = rate
        self._seconds = seconds
        self._maxMarks = maxMarks
        # The one that was used last is at the end.
        self._marks: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._marks)

    def wait(self, key: str) -> float:
        """
        @param key: tells one share from all others.
        @return: in how many seconds it may happen again, 0 for now.
        """
        return self._rate.wait(self._marks.get(key, 0.0), self._seconds())

    def spend(self, key: str) -> None:
        """
        It has happened.
        """
        if not self._rate.interval:
            return
        now = self._seconds()
        self._marks[key] = self._rate.spend(self._marks.get(key, 0.0), now)
        self._marks.move_to_end(key)
        while self._marks:
            oldest, mark = next(iter(self._marks.items()))
            if mark > now and len(self._marks) <= self._maxMarks:
                break
            del self._marks[oldest]


@dataclass(slots=True)
class Pace:
    """
    How often something has been done, under some L{Rate}.

    @ivar mark: see L{Rate}.
    """

    mark: float = 0.0


UNRESTRICTED = Rate(1, 0)
"""As often as wanted."""


REPLAY = 20
"""How many earlier lines a user who enters a room is told, unless the operator chose otherwise."""


MIN_PASSWORD = 8
"""The shortest password, in code points."""

MAX_PASSWORD = 128
"""The longest password, in code points."""


def perMinute(count: float) -> Rate:
    """
    @param count: how often a minute; L{UNLIMITED} for any number.
    """
    return UNRESTRICTED if count == UNLIMITED else Rate(count, 60 / count)


def perDay(count: float) -> Rate:
    """
    @param count: how often a day; L{UNLIMITED} for any number.
    """
    return UNRESTRICTED if count == UNLIMITED else Rate(count, 86400 / count)


@dataclass(frozen=True)
class Limits:
    """
    The limits that the operator sets.  Each may be L{UNLIMITED}.

    @ivar maxLine: bytes of a line, its end included.
    @ivar maxUnended: bytes without a line end.
    @ivar turnLines: lines of one connection that are done in one reactor turn.
    @ivar turnBytes: bytes of one connection that are looked at in one reactor
        turn.
    @ivar softWaiting: bytes that may wait to be read before the commands of the
        same connection wait.
    @ivar maxWaiting: bytes that may wait for one connection.
    @ivar maxWaitingAll: bytes that may wait for all connections together.
    @ivar stallTimeout: seconds in which a connection may take nothing of what
        waits for it.
    @ivar sendBuffer: bytes of the kernel's send buffer (C{SO_SNDBUF}).
    @ivar keepalive: L{None} for none.
    @ivar userTimeout: seconds that what has been sent may stay unacknowledged
        (C{TCP_USER_TIMEOUT}, RFC 5482).
    @ivar maxConnections: at once.
    @ivar maxNameless: connections without a nickname, at once.
    @ivar maxPerAddress: connections from one address, at once.
    @ivar connectRate: connections from one address, a minute.
    @ivar trusted: networks whose addresses may connect, make rooms and register as often as
        they like.
    @ivar lineBurst: lines of one user that are done at once.
    @ivar lineRate: lines a second after that.
    @ivar maxBehind: seconds that lines may wait for that after they have come.
    @ivar nickRate: changes of nickname of one user, a minute.
    @ivar joinRate: rooms that one user tries to enter, a minute.
    @ivar keyRate: wrong keys of one room from one address, a minute.
    @ivar roomRate: rooms that are made from one address, a day.
    @ivar accountRate: accounts that are registered from one address, a day.
    """

    maxLine: float = 1024
    maxUnended: float = 16 * 1024
    turnLines: float = 32
    turnBytes: float = 16 * 1024
    softWaiting: float = 64 * 1024
    maxWaiting: float = 256 * 1024
    maxWaitingAll: float = 128 * 1024 * 1024
    stallTimeout: float = 30.0
    sendBuffer: float = 64 * 1024
    keepalive: Keepalive | None = KEEPALIVE
    userTimeout: float = 60.0
    maxConnections: float = 10_000
    maxNameless: float = 512
    maxPerAddress: float = 16
    connectRate: float = 60
    trusted: tuple[Network, ...] = ()
    lineBurst: float = 10
    lineRate: float = 2.0
    maxBehind: float = 60.0
    nickRate: float = 3
    joinRate: float = 10
    keyRate: float = 3
    roomRate: float = 50
    accountRate: float = 20

    @property
    def lines(self) -> Rate:
        """How often a line of one user is done."""
        if self.lineRate == UNLIMITED or self.lineBurst == UNLIMITED:
            return UNRESTRICTED
        return Rate(self.lineBurst, 1 / self.lineRate)
