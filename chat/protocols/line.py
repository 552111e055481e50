"""
The line protocol: a chat for telnet, nc and everything with a socket.

L{LineProtocol} is the front door.  Bytes come in and pass the telnet codec, the
framing and L{chat.session.Session}, one line after the other; events go out
through a L{chat.outlet.BoundedOutlet}.

It reads no more from the transport while one of these holds: the session waits
for a decision (L{LineProtocol.hold}), its own answers pile up, or it has done
enough for one reactor turn.  The kernel then makes the peer wait, and what has
been read stays bounded by one read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.errors import LineTooLong, NotUTF8
from chat.events import Ending
from chat.outlet import BoundedOutlet
from chat.protocols.closing import LingeringClose
from chat.protocols.foreign import Acquaintance
from chat.protocols.framing import MAX_ENDLESS, MAX_LINE, Broken, LineFramer
from chat.protocols.telnet import TelnetCodec
from chat.protocols.transports import peerAddress, peerName

if TYPE_CHECKING:
    from chat.protocols.linefactory import LineFactory

LINES_PER_TURN = 32
"""How many lines of one connection are done in one reactor turn."""

FOREIGN_GRACE = 0.5
"""How many seconds a peer of another protocol has to hang up."""


@implementer(IHalfCloseableProtocol)
class LineProtocol(LineReceiver):
    """
    One connection.

    Of L{LineReceiver} it is the pausing and the interface; the splitting is that
    of L{LineFramer}, which is linear and knows the line ends of telnet.
    """

    _log = Logger()
    delimiter = b"\r\n"
    MAX_LENGTH = MAX_LINE
    # TCP, TLS, unix, or one of them behind a PROXY header.
    transport: Any

    def __init__(self, factory: LineFactory) -> None:
        self.factory = factory
        self._telnet = TelnetCodec()
        self._framer = LineFramer()
        self._acquaintance = Acquaintance()
        self._held = False
        self._working = False
        self._scheduled = False
        self._inputEnded = False
        self._closing: LingeringClose | None = None
        self._lines = 0

    # The connection.

    def connectionMade(self) -> None:
        """
        Greet.
        """
        self._outlet = BoundedOutlet(self.transport, self._overflowed, self._drained)
        self._session = self.factory.newSession(self, self._outlet)
        self.factory.opened(self)
        self._log.info("connected {peer}", peer=peerName(self.transport))
        if hasattr(self.transport, "setTcpKeepAlive"):
            self.transport.setTcpKeepAlive(1)
            # What a turn has to say is one write already; to wait for more costs 40 ms.
            self.transport.setTcpNoDelay(True)
        self._session.opened()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is no more, with or without our doing.
        """
        self.connected = 0
        self._outlet.stopProducing()
        if self._closing is not None:
            self._closing.stop()
        clean = reason.check(ConnectionDone) is not None
        try:
            self._finishInput(clean)
            self._session.gone(Ending.INPUT_CLOSED if clean else Ending.CONNECTION_LOST)
        finally:
            # Whatever happens: the end of the service waits for it.
            self.factory.closed(self)
        participant = self._session.participant
        self._log.info(
            "closed {peer} {nick} {reason} {lines}",
            peer=peerName(self.transport),
            nick=participant.nick,
            reason=participant.reason,
            lines=self._lines,
        )

    def readConnectionLost(self) -> None:
        """
        The peer has sent FIN.  What it sent before is done first.
        """
        if self._inputEnded:
            return
        self._inputEnded = True
        self._log.info("input ended {peer}", peer=peerName(self.transport))
        if self._closing is not None:
            self._closing.peerFinished()
        else:
            self._framer.end()
            self._work()

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
        self._outlet.close()
        self.transport.abortConnection()

    # What the session asks for.

    @property
    def address(self) -> str:
        """See L{FrontDoor}."""
        return peerAddress(self.transport)

    def hold(self) -> None:
        """See L{FrontDoor.hold}."""
        self._held = True

    def release(self) -> None:
        """See L{FrontDoor.release}."""
        self._held = False
        # Not at once: the session calls this while it changes its state.
        self._workLater()

    def close(self, grace: float | None = None) -> None:
        """See L{FrontDoor.close}."""
        if self._closing is None:
            self._closing = LingeringClose(self.transport, self._outlet, self.factory.clock, grace)
            if self.connected:
                self._goOn()
                self._closing.start(self._inputEnded)

    def end(self, reason: Ending, grace: float | None = None) -> None:
        """
        End the session, telling the peer why.
        """
        self._session.end(reason, grace=grace)

    # Bytes in, lines out.

    def dataReceived(self, data: bytes) -> None:
        """
        Take in what has been read.
        """
        if self._closing is not None:
            return
        if foreign := self._acquaintance.dataReceived(data):
            self._notChat(foreign)
            return
        self._framer.receive(self._telnet.receive(data))
        if replies := self._telnet.takeReplies():
            self._outlet.write(replies)
        if self._telnet.takeAsked():
            self._session.areYouThere()
        if self._telnet.isEndless:
            self._endless()
        self._work()

    def _work(self) -> None:
        """
        Do the lines that are there, as far as it is their turn.
        """
        if self._working:
            return
        self._working = True
        try:
            self._doLines(LINES_PER_TURN)
        finally:
            self._working = False

    def _doLines(self, count: int) -> None:
        for _ in range(count):
            if not self._mayWork():
                break
            frame = self._framer.next()
            if frame is None:
                self._nothingLeft()
                return
            self._frameReceived(frame)
        else:
            self._workLater()
        if self._closing is None and not self.paused:
            self.pauseProducing()

    def _workLater(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self.factory.clock.callLater(0, self._nextTurn)

    def _nextTurn(self) -> None:
        self._scheduled = False
        self._work()

    def _finishInput(self, clean: bool) -> None:
        """
        The connection has ended before it was the turn of every line, as it does
        without half-close: do them now.

        @param clean: whether what has no line end yet is a whole line.
        """
        if clean:
            self._framer.end()
        while self._mayWork() and (frame := self._framer.next()) is not None:
            self._frameReceived(frame)

    def _mayWork(self) -> bool:
        return self._closing is None and not self._held and not self._outlet.busy

    def _nothingLeft(self) -> None:
        if self._inputEnded:
            self._session.inputClosed()
        else:
            self._goOn()

    def _goOn(self) -> None:
        """
        Read again.  After FIN there is nothing to read.
        """
        if self.paused:
            self.paused = False
            if not self._inputEnded:
                self.transport.resumeProducing()

    def _frameReceived(self, frame: bytes | Broken) -> None:
        if foreign := self._acquaintance.frameReceived(frame):
            self._notChat(foreign)
        elif frame is Broken.TOO_LONG:
            self._session.refuse(LineTooLong(str(MAX_LINE)))
        elif frame is Broken.ENDLESS:
            self._endless()
        else:
            self.lineReceived(frame)

    def lineReceived(self, line: bytes) -> None:
        """
        A complete line has come.

        @param line: without its end.
        """
        self._lines += 1
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            self._session.refuse(NotUTF8())
        else:
            self._session.lineReceived(text)

    def _notChat(self, foreign: str) -> None:
        self._session.end(Ending.NOT_CHAT, foreign, grace=FOREIGN_GRACE)

    def _endless(self) -> None:
        self._session.end(Ending.LINE_ENDLESS, str(MAX_ENDLESS))

    # What the outlet tells.

    def _overflowed(self) -> None:
        self.factory.clock.callLater(0, self._tooSlow)

    def _tooSlow(self) -> None:
        if self._closing is None:
            self._outlet.discard()
            self._session.end(Ending.TOO_SLOW)

    def _drained(self) -> None:
        if self._closing is not None:
            self._closing.drained()
        else:
            self._work()
