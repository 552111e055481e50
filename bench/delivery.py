"""
Measure what the history costs the delivery.

C{python bench/delivery.py} runs tcpchat with its database and without one
(C{--database :memory:}), in turn, several rounds, under the same load: 5,000
lines a second, each to one recipient in one of ten rooms.  It prints the latency
from sending to reading, the server's CPU time, and how many of the lines are in
the database in the end.  Then it does the same with 200 lines a second, with and
without another process that holds an exclusive lock on the database all the time
(C{--locked 30} seconds).  It takes two minutes, needs Linux, two cores and nothing
else on them, and uses only 127.0.0.1.

The senders keep to a clock and do not wait for the recipients, so delays of the
server show in the latencies.
"""

from __future__ import annotations

import argparse
import gc
import os
import select
import socket
import sqlite3
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from measuring import Stopwatch, machine, percentile
from servers import HOST, Server, coresFor

KINDS = ("tcpchat", "in memory")

ROOMS = 10
RATE = 5000
"""How many lines a second, in all rooms together."""

LOCKED_RATE = 200
"""The same under a lock: fewer than may wait for the disk meanwhile."""

TICK = 0.002
"""Seconds between two looks at the clock, at the most."""

CORES = coresFor()
"""Those of the server, and those of this process."""

_PADDING = "x" * 40
_PATIENCE = 10.0


@dataclass
class Outcome:
    """
    One run.

    @ivar latencies: seconds, sorted.
    @ivar cpu: seconds of the server.
    @ivar stored: how many lines the database has, L{None} without one.
    """

    sent: int = 0
    latencies: list[float] = field(default_factory=list)
    cpu: float = 0.0
    stored: int | None = None


