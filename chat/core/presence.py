"""
Joins and departures that are not told one by one, but gathered and told at once: those of
a crowd to all programs, and those of any room to a session that is behind.

Only the difference they make is kept, so a user who comes and goes again costs
nothing, and it is bounded: past L{chat.vocabulary.replies.MAX_NAMES} it is only
counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from weakref import WeakKeyDictionary

from chat.core.users import UserSession
from chat.delivery.audience import Audience
from chat.vocabulary.events import Changed, Joined, Left
from chat.vocabulary.replies import MAX_NAMES, MAX_NAMES_SIZE


class PresenceChanges:
    """
    The joins and departures of some time.
    """

    __slots__ = ("_at", "_isLate", "_more", "_noted", "_size")

    def __init__(self) -> None:
        self._at = datetime.min
        self._isLate = False
        self._more = 0
        # By nickname, as it is written: whether the user was here before, if that is
        # known, and whether they are here now.
        self._noted: dict[str, tuple[bool | None, bool]] = {}
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._noted) or self._more > 0

    def note(self, event: Joined | Left) -> None:
        """
        Gather one that would have been told by itself: a user who joins was not there
        before, so there is nothing to tell when they leave again.
        """
        isHere = isinstance(event, Joined)
        self._isLate = True
        self._note(event.at, event.nick, not isHere, isHere)

    def noteUnsure(self, event: Joined | Left) -> None:
        """
        Gather one of a crowd: recipients that came in between have been told who was
        there, and may know of it already.
        """
        self._note(event.at, event.nick, None, isinstance(event, Joined))

    def noteAll(self, event: Changed) -> None:
        """
        Gather what was gathered before.
        """
        for nick in event.joined:
            self._note(event.at, nick, None, True)
        for nick in event.left:
            self._note(event.at, nick, None, False)
        self._more += event.more

    def changed(self, room: str, count: int) -> Changed:
        """
        @param count: how many are in the room now.
        @return: all of it.
        """
        return Changed(
            room,
            self._at,
            tuple(nick for nick, (_, isHere) in self._noted.items() if isHere),
            tuple(nick for nick, (_, isHere) in self._noted.items() if not isHere),
            count,
            self._isLate,
            self._more,
        )

    def _note(self, at: datetime, nick: str, wasHere: bool | None, isHere: bool) -> None:
        self._at = at
        noted = self._noted.get(nick)
        if noted is not None:
            wasHere = noted[0]
            if wasHere is isHere:
                del self._noted[nick]
                self._size -= len(nick.encode())
            else:
                self._noted[nick] = wasHere, isHere
            return
        size = self._size + len(nick.encode())
        if len(self._noted) < MAX_NAMES and size <= MAX_NAMES_SIZE:
            self._noted[nick] = wasHere, isHere
            self._size = size
        else:
            self._more += 1


class PendingPresence:
    """
    The joins and departures of one room that wait until the sessions that are behind
    have taken what waits for them.

    @ivar isNeeded: whether any may wait.  It is asked for with every line.
    """

    def __init__(self, room: str, audience: Audience) -> None:
        """
        @param room: its name.
        @param audience: of the room: a session that is not in it is told nothing.
        """
        self.isNeeded = False
        self._room = room
        self._audience = audience
        # A session that has ended is told nothing, and is not kept for it.
        self._bySession: WeakKeyDictionary[UserSession, PresenceChanges] = WeakKeyDictionary()

    def gather(
        self, event: Joined | Left | Changed, busy: Iterable[UserSession]
    ) -> list[UserSession]:
        """
        Keep an event for the sessions that had better be told later, so that not too
        much waits for them.

        @param busy: the sessions here for which much waits.  For those something is
            kept already, this event waits as well.
        @return: the sessions that must not hear it now.  A rendering for people says
            nothing of a L{Changed} in any case.
        """
        waiting = [
            session
            for session in dict.fromkeys((*busy, *self._bySession))
            if session in self._audience
            and (session.rendering.listsPeople or not isinstance(event, Changed))
        ]
        for session in waiting:
            changes = self._bySession.get(session)
            if changes is None:
                changes = self._bySession[session] = PresenceChanges()
                self.isNeeded = True
            if isinstance(event, Changed):
                changes.noteAll(event)
            else:
                changes.note(event)
        return waiting

    def tell(self, session: UserSession, count: int) -> None:
        """
        Tell one session what waits for it, if anything does.

        @param count: how many users are in the room now.
        """
        changes = self._bySession.pop(session, None)
        if changes and session in self._audience:
            session.hear(changes.changed(self._room, count))

    def tellAll(self, count: int) -> None:
        """
        Tell all sessions what waits for them: something else comes.
        """
        self.isNeeded = False
        for session in tuple(self._bySession):
            self.tell(session, count)

    def forget(self, session: UserSession) -> None:
        """
        A session leaves the room, and hears no more of it.
        """
        self._bySession.pop(session, None)
