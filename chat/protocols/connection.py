"""
One connection of any front door: a stream of bytes, from the first to the last.

A front door derives its protocol from L{Connection} and adds two things: a codec, and how a
message that the codec has found becomes a command.  All else is here: the session begins in
its turn, input is taken in at a rate (L{chat.protocols.intake}), output is bounded
(L{chat.delivery.outlet}), and the connection ends so that the last line arrives
(L{chat.protocols.closing}).

The transport is not read from while one of these holds: the session waits for a decision
(L{Connection.hold}), its own answers pile up, it has done enough for one reactor turn, or it
has done all that its rate allows.  The kernel then makes the peer wait, and what has been
read stays bounded by one read.

What has been read is done even if the peer has gone in the meantime, so a connection may be
over before its session is, and even before it begins.  The transports are read to their end,
too, before they are lost (L{chat.endpoints.accepted}).
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
from chat.protocols.transports import isLayered, originOf, prepare
from chat.session.session import Session
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Pace

TOO_SLOW_GRACE = 5.0
"""How many seconds a peer that was too slow has to read that."""


@implementer(IHalfCloseableProtocol)
class Connection(Admitted, Protocol, FrontDoor):
    """
    One connection of a front door.

    @ivar outlet: what waits for the peer; it is there from the greeting on.
    @ivar session: is there from the greeting until the connection is over.
    """

    outlet: BoundedOutlet
    session: Session
    _intake: Intake
    _closing: LingeringClose | None = None
    _isBegun = False
    _isOver = False

    # For front doors to override.

    def newCodec(self) -> DoorCodec:
        """
        @return: what finds messages in the bytes of this connection.
        """
        raise NotImplementedError

    def received(self, value: Any) -> None:
        """
        Do what the peer asks for.

        @param value: a message that the codec has found, or an
            L{Aside<chat.protocols.intake.Aside>}.
        """
        raise NotImplementedError

    def newSession(self) -> Session:
        """
        @return: the session of this connection.  A door may choose the style and the room
            it begins with.
        """
        return self.factory.newSession(self, self.outlet)

    def greet(self) -> None:
        """
        Begin the session.  A door may introduce the user, or vouch for an account.
        """
        self.session.opened()

    # The connection.

    def connectionMade(self) -> None:
        """
        Begin the session, now or in a later turn.
        """
        connections = self.factory.connections
        # What a wrapper has read already, such as what came with a header of the PROXY protocol,
        # may come before the session, and so may the end.
        self._intake = Intake(self.transport, self.newCodec(), self, connections)
        if not connections.doorQueue.do(self._begin):
            self._intake.hold()
            self._intake.pause()

    def _begin(self) -> None:
        connections = self.factory.connections
        if not (self.connected or self.bytesIn):
            del self._intake
            connections.closed(self)
            return
        self._isBegun = True
        transport = self.transport
        prepare(transport, connections.limits)
        self.origin = originOf(transport, self.address)
        self.outlet = BoundedOutlet(
            transport,
            connections.slowReaders,
            self._tooSlow,
            self._drained,
            isLayered(transport),
            # Its own answers may have kept it from going on.
            self._intake.workLater,
        )
        self.session = self.newSession()
        if not self._intake.isReady:
            self._intake.release()
        self.greet()
        if connections.ending is not None:
            # The service has begun to stop.
            connections.clock.callLater(0, self.end, *connections.ending)

    def dataReceived(self, data: bytes) -> None:
        """
        Take in what has been read.
        """
        self.bytesIn += len(data)
        self._intake.receive(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Do what has been read before; then the session is over.
        """
        self.connected = 0
        self._intake.over()
        if self._isBegun:
            self.outlet.stopProducing()
        # Of a transport of ours, through whatever wraps it.
        self.unread = getattr(self.transport, "unread", 0)
        isClean = reason.check(ConnectionDone) is not None
        if self._closing is not None:
            self._closing.stop()
            self._over()
        else:
            self.ending = Ending.INPUT_CLOSED if isClean else Ending.CONNECTION_LOST
            # After a clean end (a FIN before the reset, too), what has no line end is a message;
            # otherwise it may be half of one.
            self._intake.finish(isWhole=isClean)

    def readConnectionLost(self) -> None:
        """
        Do what the peer sent before its FIN, and then tell the session.
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
        Wait for the peer's FIN, now that ours is on its way.
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
        Tell the session, in its turn, that nothing more comes of this connection.
        """
        # The end of the service may ask for it once more before it is done.
        if not self._isOver:
            self._isOver = True
            self._intake.stop()
            self.factory.connections.doorQueue.do(self._gone)

    def _gone(self) -> None:
        session = self.session
        try:
            session.gone(self.ending)
        finally:
            # Whatever has happened, since the end of the service waits for it.
            self.nick = session.nick or "-"
            self.ending = Ending(session.reason or self.ending)
            self.refused = session.refused
            self.undone = self._intake.undone
            self.factory.connections.closed(self)
            # Drop the references, or these would wait for the garbage collector.
            del self.session, self._intake

    # Counters.

    @property
    def written(self) -> int:
        """How many bytes have been written to the peer."""
        return self.outlet.written if self._isBegun else 0

    @property
    def waiting(self) -> int:
        """How many of them wait for the peer."""
        return self.outlet.waiting if self._isBegun else 0

    # The front door, as the session sees it.

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

    # Called by the intake.

    def allDone(self) -> None:
        if self.connected:
            self.session.inputClosed()
        else:
            self._over()

    def tooFast(self) -> None:
        self.session.end(Ending.TOO_FAST)

    # Called by the outlet.

    def _tooSlow(self, limit: str) -> None:
        connections = self.factory.connections
        if self.session.reason != Ending.TOO_SLOW:
            connections.counters.tooSlow[limit] += 1
        connections.clock.callLater(0, self._endSlow, limit)

    def _endSlow(self, limit: str) -> None:
        if not self.connected:
            return
        # The goodbye is written last, and the peer has time to read it, unless it reads nothing.
        isPatient = limit == "waiting" or (limit == "all" and self._closing is None)
        if self._closing is None:
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
