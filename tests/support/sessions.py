"""
A service without sockets, and its users: each says lines, and records every event that they are
told.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chat.interfaces import Backplane, Extract, Rendering
from chat.rendering import renderingFor
from chat.session.session import Session
from chat.vocabulary.commands import Verb
from chat.vocabulary.errors import ChatError
from chat.vocabulary.events import Done, Event
from chat.vocabulary.style import Style
from chat.vocabulary.verbs import parse
from tests.support.doubles import TRAITS, RecordingDoor, RecordingOutlet
from tests.support.hubs import AT
from tests.support.servers import PlainAuthenticator, newServer

PASSWORD = "open-sesame"
LOGGED_IN = Done("logged-in", "alice")

_rendered: list[Event] = []


class EventRendering(Rendering):
    """
    A rendering of events as numbers, by which a L{SessionUser} finds them again.  It renders
    nothing where the real rendering renders nothing.
    """

    def __init__(self, real: Rendering) -> None:
        for trait in TRAITS:
            setattr(self, trait, getattr(real, trait))
        self.elsewhere = self.ringing = self
        self._real = real

    def render(self, event: Event) -> bytes:
        if not self._real.render(event):
            return b""
        _rendered.append(event)
        return f"{len(_rendered) - 1}\r\n".encode()


@cache
def eventRenderingFor(style: Style) -> EventRendering:
    return EventRendering(renderingFor(style))


def shortestLine(verb: Verb) -> str:
    """
    @return: A command with the arguments that it requires, each of them C{bob}.
    """
    required = re.sub(r"\[.*\]", "", verb.arguments).split()
    return " ".join([f"/{verb.name}", *("bob" for _ in required)])


class SlowHistory:
    """
    A history that answers when the test says so.

    @ivar isSlow: Whether it waits; otherwise it answers at once.
    """

    def __init__(self, history: Any) -> None:
        self.isSlow = True
        self._history = history
        self._waiting: list[Callable[[], object]] = []

    def recent(self, room: str, count: int) -> Deferred[Extract]:
        return self._answer(self._history.recent, room, count)

    def after(self, room: str, id: int, count: int) -> Deferred[Extract]:
        return self._answer(self._history.after, room, id, count)

    def since(self, room: str, at: datetime, count: int) -> Deferred[Extract]:
        return self._answer(self._history.since, room, at, count)

    def search(self, words: str, rooms: Sequence[str], nick: str, count: int) -> Deferred[Any]:
        return self._answer(self._history.search, words, rooms, nick, count)

    def decide(self) -> None:
        """Give every answer that waits."""
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer()

    def _answer(self, ask: Callable[..., Deferred[Any]], *arguments: Any) -> Deferred[Any]:
        if not self.isSlow:
            return ask(*arguments)
        answer: Deferred[Any] = Deferred()
        self._waiting.append(lambda: ask(*arguments).chainDeferred(answer))
        return answer


class SessionStage:
    """
    A service, and all users who have connected to it.
    """

    def __init__(self, backplane: Backplane | None = None, **settings: Any) -> None:
        """
        @param settings: As for L{newServer}.
        """
        self.clock = Clock()
        settings.setdefault("renderings", eventRenderingFor)
        self.server = newServer(self.clock, backplane, now=lambda: self.now, **settings)
        self.hub = self.server.hub
        self._users: list[SessionUser] = []

    @property
    def now(self) -> datetime:
        """The time of day."""
        return AT + timedelta(seconds=self.clock.seconds())

    @property
    def authenticator(self) -> PlainAuthenticator:
        assert isinstance(self.server.authenticator, PlainAuthenticator)
        return self.server.authenticator

    def slowHistory(self) -> SlowHistory:
        """
        @return: The history that the service asks from now on.
        """
        history = SlowHistory(self.server.history)
        self.server.history = history  # type: ignore[assignment]
        return history

    def nicks(self, room: str) -> tuple[str, ...]:
        """
        @return: The nicknames in a room that exists.
        """
        found = self.hub.directory.find(room)
        assert found is not None
        return found.nicks

    def settle(self) -> None:
        """Do everything that is due now."""
        clock = self.clock
        while any(call.getTime() <= clock.seconds() for call in clock.getDelayedCalls()):
            clock.advance(0)

    def connect(self, address: str = "192.0.2.1", **choices: Any) -> SessionUser:
        """
        @param choices: What the front door decides, as for L{Session}.
        @return: A new user, whose session has not begun.
        """
        user = SessionUser(self, address, **choices)
        self._users.append(user)
        return user

    def user(self, *lines: str, address: str = "192.0.2.1") -> SessionUser:
        """
        @return: A new user, who has said these lines; what all users have been told by now is
            forgotten.
        """
        user = self.connect(address)
        user.session.opened()
        user.says(*lines)
        self.forget()
        return user

    def users(self, *nicks: str) -> list[SessionUser]:
        """
        @return: Users who read text.
        """
        return [self.user(nick) for nick in nicks]

    def program(self, nick: str) -> SessionUser:
        """
        @return: A program, which reads JSON.
        """
        return self.user("/format json", nick)

    def registered(self, nick: str) -> SessionUser:
        """
        @return: A user with an account.
        """
        return self.user(nick, f"/register {PASSWORD}")

    def forget(self) -> None:
        """Forget what all users have been told by now."""
        for user in self._users:
            user.heard()


class SessionUser(RecordingDoor):
    """
    A user of one session, and its front door: it gives the session one line after the other, and
    waits while it is held.

    @ivar outlet: Where everything the user is told is written.
    @ivar isClosed: Whether the session has closed the front door.
    """

    def __init__(self, stage: SessionStage, address: str, **choices: Any) -> None:
        super().__init__(address)
        self.isClosed = False
        self.outlet = RecordingOutlet()
        self._stage = stage
        self._lines: deque[str] = deque()
        self._isHeld = False
        self.session = Session(stage.server, self, self.outlet, **choices)

    def opens(self, **introduction: str) -> list[Event]:
        """
        Let the session begin.

        @param introduction: What the front door knows of the user, as for L{Session.opened}.
        @return: What the user is told.
        """
        self.session.opened(**introduction)
        return self.heard()

    def types(self, line: str) -> None:
        """
        Do what the front door of the line protocol does with a line, held or not.
        """
        try:
            command = parse(line, self.session.asked != "")
        except ChatError as error:
            self.session.touch()
            self.session.refuse(error)
        else:
            if command is None:
                self.session.touch()
            else:
                self.session.perform(command)

    def says(self, *lines: str) -> SessionUser:
        self._lines += lines
        self._work()
        self._stage.settle()
        return self

    def heard(self) -> list[Event]:
        """
        @return: What the user has been told since the last call.
        """
        self._stage.settle()
        return [_rendered[int(line)] for line in self.outlet.take()]

    def hears(self, *lines: str) -> list[Event]:
        """
        @return: What the user is told when they say something; what they were told before is
            forgotten.
        """
        self.heard()
        return self.says(*lines).heard()

    # The front door.

    def hold(self) -> None:
        super().hold()
        self._isHeld = True

    def release(self) -> None:
        super().release()
        self._isHeld = False
        self._stage.clock.callLater(0, self._work)

    def close(self, grace: float | None = None) -> None:
        super().close(grace)
        self.isClosed = True

    def _work(self) -> None:
        while self._lines and not self._isHeld and not self.isClosed:
            self.types(self._lines.popleft())
