"""
Two users who chat while the service is abused, to measure how others are served meanwhile.

They run in a process of their own, so that they wait for nothing but the service.
They say lines in turn, one every L{INTERVAL} seconds, and keep to that whether the
lines before have been heard or not.  There is a control: how late the process
itself woke up to say a line, which is what the machine and not the service did.

Usage: C{python bench/witnesses.py PORT CPU}.  It ends with its standard input,
and prints one JSON object then.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import sys
import time
from dataclasses import dataclass
from subprocess import PIPE, Popen

from kinds import HERE, HOST
from measuring import percentile

INTERVAL = 0.02
"""Seconds between two lines."""

ROOM = "#witnesses"

_PATIENCE = 20.0


@dataclass(frozen=True)
class Testimony:
    """
    The figures they have measured.

    @ivar count: how many lines.
    @ivar p50: milliseconds from saying a line to hearing it, which half do not exceed.
    @ivar p99: the same for 99 of 100.
    @ivar most: the longest.
    @ivar control: by how many milliseconds they were late themselves, the 99th
        percentile.
    """

    count: int
    p50: float
    p99: float
    most: float
    control: float

    def __str__(self) -> str:
        return (
            f"{self.count} lines of two who chat: p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms, "
            f"at most {self.most:.2f} ms (p99 of their own lateness {self.control:.2f} ms)"
        )


class Witnesses:
    """
    The process of both, from entering the context to leaving it.

    @ivar testimony: the figures, once the process has ended.
    """

    testimony: Testimony

    def __init__(self, port: int, cpus: set[int]) -> None:
        self._command = [sys.executable, str(HERE / "witnesses.py"), str(port), str(min(cpus))]

    def __enter__(self) -> Witnesses:
        self._process = Popen(self._command, stdin=PIPE, stdout=PIPE)
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            self._process.wait()
            raise SystemExit("the witnesses do not come in")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        output = self._process.communicate()[0]
        if kind is not None:
            return
        if self._process.returncode:
            raise SystemExit("the witnesses have failed")
        self.testimony = Testimony(**json.loads(output))


def _enter(port: int, nick: str) -> socket.socket:
    connection = socket.create_connection((HOST, port), _PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(f"{nick}\n/join {ROOM}\n/part #lobby\n/ping in\n".encode())
    received = b""
    while b"PONG in" not in received:
        received += connection.recv(65536)
    return connection


class _Chat:
    """
    Both of them.

    @ivar latencies: seconds each line took.
    @ivar lateness: seconds each was said too late.
    """

    def __init__(self, port: int) -> None:
        self._sockets = (_enter(port, "witness1"), _enter(port, "witness2"))
        one, other = self._sockets
        # Once this line has come, the notice that the second has joined has come as well.
        other.sendall(b"begin\n")
        while not one.recv(65536).endswith(b"begin\r\n"):
            pass
        # When each line was said, and what each has read of a line.
        self._said: list[float] = []
        self._partial = [b"", b""]
        self.latencies: list[float] = []
        self.lateness: list[float] = []

    def talk(self) -> None:
        """Talk until the standard input ends, and everything has been heard."""
        poll = select.poll()
        for file in (sys.stdin, *self._sockets):
            poll.register(file, select.POLLIN | select.POLLHUP)
        due = time.perf_counter()
        goesOn = True
        while goesOn or len(self.latencies) < len(self._said):
            wait = due - time.perf_counter()
            events = [fd for fd, _ in poll.poll(1e3 * (max(0.0, wait) if goesOn else _PATIENCE))]
            if not events and not goesOn:
                raise SystemExit("a line has not been heard")
            for number, each in enumerate(self._sockets):
                if each.fileno() in events:
                    self._hear(number)
            if sys.stdin.fileno() in events:
                goesOn = False
                poll.unregister(sys.stdin)
            elif goesOn and time.perf_counter() >= due:
                self._say(due)
                due += INTERVAL

    def _say(self, due: float) -> None:
        number = len(self._said)
        self._said.append(time.perf_counter())
        self.lateness.append(self._said[-1] - due)
        self._sockets[number % 2].sendall(b"line %d\n" % number)

    def _hear(self, listener: int) -> None:
        data = self._sockets[listener].recv(65536)
        now = time.perf_counter()
        if not data:
            raise SystemExit("a witness has been thrown out")
        *lines, self._partial[listener] = (self._partial[listener] + data).split(b"\r\n")
        self.latencies += [now - self._said[int(line.split()[-1])] for line in lines]


def main(arguments: list[str]) -> None:
    """
    Chat.
    """
    port, cpu = map(int, arguments)
    os.sched_setaffinity(0, {cpu})
    gc.disable()
    chat = _Chat(port)
    print(flush=True)
    chat.talk()
    latencies, lateness = sorted(chat.latencies), sorted(chat.lateness)
    values = (
        percentile(latencies, 0.5),
        percentile(latencies, 0.99),
        latencies[-1],
        percentile(lateness, 0.99),
    )
    p50, p99, most, control = (value * 1e3 for value in values)
    print(json.dumps(Testimony(len(latencies), p50, p99, most, control).__dict__))


if __name__ == "__main__":
    main(sys.argv[1:])
