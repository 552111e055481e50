"""
One participant, from the first byte to the last, whatever way he came in.

A front door makes a L{Session}, gives it lines, and is told what to write
through its L{chat.interfaces.Outlet}.  What may happen when is in
L{chat.lifecycle}; what a command does is in L{chat.requests}.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chat.audience import Recipient
from chat.commands import Nick, Quit, parse
from chat.deadlines import Deadlines
from chat.errors import ChatError
from chat.events import Ending, Greeted, NickAsked, Noticed, Present, Refused, Warned
from chat.hub import Hub
from chat.interfaces import FrontDoor, Outlet, RenderingChoice
from chat.lifecycle import newLifecycle
from chat.participant import Core, Participant, Settings
from chat.requests import carryOut


class Session:
    """
    One participant.

    An error in what he asks for is answered with one L{Refused}.  An exception
    that nobody expected is logged once and ends this session only.
    """

    _log = Logger()

    def __init__(
        self,
        hub: Hub,
        door: FrontDoor,
        outlet: Outlet,
        renderings: RenderingChoice,
        settings: Settings,
        clock: IReactorTime,
    ) -> None:
        participant = Participant(settings.language)
        recipient = Recipient(outlet, renderings(participant.format, participant.language))
        deadlines = Deadlines(
            clock,
            settings.registrationTimeout,
            settings.idleTimeout,
            lambda seconds: recipient.hear(Warned("idle", str(seconds))),
            self.end,
        )
        self._core = Core(hub, door, recipient, renderings, settings, deadlines, participant)
        self._lifecycle = newLifecycle(self._core)

    @property
    def participant(self) -> Participant:
        """What is known of him."""
        return self._core.participant

    @property
    def isRegistered(self) -> bool:
        """Whether he has a nickname."""
        return self._core.member is not None

    def opened(self) -> None:
        """
        He is connected: greet him.
        """
        core = self._core
        core.deadlines.opened()
        core.recipient.hear(Greeted(core.settings.name, len(core.hub)))
        for line in core.settings.motd.splitlines():
            core.recipient.hear(Noticed(line))
        core.recipient.hear(NickAsked())

    def lineReceived(self, line: str) -> None:
        """
        A complete line has come from him.

        @param line: without its line end.
        """
        core = self._core
        if core.member is not None:
            core.deadlines.touch()
            core.hub.touch(core.member)
        try:
            command = parse(line)
            if command is None:
                return
            if core.member is None or isinstance(command, Nick | Quit):
                self._lifecycle.do(command)
            else:
                # It changes no state, and to look up the transition that says so
                # would cost as much as all the rest.
                carryOut(core, command)
        except ChatError as error:
            self.refuse(error)
        except Exception:
            self._log.failure("a request by {nick!r} failed", nick=core.participant.nick)
            self.end(Ending.INTERNAL_ERROR)

    def refuse(self, error: ChatError) -> None:
        """
        Answer what he asked for with an error.
        """
        self._core.recipient.hear(Refused(error.code, error.about))

    def areYouThere(self) -> None:
        """
        His telnet client asks for a sign of life (RFC 854, AYT).
        """
        self._core.recipient.hear(Present())

    def inputClosed(self) -> None:
        """
        He has closed his side, and everything he sent before has been done.
        """
        core = self._core
        if core.settings.listenAfterFIN and core.member is not None:
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
        self._lifecycle.end(reason, about, grace)

    def gone(self, reason: Ending) -> None:
        """
        The connection is no more.

        @param reason: why, if the service did not end the session before.
        """
        self._lifecycle.gone(reason)
