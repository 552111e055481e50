"""
A session in each of the states of L{chat.session.lifecycle}, for tests.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock

from chat.session.context import Core
from chat.session.lifecycle import newLifecycle
from chat.vocabulary.commands import Nick, Register, Say
from chat.vocabulary.events import Ending
from tests.support.doubles import RecordingDoor, RecordingOutlet, ReprRendering, SlowBackplane
from tests.support.hubs import LOBBY, RecordingSeat, now
from tests.support.servers import PlainAuthenticator, facilities

RENDERING = ReprRendering()
PASSWORD = "correct horse"


class Stage:
    """
    The session of a user that will be alice, and bob, who is in the lobby already.

    @ivar asked: Why the session was asked to end, unless its own user did.
    """

    def __init__(self, backplane: SlowBackplane | None = None) -> None:
        self.clock = Clock()
        self.backplane = backplane or SlowBackplane()
        self.shared = facilities(self.clock, self.backplane, renderings=lambda style: RENDERING)
        assert isinstance(self.shared.authenticator, PlainAuthenticator)
        self.authenticator = self.shared.authenticator
        self.hub = self.shared.hub
        bob = RecordingSeat(RENDERING)
        self._bobs = bob.outlet
        self.hub.nicknames.claim("bob", bob).addCallback(self.hub.join, LOBBY)
        self.backplane.decide()
        self._outlet = RecordingOutlet()
        self.door = RecordingDoor()
        self.asked: list[tuple[Ending, str, str]] = []
        self.core = Core(
            self.shared,
            self.door,
            self._outlet,
            lambda *ending: self.asked.append(ending),
            lambda seconds: None,
        )
        self.core.deadlines.opened()
        self.inputs = newLifecycle(self.core)

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
        now(self.shared.accounts.create(nick, PASSWORD[::-1]))

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
