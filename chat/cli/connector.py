"""
The way to the service, told in plain words, and back to it when it is lost.

L{Connector} makes one attempt after the other and tells its L{Owner} what
happens.  Whether there is another attempt is the owner's to say, by
L{Connector.retry}: a person waits, a script does not.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from random import random
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from chat.cli.reasons import Reasons
from chat.cli.target import Target, endpointFor
from chat.client.protocol import ChatClient, ChatFactory

FIRST_PAUSE = 1.0
"""
Seconds before the first new attempt; each further one takes twice as long, and
longer where the service asks for it.
"""

LONGEST_PAUSE = 60.0

ANSWER_WITHIN = 15.0
"""Seconds for the service to speak its language, once it is connected."""


class Owner(Protocol):
    """
    Who wants to be connected.
    """

    def reported(self, text: str) -> None:
        """
        Something happens that a person may want to know.

        @param text: a phrase in his language; not safe for a terminal.
        """

    def connected(self, client: ChatClient) -> None:
        """The service is there, and the client has introduced itself."""

    def disconnected(self, client: ChatClient, why: str) -> None:
        """
        It is gone.

        @param why: a phrase, as for L{reported}.
        """

    def failed(self, why: str, isFinal: bool) -> None:
        """
        It was never there.

        @param why: a phrase, as for L{reported}.
        @param isFinal: whether another attempt cannot do any better.
        """


class Connector:
    """
    Connects to one place, as often as it takes.
    """

    def __init__(
        self,
        reactor: Any,
        target: Target,
        factory: ChatFactory,
        owner: Owner,
        reasons: Reasons,
        jitter: Callable[[], float] = random,
    ) -> None:
        """
        @param reactor: for the connection and for the time.
        @param jitter: a number from 0 up to 1 by which a pause is chosen, so that
            not everybody comes back at once.
        """
        self._reactor = reactor
        self._target = target
        self._factory = factory
        self._owner = owner
        self._reasons = reasons
        self._jitter = jitter
        self._attempts = 0
        self._leastPause = 0.0
        self._attempt: Deferred[Any] | None = None
        self._timer: IDelayedCall | None = None
        self._client: ChatClient | None = None
        self._gaveUpWaiting = False

    @property
    def client(self) -> ChatClient | None:
        """The client, while it is connected."""
        return self._client

    def connect(self) -> None:
        """
        Make an attempt now, unless one is on its way.
        """
        if self._client is not None or self._attempt is not None:
            return
        self._stopTimer()
        self._attempts += 1
        if self._target.path is None:
            self._owner.reported(self._reasons.lookingUp())
        try:
            endpoint = endpointFor(self._reactor, self._target, self._connecting)
        except (OSError, ValueError) as error:
            self._owner.failed(self._reasons.unusable(error), True)
            return
        attempt = endpoint.connect(self._factory)
        self._attempt = attempt
        attempt.addCallbacks(self._connected, self._failed)

    def retry(self) -> None:
        """
        Make another attempt after a pause, and tell how long it is.
        """
        if self._timer is not None:
            return
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._attempts - 1, 10))
        pause = max(FIRST_PAUSE, self._leastPause + longest * (0.5 + self._jitter() / 2))
        self._owner.reported(self._reasons.reconnecting(ceil(pause)))
        self._timer = self._reactor.callLater(pause, self._timeIsUp)

    def stop(self) -> None:
        """
        Make no more attempts.  A connection that is there stays.
        """
        self._stopTimer()
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.cancel()

    def _connecting(self, address: str) -> None:
        self._owner.reported(self._reasons.connecting(address))

    def _timeIsUp(self) -> None:
        self._timer = None
        self.connect()

    def _stopTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _connected(self, client: ChatClient) -> None:
        self._attempt = None
        self._client = client
        self._gaveUpWaiting = False
        self._timer = self._reactor.callLater(ANSWER_WITHIN, self._checkAnswer)
        self._owner.connected(client)
        client.whenClosed().addCallback(lambda _: self._closed(client))

    def _failed(self, failure: Failure) -> None:
        self._attempt = None
        self._leastPause = 0.0
        if failure.check(CancelledError, ConnectingCancelledError) is None:
            self._owner.failed(*self._reasons.failed(failure))

    def _checkAnswer(self) -> None:
        self._timer = None
        if self._client is not None and not self._client.isUnderstood:
            self._gaveUpWaiting = True
            self._client.transport.abortConnection()

    def _closed(self, client: ChatClient) -> None:
        self._client = None
        self._stopTimer()
        if client.isRegistered:
            # It worked, so the next attempt is a first one.
            self._attempts = 0
        reason, rejection = client.lossReason, client.rejection
        assert reason is not None
        self._leastPause = 0.0 if rejection is None else rejection.pause
        if client.isUnderstood:
            self._owner.disconnected(client, self._reasons.lost(reason))
        elif self._gaveUpWaiting:
            self._owner.failed(self._reasons.silent(), False)
        else:
            self._owner.failed(*self._reasons.rejected(reason, rejection))
