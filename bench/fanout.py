"""
Measure the fan-out: one line to N readers, which is what the service exists for.

C{python bench/fanout.py} runs tcpchat as C{twistd tcpchat} with all its defaults
and the chat everybody writes first (C{bench/naive.py}), in turn, several rounds,
and prints the medians.  It takes two minutes, needs Linux, two cores and nothing
else on them, and uses only 127.0.0.1.

A server runs on one core and the load generator, a process of its own
(C{bench/load.py}), on another.  That the load generator is not the bottleneck
is shown by C{server busy} and C{load busy}, the share of the time each spent
on its core: where the server is at 100 % and the load generator is not, the
server is what is measured.  With one sender and few readers neither is, as each
waits for the other, and there the CPU time per delivery is the figure to trust:
it counts what the server did, however long that took.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path

from report import Sample, asMappings, machine, medians, ratios, sample, table
from servers import HERE, KINDS, Server, allowFiles, coresFor

_LOAD_WITHIN = 60.0
"""How many seconds a load generator may take beyond its measuring."""

_LONGEST = 30.0
_MOST_RECIPIENTS = 20_000
_MOST_ROUNDS = 100


def options(arguments: list[str]) -> argparse.Namespace:
    """
    Parse the command line.
    """
    parser = argparse.ArgumentParser(description="Measure the fan-out of tcpchat.")
    parser.add_argument(
        "--recipients",
        type=int,
        nargs="+",
        default=[10, 100, 1000],
        metavar="N",
        help="how many hear each line, at least 10 (default: 10 100 1000)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument(
        "--seconds",
        type=float,
        default=0.7,
        help="how long each scenario is measured in each round (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    chosen = parser.parse_args(arguments)
    if not all(10 <= count <= _MOST_RECIPIENTS for count in chosen.recipients):
        parser.error(f"--recipients: from 10, who are the senders, to {_MOST_RECIPIENTS}")
    if not (1 <= chosen.rounds <= _MOST_ROUNDS and 0 < chosen.seconds <= _LONGEST):
        parser.error(f"at most {_MOST_ROUNDS} rounds of {_LONGEST:.0f} seconds")
    return chosen


def measure(kind: str, recipients: int, seconds: float) -> list[Sample]:
    """
    Run all scenarios on one server that is started for it.

    @param kind: one of L{KINDS}.
    @raise SystemExit: when it failed, or a reader did not get what it must.
    """
    serverCPUs, loadCPUs = coresFor()
    with Server(kind, serverCPUs) as server:
        numbers = (server.port, recipients, server.pid, min(loadCPUs), seconds)
        load = subprocess.run(
            [sys.executable, str(HERE / "load.py"), *map(str, numbers)],
            stdout=subprocess.PIPE,
            timeout=4 * seconds + _LOAD_WITHIN,
        )
        if load.returncode:
            raise SystemExit(
                f"the measurement of {kind} with {recipients} recipients failed; "
                f"the end of the log of the server:\n{server.lastWords}"
            )
    return [
        sample(kind, scenario, recipients, measured)
        for scenario, measured in json.loads(load.stdout).items()
    ]


def main(arguments: list[str]) -> None:
    """
    Measure, and print the results.
    """
    chosen = options(arguments)
    # So that what was started is ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    allowFiles(max(chosen.recipients) + 1)
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    if about["cores"] == 1:
        print("One core for the server and the load generator: rates and latencies mean little.")
    samples: list[Sample] = []
    for number in range(chosen.rounds):
        print(f"round {number + 1} of {chosen.rounds}", file=sys.stderr)
        for recipients in chosen.recipients:
            # Whoever comes first does so every second time.
            for kind in KINDS if number % 2 else reversed(KINDS):
                samples += measure(kind, recipients, chosen.seconds)
    samples.sort(key=lambda each: (each.recipients, KINDS.index(each.server)))
    print(f"Medians of {chosen.rounds} rounds; a ratio is tcpchat by naive within a round.\n")
    print(table(samples))
    if chosen.json is not None:
        results = {
            "machine": about,
            "rounds": chosen.rounds,
            "seconds": chosen.seconds,
            "medians": asMappings(medians(samples)),
            "ratios": ratios(samples),
            "samples": asMappings(samples),
        }
        chosen.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
