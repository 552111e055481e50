"""
Floods of connections: admitted ones, and refused ones.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from measuring import Stopwatch, Wrong, percentile
from openings import ADDRESSES, GREETED, connect, hangUp, isGreeted, isRefused
from service import Service
from witnesses import Testimony, Witnesses

PER_ADDRESS = 16
"""How many connections an address may have where more are refused."""

_ABUSERS = ADDRESSES[:4]
_AT_ONCE = 100
_PEACE = 1.0
_REFUSAL = b"(too-many-connections)"


@dataclass(frozen=True)
class Refused:
    """
    Connections that were refused.

    @ivar count: how many.
    @ivar told: how many of them have read the reason.
    @ivar seconds: until the last one was closed.
    @ivar serverCPU: seconds of the service.
    @ivar disturbed: the share of the time in which it could have run, and something
        else did.
    @ivar growth: of the memory, in bytes.
    """

    count: int
    told: int
    seconds: float
    serverCPU: float
    disturbed: float
    growth: int
    testimony: Testimony

    def __str__(self) -> str:
        return (
            f"{self.count} refused in {self.seconds:.1f} s, {_AT_ONCE} at once, "
            f"{self.told} told why: "
            f"{self.count / self.seconds:.0f} a second, "
            f"{self.serverCPU / self.count * 1e6:.0f} us of CPU each, "
            f"busy {self.serverCPU / self.seconds:.0%}, +{self.growth / 2**20:.1f} MiB\n"
            f"      {self.testimony}"
        )


@dataclass(frozen=True)
class Storm:
    """
    Connections that all came at once.

    @ivar p50: seconds until half of them were greeted.
    @ivar most: seconds until all were.
    @ivar late: how many were greeted after more than a second.
    @ivar serverCPU: seconds of the service.
    @ivar disturbed: see L{Refused}.
    @ivar leavingCPU: the same when all of them hung up at once.
    @ivar leaving: how others were served meanwhile.
    """

    count: int
    backlog: str
    p50: float
    most: float
    late: int
    serverCPU: float
    disturbed: float
    testimony: Testimony
    leavingCPU: float
    leaving: Testimony

    def __str__(self) -> str:
        return (
            f"{self.count} at once, backlog {self.backlog}: half greeted after {self.p50:.2f} s, "
            f"all after {self.most:.2f} s ({self.late} after more than 1 s), "
            f"{self.serverCPU / self.count * 1e6:.0f} us of CPU each\n      {self.testimony}\n"
            f"    all hung up at once: {self.leavingCPU / self.count * 1e6:.0f} us of CPU each\n"
            f"      {self.leaving}"
        )


def refuse(count: int, cores: tuple[set[int], set[int]]) -> Refused:
    """
    Connections from few addresses, each of which has as many as it may have.

    @param cores: those of the service, and those of the load.
    @raise Wrong: when a connection is told something else.
    """
    serverCPUs, loadCPUs = cores
    with Service(serverCPUs, max_per_address=str(PER_ADDRESS)) as service:
        os.sched_setaffinity(0, loadCPUs)
        inside = connect(
            service.port, PER_ADDRESS * len(_ABUSERS), isGreeted, _AT_ONCE, addresses=_ABUSERS
        )
        with Witnesses(service.port, loadCPUs) as witnesses:
            service.metrics()
            before = service.steady()
            watch = Stopwatch(service.pid)
            refused = connect(service.port, count, isRefused, _AT_ONCE, addresses=_ABUSERS)
            passed = watch.passed()
            growth = service.steady() - before
        hangUp(inside)
    for each in refused:
        if each.received and _REFUSAL not in each.received:
            raise Wrong(f"not refused: {each.received!r}")
    told = sum(bool(each.received) for each in refused)
    return Refused(
        count,
        told,
        passed.wall,
        passed.serverCPU,
        passed.serverWaited / passed.wall,
        growth,
        witnesses.testimony,
    )


def storm(count: int, cores: tuple[set[int], set[int]], backlog: str = "") -> Storm:
    """
    Connections that may all come in, and all come at once.

    @param backlog: as the service is told, or nothing for its default.
    """
    serverCPUs, loadCPUs = cores
    options = {"backlog": backlog} if backlog else {}
    with Service(serverCPUs, **options) as service:
        os.sched_setaffinity(0, loadCPUs)
        with Witnesses(service.port, loadCPUs) as witnesses:
            time.sleep(_PEACE)
            watch = Stopwatch(service.pid)
            openings = connect(service.port, count, isGreeted, count)
            passed = watch.passed()
            time.sleep(_PEACE)
        service.awaitConnections(count)
        with Witnesses(service.port, loadCPUs) as others:
            watch = Stopwatch(service.pid)
            hangUp(openings)
            time.sleep(_PEACE)
            left = watch.passed()
            service.awaitConnections(2)
    if any(GREETED not in each.received for each in openings):
        raise Wrong("a connection was not greeted")
    times = sorted(each.done - openings[0].began for each in openings)
    late = sum(each.seconds > 1.0 for each in openings)
    return Storm(
        count,
        backlog or "by default",
        percentile(times, 0.5),
        times[-1],
        late,
        passed.serverCPU,
        passed.serverWaited / passed.wall,
        witnesses.testimony,
        left.serverCPU,
        others.testimony,
    )
