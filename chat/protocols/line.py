"""
The line protocol: a chat for telnet, nc and everything with a socket.

L{LineProtocol} is the front door.  Bytes come in and pass the telnet codec, the
framing and L{chat.session.session.Session}, one line after the other; events go out
through a L{chat.delivery.outlet.BoundedOutlet}.

It reads no more from the transport while one of these holds: the session waits
for a decision (L{LineProtocol.hold}), its own answers pile up, it has done enough
for one reactor turn, or it has done all that its rate allows.  The kernel then
makes the peer wait, and what has been read stays bounded by one read.

What has been read is done, also where the peer has gone in the meantime: the
connection may be over before the session is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.delivery.outlet import BoundedOutlet
from chat.protocols.closing import FLUSH_TIMEOUT, LingeringClose
from chat.protocols.framing import Broken
from chat.protocols.intake import Turns
from chat.protocols.life import Life
from chat.protocols.reading import Reading
from chat.protocols.sniffing import Acquaintance
from chat.protocols.telnet import IAC, TelnetCodec
from chat.protocols.transports import prepare
from chat.vocabulary.errors import LineTooLong, NotUTF8
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Pace

if TYPE_CHECKING:
    from chat.protocols.connections import LineFactory
    from chat.session.session import Session

FOREIGN_GRACE = 0.5
"""How many seconds a peer of another protocol has to hang up."""

TOO_SLOW_GRACE = 5.0
"""How many seconds one who was too slow has to read that."""


@implementer(IHalfCloseableProtocol)
class LineProtocol(LineReceiver):
    """
    One connection.

    Of L{LineReceiver} it is the interface; the splitting is that of L{LineFramer},
    which is linear and knows the line ends of telnet.

    @ivar isReady: see L{Source}.
    @ivar life: what is known of the connection when it has ended.
    @ivar outlet: what waits for the peer; there once the peer is greeted.
    @ivar session: the participant; likewise, and until the connection is over.
    """

    delimiter = b"\r\n"
    # TCP, TLS, unix, or one of them behind a PROXY header.
    transport: Any

    def __init__(self, factory: LineFactory, life: Life) -> None:
        self.factory = factory
        self.life = life
        # There once the peer has spoken telnet.
        self._telnet: TelnetCodec | None = None
        self._turns = Turns(self, factory)
        # Until there is a nickname.
        self._acquaintance: Acquaintance | None = Acquaintance()
        self.isReady = True
        self._isLate = False
        self._isOver = False
        self._closing: LingeringClose | None = None

    # The connection.

    def connectionMade(self) -> None:
        """
        Greet, now or when it is its turn.
        """
        self._isLate = not self.factory.crossings.do(self._begin)
        if self._isLate:
            # What is not read cannot come too early.
            self.transport.pauseProducing()

    def _begin(self) -> None:
        factory = self.factory
        if not self.connected:
            factory.lost(self)
            return
        factory.opened(self)
        prepare(self.transport, factory.limits)
        self._reading = Reading(self.transport, factory.ghosts)
        self.outlet = BoundedOutlet(self.transport, factory.readers, self._tooSlow, self._drained)
        self.session: Session = factory.newSession(self, self.outlet)
        if self._isLate:
            self._isLate = False
            self.transport.resumeProducing()
        self.session.opened()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is no more, with or without our doing.
        """
        self.connected = 0
        if self._isLate:
            # It was not even greeted.
            return
        self._reading.over()
        self.outlet.stopProducing()
        isClean = reason.check(ConnectionDone) is not None
        if self._closing is not None:
            self._closing.stop()
            self._over()
        else:
            self.life.ending = Ending.INPUT_CLOSED if isClean else Ending.CONNECTION_LOST
            # Else what has no line end may be the half of a line.
            self._turns.end(isWhole=isClean)
            self._turns.work()

    def readConnectionLost(self) -> None:
        """
        The peer has sent FIN.  What it sent before is done first.
        """
        if self._reading.hasEnded:
            return
        self._reading.end()
        if self._closing is not None:
            self._closing.peerFinished()
        else:
            self._turns.end(isWhole=True)
            self._turns.work()

    def writeConnectionLost(self) -> None:
        """
        Our FIN is on its way.
        """
        if self._closing is not None:
            self._closing.writeFinished()

    def abort(self) -> None:
        """
        End the connection now, whatever waits.
        """
        self.outlet.close()
        if self.connected:
            self.transport.abortConnection()

    def _over(self) -> None:
        """
        Nothing will come of this connection any more.
        """
        # Who has gone may be asked to go before that has been done.
        if not self._isOver:
            self._isOver = True
            self._turns.stop()
            self.factory.crossings.do(self._gone)

    def _gone(self) -> None:
        try:
            self.session.gone(self.life.ending)
        finally:
            # Whatever happens: the end of the service waits for it.
            self.factory.closed(self)
            # They know each other, so else they would wait for the garbage collector.
            del self.session, self._turns

    # What the session asks for.

    @property
    def address(self) -> str:
        """See L{FrontDoor}."""
        return self.life.address

    def named(self, pace: Pace) -> None:
        """See L{FrontDoor.named}."""
        pace.mark = max(pace.mark, self._turns.pace.mark)
        self._turns.pace = pace
        self._turns.spread = self.factory.spread
        self._acquaintance = None
        self.factory.named(self)

    def hold(self) -> None:
        """See L{FrontDoor.hold}."""
        self.isReady = False

    def release(self) -> None:
        """See L{FrontDoor.release}."""
        self.isReady = self._closing is None
        # Not at once: the session calls this while it changes its state.
        self._turns.workLater()

    def close(self, grace: float | None = None) -> None:
        """See L{FrontDoor.close}."""
        if self._closing is None:
            self.isReady = False
            self._closing = LingeringClose(
                self.transport,
                self.outlet,
                self.factory.clock,
                grace,
                min(FLUSH_TIMEOUT, self.factory.limits.stallTimeout),
            )
            self._turns.stop()
            if self.connected:
                self._reading.resume()
                self._closing.start(self._reading.hasEnded)
            else:
                # Not at once, for the same reason.
                self.factory.clock.callLater(0, self._over)

    def end(self, reason: Ending, grace: float | None = None) -> None:
        """
        End the session, telling the peer why.
        """
        if not self._isOver:
            self.session.end(reason, grace=grace)

    # Bytes in, lines out.

    def dataReceived(self, data: bytes) -> None:
        """
        Take in what has been read.
        """
        self.life.bytesIn += len(data)
        if self._closing is None:
            self._turns.receive(data)

    def decoded(self, data: bytes) -> bytes:
        """
        See L{Source.decoded}: telnet commands are answered.
        """
        if self._acquaintance is not None:
            self._recognised(self._acquaintance.dataReceived(data))
        if self._telnet is None:
            if IAC not in data:
                return data
            self._telnet = TelnetCodec()
        text = self._telnet.receive(data)
        if replies := self._telnet.takeReplies():
            self.outlet.write(replies)
        if self._telnet.takeAsked():
            self.session.areYouThere()
        if self._telnet.isEndless:
            self._endless()
        return text

    def frameReceived(self, frame: bytes | Broken) -> None:
        """See L{Source.frameReceived}."""
        if self._acquaintance is not None and self._recognised(
            self._acquaintance.frameReceived(frame)
        ):
            return
        if isinstance(frame, bytes):
            self.lineReceived(frame)
        elif frame is Broken.TOO_LONG:
            self.life.lines += 1
            self.session.refuse(LineTooLong(str(self.factory.limits.maxLine)))
        else:
            self._endless()

    def lineReceived(self, line: bytes) -> None:
        """
        A complete line has come.

        @param line: without its end.
        """
        self.life.lines += 1
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            self.session.refuse(NotUTF8())
        else:
            self.session.lineReceived(text)

    def allDone(self) -> None:
        """See L{Source.allDone}."""
        if self._reading.hasEnded:
            if self.connected:
                self.session.inputClosed()
            else:
                self._over()
        elif self._acquaintance is None or not self._recognised(
            self._acquaintance.partialReceived(self._turns.rest)
        ):
            self._reading.resume()

    def waits(self) -> None:
        """See L{Source.waits}."""
        if self._closing is None:
            self._reading.pause()

    def tooFast(self) -> None:
        """See L{Source.tooFast}."""
        self.session.end(Ending.TOO_FAST)

    def _recognised(self, foreign: str | None) -> bool:
        """
        @param foreign: what the peer speaks, if that is no chat.
        """
        if foreign is None:
            return False
        self.session.end(Ending.NOT_CHAT, foreign, grace=FOREIGN_GRACE)
        return True

    def _endless(self) -> None:
        self.session.end(Ending.LINE_ENDLESS, str(self.factory.limits.maxUnended))

    # What the outlet tells.

    def _tooSlow(self, limit: str) -> None:
        if self.session.participant.reason != Ending.TOO_SLOW:
            self.factory.counters.tooSlow[limit] += 1
        self.factory.clock.callLater(0, self._endSlow, limit)

    def _endSlow(self, limit: str) -> None:
        if not self.connected:
            return
        # The goodbye is what was written last, and he may read it, unless he reads nothing.
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
            self._turns.work()
