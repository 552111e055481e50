"""
What every measurement needs: a stopwatch for two processes, percentiles, and
what the figures depend on.
"""

from __future__ import annotations

import math
import os
import platform
import sqlite3
import ssl
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

DISTURBED = 0.05
"""Which share of the time something else may have run, before it is to be told."""


class Wrong(Exception):
    """Something was lost, doubled, out of order, or never sent; or did not start at all."""


@dataclass(frozen=True)
class Passed:
    """
    What has passed between two moments.

    @ivar wall: seconds.
    @ivar serverCPU: seconds of the server, user and system, all threads.
    @ivar loadCPU: the same of this process.
    @ivar serverWaited: seconds the server could have run and something else ran.
    @ivar loadWaited: the same of this process.
    """

    wall: float
    serverCPU: float
    loadCPU: float
    serverWaited: float
    loadWaited: float


class Stopwatch:
    """
    Wall time, and the CPU time of two processes: a server and this one.
    """

    def __init__(self, server: int) -> None:
        """
        @param server: process id of the server.
        """
        # The CPU-time clock of another process, as clock_getcpuclockid(3) makes it: what
        # /proc/PID/stat shows, in nanoseconds rather than in hundredths of a second.
        self._serverClock = ~server << 3 | 2
        self._server = str(server)
        self._begin = self._now()

    def passed(self) -> Passed:
        """
        @return: what has passed since it was made.
        """
        return Passed(*(now - begin for now, begin in zip(self._now(), self._begin, strict=True)))

    def _now(self) -> tuple[float, ...]:
        return (
            time.perf_counter(),
            time.clock_gettime(self._serverClock),
            time.process_time(),
            _waited(self._server),
            _waited("self"),
        )


def _waited(process: str) -> float:
    """
    @return: seconds a process has waited for a CPU that something else had; 0
        with a kernel that does not count it.
    """
    try:
        return int(Path("/proc", process, "schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def percentile(values: list[float], share: float) -> float:
    """
    @param values: sorted.
    @param share: 0.99 for the 99th percentile.
    @return: the smallest value that so many do not exceed.
    """
    return values[math.ceil(len(values) * share) - 1]


def machine() -> dict[str, object]:
    """
    @return: what the figures depend on.
    """
    return {
        "cores": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "processor": _processor(),
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "openssl": ssl.OPENSSL_VERSION.split()[1],
        "sqlite": sqlite3.sqlite_version,
        "twisted": version("twisted"),
        "tcpchat": version("tcpchat"),
    }


def _processor() -> str:
    """
    @return: what the kernel calls it, or C{unknown}: not every architecture tells.
    """
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return " ".join(value.split())
    return "unknown"
