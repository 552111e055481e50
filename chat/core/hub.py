"""
The Hub: which user has which nickname and is in which room, and the two steps of
every event: it is published to the backplane, and it arrives from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
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

    Nothing here waits: what must be agreed on with other processes (a nickname, the
    order in which users enter a room) is a Deferred, and everything else has been done
    when the call returns.

    @ivar directory: the rooms.
    @ivar nicknames: the users, by their nicknames.
    @ivar ignores: which user ignores which nickname.
    @ivar receipts: the sessions that want to know when what they said is stored.
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
        @param seconds: a clock for durations, which users see: it goes on while the process stands
            still.
        @param recorders: these keep the lines that are said.
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
        # The joins that have been published and have not arrived, each with the session
        # that will talk there.  A user may join, part and join again meanwhile.
        self._joining: dict[tuple[User, str], list[tuple[Deferred[Room], UserSession | None]]] = {}
        backplane.connect(self.arrived)

    # Nicknames.

    def rename(self, user: User, nick: str) -> Deferred[User]:
        """
        Give a user another nickname, and tell their rooms.

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
        Give a user one more session.  It hears nothing of a room before
        L{Room.attend}.
        """
        user.begin(session)
        user.called(user.nick, user.fold)
        self._tellSessions(user, session)

    def detach(
        self, user: User, session: UserSession, reason: Ending, text: str, by: str = ""
    ) -> None:
        """
        End one session of a user; with the last one the user leaves.
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
        Take a user out of all rooms; the nickname is free from here on.

        @param by: the nickname of the user who put them out, if one did.
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
        # Drop the reference, or departed users keep each other alive.
        user.teller = None
        self.ignores.left(user)
        self.nicknames.free(user)

    def _tellSessions(self, user: User, changed: UserSession) -> None:
        for session in user.sessions:
            if session is not changed:
                session.hear(SessionsChanged(len(user.sessions)))

    # Rooms.

    def join(self, user: User, room: str, session: UserSession | None = None) -> Deferred[Room]:
        """
        Let a user into a room; see L{Directory.admit} for whether they may.

        @param session: the session that talks there from then on; the others go on
            where they are.
        @return: fires with the room when the user is there: from then on they hear what
            happens in it.
        """
        joined: Deferred[Room] = Deferred()
        user.rooms.append(room)
        self._joining.setdefault((user, room), []).append((joined, session))
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

        @param by: the nickname of the user who put them out, if one did.
        @raise NotInRoom: when they are not in it.
        """
        self.requireIn(user, room)
        user.rooms.remove(room)
        self.publish(Left(room, self.now(), user.nick, reason, text, by=by), user)

    # Lines.

    def say(self, user: User, room: str, text: str, sender: Recipient) -> None:
        """
        Say something in a room.

        @param sender: the session in which the user said it.
        @raise NotInRoom: when the user is not in it.
        """
        self.requireIn(user, room)
        self._backplane.publish(Said(room, 0, self.now(), user.nick, text), sender)

    def act(self, user: User, room: str, text: str, sender: Recipient) -> None:
        """
        Do something in a room.

        @param sender: the session in which the user did it.
        @raise NotInRoom: when the user is not in it.
        """
        self.requireIn(user, room)
        self._backplane.publish(Acted(room, 0, self.now(), user.nick, text), sender)

    def followIgnored(self, user: User, folds: Iterable[str]) -> None:
        """
        Let a user hear nothing from those who go by another nickname at present than that
        of their account, which the user ignores.

        @param folds: of the nicknames that the user ignores.
        """
        for folded in folds:
            other = self.nicknames.present(folded)
            if other is not None and other.fold != folded:
                self.ignores.follow(user, folded, other)

    def tell(self, user: User, to: str, text: str) -> User:
        """
        Tell one user something.

        @param to: a nickname in any spelling.
        @return: the user who was told.
        @raise NoSuchNick: when no user has it.
        @raise IgnoresYou: when they do not listen.
        """
        other = self.nicknames.named(to)
        if self.ignores.ignores(other, user):
            raise IgnoresYou(other.nick)
        self.publish(Told(self.now(), user.nick, other.nick, text), user)
        return other

    def reply(self, user: User, text: str) -> User:
        """
        Tell something to the user whose private message came last.  It never reaches
        another user who took that nickname since.

        @return: the user who was told.
        @raise NobodyToReplyTo: when there was no such message.
        @raise NoSuchNick: when its sender has gone.
        @raise IgnoresYou: when they do not listen.
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
        Hand an event to the backplane, from which it arrives in every process.

        @param origin: the session or the user that caused it, if that is to be known when
            it arrives.
        """
        self._backplane.publish(event, origin)

    # What arrives.

    def arrived(self, event: Event, origin: object) -> None:
        """
        Take in an event that the backplane has ordered.

        @param origin: as it was published with, if this process did.
        """
        match event:
            case Said() | Acted():
                for recorder in self._recorders:
                    recorder.append(event)
                sender = origin if isinstance(origin, Recipient) else None
                if sender is not None and sender.rendering.wantsReceipts:
                    self.receipts.said(sender, event)
                room = self.directory.rooms.get(event.room)
                if room is not None:
                    deaf = self.ignores.deafTo(event.nick) if self.ignores.deaf else ()
                    room.arrived(event, sender, deaf)
            case TopicSet():
                self._heard(event, self.ignores.deafTo(event.nick))
            case Joined():
                self._joined(event, origin if isinstance(origin, User) else None)
            case Left():
                # The reason is said by who gives it.
                self._heard(event, self.ignores.deafTo(event.by or event.nick))
                self.nicknames.leftElsewhere(event)
                left = self.directory.find(event.room)
                if left is not None and event.reason is not Ending.SHUTDOWN:
                    self.directory.emptied(left)
                if isinstance(origin, User):
                    self._parted(origin, event)
            case Renamed():
                self.nicknames.renamedElsewhere(event)
                self._heard(event)
            case ModeSet():
                self._heard(event)
            case Announced():
                self._announced(event)
            case Told():
                self._told(event, origin)
            case _:
                raise ValueError(f"not for publishing: {event!r}")

    def _heard(self, event: RoomEvent, deaf: Collection[User] = ()) -> None:
        room = self.directory.find(event.room)
        if room is not None:
            room.arrived(event, deaf=deaf)

    def _joined(self, event: Joined, user: User | None) -> None:
        if user is None:
            user = self.nicknames.joinedElsewhere(event)
        room = self.directory.open(event.room)
        joining = self._joining.get((user, event.room))
        if not joining:
            room.enter(user, event)
            return
        joined, session = joining.pop(0)
        if not joining:
            del self._joining[user, event.room]
        room.enter(user, event, session)
        joined.callback(room)

    def _parted(self, user: User, event: Left) -> None:
        """A user has left a room: sessions that talked there talk in another one."""
        room = self.directory.find(user.rooms[-1]) if user.rooms else None
        text = "" if event.by and self.ignores.isDeafTo(user, event.by) else event.text
        for session in user.sessions:
            session.hear(Parted(event.room, event.reason, event.by, text))
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
