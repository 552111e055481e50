"""
Stuck recipients: the memory they cost, while they are there and after.

They join the room with a small receive buffer and read nothing any more, while
another user talks there until all of them have been cut off.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass

from measuring import Wrong
from openings import connect, hangUp, isWelcome
from servers import HOST
from service import Service
from witnesses import Testimony, Witnesses

RATE = 100
"""How many lines a second are said."""

LINE = b"." * 1000 + b"\r\n"

_RECEIVE_BUFFER = 4096
_AT_ONCE = 40
_WITHIN = 60.0
_WARM = 50
_WARM_LINES = 3000


@dataclass(frozen=True)
class Stuck:
    """
    The result of one run.

    @ivar readers: how many recipients are stuck.
    @ivar most: by how many bytes the memory had grown, at the most.
    @ivar after: by how many when they were gone.
    @ivar seconds: from the first line to the last of them being cut off.
    @ivar limits: how many passed which limit.
    """

    readers: int
    most: int
    after: int
    seconds: float
    limits: dict[str, int]
    testimony: Testimony

    def __str__(self) -> str:
        limits = ", ".join(f"{count} by {limit}" for limit, count in self.limits.items() if count)
        return (
            f"{self.readers:4} stuck readers: +{self.most / 2**20:.1f} MiB at the most "
            f"({self.most / self.readers / 1024:.0f} KiB each), "
            f"+{self.after / 2**20:.1f} MiB when they were gone; "
            f"all cut off after {self.seconds:.1f} s ({limits})\n      {self.testimony}"
        )


def measure(readers: int, cores: tuple[set[int], set[int]]) -> Stuck:
    """
    @param cores: those of the service, and those of the load.
    @raise Wrong: when a stuck recipient is not cut off.
    """
    serverCPUs, loadCPUs = cores
    with Service(serverCPUs) as service:
        os.sched_setaffinity(0, loadCPUs)
        with Witnesses(service.port, loadCPUs) as witnesses:
            talker = _Talker(service.port)
            # The first connections pay for what all share, and the caches of the database fill
            # with the lines.
            talker.talk(_WARM_LINES)
            hangUp(connect(service.port, _WARM, isWelcome, _AT_ONCE, saying=_nick))
            service.awaitConnections(3)
            before = service.steady()
            stuck = connect(
                service.port,
                readers,
                isWelcome,
                _AT_ONCE,
                saying=_nick,
                receiveBuffer=_RECEIVE_BUFFER,
            )
            most, seconds = talker.talkUntilAlone(service, before, readers)
            service.awaitConnections(3)
            after = service.steady() - before
            metrics = service.metrics()
            hangUp(stuck)
            talker.close()
    limits = {
        limit: int(metrics.get(f'tcpchat_too_slow_total{{limit="{limit}"}}', 0))
        for limit in ("waiting", "stall", "all")
    }
    return Stuck(readers, most, after, seconds, limits, witnesses.testimony)


def _nick(number: int) -> bytes:
    return b"reader%d\r\n" % number


class _Talker:
    """A user who talks in the lobby."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), _WITHIN)
        self._socket.sendall(b"talker\r\n")
        self._socket.recv(1)

    def talk(self, lines: int) -> None:
        """Say so many lines, a thousand a second."""
        for _ in range(lines):
            self._say()
            time.sleep(0.001)

    def talkUntilAlone(self, service: Service, before: int, readers: int) -> tuple[int, float]:
        """
        Talk until as many have been cut off as there are stuck readers.

        @return: the growth of the memory at the most, in bytes, and the seconds
            that it took.
        """
        most, cut, number = 0, 0.0, 0
        begin = time.perf_counter()
        while cut < readers:
            self._say()
            number += 1
            time.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
            most = max(most, service.resident - before)
            if number % RATE == 0:
                metrics = service.metrics()
                cut = sum(value for name, value in metrics.items() if "too_slow_total{" in name)
            if time.perf_counter() - begin > _WITHIN:
                raise Wrong(f"only {cut:.0f} of {readers} stuck readers have been cut off")
        return most, time.perf_counter() - begin

    def close(self) -> None:
        self._socket.close()

    def _say(self) -> None:
        self._socket.sendall(LINE)
        self._socket.setblocking(False)
        try:
            while self._socket.recv(65536):
                pass
        except BlockingIOError:
            self._socket.setblocking(True)
            return
        raise Wrong("the talker has been thrown out")
