"""
C{tcpchat} where its input is no terminal: lines in, lines out, as with nc.

Until we have a nickname each line may be one, so it is followed by a ping, and
the next line waits for the answer: a refused nickname must not make a nickname
of what was to be said.  After that the input goes to the service as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from chat.client.connection import Connector
from chat.client.display import Display
from chat.client.options import FAILED, OK, REFUSED, Options
from chat.client.protocol import ChatClient, ChatFactory
from chat.client.reasons import Reasons
from chat.client.relay import RelayClient
from chat.client.streams import PIECE, InputStream, OutputStream
from chat.events import Acted, Closed, Ending, Event, Refused, Said
from chat.languages import translation

GOODBYE_WITHIN = 3.0
"""Seconds for the service to close the connection when we leave."""

# What is wrong with a line that was to be a nickname.
_NO_NICK = frozenset(
    {
        "nick-taken",
        "nick-invalid",
        "nick-too-long",
        "nick-confusable",
        "nick-registered",
        "wrong-password",
        "too-many-attempts",
        "try-later",
        "banned",
        "line-too-long",
        "not-utf8",
    }
)


class PipeChat:
    """
    One run, from the connection to the exit status.
    """

    def __init__(
        self,
        reactor: Any,
        options: Options,
        ended: Callable[[int, str], None],
        stdin: int = 0,
        stdout: int = 1,
    ) -> None:
        """
        @param ended: called once, with the exit status and with what to say
            about it, which is not safe for a terminal.
        @param stdin: the descriptor to read.
        @param stdout: the descriptor to write.
        """
        self._reactor = reactor
        self._ended = ended
        self._display = Display(options.language)
        reasons = Reasons(options.target, translation(options.language))
        factory = ChatFactory(
            lambda: RelayClient(self), options.nick, options.language, options.password
        )
        self._hasNick = options.nick is not None
        self._connector = Connector(reactor, options.target, factory, self, reasons)
        self._input = InputStream(reactor, stdin, self._received, self._inputEnded)
        self._output = OutputStream(reactor, stdout, self._readerGone)
        self._client: ChatClient | None = None
        # What has been read and not been sent, while there is no nickname.
        self._waiting = b""
        self._isWaiting = False
        self._isProducing = False
        self._lastByte = b"\n"
        self._hasEnded = False
        self._refusal: str | None = None
        self._farewell: Closed | None = None
        self._isOver = False

    def start(self) -> None:
        """
        Connect; everything else follows.
        """
        self._connector.connect()

    # What the connection tells.

    def reported(self, text: str) -> None:
        """A script has no use for it."""

    def connected(self, client: ChatClient) -> None:
        """See L{chat.client.connection.Owner.connected}."""
        self._client = client
        self._output.setProducer(client.transport)
        if self._hasNick:
            self._awaitDecision()
        self._input.start()

    def disconnected(self, client: ChatClient, why: str) -> None:
        """See L{chat.client.connection.Owner.disconnected}."""
        self._client = None
        reason = client.lossReason
        assert reason is not None
        if self._farewell is not None:
            isGood = self._farewell.reason in (Ending.QUIT, Ending.INPUT_CLOSED)
        else:
            # When we have said all, the service may leave without a word.
            isGood = self._hasEnded and reason.check(ConnectionDone) is not None
        self._end(OK if isGood else FAILED, "" if isGood else why)

    def failed(self, why: str, isFinal: bool) -> None:
        """See L{chat.client.connection.Owner.failed}."""
        if isinstance(self._client, RelayClient):
            self._client.releaseText()
        self._client = None
        self._end(FAILED, why)

    # What the service tells.

    def heard(self, client: ChatClient, event: Event) -> None:
        """See L{chat.client.relay.Audience.heard}."""
        if self._isOver:
            return
        roster = client.roster
        match event:
            case Said(nick=nick) | Acted(nick=nick) if nick == roster.nick:
                # As in text: whoever wrote it has it already.
                return
            case Refused(code=code) if code in _NO_NICK and not client.isRegistered:
                self._refusal = f"{event.text or event.about} ({code})"
                return
            case Closed():
                self._farewell = event
            case _:
                pass
        bell = "\a" if self._display.rings(event, roster) else ""
        for line in self._display.lines(event, roster):
            self._print(line + bell)

    def heardText(self, line: str) -> None:
        """See L{chat.client.relay.Audience.heardText}."""
        self._print(self._display.verbatim(line))

    def _print(self, line: str) -> None:
        self._output.write(line.encode() + b"\n")

    def _readerGone(self, error: OSError) -> None:
        # Nobody wants to read any more: that is no failure.
        self._end(OK, "")

    # What is to be sent.

    def _received(self, data: bytes) -> None:
        client = self._client
        if client is None:
            return
        self._lastByte = data[-1:]
        if client.isRegistered and not self._waiting:
            client.transport.write(data)
            return
        self._waiting += data
        self._sendNext()

    def _inputEnded(self) -> None:
        self._hasEnded = True
        if self._lastByte != b"\n":
            # The last line is one, although it has no end.
            self._received(b"\n")
        self._sendNext()

    def _sendNext(self) -> None:
        """
        Without a nickname send one line, and wait; with one send everything.
        """
        client = self._client
        if client is None or self._isWaiting:
            return
        if client.isRegistered:
            self._pass(client)
            return
        line, end, rest = self._waiting.partition(b"\n")
        if not end and len(line) < PIECE and not self._hasEnded:
            return
        if line or end:
            self._waiting = rest
            client.transport.write(line + end)
            self._awaitDecision()
        elif self._hasEnded:
            client.closeInput()

    def _pass(self, client: ChatClient) -> None:
        waiting, self._waiting = self._waiting, b""
        client.transport.write(waiting)
        if self._hasEnded:
            if self._isProducing:
                client.transport.unregisterProducer()
            client.closeInput()

    def _awaitDecision(self) -> None:
        assert self._client is not None
        self._isWaiting = True
        self._input.pauseProducing()
        self._client.ping().addCallbacks(self._decided, _ignore)

    def _decided(self, _: str) -> None:
        client = self._client
        if client is None:
            return
        self._isWaiting = False
        self._input.resumeProducing()
        if self._refusal is not None:
            self._end(REFUSED, self._refusal)
            return
        if client.isRegistered and not self._hasEnded:
            # From now on it is the transport that pauses the input.
            client.transport.registerProducer(self._input, True)
            self._isProducing = True
        self._sendNext()

    # The end.

    def _end(self, status: int, message: str) -> None:
        if self._isOver:
            return
        self._isOver = True
        self._input.stopProducing()
        self._connector.stop()
        client = self._client
        if client is None:
            self._finish(status, message)
            return
        # To close at once could cost the goodbye: what has come and was not
        # read makes a reset of the close.
        client.quit()
        timer = self._reactor.callLater(GOODBYE_WITHIN, client.transport.abortConnection)

        def closed(_: None) -> None:
            if timer.active():
                timer.cancel()
            self._finish(status, message)

        client.whenClosed().addCallback(closed)

    def _finish(self, status: int, message: str) -> None:
        self._output.whenFlushed().addCallback(lambda _: self._ended(status, message))


def _ignore(failure: Failure) -> None:
    """The connection has ended, and that is told elsewhere."""
