"""
The Hub: who has which nickname, who is in which room, and the two steps of
every event: it is published to the backplane, and it arrives from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.audience import EndOfTurn, Recipient
from chat.errors import NickTaken, NickUnchanged, NobodyToReplyTo, NoSuchNick, NoSuchRoom
from chat.events import (
    Acted,
    Ending,
    Event,
    Joined,
    Left,
    Person,
    Renamed,
    RoomEvent,
    Said,
    Sent,
    Told,
)
from chat.interfaces import Backplane, Recorder
from chat.names import fold
from chat.room import Member, Room

LOBBY = "#lobby"


def utcNow() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


class Hub:
    """
    The middle of the service.

    Nothing here waits: what must be agreed on with other processes (a nickname)
    is a Deferred, and everything else has been done when the call returns.
    """

    _log = Logger()

    def __init__(
        self,
        backplane: Backplane,
        endOfTurn: EndOfTurn,
        seconds: Callable[[], float],
        recorders: Sequence[Recorder] = (),
        now: Callable[[], datetime] = utcNow,
    ) -> None:
        """
        @param endOfTurn: see L{chat.audience.EndOfTurn}.
        @param seconds: a clock for durations.
        @param recorders: what keeps the lines that are said.
        @param now: the time of day for events.
        """
        self._backplane = backplane
        self._endOfTurn = endOfTurn
        self._seconds = seconds
        self._recorders = tuple(recorders)
        self._now = now
        self._members: dict[str, Member] = {}
        self._rooms: dict[str, Room] = {LOBBY: Room(LOBBY, endOfTurn)}
        backplane.connect(self.arrived)

    def __len__(self) -> int:
        """How many people have a nickname."""
        return len(self._members)

    # Nicknames.

    def claim(self, nick: str, recipient: Recipient) -> Deferred[Member]:
        """
        Give somebody a nickname.

        @param nick: from L{chat.names.nickname}.
        @param recipient: who hears what the nickname hears.
        @return: fires with the member, who is in no room yet; fails with
            L{NickTaken}.
        """
        member = Member(nick, fold(nick), [recipient], active=self._seconds())

        def claimed(_: None) -> Member:
            self._members[member.fold] = member
            return member

        return self._claimed(member.fold, nick).addCallback(claimed)

    def rename(self, member: Member, nick: str) -> Deferred[Member]:
        """
        Give a member another nickname, and tell his rooms.

        @return: fires with the member; fails with L{NickTaken}, also when the
            member has gone in the meantime, or with L{NickUnchanged} when it is
            his already.
        """
        if nick == member.nick:
            return fail(NickUnchanged(nick))
        folded = fold(nick)

        def claimed(_: None) -> Member:
            if self._members.get(member.fold) is not member:
                self._backplane.release(folded)
                raise NickTaken(nick)
            before, free = member.nick, member.fold
            del self._members[free]
            member.nick, member.fold = nick, folded
            self._members[folded] = member
            for room in member.rooms:
                self._publish(Renamed(room, self._now(), before, nick))
            if folded != free:
                self._backplane.release(free)
            return member

        if folded == member.fold:
            claim: Deferred[None] = succeed(None)
        else:
            claim = self._claimed(folded, nick)
        return claim.addCallback(claimed)

    def leave(self, member: Member, reason: Ending, text: str = "") -> None:
        """
        Take a member out of all his rooms; his nickname is free from here on.
        """
        rooms, member.rooms = member.rooms, []
        for room in rooms:
            self._publish(Left(room, self._now(), member.nick, reason, text))
        member.withdraw()
        if self._members.get(member.fold) is member:
            del self._members[member.fold]
            self._backplane.release(member.fold)

    def touch(self, member: Member) -> None:
        """
        Note that a complete line has come from a member.
        """
        member.active = self._seconds()

    # Rooms.

    def join(self, member: Member, room: str) -> None:
        """
        Let a member into a room.
        """
        member.rooms.append(room)
        self._publish(Joined(room, self._now(), member.nick), member)

    def nicks(self, room: str) -> tuple[str, ...]:
        """
        @return: the nicknames in a room, in the order of their coming.
        @raise NoSuchRoom: when there is none of that name.
        """
        return self._room(room).nicks

    def people(self, room: str) -> tuple[Person, ...]:
        """
        @return: who is in a room, in the order of their coming.
        @raise NoSuchRoom: when there is none of that name.
        """
        return self._room(room).people(self._seconds())

    # Lines.

    def say(self, member: Member, room: str, text: str, author: Recipient) -> None:
        """
        Say something in a room.

        @raise NoSuchRoom: when the member is not in it.
        """
        self._requireIn(member, room)
        self._publish(Said(room, 0, self._now(), member.nick, text), author)

    def act(self, member: Member, room: str, text: str, author: Recipient) -> None:
        """
        Do something in a room.

        @raise NoSuchRoom: when the member is not in it.
        """
        self._requireIn(member, room)
        self._publish(Acted(room, 0, self._now(), member.nick, text), author)

    def tell(self, member: Member, to: str, text: str, author: Recipient) -> None:
        """
        Tell one person something.

        @param to: a nickname in any spelling.
        @raise NoSuchNick: when nobody has it.
        """
        other = self._members.get(fold(to))
        if other is None:
            raise NoSuchNick(to)
        self._publish(Told(self._now(), member.nick, other.nick, text), author)

    def reply(self, member: Member, text: str, author: Recipient) -> None:
        """
        Tell something to the one who told this member something last.  It never
        reaches somebody else who took his nickname since.

        @raise NobodyToReplyTo: when nobody did.
        @raise NoSuchNick: when he has gone.
        """
        other = member.teller
        if other is None:
            raise NobodyToReplyTo
        if self._members.get(other.fold) is not other:
            raise NoSuchNick(other.nick)
        self.tell(member, other.nick, text, author)

    # What arrives.

    def arrived(self, event: Event, origin: object) -> None:
        """
        Take in an event that the backplane has ordered.

        @param origin: what it was published with, if this process did.
        """
        author = origin if isinstance(origin, Recipient) else None
        match event:
            case Said() | Acted():
                for recorder in self._recorders:
                    kept = recorder.append(event)
                    if kept is not None:
                        kept.addErrback(self._notKept, event)
                self._heard(event, author)
            case Joined():
                member = origin if isinstance(origin, Member) else self._joinedElsewhere(event)
                self._open(event.room).enter(member, event)
            case Left():
                self._heard(event, author)
                self._leftElsewhere(event)
            case Renamed():
                self._renamedElsewhere(event)
                self._heard(event, author)
            case Told():
                self._told(event, author)
            case _:
                raise ValueError(f"not for publishing: {event!r}")

    def _heard(self, event: RoomEvent, author: Recipient | None) -> None:
        room = self._rooms.get(event.room)
        if room is not None:
            room.arrived(event, author)

    def _told(self, event: Told, author: Recipient | None) -> None:
        teller = self._members.get(fold(event.nick))
        member = self._members.get(fold(event.to))
        if member is not None:
            member.teller = teller
            member.hear(event)
        if author is not None:
            author.hear(Sent(event.at, event.nick, event.to, event.text))

    # Helpers.

    def _publish(self, event: Event, origin: object = None) -> None:
        self._backplane.publish(event, origin)

    def _claimed(self, folded: str, nick: str) -> Deferred[None]:
        def taken(failure: Failure) -> None:
            failure.trap(NickTaken)
            raise NickTaken(nick)

        return self._backplane.claim(folded).addErrback(taken)

    def _elsewhere(self, nick: str) -> Member | None:
        """The member of that name, if his session is in another process."""
        member = self._members.get(fold(nick))
        return None if member is None or member.recipients else member

    def _joinedElsewhere(self, event: Joined) -> Member:
        member = self._elsewhere(event.nick)
        if member is None:
            folded = fold(event.nick)
            member = self._members[folded] = Member(event.nick, folded, active=self._seconds())
        member.rooms.append(event.room)
        return member

    def _leftElsewhere(self, event: Left) -> None:
        member = self._elsewhere(event.nick)
        if member is not None:
            member.rooms.remove(event.room)
            if not member.rooms:
                del self._members[member.fold]

    def _renamedElsewhere(self, event: Renamed) -> None:
        member = self._elsewhere(event.nick)
        if member is not None:
            del self._members[member.fold]
            member.nick, member.fold = event.name, fold(event.name)
            self._members[member.fold] = member

    def _open(self, name: str) -> Room:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, self._endOfTurn)
        return room

    def _room(self, name: str) -> Room:
        try:
            return self._rooms[name]
        except KeyError:
            raise NoSuchRoom(name) from None

    def _requireIn(self, member: Member, room: str) -> None:
        if room not in member.rooms:
            raise NoSuchRoom(room)

    def _notKept(self, failure: Failure, event: Said | Acted) -> None:
        self._log.failure("line {id} of {room} was not kept", failure, id=event.id, room=event.room)
