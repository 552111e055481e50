"""
A room and the users in it.
"""

from __future__ import annotations

from twisted.internet.task import Clock

from chat.core.room import Room
from chat.core.users import User
from chat.delivery.audience import Recipient
from chat.vocabulary.events import Ending, Joined, Left, Renamed, Said
from chat.vocabulary.names import fold
from chat.vocabulary.records import RoomRecord
from tests.support.doubles import RecordingOutlet, ReprRendering, endOfTurn
from tests.support.hubs import AT, FOR_USERS, RecordingSession


class RoomStage:
    """
    A room, and the users in it.
    """

    def __init__(self, announceLimit: int = 0) -> None:
        self.clock = Clock()
        self.room = self.newRoom("#lobby", announceLimit)
        self.outlets: dict[str, RecordingOutlet] = {}
        self.users: dict[str, User] = {}

    def newRoom(self, name: str, announceLimit: int = 0) -> Room:
        later = self.clock.callLater
        return Room(RoomRecord(name), endOfTurn(self.clock), later, announceLimit)

    def enter(self, *nicks: str, rendering: ReprRendering = FOR_USERS) -> User:
        for nick in nicks:
            session = RecordingSession(rendering)
            self.outlets[nick] = session.outlet
            self.users[nick] = User(nick, fold(nick), [session])
            self.room.enter(self.users[nick], Joined("#lobby", AT, nick))
        return self.users[nicks[-1]]

    def leave(self, nick: str) -> None:
        self.room.arrived(Left("#lobby", AT, nick, Ending.QUIT), None)

    def rename(self, nick: str, name: str) -> None:
        self.room.arrived(Renamed("#lobby", AT, nick, name), None)

    def say(self, text: str, sender: Recipient | None = None) -> None:
        self.room.arrived(Said("#lobby", 1, AT, "alice", text), sender)

    def heard(self, nick: str) -> list[str]:
        """
        @return: What a user has heard since the last call.
        """
        self.clock.advance(0)
        return self.outlets[nick].take()
