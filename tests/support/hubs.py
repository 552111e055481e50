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
from chat.core.participant import Participant
from chat.core.room import Room
from chat.core.rooms import START_ROOM, Directory
from chat.core.users import Member, Seat
from chat.delivery.audience import Recipient
from chat.interfaces import Backplane, Recorder, Rendering
from chat.store.memory import MemoryLedger
from chat.vocabulary.events import Ending
from tests.support.doubles import TRAITS, RecordingOutlet, ReprRendering, endOfTurn

AT = datetime(2026, 11, 21, tzinfo=UTC)
LOBBY = START_ROOM
RENDERING = ReprRendering("", *TRAITS)

T = TypeVar("T")


class RecordingSeat(Seat):
    """
    One session of somebody.

    @ivar writes: What he hears.
    @ivar endings: Why he was asked to end, each time with the detail and who wants it.
    """

    def __init__(self, rendering: Rendering = RENDERING, address: str = "192.0.2.1") -> None:
        self.outlet = RecordingOutlet()
        self.endings: list[tuple[Ending, str, str]] = []
        super().__init__(
            Recipient(self.outlet, rendering),
            Participant(),
            lambda *ending: self.endings.append(ending),
            lambda: address,
            AT,
        )


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
        self.members: dict[str, Member] = {}

    def claim(self, nick: str, rendering: Rendering = RENDERING) -> Deferred[Member]:
        """
        @return: From the hub; whoever gets the nickname goes into the lobby.
        """
        seat = RecordingSeat(rendering)

        def join(member: Member) -> Member:
            self.outlets[nick], self.members[nick] = seat.outlet, member
            self.hub.join(member, LOBBY)
            return member

        return self.hub.nicknames.claim(nick, seat).addCallback(join)

    def enter(self, *nicks: str, rendering: Rendering = RENDERING) -> None:
        for nick in nicks:
            now(self.claim(nick, rendering))
        for nick in self.outlets:
            self.heard(nick)

    def join(self, nick: str, room: str) -> Room:
        return now(self.hub.join(self.members[nick], room))

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
        return next(self.members[nick].recipients)

    def say(self, nick: str, text: str, room: str = LOBBY) -> None:
        self.hub.say(self.members[nick], room, text, self.author(nick))

    def act(self, nick: str, text: str, room: str = LOBBY) -> None:
        self.hub.act(self.members[nick], room, text, self.author(nick))

    def tell(self, nick: str, to: str, text: str) -> None:
        self.hub.tell(self.members[nick], to, text)

    def reply(self, nick: str, text: str) -> None:
        self.hub.reply(self.members[nick], text)

    def leave(self, nick: str, reason: Ending = Ending.QUIT) -> None:
        self.hub.leave(self.members[nick], reason)

    def rename(self, nick: str, name: str) -> Deferred[Member]:
        return self.hub.rename(self.members[nick], name)

    def attach(self, nick: str, rendering: Rendering = RENDERING) -> RecordingSeat:
        """
        @return: One more session of somebody, which hears what he hears.
        """
        seat = RecordingSeat(rendering)
        member = self.members[nick]
        self.hub.attach(member, seat)
        for name in member.rooms:
            self.directory.open(name).attend(seat)
        return seat


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
