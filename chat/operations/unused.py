"""
Rooms that an account owns, and in which nobody has ever talked, do not stay for ever: names are
scarce, and so is the number of rooms.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakSet

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chat.core.room import Room
from chat.core.rooms import Directory
from chat.interfaces import History
from chat.vocabulary.errors import ChatError

EVERY = 600.0
"""How often is looked for such rooms, in seconds."""

_EPOCH = datetime.fromtimestamp(0, UTC)


class UnusedRooms(Service):
    """
    Has empty rooms forgotten, some time after they were made, if nobody has ever talked there.

    The history knows that. It is asked about one room at a time, so that users who ask it wait for
    one answer at the most, and never again about a room in which somebody has talked.
    """

    _log = Logger()

    def __init__(
        self,
        directory: Directory,
        history: History,
        keepSeconds: float,
        clock: Any,
        now: Callable[[], datetime],
    ) -> None:
        """
        @param keepSeconds: How long they are kept, 0 for ever.
        @param clock: Provides C{IReactorTime}.
        @param now: The time, in UTC.
        """
        self._directory = directory
        self._history = history
        self._keepSeconds = keepSeconds
        self._now = now
        self._used: WeakSet[Room] = WeakSet()
        self._isLooking = False
        self._looking = LoopingCall(self.look)
        self._looking.clock = clock

    def startService(self) -> None:
        """
        Look every L{EVERY} seconds.
        """
        super().startService()
        if self._keepSeconds:
            self._looking.start(EVERY, now=False)

    def stopService(self) -> None:
        """
        Look no more.
        """
        super().stopService()
        if self._looking.running:
            self._looking.stop()

    def look(self) -> Deferred[None]:
        """
        Have those forgotten that are due.

        @return: Fires when that is done. It never fails: what the history cannot tell now, it is
            asked the next time.
        """
        return Deferred.fromCoroutine(self._look())

    async def _look(self) -> None:
        if self._isLooking or not self._keepSeconds:
            return
        self._isLooking = True
        try:
            before = self._now() - timedelta(seconds=self._keepSeconds)
            for room in self._directory.unused(before):
                if room not in self._used:
                    await self._judge(room)
        except ChatError:
            # It cannot tell now, and is asked the next time.
            pass
        finally:
            self._isLooking = False

    async def _judge(self, room: Room) -> None:
        """
        @raise ChatError: When the history cannot tell.
        """
        found = await self._history.since(room.name, room.record.made or _EPOCH, 1)
        if found.lines or found.missed:
            self._used.add(room)
        elif self._directory.find(room.name) is room and not len(room):
            self._log.info(
                "removed the room {room}, which was never used",
                event="room-forgotten",
                room=room.name,
            )
            self._directory.abandon(room)
