"""
Users, and their sessions as far as the core knows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from chat.delivery.audience import Recipient
from chat.interfaces import Outlet, Rendering
from chat.vocabulary.endings import Ending
from chat.vocabulary.events import Event
from chat.vocabulary.limits import Pace


class UserSession(Recipient):
    """
    One session of a user: a recipient that can be asked to end.

    @ivar number: tells it from the other sessions of its user, also from those that have
        ended; 0 while it has no user.
    @ivar room: the name of the room in which the user talks, or nothing.
    @ivar since: when the session began.
    @ivar active: when its last complete line came, in seconds of the Hub's clock.
    """

    __slots__ = ("__weakref__", "active", "number", "room", "since")

    def __init__(
        self, outlet: Outlet, rendering: Rendering, since: datetime, active: float = 0.0
    ) -> None:
        super().__init__(outlet, rendering)
        self.number = 0
        self.room = ""
        self.since = since
        self.active = active

    @property
    def address(self) -> str:
        """
        Where the session comes from; it may become known only some time after the
        beginning.
        """
        raise NotImplementedError

    def end(
        self, reason: Ending, about: str = "", by: str = "", *, until: datetime | None = None
    ) -> None:
        """
        End the session: its user is told why, and the front door closes.

        @param about: a detail of the reason.
        @param by: the nickname of the user who wants it, if it is another one.
        @param until: when a ban ends, if it ever does.
        """
        raise NotImplementedError


@dataclass(eq=False, slots=True, weakref_slot=True)
class User:
    """
    A nickname, and the sessions that have it.

    @ivar fold: of the nickname; see L{chat.vocabulary.names.fold}.
    @ivar sessions: those in this process, so none for a user elsewhere.  A guest has
        one; a user with an account may have several, which all hear the same.
    @ivar account: the fold of the account that the user has proven to own, or nothing.
    @ivar rooms: the names of those the user has entered and not left.  A room itself
        knows of it when the event arrives.
    @ivar active: when the last complete line came, in seconds of the Hub's clock.
    @ivar teller: the user who sent the last private message.
    @ivar away: why the user is away; L{None} while they are not.
    @ivar ignored: the folds of the nicknames that the user does not listen to.
    @ivar pace: how fast lines come, in all sessions together.
    @ivar renamedMark: how often the nickname has changed.
    @ivar joinedMark: how often the user has entered rooms.
    """

    nick: str
    fold: str
    sessions: list[UserSession] = field(default_factory=list)
    account: str = ""
    rooms: list[str] = field(default_factory=list)
    active: float = 0.0
    teller: User | None = None
    away: str | None = None
    ignored: set[str] = field(default_factory=set)
    pace: Pace = field(default_factory=Pace)
    renamedMark: float = 0.0
    joinedMark: float = 0.0
    _numbered: int = 0

    def begin(self, session: UserSession) -> None:
        """
        Add a session.  Its number is never that of another one, as long as the user is
        here.
        """
        self._numbered += 1
        session.number = self._numbered
        self.sessions.append(session)

    def hear(self, event: Event) -> None:
        """Tell this user alone, in all sessions."""
        for session in self.sessions:
            session.hear(event)

    def called(self, nick: str, fold: str) -> None:
        """Note that the nickname is another one from now on."""
        self.nick, self.fold = nick, fold
        for session in self.sessions:
            session.nick = nick

    def inherit(self, other: User) -> None:
        """
        A session goes on as one of this user: what the other one has used up of their
        shares is used up here, or to change between two accounts would be a way around.
        """
        self.pace.mark = max(self.pace.mark, other.pace.mark)
        self.renamedMark = max(self.renamedMark, other.renamedMark)
        self.joinedMark = max(self.joinedMark, other.joinedMark)

    def withdraw(self) -> None:
        """Let the user hear no more, in any session."""
        for session in self.sessions:
            session.withdraw()
        self.sessions.clear()
