"""
What the service counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Counters:
    """
    What has happened since the service began.  It is counted where it happens, in
    the thread of the reactor.

    @ivar connections: connections that have been let in.
    @ivar doors: the same, by the front door they came by.
    @ivar refusals: by code, what was refused: requests, and whole connections.
    @ivar endings: by code, how connections that had been let in ended.
    @ivar tooSlow: which limit connections read too slowly for: C{waiting}, C{stall}
        or C{all}.
    @ivar delays: what made input wait: C{turn}, C{line-rate} or C{waiting}.
    @ivar faults: unexpected exceptions.
    @ivar lines: lines that came.
    @ivar deliveries: lines that rooms wrote to their recipients.
    @ivar bytesIn: bytes that came, as the transport reads them.
    @ivar bytesOut: bytes that were taken over for delivery.
    @ivar historyLost: lines that were not kept.
    """

    connections: int = 0
    doors: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    tooSlow: Counter[str] = field(default_factory=Counter)
    delays: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    lines: int = 0
    deliveries: int = 0
    bytesIn: int = 0
    bytesOut: int = 0
    historyLost: int = 0


@dataclass(frozen=True)
class Snapshot:
    """
    What there is at one moment.

    @ivar counters: what has happened until then, with what the connections that
        are open have counted for themselves.
    @ivar connections: how many are open.
    @ivar nameless: how many of them have no nickname.
    @ivar participants: how many users are here.
    @ivar rooms: how many rooms there are.
    @ivar historyWaiting: how many lines wait for the database.
    @ivar waiting: for each connection, how many bytes wait to be read.
    @ivar doors: how many connections are open, by the front door they came by.
    """

    counters: Counters
    connections: int
    nameless: int
    participants: int
    rooms: int
    historyWaiting: int
    waiting: Sequence[int]
    doors: Counter[str] = field(default_factory=Counter)
