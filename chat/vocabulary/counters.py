"""
The counters of the service, and its state at one moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Counters:
    """
    Counts since the start of the service.  Each is made where the event happens, in the
    thread of the reactor.

    @ivar connections: connections that have been let in.
    @ivar doors: the same, by the front door they came by.
    @ivar refusals: by code, requests and connections that were refused.
    @ivar endings: by code, connections that had been let in and have ended.
    @ivar tooSlow: by the limit (C{waiting}, C{stall} or C{all}), connections that read
        too slowly.
    @ivar delays: by the limit (C{turn}, C{line-rate}, C{waiting}, C{password} or C{key}), how
        often input had to wait.
    @ivar wrongPasswords: passwords that were looked at and were wrong.
    @ivar faults: unexpected exceptions.
    @ivar lines: lines that came.
    @ivar undone: about how many lines came that were never done, since their connection had
        ended.
    @ivar deliveries: lines that rooms wrote to their recipients.
    @ivar bytesIn: bytes that came, as the transport reads them.
    @ivar unread: bytes that came to the kernel and were never read.
    @ivar bytesOut: bytes that were taken over for delivery.
    @ivar historyLost: lines that were not kept.
    @ivar historyDamaged: lines that were left out of answers, since they are damaged.
    @ivar transcriptLost: lines that are missing from the transcript.
    @ivar logLost: lines that are missing from the log.
    """

    connections: int = 0
    doors: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    tooSlow: Counter[str] = field(default_factory=Counter)
    delays: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    lines: int = 0
    undone: int = 0
    deliveries: int = 0
    bytesIn: int = 0
    unread: int = 0
    bytesOut: int = 0
    historyLost: int = 0
    historyDamaged: int = 0
    transcriptLost: int = 0
    logLost: int = 0
    wrongPasswords: int = 0


@dataclass(frozen=True)
class Snapshot:
    """
    The state of the service at one moment.

    @ivar counters: the counts until then, those that open connections have made for
        themselves included.
    @ivar connections: how many are open.
    @ivar nameless: how many of them have no nickname.
    @ivar users: how many users are here.
    @ivar rooms: how many rooms there are.
    @ivar historyWaiting: how many lines wait for the database.
    @ivar waiting: for each connection, how many bytes wait to be read.
    @ivar doors: how many connections are open, by the front door they came by.
    """

    counters: Counters
    connections: int
    nameless: int
    users: int
    rooms: int
    historyWaiting: int
    waiting: Sequence[int]
    doors: Counter[str] = field(default_factory=Counter)
