"""
All rooms: which there are, which users may enter, and which are forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime

from chat.core.lookalikes import Lookalikes
from chat.core.room import Room
from chat.core.users import User
from chat.delivery.audience import EndOfTurn
from chat.interfaces import Ledger
from chat.vocabulary.errors import (
    InviteNeeded,
    KeyNeeded,
    ListFull,
    NoSuchRoom,
    NotInRoom,
    RoomConfusable,
    RoomsFull,
    ScriptsMixed,
    TooManyRooms,
)
from chat.vocabulary.events import RoomRow
from chat.vocabulary.names import ROOM_MARK
from chat.vocabulary.records import RoomRecord
from chat.vocabulary.scripts import isMixed
from chat.vocabulary.times import Later, utcNow

START_ROOM = "#lobby"
"""The room in which users begin, unless the operator chose another one."""

MAX_ROOMS = 5000
"""How many rooms there are at most."""

MAX_JOINED = 20
"""How many rooms a user may be in."""

MAX_OWNED = 20
"""How many rooms an account owns for ever."""

MAX_INVITED = 100
"""How many accounts may be invited to a room."""

ANNOUNCE_LIMIT = 50
"""Up to how many users in a room each coming and going is announced."""


class Directory:
    """
    The rooms, by their names.

    An empty room goes on as long as it is the one in which users begin, or an account
    owns it, unless nobody ever talks there: see L{unused}.  Any other is forgotten, with
    what was said in it: its name is free for users who must not read that.  The same holds
    for a start of the service, when all rooms are empty.

    @ivar rooms: all of them, by name; to be read only.
    """

    def __init__(
        self,
        ledger: Ledger,
        endOfTurn: EndOfTurn,
        later: Later,
        forget: Callable[[str], None] = lambda room: None,
        forgetOthers: Callable[[Collection[str]], None] = lambda rooms: None,
        start: str = START_ROOM,
        announceLimit: int = ANNOUNCE_LIMIT,
        maxRooms: int = MAX_ROOMS,
        maxJoined: int = MAX_JOINED,
        maxOwned: int = MAX_OWNED,
        now: Callable[[], datetime] = utcNow,
    ) -> None:
        """
        @param forget: called with the name of a room whose lines must not be read any
            more.
        @param forgetOthers: called with the names of all rooms whose lines may still be read.
        @param start: the name of the room in which users begin.
        @param announceLimit: see L{Room}.
        @param maxRooms: 0 for any number; so for C{maxJoined} and C{maxOwned}.
        @param now: the time, in UTC.
        """
        self.start = start
        self._ledger = ledger
        self._endOfTurn = endOfTurn
        self._later = later
        self._forget = forget
        self._forgetOthers = forgetOthers
        self._announceLimit = announceLimit
        self._maxRooms = maxRooms
        self._maxJoined = maxJoined
        self._maxOwned = maxOwned
        self._now = now
        self._began = now()
        self.rooms: dict[str, Room] = {}
        self._lookalikes = Lookalikes()
        self.open(start)

    def __len__(self) -> int:
        return len(self.rooms)

    def load(self, records: Iterable[RoomRecord]) -> None:
        """
        Know the rooms that were there before a restart, and forget the others, which have
        no record or belonged to guests: nobody is in them any more.
        """
        for record in records:
            if record.name == self.start:
                # It may have been a room like others before, and all users begin here.
                record = replace(record, isPrivate=False, password="")
            if record.owners or record.name == self.start:
                self.open(record.name).record = record
            else:
                self._ledger.remove(record)
        self._forgetOthers(self.rooms.keys())

    def find(self, name: str) -> Room | None:
        """
        @param name: as L{chat.vocabulary.names.roomname} makes it.
        """
        return self.rooms.get(name)

    def open(self, name: str) -> Room:
        """
        @return: the room of that name, which is made unless it is there.
        """
        room = self.rooms.get(name)
        if room is None:
            record = RoomRecord(name, made=self._now())
            room = Room(record, self._endOfTurn, self._later, self._announceLimit)
            self.rooms[name] = room
            self._lookalikes.add(name, name)
        return room

    # Permissions.

    def admit(self, user: User, name: str, key: str, isOperator: Callable[[], bool]) -> None:
        """
        See whether a user may enter a room, and make it if there is none: then the user
        owns it.

        @param name: as L{chat.vocabulary.names.roomname} makes it.
        @param key: what the user says is the key.
        @param isOperator: answers whether the user is an operator.
        @raise TooManyRooms: when they are in as many as they may be.
        @raise ScriptsMixed: when there is none, and its name mixes scripts.
        @raise RoomConfusable: when there is none, and its name looks like that of another.
        @raise RoomsFull: when there are as many as there may be.
        @raise InviteNeeded: when it is private, and they have not been invited.
        @raise KeyNeeded: when it has another key, and they have not been invited.
        """
        if 0 < self._maxJoined <= len(user.rooms):
            raise TooManyRooms(str(self._maxJoined))
        room = self.rooms.get(name)
        if room is None:
            if isMixed(name.removeprefix(ROOM_MARK)):
                raise ScriptsMixed(name)
            if self._lookalikes.of(name):
                raise RoomConfusable(name)
            if 0 < self._maxRooms <= len(self.rooms):
                raise RoomsFull(str(self._maxRooms))
            self.own(self.open(name), user)
            return
        if self.lacksKey(user, name, key, isOperator):
            raise KeyNeeded(name)
        if room.record.isPrivate and not self._isAtHome(user, room, isOperator):
            raise InviteNeeded(name)

    def lacksKey(self, user: User, name: str, key: str, isOperator: Callable[[], bool]) -> bool:
        """
        @param key: what the user says is the key; nothing to learn whether they need any.
        @return: whether only another key would let a user enter.
        """
        room = self.rooms.get(name)
        return (
            room is not None
            and room.record.password not in ("", key)
            and not room.record.isPrivate
            and not self._isAtHome(user, room, isOperator)
        )

    def _isAtHome(self, user: User, room: Room, isOperator: Callable[[], bool]) -> bool:
        return room.lets(user) or room.owns(user) or isOperator()

    def visible(self, user: User, name: str, isOperator: bool) -> Room:
        """
        @return: the room, if the user may know who is in it.
        @raise NoSuchRoom: when there is none, or the user may not know of it.
        """
        room = self.rooms.get(name)
        if room is None or not self.isVisible(room, user, isOperator):
            raise NoSuchRoom(name)
        return room

    def readable(self, user: User, name: str) -> None:
        """
        See whether a user may read what has been said in a room: in one that they are
        in, and in one that all users may enter.

        @raise NotInRoom: when they may not, or there is no such room.
        """
        room = self.rooms.get(name)
        isOpen = room is not None and not room.record.isPrivate and not room.record.password
        if name not in user.rooms and not isOpen:
            raise NotInRoom(name)

    def listed(self, user: User, isOperator: bool) -> tuple[RoomRow, ...]:
        """
        @return: the rooms that a user may know of, the fullest first.
        """
        rooms = [room for room in self.rooms.values() if self.isVisible(room, user, isOperator)]
        rooms.sort(key=lambda room: (-len(room), room.name))
        return tuple(
            RoomRow(room.name, len(room), room.record.topic, room.name in user.rooms)
            for room in rooms
        )

    def isVisible(self, room: Room, user: User, isOperator: bool) -> bool:
        """Whether a user may know of a room, and who is in it."""
        return not room.record.isPrivate or room.name in user.rooms or isOperator

    # Owners, guests and records, which outlive a restart.

    def own(self, room: Room, user: User) -> None:
        """
        Make a user an owner of a room: their account if they have one, else themselves
        while they are there.  An account that owns C{maxOwned} rooms gets no more for
        good, since they stay when they are empty and others shall have some, too: its
        user owns the room while they are there.
        """
        if room.owns(user):
            return
        account = user.account
        if not account or 0 < self._maxOwned <= self._ownedBy(account):
            room.guestOwners.add(user)
        else:
            self.keep(room, replace(room.record, owners=(*room.record.owners, account)))

    def disown(self, room: Room, user: User) -> None:
        """
        Make a user an owner no longer.
        """
        room.guestOwners.discard(user)
        if user.account in room.record.owners:
            owners = tuple(owner for owner in room.record.owners if owner != user.account)
            self.keep(room, replace(room.record, owners=owners))

    def registered(self, user: User) -> None:
        """
        A user has an account now: what they own as a guest, it owns.
        """
        for name in user.rooms:
            room = self.rooms[name]
            if user in room.guestOwners:
                room.guestOwners.discard(user)
                self.own(room, user)

    def unregistered(self, account: str) -> None:
        """
        An account is no more: it owns nothing, and has been invited nowhere.

        @param account: its fold.
        """
        for room in tuple(self.rooms.values()):
            record = room.record
            if account in record.owners or account in record.guests:
                owners = tuple(each for each in record.owners if each != account)
                guests = tuple(each for each in record.guests if each != account)
                self.keep(room, replace(record, owners=owners, guests=guests))
                self.emptied(room)

    def ownedAlone(self, account: str) -> tuple[str, ...]:
        """
        @param account: its fold.
        @return: the names of the rooms that go once they are empty when the account is no more.
        """
        return tuple(
            room.name
            for room in self.rooms.values()
            if room.record.owners == (account,) and room.name != self.start
        )

    def invite(self, room: Room, user: User) -> None:
        """
        Let a user enter whatever the record says: their account from now on if they
        have one, else themselves while they are on the service.

        @raise ListFull: when as many accounts may come in as may be invited.
        """
        account, guests = user.account, room.record.guests
        if not account:
            room.invited.add(user)
        elif account not in guests:
            if len(guests) >= MAX_INVITED:
                raise ListFull(str(MAX_INVITED))
            self.keep(room, replace(room.record, guests=(*guests, account)))

    def uninvite(self, room: Room, user: User) -> None:
        """
        Let a user enter only as all others may.
        """
        room.invited.discard(user)
        if user.account in room.record.guests:
            guests = tuple(each for each in room.record.guests if each != user.account)
            self.keep(room, replace(room.record, guests=guests))

    def _ownedBy(self, account: str) -> int:
        return sum(account in room.record.owners for room in self.rooms.values())

    def keep(self, room: Room, record: RoomRecord) -> None:
        """
        Give a room another record, from now on and after a restart.
        """
        room.record = record
        self._ledger.put(record)

    def emptied(self, room: Room) -> None:
        """
        A user has left a room: forget it if it is empty and has no owner.
        """
        if len(room) or room.name == self.start or room.record.owners:
            return
        # A room of that name may have been made since.
        if self.rooms.get(room.name) is room:
            del self.rooms[room.name]
            self._lookalikes.remove(room.name, room.name)
            self._ledger.remove(room.record)
            self._forget(room.name)

    def abandon(self, room: Room) -> None:
        """
        Let a room have no owner any more: it is forgotten as soon as it is empty, now or
        when the last user leaves.
        """
        room.guestOwners.clear()
        self.keep(room, replace(room.record, owners=()))
        self.emptied(room)

    def unused(self, before: datetime) -> tuple[Room, ...]:
        """
        @param before: a time, in UTC.
        @return: the empty rooms that were made before that, or, where it is not known when,
            were there at the start of the service before that.
        """
        return tuple(
            room
            for room in self.rooms.values()
            if not len(room)
            and room.name != self.start
            and (room.record.made or self._began) < before
        )
