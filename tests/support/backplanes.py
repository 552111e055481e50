"""
A backplane whose effects come late, as between processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chat.interfaces import Arrived
from chat.vocabulary.errors import NickTaken
from chat.vocabulary.events import Acted, Event, Said


class DelayedLog:
    """
    What several hubs share.  Everything they ask for takes effect in the order of asking, some
    time later.

    @ivar delay: That time, in seconds.
    """

    def __init__(self, clock: Clock, delay: float = 1.0) -> None:
        self.delay = delay
        self._clock = clock
        self._ends: list[DelayedBackplane] = []
        self._claims: set[str] = set()
        self._ids: dict[str, int] = {}

    def open(self) -> DelayedBackplane:
        """
        @return: The backplane of one more hub.
        """
        self._ends.append(DelayedBackplane(self))
        return self._ends[-1]

    def settle(self) -> None:
        """
        Let everything that was asked for take effect, and whatever is asked because of it.
        """
        while self._clock.getDelayedCalls():
            self._clock.advance(self.delay)

    def later(self, effect: Callable[[], None]) -> None:
        self._clock.callLater(self.delay, effect)

    def claim(self, fold: str, decided: Deferred[None]) -> None:
        if fold in self._claims:
            decided.errback(NickTaken(fold))
        else:
            self._claims.add(fold)
            decided.callback(None)

    def release(self, fold: str) -> None:
        self._claims.discard(fold)

    def publish(self, event: Event, publisher: DelayedBackplane, origin: object) -> None:
        if isinstance(event, (Said, Acted)):
            number = self._ids.get(event.room, 0) + 1
            self._ids[event.room] = number
            event = replace(event, id=number)
        for end in self._ends:
            end.arrived(event, origin if end is publisher else None)


class DelayedBackplane:
    """
    One hub's end of a L{DelayedLog}.
    """

    arrived: Arrived

    def __init__(self, log: DelayedLog) -> None:
        self._log = log

    def connect(self, arrived: Arrived) -> None:
        self.arrived = arrived

    def claim(self, fold: str) -> Deferred[None]:
        decided: Deferred[None] = Deferred()
        self._log.later(lambda: self._log.claim(fold, decided))
        return decided

    def release(self, fold: str) -> None:
        self._log.later(lambda: self._log.release(fold))

    def publish(self, event: Event, origin: object = None) -> None:
        self._log.later(lambda: self._log.publish(event, self, origin))
