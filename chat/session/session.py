"""
One visit, from the first byte to the last, whatever the way in.

A front door makes a L{Session}, gives it commands, and is told what to write through
its L{chat.interfaces.Outlet}.  What may happen when is in L{chat.session.lifecycle};
what a command does is in L{chat.session.handlers}.
"""

from __future__ import annotations

from datetime import datetime

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chat.interfaces import FrontDoor, Outlet
from chat.session.context import Context
from chat.session.handlers.dispatch import HANDLERS
from chat.session.handlers.general import tellMotd
from chat.session.lifecycle import Lifecycle, newLifecycle
from chat.session.server import Server
from chat.session.signon import mayBeHere, vouched
from chat.vocabulary.commands import Command, Nick, StateCommand
from chat.vocabulary.errors import Banned, ChatError
from chat.vocabulary.events import Ending, Greeted, NickAsked
from chat.vocabulary.names import roomname
from chat.vocabulary.style import Style


class Session(Context):
    """
    One session, as its front door sees it.

    An error in what the user asks for is answered with one L{Refused
    <chat.vocabulary.replies.Refused>}.  An unexpected exception is logged once and ends
    this session only.
    """

    __slots__ = ("_lifecycle",)

    _log = Logger()

    def __init__(
        self,
        server: Server,
        door: FrontDoor,
        outlet: Outlet,
        style: Style | None = None,
        room: str = "",
    ) -> None:
        super().__init__(server, door, outlet, style, room)
        # Until the connection is gone, since the two refer to each other.
        self._lifecycle: Lifecycle | None = newLifecycle(self)

    @property
    def isRegistered(self) -> bool:
        """Whether there is a nickname."""
        return self.user is not None

    def opened(self, nick: str = "", account: str = "") -> None:
        """
        Begin: greet the user, unless their address is banned.

        @param nick: the nickname by which the door introduces the user; without one
            the session asks for it.
        @param account: the name of an account that the user has proven to the door to
            be theirs.
        """
        try:
            self._greet(nick, account)
        except Banned as banned:
            self.end(Ending.BANNED, banned.about, banned.by, until=banned.until)
        except Exception:
            self._log.failure("a session could not be greeted", event="internal-error")
            self._failed()

    def _greet(self, nick: str, account: str) -> None:
        mayBeHere(self)
        self.deadlines.opened(self.end)
        try:
            self.wanted = roomname(self.wanted) if self.wanted else ""
        except ChatError as error:
            self.wanted = ""
            self.refuse(error)
        self.hear(Greeted(self.server.settings.name, len(self.hub.nicknames)))
        tellMotd(self)
        if account and self._lifecycle is not None:
            self._lifecycle.decide(Deferred.fromCoroutine(vouched(self, account)))
        elif nick:
            self.perform(Nick(nick))
        else:
            self.hear(NickAsked())

    def touch(self) -> None:
        """
        Something complete has come from the user, even if it asks for nothing: the
        time in which they may be idle begins anew.
        """
        if self.user is not None:
            self.user.active = self.active = self.hub.seconds()
            self.deadlines.active = self.server.clock.seconds()

    def perform(self, command: Command) -> None:
        """
        Do what the user asks for, or answer with a refusal.
        """
        self.touch()
        lifecycle = self._lifecycle
        if lifecycle is None:
            return
        try:
            if self.user is None or self.asked or isinstance(command, StateCommand):
                lifecycle.do(command)
            else:
                # Most commands change no state, and looking up the transition that says so
                # would cost as much as all the rest.
                answer = HANDLERS[type(command)](self, command)
                if answer is not None:
                    lifecycle.wait(answer)
        except ChatError as error:
            self.refuse(error)
        except Exception:
            self._log.failure(
                "a request by {nick!r} failed", event="internal-error", nick=self.nick
            )
            self._failed()

    def relieved(self) -> None:
        """
        Nothing waits for the user any more: tell them what could wait until then.
        """
        try:
            for name in () if self.user is None else tuple(self.user.rooms):
                room = self.hub.directory.find(name)
                if room is not None:
                    room.relieved(self)
        except Exception:
            self._log.failure(
                "events could not be sent to {nick!r}", event="internal-error", nick=self.nick
            )
            self._failed()

    def inputClosed(self) -> None:
        """
        The user has closed their side, and everything they sent before has been done.
        """
        if self.server.settings.listenAfterFIN and self.user is not None:
            # No line can come any more, so none is expected.
            self.deadlines.stop()
        else:
            self.end(Ending.INPUT_CLOSED)

    def end(
        self,
        reason: Ending,
        about: str = "",
        by: str = "",
        grace: float | None = None,
        until: datetime | None = None,
    ) -> None:
        """
        End the session: the user leaves and is told why, and the front door closes.

        @param about: a detail of the reason, for the user.
        @param by: the nickname of the user who wants it, if it is another one.
        @param grace: see L{FrontDoor.close}.
        @param until: when a ban ends, if it ever does.
        """
        if self._lifecycle is not None:
            self._lifecycle.end(reason, about, by, grace, until)

    def gone(self, reason: Ending) -> None:
        """
        The connection is no more.

        @param reason: why, if the service did not end the session before.
        """
        lifecycle, self._lifecycle = self._lifecycle, None
        if lifecycle is not None:
            lifecycle.gone(reason)

    def _failed(self) -> None:
        """
        End this session, and no other, after an unexpected exception.
        """
        self.server.counters.faults += 1
        self.end(Ending.INTERNAL_ERROR)
