"""
The client library: L{ChatClient} speaks JSON lines to the service.

A connection begins with text, since its far end may be a user with telnet, and
becomes JSON once C{/format json} has been carried out.  From then on every line
is an object.  So a line that does not begin with C{E{lb}} before that is passed
over, and the client asks for everything else at once, without waiting for an
answer: the service carries lines out in order.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, ISSLTransport, ITCPTransport
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.client.lines import LineConnection
from chat.client.receiver import EventReceiver
from chat.client.rejection import Rejection
from chat.client.requests import Requests
from chat.client.roster import Roster
from chat.rendering.jsonlines import fromMapping
from chat.vocabulary.events import (
    Event,
    Excerpt,
    FormatSet,
    Helped,
    Missed,
    Ponged,
    Recalled,
    Refused,
    Welcomed,
)
from chat.vocabulary.names import fold

_LIMIT = re.compile("[1-9][0-9]{0,8}")

Past = Excerpt | Recalled | Missed | Refused
"""The events that answer a question for the past."""

# The answer to a ping where text has been asked for, perhaps with times.  Only the
# service begins a line so.
_PONG = re.compile(r"(?:\[\d\d:\d\d\] )?--- PONG (\S+)")


class ChatClient(Requests, EventReceiver, LineConnection):
    """
    One connection to the service.

    Subclass it and override the methods for what you want to hear; see
    L{EventReceiver} and, for the connection itself, C{connectionMade} and
    C{connectionLost}, which have to call these.  Ask for things with the methods of
    L{Requests}, and wait for them with those of L{LineConnection}.

    @ivar roster: the rooms that we are in, and the users in them.
    @ivar wantedNick: the nickname to ask for at once, if any; where we log in to an
        account of another name, after that, unless its user is here already.
    @ivar account: to log in to at once; C{wantedNick} unless it is another.
    @ivar password: that of the account, if there is one.
    @ivar language: the language to ask for at once, if any, for what the
        service says in sentences; see L{chat.vocabulary.i18n}.
    """

    _log = Logger()
    wantedNick: str | None = None
    account: str | None = None
    password: str | None = None
    language: str | None = None

    def __init__(self, roster: Roster | None = None) -> None:
        """
        @param roster: that of an earlier connection, to go on with.
        """
        super().__init__()
        self.roster = Roster() if roster is None else roster
        self._isJSON = False
        # The last line of text before the service was understood.
        self._lastText = ""
        # The rows so far of each help that was asked for, in the order of asking.
        self._learning: deque[list[Helped]] = deque()
        self._reading: _PastReader | None = None

    # The connection.

    def connectionMade(self) -> None:
        """
        Introduce ourselves.
        """
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpKeepAlive(True)
        self.command("/format json")
        if self.language is not None:
            self.command(f"/lang {self.language}")
        account = self.account or self.wantedNick
        if account is not None and self.password is not None:
            self.login(account, self.password)
        elif self.wantedNick is not None:
            self.setNick(self.wantedNick)

    # Requests that are answered here.

    def learnCommands(self) -> Deferred[list[Helped]]:
        """
        Ask which commands the service knows.  The rows of the help that answer
        this do not come to L{EventReceiver.helped}.

        @return: fires with one row per command, fails like L{LineConnection.ping}.
        """
        rows: list[Helped] = []
        self._learning.append(rows)
        self.command("/help all")

        def learned(result: str | Failure) -> list[Helped] | Failure:
            self._learning.popleft()
            return result if isinstance(result, Failure) else rows

        return self.ping().addBoth(learned)

    def readHistory(self, room: str, after: int) -> Deferred[list[Past]]:
        """
        Ask for the lines of a room after one of them.  The events that answer
        this do not come to L{EventReceiver}.

        @param after: the id of that line.
        @return: fires with an L{Excerpt} and what follows it, or with a
            L{chat.vocabulary.events.Refused}; fails like L{LineConnection.ping}.
        """
        reader = _PastReader(room)

        def begin(token: str) -> None:
            self._reading = reader

        def end(result: str | Failure) -> list[Past] | Failure:
            self._reading = None
            return result if isinstance(result, Failure) else reader.events

        # Everything that was asked before is answered before the first ping.
        self.ping().addCallbacks(begin, lambda failure: None)
        self.history(room, after=after)
        return self.ping().addBoth(end)

    def command(self, line: str) -> None:
        if "\n" in line or "\r" in line:
            raise ValueError("a line end in a line")
        self.sendLine(line.encode("utf-8"))

    def closeInput(self) -> None:
        """
        Say that nothing more will be said; what is on its way to us still
        arrives.  It is a half-close, and with TLS, which has none, C{/quit}.
        """
        if ISSLTransport.providedBy(self.transport):
            self.quit()
        else:
            self.whenSent().addCallbacks(
                lambda _: self.transport.loseWriteConnection(), lambda failure: None
            )

    # Received lines.

    def lineReceived(self, line: bytes) -> None:
        """
        A complete line has come.

        @param line: without its end.
        """
        if not line.startswith(b"{"):
            self._textLineReceived(line.decode("utf-8", "replace"))
            return
        try:
            mapping = json.loads(line)
            event = fromMapping(mapping)
        except (ValueError, RecursionError) as error:
            # A later version may say what this one does not understand.
            self._log.debug("not understood: {line!r}: {error}", line=line, error=error)
            return
        self._isJSON = True
        if event is not None:
            self._jsonReceived(event)

    def textReceived(self, line: str) -> None:
        """
        A line has come that is not JSON: the greeting, or this is no chat
        service.  Override it to see what it is.

        @param line: not made safe for a terminal.
        """

    @property
    def isUnderstood(self) -> bool:
        """Whether the service has begun to speak JSON."""
        return self._isJSON

    @property
    def isRegistered(self) -> bool:
        """Whether we have a nickname."""
        return self.roster.nick is not None

    @property
    def rejection(self) -> Rejection | None:
        """Why the service has closed the connection at once, if that is why."""
        return None if self._isJSON else Rejection.parse(self._lastText)

    def _textLineReceived(self, line: str) -> None:
        if not self._isJSON:
            self._lastText = line
        elif (pong := _PONG.fullmatch(line)) and self.pingAnswered(pong[1]):
            return
        self.textReceived(line)

    def _jsonReceived(self, event: Event) -> None:
        if self._reading is not None and self._reading.takes(event):
            return
        if isinstance(event, Helped) and self._learning:
            self._learning[0].append(event)
        elif not (isinstance(event, Ponged) and self.pingAnswered(event.token)):
            if isinstance(event, Welcomed) and self.roster.nick is None:
                self._takeNick(event.nick)
            self._learnLimit(event)
            self.roster.eventReceived(event)
            self.eventReceived(event)

    def _takeNick(self, given: str) -> None:
        """
        Ask for the nickname that we want besides that of the account.

        @param given: the nickname that the login has given us.  Another one than that of
            the account is what the user is called by now, in other sessions.
        """
        account, wanted = self.account, self.wantedNick
        if account is None or wanted is None or self.password is None:
            return
        if fold(given) == fold(account) != fold(wanted):
            self.setNick(wanted)

    def _learnLimit(self, event: Event) -> None:
        """Take in how long a line may be."""
        match event:
            case FormatSet(limit=limit) if limit > 0:
                self.maxLine = limit
            case Refused(code="line-too-long", about=limit) if _LIMIT.fullmatch(limit):
                self.maxLine = int(limit)
            case _:
                pass


class _PastReader:
    """
    Takes the answer to one question for the past out of what is heard.  It is in
    use from the answer to the ping before the question to that of the ping after it.

    A replay is no answer to a question, but it may come at the same time.  All of
    it comes at once, its head first.

    @ivar events: the answer.
    """

    def __init__(self, room: str) -> None:
        self._room = room
        # How many lines of a replay are still to come.
        self._replayed = 0
        self.events: list[Past] = []

    def takes(self, event: Event) -> bool:
        """
        @return: whether an event belongs to the answer.
        """
        if isinstance(event, Refused):
            self.events.append(event)
            return True
        if not isinstance(event, Excerpt | Recalled | Missed) or event.room != self._room:
            return False
        if isinstance(event, Excerpt) and event.reason == "replay":
            self._replayed = event.count
            return False
        if self._replayed:
            self._replayed -= isinstance(event, Recalled)
            return False
        self.events.append(event)
        return True


class ChatFactory(Factory):
    """
    Makes clients, for an endpoint.

    @ivar account: the account to log in to, where it is not C{nick}.
    @ivar lastIds: the C{lastIds} of every roster, so that a connection knows
        what the last one has heard.
    """

    noisy = False

    def __init__(
        self,
        protocol: Callable[[], ChatClient] = ChatClient,
        nick: str | None = None,
        language: str | None = None,
        password: str | None = None,
    ) -> None:
        """
        @param protocol: makes a client; most often its class.
        @param nick: the nickname to ask for.
        @param language: the language to ask for.
        @param password: of the account C{nick}, if it is one.
        """
        self._newClient = protocol
        self.nick = nick
        self.account: str | None = None
        self.password = password
        self.language = language
        self.lastIds: dict[str, int] = {}

    def buildProtocol(self, addr: IAddress | None) -> ChatClient:
        """
        @return: a new client.
        """
        client = self._newClient()
        client.factory = self
        client.roster.lastIds = self.lastIds
        client.wantedNick = client.wantedNick if self.nick is None else self.nick
        client.account = client.account if self.account is None else self.account
        client.password = client.password if self.password is None else self.password
        client.language = client.language if self.language is None else self.language
        return client