class Pair:
    """A sender in a room of their own, and a recipient in it."""

    def __init__(self, port: int, number: int) -> None:
        self.sender = self._enter(port, f"sender{number}", number)
        self.recipient = self._enter(port, f"recipient{number}", number)
        self.pending = b""

    def _enter(self, port: int, nick: str, number: int) -> socket.socket:
        connection = socket.create_connection((HOST, port), _PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(f"{nick}\n/join #bench{number}\n/ping in\n".encode())
        received = b""
        while b"PONG in" not in received:
            received += connection.recv(65536)
        return connection

    def read(self) -> list[float]:
        """@return: when the lines were sent that have come."""
        *lines, self.pending = (self.pending + self.recipient.recv(65536)).split(b"\r\n")
        return [int(line.split()[1]) / 1e9 for line in lines if line.startswith(b"sender")]


def run(kind: str, seconds: float, rate: int = RATE, isLocked: bool = False) -> Outcome:
    """
    @param kind: one of L{KINDS}.
    @param rate: lines a second.
    @param isLocked: whether the database is locked while it is measured.
    """
    serverCPUs, loadCPUs = CORES
    outcome = Outcome()
    with Server(kind, serverCPUs) as server:
        os.sched_setaffinity(0, loadCPUs)
        pairs = [Pair(server.port, number) for number in range(ROOMS)]
        _talk(pairs, 1.0, rate)
        path = server.directory / "tcpchat.sqlite3"
        lock = sqlite3.connect(path, isolation_level=None) if isLocked else None
        if lock is not None:
            lock.execute("PRAGMA busy_timeout = 5000")
            lock.execute("BEGIN EXCLUSIVE")
        watch = Stopwatch(server.pid)
        outcome.sent, outcome.latencies = _talk(pairs, seconds, rate)
        outcome.cpu = watch.passed().serverCPU
        if lock is not None:
            lock.execute("ROLLBACK")
            lock.close()
            time.sleep(3.0)
        if kind == "tcpchat":
            # The warming up is in the database, too.
            outcome.stored = _stored(path) - rate
        # Not before: a room without accounts is forgotten with its lines when all guests have left.
        for pair in pairs:
            pair.sender.close()
            pair.recipient.close()
    os.sched_setaffinity(0, serverCPUs | loadCPUs)
    outcome.latencies.sort()
    return outcome


def _stored(path: Path) -> int:
    """
    @return: how many lines are in a database, when no more come.
    """
    before = -1
    with sqlite3.connect(path) as database:
        while True:
            [(count,)] = database.execute("SELECT count(*) FROM line")
            if count == before:
                return int(count)
            before = count
            time.sleep(0.5)


def _talk(pairs: list[Pair], seconds: float, rate: int) -> tuple[int, list[float]]:
    byFD = {pair.recipient.fileno(): pair for pair in pairs}
    poll = select.poll()
    for fd in byFD:
        poll.register(fd, select.POLLIN)
    latencies: list[float] = []
    sent = 0
    begin = time.perf_counter()
    while sent < int(seconds * rate):
        due = min(int((time.perf_counter() - begin) * rate), int(seconds * rate))
        while sent < due:
            line = f"{time.perf_counter_ns()} {_PADDING}\n"
            pairs[sent % len(pairs)].sender.sendall(line.encode())
            sent += 1
        _collect(poll, byFD, latencies, TICK / 4)
    deadline = time.perf_counter() + _PATIENCE
    while len(latencies) < sent:
        if time.perf_counter() > deadline:
            raise SystemExit(f"{sent - len(latencies)} of {sent} lines have not come")
        _collect(poll, byFD, latencies, TICK)
    return sent, latencies


def _collect(
    poll: select.poll, byFD: dict[int, Pair], latencies: list[float], timeout: float
) -> None:
    for fd, _ in poll.poll(timeout * 1000):
        now = time.perf_counter()
        latencies += [now - at for at in byFD[fd].read()]


def main(arguments: list[str]) -> None:
    """
    Measure, and print the results.
    """
    parser = argparse.ArgumentParser(description="Measure what the history costs the delivery.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--locked", type=float, default=30.0, help="seconds; 0: not measured")
    chosen = parser.parse_args(arguments)
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    gc.disable()
    outcomes: dict[str, list[Outcome]] = {kind: [] for kind in KINDS}
    for number in range(chosen.rounds):
        for kind in KINDS if number % 2 else reversed(KINDS):
            outcomes[kind].append(run(kind, chosen.seconds))
    print(f"\n{RATE} lines a second, medians of {chosen.rounds} rounds of {chosen.seconds} s")
    _print(outcomes)
    if chosen.locked:
        print(f"\n{LOCKED_RATE} lines a second for {chosen.locked} s")
        _print(
            {
                "locked": [run("tcpchat", chosen.locked, LOCKED_RATE, True)],
                "unlocked": [run("tcpchat", chosen.locked, LOCKED_RATE)],
            }
        )


def _print(outcomes: dict[str, list[Outcome]]) -> None:
    print("                p50 ms    p99 ms  p99.9 ms  CPU us/line  stored of sent")
    for kind, runs in outcomes.items():
        print(f"{kind:12}" + _row(runs))
    (one, ones), (other, others) = outcomes.items()
    for share in (0.5, 0.99):
        ratios = [
            percentile(a.latencies, share) / percentile(b.latencies, share)
            for a, b in zip(ones, others, strict=True)
        ]
        print(f"p{share * 100:g} {one} by {other}: {median(ratios):.2f}")


def _row(runs: list[Outcome]) -> str:
    cells = [
        f"{median(percentile(run.latencies, share) for run in runs) * 1e3:10.2f}"
        for share in (0.5, 0.99, 0.999)
    ]
    cells.append(f"{median(run.cpu / run.sent for run in runs) * 1e6:13.1f}")
    stored = [f"{run.stored}/{run.sent}" for run in runs if run.stored is not None]
    return "".join(cells) + "   " + " ".join(stored[:1])


if __name__ == "__main__":
    main(sys.argv[1:])
