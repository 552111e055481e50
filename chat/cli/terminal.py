"""
C{tcpchat} on a terminal: the user types below what is said.

The user's own lines are shown when they come back from the service, with its
time and in the order in which all users see them.  So no line is shown twice,
and a line that is not shown has reached no user.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chat.cli.catchup import CatchUp
from chat.cli.connector import Connector, Frontend, RelayClient
from chat.cli.display import Display
from chat.cli.input import KnownNames, commandIn, submit
from chat.cli.options import FAILED, OK, ClientOptions
from chat.cli.passwords import KeptPassword, passwordIn
from chat.cli.rejoining import WAIT_FOR_USER, Rejoiner
from chat.cli.screen import Screen
from chat.client.protocol import ChatClient
from chat.client.requests import isWord
from chat.editor.buffer import MAX_LINE
from chat.editor.editor import NotText, Outcome, Request, Submitted, TooLong
from chat.vocabulary.events import Closed, Ending, Event, Refused, Renamed, Welcomed
from chat.vocabulary.i18n import translation
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import isCommand, isPassword

GOODBYE_WITHIN = 3.0
"""Seconds for the service to close the connection when we leave."""


class TerminalChat(Frontend):
    """
    One run of the command on a terminal, from the connection to the exit status.
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
            the exit status and with a message about it, perhaps empty, which is
            not safe for a terminal.
        @param descriptor: open on the terminal.
        @raise OSError: when C{descriptor} is no terminal.
        """
        self._reactor = reactor
        self._ended = ended
        self._charset = options.charset
        self._gettext = translation(options.language).gettext
        bell = "mention" if options.hasBell else "off"
        self._display = Display(options.language, options.isColoured, True, bell)
        self._connector = Connector(reactor, options, self)
        self._factory = self._connector.factory
        self._known = KnownNames(lambda: self._connector.client)
        # The account whose password is asked for, if any: also after the connection is lost,
        # until there is a nickname or the user wants another one.
        self._asked: str | None = None
        self._kept = KeptPassword(self._factory, reactor)
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
            passwordIn,
            options.charset,
            descriptor,
        )
        self.terminal = self._screen.terminal

    def start(self) -> None:
        """
        Take the terminal, and connect.
        """
        self._screen.open()
        self._connector.start()

    def leave(self, status: int = OK) -> None:
        """
        Say goodbye to the service and end, at once if this is called again.

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
        Give the terminal back, whatever has happened before.
        """
        self._isOver = True
        self._screen.close()

    def suspend(self) -> None:
        """Stop the process, as Ctrl-Z does in a shell."""
        self._screen.suspend()

    def resumed(self) -> None:
        """Take the terminal again, after SIGCONT."""
        self._screen.resumed()

    def resized(self) -> None:
        """Draw the row for the width that the terminal has now."""
        self._screen.resized()

    def wentWrong(self) -> None:
        """
        Tell the user about a mistake in this program; the caller keeps the details
        and shows them at the end.
        """
        _ = self._gettext
        self._warn(_("something went wrong; the details follow at the end"))

    # Frontend: what happens to the connection.

    def reported(self, text: str) -> None:
        self._notice(text)

    def connected(self, client: RelayClient) -> None:
        self._farewell = None
        self.terminal.setProducer(client.transport)
        self._kept.connected(client)
        self._catchUp = CatchUp(client, lambda event: self._show(client, event))
        client.learnCommands().addCallbacks(self._known.learned, lambda failure: None)
        self._screen.draw()

    def disconnected(self, client: RelayClient, why: str) -> bool:
        self.terminal.setProducer(None)
        self._kept.drop()
        self._rejoiner.disconnected()
        reason = None if self._farewell is None else self._farewell.reason
        if self._isLeaving or reason is Ending.QUIT:
            self._end(self._status, "")
            return False
        self._notice(why)
        cameBack = reason is Ending.REGISTRATION_TIMEOUT and self._wasWelcomed
        waits = reason in WAIT_FOR_USER and not cameBack
        if waits:
            _ = self._gettext
            self._notice(_("Enter connects again"))
        self._screen.draw()
        return not waits

    def failed(self, why: str, isFinal: bool) -> bool:
        self.terminal.setProducer(None)
        if self._isLeaving:
            self._end(self._status, "")
        elif isFinal:
            self._end(FAILED, why)
        else:
            self._warn(why)
        return not self._isOver

    # Frontend: what the service says.

    def heard(self, client: RelayClient, event: Event) -> None:
        unproven = self._kept.heard(event, client)
        isNews = self._rejoiner.heard(event, client)
        self._known.heard(event)
        match event:
            case Welcomed():
                self._wasWelcomed = True
                self._factory.nick = client.roster.nick
                if not self._screen.editor.text:
                    # Otherwise with the next Enter: a password may be half typed.
                    self._answered()
            case Renamed():
                self._factory.nick = client.roster.nick
            case Refused(code="nick-registered") if not client.isRegistered and isWord(event.about):
                self._ask(event.about, isRegistered=True)
                return
            case Refused(code=code) if not client.isRegistered and code.startswith("nick-"):
                self._proposeNick()
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
        if unproven:
            self._ask(unproven)

    def heardText(self, line: str) -> None:
        self._screen.print(self._display.verbatim(line))

    def _proposeNick(self) -> None:
        """
        Put the nickname that was refused into the line.  It may be free in a moment: the
        service may not have noticed yet that the last connection is gone.
        """
        editor, nick = self._screen.editor, self._factory.nick
        if nick is not None and self._asked is None and not editor.text:
            editor.replace(nick)

    # The question for a password.  A line that is begun as its answer is never sent as
    # anything else, whatever happens meanwhile.

    def _ask(self, account: str, isRegistered: bool = False) -> None:
        """
        Ask for the password of an account, or go on asking after a refusal.

        @param isRegistered: whether the service has said that it is one.
        """
        _ = self._gettext
        seconds = self._kept.pause
        if isRegistered:
            phrase = _("{nick} is registered: type its password, or Enter for another nickname")
        elif seconds is not None:
            phrase = _("logging in as {nick} again in {seconds} s; Enter asks for another nickname")
        elif account != self._asked:
            phrase = _("type the password of {nick}, or Enter for another nickname")
        else:
            return
        if account != self._asked:
            # The text is no password, or that of another account.
            self._screen.editor.replace("")
        self._asked = self._factory.nick = account
        self._screen.editor.isHidden = True
        self._notice(phrase.format(nick=account, seconds=seconds))

    def _answered(self) -> None:
        """Ask for no password any more."""
        if self._asked is not None:
            self._asked = None
            self._screen.editor.replace("")
            self._screen.editor.isHidden = False

    # What the user types.

    def _do(self, outcome: Outcome) -> None:
        _ = self._gettext
        match outcome:
            case Submitted(text):
                self._entered(text)
            case TooLong(maxLine, maxLines):
                phrase = _("too long: {bytes} bytes a line and {lines} lines are the most")
                self._warn(phrase.format(bytes=maxLine, lines=maxLines))
            case NotText():
                phrase = _("that is not {charset}, the charset of this terminal; it was not sent")
                self._warn(phrase.format(charset=self._charset.upper()))
            case Request.END | Request.INTERRUPT:
                self.leave()
            case Request.SUSPEND:
                self.suspend()

    def _entered(self, text: str) -> None:
        _ = self._gettext
        client = self._connector.client
        command = commandIn(text)
        if client is None:
            if text.strip() in ("/quit", "/exit", "/bye"):
                self.leave()
                return
            self._keepTyped(text, _("not connected, so that was not sent"))
            self._connector.start()
        elif self._asked is not None and isPassword(text):
            self._enteredPassword(client, self._asked, text.strip())
        elif self._isLoggingIn(client) and not isCommand(text):
            self._keepTyped(text, _("not logged in yet, so that was not sent"))
        elif (answer := self._display.asked(command)) is not None:
            self._show(client, answer)
        elif not submit(client, text):
            self._screen.editor.replace(text)
            self._do(TooLong(MAX_LINE, 1))
        else:
            self._kept.entered(command, client.roster.nick or self._asked)
            self._rejoiner.entered(command)
            if client.isRegistered:
                self._answered()

    def _keepTyped(self, text: str, why: str) -> None:
        """Leave what was entered in the line, so that Enter sends it later."""
        if text.strip():
            self._screen.editor.replace(text)
            self._warn(why)

    def _enteredPassword(self, client: ChatClient, account: str, password: str) -> None:
        _ = self._gettext
        if client.isRegistered:
            # It was begun before the client had logged in by itself.
            self._answered()
            if password:
                self._notice(_("you are in already, so that was not sent"))
        elif not password:
            self._answered()
            self._factory.nick = None
            self._kept.forget()
        elif not isWord(password):
            self._warn(_("a password has no spaces"))
        else:
            self._kept.telling(account, password)
            client.login(account, password)

    def _isLoggingIn(self, client: ChatClient) -> bool:
        """Whether what is typed now is neither a nickname, nor a password, nor said yet."""
        return not client.isRegistered and self._asked is None and self._kept.isOnItsWay

    # What is shown.

    def _prompt(self) -> str:
        _ = self._gettext
        client = self._connector.client
        if client is None:
            return _("offline") + "> "
        roster = client.roster
        if self._asked is not None:
            return _("password") + "> "
        if self._isLoggingIn(client):
            return _("logging in") + "> "
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
        self._ended(status, message)
