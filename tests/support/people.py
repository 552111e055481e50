"""
People in a service without sockets: what each of them asks for, and every event that he is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chat.interfaces import Backplane, Extract, FrontDoor, Rendering
from chat.rendering import renderingFor
from chat.session.session import Session
from chat.vocabulary.events import Event
from chat.vocabulary.style import Style
from tests.support.doubles import TRAITS, RecordingOutlet
from tests.support.servers import AT, PlainAuthenticator, newServer

PASSWORD = "open-sesame"

_told: list[Event] = []


class EventRendering(Rendering):
    """
    A rendering of events as numbers, by which a L{Visitor} finds them again.  It is silent where
    the real one is.
    """

    def __init__(self, real: Rendering) -> None:
        for trait in TRAITS:
            setattr(self, trait, getattr(real, trait))
        self.elsewhere = self.ringing = self
        self._real = real

    def render(self, event: Event) -> bytes:
        if not self._real.render(event):
            return b""
        _told.append(event)
        return f"{len(_told) - 1}\r\n".encode()


@cache
def eventRenderingFor(style: Style) -> EventRendering:
    return EventRendering(renderingFor(style))


class SlowHistory:
    """
    A history that answers when it is told to.

    @ivar isSlow: Whether it does.
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
        """
        Give all answers that are waited for.
        """
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer()

    def _answer(self, ask: Callable[..., Deferred[Any]], *arguments: Any) -> Deferred[Any]:
        if not self.isSlow:
            return ask(*arguments)
        answer: Deferred[Any] = Deferred()
        self._waiting.append(lambda: ask(*arguments).chainDeferred(answer))
        return answer


class Stage:
    """
    A service, and everybody who has come.
    """

    def __init__(self, backplane: Backplane | None = None, **settings: Any) -> None:
        """
        @param settings: As for L{newServer}.
        """
        self.clock = Clock()
        settings.setdefault("renderings", eventRenderingFor)
        self.server = newServer(self.clock, backplane, now=lambda: self.now, **settings)
        self.hub = self.server.hub
        self.visitors: list[Visitor] = []

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
        @return: What answers about the past from now on.
        """
        history = SlowHistory(self.server.history)
        self.server.history = history  # type: ignore[assignment]
        return history

    def settle(self) -> None:
        """
        Let everything go on that needs no time.
        """
        clock = self.clock
        while any(call.getTime() <= clock.seconds() for call in clock.getDelayedCalls()):
            clock.advance(0)

    def visitor(self, *lines: str, address: str = "192.0.2.1") -> Visitor:
        """
        @return: Somebody new, who has said these lines; all that anybody has been told by now is
            forgotten.
        """
        visitor = Visitor(self, address)
        self.visitors.append(visitor)
        visitor.session.opened()
        visitor.says(*lines)
        self.forget()
        return visitor

    def people(self, *nicks: str) -> list[Visitor]:
        """
        @return: People who read text.
        """
        return [self.visitor(nick) for nick in nicks]

    def programs(self, *nicks: str) -> list[Visitor]:
        """
        @return: Programs, which read JSON.
        """
        return [self.visitor("/format json", nick) for nick in nicks]

    def owner(self, nick: str, password: str = PASSWORD) -> Visitor:
        """
        @return: A person with an account.
        """
        return self.visitor(nick, f"/register {password}")

    def forget(self) -> None:
        """
        Forget what everybody has been told by now.
        """
        for visitor in self.visitors:
            visitor.heard()


class Visitor(FrontDoor):
    """
    A session, what it has been told, and its front door: that gives it one line after the other,
    and waits while it is held.

    @ivar outlet: To where all of it is written.
    @ivar isClosed: Whether the session is over.
    """

    def __init__(self, stage: Stage, address: str) -> None:
        self.address = address
        self.isClosed = False
        self.outlet = RecordingOutlet()
        self._stage = stage
        self._lines: deque[str] = deque()
        self._isHeld = False
        self.session = Session(stage.server, self, self.outlet)

    def says(self, *lines: str) -> Visitor:
        self._lines += lines
        self._work()
        self._stage.settle()
        return self

    def heard(self) -> list[Event]:
        """
        @return: What he has been told since the last time.
        """
        self._stage.settle()
        return [_told[int(line)] for line in self.outlet.take()]

    def hears(self, *lines: str) -> list[Event]:
        """
        @return: What he is told when he says something; what he was told before is forgotten.
        """
        self.heard()
        return self.says(*lines).heard()

    # Its front door.

    def named(self, pace: object) -> None:
        pass

    def hold(self) -> None:
        self._isHeld = True

    def release(self) -> None:
        self._isHeld = False
        self._stage.clock.callLater(0, self._work)

    def close(self, grace: float | None = None) -> None:
        self.isClosed = True

    def _work(self) -> None:
        while self._lines and not self._isHeld and not self.isClosed:
            self.session.lineReceived(self._lines.popleft())
