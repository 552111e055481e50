"""
The load generator: a process of its own, so that its work is not the server's.

Usage: C{python bench/load.py PORT RECIPIENTS SERVER_PID CPU SECONDS}.  It
connects, runs both scenarios for that many seconds each after a shorter warming
up, and prints one JSON object: for each scenario the fields of
L{scenarios.Measured}, with percentiles in the place of the latencies.

It is Python, but it does little: one C{recv} and one comparison of bytes for
what one reader has got, and no parsing but for the reader who is ahead.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys

from crowd import Crowd
from scenarios import Measured, Scenario, oneSender, tenSenders
from traffic import Wrong

SCENARIOS: dict[str, Scenario] = {"one": oneSender, "ten": tenSenders}
"""The scenarios by their short names."""

WARM_UP = 0.3
"""Which share of the measured time comes before it, and is not measured."""


def percentile(values: list[float], share: float) -> float:
    """
    @param values: sorted.
    @param share: 0.99 for the 99th percentile.
    @return: the smallest value that so many do not exceed.
    """
    return values[math.ceil(len(values) * share) - 1]


def summary(measured: Measured) -> dict[str, float]:
    """
    @return: what can be written as JSON.
    """
    values = {name: value for name, value in vars(measured).items() if name != "latencies"}
    if measured.latencies:
        latencies = sorted(measured.latencies)
        values["p50"] = percentile(latencies, 0.5)
        values["p99"] = percentile(latencies, 0.99)
    return values


def main(arguments: list[str]) -> None:
    """
    @raise SystemExit: with a message, when a reader got something wrong.
    """
    port, recipients, server, cpu = map(int, arguments[:4])
    seconds = float(arguments[4])
    os.sched_setaffinity(0, {cpu})
    try:
        crowd = Crowd(("127.0.0.1", port), recipients + 1)
        # The collector would stop the readers now and then, and there is nothing for it.
        gc.disable()
        results = {}
        for name, scenario in SCENARIOS.items():
            scenario(crowd, server, WARM_UP * seconds)
            results[name] = summary(scenario(crowd, server, seconds))
        crowd.close()
    except (Wrong, OSError) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from error
    print(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1:])
