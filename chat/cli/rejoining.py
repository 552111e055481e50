"""
Coming back into the rooms of a connection that was lost, one after the other.

A service lets no session into many rooms at once, and says after how many seconds
the next one may be tried.  It does not say which room that was about, so only one
C{/join} is on its way at a time.  A ping goes before it: the first answer after
that of the ping is the answer to the C{/join}.  A session that enters a room talks
there, so a C{/room} follows at once, and what the user types meanwhile is said
where they talk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from enum import Enum, auto

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.client.protocol import ChatClient
from chat.client.requests import isWord
from chat.client.roster import Roster
from chat.vocabulary.commands import Command, Join, Switch
from chat.vocabulary.errors import RoomInvalid
from chat.vocabulary.events import Done, Ending, Entered, Event, Parted, Refused, Talking, Welcomed
from chat.vocabulary.names import roomname

UNWANTED = frozenset({Ending.KICKED, Ending.BANNED, Ending.SESSION_ENDED, Ending.ACCOUNT_REMOVED})
"""
After these the client does not connect again by itself: an operator, or the user in
another session, does not want this one.
"""

LONGEST_WAIT = 600
"""Seconds before anything is tried again, whatever a service says."""

_CLOSED = frozenset(
    {"key-needed", "invite-needed", "no-such-room", "room-invalid", "rooms-full"}
    | {"room-confusable", "scripts-mixed"}
)
"""The codes of a refused C{/join} that will be refused again."""


class Rejoiner:
    """
    Remembers the rooms of the user, from one connection to the next.
    """

    def __init__(self, clock: IReactorTime) -> None:
        # A dict keeps the order in which they were entered.
        self._rooms: dict[str, None] = {}
        self._talking = ""
        self._keys: dict[str, str] = {}
        self._isGuest = True
        self._isAway = False
        self._clock = clock
        self._way: _WayBack | None = None

    def disconnected(self) -> None:
        """
        The connection is lost: after the next welcome, go back.
        """
        self._isAway = True
        self._stop()

    def entered(self, command: Command | None) -> None:
        """
        The user has entered a command; it may have the key of a room in it.
        """
        with suppress(RoomInvalid):
            match command:
                case Join(room=room, key=key) if isWord(key):
                    self._keys[roomname(room)] = key
                case Switch(room=room) if self._way is not None and roomname(room) in self._rooms:
                    self._way.talking = roomname(room)
                case _:
                    pass

    def heard(self, event: Event, client: ChatClient) -> bool:
        """
        Take in what was heard; after a welcome, go back into the rooms.

        @return: whether it is news to the user, and not only a step of the way
            back.
        """
        isNews = self._way is None or self._way.heard(event)
        match event:
            case Welcomed(room=room):
                self._stop()
                if self._isAway and self._rooms:
                    self._comeBack(room, client)
                else:
                    self._rooms = {room: None}
                    self._talking = room
                self._isAway = False
            case Done(code="registered" | "logged-in"):
                self._isGuest = False
            case Done(code="unregistered"):
                self._isGuest = True
            case Entered(room=room):
                self._rooms[room] = None
            case Talking(room=room) if isNews:
                self._talking = room
            case Parted(room=room):
                self._rooms.pop(room, None)
            case Refused(code=code, about=room) if code in _CLOSED:
                self._rooms.pop(room, None)
            case _:
                pass
        return isNews

    def talksIn(self, roster: Roster) -> str | None:
        """
        @return: the room in which a line is said that is typed now, or L{None} when
            there is none.
        """
        if self._way is not None and self._way.isPassing:
            return self._way.talking
        return roster.room

    def _stop(self) -> None:
        way, self._way = self._way, None
        if way is not None:
            way.stop()

    def _comeBack(self, start: str, client: ChatClient) -> None:
        """
        @param start: the room in which the service has put us.
        """
        rooms = [room for room in self._rooms if room != start and isWord(room)]
        if self._talking in rooms:
            # The user means this room with what they type now.
            rooms.remove(self._talking)
            rooms.insert(0, self._talking)
        talking = self._talking
        if talking not in self._rooms:
            talking = start if start in self._rooms or not rooms else rooms[0]
        # The user of an account may be there with another session.
        isUnwanted = start not in self._rooms and self._isGuest and isWord(start)
        self._way = _WayBack(client, self._clock, rooms, self._keys, talking, self._rooms)
        self._way.unwanted = start if isUnwanted else None


class _State(Enum):
    # Nothing is on its way.
    RESTING = auto()
    # The service is still answering what was asked before.
    ASKED = auto()
    # The next answer is that of the C{/join}.
    JOINING = auto()
    # We are in, and are to be told that we talk there.
    ENTERED = auto()
    # The next answer is that of the C{/room}.
    SWITCHING = auto()


class _WayBack:
    """
    The way into the rooms on one connection.

    @ivar talking: the room to talk in.
    @ivar unwanted: a room to leave once we are in another one, or L{None}.
    """

    def __init__(
        self,
        client: ChatClient,
        clock: IReactorTime,
        rooms: Iterable[str],
        keys: Mapping[str, str],
        talking: str,
        remembered: dict[str, None],
    ) -> None:
        """
        @param rooms: in the order to enter them; the room to talk in is best first.
        @param keys: by room.
        @param remembered: loses each room that cannot be entered any more.
        """
        self.talking = talking
        self.unwanted: str | None = None
        self._remembered = remembered
        self._client = client
        self._clock = clock
        self._rooms = deque(rooms)
        self._keys = keys
        self._state = _State.RESTING
        self._isSwitching = False
        self._pause = 0
        self._timer: IDelayedCall | None = None
        self._next()

    def stop(self) -> None:
        """
        Go no further.
        """
        self._rooms.clear()
        self._state = _State.RESTING
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def isPassing(self) -> bool:
        """Whether we only pass through the next room, and talk elsewhere after that."""
        return self._isSwitching and self._state is not _State.RESTING

    def heard(self, event: Event) -> bool:
        """
        Take in what was heard.

        @return: whether it is news to the user.
        """
        match self._state, event:
            case _State.JOINING, Entered():
                self._state = _State.ENTERED
                if self.unwanted is not None:
                    self._client.part(self.unwanted)
                    self.unwanted = None
            case _State.JOINING, Refused(code="joining-too-fast", about=about):
                self._pause = secondsToWait(about)
                self._joinAnswered()
                return False
            case _State.JOINING, Refused(code=code):
                if code in _CLOSED:
                    self._remembered.pop(self._rooms[0], None)
                self._joinAnswered()
            case ((_State.JOINING | _State.ENTERED), Talking(room=room)):
                # In the first case we were there already.
                self._joinAnswered()
                return room == self.talking
            case _State.SWITCHING, (Talking() | Refused()):
                self._stepOver()
                return False
            case ((_State.RESTING | _State.ASKED), Talking(room=room)):
                # The user has gone there.
                self.talking = room
            case _:
                pass
        return True

    def _next(self) -> None:
        self._timer = None
        while self._rooms and self._rooms[0] in self._client.roster.rooms:
            self._rooms.popleft()
        if not self._rooms:
            return
        room, client = self._rooms[0], self._client
        if self.talking != room and not self._isHere(self.talking):
            # It could not be entered, or we were put out of it.
            here = client.roster.room or ""
            self.talking = here if self._isHere(here) else room
        self._isSwitching = self.talking != room
        self._state = _State.ASKED
        client.ping().addCallbacks(self._pingAnswered, lambda failure: None)
        client.join(room, self._keys.get(room, ""))
        if self._isSwitching:
            client.talkIn(self.talking)

    def _pingAnswered(self, token: str) -> None:
        if self._state is _State.ASKED:
            self._state = _State.JOINING

    def _joinAnswered(self) -> None:
        if self._isSwitching:
            self._state = _State.SWITCHING
        else:
            self._stepOver()

    def _stepOver(self) -> None:
        """The room is done with, or to be tried again later."""
        self._state = _State.RESTING
        roster = self._client.roster
        if roster.room != self.talking and self._isHere(self.talking):
            # The user went there just before we went elsewhere.
            self._client.talkIn(self.talking)
        pause, self._pause = self._pause, 0
        if pause:
            self._timer = self._clock.callLater(pause, self._next)
        else:
            self._rooms.popleft()
            self._next()

    def _isHere(self, room: str) -> bool:
        return room in self._client.roster.rooms and isWord(room)


def secondsToWait(text: str) -> int:
    """
    @param text: for how many seconds to wait, as a service says it.
    @return: as many, from 1 to L{LONGEST_WAIT}, which it also is where the text is no number.
    """
    isShort = text.isdecimal() and len(text) < 5
    return max(1, min(int(text), LONGEST_WAIT)) if isShort else LONGEST_WAIT
