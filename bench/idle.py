"""
Idle connections: their memory, and their CPU time.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from measuring import Stopwatch
from openings import connect, hangUp, isGreeted, isWelcome
from service import Service

_AT_ONCE = 100
_WARM = 100


@dataclass(frozen=True)
class Idle:
    """
    The result of one run.

    @ivar kind: with or without a nickname.
    @ivar each: bytes of memory for each connection.
    @ivar after: the same when they were gone.
    @ivar busy: the share of a core that all of them took together.
    @ivar seconds: for how long that was measured.
    @ivar opening: microseconds of the service's CPU for each to come in.
    """

    count: int
    kind: str
    each: float
    after: float
    busy: float
    seconds: float
    opening: float

    def __str__(self) -> str:
        return (
            f"{self.count} {self.kind}: {self.each / 1024:.2f} KiB each "
            f"({self.after / 1024:.2f} when they were gone), "
            f"{self.busy:.2%} of a core in {self.seconds:.0f} s, "
            f"{self.opening:.0f} us of CPU to come in"
        )


def measure(count: int, seconds: float, isNamed: bool, cores: tuple[set[int], set[int]]) -> Idle:
    """
    @param count: how many connections, all in the lobby.
    @param seconds: for how long their CPU time is measured.
    @param isNamed: whether they take a nickname.
    @param cores: those of the service, and those of the load.
    """
    serverCPUs, loadCPUs = cores
    isDone, saying = (isWelcome, _nick) if isNamed else (isGreeted, None)
    # Connections without a nickname would be closed after a minute otherwise.
    with Service(serverCPUs, registration_timeout="0") as service:
        os.sched_setaffinity(0, loadCPUs)
        service.metrics()
        # The first connections pay for what all share.
        first = connect(service.port, _WARM, isDone, _AT_ONCE, saying=saying)
        before = service.steady()
        opening = Stopwatch(service.pid)
        more = connect(
            service.port,
            count - _WARM,
            isDone,
            _AT_ONCE,
            saying=(lambda number: _nick(number + _WARM)) if isNamed else None,
        )
        opened = opening.passed()
        grown = service.steady() - before
        watch = Stopwatch(service.pid)
        time.sleep(seconds)
        waited = watch.passed()
        hangUp([*first, *more])
        service.awaitConnections(0)
        after = service.steady() - before
    return Idle(
        count,
        "with a nickname" if isNamed else "without a nickname",
        grown / len(more),
        after / len(more),
        waited.serverCPU / waited.wall,
        seconds,
        opened.serverCPU / len(more) * 1e6,
    )


def _nick(number: int) -> bytes:
    return b"idle%d\r\n" % number
