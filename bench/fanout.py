"""
Measure the fan-out: one line to N readers, which is what the service exists for.

C{python bench/fanout.py} runs tcpchat as C{twistd tcpchat} with everything on, and
the servers it is compared with, in turn, several rounds, and prints the medians and
the ratios.  It needs Linux, two cores and nothing else on them, what C{make bench}
builds, and uses only 127.0.0.1.

A server runs on one core and the load generator, a process of its own
(C{bench/load/}), on another.  That the load generator is not the bottleneck
is shown by C{server} and C{load}, the share of the time each spent
on its core: where the server is at 100 % and the load generator is not, the
server is what is measured.  With one line at a time neither is, as each
waits for the other, and there the CPU time per delivery is the figure to trust:
it counts what the server did, however long that took.

A server that cannot do something is noted with its reason, and the rest goes on;
where it is tcpchat that cannot, the run ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import tables
from cases import GROUPS, OURS, OVER_TLS, Run, blocks
from kinds import BEFORE, HERE, KINDS, version
from measuring import Wrong, machine
from report import Sample, asJSON, asMapping, figures
from servers import Server, allowFiles, coresFor
from targets import outcomes

LOAD = HERE.parent / "build" / "bench" / "load"
"""The load generator."""

_CONNECTS_WITHIN = 180.0
_SLOWEST = 4
_LONGEST = 30.0
_MOST_RECIPIENTS = 20_000
_MOST_ROUNDS = 100
_TRIES = 2
_ROOMS = 100


def options(arguments: list[str]) -> argparse.Namespace:
    """
    Parse the command line.
    """
    parser = argparse.ArgumentParser(description="Measure the fan-out of tcpchat.")
    parser.add_argument(
        "--servers",
        nargs="+",
        choices=("all", *KINDS),
        default=[OURS, "each", "joining"],
        metavar="SERVER",
        help=f"some of: all {' '.join(KINDS)} (default: tcpchat each joining)",
    )
    parser.add_argument(
        "--recipients",
        type=int,
        nargs="+",
        default=[10, 100, 1000, 5000],
        metavar="N",
        help="how many hear each line, at least 10 (default: 10 100 1000 5000)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument(
        "--seconds",
        type=float,
        default=0.7,
        help="how long each scenario is measured in each round (default: %(default)s)",
    )
    parser.add_argument(
        "--only", nargs="+", choices=GROUPS, default=list(GROUPS), help="not all groups"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short round with few readers, to see it work"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    parser.add_argument("--tables", type=Path, metavar="FILE", help="write the tables there, too")
    parser.add_argument("--plots", type=Path, metavar="DIRECTORY", help="draw plots there")
    chosen = parser.parse_args(arguments)
    chosen.rooms = _ROOMS
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.recipients, chosen.rooms = 1, 0.2, [10, 100], 10
    if not all(10 <= count <= _MOST_RECIPIENTS for count in chosen.recipients):
        parser.error(f"--recipients: from 10, who are the senders, to {_MOST_RECIPIENTS}")
    if not (1 <= chosen.rounds <= _MOST_ROUNDS and 0 < chosen.seconds <= _LONGEST):
        parser.error(f"at most {_MOST_ROUNDS} rounds of {_LONGEST:.0f} seconds")
    chosen.recipients = sorted(set(chosen.recipients))
    named = set(KINDS) - {"in memory", *BEFORE} if "all" in chosen.servers else chosen.servers
    chosen.servers = [name for name in KINDS if name in named]
    return chosen


class Measurement:
    """
    All rounds.

    @ivar samples: what has been measured.
    @ivar failures: what has not, and why.
    """

    def __init__(self, seconds: float) -> None:
        """
        @param seconds: how long each scenario is measured.
        """
        self.samples: list[Sample] = []
        self.failures: list[dict[str, Any]] = []
        self._seconds = seconds
        self._failed: Counter[Run] = Counter()

    def measure(self, run: Run, number: int) -> None:
        """
        Measure one run, or note why that cannot be.

        @param number: of the round.
        @raise Wrong: when it is our own server that failed.
        """
        # A run that failed twice fails again, and most of the time slowly.
        if self._failed[run] >= _TRIES:
            return
        try:
            self.samples += _samples(run, number, self._seconds)
        except (Wrong, SystemExit) as error:
            # A server that does not start ends with words, and a signal with a number.
            if isinstance(error, SystemExit) and isinstance(error.code, int):
                raise
            self._failed[run] += 1
            reason = str(error).partition("\n")[0].rstrip(":")
            self.failures.append({"run": str(run), "round": number, "reason": reason})
            print(f"{run}: {error}", file=sys.stderr)
            if run.server in (OURS, OVER_TLS):
                raise Wrong(reason) from error


def _samples(run: Run, number: int, seconds: float) -> list[Sample]:
    """
    Run all scenarios on one server that is started for them.

    @raise Wrong: when it failed, or a recipient did not get what it must.
    """
    kind = KINDS[run.server]
    if run.rooms * run.recipients > kind.most:
        raise Wrong(f"not measured above {kind.most} readers")
    if lack := kind.missing():
        raise Wrong(lack)
    serverCPUs, loadCPUs = coresFor()
    with Server(run.server, serverCPUs) as server:
        command = [
            *(str(LOAD), "--port", str(server.port), "--pid", str(server.pid)),
            *("--cpu", str(min(loadCPUs)), "--protocol", kind.protocol),
            *("--at-once", str(kind.atOnce)),
            *(["--echoes"] if kind.echoes else []),
            *run.arguments(seconds),
        ]
        try:
            load = subprocess.run(
                command,
                capture_output=True,
                timeout=_SLOWEST * run.lasts(seconds) + _CONNECTS_WITHIN,
            )
        except subprocess.TimeoutExpired as error:
            raise Wrong(f"not done within {error.timeout:.0f} s") from error
        if load.returncode:
            print(f"{run}: the end of its log:\n{server.lastWords}", file=sys.stderr)
            said = load.stderr.decode(errors="replace").strip()
            raise Wrong(said or f"the load generator ended with {load.returncode}")
    measured = json.loads(load.stdout)["measured"]
    return [
        Sample(run.case(scenario), number, figures(each))
        for scenario, each in zip(run.scenarios, measured, strict=True)
    ]


def _about(servers: list[str]) -> dict[str, dict[str, str]]:
    return {name: {"title": KINDS[name].title, "version": version(name)} for name in servers}


def main(arguments: list[str]) -> None:
    """
    Measure, and print the results.
    """
    chosen = options(arguments)
    if chosen.plots is not None:
        # Not at the top: nothing else needs matplotlib.  Not at the end: it may be missing.
        import plots
    # SystemExit, so that the processes started here are ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    planned = list(blocks(chosen.only, chosen.servers, chosen.recipients, chosen.rooms))
    if not planned:
        raise SystemExit("nothing to measure: these groups are for other servers")
    allowFiles(max(run.connections for block in planned for run in block))
    if not LOAD.exists():
        raise SystemExit(f"the load generator is missing: make build/bench/{LOAD.name}")
    about = machine()
    if about["cores"] == 1:
        print("One core for the server and the load generator: rates and latencies mean little.")
    measurement = Measurement(chosen.seconds)
    status = 0
    try:
        for number in range(chosen.rounds):
            print(f"round {number + 1} of {chosen.rounds}", file=sys.stderr)
            for block in planned:
                # Servers take turns in being the first.
                for run in block if number % 2 else reversed(block):
                    print(f"  {run}", file=sys.stderr)
                    measurement.measure(run, number)
    except Wrong:
        status = 1
    order = [run for block in planned for run in block]
    measurement.samples.sort(key=lambda each: _place(each, order))
    results = {
        "machine": about,
        "servers": _about(chosen.servers),
        "rounds": chosen.rounds,
        "seconds": chosen.seconds,
        "rooms": chosen.rooms,
        "failures": measurement.failures,
        "targets": [each.asMapping() for each in outcomes(measurement.samples, chosen.rooms)],
        **asMapping(measurement.samples),
    }
    if chosen.json is not None:
        chosen.json.write_text(asJSON(results), encoding="utf-8")
    if measurement.samples:
        text = tables.text(results)
        print(text, end="")
        if chosen.tables is not None:
            chosen.tables.write_text(text, encoding="utf-8")
        if chosen.plots is not None:
            plots.draw(results, chosen.plots)
    raise SystemExit(status)


def _place(sample: Sample, order: list[Run]) -> tuple[int, int]:
    case = sample.case
    for place, run in enumerate(order):
        if case.scenario in run.scenarios and run.case(case.scenario) == case:
            return place, sample.round
    raise AssertionError(case)


if __name__ == "__main__":
    main(sys.argv[1:])
