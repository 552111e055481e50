"""
Which connections may come in: how many at once, how many from one address, and how often.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from chat.vocabulary.addresses import originOf, parseAddress
from chat.vocabulary.endings import Ending
from chat.vocabulary.limits import Limits, perMinute

MAX_ORIGINS = 20_000
"""How many addresses without a connection are remembered with the time of their last one."""


@dataclass(slots=True)
class _Origin:
    """
    An address, or a network that belongs to one peer.

    @ivar count: how many connections it has.
    @ivar mark: see L{chat.vocabulary.limits.Rate}.
    """

    count: int = 0
    mark: float = 0.0


class Admission:
    """
    Counts connections, and says whether one more may come in.

    A peer is known by its I{origin}: an IPv4 address, or the /64 of an IPv6
    address, for that is what one subscriber is given (RFC 6177).  Peers without
    an address, and those that the operator trusts, have no origin: only the limits
    for all connections together hold for them.

    @ivar connections: how many there are.
    @ivar nameless: how many of them have no nickname.
    """

    def __init__(self, limits: Limits, seconds: Callable[[], float]) -> None:
        self.connections = 0
        self.nameless = 0
        self._limits = limits
        self._rate = perMinute(limits.connectRate)
        self._seconds = seconds
        # Ordered by their last connection, the oldest first.
        self._origins: OrderedDict[str, _Origin] = OrderedDict()

    def originOf(self, address: str) -> str:
        """
        @param address: an IP address, or something else where there is none.
        @return: the origin, or nothing.
        """
        ip = parseAddress(address)
        if ip is None or any(ip in network for network in self._limits.trusted):
            return ""
        return originOf(ip)

    def enter(self, origin: str) -> Ending | None:
        """
        Count a connection, if it may come in.

        @return: why it may not; L{None} where it may.
        """
        limits = self._limits
        refusal = self._refusal(origin)
        if refusal is None:
            if self.connections >= limits.maxConnections:
                refusal = Ending.SERVICE_FULL
            elif self.nameless >= limits.maxNameless:
                refusal = Ending.NAMELESS_FULL
        if refusal is None:
            self.connections += 1
            self.nameless += 1
            if origin:
                self._origins[origin].count += 1
        return refusal

    def named(self) -> None:
        """
        Note that a connection has a nickname now.
        """
        self.nameless -= 1

    def leave(self, origin: str, isNamed: bool) -> None:
        """
        Note that a connection that had come in has gone.
        """
        self.connections -= 1
        if not isNamed:
            self.nameless -= 1
        if origin:
            self._origins[origin].count -= 1

    def _refusal(self, origin: str) -> Ending | None:
        """
        Count an attempt.

        @return: why it fails for that origin.
        """
        if not origin:
            return None
        now = self._seconds()
        self._forget()
        known = self._origins.setdefault(origin, _Origin())
        self._origins.move_to_end(origin)
        if self._rate.wait(known.mark, now):
            return Ending.CONNECTING_TOO_FAST
        known.mark = self._rate.spend(known.mark, now)
        return Ending.ADDRESS_FULL if known.count >= self._limits.maxPerAddress else None

    def _forget(self) -> None:
        """
        Let go of the oldest origins, if they have no connection and their share of
        the rate is whole again or there are too many.
        """
        # Two for each connection that comes: some of the oldest cannot go yet, so with
        # one for each there would be ever more.
        for _ in range(min(2, len(self._origins))):
            origin, oldest = next(iter(self._origins.items()))
            if oldest.count:
                # It stays as long as it has connections; look at the next one instead.
                self._origins.move_to_end(origin)
            elif oldest.mark <= self._seconds() or len(self._origins) > MAX_ORIGINS:
                del self._origins[origin]
