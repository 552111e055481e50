"""
A hub and the people in its lobby, for tests.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chat.core.hub import Hub
from chat.core.room import Room
from chat.core.rooms import START_ROOM, Directory
from chat.core.users import User, UserSession
from chat.delivery.audience import Recipient
from chat.interfaces import Backplane, Recorder, Rendering
from chat.store.memory import MemoryLedger
from chat.vocabulary.events import Ending
from tests.support.doubles import TRAITS, RecordingOutlet, ReprRendering, endOfTurn

AT = datetime(2026, 11, 21, tzinfo=UTC)
LOBBY = START_ROOM
RENDERING = ReprRendering("", *TRAITS)

T = TypeVar("T")


class RecordingSession(UserSession):
    """
    One session of a user.

    @ivar outlet: What it hears.
    @ivar endings: Why it was asked to end, each time with the detail and who wants it.
    """

    def __init__(self, rendering: Rendering = RENDERING, address: str = "192.0.2.1") -> None:
        super().__init__(RecordingOutlet(), rendering, AT)
        self.endings: list[tuple[Ending, str, str]] = []
        self._address = address

    @property
    def address(self) -> str:
        return self._address

    def end(self, reason: Ending, about: str = "", by: str = "") -> None:
        self.endings.append((reason, about, by))


class Stage:
    """
    A hub, and the people in its lobby.

    @ivar forgotten: The rooms whose lines nobody shall read any more.
    """

    def __init__(
        self,
        backplane: Backplane,
        *recorders: Recorder,
        clock: Clock | None = None,
        **rooms: Any,
    ) -> None:
        """
        @param rooms: As for L{Directory}.
        """
        self.clock = clock or Clock()
        self.forgotten: list[str] = []
        self.directory = Directory(
            MemoryLedger(),
            endOfTurn(self.clock),
            self.clock.callLater,
            self.forgotten.append,
            **rooms,
        )
        self.hub = Hub(backplane, self.directory, self.clock.seconds, recorders, now=lambda: AT)
        self.outlets: dict[str, RecordingOutlet] = {}
        self.users: dict[str, User] = {}

    def claim(self, nick: str, rendering: Rendering = RENDERING) -> Deferred[User]:
        """
        @return: From the hub; whoever gets the nickname goes into the lobby.
        """
        session = RecordingSession(rendering)

        def join(user: User) -> User:
            self.outlets[nick], self.users[nick] = session.outlet, user
            self.hub.join(user, LOBBY)
            return user

        return self.hub.nicknames.claim(nick, session).addCallback(join)

    def enter(self, *nicks: str, rendering: Rendering = RENDERING) -> None:
        for nick in nicks:
            now(self.claim(nick, rendering))
        for nick in self.outlets:
            self.heard(nick)

    def join(self, nick: str, room: str) -> Room:
        return now(self.hub.join(self.users[nick], room))

    def heard(self, nick: str) -> list[str]:
        """
        @return: What somebody has heard since the last time.
        """
        self.clock.advance(0)
        return self.outlets[nick].take()

    def nicks(self, room: str = LOBBY) -> tuple[str, ...]:
        """
        @return: Who is in a room, whether there is one or not.
        """
        found = self.directory.find(room)
        return found.nicks if found is not None else ()

    def author(self, nick: str) -> Recipient:
        return self.users[nick].sessions[0]

    def say(self, nick: str, text: str, room: str = LOBBY) -> None:
        self.hub.say(self.users[nick], room, text, self.author(nick))

    def act(self, nick: str, text: str, room: str = LOBBY) -> None:
        self.hub.act(self.users[nick], room, text, self.author(nick))

    def tell(self, nick: str, to: str, text: str) -> None:
        self.hub.tell(self.users[nick], to, text)

    def reply(self, nick: str, text: str) -> None:
        self.hub.reply(self.users[nick], text)

    def leave(self, nick: str, reason: Ending = Ending.QUIT) -> None:
        self.hub.leave(self.users[nick], reason)

    def rename(self, nick: str, name: str) -> Deferred[User]:
        return self.hub.rename(self.users[nick], name)

    def attach(self, nick: str, rendering: Rendering = RENDERING) -> RecordingSession:
        """
        @return: One more session of somebody, which hears what he hears.
        """
        session = RecordingSession(rendering)
        user = self.users[nick]
        self.hub.attach(user, session)
        for name in user.rooms:
            self.directory.open(name).attend(session)
        return session


def now(decided: Deferred[T]) -> T:
    """
    @return: What has been answered.
    """
    results: list[T] = []
    decided.addCallback(results.append)
    [result] = results
    return result


def refusal(decided: Deferred[Any]) -> BaseException:
    """
    @return: What has been refused with.
    """
    failures: list[Failure] = []
    decided.addErrback(failures.append)
    [failure] = failures
    return failure.value
