"""
A store that lives as long as the process (C{--database :memory:}).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import chain, islice

from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall, deferLater

from chat.interfaces import Extract, History, HistoryObserver, Ledger, RecordT
from chat.store import extracts
from chat.store.extracts import Found, Query, Since
from chat.store.store import OnLoaded, Store
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from chat.vocabulary.events import Line
from chat.vocabulary.limits import REPLAY
from chat.vocabulary.records import Record
from chat.vocabulary.times import utcNow
from chat.vocabulary.trusted import TrustedTime

EXPIRE_EVERY = 60.0
"""How many seconds lie between two looks for lines that were kept long enough."""

MAX_ROOMS = 10_000
"""Above so many rooms, one that is to be forgotten is dropped altogether."""

MAX_SCANS = 100
"""How many searches may go on at the same time."""

STEP = 100
"""How many lines a search looks at in one turn: two or three milliseconds."""

WITHIN = 2.0
"""After how many seconds a search is given up."""


class _Lines:
    """
    The lines of one room.

    @ivar lines: oldest first; those before C{start} have expired.
    @ivar orders: for each line its place among the lines of all rooms.
    @ivar last: the last id that was given.
    @ivar newest: for each span of 256 ids the time of the newest line in it, as in C{schema/}.
    """

    def __init__(self, last: int) -> None:
        self.lines: list[Line] = []
        self.orders: list[int] = []
        self.start = 0
        self.last = last
        self.expired = last
        self.expiredAt: datetime | None = None
        self.newest: dict[int, datetime] = {}

    def expire(self, count: int) -> None:
        if not count:
            return
        self.start += count
        newest = self.lines[self.start - 1]
        self.expired, self.expiredAt = newest.id, newest.at
        while self.newest and (first := next(iter(self.newest))) < newest.id + 1 >> 8:
            del self.newest[first]
        # Deleting the first of many moves all others, so many are deleted at once.
        if self.start > len(self.lines) // 2:
            del self.lines[: self.start], self.orders[: self.start]
            self.start = 0

    def firstAfter(self, id: int) -> int:
        """
        @return: the index of the first line after an id.
        """
        return bisect_right(self.lines, id, self.start, key=lambda line: line.id)

    def firstSince(self, asked: Since) -> int:
        """
        @return: the index of the first line since then; see L{chat.store.extracts}.
        """
        if asked.holds(self.expiredAt):
            return self.start
        places = (
            range(self.firstAfter((span << 8) - 1), self.firstAfter(span << 8 | 255))
            for span, newest in self.newest.items()
            if newest >= asked.at
        )
        return asked.first(self.lines, self.start, chain.from_iterable(places))

    def old(self, before: datetime, now: datetime) -> int:
        """
        @return: how many lines at the beginning are old; see L{chat.store.pruning}.
        """
        count = 0
        for number, line in enumerate(islice(self.lines, self.start, None), 1):
            if line.at < before:
                count = number
            elif line.at <= now:
                break
        return count

    def found(self, first: int, count: int) -> Found:
        return Found(self.lines[first : first + count], self.expired, self.expiredAt)

    def newestFirst(self) -> Iterator[tuple[int, Line]]:
        # Of a copy, as lines come and go while this is used.
        kept = list(zip(self.orders[self.start :], self.lines[self.start :], strict=True))
        return reversed(kept)


class MemoryHistory(History):
    """
    The lines.  Everything is answered at once but L{search}, which has no index: it looks at
    line by line, in small steps, so that the reactor turns.
    """

    def __init__(
        self, clock: IReactorTime, keepLines: int, now: Callable[[], datetime] = utcNow
    ) -> None:
        """
        @param keepLines: how many lines of each room are kept; 0 for all.
        @param now: the time of day, in UTC.
        """
        self._clock = clock
        self._now = now
        self._keepLines = keepLines
        self._rooms: dict[str, _Lines] = {}
        self._floor = 0
        self._order = 0
        self._scans = 0

    def nextId(self, room: str) -> int:
        """
        @return: the next id of a room, which is given away now.
        """
        kept = self._rooms.get(room) or self._add(room)
        kept.last += 1
        return kept.last

    def lastId(self, room: str) -> int:
        """
        @return: the last id that was given in a room.
        """
        return self._seen(room).last

    def append(self, event: Line) -> None:
        if not event.id:
            return
        kept = self._rooms.get(event.room) or self._add(event.room)
        self._order += 1
        if event.id > kept.last:
            kept.last = event.id
        kept.lines.append(event)
        kept.orders.append(self._order)
        if (span := event.id >> 8) not in kept.newest or kept.newest[span] < event.at:
            kept.newest[span] = event.at
        if 0 < self._keepLines < len(kept.lines) - kept.start:
            kept.expire(1)

    def recent(self, room: str, count: int) -> Deferred[Extract]:
        kept = self._seen(room)
        first = max(kept.start, len(kept.lines) - count - 1)
        return succeed(extracts.newest(room, kept.found(first, count + 1), count))

    def after(self, room: str, id: int, count: int) -> Deferred[Extract]:
        id = extracts.possible(id)
        kept = self._seen(room)
        found = kept.found(kept.firstAfter(id), count + 1)
        return succeed(extracts.after(room, found, id, count))

    def since(self, room: str, at: datetime, count: int) -> Deferred[Extract]:
        kept = self._seen(room)
        asked = Since(at, max(at, self._now()))
        found = kept.found(kept.firstSince(asked), count + 1)
        return succeed(extracts.since(room, found, asked, count))

    def search(
        self, words: str, rooms: Sequence[str], nick: str, count: int
    ) -> Deferred[tuple[Line, ...]]:
        query = extracts.query(words, rooms, nick)
        if count < 1:
            return succeed(())
        if self._scans == MAX_SCANS:
            return fail(TryLater())
        return Deferred.fromCoroutine(self._scan(query, count))

    def forget(self, room: str) -> None:
        last = self.lastId(room)
        if len(self._rooms) > MAX_ROOMS:
            # Rooms that begin later begin behind its last id, so its ids go on, too.
            self._floor = max(self._floor, last)
            self._rooms.pop(room, None)
        elif room in self._rooms:
            self._rooms[room] = _Lines(last)

    def forgetOthers(self, rooms: Collection[str]) -> None:
        for room in self._rooms.keys() - rooms:
            self.forget(room)

    def expire(self, before: datetime) -> None:
        """
        Drop all lines that were said before a time.
        """
        for kept in self._rooms.values():
            kept.expire(kept.old(before, self._now()))

    async def _scan(self, query: Query, count: int) -> tuple[Line, ...]:
        begun, end = self._order, self._clock.seconds() + WITHIN
        lines = self._newestFirst(query.rooms, 0)
        found: list[Line] = []
        self._scans += 1
        try:
            while step := list(islice(lines, STEP)):
                found += filter(query.matches, step)
                if len(found) >= count or len(step) < STEP:
                    break
                if self._clock.seconds() >= end:
                    raise HistoryUnavailable()
                await deferLater(self._clock, 0)
        finally:
            self._scans -= 1
        meanwhile = filter(query.matches, self._newestFirst(query.rooms, begun))
        kept = (line for line in [*meanwhile, *found] if line.id > self._seen(line.room).expired)
        return tuple(islice(kept, count))

    def _add(self, room: str) -> _Lines:
        kept = self._rooms[room] = _Lines(self._floor)
        return kept

    def _seen(self, room: str) -> _Lines:
        # Asking about a room must not add it.
        return self._rooms.get(room) or _Lines(self._floor)

    def _newestFirst(self, rooms: Sequence[str], after: int) -> Iterator[Line]:
        """
        @param after: where to end: a place among the lines of all rooms.
        """
        each = (self._rooms[room].newestFirst() for room in rooms if room in self._rooms)
        for order, line in merge(*each, key=lambda pair: pair[0], reverse=True):
            if order <= after:
                return
            yield line


class MemoryLedger(Ledger):
    """
    The records.
    """

    def __init__(self) -> None:
        self._records: dict[tuple[type[Record], str], Record] = {}

    def load(self, kind: type[RecordT]) -> Deferred[tuple[RecordT, ...]]:
        records = [record for record in self._records.values() if isinstance(record, kind)]
        return succeed(tuple(sorted(records, key=lambda record: record.key)))

    def put(self, record: Record) -> Deferred[None]:
        self._records[type(record), record.key] = record
        return succeed(None)

    def remove(self, record: Record) -> Deferred[None]:
        self._records.pop((type(record), record.key), None)
        return succeed(None)


class MemoryStore(Service, Store):
    """
    Lines, records and ids in memory.  Nothing reaches a disk, so observers never hear of
    anything that is stored, and nothing ever waits.
    """

    waiting = 0

    def __init__(
        self,
        clock: IReactorTime,
        onLoaded: OnLoaded,
        keepLines: int = 0,
        keepSeconds: float = 0.0,
        replay: int = REPLAY,
        now: Callable[[], datetime] = utcNow,
        trusted: TrustedTime | None = None,
    ) -> None:
        """
        @param onLoaded: called with no record at all.
        @param keepLines: how many lines of each room are kept; 0 for all.
        @param keepSeconds: how long a line is kept; 0 for ever.
        @param replay: ignored, since all lines are at hand.
        @param now: the time of day, in UTC.
        @param trusted: the time by which lines are old; C{now} by default.
        """
        self.history = MemoryHistory(clock, keepLines, now)
        self.ledger = MemoryLedger()
        self._onLoaded = onLoaded
        self._keepSeconds = keepSeconds
        self._ends = now if trusted is None else trusted.now
        self._expiring = LoopingCall(self._expire)
        self._expiring.clock = clock

    def nextId(self, room: str) -> int:
        return self.history.nextId(room)

    def lastId(self, room: str) -> int:
        return self.history.lastId(room)

    def observe(self, observer: HistoryObserver) -> None:
        # There is nothing to tell.
        pass

    def startService(self) -> None:
        super().startService()
        if self._keepSeconds:
            self._expiring.start(EXPIRE_EVERY, now=False)
        self._onLoaded(())

    def stopService(self) -> Deferred[None]:
        super().stopService()
        if self._expiring.running:
            self._expiring.stop()
        return succeed(None)

    def _expire(self) -> None:
        self.history.expire(self._ends() - timedelta(seconds=self._keepSeconds))
