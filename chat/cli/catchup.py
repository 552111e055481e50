"""
Catching up with the lines that were said while we were not connected.

When we are back in a room, we ask for the lines after the last one that was heard,
and show them before those that are heard meanwhile.  So every line is shown once,
and in its place.  The replay with which the service welcomes us into the room is
not shown: its lines have been shown already, or will be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chat.client.protocol import ChatClient, Past
from chat.client.requests import isWord
from chat.vocabulary.events import (
    Entered,
    Event,
    Excerpt,
    Line,
    Missed,
    Parted,
    Recalled,
    RoomEvent,
    Welcomed,
)


@dataclass
class _Gap:
    """
    The lines of a room that were said while we were away.

    @ivar after: the id of the last line before the gap.
    @ivar waiting: what was heard after the gap.
    """

    after: int
    waiting: list[Event] = field(default_factory=list)


class CatchUp:
    """
    Fills the gaps of one connection.
    """

    def __init__(self, client: ChatClient, show: Callable[[Event], None]) -> None:
        """
        @param show: called with each event that L{heard} has held back, when it is
            its turn, and with what was missed.
        """
        self._client = client
        self._show = show
        # By room.
        self._gaps: dict[str, _Gap] = {}
        # By room of which we do not want the replay: how many lines of it are still
        # to come, once it has begun.
        self._replays: dict[str, int | None] = {}

    def heard(self, event: Event, hasHistory: bool) -> bool:
        """
        @param hasHistory: whether the service can be asked for its history.
        @return: whether an event is to be shown now.
        """
        match event:
            case Welcomed(room=room) | Entered(room=room):
                self._replays.pop(room, None)
                if self._client.roster.isBehind(room):
                    self._begin(room, hasHistory)
            case Parted(room=room):
                self._replays.pop(room, None)
                self._release(room)
            case Excerpt(room=room, reason="replay") if room in self._replays:
                return self._isNew(event)
            case Recalled(room=room) if self._replays.get(room):
                self._replays[room] = (self._replays[room] or 0) - 1
                return False
            case Missed(room=room) if self._replays.get(room):
                return False
            case _ if isinstance(event, RoomEvent) and event.room in self._gaps:
                self._gaps[event.room].waiting.append(event)
                return False
            case _:
                pass
        return True

    def _isNew(self, replay: Excerpt) -> bool:
        """Whether we neither know the lines of a replay nor ask for them."""
        room = replay.room
        if replay.last < self._client.roster.lastIds.get(room, 0):
            # The service keeps nothing on disk, and was started again.
            self._replays.pop(room)
            self._client.roster.beginAnew(room)
            self._release(room)
            return True
        self._replays[room] = replay.count
        return False

    def _begin(self, room: str, hasHistory: bool) -> None:
        if not hasHistory or not isWord(room):
            self._client.roster.caughtUp(room, 0)
            return
        self._gaps[room] = _Gap(self._client.roster.lastIds[room])
        self._replays[room] = None
        self._ask(room)

    def _ask(self, room: str) -> None:
        last = self._client.roster.lastIds[room]
        reading = self._client.readHistory(room, last)
        # If the connection ends before, the next one asks again.
        reading.addCallbacks(lambda past: self._read(room, last, past), lambda failure: None)

    def _read(self, room: str, last: int, past: list[Past]) -> None:
        if room not in self._gaps:
            return
        reached, hasMore = last, False
        for event in past:
            match event:
                case Excerpt(more=hasMore, last=id):
                    # The lines of users whom we ignore are not among them.
                    reached = max(reached, id)
                    continue
                case Recalled(id=id) if id <= last:
                    continue
                case Recalled(id=id) | Missed(last=id):
                    reached = max(reached, id)
                case _:
                    pass
            self._show(event)
        isAll = not hasMore or reached == last
        self._client.roster.caughtUp(room, reached, isAll)
        if isAll:
            self._release(room, reached)
        else:
            self._ask(room)

    def _release(self, room: str, reached: int = 0) -> None:
        """
        Show what has waited.

        @param reached: the id up to which all has been shown meanwhile.
        """
        gap = self._gaps.pop(room, None)
        if gap is None:
            return
        for event in gap.waiting:
            if isinstance(event, Line):
                # A smaller id is that of a service that has begun anew.
                if gap.after < event.id <= reached:
                    continue
                self._client.roster.eventReceived(event)
            self._show(event)
