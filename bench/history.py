"""
Measure the store: lines into SQLite.

C{python bench/history.py} appends lines to a store in a temporary directory, as the service
does, and prints a table:

  - I{most}: as many lines as keep the queue from being empty or full.  Their rate is what
    the disk and one thread bear.
  - I{paced}: a steady stream, so many lines a second.

C{stored} is the time from C{append} until the observer is told that the line is on the disk;
up to 100 ms of it pass while a batch is collected.  C{append} is what a line costs the thread
of the reactor, its id included.  C{CPU} is that of the whole process for a line, in the writer
and the reactor.  C{turn} is how late a call was that was due every 5 ms, or every ms in the
case of I{most}.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from measuring import machine
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import LoopingCall, react

from chat.store.sqlite import SQLiteStore
from chat.vocabulary.events import Said

_WORDS = ["the", "a", "to", "of", "and", "in", "is", "it", "you", "that", "it", "was", "for", "on"]

_AHEAD = 4000
"""How many lines may be on their way when as many as possible are written."""


def texts(count: int, seed: int = 1) -> Iterator[str]:
    """
    @return: lines of chat of about 45 characters, a fifth of them Chinese.
    """
    rng = random.Random(seed)
    for number in range(count):
        if number % 5 == 0:
            yield "".join(chr(0x4E00 + int(3000 * rng.random() ** 3)) for _ in range(15))
        else:
            yield " ".join([*rng.choices(_WORDS, k=8), f"w{int(50_000 * rng.random() ** 3)}"])


class Stream:
    """
    Appends lines, and observes what becomes of them.
    """

    def __init__(self, reactor: Any, store: SQLiteStore, rooms: int, count: int) -> None:
        self._reactor = reactor
        self._store = store
        self._texts = list(texts(min(count, 20_000)))
        self._rooms = [f"#room{number}" for number in range(rooms)]
        self._waiting: dict[str, deque[tuple[int, float]]] = {room: deque() for room in self._rooms}
        self._appended = 0
        self._stored = 0
        self._count = count
        self.appending = 0.0
        self.delays: list[float] = []
        self.turns: list[float] = []
        self._done: Deferred[None] = Deferred()

    def append(self, count: int) -> None:
        """
        Append so many lines in this turn.
        """
        begun = time.perf_counter()
        at = datetime.now(UTC)
        for number in range(self._appended, min(self._appended + count, self._count)):
            room = self._rooms[number % len(self._rooms)]
            id = self._store.nextId(room)
            self._store.history.append(
                Said(room, id, at, f"nick{number % 50}", self._texts[number % len(self._texts)])
            )
            self._waiting[room].append((id, begun))
        self._appended = min(self._appended + count, self._count)
        self.appending += time.perf_counter() - begun

    def stored(self, room: str, id: int) -> None:
        waiting, now = self._waiting[room], time.perf_counter()
        while waiting and waiting[0][0] <= id:
            self.delays.append(now - waiting.popleft()[1])
            self._stored += 1
        if self._stored == self._count:
            self._done.callback(None)

    def failing(self, reason: str) -> None:
        self._done.errback(SystemExit(reason))

    def recovered(self) -> None:
        pass

    def lost(self, count: int) -> None:
        self._done.errback(SystemExit(f"{count} lines are lost"))

    def ahead(self) -> int:
        """
        @return: how many lines are on their way.
        """
        return self._appended - self._stored

    def run(self, turn: Any, interval: float) -> Deferred[None]:
        """
        @param turn: is called every C{interval} seconds.
        @return: fires when all is stored.
        """
        last = [time.perf_counter()]

        def watched() -> None:
            now = time.perf_counter()
            self.turns.append(now - last[0] - interval)
            turn()
            last[0] = time.perf_counter()

        looping = LoopingCall(watched)
        looping.clock = self._reactor
        looping.start(interval)
        return self._done.addBoth(lambda result: (looping.stop(), result)[1])


def percentile(values: list[float], share: float) -> float:
    """
    @return: the smallest value that this share of the values does not exceed.
    """
    return sorted(values)[math.ceil(len(values) * share) - 1]


@inlineCallbacks
def measure(reactor: Any, rate: int, count: int, rooms: int) -> Any:
    """
    @param rate: lines per second, or 0 for as many as possible.
    """
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.sqlite3"
        store = SQLiteStore(str(path), reactor, lambda records: None)
        stream = Stream(reactor, store, rooms, count)
        store.observe(stream)
        store.startService()
        # The garbage collector would make turns longer, and has nothing to do with the store.
        gc.collect()
        gc.freeze()
        begun, cpu = time.perf_counter(), time.process_time()
        if rate:
            interval = 0.005
            yield stream.run(lambda: stream.append(round(rate * interval)), interval)
        else:
            yield stream.run(
                lambda: stream.append(min(500, max(0, _AHEAD - stream.ahead()))), 0.001
            )
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
        yield store.stopService()
        size = path.stat().st_size
    print(
        f"{rate or 'most':>6} {rooms:6} {count / wall:9.0f} {stream.appending / count * 1e6:10.2f}"
        f" {cpu / count * 1e6:8.1f} {median(stream.delays) * 1e3:8.0f}"
        f" {percentile(stream.delays, 0.99) * 1e3:8.0f} {max(stream.turns) * 1e3:8.1f}"
        f" {percentile(stream.turns, 0.99) * 1e3:8.1f} {size / count:8.0f}"
    )


@inlineCallbacks
def main(reactor: Any, *arguments: str) -> Any:
    """
    Measure, and print the results.
    """
    parser = argparse.ArgumentParser(description="Measure how lines are stored.")
    parser.add_argument("--lines", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--rates", type=int, nargs="+", default=[1000, 5000], metavar="RATE")
    parser.add_argument("--rooms", type=int, nargs="+", default=[1, 100], metavar="N")
    chosen = parser.parse_args(arguments)
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(
        "lines/s  rooms  lines/s  append us  CPU us  -- stored, ms --  -- turn, ms --   bytes\n"
        " wanted          stored  per line  per line    p50      p99     max     p99  per line"
    )
    for rooms in chosen.rooms:
        yield measure(reactor, 0, chosen.lines, rooms)
        for rate in chosen.rates:
            yield measure(reactor, rate, min(chosen.lines, 5 * rate), rooms)


if __name__ == "__main__":
    react(main, sys.argv[1:])
