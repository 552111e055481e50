"""
Two users that chat throughout a test, and notice when anything is amiss.
"""

from __future__ import annotations

import math
import re
import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from threading import Condition, Thread
from types import TracebackType

from tests.integration.daemon import Daemon
from tests.integration.peer import Peer

LATEST = 0.1
"""Seconds that the delivery may take for 99 of 100 lines."""

NICKS = ("wilma", "walter")
"""Their nicknames."""

# Seconds until everything that was said must have arrived.
_ARRIVES_WITHIN = 10.0


class _Control:
    """
    The part of the machine in a delay, for which the service is not to blame: how long C{cat} takes
    to echo a few bytes, and how long the service and who measures it were ready to work but waited
    for a processor.
    """

    def __init__(self, daemon: Daemon) -> None:
        self._schedules = Path(f"/proc/{daemon.process.pid}"), Path("/proc/thread-self")
        self.connection, other = socket.socketpair()
        with other:
            self._process = Popen(["cat"], stdin=other.fileno(), stdout=other.fileno())
        self.connection.setblocking(False)

    @property
    def waited(self) -> float:
        """
        How many seconds the service, and the thread that asks, have waited for a processor since
        they began.
        """
        nanoseconds = 0
        # Not when the service has ended.
        with suppress(OSError):
            for each in self._schedules:
                nanoseconds += int((each / "schedstat").read_text().split()[1])
        return nanoseconds / 1e9

    def close(self) -> None:
        """
        End the echo.
        """
        self.connection.close()
        self._process.wait()


class _Witness:
    """
    One of the two users.

    @ivar sent: the lines that have not arrived at this user yet: the number of each, when it was
        said, and how long L{_Control.waited} was then.
    @ivar strays: all other lines that have arrived.
    """

    def __init__(self, nick: str, peer: Peer) -> None:
        self.nick = nick
        self.peer = peer
        self.sent: deque[tuple[int, float, float]] = deque()
        self.strays: list[str] = []


class Witnesses:
    """
    Two users that come in when the context is entered, and chat in turn, in a thread, until it is
    left. Then all their lines must have arrived once, in order and in time, and nothing else but
    what was expected or allowed.
    """

    def __init__(
        self,
        daemon: Daemon,
        perSecond: float = 20.0,
        allowed: str = r"(?!)",
    ) -> None:
        """
        @param perSecond: how many lines both say together in a second.
        @param allowed: a pattern of other lines that may arrive.
        """
        self._daemon = daemon
        self._interval = 1 / perSecond
        self._allowed = re.compile(allowed)
        # Seconds from saying a line to hearing it, without those of waiting for a processor; and
        # those of the echo that began at the same time.
        self._delays: dict[int, float] = {}
        self._echoes: list[float] = []
        self._echoing: deque[float] = deque()
        self._error: BaseException | None = None
        self._stopping = False
        self._news = Condition()

    def __enter__(self) -> Witnesses:
        # Their addresses are their own, so that no limit per address concerns them.
        peers = [self._daemon.connect(source) for source in ("127.0.0.253", "127.0.0.254")]
        self._witnesses = [_Witness(*pair) for pair in zip(NICKS, peers, strict=True)]
        for witness in self._witnesses:
            witness.peer.join(witness.nick)
        for witness in self._witnesses:
            witness.peer.catchUp()
        self._control = _Control(self._daemon)
        self._thread = Thread(target=self._run, name="witnesses", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping = True
        self._thread.join()
        self._control.close()
        for witness in self._witnesses:
            witness.peer.close()
        if error is None:
            self._judge()

    @property
    def excesses(self) -> list[float]:
        """
        The delay of each line in seconds, without the part of the machine, in ascending order.
        """
        pairs = ((delay, self._echoes[number]) for number, delay in self._delays.items())
        return sorted(max(delay - echo, 0.0) for delay, echo in pairs)

    @property
    def p99(self) -> float:
        """
        The delay in seconds that 99 of 100 lines do not exceed, without the part of the machine.
        """
        excesses = self.excesses
        return excesses[math.ceil(0.99 * len(excesses)) - 1]

    def expect(self, text: str, within: float = 20.0) -> str:
        """
        Wait until the same line, which neither has said, has arrived at both; it is allowed then.

        @param text: a part of that line.
        @param within: seconds.
        @return: the whole line.
        """
        with self._news:
            assert self._news.wait_for(lambda: self._error or self._common(text), within), (
                f"no line with {text!r}, but {[each.strays for each in self._witnesses]}"
            )
            line = self._common(text)
            assert line is not None, f"no line with {text!r}: {self._error!r}"
            for witness in self._witnesses:
                witness.strays.remove(line)
            return line

    def _common(self, text: str) -> str | None:
        first, second = (witness.strays for witness in self._witnesses)
        return next((line for line in first if text in line and line in second), None)

    def _judge(self) -> None:
        if self._error is not None:
            raise AssertionError(f"a witness could not go on: {self._error!r}") from self._error
        strays = [witness.strays for witness in self._witnesses]
        assert strays == [[], []], f"the witnesses heard {strays}"
        assert self._delays, "nothing was said"
        worst = [f"{seconds:.3f}" for seconds in self.excesses[-5:]]
        assert self.p99 < LATEST, f"late by {worst} of {len(self._delays)} lines"

    # In the thread.

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                for witness in self._witnesses:
                    selector.register(witness.peer.connection, selectors.EVENT_READ, witness)
                selector.register(self._control.connection, selectors.EVENT_READ)
                self._chat(selector)
        except BaseException as error:
            with self._news:
                self._error = error
                self._news.notify_all()

    def _chat(self, selector: selectors.BaseSelector) -> None:
        number, next = 0, time.monotonic()
        until = math.inf
        while not self._stopping or self._echoing or any(each.sent for each in self._witnesses):
            now = time.monotonic()
            if self._stopping:
                until = min(until, now + _ARRIVES_WITHIN)
                next = math.inf
            elif now >= next:
                self._say(number)
                number, next = number + 1, max(next, now - 1) + self._interval
            if now > until:
                raise TimeoutError(f"not heard: {[list(each.sent) for each in self._witnesses]}")
            for key, _ in selector.select(min(max(next - time.monotonic(), 0), 0.05)):
                if key.data is None:
                    self._echoed()
                else:
                    self._hear(key.data)

    def _say(self, number: int) -> None:
        author, listener = self._witnesses[:: 1 if number % 2 else -1]
        now = time.monotonic()
        listener.sent.append((number, now, self._control.waited))
        self._echoing.append(now)
        self._control.connection.send(b".")
        author.peer.send(f"tick {number}")

    def _echoed(self) -> None:
        now = time.monotonic()
        for _ in self._control.connection.recv(4096):
            self._echoes.append(now - self._echoing.popleft())

    def _hear(self, witness: _Witness) -> None:
        if not witness.peer.connection.recv(1, socket.MSG_PEEK):
            raise EOFError(f"{witness.nick} was put out, after {witness.peer.waiting()}")
        now, waited = time.monotonic(), self._control.waited
        [author] = (each for each in self._witnesses if each is not witness)
        for line in witness.peer.waiting():
            if line.startswith(f"{author.nick}: tick "):
                number, said, before = witness.sent.popleft()
                if line != f"{author.nick}: tick {number}":
                    raise AssertionError(f"{line!r} where tick {number} should be")
                self._delays[number] = now - said - max(waited - before, 0.0)
            elif not self._allowed.search(line):
                with self._news:
                    witness.strays.append(line)
                    self._news.notify_all()
