"""
A connection to the service as lines, in and out.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.client.splitting import LineSplitter
from chat.client.window import Window

MAX_RECEIVED = 1 << 20
"""Bytes a line from the service may have: one that lists people can be long."""


@implementer(IHalfCloseableProtocol)
class LineConnection(LineOnlyReceiver):
    """
    One connection, in which each end sends lines.

    Of L{LineOnlyReceiver} it is the interface; the splitting is that of
    L{LineSplitter}, which is linear.  How many lines are on their way to the
    service is limited by a L{Window}.
    """

    # ITCPTransport, or TLS over one, or a unix socket's: none is declared whole.
    transport: Any
    MAX_LENGTH = MAX_RECEIVED

    def __init__(self) -> None:
        self._splitter = LineSplitter(MAX_RECEIVED)
        self._tokens = count(1)
        self._window = Window(self._write, self._newToken)
        self._pings: dict[str, Deferred[str]] = {}
        self._closings: list[Deferred[None]] = []
        self._lost: Failure | None = None

    # The connection.

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is no more: whoever waits for something is told.
        """
        self._lost = reason
        pings, self._pings = self._pings, {}
        for ping in pings.values():
            ping.errback(reason)
        self._window.close(reason)
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
        @return: fires when the connection is no more, however it ended.
        """
        closing: Deferred[None] = Deferred()
        if self._lost is None:
            self._closings.append(closing)
        else:
            closing.callback(None)
        return closing

    @property
    def lossReason(self) -> Failure | None:
        """Why the connection has ended, as Twisted tells it; L{None} before."""
        return self._lost

    # What goes out.

    def sendLine(self, line: bytes) -> None:
        """
        Send a line of bytes as it is, when it is its turn: where as many as may be
        are on their way, it waits here.

        @param line: without its end, LF.
        """
        if self._lost is None:
            self._window.send(line)

    @property
    def held(self) -> int:
        """
        How many lines wait here, because the service has not carried out those
        before them.  Whoever sends faster than it works can wait for L{whenSent}
        or L{ping}, or leave lines out.
        """
        return self._window.held

    def whenSent(self) -> Deferred[None]:
        """
        @return: fires when no line waits here (L{held}); fails like L{ping}.
        """
        return self._window.whenSent() if self._lost is None else fail(self._lost)

    def ping(self, token: str | None = None) -> Deferred[str]:
        """
        Wait until everything that was asked before has been answered.

        @param token: comes back, and must not be on its way already.  By default
            one that is not.
        @return: fires with the token; fails with the reason when the connection
            ends before.
        @raise ValueError: when the token is on its way already, or has no
            characters that stay as they are.
        """
        if self._lost is not None:
            return fail(self._lost)
        token = self._newToken() if token is None else token
        if token in self._pings or not token.isascii() or token.split() != [token]:
            raise ValueError(f"no token: {token!r}")
        # Without a canceller, as the answer to one that is cancelled still comes.
        answer: Deferred[str] = Deferred()
        self._pings[token] = answer
        self._window.send(f"/ping {token}".encode(), token)
        return answer

    # What comes in.

    def dataReceived(self, data: bytes) -> None:
        """
        Split what has been read into lines.
        """
        for line in self._splitter.receive(data):
            if self._lost is not None:
                return
            self.lineReceived(line)
        if self._splitter.isOverfull:
            self.transport.abortConnection()

    def pingAnswered(self, token: str) -> bool:
        """
        An answer to a ping has come.

        @return: whether it was one of ours; else somebody has typed it.
        """
        isOurs = self._window.answered(token)
        answer = self._pings.pop(token, None)
        if answer is not None:
            answer.callback(token)
        return isOurs or answer is not None

    def _newToken(self) -> str:
        return f"tcpchat-{next(self._tokens)}"

    def _write(self, line: bytes) -> None:
        self.transport.write(line + b"\n")
