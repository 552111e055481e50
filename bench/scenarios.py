"""
The two ways to talk that are measured.

Everybody is in one room and every line reaches all but its sender, so with
C{N + 1} participants a line has C{N} recipients, however many of them talk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from crowd import READ_SIZE, Crowd, Participant
from traffic import LINE_SIZE, SENDERS, Order, Wrong, heard, spoken

BLOCK = 16
"""How many lines a flooding sender writes at once."""

BLOCKS_IN_FLIGHT = 4
"""
How many blocks of each sender may be on their way to the slowest recipient:
640 lines or 38 KB in all, much less than what makes a reader C{too slow}.
"""

_MEASURE_AT_LEAST = 3
"""How many lines (or blocks of each sender) are measured however long it takes."""


@dataclass
class Measured:
    """
    What came out of one run.

    @ivar deliveries: lines times recipients.
    @ivar wall: seconds from the first line to the last delivery.
    @ivar serverCPU: seconds, user and system, all threads.
    @ivar loadCPU: the same of the load generator.
    @ivar serverWaited: seconds the server could have run and something else ran.
    @ivar loadWaited: the same of the load generator.
    @ivar latencies: seconds from sending to reading, for every delivery.
    """

    deliveries: int
    wall: float
    serverCPU: float
    loadCPU: float
    serverWaited: float
    loadWaited: float
    latencies: list[float] = field(default_factory=list)


class Stopwatch:
    """
    Wall time, and the CPU time of two processes.
    """

    def __init__(self, server: int) -> None:
        """
        @param server: process id of the server.
        """
        # The CPU-time clock of another process, as clock_getcpuclockid(3) makes it: what
        # /proc/PID/stat shows, in nanoseconds rather than in hundredths of a second.
        self._serverClock = ~server << 3 | 2
        self._server = str(server)
        self._begin = self._now()

    def measured(self, deliveries: int, latencies: list[float]) -> Measured:
        """
        @return: what has passed since it was made.
        """
        passed = [now - begin for now, begin in zip(self._now(), self._begin, strict=True)]
        return Measured(deliveries, *passed, latencies)

    def _now(self) -> tuple[float, ...]:
        return (
            time.perf_counter(),
            time.clock_gettime(self._serverClock),
            time.process_time(),
            _waited(self._server),
            _waited("self"),
        )


def _waited(process: str) -> float:
    """
    @return: seconds a process has waited for a CPU that something else had; 0
        with a kernel that does not count it.
    """
    try:
        return int(Path("/proc", process, "schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


Scenario = Callable[[Crowd, int, float], Measured]
"""Takes the participants, the process id of the server, and for how many seconds to talk."""


def oneSender(crowd: Crowd, server: int, seconds: float) -> Measured:
    """
    One sender, who waits for each line to reach every reader before the next.
    """
    sender, byFD, readable = crowd.senders[0], crowd.byFD, crowd.readable
    recipients = len(crowd.everybody) - 1
    recvs = {fd: person.recv for fd, person in byFD.items() if person is not sender}
    clock = time.perf_counter
    latencies: list[float] = []
    number = 0
    watch = Stopwatch(server)
    end = clock() + seconds
    while number < _MEASURE_AT_LEAST or clock() < end:
        text, expected = spoken(number), heard(0, number)
        partial: dict[int, bytes] = {}
        missing = recipients
        begin = clock()
        sender.send(text)
        while missing:
            for fd, _ in readable():
                if fd not in recvs:
                    raise Wrong("the sender hears himself")
                data = recvs[fd](READ_SIZE)
                if data != expected:
                    data = partial[fd] = partial.get(fd, b"") + data
                    if data != expected:
                        if data and expected.startswith(data):
                            continue
                        raise Wrong(f"{data!r} instead of {expected!r}")
                latencies.append(clock() - begin)
                missing -= 1
        number += 1
    measured = watch.measured(number * recipients, latencies)
    crowd.synchronise()
    return measured


def tenSenders(crowd: Crowd, server: int, seconds: float) -> Measured:
    """
    Ten senders, who wait for nothing as long as all recipients keep up.

    Talk goes in rounds: in each, every sender writes L{BLOCK} lines.  A round
    is over when everybody has read as many bytes as all rounds up to it have
    sent him, and L{BLOCKS_IN_FLIGHT} rounds are on their way at any time.
    """
    flood = _Flood(crowd)
    clock = time.perf_counter
    watch = Stopwatch(server)
    for _ in range(BLOCKS_IN_FLIGHT):
        flood.begin()
    end = clock() + seconds
    while flood.over < flood.begun:
        for _ in range(flood.read()):
            if flood.begun < _MEASURE_AT_LEAST or clock() < end:
                flood.begin()
    lines = flood.begun * BLOCK * SENDERS
    measured = watch.measured(lines * (len(crowd.everybody) - 1), [])
    flood.check()
    crowd.synchronise()
    return measured


class _Reading:
    """How far one participant has read."""

    __slots__ = ("goal", "offset", "recv", "round", "share", "stream")

    def __init__(self, person: Participant) -> None:
        self.recv = person.recv
        self.offset = 0
        self.round = 0
        # Only a sender keeps what he reads: nobody else has the same stream.
        self.stream: list[bytes] | None = [] if person.number < SENDERS else None
        others = SENDERS if self.stream is None else SENDERS - 1
        self.share = self.goal = others * BLOCK * LINE_SIZE


class _Flood:
    """
    The rounds of L{tenSenders}.

    @ivar begun: how many have been written.
    @ivar over: how many have been read by everybody.
    """

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._order = Order()
        self._readings = {fd: _Reading(person) for fd, person in crowd.byFD.items()}
        self._missing: list[int] = []
        self.begun = self.over = 0

    def begin(self) -> None:
        """
        Let every sender write a block.
        """
        numbers = range(self.begun * BLOCK, (self.begun + 1) * BLOCK)
        for sender in self._crowd.senders:
            sender.send(b"".join([self._order.sent(sender.number, each) for each in numbers]))
        self._missing.append(len(self._readings))
        self.begun += 1

    def read(self) -> int:
        """
        Read what there is, and wait for something if need be.

        @return: how many rounds are over by that.
        """
        received, readings, missing = self._order.received, self._readings, self._missing
        for fd, _ in self._crowd.readable():
            reading = readings[fd]
            data = reading.recv(READ_SIZE)
            if reading.stream is None:
                offset = received(reading.offset, data)
            else:
                reading.stream.append(data)
                offset = reading.offset + len(data)
            if not data:
                raise Wrong("the server has closed a connection")
            reading.offset = offset
            while offset >= reading.goal:
                reading.goal += reading.share
                missing[reading.round] -= 1
                reading.round += 1
                if reading.round == self.begun:
                    break
        over = self.over
        while self.over < self.begun and not missing[self.over]:
            self.over += 1
        return self.over - over

    def check(self) -> None:
        """
        Check what the senders have read, and that nothing is missing.

        @raise Wrong: when it is not what they must read.
        """
        self._order.ended()
        for person in self._crowd.senders:
            stream = self._readings[person.socket.fileno()].stream
            assert stream is not None
            if b"".join(stream) != self._order.streamFor(person.number):
                raise Wrong(f"{person.nick!r} has read something else than the others")
