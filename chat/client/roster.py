"""
Who is where, as far as a client has heard.
"""

from __future__ import annotations

from chat.events import (
    Acted,
    Changed,
    Entered,
    Event,
    Joined,
    Left,
    Listed,
    Parted,
    Recalled,
    Renamed,
    Said,
    Talking,
    TopicSet,
    TopicShown,
    Welcomed,
)


class Roster:
    """
    Follows the events of one connection.

    @ivar nick: our nickname, or L{None} before we have one.
    @ivar room: the room that we talk in, or L{None} when there is none.
    @ivar topics: what rooms are about, as far as it is known.
    @ivar lastIds: by room, the id of the line up to which all has been heard
        that could be.  Where an earlier connection has heard something of a
        room, there is a gap at first; what comes behind it does not count before
        L{caughtUp}.  A line that could not be kept has no id.
    """

    def __init__(self, lastIds: dict[str, int] | None = None) -> None:
        """
        @param lastIds: of an earlier connection to the same service, to go on
            with.
        """
        self.nick: str | None = None
        self.room: str | None = None
        self.topics: dict[str, str] = {}
        self.lastIds = {} if lastIds is None else lastIds
        # A dict keeps the order in which they came.
        self._rooms: dict[str, dict[str, None]] = {}
        self._behind: set[str] = set()

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that we are in, in the order of our coming."""
        return tuple(self._rooms)

    def people(self, room: str | None = None) -> tuple[str, ...]:
        """
        @param room: by default the one that we talk in.
        @return: the nicknames of everybody there, ours among them.
        """
        return tuple(self._rooms.get(room or self.room or "", ()))

    def isBehind(self, room: str) -> bool:
        """
        @return: whether we are in a room of which an earlier connection has
            heard something, and what was said since has not been heard.
        """
        return room in self._behind

    def caughtUp(self, room: str, id: int, isAll: bool = True) -> None:
        """
        What was said in a room has been read, up to a line.

        @param isAll: whether what comes now comes after it without a gap.
        """
        self._hear(room, id)
        if isAll:
            self._behind.discard(room)

    def beginAnew(self, room: str) -> None:
        """
        The ids of an earlier connection mean nothing any more in a room.
        """
        self._behind.discard(room)
        self.lastIds.pop(room, None)

    def eventReceived(self, event: Event) -> None:
        """
        Take in what was heard.
        """
        match event:
            case Said(room=room, id=id) | Acted(room=room, id=id):
                # A smaller one than before, if the service has begun anew.
                if id and self._isFollowed(room):
                    self.lastIds[room] = id
            case Recalled(room=room, id=id) if self._isFollowed(room):
                self._hear(room, id)
            case Welcomed(room=room, nick=nick, others=others):
                self.nick, self.room = nick, room
                self._rooms.clear()
                self._enter(room, others)
            case Entered(room=room, others=others, topic=topic):
                self.topics[room] = topic
                self._enter(room, others)
            case Talking(room=room):
                self.room = room or None
            case Parted(room=room):
                self._part(room)
            case TopicShown(room=room, text=text) | TopicSet(room=room, text=text):
                self.topics[room] = text
            case Renamed(nick=nick, name=name) if nick == self.nick:
                self.nick = name
                self._follow(event)
            case _:
                self._follow(event)

    def _follow(self, event: Event) -> None:
        """Who comes and goes.  What is said of other rooms says nothing of ours."""
        people = self._rooms.get(getattr(event, "room", ""))
        if people is None:
            return
        match event:
            case Listed(people=listed):
                people.clear()
                people.update(dict.fromkeys(person.nick for person in listed))
            case Joined(nick=nick):
                people[nick] = None
            case Left(nick=nick):
                people.pop(nick, None)
            case Changed(joined=joined, left=left):
                people.update(dict.fromkeys(joined))
                for nick in left:
                    people.pop(nick, None)
            case Renamed(nick=nick, name=name):
                people.pop(nick, None)
                people[name] = None
            case _:
                pass

    def _enter(self, room: str, others: tuple[str, ...]) -> None:
        ourselves = [] if self.nick is None else [self.nick]
        self._rooms[room] = dict.fromkeys([*others, *ourselves])
        if room in self.lastIds:
            self._behind.add(room)

    def _part(self, room: str) -> None:
        self._rooms.pop(room, None)
        self._behind.discard(room)
        self.topics.pop(room, None)
        # Who comes back later is a newcomer, and has a past shown to him.
        self.lastIds.pop(room, None)
        if room == self.room:
            self.room = None

    def _isFollowed(self, room: str) -> bool:
        return room in self._rooms and room not in self._behind

    def _hear(self, room: str, id: int) -> None:
        if id:
            self.lastIds[room] = max(id, self.lastIds.get(room, 0))
