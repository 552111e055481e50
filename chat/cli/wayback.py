"""
The way back into rooms, one after the other.

A service lets nobody into many rooms at once, and says after how many seconds the
next one may be tried.  It does not say which room that was about, so only one is
on its way at a time: a ping, whose answer tells that now comes that of the
C{/join}, and the C{/join}.  Whoever comes into a room talks there, so a C{/room}
follows at once, and what a person types meanwhile is said where he talks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.client.protocol import ChatClient
from chat.client.requests import isWord
from chat.vocabulary.events import Entered, Event, Refused, Talking

LONGEST_WAIT = 600
"""Seconds, whatever a service says."""

CLOSED = frozenset({"key-needed", "invite-needed", "no-such-room", "room-invalid", "rooms-full"})
"""The codes that say of a room that one cannot come in."""


class _State(Enum):
    # Nothing is on its way.
    RESTING = auto()
    # What was asked before is being answered.
    ASKED = auto()
    # The next answer is that of the C{/join}.
    JOINING = auto()
    # We are in, and are to be told that we talk there.
    ENTERED = auto()
    # The next answer is that of the C{/room}.
    SWITCHING = auto()


class WayBack:
    """
    That of one connection.

    @ivar talking: the room to talk in.
    @ivar hasEntered: whether a room has been entered.
    """

    def __init__(
        self,
        client: ChatClient,
        clock: IReactorTime,
        rooms: Iterable[str],
        keys: Mapping[str, str],
        talking: str,
        isClosed: Callable[[str], object],
    ) -> None:
        """
        @param rooms: in this order; the one to talk in is best the first.
        @param keys: by room.
        @param isClosed: told of each room into which one cannot come any more.
        """
        self.talking = talking
        self.hasEntered = False
        self._isClosed = isClosed
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
        """Whether we are about to talk elsewhere again than in the next room."""
        return self._isSwitching and self._state is not _State.RESTING

    def heard(self, event: Event) -> bool:
        """
        Take in what was heard.

        @return: whether it says something new to the person.
        """
        match self._state, event:
            case _State.JOINING, Entered():
                self._state = _State.ENTERED
                self.hasEntered = True
            case _State.JOINING, Refused(code="joining-too-fast", about=about):
                self._pause = _seconds(about)
                self._answered()
                return False
            case _State.JOINING, Refused(code=code):
                if code in CLOSED:
                    self._isClosed(self._rooms[0])
                self._answered()
            case ((_State.JOINING | _State.ENTERED), Talking(room=room)):
                # In the first case we were there already.
                self._answered()
                return room == self.talking
            case _State.SWITCHING, (Talking() | Refused()):
                self._stepOver()
                return False
            case ((_State.RESTING | _State.ASKED), Talking(room=room)):
                # The person has gone there.
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
            # Nobody could go there, or he was put out.
            here = client.roster.room or ""
            self.talking = here if self._isHere(here) else room
        self._isSwitching = self.talking != room
        self._state = _State.ASKED
        client.ping().addCallbacks(self._reached, lambda failure: None)
        client.join(room, self._keys.get(room, ""))
        if self._isSwitching:
            client.talkIn(self.talking)

    def _reached(self, token: str) -> None:
        if self._state is _State.ASKED:
            self._state = _State.JOINING

    def _answered(self) -> None:
        """The C{/join} is answered."""
        if self._isSwitching:
            self._state = _State.SWITCHING
        else:
            self._stepOver()

    def _stepOver(self) -> None:
        self._state = _State.RESTING
        roster = self._client.roster
        if roster.room != self.talking and self._isHere(self.talking):
            # The person went there just before we did that.
            self._client.talkIn(self.talking)
        pause, self._pause = self._pause, 0
        if pause:
            self._timer = self._clock.callLater(pause, self._next)
        else:
            self._rooms.popleft()
            self._next()

    def _isHere(self, room: str) -> bool:
        return room in self._client.roster.rooms and isWord(room)


def _seconds(text: str) -> int:
    """For how long to wait, by what a service says."""
    isShort = text.isdecimal() and len(text) < 5
    return max(1, min(int(text), LONGEST_WAIT)) if isShort else LONGEST_WAIT
