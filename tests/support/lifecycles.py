"""
A session in each of the states of L{chat.session.lifecycle}, for tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock

from chat.session.context import Context
from chat.session.lifecycle import newLifecycle
from chat.vocabulary.commands import Nick, Register, Say
from chat.vocabulary.events import Ending
from tests.support.doubles import RecordingDoor, RecordingOutlet, ReprRendering, SlowBackplane
from tests.support.hubs import LOBBY, RecordingSession, now
from tests.support.servers import PlainAuthenticator, newServer

RENDERING = ReprRendering()
PASSWORD = "correct horse"


class RecordingContext(Context):
    """
    @ivar endings: Why the session was asked to end, each time with the detail and who wants it.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.endings: list[tuple[Ending, str, str]] = []

    def end(self, reason: Ending, about: str = "", by: str = "") -> None:
        self.endings.append((reason, about, by))


class Stage:
    """
    The session of a user that will be alice, and bob, who is in the lobby already.
    """

    def __init__(self, backplane: SlowBackplane | None = None) -> None:
        self.clock = Clock()
        self.backplane = backplane or SlowBackplane()
        self.server = newServer(self.clock, self.backplane, renderings=lambda style: RENDERING)
        assert isinstance(self.server.authenticator, PlainAuthenticator)
        self.authenticator = self.server.authenticator
        self.hub = self.server.hub
        bob = RecordingSession(RENDERING)
        self._bobs = bob.outlet
        self.hub.nicknames.claim("bob", bob).addCallback(self.hub.join, LOBBY)
        self.backplane.decide()
        self._outlet = RecordingOutlet()
        self.door = RecordingDoor()
        self.context = RecordingContext(self.server, self.door, self._outlet)
        self.context.deadlines.opened(self.context.end)
        self.inputs = newLifecycle(self.context)

    @property
    def people(self) -> tuple[str, ...]:
        """The nicknames in the lobby."""
        room = self.hub.directory.find(LOBBY)
        assert room is not None
        return room.nicks

    def register(self, nick: str) -> None:
        """
        Create an account.
        """
        now(self.server.accounts.create(nick, PASSWORD[::-1]))

    def heard(self) -> list[str]:
        """
        @return: What alice has been told since the last time.
        """
        self.clock.advance(0)
        return self._outlet.take()

    def bobHeard(self) -> list[str]:
        """
        @return: What bob has been told since the last time.
        """
        self.clock.advance(0)
        return self._bobs.take()

    @property
    def timers(self) -> int:
        self.clock.advance(0)
        return len(self.clock.getDelayedCalls())


def anonymous() -> Stage:
    return Stage()


def claiming() -> Stage:
    stage = anonymous()
    stage.inputs.do(Say("alice"))
    return stage


def registered() -> Stage:
    stage = claiming()
    stage.backplane.decide()
    return stage


def entering() -> Stage:
    stage = claiming()
    stage.backplane.isLate = True
    stage.backplane.decide()
    return stage


def challenged() -> Stage:
    stage = anonymous()
    stage.register("alice")
    stage.inputs.do(Say("alice"))
    return stage


def proving() -> Stage:
    """In the state I{claiming}, while the password is checked."""
    stage = challenged()
    stage.authenticator.isSlow = True
    stage.inputs.do(Say(PASSWORD))
    return stage


def waiting() -> Stage:
    stage = registered()
    stage.authenticator.isSlow = True
    stage.inputs.do(Register(PASSWORD))
    return stage


def renaming() -> Stage:
    stage = registered()
    stage.inputs.do(Nick("carol"))
    return stage


def draining() -> Stage:
    stage = registered()
    stage.inputs.end(Ending.SHUTDOWN, "", "", None)
    return stage


def gone() -> Stage:
    stage = registered()
    stage.inputs.gone(Ending.CONNECTION_LOST)
    return stage


Enter = Callable[[], Stage]


def after(enter: Enter) -> Stage:
    """
    @return: A session in a state; what came before has been forgotten.
    """
    stage = enter()
    stage.heard()
    stage.bobHeard()
    stage.door.calls.clear()
    return stage
