"""
Connections that may not come in.

Their peers are told why, in the words of the door, and closed.  They cost little: no
session, no timer and no line in the log for each.  Closing a socket at once may cost a
peer these words, if it has sent something meanwhile (L{chat.protocols.closing}), so a
few peers at a time are waited for; where there are more, which is an attack, the ones
that have been waited for longest go first.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.delivery.sockets import socketOf
from chat.protocols.transports import isLayered
from chat.vocabulary.counters import Counters
from chat.vocabulary.endings import Ending

MAX_LEAVING = 64
"""How many peers that may not come in are waited for at a time."""

GRACE = 2.0
"""How many seconds such a peer has to read why, and to hang up."""

LOG_INTERVAL = 60.0
"""How many seconds lie between two lines in the log about refused connections."""


class Refusals:
    """
    All connections that may not come in.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters
        # Each with the time when it is aborted, the next one first.
        self._leaving: dict[TurnedAway, float] = {}
        self._timer: IDelayedCall | None = None
        self._untold: Counter[str] = Counter()
        self._logging: IDelayedCall | None = None

    def count(self, reason: str) -> None:
        """
        Count a connection that has been refused.

        @param reason: a code.
        """
        self._counters.refusals[reason] += 1
        self._untold[reason] += 1
        if self._logging is None:
            self._logging = self._clock.callLater(0, self._logLater)

    def refused(self, reason: Ending, words: bytes) -> TurnedAway:
        """
        @param words: what the peer is told, in the words of its door.
        @return: a protocol for a connection that may not come in.
        """
        self.count(reason)
        return TurnedAway(self, words)

    def stop(self) -> None:
        """
        Abort all that is waited for, and log what has not been logged.
        """
        for refused in tuple(self._leaving):
            refused.abort()
        if self._logging is not None:
            self._logging.cancel()
            self._logging = None
            self._tellLog()

    def leaving(self, refused: TurnedAway) -> None:
        """
        Wait for a peer, which has been told why, to hang up.
        """
        if len(self._leaving) >= MAX_LEAVING:
            next(iter(self._leaving)).abort()
        self._leaving[refused] = self._clock.seconds() + GRACE
        if self._timer is None:
            self._timer = self._clock.callLater(GRACE, self._sweep)

    def left(self, refused: TurnedAway) -> None:
        """
        Wait for a peer no longer.
        """
        self._leaving.pop(refused, None)
        if not self._leaving and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        for refused, until in tuple(self._leaving.items()):
            if until > now:
                self._timer = self._clock.callLater(until - now, self._sweep)
                break
            refused.abort()

    def _logLater(self) -> None:
        """
        Log the first refusal at once, and further ones once in a while.
        """
        self._logging = None
        if self._untold:
            self._tellLog()
            self._logging = self._clock.callLater(LOG_INTERVAL, self._logLater)

    def _tellLog(self) -> None:
        for reason, count in self._untold.items():
            self._log.warn(
                "{count} connections refused: {reason}",
                event="connections-refused",
                count=count,
                reason=str(reason),
            )
        self._untold.clear()


class TurnedAway(Protocol):
    """
    One connection that may not come in.
    """

    transport: Any

    def __init__(self, refusals: Refusals, words: bytes) -> None:
        """
        @param words: what the peer is told.
        """
        self._refusals = refusals
        self._words = words

    def connectionMade(self) -> None:
        """
        Tell the peer why, and send FIN.
        """
        if isLayered(self.transport):
            self.transport.write(self._words)
            self.transport.loseConnection()
        else:
            self._write()
            self.transport.loseWriteConnection()
        self._refusals.leaving(self)

    def _write(self) -> None:
        """
        Write past the transport, which would not send it before the next turn: by
        then the connection may have been aborted to make room.
        """
        connection = socketOf(self.transport)
        try:
            if connection is None:
                self.transport.write(self._words)
            else:
                # The buffer is empty, so there is room for a few words.
                connection.send(self._words)
        except OSError:
            # The peer has gone already; the transport will find out.
            pass

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._refusals.left(self)

    def abort(self) -> None:
        """
        Close the connection without waiting any longer.
        """
        self._refusals.left(self)
        self.transport.abortConnection()
