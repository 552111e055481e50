"""
One room: which users are in it, what they hear, and its settings.
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
    Entered,
    Event,
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
"""For how many seconds the comings and goings of a crowd are gathered, at the most."""


_TOGETHER = (Ending.SHUTDOWN, Ending.ROOM_DELETED)
"""Why all users leave at the same time."""


class Room:
    """
    One room.

    @ivar record: its name and settings, as far as they outlive a restart.
    @ivar audience: the sessions that hear it.
    @ivar guestOwners: those of its owners who own it only while they are here.
    @ivar invited: users without an account who may enter whatever the record says:
        these users, and not those who take their nicknames later.
    """

    def __init__(
        self, record: RoomRecord, endOfTurn: EndOfTurn, later: Later, announceLimit: int
    ) -> None:
        """
        @param announceLimit: up to how many users each coming and going is announced;
            0 for any number.
        """
        self.record = record
        self.audience = Audience(endOfTurn)
        self.guestOwners: set[User] = set()
        self.invited: WeakSet[User] = WeakSet()
        self._later = later
        self._announceLimit = announceLimit
        # By the fold of the nickname, in the order of their coming.
        self._users: dict[str, User] = {}
        # The joins and departures of a crowd that programs are still to be told.
        self._untold: PresenceChanges | None = None
        # Those that sessions which are behind are still to be told; made when one is.
        self._pending: PendingPresence | None = None

    def __len__(self) -> int:
        return len(self._users)

    @property
    def name(self) -> str:
        """With its C{#}."""
        return self.record.name

    @property
    def nicks(self) -> tuple[str, ...]:
        """The nicknames of all users here, in the order of their coming."""
        return tuple(user.nick for user in self._users.values())

    @property
    def users(self) -> tuple[User, ...]:
        """All users here, in the order of their coming."""
        return tuple(self._users.values())

    def people(self, now: float, share: int = 1) -> tuple[UserRow, ...]:
        """
        @param now: the time, in seconds of the Hub's clock.
        @param share: see L{fitting}.
        @return: the users who came first, as many as an event may name, in the order of
            their coming.
        """
        users = list(islice(self._users.values(), MAX_NAMES))
        return tuple(
            UserRow(user.nick, max(0, int(now - user.active)), user.away is not None)
            for user in users[: fitting([user.nick for user in users], share)]
        )

    def others(self, user: User, share: int = 1) -> tuple[tuple[str, ...], int]:
        """
        @param user: a user who is here.
        @param share: see L{fitting}.
        @return: the nicknames of the others who came first, as many as an event may
            name, and how many more there are.
        """
        first = islice(self._users.values(), MAX_NAMES + 1)
        nicks = [other.nick for other in first if other is not user]
        named = tuple(nicks[: fitting(nicks, share)]) if nicks else ()
        return named, len(self._users) - 1 - len(named)

    def owns(self, user: User) -> bool:
        """Whether a user is an owner."""
        return user in self.guestOwners or user.account in self.record.owners

    def topicFor(self, user: User) -> str:
        """
        @return: what a user is told of the topic on entering: nothing, if they ignore who set it.
        """
        return "" if fold(self.record.topicBy) in user.ignored else self.record.topic

    def lets(self, user: User) -> bool:
        """Whether a user has been invited."""
        return user in self.invited or user.account in self.record.guests

    # The sessions that hear it.

    def enter(self, user: User, event: Joined, talking: UserSession | None = None) -> None:
        """
        Let a user in.  The others hear of it; the user hears what comes after.

        @param talking: the session that talks here from now on.
        """
        isCrowd = self._isCrowd(len(self._users) + 1)
        if not isCrowd and self._untold is not None:
            self._tellChanges()
        self._users[fold(event.nick)] = user
        if isCrowd:
            self._note(event)
        else:
            self._announce(replace(event, count=len(self._users)))
        for session in user.sessions:
            self.attend(session, session is talking)

    def attend(self, session: UserSession, isTalking: bool = False) -> None:
        """
        Let a session of a user who is here hear what comes from now on.

        @param isTalking: whether it talks here from now on; one that talked nowhere
            does so in any case.
        """
        if session in self.audience:
            return
        if session.here is None or isTalking:
            session.talkIn(None)
            session.here, session.room = self.audience, self.name
        self.audience.add(session)

    def talk(self, session: UserSession) -> None:
        """
        Let a session of a user who is here talk here, and tell it so.
        """
        session.talkIn(self.audience)
        session.room = self.name
        session.hear(Talking(self.name))

    def tellEntered(self, user: User, session: UserSession, now: float) -> None:
        """
        Tell a session of a user that they have entered, and whether it talks here.

        @param now: the time, in seconds of the Hub's clock.
        """
        others, more = self.others(user)
        events: list[Event] = [Entered(self.name, others, self.topicFor(user), more)]
        if session.here is self.audience:
            events.append(Talking(self.name))
        session.hearAll(events, session.rendering)
        if session.rendering.listsPeople:
            self.listTo(session, now)

    def listTo(self, session: UserSession, now: float, share: int = 1) -> None:
        """
        Tell a session which users are here, after what it has not heard of that yet.

        @param now: the time, in seconds of the Hub's clock.
        @param share: see L{fitting}.
        """
        self.relieved(session)
        people = self.people(now, share)
        session.hear(Listed(self.name, people, len(self._users) - len(people)))

    def relieved(self, session: UserSession) -> None:
        """
        Nothing waits for a session any more: tell it who came and went meanwhile.
        """
        if self._pending is not None:
            self._pending.tell(session, len(self._users))

    def arrived(
        self,
        event: RoomEvent,
        sender: Recipient | None = None,
        deaf: Collection[User] = (),
    ) -> None:
        """
        Take in what happened here, and let all users here hear it.

        @param sender: the recipient that caused the event, if it is in this process.
        @param deaf: the users who ignore whoever caused it, and read no words of theirs.
        """
        if not isinstance(event, Left):
            if self._untold is not None:
                self._tellChanges()
            if self._pending is not None and self._pending.isNeeded:
                self._pending.tellAll(len(self._users))
        unheard = [each for user in deaf for each in user.sessions] if deaf else ()
        match event:
            case Said() | Acted():
                self.audience.deliver(event, sender, unheard)
            case Left():
                self._left(event, unheard)
            case Renamed():
                before, after = fold(event.nick), fold(event.name)
                # Built anew, since the order of coming stays.
                self._users = {
                    after if key == before else key: user for key, user in self._users.items()
                }
                self.audience.deliver(event)
            case TopicSet(nick=nick, text=text):
                self.record = replace(self.record, topic=text, topicBy=nick)
                self.audience.deliver(event, deaf=unheard)
            case ModeSet():
                self.audience.deliver(event)
            case Joined() | Changed():
                raise ValueError("a user enters by Room.enter")
            case _:  # pragma: no cover
                assert_never(event)

    def _left(self, event: Left, unheard: Collection[UserSession]) -> None:
        user = self._users.get(fold(event.nick))
        if user is None:
            # A process that started later never saw the user come.
            return
        isCrowd = self._isCrowd(len(self._users))
        if not isCrowd and self._untold is not None:
            self._tellChanges()
        del self._users[fold(event.nick)]
        self.guestOwners.discard(user)
        # When this process stops, or the room is deleted, each of its users is told so once,
        # and not of all the others as well.
        isTold = event.reason not in _TOGETHER or not user.sessions
        for session in user.sessions:
            # A session that has just begun hears nothing yet.
            if session in self.audience:
                self.audience.remove(session)
            if self._pending is not None:
                self._pending.forget(session)
            if session.here is self.audience:
                session.here, session.room = None, ""
        if not isTold:
            return
        if isCrowd:
            self._note(event)
        else:
            self._announce(replace(event, count=len(self._users)), unheard)

    # Joins and departures, each by itself or many at once.

    def _announce(
        self, event: Joined | Left | Changed, unheard: Collection[UserSession] = ()
    ) -> None:
        """
        @param unheard: sessions that do not read the reason for leaving.
        """
        busy = [session for session in self._sessions() if session.outlet.busy]
        if busy and self._pending is None:
            self._pending = PendingPresence(self.name, self.audience)
        deaf = [] if self._pending is None else self._pending.gather(event, busy)
        if unheard and isinstance(event, Left) and event.text:
            silent = replace(event, text="")
            for session in unheard:
                if session in self.audience and session not in deaf:
                    self.audience.deliverTo(session, silent)
                    deaf.append(session)
        self.audience.deliver(event, deaf=deaf)

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
        Tell programs who has come and gone, before anything else happens.  A user who
        has done both is among them: a program that came in between has seen one half.
        """
        untold, self._untold = self._untold, None
        # There is nothing to tell where all who came have gone again.
        if untold:
            self._announce(untold.changed(self.name, len(self._users)))
