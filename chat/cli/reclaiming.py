"""
Asking again for a nickname that the last connection still has.

A connection that breaks without a word looks alive to the service until the kernel
gives it up, and keeps its nickname as long.  An account gets one more session all
the same; a guest is told that the nickname is taken, by nobody but themselves.
"""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.client.protocol import ChatClient
from chat.client.requests import isWord
from chat.vocabulary.names import fold

ASK_FOR = 180.0
"""
Seconds for which the nickname is asked for: some more than a service takes to find out
that a connection is dead.
"""

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 15.0
"""Seconds between two requests; each pause is twice as long as the last one."""


class Reclaimer:
    """
    The nickname of a guest, from one connection to the next.

    @ivar isAsking: whether it is being asked for.
    @ivar hasGivenUp: whether it was, for L{ASK_FOR}, and in vain.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._nick: str | None = None
        self._until: float | None = None
        self._pause = FIRST_PAUSE
        self._timer: IDelayedCall | None = None
        self.isAsking = False
        self.hasGivenUp = False

    def have(self, nick: str | None) -> None:
        """We have a nickname."""
        self.stop()
        self._nick = nick
        self._until = None
        self.hasGivenUp = False

    def disconnected(self) -> None:
        """The connection has ended; the next one asks by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def stop(self) -> None:
        """Ask no more: the user wants another nickname."""
        self.disconnected()
        self._nick = None
        self.isAsking = False

    def taken(self, nick: str, client: ChatClient) -> bool:
        """
        A nickname was refused, because another user has it.

        @return: whether it was ours, and is asked for again after a pause.
        """
        if self._nick is None or fold(nick) != fold(self._nick) or not isWord(nick):
            return False
        now = self._clock.seconds()
        if self._until is None:
            self._until, self._pause = now + ASK_FOR, FIRST_PAUSE
        if now >= self._until:
            self.stop()
            self.hasGivenUp = True
            return False
        self.disconnected()
        self.isAsking = True
        pause = min(self._pause, self._until - now)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._timer = self._clock.callLater(pause, self._ask, client)
        return True

    def _ask(self, client: ChatClient) -> None:
        self._timer = None
        assert self._nick is not None
        client.setNick(self._nick)
