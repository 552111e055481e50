"""
The rooms of a client and the users in them, as far as it has heard of them.
"""

from __future__ import annotations

from chat.vocabulary.events import (
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
    @ivar topics: by room, as far as they are known.
    @ivar lastIds: by room, the id of the line up to which everything has been
        heard.  Where an earlier connection has heard something of a room, there is
        a gap at first; lines after the gap do not count before L{caughtUp}.  A
        line that could not be kept has no id.
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
        # A dict keeps the order in which the users came.
        self._rooms: dict[str, dict[str, None]] = {}
        # How many users are in a room, if we do not know all of them.
        self._counts: dict[str, int] = {}
        self._behind: set[str] = set()

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that we are in, in the order in which we entered them."""
        return tuple(self._rooms)

    def people(self, room: str | None = None) -> tuple[str, ...]:
        """
        @param room: by default the one that we talk in.
        @return: the nicknames of all users there, ours among them; where we are not
            told of all (L{isPartial}), of those that are known to be there.
        """
        return tuple(self._rooms.get(room or self.room or "", ()))

    def count(self, room: str | None = None) -> int:
        """
        @param room: by default the one that we talk in.
        @return: how many users are there, we among them.
        """
        return max(self._counts.get(room or self.room or "", 0), len(self.people(room)))

    def isPartial(self, room: str | None = None) -> bool:
        """
        @param room: by default the one that we talk in.
        @return: whether so many users are there, or came and went at once, that
            L{people} are not all of them.
        """
        return (room or self.room) in self._counts

    def isBehind(self, room: str) -> bool:
        """
        @return: whether we are in a room of which an earlier connection has
            heard something, and what was said since has not been heard.
        """
        return room in self._behind

    def caughtUp(self, room: str, id: int, isAll: bool = True) -> None:
        """
        The lines of a room have been read, up to one of them.

        @param id: of that line.
        @param isAll: whether what is heard now follows upon it without a gap.
        """
        self._hear(room, id)
        if isAll:
            self._behind.discard(room)

    def beginAnew(self, room: str) -> None:
        """
        Forget what an earlier connection has heard of a room: its ids mean nothing
        any more.
        """
        self._behind.discard(room)
        self.lastIds.pop(room, None)

    def eventReceived(self, event: Event) -> None:
        """
        Take in what was heard.
        """
        match event:
            case Said(room=room, id=id) | Acted(room=room, id=id):
                # It may be smaller than before, if the service has begun anew.
                if id and self._isFollowed(room):
                    self.lastIds[room] = id
                self._follow(event)
            case Recalled(room=room, id=id) if self._isFollowed(room):
                self._hear(room, id)
            case Welcomed(room=room, nick=nick, others=others, more=more):
                self.nick, self.room = nick, room
                self._rooms.clear()
                self._counts.clear()
                self._enter(room, others, more)
            case Entered(room=room, others=others, topic=topic, more=more):
                self.topics[room] = topic
                self._enter(room, others, more)
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
        """Note which users come and go in the rooms that we are in."""
        room = getattr(event, "room", "")
        people = self._rooms.get(room)
        if people is None:
            return
        match event:
            case Listed(people=listed, more=more):
                people.clear()
                people.update(dict.fromkeys(row.nick for row in listed))
                self._count(room, len(listed) + more, more)
                if more and self.nick is not None:
                    people[self.nick] = None
            case Joined(nick=nick, count=count):
                people[nick] = None
                self._recount(room, count)
            case Left(nick=nick, count=count):
                people.pop(nick, None)
                self._recount(room, count)
            case Changed(joined=joined, left=left, count=count, more=more):
                people.update(dict.fromkeys(joined))
                for nick in left:
                    people.pop(nick, None)
                if more:
                    self._counts[room] = count
                self._recount(room, count)
            case Renamed(nick=nick, name=name):
                people.pop(nick, None)
                people[name] = None
            case Said(nick=nick) | Acted(nick=nick) if room in self._counts:
                # A user who says something is there.
                people[nick] = None
            case _:
                pass

    def _count(self, room: str, count: int, more: int) -> None:
        """
        @param count: how many users are there.
        @param more: how many of them have not been named.
        """
        self._counts.pop(room, None)
        if more:
            self._counts[room] = count

    def _recount(self, room: str, count: int) -> None:
        if room in self._counts:
            self._counts[room] = count

    def _enter(self, room: str, others: tuple[str, ...], more: int) -> None:
        ourselves = [] if self.nick is None else [self.nick]
        self._rooms[room] = dict.fromkeys([*others, *ourselves])
        self._count(room, len(others) + 1 + more, more)
        if room in self.lastIds:
            self._behind.add(room)

    def _part(self, room: str) -> None:
        self._rooms.pop(room, None)
        self._counts.pop(room, None)
        self._behind.discard(room)
        self.topics.pop(room, None)
        # The service shows us the past again if we come back later.
        self.lastIds.pop(room, None)
        if room == self.room:
            self.room = None

    def _isFollowed(self, room: str) -> bool:
        return room in self._rooms and room not in self._behind

    def _hear(self, room: str, id: int) -> None:
        if id:
            self.lastIds[room] = max(id, self.lastIds.get(room, 0))
