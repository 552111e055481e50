"""
The Hub: who has which nickname, who is in which room, and the two steps of
every event: it is published to the backplane, and it arrives from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from datetime import datetime

from twisted.internet.defer import Deferred

from chat.core.ignores import Attention
from chat.core.nicknames import Nicknames
from chat.core.receipts import Authors
from chat.core.room import Room
from chat.core.rooms import Directory
from chat.core.users import Member, Seat
from chat.delivery.audience import Recipient
from chat.interfaces import Backplane, Recorder, Rendering
from chat.vocabulary.errors import IgnoresYou, NobodyToReplyTo, NoSuchNick, NotInRoom
from chat.vocabulary.events import (
    Acted,
    Announced,
    Ending,
    Event,
    Joined,
    Left,
    ModeSet,
    Parted,
    Renamed,
    RoomEvent,
    Said,
    Sent,
    SessionsChanged,
    Talking,
    Told,
    TopicSet,
)
from chat.vocabulary.names import fold
from chat.vocabulary.times import utcNow


class Hub:
    """
    The middle of the service.

    Nothing here waits: what must be agreed on with other processes (a nickname,
    the order in which somebody comes into a room) is a Deferred, and everything
    else has been done when the call returns.

    @ivar directory: the rooms.
    @ivar nicknames: who has which nickname.
    @ivar attention: who ignores whom.
    @ivar authors: who waits for what he said to be stored.
    """

    def __init__(
        self,
        backplane: Backplane,
        directory: Directory,
        seconds: Callable[[], float],
        recorders: Sequence[Recorder] = (),
        now: Callable[[], datetime] = utcNow,
    ) -> None:
        """
        @param seconds: a clock for durations.
        @param recorders: what keeps the lines that are said.
        @param now: the time of day for events.
        """
        self.directory = directory
        self.nicknames = Nicknames(backplane, seconds)
        self.attention = Attention()
        self.authors = Authors()
        self.seconds = seconds
        self.now = now
        self._backplane = backplane
        self._recorders = tuple(recorders)
        # Several of one member, when he goes in, out and in before the first arrives.
        self._joining: dict[tuple[Member, str], list[Deferred[Room]]] = {}
        backplane.connect(self.arrived)

    # Nicknames.

    def rename(self, member: Member, nick: str) -> Deferred[Member]:
        """
        Give a member another nickname, and tell his rooms.

        @return: see L{Nicknames.rename}.
        """

        def renamed(before: str, free: str) -> None:
            self.attention.renamed(free, member.fold)
            for room in member.rooms:
                self.publish(Renamed(room, self.now(), before, nick))
            if not member.rooms:
                member.hear(Renamed("", self.now(), before, nick))

        return self.nicknames.rename(member, nick, renamed)

    # Sessions.

    def attach(self, member: Member, seat: Seat) -> None:
        """
        Let somebody have one more session.  It hears nothing of a room before
        L{Room.attend}.
        """
        member.seats.append(seat)
        seat.participant.account = member.account
        member.called(member.nick, member.fold)
        self._tellSessions(member, seat)

    def detach(self, member: Member, seat: Seat, reason: Ending, text: str, by: str = "") -> None:
        """
        End one session of a member; with the last one he leaves.
        """
        if seat not in member.seats:
            return
        if len(member.seats) == 1:
            self.leave(member, reason, text, by)
        else:
            member.seats.remove(seat)
            self.authors.left(seat.recipient)
            seat.recipient.withdraw()
            self._tellSessions(member, seat)

    def leave(self, member: Member, reason: Ending, text: str = "", by: str = "") -> None:
        """
        Take a member out of all his rooms; his nickname is free from here on.

        @param by: who has put him out, if somebody has.
        """
        rooms, member.rooms = member.rooms, []
        # All of it is done, in this order, whatever goes wrong with a part of it.
        with ExitStack() as stack:
            stack.callback(self._forget, member)
            for room in reversed(rooms):
                left = Left(room, self.now(), member.nick, reason, text, by=by)
                stack.callback(self.publish, left)

    def _forget(self, member: Member) -> None:
        for recipient in member.recipients:
            self.authors.left(recipient)
        member.withdraw()
        # Else each would keep another one who has gone, and he the next.
        member.teller = None
        self.attention.left(member)
        self.nicknames.free(member)

    def _tellSessions(self, member: Member, changed: Seat) -> None:
        for seat in member.seats:
            if seat is not changed:
                seat.recipient.hear(SessionsChanged(len(member.seats)))

    # Rooms.

    def join(self, member: Member, room: str) -> Deferred[Room]:
        """
        Let a member into a room; see L{Directory.admit} for whether he may.

        @return: fires with the room when he is there: from then on he hears what
            happens in it.
        """
        joined: Deferred[Room] = Deferred()
        member.rooms.append(room)
        self._joining.setdefault((member, room), []).append(joined)
        self.publish(Joined(room, self.now(), member.nick), member)
        return joined

    def part(
        self,
        member: Member,
        room: str,
        reason: Ending = Ending.PARTED,
        text: str = "",
        by: str = "",
    ) -> None:
        """
        Take a member out of one room.

        @param by: who has put him out, if somebody has.
        @raise NotInRoom: when he is not in it.
        """
        self.requireIn(member, room)
        member.rooms.remove(room)
        self.publish(Left(room, self.now(), member.nick, reason, text, by=by), member)

    # Lines.

    def say(self, member: Member, room: str, text: str, author: Recipient) -> None:
        """
        Say something in a room.

        @raise NotInRoom: when the member is not in it.
        """
        self.requireIn(member, room)
        self._backplane.publish(Said(room, 0, self.now(), member.nick, text), author)

    def act(self, member: Member, room: str, text: str, author: Recipient) -> None:
        """
        Do something in a room.

        @raise NotInRoom: when the member is not in it.
        """
        self.requireIn(member, room)
        self._backplane.publish(Acted(room, 0, self.now(), member.nick, text), author)

    def tell(self, member: Member, to: str, text: str) -> Member:
        """
        Tell one person something.

        @param to: a nickname in any spelling.
        @return: the one who was told.
        @raise NoSuchNick: when nobody has it.
        @raise IgnoresYou: when he does not listen.
        """
        other = self.nicknames.named(to)
        if self.attention.ignores(other, member):
            raise IgnoresYou(other.nick)
        self.publish(Told(self.now(), member.nick, other.nick, text), member)
        return other

    def reply(self, member: Member, text: str) -> Member:
        """
        Tell something to the one who told this member something last.  It never
        reaches somebody else who took his nickname since.

        @return: the one who was told.
        @raise NobodyToReplyTo: when nobody did.
        @raise NoSuchNick: when he has gone.
        @raise IgnoresYou: when he does not listen.
        """
        other = member.teller
        if other is None:
            raise NobodyToReplyTo
        if self.nicknames.holder(other.fold) is not other:
            raise NoSuchNick(other.nick)
        return self.tell(member, other.nick, text)

    def requireIn(self, member: Member, room: str) -> None:
        """
        @raise NotInRoom: when a member is not in a room.
        """
        if room not in member.rooms:
            raise NotInRoom(room)

    def publish(self, event: Event, origin: object = None) -> None:
        """
        Hand an event to everybody.

        @param origin: who caused it, if he is to be known when it arrives.
        """
        self._backplane.publish(event, origin)

    # What arrives.

    def arrived(self, event: Event, origin: object) -> None:
        """
        Take in an event that the backplane has ordered.

        @param origin: what it was published with, if this process did.
        """
        match event:
            case Said() | Acted():
                for recorder in self._recorders:
                    recorder.append(event)
                author = origin if isinstance(origin, Recipient) else None
                if author is not None:
                    self.authors.said(author, event)
                self._heard(event, author, self.attention.deafTo(event.nick))
            case Joined():
                self._joined(event, origin if isinstance(origin, Member) else None)
            case Left():
                self._heard(event)
                self.nicknames.leftElsewhere(event)
                left = self.directory.find(event.room)
                if left is not None and event.reason is not Ending.SHUTDOWN:
                    self.directory.emptied(left)
                if isinstance(origin, Member):
                    self._parted(origin, event)
            case Renamed():
                self.nicknames.renamedElsewhere(event)
                self._heard(event)
            case TopicSet() | ModeSet():
                self._heard(event)
            case Announced():
                self._announced(event)
            case Told():
                self._told(event, origin)
            case _:
                raise ValueError(f"not for publishing: {event!r}")

    def _heard(
        self,
        event: RoomEvent,
        author: Recipient | None = None,
        deaf: Collection[Member] = (),
    ) -> None:
        room = self.directory.find(event.room)
        if room is not None:
            room.arrived(event, author, deaf)

    def _joined(self, event: Joined, member: Member | None) -> None:
        if member is None:
            member = self.nicknames.joinedElsewhere(event)
        room = self.directory.open(event.room)
        room.enter(member, event)
        joining = self._joining.get((member, event.room))
        if joining:
            joined = joining.pop(0)
            if not joining:
                del self._joining[member, event.room]
            joined.callback(room)

    def _parted(self, member: Member, event: Left) -> None:
        """Somebody goes on without a room: who talked there talks in another one."""
        room = self.directory.find(member.rooms[-1]) if member.rooms else None
        for seat in member.seats:
            seat.recipient.hear(Parted(event.room, event.reason, event.by, event.text))
            if seat.recipient.here is not None:
                continue
            if room is None:
                seat.recipient.hear(Talking(""))
            else:
                room.talk(seat)

    def _announced(self, event: Announced) -> None:
        rendered: dict[Rendering, bytes] = {}
        for member in self.nicknames.members:
            for recipient in member.recipients:
                rendering = recipient.rendering
                if rendering not in rendered:
                    rendered[rendering] = rendering.render(event)
                recipient.take(rendered[rendering])

    def _told(self, event: Told, origin: object) -> None:
        teller = self.nicknames.holder(fold(event.nick))
        member = self.nicknames.holder(fold(event.to))
        if member is not None:
            member.teller = teller
            member.hear(event)
        if isinstance(origin, Member):
            origin.hear(Sent(event.at, event.nick, event.to, event.text))
