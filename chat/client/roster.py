"""
Who is where, as far as a client has heard.
"""

from __future__ import annotations

from chat.events import Acted, Event, Joined, Left, Listed, Renamed, Said, Welcomed


class Roster:
    """
    Follows the events of one connection.

    @ivar nick: our nickname, or L{None} before we have one.
    @ivar room: the room that we talk in, or L{None} before we are in one.
    @ivar lastIds: the id of the last line that was heard, by room.
    """

    def __init__(self, lastIds: dict[str, int] | None = None) -> None:
        """
        @param lastIds: of an earlier connection to the same service, to go on
            with.
        """
        self.nick: str | None = None
        self.room: str | None = None
        self.lastIds = {} if lastIds is None else lastIds
        # A dict keeps the order in which they came.
        self._rooms: dict[str, dict[str, None]] = {}

    def people(self, room: str | None = None) -> tuple[str, ...]:
        """
        @param room: by default the one that we talk in.
        @return: the nicknames of everybody there, ours among them.
        """
        return tuple(self._rooms.get(room or self.room or "", ()))

    def eventReceived(self, event: Event) -> None:
        """
        Take in what was heard.
        """
        match event:
            case Welcomed(room=room, nick=nick, others=others):
                self.nick, self.room = nick, room
                self._rooms[room] = dict.fromkeys((*others, nick))
            case Listed(room=room, people=people) if room in self._rooms:
                self._rooms[room] = dict.fromkeys(person.nick for person in people)
            case Joined(room=room, nick=nick):
                self._in(room)[nick] = None
            case Left(room=room, nick=nick):
                self._in(room).pop(nick, None)
            case Renamed(room=room, nick=nick, name=name):
                self._in(room).pop(nick, None)
                self._in(room)[name] = None
                if nick == self.nick:
                    self.nick = name
            case Said(room=room, id=id) | Acted(room=room, id=id):
                self.lastIds[room] = max(id, self.lastIds.get(room, 0))
            case _:
                pass

    def _in(self, room: str) -> dict[str, None]:
        return self._rooms.setdefault(room, {})
