"""
One participant, from the first byte to the last, whatever way he came in.

A front door makes a L{Session}, gives it lines, and is told what to write
through its L{chat.interfaces.Outlet}.  What may happen when is in
L{chat.session.lifecycle}; what a command does is in L{chat.session.handlers}.
"""

from __future__ import annotations

from twisted.logger import Logger

from chat.core.participant import Participant
from chat.interfaces import FrontDoor, Outlet
from chat.session.context import Core
from chat.session.handlers.dispatch import carryOut
from chat.session.handlers.general import tellMotd
from chat.session.lifecycle import newLifecycle
from chat.session.server import Facilities
from chat.session.signon import mayBeHere
from chat.vocabulary.commands import Command, Say, StateCommand
from chat.vocabulary.errors import Banned, ChatError, UnknownCommand
from chat.vocabulary.events import Ending, Greeted, NickAsked, Present, Warned
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import parse


class Session:
    """
    One participant.

    An error in what he asks for is answered with one L{Refused}.  An exception
    that nobody expected is logged once and ends this session only.
    """

    __slots__ = ("__weakref__", "_core", "_lifecycle")

    _log = Logger()

    def __init__(self, shared: Facilities, door: FrontDoor, outlet: Outlet) -> None:
        """
        @param shared: what all sessions share.
        """
        self._core = Core(shared, door, outlet, self._end, self._warn)
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

    def opened(self) -> None:
        """
        He is connected: greet him, unless nobody from there may be here.
        """
        try:
            self._greet()
        except Banned as banned:
            self.end(Ending.BANNED, banned.about)
        except Exception:
            self._log.failure("a participant could not be greeted")
            self._failed()

    def _greet(self) -> None:
        core = self._core
        mayBeHere(core)
        core.deadlines.opened()
        core.hear(Greeted(core.shared.settings.name, len(core.hub.nicknames)))
        tellMotd(core)
        core.hear(NickAsked())

    def lineReceived(self, line: str) -> None:
        """
        A complete line has come from him.

        @param line: without its line end.
        """
        core = self._core
        if core.member is not None:
            core.deadlines.touch()
            core.hub.touch(core.member, core.seat)
        try:
            command = self._parsedSecret(line) if core.participant.asked else parse(line)
            if command is None:
                return
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
