"""
C{tcpchat} on a terminal: the user types below what is said.

The user's own lines are shown when they come back from the service, with its
time and in the order in which all users see them.  So no line is shown twice,
and a line that is not shown has reached no user.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from chat.cli.catchup import CatchUp
from chat.cli.connector import Connector, Frontend, RelayClient
from chat.cli.display import Display
from chat.cli.input import KnownNames, commandIn, submit
from chat.cli.options import FAILED, OK, ClientOptions
from chat.cli.passwords import KeptPassword, passwordIn
from chat.cli.reclaiming import ASK_FOR, Reclaimer
from chat.cli.rejoining import UNWANTED, Rejoiner
from chat.cli.screen import Screen
from chat.client.protocol import ChatClient
from chat.client.requests import isWord
from chat.client.roster import Roster
from chat.editor.editor import NotText, Outcome, Request, Submitted, TooLong
from chat.vocabulary.commands import Command, Login, Nick, Quit
from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Event,
    LanguageSet,
    Refused,
    Renamed,
    Warned,
    Welcomed,
)
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
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """
        @param ended: called once, when the terminal has been given back, with
            the exit status and with a message about it, perhaps empty, which is
            not safe for a terminal.
        @param descriptor: open on the terminal.
        @param now: returns the local time.
        @raise OSError: when C{descriptor} is no terminal.
        """
        self._reactor = reactor
        self._ended = ended
        self._charset = options.charset
        self._gettext = translation(options.language).gettext
        bell = "mention" if options.hasBell else "off"
        self._display = Display(options.language, options.isColoured, True, bell, now)
        self._connector = Connector(reactor, options, self)
        self._factory = self._connector.factory
        self._known = KnownNames(lambda: self._connector.client)
        # The account whose password is asked for, if any: before there is a nickname also after
        # the connection is lost, until there is one or the user wants another one.
        self._asked: str | None = None
        # Whether that is settled, though something has been typed that must not be said.
        self._isMoot = False
        self._kept = KeptPassword(self._factory, reactor)
        self._reclaimer = Reclaimer(reactor)
        self._rejoiner = Rejoiner(reactor)
        self._catchUp: CatchUp | None = None
        self._farewell: Closed | None = None
        # Why the last attempt has failed: it is told once, however many follow.
        self._failure = ""
        # What was half typed when the line was needed for an answer.
        self._aside = ""
        self._wasWelcomed = False
        self._isLeaving = False
        self._isOver = False
        self._exitStatus = OK
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
        self._notice(self._connector.reasons.connecting())
        self._connector.start()

    def leave(self, status: int = OK) -> None:
        """
        Say goodbye to the service and end, at once if this is called again.

        @param status: the exit status.
        """
        self._exitStatus = status
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
        self._warn(_("something went wrong; details follow when you quit"))

    # Frontend: what happens to the connection.

    def statusChanged(self) -> None:
        self._screen.draw()

    def connected(self, client: RelayClient) -> None:
        self._farewell = None
        self.terminal.setProducer(client.transport)
        self._kept.connected(client)
        self._catchUp = CatchUp(client, lambda event: self._show(client.roster, event))
        self._learnCommands(client)
        self._screen.draw()

    def disconnected(self, client: RelayClient, why: str) -> bool:
        self.terminal.setProducer(None)
        self._kept.drop()
        if client.isRegistered:
            # The user comes back with the nickname that they have.
            self._settle()
        self._rejoiner.disconnected()
        self._reclaimer.disconnected()
        self._failure = ""
        reason = None if self._farewell is None else self._farewell.reason
        if self._isLeaving or reason is Ending.QUIT:
            self._end(self._exitStatus, "")
            return False
        if reason is None:
            # Otherwise the service has told why.
            self._notice(why)
        comesBack = self._comesBackAfter(reason)
        if not comesBack:
            _ = self._gettext
            self._notice(_("press Enter to connect again"))
        self._screen.draw()
        return comesBack

    def _comesBackAfter(self, reason: Ending | None) -> bool:
        """
        @param reason: why the service has ended the session, as far as it has said so.
        """
        if reason is Ending.REGISTRATION_TIMEOUT:
            # Without a nickname to come back with, the user is needed.
            return self._wasWelcomed and not self._reclaimer.hasGivenUp
        return reason not in UNWANTED

    def failed(self, why: str, isHopeless: bool) -> bool:
        self.terminal.setProducer(None)
        if self._isLeaving:
            self._end(self._exitStatus, "")
        elif isHopeless:
            self._end(FAILED, why)
        elif why != self._failure:
            self._failure = why
            self._warn(why)
        return not self._isOver

    # Frontend: what the service says.

    def heard(self, client: RelayClient, event: Event) -> None:
        isAnswer = client.isRegistered and self._kept.isOnItsWay
        unproven = self._kept.heard(event, client)
        isNews = self._rejoiner.heard(event, client)
        self._known.heard(event)
        match event:
            case Welcomed():
                self._wasWelcomed = True
                self._has(client.roster.nick)
                if self._screen.editor.text == client.roster.nick:
                    # It was proposed, and is no line to say.
                    self._screen.editor.replace("")
                self._settle()
                self._bringBack()
            case Renamed():
                self._has(client.roster.nick)
            case Done(code="logged-in" | "operator-on" as code):
                # Operators have more commands.
                self._learnCommands(client)
                if code == "logged-in" and client.isRegistered:
                    self._settle()
            case LanguageSet():
                # It only answers what we have asked for in the name of the user.
                return
            case Refused(code="nick-taken", about=nick) if not client.isRegistered:
                if self._isReclaimed(nick, client):
                    return
            case Refused(code="nick-registered") if not client.isRegistered and isWord(event.about):
                self._ask(event.about, isRegistered=True)
                return
            case Refused(code=code) if not client.isRegistered and code.startswith("nick-"):
                self._proposeNick()
            case Refused(code=code) if isAnswer and code != "wrong-password":
                self._kept.drop()
                self._settle()
            case Warned(code="said-aloud", about=nick) if client.isRegistered and isWord(nick):
                # Not here, as what is said next is the password.
                self._askInRoom(nick, client.roster.nick or "")
                return
            case Closed(reason=reason):
                self._farewell = event
                if reason is Ending.REGISTRATION_TIMEOUT and self._reclaimer.isAsking:
                    # The next connection asks on.
                    return
            case _:
                pass
        assert self._catchUp is not None
        isItsTurn = self._catchUp.heard(event, "/history" in self._known.commands)
        if isItsTurn and isNews:
            self._show(client.roster, event)
        elif not isNews:
            self._screen.draw()
        if unproven:
            self._ask(unproven)

    def heardText(self, line: str) -> None:
        self._print(self._display.verbatim(line))

    def _learnCommands(self, client: ChatClient) -> None:
        client.learnCommands().addCallbacks(self._known.learned, lambda failure: None)

    def _has(self, nick: str | None) -> None:
        """The user has a nickname: the next connection asks for it."""
        self._factory.nick = nick
        self._reclaimer.have(nick)

    def _isReclaimed(self, nick: str, client: ChatClient) -> bool:
        """
        @param nick: was refused, because another user has it.
        @return: whether that is the last connection, and the nickname is asked for again.
        """
        _ = self._gettext
        reclaimer = self._reclaimer
        wasAsking = reclaimer.isAsking
        if reclaimer.taken(nick, client):
            if not wasAsking:
                phrase = _("{nick} is still taken, probably by your previous connection")
                self._notice(phrase.format(nick=nick))
                phrase = _("trying again for up to {minutes} minutes; /nick NAME takes another")
                self._notice(phrase.format(minutes=int(ASK_FOR // 60)))
            self._screen.draw()
            return True
        if wasAsking:
            self._putAside()
        self._proposeNick()
        return False

    def _proposeNick(self) -> None:
        """Put the nickname that was refused into the line: it may be free in a moment."""
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
            phrase = _(
                "logging in as {nick} again in {seconds} s; press Enter for another nickname"
            )
        elif account != self._asked:
            phrase = _("type the password of {nick}, or Enter for another nickname")
        else:
            return
        if account != self._asked:
            # The text is no password, or that of another account.
            self._putAside()
            self._screen.editor.replace("")
        self._asked = self._factory.nick = account
        self._screen.editor.isHidden = True
        self._notice(phrase.format(nick=account, seconds=seconds))

    def _askInRoom(self, account: str, own: str) -> None:
        """
        Ask a user who has a nickname for the password of an account, or go on asking.

        @param own: their nickname.
        """
        _ = self._gettext
        if account != self._asked:
            phrase = _("type the password of {nick}, or Enter to stay {own}")
            self._notice(phrase.format(nick=account, own=own))
            self._putAside()
            self._screen.editor.replace("")
        self._asked, self._isMoot = account, False
        self._screen.editor.isHidden = True
        self._screen.draw()

    def _settle(self) -> None:
        """
        Ask no more, at once or, where an answer is half typed, with the next Enter.
        """
        if self._asked is None:
            return
        self._isMoot = self._screen.editor.text != ""
        if not self._isMoot:
            self._answered()
            self._bringBack()

    def _answered(self) -> None:
        """Ask for no password any more."""
        if self._asked is not None:
            self._asked, self._isMoot = None, False
            self._screen.editor.replace("")
            self._screen.editor.isHidden = False

    def _putAside(self) -> None:
        """Empty the line for the answer to a question; what was half typed comes back."""
        editor = self._screen.editor
        if editor.text and not editor.isHidden and self._wasWelcomed:
            self._aside = editor.text
            editor.replace("")

    def _bringBack(self) -> None:
        """Put what was half typed into the line again."""
        if self._aside and self._asked is None and not self._screen.editor.text:
            self._screen.editor.replace(self._aside)
            self._aside = ""

    # What the user types.

    def _do(self, outcome: Outcome) -> None:
        _ = self._gettext
        match outcome:
            case Submitted(text):
                self._entered(text)
            case TooLong(maxText, maxLines):
                phrase = _("not pasted: at most {lines} lines and {bytes} bytes at once")
                self._warn(phrase.format(bytes=maxText, lines=maxLines))
            case NotText():
                phrase = _("not sent: that is not {charset}, the charset of this terminal")
                self._warn(phrase.format(charset=self._charset.upper()))
            case Request.END | Request.INTERRUPT | Request.CANCEL if self._isAskedInRoom:
                self._answered()
                self._bringBack()
            case Request.END | Request.INTERRUPT:
                self.leave()
            case Request.SUSPEND:
                self.suspend()

    def _entered(self, text: str) -> None:
        _ = self._gettext
        client = self._connector.client
        command = commandIn(text)
        isAnswer = self._asked is not None and isPassword(text)
        if not isAnswer and (answer := self._display.asked(command)) is not None:
            self._answerItself(answer)
        elif client is None:
            if isinstance(command, Quit):
                self.leave()
                return
            self._keepTyped(text, _("not sent: not connected"))
            self._connector.start()
        elif isAnswer:
            assert self._asked is not None
            self._enteredPassword(client, self._asked, text.strip())
        elif self._isLoggingIn(client) and not isCommand(text):
            self._keepTyped(text, _("not sent: not logged in yet"))
        elif self._isReclaiming(client) and not isCommand(text):
            self._keepTyped(text, _("not sent: you have no nickname yet"))
        elif not submit(client, text):
            phrase = _("not sent: a command can have at most {bytes} bytes")
            self._keepTyped(text, phrase.format(bytes=client.maxLine))
        else:
            self._sent(client, command)
        if client is not None and client.isRegistered:
            self._bringBack()

    def _answerItself(self, answer: Event) -> None:
        """Show what the client answers in the place of the service."""
        client = self._connector.client
        self._show(Roster() if client is None else client.roster, answer)
        if isinstance(answer, LanguageSet):
            language = answer.language
            self._gettext = translation(language).gettext
            self._connector.speak(language)
            if client is not None:
                client.command(f"/lang {language}")

    def _sent(self, client: ChatClient, command: Command | None) -> None:
        """What the user has entered is on its way."""
        if isinstance(command, Nick | Login):
            self._reclaimer.stop()
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
        if self._isMoot:
            # It was begun before the client had logged in by itself, or got another answer.
            self._answered()
            if password:
                self._notice(_("not sent: a password is no longer needed"))
        elif not password:
            self._answered()
            if not client.isRegistered:
                self._factory.nick = None
                self._kept.forget()
        elif not isWord(password):
            self._warn(_("passwords cannot contain spaces"))
        else:
            self._kept.telling(account, password)
            client.login(account, password)

    @property
    def _isAskedInRoom(self) -> bool:
        """Whether a password is asked for that the user may as well not type."""
        client = self._connector.client
        return self._asked is not None and client is not None and client.isRegistered

    def _isLoggingIn(self, client: ChatClient) -> bool:
        """Whether what is typed now is neither a nickname, nor a password, nor said yet."""
        return not client.isRegistered and self._asked is None and self._kept.isOnItsWay

    def _isReclaiming(self, client: ChatClient) -> bool:
        """Whether what is typed now is no nickname, as the last one is asked for."""
        return not client.isRegistered and self._reclaimer.isAsking

    # What is shown.

    def _prompt(self) -> str:
        _ = self._gettext
        client = self._connector.client
        if client is None:
            return self._status() + "> "
        roster = client.roster
        if self._asked is not None:
            return _("password") + "> "
        if self._isLoggingIn(client):
            return _("logging in") + "> "
        if self._isReclaiming(client):
            return _("waiting for {nick}").format(nick=clean(self._factory.nick or "")) + "> "
        if roster.nick is None:
            return _("nickname") + "> "
        room = self._rejoiner.talksIn(roster)
        if room is None:
            return _("no room") + "> "
        return f"{clean(room)} {roster.count(room)}> "

    def _status(self) -> str:
        """What is going on without a connection, in a word or two."""
        _ = self._gettext
        if self._connector.isConnecting:
            return _("connecting")
        seconds = self._connector.pause
        if seconds is None:
            return _("offline")
        return _("offline, retrying in {seconds} s").format(seconds=seconds)

    def _show(self, roster: Roster, event: Event) -> None:
        self._print(self._display.lines(event, roster))
        if self._display.rings(event, roster):
            self._screen.ring()

    def _notice(self, text: str) -> None:
        self._print(self._display.notice(text))

    def _warn(self, text: str) -> None:
        self._print(self._display.warning(text))

    def _print(self, lines: list[str]) -> None:
        for line in lines:
            self._screen.print(line, self._display.indent)

    # The end.

    def _end(self, status: int, message: str) -> None:
        if self._isOver:
            return
        self.close()
        self._connector.stop()
        self._ended(status, message)
