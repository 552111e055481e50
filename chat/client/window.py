"""
How many lines may be on their way.

A service carries out so many lines of one connection at once, and then so many a
second; of a peer with whom too many wait it hangs up.  How many those are is the
business of its operator.  So no more than a few lines are on their way: the last
of them is a ping, and the next ones follow when the service has answered it and
thus has carried out all before.  Where it does so at any speed, that costs one
round trip; where it takes its time, the same time as without.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

SIZE = 50
"""How many lines may be on their way, besides the ping behind them."""


class Window:
    """
    The lines of one connection, and those that wait for their turn.
    """

    def __init__(self, write: Callable[[bytes], None], newToken: Callable[[], str]) -> None:
        """
        @param write: sends a line, without its end.
        @param newToken: makes a token for a ping.
        """
        self._write = write
        self._newToken = newToken
        # Each with its token, where it is a ping.
        self._held: deque[tuple[bytes, str]] = deque()
        self._sent = 0
        self._done = 0
        # By the tokens that are not answered: how many lines had been sent then.
        self._marks: dict[str, int] = {}
        # Which of them nobody else has asked for.
        self._own: set[str] = set()
        self._waiting: list[Deferred[None]] = []

    @property
    def held(self) -> int:
        """How many lines wait here."""
        return len(self._held)

    def send(self, line: bytes, token: str = "") -> None:
        """
        Send a line, now or in time.

        @param token: of a ping, if it is one.
        """
        self._held.append((line, token))
        self._release()

    def answered(self, token: str) -> bool:
        """
        A ping has been answered, so all lines before it are done.

        @return: whether it was one of those that are sent here.
        """
        self._done = max(self._done, self._marks.pop(token, 0))
        isOwn = token in self._own
        self._own.discard(token)
        self._release()
        return isOwn

    def whenSent(self) -> Deferred[None]:
        """
        @return: fires when no line waits here; fails with the reason when the
            connection ends before.
        """
        if not self._held:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def close(self, reason: Failure) -> None:
        """
        Let go of what waits: the connection is no more.
        """
        self._held.clear()
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            deferred.errback(reason)

    def _release(self) -> None:
        while self._held and self._sent - self._done < SIZE:
            line, token = self._held.popleft()
            self._pass(line, token)
            if self._sent - self._done >= SIZE and not token:
                token = self._newToken()
                self._own.add(token)
                self._pass(b"/ping " + token.encode(), token)
        if not self._held:
            waiting, self._waiting = self._waiting, []
            for deferred in waiting:
                deferred.callback(None)

    def _pass(self, line: bytes, token: str) -> None:
        self._sent += 1
        if token:
            self._marks[token] = self._sent
        self._write(line)
