"""
Being again where one was before the connection was lost.
"""

from __future__ import annotations

from chat.client.requests import Requests, isWord
from chat.commands import Join
from chat.errors import ChatError
from chat.events import Done, Ending, Entered, Event, Parted, Refused, Talking, Welcomed
from chat.names import roomname
from chat.verbs import parse

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

# What says of a room that one cannot come in.
_CLOSED = frozenset({"key-needed", "invite-needed", "no-such-room", "room-invalid", "rooms-full"})


class Returning:
    """
    Remembers the rooms one is in, from one connection to the next.
    """

    def __init__(self) -> None:
        # A dict keeps the order in which one came.
        self._rooms: dict[str, None] = {}
        self._talking = ""
        self._keys: dict[str, str] = {}
        self._isGuest = True
        self._isAway = False

    def disconnected(self) -> None:
        """
        The connection is lost: the next welcome is one back.
        """
        self._isAway = True

    def entered(self, line: str) -> None:
        """
        The person has typed a line; it may have the key of a room in it.
        """
        try:
            command = parse(line)
            if isinstance(command, Join) and isWord(command.key):
                self._keys[roomname(command.room)] = command.key
        except ChatError:
            # The service says so, too.
            return

    def heard(self, event: Event, client: Requests) -> None:
        """
        Take in what was heard; after a welcome go where one was.
        """
        match event:
            case Welcomed(room=room):
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
            case Talking(room=room):
                self._talking = room
            case Parted(room=room):
                self._rooms.pop(room, None)
            case Refused(code=code, about=room) if code in _CLOSED:
                self._rooms.pop(room, None)
            case _:
                pass

    def _comeBack(self, start: str, client: Requests) -> None:
        """
        @param start: in which room we are already.
        """
        talking, last = self._talking, start
        for room in self._rooms:
            if room != start and isWord(room):
                client.join(room, self._keys.get(room, ""))
                last = room
        if start not in self._rooms and self._isGuest and isWord(start):
            # He had left it; with an account he may be there in another session.
            client.part(start)
        if talking in self._rooms and talking != last and isWord(talking):
            client.talkIn(talking)
