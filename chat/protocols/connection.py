"""
One connection of any front door: a stream of bytes, from the first to the last.

A front door derives its protocol from L{Connection} and adds two things: a codec, and what
is to be done with a message that the codec has found.  All else is here: the connection is
greeted when it is its turn, its input is taken in at a rate (L{chat.protocols.intake}), its
output is bounded (L{chat.delivery.outlet}), and it ends so that the last line arrives
(L{chat.protocols.closing}).

Nothing more is read from the transport while one of these holds: the session waits for a
decision (L{Connection.hold}), its own answers pile up, it has done enough for one reactor
turn, or it has done all that its rate allows.  The kernel then makes the peer wait, and what
has been read stays bounded by one read.

What has been read is done, also where the peer has gone in the meantime: the connection may
be over before the session is.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.delivery.outlet import BoundedOutlet
from chat.interfaces import FrontDoor
from chat.protocols.closing import FLUSH_TIMEOUT, LingeringClose
from chat.protocols.connections import Admitted
from chat.protocols.intake import DoorCodec, Intake
from chat.protocols.transports import isLayered, prepare
from chat.session.session import Session
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Pace

TOO_SLOW_GRACE = 5.0
"""How many seconds a peer that was too slow has to read that."""


@implementer(IHalfCloseableProtocol)
class Connection(Admitted, Protocol, FrontDoor):
    """
    One connection of a front door.

    @ivar outlet: what waits for the peer; there once the peer is greeted.
    @ivar session: likewise, and until the connection is over.
    """

    outlet: BoundedOutlet
    session: Session
    _intake: Intake
    _closing: LingeringClose | None = None
    # Whether its greeting waited for another turn.
    _isLate = False
    _isBegun = False
    _isOver = False

    # What a front door adds.

    def newCodec(self) -> DoorCodec:
        """
        @return: what finds messages in the bytes of this connection.
        """
        raise NotImplementedError

    def received(self, value: Any) -> None:
        """
        Do what the peer has asked for.

        @param value: a message that the codec has found, or an
            L{Aside<chat.protocols.intake.Aside>}.
        """
        raise NotImplementedError

    def newSession(self) -> Session:
        """
        @return: the session of this connection, whose outlet is there.  A door may choose the
            style and the room it begins with.
        """
        return self.factory.newSession(self, self.outlet)

    def greet(self) -> None:
        """
        Begin the session.  A door may introduce or vouch for the user.
        """
        self.session.opened()

    # The connection.

    def connectionMade(self) -> None:
        """
        Greet the peer, now or when it is its turn.
        """
        self._isLate = not self.factory.connections.crossings.do(self._begin)
        if self._isLate:
            # What is not read cannot come too early.
            self.transport.pauseProducing()

    def _begin(self) -> None:
        connections = self.factory.connections
        if not self.connected:
            connections.closed(self)
            return
        self._isBegun = True
        transport = self.transport
        prepare(transport, connections.limits)
        self.outlet = BoundedOutlet(
            transport, connections.readers, self._tooSlow, self._drained, isLayered(transport)
        )
        self._intake = Intake(transport, self.newCodec(), self, connections)
        self.session = self.newSession()
        if self._isLate:
            transport.resumeProducing()
        self.greet()
        if connections.ending is not None:
            # It came too late.
            connections.clock.callLater(0, self.end, *connections.ending)

    def dataReceived(self, data: bytes) -> None:
        """
        Take in what has been read.
        """
        self.bytesIn += len(data)
        self._intake.receive(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is no more, with or without our doing.
        """
        self.connected = 0
        if not self._isBegun:
            return
        self._intake.over()
        self.outlet.stopProducing()
        isClean = reason.check(ConnectionDone) is not None
        if self._closing is not None:
            self._closing.stop()
            self._over()
        else:
            self.ending = Ending.INPUT_CLOSED if isClean else Ending.CONNECTION_LOST
            # Otherwise what has no end may be the half of a message.
            self._intake.finish(isWhole=isClean)

    def readConnectionLost(self) -> None:
        """
        The peer has sent FIN.  What it sent before is done first.
        """
        if self._intake.hasEnded:
            return
        self._intake.end()
        if self._closing is not None:
            self._closing.peerFinished()
        else:
            self._intake.finish(isWhole=True)

    def writeConnectionLost(self) -> None:
        """
        Our FIN is on its way.
        """
        if self._closing is not None:
            self._closing.writeFinished()

    def end(self, reason: Ending, grace: float | None = None) -> None:
        """
        End the session, telling the peer why.
        """
        if self._isBegun and not self._isOver:
            self.session.end(reason, grace=grace)

    def abort(self) -> None:
        """
        End the connection now, whatever waits.
        """
        if self._isBegun:
            self.outlet.close()
        super().abort()

    def _over(self) -> None:
        """
        Nothing will come of this connection any more.
        """
        # Who has gone may be asked to go before that has been done.
        if not self._isOver:
            self._isOver = True
            self._intake.stop()
            self.factory.connections.crossings.do(self._gone)

    def _gone(self) -> None:
        session = self.session
        try:
            session.gone(self.ending)
        finally:
            # Whatever happens: the end of the service waits for it.
            self.nick = session.nick or "-"
            self.ending = Ending(session.reason or self.ending)
            self.refused = session.refused
            self.factory.connections.closed(self)
            # They know each other, so they would wait for the garbage collector.
            del self.session, self._intake

    # What is counted of it.

    @property
    def written(self) -> int:
        """How many bytes have been written to the peer."""
        return self.outlet.written if self._isBegun else 0

    @property
    def waiting(self) -> int:
        """How many of them wait for the peer."""
        return self.outlet.waiting if self._isBegun else 0

    # What the session asks for.

    def named(self, pace: Pace) -> None:
        self._intake.named(pace)
        self.factory.connections.named(self)

    def hold(self) -> None:
        self._intake.hold()

    def release(self) -> None:
        self._intake.release()

    def close(self, grace: float | None = None) -> None:
        if self._closing is None:
            connections = self.factory.connections
            self._closing = LingeringClose(
                self.transport,
                self.outlet,
                connections.clock,
                grace,
                min(FLUSH_TIMEOUT, connections.limits.stallTimeout),
            )
            self._intake.stop()
            if self.connected:
                self._intake.resume()
                self._closing.start(self._intake.hasEnded)
            else:
                # Not at once: the session calls this while it changes its state.
                connections.clock.callLater(0, self._over)

    # What the intake tells.

    def allDone(self) -> None:
        if self.connected:
            self.session.inputClosed()
        else:
            self._over()

    def tooFast(self) -> None:
        self.session.end(Ending.TOO_FAST)

    # What the outlet tells.

    def _tooSlow(self, limit: str) -> None:
        connections = self.factory.connections
        if self.session.reason != Ending.TOO_SLOW:
            connections.counters.tooSlow[limit] += 1
        connections.clock.callLater(0, self._endSlow, limit)

    def _endSlow(self, limit: str) -> None:
        if not self.connected:
            return
        # The goodbye is what was written last, and the peer may read it, unless it reads nothing.
        isPatient = limit == "waiting" or (limit == "all" and self._closing is None)
        if self._closing is None:
            self.outlet.discard()
            self.session.end(Ending.TOO_SLOW, grace=TOO_SLOW_GRACE)
            assert self._closing is not None
            self._closing.endWithin(TOO_SLOW_GRACE)
        if not isPatient:
            self.abort()

    def _drained(self) -> None:
        if self._closing is not None:
            self._closing.drained()
        else:
            self.session.relieved()
            self._intake.receive()
