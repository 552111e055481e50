"""
Being again where one was before the connection was lost.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from chat.cli.wayback import CLOSED, WayBack
from chat.client.protocol import ChatClient
from chat.client.requests import isWord
from chat.client.roster import Roster
from chat.vocabulary.commands import Join, Switch
from chat.vocabulary.errors import ChatError
from chat.vocabulary.events import Done, Ending, Entered, Event, Parted, Refused, Talking, Welcomed
from chat.vocabulary.names import roomname
from chat.vocabulary.verbs import parse

WAIT_FOR_PERSON = frozenset(
    {
        Ending.IDLE_TIMEOUT,
        Ending.REGISTRATION_TIMEOUT,
        Ending.INPUT_CLOSED,
        Ending.NOT_CHAT,
        Ending.LINE_ENDLESS,
        Ending.KICKED,
        Ending.BANNED,
        Ending.EVICTED,
        Ending.SESSION_ENDED,
        Ending.OTHER,
    }
)
"""
After these, nobody is there who wants to be connected again at once, or somebody
does not want him there.
"""


class Returning:
    """
    Remembers the rooms one is in, from one connection to the next.
    """

    def __init__(self, clock: IReactorTime) -> None:
        # A dict keeps the order in which one came.
        self._rooms: dict[str, None] = {}
        self._talking = ""
        self._keys: dict[str, str] = {}
        self._isGuest = True
        self._isAway = False
        self._clock = clock
        self._way: WayBack | None = None
        # The room into which a guest was put by the service, and that he had left.
        self._unwanted: str | None = None

    def disconnected(self) -> None:
        """
        The connection is lost: the next welcome is one back.
        """
        self._isAway = True
        self._stop()

    def entered(self, line: str) -> None:
        """
        The person has typed a line; it may have the key of a room in it.
        """
        try:
            match parse(line):
                case Join(room=room, key=key) if isWord(key):
                    self._keys[roomname(room)] = key
                case Switch(room=room) if self._way is not None and roomname(room) in self._rooms:
                    self._way.talking = roomname(room)
                case _:
                    pass
        except ChatError:
            # The service says so, too.
            return

    def heard(self, event: Event, client: ChatClient) -> bool:
        """
        Take in what was heard; after a welcome go where one was.

        @return: whether it says something new to the person, and is not only a
            step of the way back.
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
                self._leaveUnwanted(client)
            case Talking(room=room) if isNews:
                self._talking = room
            case Parted(room=room):
                self._rooms.pop(room, None)
            case Refused(code=code, about=room) if code in CLOSED:
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
        self._unwanted = None
        if way is not None:
            way.stop()

    def _comeBack(self, start: str, client: ChatClient) -> None:
        """
        @param start: in which room we are already.
        """
        rooms = [room for room in self._rooms if room != start and isWord(room)]
        if self._talking in rooms:
            # What is typed now is meant for it.
            rooms.remove(self._talking)
            rooms.insert(0, self._talking)
        talking = self._talking
        if talking not in self._rooms:
            talking = start if start in self._rooms or not rooms else rooms[0]
        if start not in self._rooms and self._isGuest and isWord(start):
            # With an account he may be there in another session.
            self._unwanted = start
        self._way = WayBack(
            client,
            self._clock,
            rooms,
            self._keys,
            talking,
            lambda room: self._rooms.pop(room, None),
        )

    def _leaveUnwanted(self, client: ChatClient) -> None:
        """Where we are somewhere else now, leave the room that one is put into."""
        if self._unwanted is not None and self._way is not None and self._way.hasEntered:
            client.part(self._unwanted)
            self._unwanted = None
