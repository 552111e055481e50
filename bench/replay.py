"""
Measure what the replay costs when a thousand users join a room at once, and each is told its
last hundred lines.

C{python bench/replay.py} stores 1,000 lines in a room, and starts tcpchat anew.  Then 1,000
connections, which have been greeted, take their nicknames at once.  Each must get exactly
the last 100 lines, in order.  There are three ways, in turn, several rounds:

  - I{nothing}: C{--replay 0}.  The difference to the others is what the lines cost.
  - I{at hand}: users have been in the room, so the newest lines are in memory.  Two users
    chat meanwhile in another room; C{bench/witnesses.py} measures their latencies,
    and those in the case of I{nothing}, too.
  - I{on disk}: no user has been in the room since the restart, so the first to join wait
    for the disk.

It takes a minute, needs Linux, and uses only 127.0.0.1.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import select
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from kinds import HOST
from measuring import DISTURBED, Stopwatch, Wrong, machine, percentile
from openings import Opening, connect, hangUp, isGreeted
from servers import Server, allowFiles, coresFor
from witnesses import Witnesses

STORED = 1000
"""How many lines the room has."""

WAYS = ("nothing", "at hand", "on disk")
"""What is told, and where it lies."""

_AT_ONCE = 100
_PATIENCE = 30.0
_NUMBERS = re.compile(rb"\] sender: (\d{6}) \.+\r\n")


@dataclass(frozen=True)
class Sample:
    """
    The figures of one crowd that joins.

    @ivar way: one of L{WAYS}.
    @ivar joiners: how many users join.
    @ivar replay: how many lines each of them is told.
    @ivar cpu: seconds of the server's CPU until all of them had everything.
    @ivar wall: the same in seconds of the clock.
    @ivar p50: the median of the seconds from the nickname to the last line.
    @ivar p99: the 99th percentile of the same.
    @ivar before: bytes of memory of the server when all were connected.
    @ivar after: the same when all had everything.
    @ivar chat: how many seconds the two users who chat meanwhile waited for a line at the
        most; 0 where there are none.
    @ivar disturbed: the share of the time in which the server could have run but another
        process did.
    """

    way: str
    joiners: int
    replay: int
    cpu: float
    wall: float
    p50: float
    p99: float
    before: int
    after: int
    chat: float
    disturbed: float


def _store(database: Path, cpus: set[int]) -> None:
    """
    Store the lines, by saying them.
    """
    with Server("tcpchat", cpus, ["--database", str(database)]) as server:
        sender = socket.create_connection((HOST, server.port), _PATIENCE)
        sender.sendall(b"sender\r\n")
        for begin in range(0, STORED, 50):
            numbers = range(begin, min(begin + 50, STORED))
            lines = b"".join(b"%06d %s\r\n" % (number, b"." * 36) for number in numbers)
            sender.sendall(lines + b"/ping %d\r\n" % begin)
            _await(sender, b"PONG %d\r\n" % begin)
        sender.close()


def _await(connection: socket.socket, text: bytes) -> None:
    received = b""
    while text not in received:
        data = connection.recv(65536)
        if not data:
            raise Wrong(f"the server has closed a connection: {received[-200:]!r}")
        received += data


def _join(openings: Sequence[Opening], end: bytes) -> None:
    """
    Let all take a nickname, and wait until each has read a line that contains C{end}.
    """
    byFD = {opening.socket.fileno(): opening for opening in openings}
    with select.epoll() as poll:
        for number, (fd, opening) in enumerate(byFD.items()):
            poll.register(fd, select.EPOLLIN)
            opening.received = b""
            opening.began = time.perf_counter()
            opening.socket.send(b"joiner%d\r\n" % number)
        missing = len(byFD)
        while missing:
            events = poll.poll(_PATIENCE, len(byFD))
            if not events:
                raise Wrong(f"{missing} of {len(byFD)} are told no more")
            for fd, _ in events:
                opening = byFD[fd]
                opening.read()
                if opening.isOver:
                    raise Wrong(f"the server closes a connection: {opening.received[-200:]!r}")
                if not opening.done and _hasRead(opening.received, end):
                    opening.done = time.perf_counter()
                    missing -= 1


def _hasRead(received: bytes, end: bytes) -> bool:
    return received.find(b"\r\n", received.find(end)) >= 0 if end in received else False


def _check(opening: Opening, replay: int) -> None:
    """
    @raise Wrong: when the connection was told anything but the last lines.
    """
    numbers = [int(number) for number in _NUMBERS.findall(opening.received)]
    if numbers != list(range(STORED - replay, STORED)):
        raise Wrong(f"told are {numbers}, after {opening.received[:300]!r}")


def measure(
    database: Path, way: str, replay: int, joiners: int, cores: tuple[set[int], set[int]]
) -> Sample:
    """
    @param way: one of L{WAYS}.
    @param replay: how many lines each is told.
    @param cores: those of the server, and those of the load.
    @raise Wrong: when a connection is told anything else.
    """
    serverCPUs, loadCPUs = cores
    options = ["--database", str(database), "--replay", str(replay)]
    witnesses: Witnesses | None = None
    with ExitStack() as stack:
        server = stack.enter_context(Server("tcpchat", serverCPUs, options))
        openings = connect(server.port, joiners, isGreeted, _AT_ONCE)
        stack.callback(hangUp, openings)
        for opening in openings:
            opening.done = 0.0
        with ExitStack() as meanwhile:
            if way != "on disk":
                # They pass through the lobby, which brings its lines to memory.
                witnesses = meanwhile.enter_context(Witnesses(server.port, loadCPUs))
            before = server.resident
            gc.collect()
            watch = Stopwatch(server.pid)
            _join(openings, b"sender: %06d " % (STORED - 1) if replay else b"/help ")
            passed = watch.passed()
            after = server.resident
        for opening in openings:
            _check(opening, replay)
    seconds = sorted(opening.seconds for opening in openings)
    return Sample(
        way,
        joiners,
        replay,
        passed.serverCPU,
        passed.wall,
        percentile(seconds, 0.5),
        percentile(seconds, 0.99),
        before,
        after,
        witnesses.testimony.most / 1e3 if witnesses is not None else 0.0,
        passed.serverWaited / passed.wall,
    )


def _middle(samples: Sequence[Sample], figure: str) -> float:
    return median(getattr(sample, figure) for sample in samples)


def _tell(samples: Sequence[Sample]) -> None:
    print(
        "           CPU of the server, us  seconds  nickname to last   server's RSS  others\n"
        "lines         each   a replayed    until    line, ms: half,   before, after   wait,\n"
        "           joiner         line      all         99 of 100             (MiB)      ms"
    )
    plain = [sample for sample in samples if not sample.replay]
    for way in WAYS:
        ours = [sample for sample in samples if sample.way == way]
        joiners, replay = ours[0].joiners, ours[0].replay
        # Of the same round, since machines change their speed.
        more = median(one.cpu - other.cpu for one, other in zip(ours, plain, strict=True))
        each = f"{more / joiners / replay * 1e6:.2f}" if replay else "-"
        others = f"{_middle(ours, 'chat') * 1e3:.0f}" if ours[0].chat else "-"
        print(
            f"{way:10} {_middle(ours, 'cpu') / joiners * 1e6:7.0f} {each:>12}"
            f" {_middle(ours, 'wall'):8.2f}"
            f" {_middle(ours, 'p50') * 1e3:8.0f} {_middle(ours, 'p99') * 1e3:8.0f}"
            f" {_middle(ours, 'before') / 2**20:9.1f} {_middle(ours, 'after') / 2**20:7.1f}"
            f" {others:>6}"
        )
    if (most := max(sample.disturbed for sample in samples)) > DISTURBED:
        print(f"Something else ran on the core of the server for up to {most:.0%} of the time.")


def main(arguments: Sequence[str]) -> None:
    """
    Measure, and print the results.
    """
    parser = argparse.ArgumentParser(description="Measure what the replay costs when users join.")
    parser.add_argument("--joiners", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--lines", type=int, default=100, help="each; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures")
    chosen = parser.parse_args(arguments)
    if not 0 < chosen.lines <= STORED:
        parser.error(f"--lines is 1 to {STORED}")
    # For the connections of both ends, since what is started inherits it.
    allowFiles(chosen.joiners)
    about, cores = machine(), coresFor()
    os.sched_setaffinity(0, cores[1])
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(prefix="tcpchat-bench-") as directory:
        database = Path(directory) / "replay.sqlite3"
        _store(database, cores[0])
        for number in range(chosen.rounds):
            for way in WAYS:
                replay = 0 if way == "nothing" else chosen.lines
                samples.append(measure(database, way, replay, chosen.joiners, cores))
            print(f"round {number + 1} of {chosen.rounds}", file=sys.stderr)
    print(f"{chosen.joiners} join a room with {STORED} lines, {chosen.rounds} rounds")
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    _tell(samples)
    if chosen.json:
        figures = {"machine": about, "samples": [asdict(sample) for sample in samples]}
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
