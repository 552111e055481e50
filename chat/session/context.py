"""
One participant at work: what the states of L{chat.session.lifecycle} and the answers of
L{chat.session.handlers} work on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from math import ceil
from typing import Any, TypeVar

from chat.core.participant import Participant
from chat.core.users import Member, Seat
from chat.delivery.audience import Recipient
from chat.interfaces import FrontDoor, Outlet
from chat.session.deadlines import Deadlines
from chat.session.server import Facilities
from chat.vocabulary.errors import ChatError, NickNeeded
from chat.vocabulary.events import Ending, Event, Refused
from chat.vocabulary.limits import Pace, Rate
from chat.vocabulary.style import Style

Answer = Coroutine[Any, Any, None]
"""
The rest of what takes time, with its answer.  It raises a L{ChatError} where it
cannot be done, and L{SessionOver} where nobody is to be told any more.
"""

Handler = Callable[["Core", Any], Answer | None]
"""
Does what a command asks for.  Nothing is returned where all is done; a
L{ChatError} is raised where it cannot be done.
"""

T = TypeVar("T")


class SessionOver(Exception):
    """The session has ended while something was waited for; nobody is to be told."""


def requireRate(core: Core, rate: Rate, mark: float, error: type[ChatError]) -> None:
    """
    @param mark: how often he has done something.
    @raise ChatError: C{error}, with the seconds until he may do it again, where
        that was often enough for now.
    """
    wait = rate.wait(mark, core.hub.seconds())
    if wait:
        raise error(str(ceil(wait)))


class Core:
    """
    One participant at work.

    @ivar shared: what all sessions share.
    @ivar member: who he is, L{None} before he has a nickname and after he has
        left.
    @ivar refused: how many of his requests have been refused.
    @ivar wanted: the room in which the user wants to begin, or nothing.
    """

    __slots__ = (
        "deadlines",
        "door",
        "hub",
        "member",
        "participant",
        "recipient",
        "refused",
        "seat",
        "shared",
        "wanted",
    )

    def __init__(
        self,
        shared: Facilities,
        door: FrontDoor,
        outlet: Outlet,
        end: Callable[[Ending, str, str], None],
        warn: Callable[[int], None],
        style: Style | None = None,
        room: str = "",
    ) -> None:
        """
        @param end: ends the session; told why, a detail of that, and who wants it.
        @param warn: told how many seconds are left before it ends for silence.
        @param style: how events read from the start.
        @param room: where the user wants to begin.
        """
        self.shared = shared
        self.hub = shared.hub
        self.door: FrontDoor = door
        style = style or Style(language=shared.settings.language)
        self.participant = Participant(style.language, style.format, style.hasTimes, style.bell)
        self.wanted = room
        self.recipient = Recipient(outlet, shared.renderings(self.participant.style))
        self.deadlines = Deadlines(
            shared.clock,
            shared.settings.registrationTimeout,
            shared.settings.idleTimeout,
            warn,
            lambda reason: end(reason, "", ""),
        )
        self.seat = Seat(
            self.recipient,
            self.participant,
            end,
            lambda: door.address,
            shared.now(),
            shared.hub.seconds(),
        )
        self.member: Member | None = None
        self.refused = 0

    @property
    def me(self) -> Member:
        """
        Who asks.

        @raise NickNeeded: when there is no nickname.
        """
        if self.member is None:
            raise NickNeeded
        return self.member

    async def outcome(self, awaitable: Awaitable[T]) -> T:
        """
        Wait for something that takes time.

        @raise SessionOver: when the session has ended meanwhile.
        """
        result = await awaitable
        self.requireLiving()
        return result

    def requireLiving(self) -> None:
        """
        @raise SessionOver: when the session has ended.
        """
        if self.participant.reason:
            raise SessionOver

    @property
    def isOperator(self) -> bool:
        """Whether he keeps order here."""
        return self.member is not None and self.shared.isOperator(self.member)

    def hear(self, event: Event) -> None:
        """Tell him something, in this session."""
        self.recipient.hear(event)

    def refuse(self, error: ChatError) -> None:
        """Answer what he asked for with an error."""
        self.refused += 1
        self.shared.counters.refusals[error.code] += 1
        self.recipient.hear(Refused(error.code, error.about))

    def leave(self, reason: Ending, text: str = "", by: str = "") -> None:
        """
        Stop every clock and leave all rooms; unless he has other sessions, his
        nickname is free.

        @param text: what the participant gave as a reason.
        @param by: who has put him out, if somebody has.
        """
        self.deadlines.stop()
        self.participant.reason = reason
        member, self.member = self.member, None
        if member is not None:
            self.hub.detach(member, self.seat, reason, text, by)

    def over(self) -> None:
        """
        Let go of whoever made this, so that all of it is freed at once and does not
        wait for the garbage collector.
        """
        self.door = _NOWHERE
        self.seat.end = _ignore
        self.seat.address = str
        self.deadlines.over()

    def chooseRendering(self) -> None:
        """
        Write to the participant as he has chosen, from the next event on.
        """
        self.recipient.choose(self.shared.renderings(self.participant.style))


class _Nowhere:
    """
    The front door of a session that is over.
    """

    address = ""

    def named(self, pace: Pace) -> None: ...

    def hold(self) -> None: ...

    def release(self) -> None: ...

    def close(self, grace: float | None = None) -> None: ...


def _ignore(*_: object) -> None:
    """Do nothing."""


_NOWHERE = _Nowhere()
