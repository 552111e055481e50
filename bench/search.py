"""
Measure the questions to a large store: C{/history}, and C{/search} in a million lines.

C{python bench/search.py} fills a store in a temporary directory, which takes a minute or two
and half a gigabyte.  Then it asks each question many times, and prints the median, the 99th
percentile and the maximum of the times from the question to the answer.  C{turn} is the
longest time in which the reactor did not turn meanwhile, and C{first} the time of the first
answer, when little of the file is in memory.

A tenth of the lines are in rooms other than #lobby.  Each line holds C{every}, either C{odd}
or C{even}, and words by the law of Zipf: some are in every other line, many in a few.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from measuring import machine
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import LoopingCall, react

from chat.store.backlog import Batch
from chat.store.opening import openStore
from chat.store.sqlite import SQLiteStore
from chat.store.writer import DatabaseWriter
from chat.vocabulary.events import Line, Said

LOBBY = "#lobby"
RARE = "#room199"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"


def conversation(count: int) -> Iterator[Line]:
    """
    @return: so many lines in 200 rooms, one a second.
    """
    rng = random.Random(1)

    def zipf(size: int) -> int:
        return int(size ** rng.random()) - 1

    words = ["".join(_LETTERS[zipf(26)] for _ in range(rng.randrange(2, 9))) for _ in range(30_000)]
    ids: dict[str, int] = {}
    for number in range(count):
        room = LOBBY if rng.random() < 0.9 else f"#room{zipf(200) + 1}"
        ids[room] = ids.get(room, 0) + 1
        text = " ".join(
            [
                "every",
                "odd" if number % 2 else "even",
                *(words[zipf(30_000)] for _ in range(4)),
                "".join(chr(0x4E00 + zipf(3000)) for _ in range(6)),
            ]
        )
        at = _START + timedelta(seconds=number)
        yield Said(room, ids[room], at, f"nick{zipf(2000)}", text)


def fill(path: str, count: int) -> None:
    """
    Make a store with so many lines.
    """
    opened = openStore(path)
    writer = DatabaseWriter(opened)
    lasts: dict[str, int] = {}
    batch: list[Line] = []
    for number, line in enumerate(conversation(count), 1):
        batch.append(line)
        lasts[line.room] = line.id
        if len(batch) == 1000 or number == count:
            writer.write(Batch(batch))
            batch = []
    writer.close(lasts)
    opened.files.close()


def questions(store: SQLiteStore, count: int) -> dict[str, Callable[[], Deferred[Any]]]:
    """
    @param count: how many lines there are.
    @return: what is measured, by name.
    """
    history = store.history
    lobby = store.lastId(LOBBY)
    rooms = [LOBBY, *(f"#room{number}" for number in range(1, 20))]
    rng = random.Random(2)

    def anywhere() -> int:
        return rng.randrange(lobby - 1000)

    def search(words: str, rooms: list[str] = rooms, nick: str = "", limit: int = 20) -> Any:
        return lambda: history.search(words, rooms, nick, limit)

    middle = _START + timedelta(seconds=count // 2)
    return {
        "/history 1000": lambda: history.recent(LOBBY, 1000),
        "/history after, 1000 anywhere": lambda: history.after(LOBBY, anywhere(), 1000),
        "/history since, 1000": lambda: history.since(LOBBY, middle, 1000),
        "in every line": search("every"),
        "in every line, 1000 answers": search("every", limit=1000),
        "in no line": search("nowhere"),
        "in every line and in none": search("every nowhere"),
        "in every line, rare room": search("every", [RARE]),
        "in every line, rare nick": search("every", nick="nick1990"),
        "in every line, unknown nick": search("every", nick="nobody"),
        "one common character": search("一"),
        "one rare character": search(chr(0x4E00 + 2990)),
        "two characters": search("一丁"),
        "three characters in a row": search("一丁丂"),
        "three characters, rare room": search("一丁丂", [RARE]),
        "beginning of one letter": search("e*"),
        "beginning of two letters": search("et*"),
        "beginning of three letters": search("eta*"),
        "two common words, never both": search("odd even"),
    }


@inlineCallbacks
def measure(reactor: Any, ask: Callable[[], Deferred[Any]], repeats: int) -> Any:
    """
    @return: the times in milliseconds, the number of lines in the last answer, and the
        longest turn.
    """
    times: list[float] = []
    turns: list[float] = []
    last = [time.perf_counter()]

    def turn() -> None:
        now = time.perf_counter()
        turns.append(now - last[0])
        last[0] = now

    watching = LoopingCall(turn)
    watching.clock = reactor
    watching.start(0.0005)
    for _ in range(repeats):
        begun = time.perf_counter()
        answer = yield ask()
        times.append((time.perf_counter() - begun) * 1e3)
        # The next question must not begin in the turn of this answer.
        pause: Deferred[None] = Deferred()
        reactor.callLater(0, pause.callback, None)
        yield pause
    watching.stop()
    found = len(answer) if isinstance(answer, tuple) else len(answer.lines)
    return times, found, max(turns) * 1e3


@inlineCallbacks
def main(reactor: Any, *arguments: str) -> Any:
    """
    Measure, and print the results.
    """
    parser = argparse.ArgumentParser(description="Measure the questions to a large store.")
    parser.add_argument("--lines", type=int, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=30, help="default: %(default)s")
    chosen = parser.parse_args(arguments)
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.sqlite3"
        begun = time.perf_counter()
        fill(str(path), chosen.lines)
        print(
            f"{chosen.lines} lines in {time.perf_counter() - begun:.0f} s,"
            f" {path.stat().st_size / 1e6:.0f} MB\n"
        )
        store = SQLiteStore(str(path), reactor, lambda records: None)
        store.startService()
        # The garbage collector would make turns longer, and has nothing to do with the store.
        gc.collect()
        gc.freeze()
        print(
            "                                 lines   first  median     p99     max    turn  (ms)"
        )
        for name, ask in questions(store, chosen.lines).items():
            times, found, turn = yield measure(reactor, ask, chosen.repeats)
            ordered = sorted(times)
            p99 = ordered[math.ceil(len(ordered) * 0.99) - 1]
            print(
                f"{name:32} {found:5} {times[0]:7.1f} {median(times):7.1f} {p99:7.1f}"
                f" {ordered[-1]:7.1f} {turn:7.1f}"
            )
        yield store.stopService()


if __name__ == "__main__":
    react(main, sys.argv[1:])
