"""
The servers that are measured, each in a process of its own, on a free port of
127.0.0.1 and on one core.

Each server is asked to end when its context is left, and killed where that takes
longer than L{_STOPS_WITHIN}.
"""

from __future__ import annotations

import os
import resource
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from time import monotonic
from typing import Self

from kinds import HOST, KINDS

_STARTS_WITHIN = 20.0
_STOPS_WITHIN = 5.0
_SPARE_FILES = 64
_LAST_WORDS = 20


class Server:
    """
    One server, from entering the context to leaving it.

    @ivar port: where it listens.
    @ivar pid: its process.
    @ivar directory: where it runs.
    """

    def __init__(self, kind: str, cpus: set[int], options: Sequence[str] = ()) -> None:
        """
        @param kind: one of L{KINDS}.
        @param cpus: the cores it may use.
        @param options: what its command line has besides.
        @raise SystemExit: when it is not installed.
        """
        if lack := KINDS[kind].missing():
            raise SystemExit(lack)
        self._kind = kind
        self._options = options
        self._cpus = cpus
        self.port = freePort()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def resident(self) -> int:
        """How many bytes of memory it has (its RSS)."""
        rollup = Path("/proc", str(self.pid), "smaps_rollup").read_text()
        return int(rollup.partition("\nRss:")[2].split()[0]) * 1024

    @property
    def lastWords(self) -> str:
        """The end of its log."""
        return "".join(self._log.read_text(errors="replace").splitlines(True)[-_LAST_WORDS:])

    def __enter__(self) -> Self:
        # twistd leaves files where it runs.
        self._directory = tempfile.TemporaryDirectory(prefix="tcpchat-bench-")
        self.directory = Path(self._directory.name)
        self._log = self.directory / "log"
        command = KINDS[self._kind].command(self.port, self.directory)
        with self._log.open("wb") as output, _on(self._cpus):
            self._process = Popen(
                [*command, *self._options],
                cwd=self._directory.name,
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
            )
        try:
            self._waitUntilListening()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop()

    def _waitUntilListening(self) -> None:
        deadline = monotonic() + _STARTS_WITHIN
        while monotonic() < deadline:
            try:
                socket.create_connection((HOST, self.port), 1.0).close()
                return
            except OSError:
                pass
            try:
                status = self._process.wait(0.02)
            except TimeoutExpired:
                continue
            raise SystemExit(f"{self._kind} ended with {status}:\n{self.lastWords}")
        raise SystemExit(f"{self._kind} does not listen:\n{self.lastWords}")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOPS_WITHIN)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._directory.cleanup()


@contextmanager
def _on(cpus: set[int]) -> Iterator[None]:
    # A child inherits it.  Some servers count the cores only when they start.
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def freePort() -> int:
    """
    @return: a TCP port of 127.0.0.1 that is free.
    """
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def coresFor() -> tuple[set[int], set[int]]:
    """
    @return: the cores for the server and for the load generator: one each where
        there are two, else the same.
    """
    usable = sorted(os.sched_getaffinity(0))
    return ({usable[0]}, {usable[-1]}) if len(usable) > 1 else (set(usable), set(usable))


def allowFiles(connections: int) -> None:
    """
    Let this process and those it starts open enough files.

    @raise SystemExit: when the hard limit is too low.
    """
    needed = connections + _SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"{needed} open files are needed, and ulimit -Hn is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
