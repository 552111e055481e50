"""
C{tcpchat} where its input or output is no terminal: lines in, lines out, as with nc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.error import ConnectionDone

from chat.cli.charset import encoded
from chat.cli.connector import Connector, Frontend, RelayClient
from chat.cli.display import Display
from chat.cli.options import FAILED, OK, REFUSED, ClientOptions
from chat.cli.quiet import Quiet
from chat.cli.streams import Feeder, OutputStream
from chat.vocabulary.events import Acted, Closed, Ending, Event, Refused, Said
from chat.vocabulary.i18n import translation

GOODBYE_WITHIN = 3.0
"""Seconds for the service to close the connection when we leave."""

# The codes of a refused line that was meant to be a nickname.
_NO_NICK = frozenset(
    {
        "nick-taken",
        "nick-invalid",
        "nick-too-long",
        "nick-confusable",
        "scripts-mixed",
        "nick-registered",
        "nick-reserved",
        "wrong-password",
        "too-many-attempts",
        "try-later",
        "banned",
        "line-too-long",
        "not-utf8",
        "cursor-keys",
        "slash-missing",
    }
)


class PipeChat(Frontend):
    """
    One run of the command in a pipe, from the connection to the exit status.
    """

    def __init__(
        self,
        reactor: Any,
        options: ClientOptions,
        ended: Callable[[int, str], None],
        warned: Callable[[str], None],
        stdin: int = 0,
        stdout: int = 1,
    ) -> None:
        """
        @param ended: called once, with the exit status and with what to say
            about it, which is not safe for a terminal.
        @param warned: called with what the user should know meanwhile, as safe as that.
        @param stdin: the descriptor to read.
        @param stdout: the descriptor to write.
        """
        self._reactor = reactor
        self._ended = ended
        self._gettext = translation(options.language).gettext
        self._display = Display(options.language)
        self._connector = Connector(reactor, options, self)
        self._warned = warned
        self._charset = options.charset
        self._feeder = Feeder(reactor, stdin, options.charset, self._decided, self._unreadable)
        self._output = OutputStream(reactor, stdout, self._outputFailed)
        self._quiet = Quiet() if options.isQuiet else None
        self._client: RelayClient | None = None
        self._refusal: str | None = None
        self._farewell: Closed | None = None
        self._wasUnreadable = False
        self._isOver = False

    def start(self) -> None:
        """
        Connect; everything else follows.
        """
        self._connector.start()

    # Frontend: what happens to the connection.

    def statusChanged(self) -> None:
        """A script has no use for it."""

    def connected(self, client: RelayClient) -> None:
        self._client = client
        self._output.setProducer(client.transport)
        self._feeder.start(client)

    def disconnected(self, client: RelayClient, why: str) -> bool:
        self._client = None
        reason = client.lossReason
        assert reason is not None
        if self._farewell is not None:
            isGood = self._farewell.reason in (Ending.QUIT, Ending.INPUT_CLOSED)
        else:
            # When we have said all, the service may close without a goodbye.
            isGood = self._feeder.isFinished and reason.check(ConnectionDone) is not None
        self._end(OK if isGood and not self._wasUnreadable else FAILED, "" if isGood else why)
        return False

    def failed(self, why: str, isHopeless: bool) -> bool:
        client, self._client = self._client, None
        if client is not None and client.rejection is None:
            client.releaseText()
        self._end(FAILED, why)
        return False

    # Frontend: what the service says.

    def heard(self, client: RelayClient, event: Event) -> None:
        if self._isOver:
            return
        roster = client.roster
        match event:
            case Said(nick=nick) | Acted(nick=nick) if nick == roster.nick:
                # A script has what it says; telnet does not show it again either.
                return
            case Refused(code=code) if code in _NO_NICK and not client.isRegistered:
                self._refusal = f"{event.text or event.about} ({code})"
                return
            case Closed():
                self._farewell = event
            case _:
                pass
        if self._quiet is not None and self._quiet.covers(event):
            return
        bell = "\a" if self._display.rings(event, roster) else ""
        for line in self._display.lines(event, roster):
            self._print(line + bell)

    def heardText(self, line: str) -> None:
        # In text only the greeting comes before JSON; after that a script has asked for text.
        if self._quiet is None or not self._quiet.isGreeting:
            for each in self._display.verbatim(line):
                self._print(each)

    def _print(self, line: str) -> None:
        self._output.write(encoded(line + "\n", self._charset))

    def _outputFailed(self, error: OSError) -> None:
        # The program that reads our output has ended, as head(1) does: no failure.
        self._end(OK, "")

    def _decided(self) -> None:
        if self._quiet is not None and self._client is not None and self._client.isRegistered:
            self._quiet.isGreeting = False
        if self._refusal is not None:
            self._end(REFUSED, self._refusal)

    def _unreadable(self, number: int) -> None:
        self._wasUnreadable = True
        _ = self._gettext
        phrase = _("not sent: line {number} is not {charset}")
        reason = phrase.format(number=number, charset=self._charset.upper())
        if self._client is not None and not self._client.isRegistered:
            # It may have been the nickname, and the next line must not become it.
            self._end(REFUSED, f"{reason} (not-utf8)")
        else:
            self._warned(reason)

    # The end.

    def _end(self, status: int, message: str) -> None:
        if self._isOver:
            return
        self._isOver = True
        self._feeder.stop()
        client = self._client
        if client is None:
            self._finish(status, message)
            return
        # The kernel makes a reset of a close while there is data that was not read
        # (RFC 1122, 4.2.2.13), and what we have said could be lost with it.
        client.quit()
        timer = self._reactor.callLater(GOODBYE_WITHIN, client.transport.abortConnection)

        def closed(_: None) -> None:
            if timer.active():
                timer.cancel()
            self._finish(status, message)

        client.whenClosed().addCallback(closed)

    def _finish(self, status: int, message: str) -> None:
        self._output.whenFlushed().addCallback(lambda _: self._ended(status, message))
