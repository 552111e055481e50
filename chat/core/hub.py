"""
The Hub: who has which nickname, who is in which room, and the two steps of
every event: it is published to the backplane, and it arrives from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from datetime import datetime

from twisted.internet.defer import Deferred

from chat.core.ignores import Ignores
from chat.core.nicknames import Nicknames
from chat.core.receipts import Receipts
from chat.core.room import Room
from chat.core.rooms import Directory
from chat.core.users import User, UserSession
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
    @ivar ignores: who ignores whom.
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
        self.ignores = Ignores()
        self.receipts = Receipts()
        self.seconds = seconds
        self.now = now
        self._backplane = backplane
        self._recorders = tuple(recorders)
        # Several of one user, when he goes in, out and in before the first arrives.
        self._joining: dict[tuple[User, str], list[Deferred[Room]]] = {}
        backplane.connect(self.arrived)

    # Nicknames.

    def rename(self, user: User, nick: str) -> Deferred[User]:
        """
        Give a user another nickname, and tell his rooms.

        @return: see L{Nicknames.rename}.
        """

        def renamed(before: str, free: str) -> None:
            self.ignores.renamed(free, user.fold)
            for room in user.rooms:
                self.publish(Renamed(room, self.now(), before, nick))
            if not user.rooms:
                user.hear(Renamed("", self.now(), before, nick))

        return self.nicknames.rename(user, nick, renamed)

    # Sessions.

    def attach(self, user: User, session: UserSession) -> None:
        """
        Let somebody have one more session.  It hears nothing of a room before
        L{Room.attend}.
        """
        user.sessions.append(session)
        user.called(user.nick, user.fold)
        self._tellSessions(user, session)

    def detach(
        self, user: User, session: UserSession, reason: Ending, text: str, by: str = ""
    ) -> None:
        """
        End one session of a user; with the last one he leaves.
        """
        if session not in user.sessions:
            return
        if len(user.sessions) == 1:
            self.leave(user, reason, text, by)
        else:
            user.sessions.remove(session)
            self.receipts.left(session)
            session.withdraw()
            self._tellSessions(user, session)

    def leave(self, user: User, reason: Ending, text: str = "", by: str = "") -> None:
        """
        Take a user out of all his rooms; his nickname is free from here on.

        @param by: who has put him out, if somebody has.
        """
        rooms, user.rooms = user.rooms, []
        # All of it is done, in this order, whatever goes wrong with a part of it.
        with ExitStack() as stack:
            stack.callback(self._forget, user)
            for room in reversed(rooms):
                left = Left(room, self.now(), user.nick, reason, text, by=by)
                stack.callback(self.publish, left)

    def _forget(self, user: User) -> None:
        for recipient in user.sessions:
            self.receipts.left(recipient)
        user.withdraw()
        # Else each would keep another one who has gone, and he the next.
        user.teller = None
        self.ignores.left(user)
        self.nicknames.free(user)

    def _tellSessions(self, user: User, changed: UserSession) -> None:
        for session in user.sessions:
            if session is not changed:
                session.hear(SessionsChanged(len(user.sessions)))

    # Rooms.

    def join(self, user: User, room: str) -> Deferred[Room]:
        """
        Let a user into a room; see L{Directory.admit} for whether he may.

        @return: fires with the room when he is there: from then on he hears what
            happens in it.
        """
        joined: Deferred[Room] = Deferred()
        user.rooms.append(room)
        self._joining.setdefault((user, room), []).append(joined)
        self.publish(Joined(room, self.now(), user.nick), user)
        return joined

    def part(
        self,
        user: User,
        room: str,
        reason: Ending = Ending.PARTED,
        text: str = "",
        by: str = "",
    ) -> None:
        """
        Take a user out of one room.

        @param by: who has put him out, if somebody has.
        @raise NotInRoom: when he is not in it.
        """
        self.requireIn(user, room)
        user.rooms.remove(room)
        self.publish(Left(room, self.now(), user.nick, reason, text, by=by), user)

    # Lines.

    def say(self, user: User, room: str, text: str, author: Recipient) -> None:
        """
        Say something in a room.

        @raise NotInRoom: when the user is not in it.
        """
        self.requireIn(user, room)
        self._backplane.publish(Said(room, 0, self.now(), user.nick, text), author)

    def act(self, user: User, room: str, text: str, author: Recipient) -> None:
        """
        Do something in a room.

        @raise NotInRoom: when the user is not in it.
        """
        self.requireIn(user, room)
        self._backplane.publish(Acted(room, 0, self.now(), user.nick, text), author)

    def tell(self, user: User, to: str, text: str) -> User:
        """
        Tell one person something.

        @param to: a nickname in any spelling.
        @return: the one who was told.
        @raise NoSuchNick: when nobody has it.
        @raise IgnoresYou: when he does not listen.
        """
        other = self.nicknames.named(to)
        if self.ignores.ignores(other, user):
            raise IgnoresYou(other.nick)
        self.publish(Told(self.now(), user.nick, other.nick, text), user)
        return other

    def reply(self, user: User, text: str) -> User:
        """
        Tell something to the one who told this user something last.  It never
        reaches somebody else who took his nickname since.

        @return: the one who was told.
        @raise NobodyToReplyTo: when nobody did.
        @raise NoSuchNick: when he has gone.
        @raise IgnoresYou: when he does not listen.
        """
        other = user.teller
        if other is None:
            raise NobodyToReplyTo
        if self.nicknames.holder(other.fold) is not other:
            raise NoSuchNick(other.nick)
        return self.tell(user, other.nick, text)

    def requireIn(self, user: User, room: str) -> None:
        """
        @raise NotInRoom: when a user is not in a room.
        """
        if room not in user.rooms:
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
                    self.receipts.said(author, event)
                self._heard(event, author, self.ignores.deafTo(event.nick))
            case Joined():
                self._joined(event, origin if isinstance(origin, User) else None)
            case Left():
                self._heard(event)
                self.nicknames.leftElsewhere(event)
                left = self.directory.find(event.room)
                if left is not None and event.reason is not Ending.SHUTDOWN:
                    self.directory.emptied(left)
                if isinstance(origin, User):
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
        deaf: Collection[User] = (),
    ) -> None:
        room = self.directory.find(event.room)
        if room is not None:
            room.arrived(event, author, deaf)

    def _joined(self, event: Joined, user: User | None) -> None:
        if user is None:
            user = self.nicknames.joinedElsewhere(event)
        room = self.directory.open(event.room)
        room.enter(user, event)
        joining = self._joining.get((user, event.room))
        if joining:
            joined = joining.pop(0)
            if not joining:
                del self._joining[user, event.room]
            joined.callback(room)

    def _parted(self, user: User, event: Left) -> None:
        """Somebody goes on without a room: who talked there talks in another one."""
        room = self.directory.find(user.rooms[-1]) if user.rooms else None
        for session in user.sessions:
            session.hear(Parted(event.room, event.reason, event.by, event.text))
            if session.here is not None:
                continue
            if room is None:
                session.hear(Talking(""))
            else:
                room.talk(session)

    def _announced(self, event: Announced) -> None:
        rendered: dict[Rendering, bytes] = {}
        for user in self.nicknames.users:
            for recipient in user.sessions:
                rendering = recipient.rendering
                if rendering not in rendered:
                    rendered[rendering] = rendering.render(event)
                recipient.take(rendered[rendering])

    def _told(self, event: Told, origin: object) -> None:
        teller = self.nicknames.holder(fold(event.nick))
        user = self.nicknames.holder(fold(event.to))
        if user is not None:
            user.teller = teller
            user.hear(event)
        if isinstance(origin, User):
            origin.hear(Sent(event.at, event.nick, event.to, event.text))
