"""
The system calls of a running service, as strace sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from subprocess import DEVNULL, PIPE, Popen

import pytest

from tests.integration.daemon import Daemon
from tests.support.programs import requireProgram

SENDS = ("write", "writev", "sendto", "sendmsg", "sendmmsg")
"""The calls that may write to a socket."""

_READS = ("read", "readv", "recvfrom", "recvmsg")
# Not every architecture has each of them.
_POLLS = ("epoll_ctl", "?epoll_wait", "?epoll_pwait", "?epoll_pwait2")

_CALL = re.compile(r"(\w+)\((\d+), (.*)\) += (-?\d+)")


@dataclass(frozen=True)
class Call:
    """
    One system call.

    @ivar name: which call it is.
    @ivar descriptor: its first argument.
    @ivar arguments: the others, as strace shows them.
    @ivar result: its result, -1 for an error.
    """

    name: str
    descriptor: int
    arguments: str
    result: int

    @property
    def watched(self) -> int:
        """The descriptor that C{epoll_ctl} is about."""
        return int(self.arguments.split(", ")[1])


@contextmanager
def traced(daemon: Daemon, directory: Path) -> Iterator[list[Call]]:
    """
    @param directory: for a file.
    @return: the system calls of the thread of the reactor that poll, read and write, in their
        order.  They are there when the context has been left.
    """
    output = directory / "strace"
    wanted = ",".join((*SENDS, *_READS, *_POLLS))
    tracer = Popen(
        # Without -f strace follows one thread.
        [
            *(requireProgram("strace"), f"-p{daemon.process.pid}", "-o", str(output)),
            *("-s2000", f"-etrace={wanted}"),
        ],
        stdin=DEVNULL,
        stderr=PIPE,
        text=True,
    )
    assert tracer.stderr is not None
    calls: list[Call] = []
    with tracer:
        begun = tracer.stderr.readline()
        if "attached" not in begun:
            tracer.communicate()
            pytest.skip(f"strace may not trace ({begun.strip()}): run as root, or allow ptrace")
        try:
            yield calls
        finally:
            # It detaches from the daemon.
            tracer.send_signal(SIGINT)
            tracer.communicate()
    calls += _calls(output.read_text().splitlines())


def _calls(lines: Sequence[str]) -> Iterator[Call]:
    for line in lines:
        found = _CALL.match(line)
        if found:
            yield Call(found[1], int(found[2]), found[3], int(found[4]))
