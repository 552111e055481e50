"""
How a connection ends so that the last line arrives.

Closing a socket while bytes of the peer are still unread, or on their way, makes the
kernel send RST (RFC 9293, section 3.6.1), and a peer that gets RST may throw away what
it has not read.  So the service delivers what waits, sends FIN, reads on (and forgets)
until the peer's FIN has come or its time is over, and only then closes.  TLS has no
half-close: there C{close_notify} (RFC 8446, section 6.1) takes the place of FIN.

After a graceful close the kernel goes on delivering what it has taken, however slow
the peer is.  A peer that takes nothing for a while is aborted, because a graceful close
would wait for it for ever.
"""

from __future__ import annotations

from math import inf

from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITCPTransport

from chat.delivery.outlet import BoundedOutlet
from chat.protocols.transports import isLayered

FLUSH_TIMEOUT = 30.0
"""How many seconds a peer may take nothing of what waits for it, at the most."""

LINGER_TIMEOUT = 3.0
"""How many seconds a peer has to send FIN after ours."""


class LingeringClose:
    """
    The end of one connection.
    """

    def __init__(
        self,
        transport: ITCPTransport,
        outlet: BoundedOutlet,
        clock: IReactorTime,
        grace: float | None = None,
        flushTimeout: float = FLUSH_TIMEOUT,
    ) -> None:
        """
        @param grace: seconds, instead of C{flushTimeout} and at most
            L{LINGER_TIMEOUT}, where there is less time.
        @param flushTimeout: how many seconds the peer may take nothing.
        """
        self._transport = transport
        self._outlet = outlet
        self._clock = clock
        self._flushTimeout = flushTimeout if grace is None else grace
        self._lingerTimeout = LINGER_TIMEOUT if grace is None else min(grace, LINGER_TIMEOUT)
        self._peerFinished = False
        self._flushed = False
        self._timer: IDelayedCall | None = None
        self._level = outlet.level()
        self._deadline = inf

    def start(self, peerFinished: bool) -> None:
        """
        @param peerFinished: whether the peer's FIN has come already.
        """
        self._peerFinished = peerFinished
        if self._outlet.waiting:
            self._timer = self._clock.callLater(self._flushTimeout, self._look)
        else:
            self.drained()

    def endWithin(self, seconds: float) -> None:
        """
        Wait no longer than this, even if the peer takes something now and then.
        """
        self._deadline = self._clock.seconds() + seconds

    def drained(self) -> None:
        """
        The outlet has handed everything over.
        """
        self._flushed = True
        self.stop()
        self._outlet.close()
        # What waits for a handshake of TLS is flushed first, and FIN waits until the
        # kernel has room again: both take their time.
        self._timer = self._clock.callLater(self._flushTimeout, self._abort)
        if self._peerFinished or isLayered(self._transport):
            self._transport.loseConnection()
        else:
            self._transport.loseWriteConnection()

    def writeFinished(self) -> None:
        """
        Our FIN is on its way, behind everything else.
        """
        self.stop()
        self._timer = self._clock.callLater(self._lingerTimeout, self._transport.loseConnection)

    def peerFinished(self) -> None:
        """
        The peer's FIN has come.
        """
        self._peerFinished = True
        if self._flushed:
            self._transport.loseConnection()

    def stop(self) -> None:
        """
        End the timer: the connection is no more.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _look(self) -> None:
        level = self._outlet.level()
        if level != self._level and self._clock.seconds() < self._deadline:
            self._level = level
            self._timer = self._clock.callLater(self._flushTimeout, self._look)
        else:
            self._abort()

    def _abort(self) -> None:
        self._timer = None
        self._outlet.close()
        self._transport.abortConnection()
