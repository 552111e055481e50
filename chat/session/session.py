"""
One participant, from the first byte to the last, whatever way he came in.

A front door makes a L{Session}, gives it lines, and is told what to write
through its L{chat.interfaces.Outlet}.  What may happen when is in
L{chat.session.lifecycle}; what a command does is in L{chat.session.handlers}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chat.core.participant import Participant
from chat.interfaces import FrontDoor, Outlet
from chat.session.context import Core
from chat.session.handlers.dispatch import carryOut
from chat.session.handlers.general import tellMotd
from chat.session.lifecycle import newLifecycle
from chat.session.server import Facilities
from chat.session.signon import mayBeHere, vouched
from chat.vocabulary.commands import Command, Nick, Say, StateCommand
from chat.vocabulary.errors import Banned, ChatError, UnknownCommand
from chat.vocabulary.events import Ending, Greeted, NickAsked, Present, Warned
from chat.vocabulary.names import roomname
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.style import Style
from chat.vocabulary.verbs import parse


class Session:
    """
    One participant.

    An error in what he asks for is answered with one L{Refused}.  An exception
    that nobody expected is logged once and ends this session only.
    """

    __slots__ = ("__weakref__", "_core", "_lifecycle")

    _log = Logger()

    def __init__(
        self,
        shared: Facilities,
        door: FrontDoor,
        outlet: Outlet,
        style: Style | None = None,
        room: str = "",
    ) -> None:
        """
        @param shared: what all sessions share.
        @param style: how events read from the start, where the door decides that.
        @param room: the name of the room to begin in, where the door decides that; the
            user goes to the room in which everybody begins if they may not enter it.
        """
        self._core = Core(shared, door, outlet, self._end, self._warn, style, room)
        self._lifecycle = newLifecycle(self._core)

    @property
    def participant(self) -> Participant:
        """What is known of him."""
        return self._core.participant

    @property
    def isRegistered(self) -> bool:
        """Whether he has a nickname."""
        return self._core.member is not None

    @property
    def refused(self) -> int:
        """How many of his requests have been refused."""
        return self._core.refused

    @property
    def expectsPassword(self) -> bool:
        """
        Whether the next line may be a password, which no refusal may repeat.
        """
        return bool(self._core.participant.asked)

    def opened(self, nick: str = "", account: str = "") -> None:
        """
        Begin: greet the user, unless nobody from their address may be here.

        @param nick: the nickname by which the door introduces the user; without one
            the session asks for it.
        @param account: the name of an account that the user has proven to the door to
            be theirs.
        """
        try:
            self._greet(nick, account)
        except Banned as banned:
            self.end(Ending.BANNED, banned.about)
        except Exception:
            self._log.failure("a participant could not be greeted")
            self._failed()

    def _greet(self, nick: str, account: str) -> None:
        core = self._core
        mayBeHere(core)
        core.deadlines.opened()
        try:
            core.wanted = roomname(core.wanted) if core.wanted else ""
        except ChatError as error:
            core.wanted = ""
            core.refuse(error)
        core.hear(Greeted(core.shared.settings.name, len(core.hub.nicknames)))
        tellMotd(core)
        if account:
            self._lifecycle.decide(Deferred.fromCoroutine(vouched(core, account)))
        elif nick:
            self.perform(Nick(nick))
        else:
            core.hear(NickAsked())

    def lineReceived(self, line: str) -> None:
        """
        A complete line has come from the user.

        @param line: without its line end.
        """
        try:
            command = self._parsedSecret(line) if self.expectsPassword else parse(line)
        except ChatError as error:
            self.touch()
            self.refuse(error)
        else:
            if command is None:
                self.touch()
            else:
                self.perform(command)

    def touch(self) -> None:
        """
        Something complete has come from the user, even if it asks for nothing: the
        time in which they may be idle begins anew.
        """
        core = self._core
        if core.member is not None:
            now = core.hub.seconds()
            core.member.active = core.seat.active = core.deadlines.active = now

    def perform(self, command: Command) -> None:
        """
        Do what the user asks for, or answer with a refusal.
        """
        core = self._core
        self.touch()
        try:
            if core.member is None or isinstance(command, StateCommand):
                self._lifecycle.do(command)
            else:
                # Most of it changes no state, and to look up the transition that
                # says so would cost as much as all the rest.
                answer = carryOut(core, command)
                if answer is not None:
                    self._lifecycle.wait(answer)
        except ChatError as error:
            self.refuse(error)
        except Exception:
            self._log.failure("a request by {nick!r} failed", nick=core.participant.nick)
            self._failed()

    def relieved(self) -> None:
        """
        Nothing waits for him any more: tell him what could wait until then.
        """
        core = self._core
        try:
            for name in () if core.member is None else tuple(core.member.rooms):
                room = core.hub.directory.find(name)
                if room is not None:
                    room.relieved(core.seat)
        except Exception:
            self._log.failure("{nick!r} could not be told more", nick=core.participant.nick)
            self._failed()

    def refuse(self, error: ChatError) -> None:
        """
        Answer what he asked for with an error.
        """
        self._core.refuse(error)

    def areYouThere(self) -> None:
        """
        His telnet client asks for a sign of life (RFC 854, AYT).
        """
        self._core.hear(Present())

    def inputClosed(self) -> None:
        """
        He has closed his side, and everything he sent before has been done.
        """
        core = self._core
        if core.shared.settings.listenAfterFIN and core.member is not None:
            # He cannot send a line any more, so none is expected of him.
            core.deadlines.stop()
        else:
            self.end(Ending.INPUT_CLOSED)

    def end(self, reason: Ending, about: str = "", grace: float | None = None) -> None:
        """
        End the session: he leaves, is told why, and the front door closes.

        @param about: a detail of the reason, for him.
        @param grace: see L{chat.interfaces.FrontDoor.close}.
        """
        self._lifecycle.end(reason, about, "", grace)

    def gone(self, reason: Ending) -> None:
        """
        The connection is no more.

        @param reason: why, if the service did not end the session before.
        """
        self._lifecycle.gone(reason)
        self._core.over()

    def _parsedSecret(self, line: str) -> Command | None:
        """What may be a password, which is not to be shown in a refusal."""
        try:
            return parse(line)
        except UnknownCommand:
            # One may begin with a slash.
            return Say(clean(line))

    def _failed(self) -> None:
        """
        Nobody expected that: it costs this session, and no other.
        """
        self._core.shared.counters.faults += 1
        self.end(Ending.INTERNAL_ERROR)

    def _end(self, reason: Ending, about: str, by: str) -> None:
        self._lifecycle.end(reason, about, by, None)

    def _warn(self, seconds: int) -> None:
        self._core.hear(Warned("idle", str(seconds)))
