"""
The connection of the C{tcpchat} command: made again when it is lost, and told in
plain words.

A L{ClientService} makes one attempt after the other.  L{Connector} is the endpoint
through which it does so: it hears how each attempt ends before the service goes
on, tells the L{Frontend}, and stops the service if the frontend wants no other
attempt: on a terminal the user waits for one, in a pipe a script does not.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from random import random
from typing import Any, Protocol

from twisted.application.internet import ClientService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.cli.greeting import greetingIn
from chat.cli.options import ClientOptions
from chat.cli.reasons import Reasons
from chat.cli.target import endpointFor
from chat.client.protocol import ChatClient, ChatFactory
from chat.vocabulary.events import (
    Entered,
    Event,
    FormatSet,
    LanguageSet,
    Listed,
    Talking,
    TopicShown,
    Welcomed,
)
from chat.vocabulary.i18n import translation

FIRST_PAUSE = 1.0
"""
Seconds before the first new attempt; each further one takes twice as long, and
longer where the service asks for it.
"""

LONGEST_PAUSE = 60.0
"""Seconds that a pause grows up to, unless the service asks for a longer one."""

ANSWER_WITHIN = 15.0
"""Seconds for the service to speak its language, once it is connected."""


class Frontend(Protocol):
    """
    The part of the command that shows a connection: on a terminal, or in a pipe.
    """

    def statusChanged(self) -> None:
        """
        An attempt begins or ends, or C{Connector.pause} has changed: once a second
        during a pause.
        """

    def connected(self, client: RelayClient) -> None:
        """The service is there, and the client has introduced itself."""

    def disconnected(self, client: RelayClient, why: str) -> bool:
        """
        A connection on which the service was understood has ended.

        @param why: a phrase in the user's language; not safe for a terminal.
        @return: whether to connect again, after a pause.
        """

    def failed(self, why: str, isHopeless: bool) -> bool:
        """
        An attempt has failed, or its connection has ended before the service was
        understood.

        @param why: as for L{disconnected}.
        @param isHopeless: whether the service has never been reached, nor asked to
            try again later.
        @return: whether to connect again, after a pause.
        """

    def heard(self, client: RelayClient, event: Event) -> None:
        """The client has heard an event."""

    def heardText(self, line: str) -> None:
        """
        The service has said something in text.

        @param line: not safe for a terminal.
        """


class RelayClient(ChatClient):
    """
    Passes events on to the frontend, and those lines of the greeting that a user
    wants to read.

    A service greets in text: a welcome, what its operator has to say, and last
    the question for a nickname.  The question is not passed on, since the frontend
    asks it in other words, if at all.  Nor is the list of users that follows upon
    entering a room: it is for programs, and the welcome has the names, too.
    """

    def __init__(self, frontend: Frontend, connected: Callable[[RelayClient], None]) -> None:
        """
        @param connected: called when the connection has been made.
        """
        super().__init__()
        self._frontend = frontend
        self._connected = connected
        self._heldBack: str | None = None
        self._justEntered: str | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self._connected(self)

    def textReceived(self, line: str) -> None:
        # A line of the greeting is passed on when another one follows it.
        held, self._heldBack = self._heldBack, line
        if self.isUnderstood:
            # The user has asked for text.
            held, self._heldBack = line, None
        if held is not None:
            self._textHeard(held)

    def eventReceived(self, event: Event) -> None:
        self._heldBack = None
        if isinstance(event, FormatSet | LanguageSet) and not self.isRegistered:
            # It only answers our own introduction.
            return
        if not self._isUnasked(event):
            self._frontend.heard(self, event)

    def releaseText(self) -> None:
        """
        Pass on what has been held back: it was no question, because the service
        has closed the connection after it.
        """
        held, self._heldBack = self._heldBack, None
        if held is not None:
            self._textHeard(held)

    def _textHeard(self, line: str) -> None:
        greeting = None if self.isUnderstood else greetingIn(line)
        if greeting is None:
            self._frontend.heardText(line)
        else:
            self._frontend.heard(self, greeting)

    def _isUnasked(self, event: Event) -> bool:
        """Whether this is the list that follows upon entering a room."""
        entered, self._justEntered = self._justEntered, None
        match event:
            case Welcomed(room=room) | Entered(room=room):
                self._justEntered = room
            case TopicShown() | Talking():
                # They come between.
                self._justEntered = entered
            case Listed(room=room):
                return room == entered
            case _:
                pass
        return False


@implementer(IStreamClientEndpoint)
class Connector:
    """
    Connects to one service, as often as it takes.

    @ivar factory: makes the clients.
    @ivar client: the client, while it is connected.
    @ivar reasons: what happens, in the language of the user.
    @ivar pause: seconds until the next attempt; L{None} while none is to come by itself.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        options: ClientOptions,
        frontend: Frontend,
        jitter: Callable[[], float] = random,
    ) -> None:
        """
        @param reactor: for the connection and for the time.
        @param jitter: a number from 0 up to 1 by which a pause is chosen, so that
            clients that were disconnected together do not come back together.
        """
        self._reactor = reactor
        self._target = options.target
        self._frontend = frontend
        self.reasons = Reasons(options.target, translation(options.language))
        self._jitter = jitter
        self.client: RelayClient | None = None
        self.pause: int | None = None
        self.factory = ChatFactory(
            lambda: RelayClient(frontend, self._connected),
            options.nick,
            options.language,
            options.password,
        )
        self._service = ClientService(self, self.factory, self._pauseBefore, reactor)
        self._counting: IDelayedCall | None = None
        # Whether the service has been understood once.
        self._wasReached = False
        # Since the last connection on which we had a nickname.
        self._attempts = 0
        # Seconds that the service has asked for.
        self._leastPause = 0.0

    def start(self) -> None:
        """
        Make an attempt now, unless one is on its way or has succeeded.
        """
        if self.pause is not None:
            self._service.stopService()
        if not self._service.running:
            self._service.startService()

    def stop(self) -> None:
        """
        Make no more attempts, and close the connection.
        """
        self._endPause()
        self._service.stopService()

    @property
    def isConnecting(self) -> bool:
        """Whether an attempt is on its way."""
        return bool(self._service.running) and self.client is None and self.pause is None

    def speak(self, language: str) -> None:
        """
        Have another language: here, and on the next connections.

        @param language: one of L{chat.vocabulary.i18n.LANGUAGES}.
        """
        self.factory.language = language
        self.reasons = Reasons(self._target, translation(language))

    # One attempt.

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Make one attempt; this is for the L{ClientService}.
        """
        self._endPause()
        self._attempts += 1
        attempt: Deferred[IProtocol] = maybeDeferred(
            lambda: endpointFor(self._reactor, self._target).connect(protocolFactory)
        )
        if attempt.called:
            # The service cannot be stopped before this method has returned.
            failed = attempt
            attempt = deferLater(self._reactor, 0).addCallback(lambda _: failed)
        return attempt.addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        self._leastPause = 0.0
        # An attempt that was stopped fails too, and may look like a host that was not found.
        if self._service.running:
            # The service takes an exception for another failed attempt.
            with self._log.failuresHandled("Error while reporting a failed attempt:"):
                why = self.reasons.failed(failure)
                self._goOn(self._frontend.failed(why, not self._wasReached))
        return failure

    def _connected(self, client: RelayClient) -> None:
        self.client = client
        answering = self._reactor.callLater(ANSWER_WITHIN, self._checkAnswer, client)
        client.whenClosed().addCallback(lambda _: self._closed(client, answering))
        self._frontend.connected(client)

    def _checkAnswer(self, client: RelayClient) -> None:
        if not client.isUnderstood:
            client.transport.abortConnection()

    def _closed(self, client: RelayClient, answering: IDelayedCall) -> None:
        self.client = None
        isSilent = not answering.active()
        if not isSilent:
            answering.cancel()
        if client.isRegistered:
            # It worked, so the next attempt is a first one.
            self._attempts = 0
        reason, rejection = client.lossReason, client.rejection
        assert reason is not None
        self._leastPause = 0.0 if rejection is None else rejection.pause
        if client.isUnderstood:
            self._wasReached = True
            self._goOn(self._frontend.disconnected(client, self.reasons.lost(reason)))
            return
        why = self.reasons.silent() if isSilent else self.reasons.rejected(reason, rejection)
        isHopeless = not self._wasReached and rejection is None
        self._goOn(self._frontend.failed(why, isHopeless))

    # The next attempt.

    def _goOn(self, isWanted: bool) -> None:
        if not isWanted:
            self._service.stopService()

    def _pauseBefore(self, failures: int) -> float:
        """
        @param failures: counts attempts that have failed in a row.  It does not
            count connections that the service has closed at once.
        @return: how many seconds to wait before the next attempt.
        """
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._attempts - 1, 10))
        pause = max(FIRST_PAUSE, self._leastPause + longest * (0.5 + self._jitter() / 2))
        self._count(ceil(pause))
        return pause

    def _count(self, seconds: int) -> None:
        """Count a pause down; the attempt itself ends it."""
        self.pause = seconds
        self._counting = (
            self._reactor.callLater(1, self._count, seconds - 1) if seconds > 1 else None
        )
        self._frontend.statusChanged()

    def _endPause(self) -> None:
        self.pause = None
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None
        self._frontend.statusChanged()
