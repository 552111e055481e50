"""
One room: who is in it, who hears what, and how it is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice
from typing import assert_never
from weakref import WeakSet

from chat.core.presence import PendingPresence, PresenceChanges
from chat.core.users import User, UserSession
from chat.delivery.audience import Audience, EndOfTurn, Recipient
from chat.vocabulary.events import (
    Acted,
    Changed,
    Ending,
    Joined,
    Left,
    Listed,
    ModeSet,
    Renamed,
    RoomEvent,
    Said,
    Talking,
    TopicSet,
    UserRow,
)
from chat.vocabulary.names import fold
from chat.vocabulary.records import RoomRecord
from chat.vocabulary.replies import MAX_NAMES, fitting
from chat.vocabulary.times import Later

COALESCE = 1.0
"""For how many seconds comings and goings of a crowd are gathered at the most."""


class Room:
    """
    One room.

    @ivar record: its name and how it is kept, as far as it outlives a restart.
    @ivar guestOwners: those of its owners who own it only while they are here.
    @ivar invited: those without an account who may come in whatever the record
        says: they, and nobody who has the nickname of one of them later.
    """

    def __init__(
        self, record: RoomRecord, endOfTurn: EndOfTurn, later: Later, announceLimit: int
    ) -> None:
        """
        @param announceLimit: up to how many people each coming and going is
            announced; 0 for any number.
        """
        self.record = record
        self.audience = Audience(endOfTurn)
        self.guestOwners: set[User] = set()
        self.invited: WeakSet[User] = WeakSet()
        self._later = later
        self._announceLimit = announceLimit
        self._users: dict[str, User] = {}
        # What programs are still to be told of a crowd, and who is behind.
        self._untold: PresenceChanges | None = None
        self._unheard = PendingPresence(record.name, self.audience)

    def __len__(self) -> int:
        return len(self._users)

    @property
    def name(self) -> str:
        """With its C{#}."""
        return self.record.name

    @property
    def nicks(self) -> tuple[str, ...]:
        """The nicknames of everybody here, in the order of their coming."""
        return tuple(user.nick for user in self._users.values())

    @property
    def users(self) -> tuple[User, ...]:
        """Everybody here, in the order of their coming."""
        return tuple(self._users.values())

    def people(self, now: float, share: int = 1) -> tuple[UserRow, ...]:
        """
        @param now: the time, in seconds of the Hub's clock.
        @param share: see L{fitting}.
        @return: those here who came first, as many as an event may name, in the
            order of their coming.
        """
        users = list(islice(self._users.values(), MAX_NAMES))
        return tuple(
            UserRow(user.nick, max(0, int(now - user.active)), user.away is not None)
            for user in users[: fitting([user.nick for user in users], share)]
        )

    def others(self, user: User, share: int = 1) -> tuple[tuple[str, ...], int]:
        """
        @param user: somebody who is here.
        @param share: see L{fitting}.
        @return: the nicknames of the others who came first, as many as an event may
            name, and how many more there are.
        """
        first = islice(self._users.values(), MAX_NAMES + 1)
        nicks = [other.nick for other in first if other is not user]
        named = tuple(nicks[: fitting(nicks, share)])
        return named, len(self) - 1 - len(named)

    def owns(self, user: User) -> bool:
        """Whether somebody is an owner."""
        return user in self.guestOwners or user.account in self.record.owners

    def lets(self, user: User) -> bool:
        """Whether somebody has been invited."""
        return user in self.invited or user.account in self.record.guests

    def enter(self, user: User, event: Joined) -> None:
        """
        Let a user in.  The others hear of it; he hears what comes after.
        """
        isCrowd = self._isCrowd(len(self) + 1)
        if not isCrowd:
            self._tellChanges()
        self._users[fold(event.nick)] = user
        if isCrowd:
            self._note(event)
        else:
            self._announce(replace(event, count=len(self)))
        for session in user.sessions:
            self.attend(session)

    def attend(self, session: UserSession) -> None:
        """
        Let a session of somebody who is here hear what comes from now on.
        """
        recipient = session
        if recipient in self.audience:
            return
        if recipient.here is None:
            recipient.here = self.audience
            session.room = self.name
        self.audience.add(recipient)

    def talk(self, session: UserSession) -> None:
        """
        Let somebody who is here talk here, and tell him so.
        """
        session.talkIn(self.audience)
        session.room = self.name
        session.hear(Talking(self.name))

    def listTo(self, session: UserSession, now: float, share: int = 1) -> None:
        """
        Tell a session who is here, after what it has not heard of that yet.

        @param now: the time, in seconds of the Hub's clock.
        @param share: see L{fitting}.
        """
        self.relieved(session)
        people = self.people(now, share)
        session.hear(Listed(self.name, people, len(self) - len(people)))

    def relieved(self, session: UserSession) -> None:
        """
        Nothing waits for a session any more: tell it who came and went meanwhile.
        """
        self._unheard.tell(session, len(self))

    def arrived(
        self,
        event: RoomEvent,
        author: Recipient | None,
        deaf: Collection[User] = (),
    ) -> None:
        """
        Take in what happened here, and let everybody hear it.

        @param author: the recipient who caused the event, if he is in this
            process.
        @param deaf: who does not listen to the author.
        """
        if not isinstance(event, Left):
            if self._untold is not None:
                self._tellChanges()
            if self._unheard.isNeeded:
                self._unheard.tellAll(len(self))
        match event:
            case Said() | Acted():
                unheard = [each for user in deaf for each in user.sessions] if deaf else ()
                self.audience.deliver(event, author, unheard)
            case Left():
                self._left(event)
            case Renamed():
                before, after = fold(event.nick), fold(event.name)
                # Built anew, for who is renamed keeps his place.
                self._users = {
                    after if key == before else key: user for key, user in self._users.items()
                }
                self.audience.deliver(event)
            case TopicSet(nick=nick, text=text):
                self.record = replace(self.record, topic=text, topicBy=nick)
                self.audience.deliver(event)
            case ModeSet():
                self.audience.deliver(event)
            case Joined() | Changed():
                raise ValueError("a user enters by Room.enter")
            case _:  # pragma: no cover
                assert_never(event)

    def _left(self, event: Left) -> None:
        user = self._users.get(fold(event.nick))
        if user is None:
            # A process that has come later never saw him come.
            return
        isCrowd = self._isCrowd(len(self))
        if not isCrowd:
            self._tellChanges()
        del self._users[fold(event.nick)]
        self.guestOwners.discard(user)
        # When this process stops, each of its people is told so once, and not of
        # everybody else as well.
        isTold = event.reason is not Ending.SHUTDOWN or not user.sessions
        for session in user.sessions:
            # One that has just come to him hears nothing yet.
            if session in self.audience:
                self.audience.remove(session)
            self._unheard.forget(session)
            if session.here is self.audience:
                session.here = None
                session.room = ""
        if not isTold:
            return
        if isCrowd:
            self._note(event)
        else:
            self._announce(replace(event, count=len(self)))

    # What is told at once: to a reader who is behind, and of a crowd.

    def _announce(self, event: Joined | Left | Changed) -> None:
        self.audience.deliver(event, deaf=self._unheard.gather(event, self._sessions()))

    def _sessions(self) -> Iterator[UserSession]:
        return (session for user in self._users.values() for session in user.sessions)

    def _isCrowd(self, count: int) -> bool:
        return 0 < self._announceLimit < count

    def _note(self, event: Joined | Left) -> None:
        if self._untold is None:
            self._untold = PresenceChanges()
            self._later(COALESCE, self._tellChanges)
        self._untold.noteUnsure(event)

    def _tellChanges(self) -> None:
        """
        Tell programs who has come and gone, before anything else happens.  Whoever
        has done both is among them: a program that came in between knows only the
        one.
        """
        untold, self._untold = self._untold, None
        # There is nothing to tell where whoever came has gone again.
        if untold:
            self._announce(untold.changed(self.name, len(self)))
