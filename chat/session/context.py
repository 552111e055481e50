"""
The context of commands: one session, as the states of L{chat.session.lifecycle} and the
handlers of L{chat.session.handlers} work on it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from math import ceil
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred

from chat.core.users import User, UserSession
from chat.interfaces import FrontDoor, Outlet
from chat.session.deadlines import Deadlines
from chat.session.server import Server
from chat.vocabulary.addresses import parseAddress
from chat.vocabulary.errors import ChatError, CommandMeant, NickNeeded, SlashMissing
from chat.vocabulary.events import Ending, Refused, Warned
from chat.vocabulary.limits import Rate, Shares
from chat.vocabulary.style import Style

Answer = Coroutine[Any, Any, None]
"""
The part of a command that takes time, up to its answer.  It raises a L{ChatError} if the
command cannot be carried out, and L{SessionOver} if the session has ended meanwhile.
"""

Handler = Callable[["Context", Any], Answer | None]
"""
Carries a command out.  It returns L{None} if that has been done, and raises a L{ChatError}
if it cannot be done.
"""

T = TypeVar("T")


class SessionOver(Exception):
    """The session has ended while a command waited for something, so there is no answer."""


def requireRate(context: Context, rate: Rate, mark: float, error: type[ChatError]) -> None:
    """
    @param mark: how often the user has done something.
    @raise ChatError: C{error}, with the seconds until they may do it again, where that
        was often enough for now.
    """
    wait = rate.wait(mark, context.hub.seconds())
    if wait:
        raise error(str(ceil(wait)))


def requireShare(context: Context, shares: Shares, error: type[ChatError]) -> None:
    """
    @param shares: how often it has been done from each origin.
    @raise ChatError: C{error}, with the seconds until it may be done again, where it was done
        often enough for now from where the user comes from.  Users without an address, and
        those whom the operator of the service trusts, are not counted.
    """
    wait = shares.wait(context.origin) if context.isCounted else 0
    if wait:
        raise error(str(ceil(wait)))


def spendShare(context: Context, shares: Shares) -> None:
    """
    It has been done; see L{requireShare}.
    """
    if context.isCounted:
        shares.spend(context.origin)


class Context(UserSession):
    """
    One session, with all it works on.

    @ivar server: what all sessions share.
    @ivar hub: the hub of the server.
    @ivar user: L{None} before there is a nickname and after the end.
    @ivar style: what the user has chosen about how events read.
    @ivar asked: the registered nickname whose password is expected, or nothing.  While
        there is one, what the user types may be a password, and no refusal may repeat it.
        A user who has another nickname is asked for one as well.
    @ivar wanted: the name of the room in which the session is to begin, or nothing.
    @ivar reason: why the session has ended, or nothing.
    @ivar refused: how many requests have been refused.
    """

    __slots__ = (
        "_attempt",
        "asked",
        "deadlines",
        "door",
        "hub",
        "reason",
        "refused",
        "server",
        "style",
        "user",
        "wanted",
    )

    def __init__(
        self,
        server: Server,
        door: FrontDoor,
        outlet: Outlet,
        style: Style | None = None,
        room: str = "",
    ) -> None:
        """
        @param server: what all sessions share.
        @param style: how events read from the start, where the door decides that.
        @param room: the name of the room to begin in, where the door decides that; a
            user who may not enter it begins in the room in which all others do.
        """
        self.style = style or Style(language=server.settings.language)
        rendering = (door.renderings or server.renderings)(self.style)
        super().__init__(outlet, rendering, server.now(), server.hub.seconds())
        self.server = server
        self.hub = server.hub
        self.door: FrontDoor = door
        self.deadlines = Deadlines(
            server.clock, server.settings.registrationTimeout, server.settings.idleTimeout
        )
        self.user: User | None = None
        self.asked = ""
        self.wanted = room
        self.reason = ""
        self.refused = 0
        self._attempt: Deferred[Any] | None = None

    @property
    def address(self) -> str:
        return self.door.address

    @property
    def origin(self) -> str:
        """Where the user comes from, as far as limits are concerned; see L{FrontDoor}."""
        return self.door.origin

    @property
    def isCounted(self) -> bool:
        """Whether limits for what comes from one address hold for the user."""
        address = parseAddress(self.address)
        trusted = self.server.settings.trusted
        return address is not None and not any(address in network for network in trusted)

    @property
    def me(self) -> User:
        """
        The user.

        @raise NickNeeded: when there is no nickname.
        """
        if self.user is None:
            raise NickNeeded
        return self.user

    @property
    def isGuest(self) -> bool:
        """Whether the user has a nickname, and no account."""
        return self.user is not None and not self.user.account

    @property
    def isOperator(self) -> bool:
        """Whether the user is an operator."""
        return self.user is not None and self.server.isOperator(self.user)

    async def outcome(self, awaitable: Awaitable[T]) -> T:
        """
        Wait for something that takes time.

        @raise SessionOver: when the session has ended meanwhile.
        """
        result = await awaitable
        self.requireLiving()
        return result

    async def attempted(self, attempt: Deferred[T]) -> T:
        """
        Wait for something that is not to be waited for without this session: it is
        cancelled when the session ends.

        @raise SessionOver: when the session has ended meanwhile.
        """
        self._attempt = attempt
        try:
            return await self.outcome(attempt)
        except CancelledError:
            raise SessionOver from None
        finally:
            self._attempt = None

    def requireLiving(self) -> None:
        """
        @raise SessionOver: when the session has ended.
        """
        if self.reason:
            raise SessionOver

    def state(self) -> dict[str, Any]:
        """
        @return: what is known of the session, as plain values that JSON can hold.
        """
        return {
            "style": asdict(self.style),
            "nick": self.nick,
            "account": "" if self.user is None else self.user.account,
            "room": self.room,
            "asked": self.asked,
            "reason": str(self.reason),
        }

    def restyle(self, style: Style) -> None:
        """
        Write as the user has chosen, from the next event on.
        """
        self.style = style
        self.choose((self.door.renderings or self.server.renderings)(style))

    def refuse(self, error: ChatError) -> None:
        """Answer what the user asked for with an error."""
        if isinstance(error, CommandMeant) and (self.user is None or self.asked):
            # That error tells how to say it all the same.
            error = SlashMissing(error.about)
        self.refused += 1
        self.server.counters.refusals[error.code] += 1
        self.hear(Refused(error.code, error.about, by=error.by, until=error.until))

    def warn(self, seconds: int) -> None:
        """
        Tell the user that the session ends soon if they stay silent.

        @param seconds: how many are left.
        """
        self.hear(Warned("idle", str(seconds)))

    def leave(self, reason: Ending, text: str = "", by: str = "") -> None:
        """
        Stop every clock and leave all rooms; unless the user has other sessions, the
        nickname is free.

        @param text: what the user gave as a reason.
        @param by: the nickname of the user who wants it, if it is another one.
        """
        self.deadlines.stop()
        self.reason = reason
        if self._attempt is not None:
            self._attempt.cancel()
        user, self.user = self.user, None
        if user is not None:
            self.hub.detach(user, self, reason, text, by)
