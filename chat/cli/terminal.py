"""
C{tcpchat} on a terminal: a person types below what is said.

Lines of one's own are shown when they come back from the service, with its time
and in the order in which everybody hears them; so there are no doubles, and
what is not shown has not been heard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chat.cli.catchup import CatchUp
from chat.cli.connector import Connector
from chat.cli.display import Display
from chat.cli.input import Known, submit
from chat.cli.options import FAILED, OK, ClientOptions
from chat.cli.passwords import Keeping, hasPassword
from chat.cli.reasons import Reasons
from chat.cli.rejoining import WAIT_FOR_USER, Rejoiner
from chat.cli.relay import RelayClient
from chat.cli.screen import Screen
from chat.client.protocol import ChatClient, ChatFactory
from chat.client.requests import isWord
from chat.editor.buffer import MAX_LINE
from chat.editor.editor import Outcome, Request, Submitted, TooLong
from chat.vocabulary.events import Closed, Ending, Event, Refused, Renamed, Welcomed
from chat.vocabulary.i18n import translation
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import isCommand

GOODBYE_WITHIN = 3.0
"""Seconds for the service to close the connection when we leave."""


class TerminalChat:
    """
    One run, from the connection to the exit status.
    """

    def __init__(
        self,
        reactor: Any,
        options: ClientOptions,
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
        words = translation(options.language)
        self._gettext = words.gettext
        bell = "mention" if options.hasBell else "off"
        self._display = Display(options.language, options.isColoured, True, bell)
        self._factory = ChatFactory(
            lambda: RelayClient(self), options.nick, options.language, options.password
        )
        reasons = Reasons(options.target, words)
        self._connector = Connector(reactor, options.target, self._factory, self, reasons)
        self._known = Known(lambda: self._connector.client)
        # The account whose password is asked for.
        self._asked: str | None = None
        self._keeping = Keeping(self._factory)
        self._rejoiner = Rejoiner(reactor)
        self._catchUp: CatchUp | None = None
        self._farewell: Closed | None = None
        self._wasWelcomed = False
        self._isLeaving = False
        self._isOver = False
        self._status = OK
        self._screen = Screen(
            reactor,
            self._do,
            self.leave,
            self._prompt,
            self._known.complete,
            hasPassword,
            descriptor,
        )
        self.terminal = self._screen.terminal

    def start(self) -> None:
        """
        Take the terminal, and connect.
        """
        self._screen.open()
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
        self._screen.close()

    def suspend(self) -> None:
        """See L{Screen.suspend}."""
        self._screen.suspend()

    def resumed(self) -> None:
        """See L{Screen.resumed}."""
        self._screen.resumed()

    def resized(self) -> None:
        """See L{Screen.resized}."""
        self._screen.resized()

    def wentWrong(self) -> None:
        """
        There is a mistake in this program; whoever runs it keeps the details.
        """
        _ = self._gettext
        self._warn(_("something went wrong; the details follow at the end"))

    # What the connection tells.

    def reported(self, text: str) -> None:
        """See L{chat.cli.connector.Owner.reported}."""
        self._notice(text)

    def connected(self, client: ChatClient) -> None:
        """See L{chat.cli.connector.Owner.connected}."""
        self._farewell = None
        self.terminal.setProducer(client.transport)
        if client.password is not None:
            self._keeping.telling(client.account or client.wantedNick or "", client.password)
        self._catchUp = CatchUp(client, lambda event: self._show(client, event))
        client.learnCommands().addCallbacks(self._known.learned, lambda failure: None)
        self._screen.draw()

    def disconnected(self, client: ChatClient, why: str) -> None:
        """See L{chat.cli.connector.Owner.disconnected}."""
        self.terminal.setProducer(None)
        self._ask(None)
        self._rejoiner.disconnected()
        reason = None if self._farewell is None else self._farewell.reason
        if self._isLeaving or reason is Ending.QUIT:
            self._end(self._status, "")
            return
        self._notice(why)
        cameBack = reason is Ending.REGISTRATION_TIMEOUT and self._wasWelcomed
        if reason in WAIT_FOR_USER and not cameBack:
            _ = self._gettext
            self._notice(_("Enter connects again"))
        else:
            self._connector.retry()
        self._screen.draw()

    def failed(self, why: str, isFinal: bool) -> None:
        """See L{chat.cli.connector.Owner.failed}."""
        self.terminal.setProducer(None)
        if self._isLeaving:
            self._end(self._status, "")
        elif isFinal:
            self._end(FAILED, why)
        else:
            self._warn(why)
            self._connector.retry()

    # What the service tells.

    def heard(self, client: ChatClient, event: Event) -> None:
        """See L{chat.cli.relay.Audience.heard}."""
        self._keeping.heard(event)
        isNews = self._rejoiner.heard(event, client)
        self._known.heard(event)
        match event:
            case Welcomed():
                self._wasWelcomed = True
                self._factory.nick = client.roster.nick
                self._ask(None)
            case Renamed():
                self._factory.nick = client.roster.nick
            case Refused() if not client.isRegistered and self._isAboutNick(event):
                return
            case Closed():
                self._farewell = event
            case _:
                pass
        assert self._catchUp is not None
        isItsTurn = self._catchUp.heard(event, "/history" in self._known.commands)
        if isItsTurn and isNews:
            self._show(client, event)
        elif not isNews:
            self._screen.draw()

    def heardText(self, line: str) -> None:
        """See L{chat.cli.relay.Audience.heardText}."""
        self._screen.print(self._display.verbatim(line))

    def _isAboutNick(self, refused: Refused) -> bool:
        """
        @return: whether the person is asked in our words for what is missing.
        """
        match refused.code:
            case "nick-registered" if isWord(refused.about):
                self._ask(refused.about)
                return True
            case "wrong-password" if self._asked is None and isWord(refused.about):
                # The one that was kept is no longer right.
                self._keeping.forget()
                self._ask(refused.about)
                return True
            case code if code.startswith("nick-"):
                if self._factory.nick is not None and not self._screen.editor.text:
                    # It may be free in a moment: our last connection may not
                    # be quite gone yet.
                    self._screen.editor.replace(self._factory.nick)
        return False

    def _ask(self, account: str | None) -> None:
        """Ask for the password of an account, or for none any more."""
        _ = self._gettext
        if account != self._asked:
            # What stands there was no password, or is none that is to be shown.
            self._screen.editor.replace("")
        self._asked = account
        self._screen.editor.isHidden = self._asked is not None
        if self._asked is not None:
            phrase = _("{nick} is registered: type its password, or Enter for another nickname")
            self._notice(phrase.format(nick=self._asked))

    # What is typed.

    def _do(self, outcome: Outcome) -> None:
        _ = self._gettext
        match outcome:
            case Submitted(text):
                self._entered(text)
            case TooLong(maxLine, maxLines):
                phrase = _("too long: {bytes} bytes a line and {lines} lines are the most")
                self._warn(phrase.format(bytes=maxLine, lines=maxLines))
            case Request.END | Request.INTERRUPT:
                self.leave()
            case Request.SUSPEND:
                self.suspend()

    def _entered(self, text: str) -> None:
        _ = self._gettext
        client = self._connector.client
        if client is None:
            if text.strip() in ("/quit", "/exit", "/bye"):
                self.leave()
                return
            if text.strip():
                # Not lost: it can be entered again when there is somebody.
                self._screen.editor.replace(text)
                self._warn(_("not connected, so that was not sent"))
            self._connector.connect()
        elif self._asked is not None and not isCommand(text):
            self._enteredPassword(client, self._asked, text.strip())
        elif (answer := self._display.asked(text)) is not None:
            self._show(client, answer)
        elif not submit(client, text):
            self._screen.editor.replace(text)
            self._do(TooLong(MAX_LINE, 1))
        else:
            self._keeping.entered(text, client.roster.nick or self._asked)
            self._rejoiner.entered(text)
            if not hasPassword(text):
                # Perhaps another nickname.
                self._ask(None)

    def _enteredPassword(self, client: ChatClient, account: str, password: str) -> None:
        _ = self._gettext
        if not password:
            self._ask(None)
        elif not isWord(password):
            self._warn(_("a password has no spaces"))
        else:
            self._keeping.telling(account, password)
            client.login(account, password)

    # What is shown.

    def _prompt(self) -> str:
        _ = self._gettext
        client = self._connector.client
        if client is None:
            return _("offline") + "> "
        roster = client.roster
        if self._asked is not None:
            return _("password") + "> "
        if roster.nick is None:
            return _("nickname") + "> "
        room = self._rejoiner.talksIn(roster)
        if room is None:
            return _("no room") + "> "
        return f"{clean(room)} {roster.count(room)}> "

    def _show(self, client: ChatClient, event: Event) -> None:
        for line in self._display.lines(event, client.roster):
            self._screen.print(line)
        if self._display.rings(event, client.roster):
            self._screen.ring()

    def _notice(self, text: str) -> None:
        self._screen.print(self._display.notice(text))

    def _warn(self, text: str) -> None:
        self._screen.print(self._display.warning(text))

    # The end.

    def _end(self, status: int, message: str) -> None:
        if self._isOver:
            return
        self.close()
        self._connector.stop()
        client = self._connector.client
        if client is not None:
            client.transport.loseConnection()
        self._ended(status, message)
