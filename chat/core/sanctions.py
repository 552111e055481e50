"""
Bans and mutes.

All sanctions that are in force are in memory, so a question is answered at once; the
ledger only remembers them.  A sanction of a network is found by the length of its prefix:
one look for each length that is in use, however many networks there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chat.interfaces import Ledger
from chat.vocabulary.addresses import Network, parseAddress, parseNetwork
from chat.vocabulary.errors import NoSuchBan
from chat.vocabulary.records import Sanction, SanctionKind

# The networks of a version and a prefix length, by the bits of their prefix.
_Networks = dict[tuple[int, int], dict[int, Sanction]]


class Sanctions:
    """
    Bans and mutes.  One whose time is over has no effect from then on, and is removed
    from the ledger as soon as a question shows that.

    @ivar all: those that are in force, or whose end has not been noticed yet, by their
        kind and target; to be read only.
    """

    def __init__(self, ledger: Ledger, now: Callable[[], datetime]) -> None:
        """
        @param ledger: where they outlive a restart.
        @param now: the time, in UTC.
        """
        self._ledger = ledger
        self._now = now
        self.all: dict[tuple[SanctionKind, str], Sanction] = {}
        self._networks: dict[SanctionKind, _Networks] = {kind: {} for kind in SanctionKind}
        # The keys of the records that the ledger has been told of and has not stored yet,
        # and, while it is read again, of those that have changed in the meantime.
        self._unstored: Counter[str] = Counter()
        self._changed: set[str] | None = None

    def load(self, records: Iterable[Sanction]) -> None:
        """
        Let these take the place of all there are.  The ledger knows them.
        """
        self.all.clear()
        for networks in self._networks.values():
            networks.clear()
        for sanction in records:
            if self._hasEnded(sanction):
                self._remove(sanction)
            else:
                self._add(sanction)

    def readAgain(self) -> Deferred[None]:
        """
        L{load} what the ledger has.  What it has not stored yet, and what is
        imposed or lifted in the meantime, stays as it is here.

        One at a time: this must have fired before it is called again.

        @return: fails as L{Ledger.load} does, and nothing has changed then.
        """
        changed = self._changed = set(self._unstored)

        def merge(records: tuple[Sanction, ...]) -> None:
            kept = [sanction for sanction in self.all.values() if sanction.key in changed]
            self.load([*(each for each in records if each.key not in changed), *kept])

        def over(result: Failure | None) -> Failure | None:
            self._changed = None
            return result

        return self._ledger.load(Sanction).addCallback(merge).addBoth(over)

    def impose(self, sanction: Sanction) -> Deferred[None]:
        """
        Put a user or a network under a sanction, in the place of the one of the same
        kind that they are under already.  It has its effect at once.

        @param sanction: its target is a fold, or what
            L{chat.vocabulary.addresses.networkOf} returned.
        @return: fires when it is stored.
        """
        self._discard(sanction.kind, sanction.target)
        self._add(sanction)
        return self._storing(sanction, self._ledger.put(sanction))

    def move(self, sanction: Sanction, target: str, shown: str) -> Deferred[None]:
        """
        Let a sanction of a nickname hold for another one instead.

        @param target: the fold of the other nickname.
        @return: as that of L{impose}.
        """
        lifting = self.lift(sanction.kind, sanction.target)
        imposing = self.impose(replace(sanction, target=target, shown=shown))
        return lifting.addCallback(lambda _: imposing)

    def lift(self, kind: SanctionKind, target: str) -> Deferred[Sanction]:
        """
        End a sanction before its time.  It has no effect any more, at once.

        @param target: as it was imposed.
        @return: fires with what it was when that is stored.
        @raise NoSuchBan: when there is no such sanction.
        """
        sanction = self.ofName(kind, target)
        if sanction is None:
            raise NoSuchBan(target)
        self._discard(kind, target)
        removing = self._storing(sanction, self._ledger.remove(sanction))
        return removing.addCallback(lambda _: sanction)

    def ofAddress(self, address: str, kind: SanctionKind = SanctionKind.BAN) -> Sanction | None:
        """
        @param address: of a connection; a word that is no IP address is under no sanction.
        @return: the sanction of a network with this address in it, the one that
            lasts longest.
        """
        # Mostly there are none, and this is asked several times for each connection, and
        # for each line while there are any sanctions.
        sizes = self._networks[kind]
        parsed = parseAddress(address) if sizes else None
        if parsed is None:
            return None
        number, width = int(parsed), parsed.max_prefixlen
        found = [
            networks[number >> (width - length)]
            for (version, length), networks in sizes.items()
            if version == parsed.version and number >> (width - length) in networks
        ]
        return max(filter(self._isInForce, found), key=_lasting, default=None)

    def ofName(self, kind: SanctionKind, fold: str) -> Sanction | None:
        """
        @param fold: of a nickname.
        """
        sanction = self.all.get((kind, fold))
        return sanction if sanction is not None and self._isInForce(sanction) else None

    def active(self) -> tuple[Sanction, ...]:
        """
        @return: all that are in force, oldest first.
        """
        inForce = filter(self._isInForce, list(self.all.values()))
        return tuple(sorted(inForce, key=lambda sanction: sanction.since))

    def _isInForce(self, sanction: Sanction) -> bool:
        """
        Whether the time of a sanction is not over; if it is, the sanction goes.
        """
        if not self._hasEnded(sanction):
            return True
        self._discard(sanction.kind, sanction.target)
        self._remove(sanction)
        return False

    def _hasEnded(self, sanction: Sanction) -> bool:
        return sanction.until is not None and sanction.until <= self._now()

    def _add(self, sanction: Sanction) -> None:
        self.all[sanction.kind, sanction.target] = sanction
        network = parseNetwork(sanction.target)
        if network is not None:
            size, bits = _place(network)
            self._networks[sanction.kind].setdefault(size, {})[bits] = sanction

    def _discard(self, kind: SanctionKind, target: str) -> None:
        sanction = self.all.pop((kind, target), None)
        network = None if sanction is None else parseNetwork(sanction.target)
        if network is not None:
            sizes, (size, bits) = self._networks[kind], _place(network)
            if sizes[size].get(bits) is sanction:
                del sizes[size][bits]

    def _remove(self, sanction: Sanction) -> None:
        """
        Remove a sanction that has ended from the ledger.  Nothing waits for that: one that
        is still there after a restart is noticed again.
        """
        self._storing(sanction, self._ledger.remove(sanction))

    def _storing(self, sanction: Sanction, done: Deferred[None]) -> Deferred[None]:
        key = sanction.key
        self._unstored[key] += 1
        if self._changed is not None:
            self._changed.add(key)

        def stored(_: None) -> None:
            self._unstored[key] -= 1
            if not self._unstored[key]:
                del self._unstored[key]

        return done.addCallback(stored)


def _place(network: Network) -> tuple[tuple[int, int], int]:
    """
    @return: where a network is in L{_Networks}.
    """
    bits = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
    return (network.version, network.prefixlen), bits


def _lasting(sanction: Sanction) -> tuple[bool, float]:
    """
    A key for sorting: it is greater for the sanction that lasts longer.
    """
    if sanction.until is None:
        return True, 0
    return False, sanction.until.timestamp()
