"""
C{tcpchat} on a terminal: a person types below what is said.

Lines of one's own are shown when they come back from the service, with its time
and in the order in which everybody hears them; so there are no doubles, and
what is not shown has not been heard.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from chat.client.connection import Connector
from chat.client.display import Display
from chat.client.options import FAILED, OK, Options
from chat.client.protocol import ChatClient, ChatFactory
from chat.client.reasons import Reasons
from chat.client.relay import RelayClient
from chat.client.submitting import submit
from chat.client.tty import Terminal
from chat.completion import completerFor
from chat.editor import Entered, LineEditor, Outcome, Request, TooLong
from chat.events import Closed, Ending, Event, Helped, Refused, Renamed, Welcomed
from chat.keys import KeyParser, KeyPress
from chat.languages import translation
from chat.linebuffer import MAX_LINE
from chat.text import clean

GOODBYE_WITHIN = 3.0
"""Seconds for the service to close the connection when we leave."""

# After these, nobody is there who wants to be connected again at once.
_WAIT_FOR_PERSON = (
    Ending.IDLE_TIMEOUT,
    Ending.REGISTRATION_TIMEOUT,
    Ending.INPUT_CLOSED,
    Ending.NOT_CHAT,
    Ending.LINE_ENDLESS,
    # It may be that somebody does not want him there.
    Ending.OTHER,
)


class TerminalChat:
    """
    One run, from the connection to the exit status.
    """

    def __init__(
        self,
        reactor: Any,
        options: Options,
        ended: Callable[[int, str], None],
        descriptor: int = 0,
    ) -> None:
        """
        @param ended: called once, when the terminal has been given back, with
            the exit status and with what to say about it, which is not safe for
            a terminal.
        @param descriptor: open on the terminal.
        @raise OSError: when it is no terminal.
        """
        self._reactor = reactor
        self._ended = ended
        self._hasBell = options.hasBell
        words = translation(options.language)
        self._gettext = words.gettext
        self._display = Display(options.language, options.isColoured, hasTimes=True)
        self._factory = ChatFactory(lambda: RelayClient(self), options.nick, options.language)
        reasons = Reasons(options.target, words)
        self._connector = Connector(reactor, options.target, self._factory, self, reasons)
        self.terminal = Terminal(reactor, self._typed, self._hungUp, descriptor)
        self._keys = KeyParser()
        self._commands: list[str] = []
        self._editor = LineEditor(
            self.terminal.columns,
            self._prompt(),
            completerFor(self._nicknames, lambda: self._commands),
        )
        self._above: list[str] = []
        self._isPrinting = False
        self._patience: IDelayedCall | None = None
        self._farewell: Closed | None = None
        self._wasWelcomed = False
        self._isLeaving = False
        self._isOver = False
        self._status = OK

    def start(self) -> None:
        """
        Take the terminal, and connect.
        """
        self.terminal.enter()
        self._draw()
        self._connector.connect()

    def leave(self, status: int = OK) -> None:
        """
        Say goodbye to the service, and end; when this has been asked for before,
        end now.

        @param status: the exit status.
        """
        self._status = status
        client = self._connector.client
        if self._isLeaving or client is None:
            self._end(status, "")
            return
        self._isLeaving = True
        client.quit()
        self._reactor.callLater(GOODBYE_WITHIN, self._end, status, "")

    def close(self) -> None:
        """
        Give the terminal back, whatever has happened.
        """
        self._isOver = True
        if self.terminal.isRaw:
            self.terminal.write(self._editor.erase())
        self.terminal.close()

    def suspend(self) -> None:
        """
        Stop, as Ctrl-Z has it, and go on when we are continued.
        """
        self.terminal.write(self._editor.erase())
        self.terminal.leave()
        # All of the job, as the terminal itself would do it.
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, before)
        self.resumed()

    def resumed(self) -> None:
        """
        We have been continued, and somebody else had the terminal meanwhile.
        """
        if not self._isOver:
            self.terminal.enter()
            self.terminal.write(self._editor.resize(self.terminal.columns))

    def resized(self) -> None:
        """
        The terminal may have another width.
        """
        columns = self.terminal.columns
        if columns != self._editor.columns and self.terminal.isRaw:
            self.terminal.write(self._editor.resize(columns))

    def wentWrong(self) -> None:
        """
        There is a mistake in this program; whoever runs it keeps the details.
        """
        _ = self._gettext
        self._warn(_("something went wrong; the details follow at the end"))

    # What the connection tells.

    def reported(self, text: str) -> None:
        """See L{chat.client.connection.Owner.reported}."""
        self._print(self._display.notice(text))

    def connected(self, client: ChatClient) -> None:
        """See L{chat.client.connection.Owner.connected}."""
        self._farewell = None
        self.terminal.setProducer(client.transport)
        client.learnCommands().addCallbacks(self._learned, lambda failure: None)
        self._draw()

    def disconnected(self, client: ChatClient, why: str) -> None:
        """See L{chat.client.connection.Owner.disconnected}."""
        self.terminal.setProducer(None)
        reason = None if self._farewell is None else self._farewell.reason
        if self._isLeaving or reason is Ending.QUIT:
            self._end(self._status, "")
            return
        self._print(self._display.notice(why))
        cameBack = reason is Ending.REGISTRATION_TIMEOUT and self._wasWelcomed
        if reason in _WAIT_FOR_PERSON and not cameBack:
            _ = self._gettext
            self._print(self._display.notice(_("Enter connects again")))
        else:
            self._connector.retry()
        self._draw()

    def failed(self, why: str, isFinal: bool) -> None:
        """See L{chat.client.connection.Owner.failed}."""
        self.terminal.setProducer(None)
        if self._isLeaving:
            self._end(self._status, "")
        elif isFinal:
            self._end(FAILED, why)
        else:
            self._print(self._display.warning(why))
            self._connector.retry()

    # What the service tells.

    def heard(self, client: ChatClient, event: Event) -> None:
        """See L{chat.client.relay.Audience.heard}."""
        match event:
            case Welcomed():
                self._welcomed(client)
            case Renamed():
                self._factory.nick = client.roster.nick
            case Refused(code=code) if not client.isRegistered and code.startswith("nick-"):
                if self._factory.nick is not None and not self._editor.text:
                    # It may be free in a moment: our last connection may not
                    # be quite gone yet.
                    self._editor.replace(self._factory.nick)
            case Closed():
                self._farewell = event
            case _:
                pass
        for line in self._display.lines(event, client.roster):
            self._print(line)
        if self._hasBell and self._display.calls(event, client.roster):
            self.terminal.write(b"\x07")

    def heardText(self, line: str) -> None:
        """See L{chat.client.relay.Audience.heardText}."""
        self._print(self._display.verbatim(line))

    def _welcomed(self, client: ChatClient) -> None:
        roster = client.roster
        last = roster.lastIds.get(roster.room or "")
        if self._wasWelcomed and last and "/history" in self._commands:
            client.command(f"/history after {last}")
        self._wasWelcomed = True
        self._factory.nick = roster.nick

    def _learned(self, rows: list[Helped]) -> None:
        self._commands = [clean(name) for row in rows for name in (row.command, *row.aliases)]

    # What is typed.

    def _typed(self, data: bytes) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._press(self._keys.feed(data))
        if not self._isOver and self._keys.patience is not None:
            self._patience = self._reactor.callLater(self._keys.patience, self._impatient)

    def _impatient(self) -> None:
        self._patience = None
        self._press(self._keys.flush())

    def _press(self, keys: list[KeyPress]) -> None:
        for key in keys:
            if self._isOver:
                return
            self._do(self._editor.keyPressed(key))
        self._draw()

    def _do(self, outcome: Outcome | None) -> None:
        _ = self._gettext
        match outcome:
            case Entered(text):
                self._entered(text)
            case TooLong(maxLine, maxLines):
                phrase = _("too long: {bytes} bytes a line and {lines} lines are the most")
                self._warn(phrase.format(bytes=maxLine, lines=maxLines))
            case Request.END | Request.INTERRUPT:
                self.leave()
            case Request.SUSPEND:
                self.suspend()
            case None:
                pass

    def _entered(self, text: str) -> None:
        _ = self._gettext
        client = self._connector.client
        if client is None:
            if text.strip() in ("/quit", "/exit", "/bye"):
                self.leave()
                return
            if text.strip():
                # Not lost: it can be entered again when there is somebody.
                self._editor.replace(text)
                self._warn(_("not connected, so that was not sent"))
            self._connector.connect()
        elif not submit(client, text):
            self._editor.replace(text)
            self._do(TooLong(MAX_LINE, 1))

    def _nicknames(self) -> list[str]:
        client = self._connector.client
        if client is None:
            return []
        return [clean(nick) for nick in client.roster.people() if nick != client.roster.nick]

    # What is shown.

    def _prompt(self) -> str:
        _ = self._gettext
        client = self._connector.client
        if client is None:
            return _("offline") + "> "
        roster = client.roster
        if roster.room is None:
            return _("nickname") + "> "
        return f"{clean(roster.room)} {len(roster.people())}> "

    def _warn(self, text: str) -> None:
        self._print(self._display.warning(text))

    def _print(self, line: str) -> None:
        """Show a line, with all others of this reactor turn."""
        self._above.append(line)
        if not self._isPrinting:
            self._isPrinting = True
            self._reactor.callLater(0, self._printAll)

    def _printAll(self) -> None:
        self._isPrinting = False
        if self._isOver or not self.terminal.isRaw:
            return
        above, self._above = self._above, []
        self._editor.prompt = self._prompt()
        if above:
            self.terminal.write(self._editor.printAbove("\n".join(above)))

    def _draw(self) -> None:
        if not self._isOver:
            self._editor.prompt = self._prompt()
            self.terminal.write(self._editor.draw())

    # The end.

    def _hungUp(self) -> None:
        self.leave()

    def _end(self, status: int, message: str) -> None:
        if self._isOver:
            return
        self._printAll()
        self.close()
        self._connector.stop()
        client = self._connector.client
        if client is not None:
            client.transport.loseConnection()
        self._ended(status, message)
