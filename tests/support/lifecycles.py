"""
A session in each of the states of L{chat.session.lifecycle}.
"""

from __future__ import annotations

from collections.abc import Callable

from chat.session.lifecycle import Lifecycle
from chat.vocabulary.commands import Nick, Register, Say
from chat.vocabulary.events import Ending, Event
from tests.support.doubles import SlowBackplane
from tests.support.hubs import LOBBY, now
from tests.support.sessions import SessionStage

PASSWORD = "correct horse"


class LifecycleStage(SessionStage):
    """
    A session whose user is to become alice, and bob, who is in the lobby already.

    @ivar inputs: The state machine of the session.
    """

    inputs: Lifecycle

    def __init__(self, backplane: SlowBackplane | None = None) -> None:
        self.backplane = backplane or SlowBackplane()
        super().__init__(self.backplane)
        self._bob = self.user("bob")
        self.backplane.decide()
        # Each timer from now on is alice's.
        self._bob.session.deadlines.stop()
        self.alice = self.connect()
        self.context = self.alice.session
        assert self.context._lifecycle is not None
        self.inputs = self.context._lifecycle
        self.context.deadlines.opened(self.context.end)
        self.forget()

    @property
    def inLobby(self) -> tuple[str, ...]:
        """The nicknames in the lobby."""
        return self.nicks(LOBBY)

    def register(self, nick: str) -> None:
        """Create an account."""
        now(self.server.accounts.create(nick, PASSWORD[::-1]))

    def heard(self) -> list[Event]:
        """
        @return: What alice has been told since the last call.
        """
        return self.alice.heard()

    def bobHeard(self) -> list[Event]:
        """
        @return: What bob has been told since the last call.
        """
        return self._bob.heard()

    @property
    def timers(self) -> int:
        """How many timers run."""
        self.settle()
        return len(self.clock.getDelayedCalls())


def anonymous() -> LifecycleStage:
    return LifecycleStage()


def claiming() -> LifecycleStage:
    stage = anonymous()
    stage.inputs.do(Say("alice"))
    return stage


def registered() -> LifecycleStage:
    stage = claiming()
    stage.backplane.decide()
    return stage


def entering() -> LifecycleStage:
    stage = claiming()
    stage.backplane.isLate = True
    stage.backplane.decide()
    return stage


def challenged() -> LifecycleStage:
    stage = anonymous()
    stage.register("alice")
    stage.inputs.do(Say("alice"))
    return stage


def proving() -> LifecycleStage:
    """In the state I{claiming}, while the password is checked."""
    stage = challenged()
    stage.authenticator.isSlow = True
    stage.inputs.do(Say(PASSWORD))
    return stage


def waiting() -> LifecycleStage:
    stage = registered()
    stage.authenticator.isSlow = True
    stage.inputs.do(Register(PASSWORD))
    return stage


def renaming() -> LifecycleStage:
    stage = registered()
    stage.inputs.do(Nick("carol"))
    return stage


def draining() -> LifecycleStage:
    stage = registered()
    stage.inputs.end(Ending.SHUTDOWN, "", "", None)
    return stage


def gone() -> LifecycleStage:
    stage = registered()
    stage.inputs.gone(Ending.CONNECTION_LOST)
    return stage


Enter = Callable[[], LifecycleStage]


def after(enter: Enter) -> LifecycleStage:
    """
    @return: A session in a state; what came before is forgotten.
    """
    stage = enter()
    stage.forget()
    stage.alice.calls.clear()
    return stage
