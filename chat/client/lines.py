"""
A connection to the service as lines, in and out.

The service carries out so many lines of one connection at once, and then so many
a second; it hangs up on a connection with too many lines waiting.  How many those
are is up to its operator.  So no more than L{WINDOW} lines are on their way: the
last of them is a ping, and the next ones follow when the service has answered it
and thus has carried out all lines before it.  Where the service is fast, that
costs one round trip; where it takes its time, it takes no longer than without.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

MAX_RECEIVED = 1 << 20
"""Bytes that a line from the service may have: one that lists users can be long."""

WINDOW = 50
"""How many lines may be on their way, besides the ping behind them."""


@implementer(IHalfCloseableProtocol)
class LineConnection(LineOnlyReceiver):
    """
    One connection, in which each end sends lines that end with LF or CR LF.

    The interface is that of L{LineOnlyReceiver}, but each byte is looked at once,
    however small the pieces are in which a line arrives.
    """

    # ITCPTransport, or TLS over one, or a unix socket's: none is declared whole.
    transport: Any
    MAX_LENGTH = MAX_RECEIVED

    def __init__(self) -> None:
        # The beginning of a line that has no end yet.
        self._pieces: list[bytes] = []
        self._length = 0
        # Lines that wait, each with its token if it is a ping.
        self._held: deque[tuple[bytes, str]] = deque()
        # How many lines have been sent, and how many of them have been carried out
        # for certain.
        self._sent = 0
        self._done = 0
        # By the token of each ping on its way: how many lines had been sent then.
        self._marks: dict[str, int] = {}
        self._tokens = count(1)
        self._pings: dict[str, Deferred[str]] = {}
        self._sendings: list[Deferred[None]] = []
        self._closings: list[Deferred[None]] = []
        self._lost: Failure | None = None

    # The connection.

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection has ended: everything that is waited for fires or fails.
        """
        self._lost = reason
        self._held.clear()
        pings, self._pings = self._pings, {}
        for ping in pings.values():
            ping.errback(reason)
        sendings, self._sendings = self._sendings, []
        for sending in sendings:
            sending.errback(reason)
        closings, self._closings = self._closings, []
        for closing in closings:
            closing.callback(None)

    def readConnectionLost(self) -> None:
        """
        The service has sent everything it had to: nothing is left to do.
        """
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """
        Our FIN is on its way.
        """

    def whenClosed(self) -> Deferred[None]:
        """
        @return: fires when the connection has ended, for whatever reason.
        """
        if self._lost is not None:
            return succeed(None)
        closing: Deferred[None] = Deferred()
        self._closings.append(closing)
        return closing

    @property
    def lossReason(self) -> Failure | None:
        """Why the connection has ended, as Twisted tells it; L{None} before."""
        return self._lost

    # Sending.

    def sendLine(self, line: bytes) -> None:
        """
        Send a line of bytes as it is.  It waits here while L{WINDOW} lines are on
        their way; once the connection has ended, it is dropped.

        @param line: without its end, LF.
        """
        self._send(line)

    @property
    def held(self) -> int:
        """
        How many lines wait here, because the service has not carried out those
        before them.  A program that sends faster than the service works can wait
        for L{whenSent} or L{ping}, or leave lines out.
        """
        return len(self._held)

    def whenSent(self) -> Deferred[None]:
        """
        @return: fires when no line waits here (L{held}); fails like L{ping}.
        """
        if self._lost is not None:
            return fail(self._lost)
        if not self._held:
            return succeed(None)
        sending: Deferred[None] = Deferred()
        self._sendings.append(sending)
        return sending

    def ping(self, token: str | None = None) -> Deferred[str]:
        """
        Wait until everything that was asked before has been answered.

        @param token: comes back, and must not be on its way already.  By default
            it is made up.
        @return: fires with the token; fails with the reason when the connection
            ends before.
        @raise ValueError: when the token is on its way already, or is not one
            word of ASCII.
        """
        if self._lost is not None:
            return fail(self._lost)
        token = self._newToken() if token is None else token
        if token in self._pings or not token.isascii() or token.split() != [token]:
            raise ValueError(f"no token: {token!r}")
        # Without a canceller, as the answer to one that is cancelled still comes.
        answer: Deferred[str] = Deferred()
        self._pings[token] = answer
        self._send(b"/ping " + token.encode(), token)
        return answer

    def _newToken(self) -> str:
        return f"tcpchat-{next(self._tokens)}"

    def _send(self, line: bytes, token: str = "") -> None:
        if self._lost is None:
            self._held.append((line, token))
            self._release()

    def _release(self) -> None:
        """Send the lines that wait, as far as the window is open."""
        while self._held and self._sent - self._done < WINDOW:
            line, token = self._held.popleft()
            self._write(line, token)
            if self._sent - self._done >= WINDOW and not token:
                token = self._newToken()
                self._write(b"/ping " + token.encode(), token)
        if not self._held:
            sendings, self._sendings = self._sendings, []
            for sending in sendings:
                sending.callback(None)

    def _write(self, line: bytes, token: str) -> None:
        self._sent += 1
        if token:
            self._marks[token] = self._sent
        self.transport.write(line + b"\n")

    # Receiving.

    def dataReceived(self, data: bytes) -> None:
        """
        Split what has been read into lines, and abort the connection when one is
        longer than L{MAX_RECEIVED}.
        """
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = b"".join([*self._pieces, lines[0]])
            self._pieces, self._length = [], 0
        if rest:
            self._pieces.append(rest)
            self._length += len(rest)
        for line in lines:
            if self._lost is not None:
                return
            self.lineReceived(line.removesuffix(b"\r"))
        if self._length > MAX_RECEIVED:
            self.transport.abortConnection()

    def pingAnswered(self, token: str) -> bool:
        """
        The answer to a ping has come.

        @return: whether this connection has sent the ping; if not, a user has
            typed it.
        """
        mark = self._marks.pop(token, None)
        if mark is None:
            return False
        self._done = max(self._done, mark)
        self._release()
        answer = self._pings.pop(token, None)
        if answer is not None:
            answer.callback(token)
        return True
