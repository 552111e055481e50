"""
The backplane of a service that is one process: nothing is shared, so a claim is decided at
once, and an event arrives while it is published.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed

from chat.interfaces import Arrived, Backplane
from chat.vocabulary.errors import NickTaken
from chat.vocabulary.events import Acted, Event, Said


class LocalBackplane(Backplane):
    """
    The order of events and the nicknames of one process.
    """

    def __init__(self, nextId: Callable[[str], int] | None = None) -> None:
        """
        @param nextId: gives the next id of a room, or 0 where there can be none; by default
            ids begin with 1.
        """
        self._arrived: Arrived | None = None
        self._claims: set[str] = set()
        self._nextId = nextId or self._count
        self._ids: dict[str, int] = {}

    def connect(self, arrived: Arrived) -> None:
        self._arrived = arrived

    def claim(self, fold: str) -> Deferred[None]:
        if fold in self._claims:
            return fail(NickTaken(fold))
        self._claims.add(fold)
        return succeed(None)

    def release(self, fold: str) -> None:
        self._claims.discard(fold)

    def publish(self, event: Event, origin: object = None) -> None:
        if isinstance(event, (Said, Acted)):
            number = self._nextId(event.room)
            # Not dataclasses.replace, which takes four times as long.
            event = type(event)(event.room, number, event.at, event.nick, event.text)
        assert self._arrived is not None, "connect comes before publish"
        self._arrived(event, origin)

    def _count(self, room: str) -> int:
        number = self._ids[room] = self._ids.get(room, 0) + 1
        return number
