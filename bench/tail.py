"""
Where a tail of milliseconds comes from: one line at a time to ten readers, while something
else computes now and then on the core of the server, on that of the recipients, or nowhere.

C{python bench/tail.py} takes a minute.  A process of its own computes for 5 of every 105
milliseconds; the latencies of servers that send at once, that write in the next turn,
and that are written in C are shown beside each other.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from subprocess import PIPE, Popen, run

from fanout import LOAD
from kinds import KINDS
from measuring import machine
from servers import Server, coresFor

SERVERS = ("tcpchat", "in memory", "naive", "each", "inspircd")
"""The servers that are measured; those that are not installed are left out."""

_READERS = 10
_SECONDS = 1.0
_NAMES = ("p50", "p99", "p999", "max")

_BUSY = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
while True:
    end = time.perf_counter() + 0.005
    while time.perf_counter() < end:
        pass
    time.sleep(0.1)
"""


@contextmanager
def _something(cpu: int | None) -> Iterator[None]:
    """Something computes on a core meanwhile, unless it is none."""
    if cpu is None:
        yield
        return
    with Popen([sys.executable, "-c", _BUSY, str(cpu)]) as process:
        try:
            yield
        finally:
            process.kill()


def measure(name: str, cpu: int | None) -> dict[str, float]:
    """
    @param name: one of L{KINDS}.
    @param cpu: where something computes.
    @return: milliseconds from saying a line to reading it.
    @raise SystemExit: when a recipient did not get what it must.
    """
    kind = KINDS[name]
    serverCPUs, loadCPUs = coresFor()
    with Server(name, serverCPUs) as server, _something(cpu):
        command = [
            *(str(LOAD), "--port", str(server.port), "--pid", str(server.pid)),
            *("--cpu", str(min(loadCPUs)), "--protocol", kind.protocol),
            *("--recipients", str(_READERS), f"one:{_SECONDS:g}"),
        ]
        load = run(command, stdout=PIPE, check=False)
        if load.returncode:
            raise SystemExit(f"{name} failed")
    [measured] = json.loads(load.stdout)["measured"]
    return {each: measured["latency"][each] * 1e3 for each in _NAMES}


def main(arguments: list[str]) -> None:
    """
    Measure, and print the medians.
    """
    parser = argparse.ArgumentParser(description="See where a tail of latencies comes from.")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    rounds = parser.parse_args(arguments).rounds
    places = {"nowhere": None, "on the server's core": 0, "on the readers' core": 1}
    cores = [min(cpus) for cpus in coresFor()]
    servers = [name for name in SERVERS if KINDS[name].missing() is None]
    seen: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(rounds):
        for name in servers:
            for place, core in places.items():
                cpu = None if core is None else cores[core]
                seen.setdefault((name, place), []).append(measure(name, cpu))
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(f"{_READERS} readers, one line at a time, medians of {rounds} rounds, in milliseconds\n")
    print(f"{'server':12}{'something computes':24}" + "".join(f"{name:>9}" for name in _NAMES))
    for (name, place), found in seen.items():
        figures = (median(each[kind] for each in found) for kind in _NAMES)
        print(f"{name:12}{place:24}" + "".join(f"{figure:9.3f}" for figure in figures))


if __name__ == "__main__":
    main(sys.argv[1:])
