"""
Measure what abuse costs: stuck readers, refused connections, very many idle ones,
and a storm of them.

C{python bench/abuse.py} runs C{twistd tcpchat} anew for each figure, and prints
its memory (RSS), its CPU time, and how two users who chat all the while
are served.  It takes four minutes, C{--quick} one; it needs Linux, two cores and
nothing else on them, 11,000 open files for each process (C{ulimit -Hn}),
and uses only addresses of 127.0.0.0/8.

The service runs on one core and the load on the other.  Limits that are not
measured are turned off (L{service.NO_LIMITS}), since everything comes from one
machine; all others are as they are by default.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import floods
import idle
import stuck
from measuring import DISTURBED, Wrong, machine
from servers import allowFiles, coresFor

WIDE_BACKLOG = "4096"
"""The largest there is on Linux unless net.core.somaxconn says otherwise."""


@dataclass(frozen=True)
class Sizes:
    """How large everything is."""

    stuck: tuple[int, ...] = (1, 100, 500)
    refused: int = 20_000
    idle: int = 10_000
    idleSeconds: float = 30.0
    storm: int = 2000


QUICK = Sizes(stuck=(1, 50), refused=2000, idle=1000, idleSeconds=5.0, storm=500)

Figure = Callable[[], Any]


def figures(sizes: Sizes, rounds: int) -> Iterator[tuple[str, str, Figure]]:
    """
    @return: for each figure the name of its kind, its title, and what measures it.
    """
    cores = coresFor()
    for count in sizes.stuck:
        yield "stuck", "Stuck readers", partial(stuck.measure, count, cores)
    yield "refused", "Refused connections", partial(floods.refuse, sizes.refused, cores)
    for isNamed in (False, True):
        idling = partial(idle.measure, sizes.idle, sizes.idleSeconds, isNamed, cores)
        yield "idle", "Idle connections", idling
    for backlog in ("", WIDE_BACKLOG) * rounds:
        yield "storm", "A storm of connections", partial(floods.storm, sizes.storm, cores, backlog)


def main(arguments: list[str]) -> None:
    """
    Measure, and print the results.
    """
    parser = argparse.ArgumentParser(description="Measure what abuse costs.")
    parser.add_argument("--quick", action="store_true", help="a small version of everything")
    parser.add_argument(
        "--rounds", type=int, default=3, help="storms of each kind (default: %(default)s)"
    )
    parser.add_argument(
        "--only", nargs="+", choices=("stuck", "refused", "idle", "storm"), help="not all of it"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    chosen = parser.parse_args(arguments)
    # SystemExit, so that the processes started here are ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sizes = QUICK if chosen.quick else Sizes()
    allowFiles(max(sizes.idle, sizes.storm) + 1000)
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    if about["cores"] == 1:
        print("One core for the service and the load: times and latencies mean little.")
    gc.disable()
    results: dict[str, list[dict[str, Any]]] = {}
    disturbed = 0.0
    usable = os.sched_getaffinity(0)
    for kind, title, measure in figures(sizes, 1 if chosen.quick else chosen.rounds):
        if chosen.only and kind not in chosen.only:
            continue
        if kind not in results:
            print(f"\n{title}:", flush=True)
        try:
            figure = measure()
        except (Wrong, OSError) as error:
            raise SystemExit(f"{kind}: {type(error).__name__}: {error}") from error
        os.sched_setaffinity(0, usable)
        gc.collect()
        results.setdefault(kind, []).append(asdict(figure))
        print(f"  {figure}", flush=True)
        disturbed = max(disturbed, getattr(figure, "disturbed", 0.0))
    if disturbed > DISTURBED:
        print(
            f"\nSomething else ran on the core of the service for up to {disturbed:.0%} of\n"
            "the time: trust memory and CPU time only, or run it again."
        )
    if chosen.json is not None:
        chosen.json.write_text(
            json.dumps({"machine": about, **results}, indent=2) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
