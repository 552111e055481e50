"""
Who is where, as far as a client has heard.
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
        # How many people are in a room of which we do not know everybody.
        self._counts: dict[str, int] = {}
        self._behind: set[str] = set()

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that we are in, in the order of our coming."""
        return tuple(self._rooms)

    def people(self, room: str | None = None) -> tuple[str, ...]:
        """
        @param room: by default the one that we talk in.
        @return: the nicknames of everybody there, ours among them; where we are not
            told of everybody (L{isPartial}), of those who are known to be there.
        """
        return tuple(self._rooms.get(room or self.room or "", ()))

    def count(self, room: str | None = None) -> int:
        """
        @param room: by default the one that we talk in.
        @return: how many people are there, we among them.
        """
        return max(self._counts.get(room or self.room or "", 0), len(self.people(room)))

    def isPartial(self, room: str | None = None) -> bool:
        """
        @param room: by default the one that we talk in.
        @return: whether so many people are there, or came and went at once, that
            L{people} are not all.
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
        """Who comes and goes.  What is said of other rooms says nothing of ours."""
        room = getattr(event, "room", "")
        people = self._rooms.get(room)
        if people is None:
            return
        match event:
            case Listed(people=listed, more=more):
                people.clear()
                people.update(dict.fromkeys(person.nick for person in listed))
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
                # Whoever says something is there.
                people[nick] = None
            case _:
                pass

    def _count(self, room: str, count: int, more: int) -> None:
        """So many are there, and so many of them are not named."""
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
        # Who comes back later is a newcomer, and has a past shown to him.
        self.lastIds.pop(room, None)
        if room == self.room:
            self.room = None

    def _isFollowed(self, room: str) -> bool:
        return room in self._rooms and room not in self._behind

    def _hear(self, room: str, id: int) -> None:
        if id:
            self.lastIds[room] = max(id, self.lastIds.get(room, 0))
