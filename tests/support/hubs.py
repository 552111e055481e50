"""
A hub and the users in its lobby.
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
from chat.vocabulary.events import Ending, Line
from tests.support.doubles import TRAITS, RecordingOutlet, ReprRendering, endOfTurn

AT = datetime(2026, 11, 21, tzinfo=UTC)
LOBBY = START_ROOM

FOR_USERS = ReprRendering()
FOR_PROGRAMS = ReprRendering("", *TRAITS)

T = TypeVar("T")


class RecordingSession(UserSession):
    """
    A session of a user, without anything behind it.

    @ivar outlet: Records what the session hears.
    """

    def __init__(self, rendering: Rendering = FOR_USERS) -> None:
        super().__init__(RecordingOutlet(), rendering, AT)

    def heard(self) -> list[str]:
        """
        @return: What the session has heard since the last call.
        """
        return self.outlet.take()


class Tape:
    """
    A recorder.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def append(self, event: Line) -> None:
        self.lines.append(event)


class HubStage:
    """
    A hub, and the users in its lobby, who are programs unless a test says otherwise.

    @ivar forgotten: The rooms whose lines must not be read any more.
    """

    def __init__(
        self, backplane: Backplane, *recorders: Recorder, clock: Clock | None = None, **rooms: Any
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

    def claim(self, nick: str, rendering: Rendering = FOR_PROGRAMS) -> Deferred[User]:
        """
        @return: What the hub answers; a user who gets the nickname joins the lobby.
        """
        session = RecordingSession(rendering)

        def join(user: User) -> User:
            self.outlets[nick], self.users[nick] = session.outlet, user
            self.hub.join(user, LOBBY)
            return user

        return self.hub.nicknames.claim(nick, session).addCallback(join)

    def enter(self, *nicks: str, rendering: Rendering = FOR_PROGRAMS) -> None:
        for nick in nicks:
            now(self.claim(nick, rendering))
        for nick in self.outlets:
            self.heard(nick)

    def join(self, nick: str, room: str) -> Room:
        return now(self.hub.join(self.users[nick], room))

    def heard(self, nick: str) -> list[str]:
        """
        @return: What a user has heard since the last call.
        """
        self.clock.advance(0)
        return self.outlets[nick].take()

    def nicks(self, room: str = LOBBY) -> tuple[str, ...]:
        """
        @return: The nicknames in a room, whether it exists or not.
        """
        found = self.directory.find(room)
        return found.nicks if found is not None else ()

    def sender(self, nick: str) -> Recipient:
        return self.users[nick].sessions[0]

    def say(self, nick: str, text: str, room: str = LOBBY) -> None:
        self.hub.say(self.users[nick], room, text, self.sender(nick))

    def act(self, nick: str, text: str, room: str = LOBBY) -> None:
        self.hub.act(self.users[nick], room, text, self.sender(nick))

    def tell(self, nick: str, to: str, text: str) -> None:
        self.hub.tell(self.users[nick], to, text)

    def reply(self, nick: str, text: str) -> None:
        self.hub.reply(self.users[nick], text)

    def leave(self, nick: str, reason: Ending = Ending.QUIT) -> None:
        self.hub.leave(self.users[nick], reason)

    def rename(self, nick: str, name: str) -> Deferred[User]:
        return self.hub.rename(self.users[nick], name)

    def attach(self, nick: str, rendering: Rendering = FOR_PROGRAMS) -> RecordingSession:
        """
        @return: A further session of a user, which hears what they hear.
        """
        session = RecordingSession(rendering)
        user = self.users[nick]
        self.hub.attach(user, session)
        for name in user.rooms:
            self.directory.open(name).attend(session)
        return session


def now(decided: Deferred[T]) -> T:
    """
    @return: The result that a Deferred already has.
    """
    results: list[T] = []
    decided.addCallback(results.append)
    [result] = results
    return result


def refusal(decided: Deferred[Any]) -> BaseException:
    """
    @return: The exception that a Deferred has already failed with.
    """
    failures: list[Failure] = []
    decided.addErrback(failures.append)
    [failure] = failures
    return failure.value
