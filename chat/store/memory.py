"""
A store that lives as long as the process (C{--database :memory:}).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from chat.interfaces import Extract, HistoryObserver, RecordT
from chat.store import extracts
from chat.store.extracts import Found, isWanted
from chat.store.store import REPLAY, OnLoaded
from chat.store.tokens import phrases
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from chat.vocabulary.events import Line
from chat.vocabulary.names import fold
from chat.vocabulary.records import Record
from chat.vocabulary.times import utcNow

STEP = 100
"""How many lines are looked at in one turn: two or three milliseconds."""

WITHIN = 2.0
"""After how many seconds it is given up."""


class Scan:
    """
    One search.
    """

    def __init__(
        self,
        clock: IReactorTime,
        lines: Iterator[Line],
        isWanted: Callable[[Line], bool],
        count: int,
    ) -> None:
        """
        @param lines: newest first.
        @param count: after so many the search is over.
        """
        self._clock = clock
        self._lines = lines
        self._isWanted = isWanted
        self._count = count
        self._found: list[Line] = []
        self._done: Deferred[list[Line]] = Deferred()
        self._end = clock.seconds() + WITHIN

    def begin(self) -> Deferred[list[Line]]:
        """
        @return: fires with what was found, newest first, at once if there is not
            much to look at; fails with L{HistoryUnavailable} when it takes too
            long.
        """
        self._step()
        return self._done

    def _step(self) -> None:
        lines = list(islice(self._lines, STEP))
        self._found += filter(self._isWanted, lines)
        if len(self._found) >= self._count or len(lines) < STEP:
            self._done.callback(self._found[: self._count])
        elif self._clock.seconds() < self._end:
            self._clock.callLater(0, self._step)
        else:
            self._done.errback(HistoryUnavailable())


MAX_ROOMS = 10_000
"""How many rooms there may be before one that is to be forgotten is dropped altogether."""

MAX_SCANS = 100
"""How many searches may go on at the same time."""


class _Lines:
    """
    The lines of one room.

    @ivar lines: oldest first; those before C{start} are no more.
    @ivar orders: for each line its place among those of all rooms.
    @ivar last: the number that was given last.
    """

    def __init__(self, last: int) -> None:
        self.lines: list[Line] = []
        self.orders: list[int] = []
        self.start = 0
        self.last = last
        self.expired = last
        self.expiredAt: datetime | None = None

    def expire(self, count: int) -> None:
        if not count:
            return
        self.start += count
        newest = self.lines[self.start - 1]
        self.expired, self.expiredAt = newest.id, newest.at
        # To take away the first of many moves all others, so it is done for many at once.
        if self.start > len(self.lines) // 2:
            del self.lines[: self.start], self.orders[: self.start]
            self.start = 0

    def found(self, first: int, count: int) -> Found:
        return Found(self.lines[first : first + count], self.expired, self.expiredAt)

    def newestFirst(self) -> Iterator[tuple[int, Line]]:
        # Of a copy, as lines come and go while this is used.
        kept = list(zip(self.orders[self.start :], self.lines[self.start :], strict=True))
        return reversed(kept)


class MemoryHistory:
    """
    See L{chat.interfaces.History}.  Everything is done at once but L{search}.
    """

    def __init__(self, clock: IReactorTime, keepLines: int) -> None:
        """
        @param keepLines: how many lines of each room are kept; 0 for all.
        """
        self._clock = clock
        self._keepLines = keepLines
        self._rooms: dict[str, _Lines] = {}
        self._floor = 0
        self._order = 0
        self._scans = 0

    def nextId(self, room: str) -> int:
        """See L{chat.store.store.Store.nextId}."""
        kept = self._of(room)
        kept.last += 1
        return kept.last

    def lastId(self, room: str) -> int:
        """See L{chat.store.store.Store.lastId}."""
        kept = self._rooms.get(room)
        return self._floor if kept is None else kept.last

    def append(self, event: Line) -> None:
        """See L{chat.interfaces.Recorder.append}."""
        if not event.id:
            return
        kept = self._of(event.room)
        self._order += 1
        kept.last = max(kept.last, event.id)
        kept.lines.append(event)
        kept.orders.append(self._order)
        if 0 < self._keepLines < len(kept.lines) - kept.start:
            kept.expire(1)

    def recent(self, room: str, count: int) -> Deferred[Extract]:
        """See L{chat.interfaces.History.recent}."""
        kept = self._seen(room)
        first = max(kept.start, len(kept.lines) - count - 1)
        return succeed(extracts.newest(room, kept.found(first, count + 1), count))

    def after(self, room: str, id: int, count: int) -> Deferred[Extract]:
        """See L{chat.interfaces.History.after}."""
        id = extracts.possible(id)
        kept = self._seen(room)
        first = bisect_right(kept.lines, id, kept.start, key=lambda line: line.id)
        return succeed(extracts.after(room, kept.found(first, count + 1), id, count))

    def since(self, room: str, at: datetime, count: int) -> Deferred[Extract]:
        """See L{chat.interfaces.History.since}."""
        kept = self._seen(room)
        first = bisect_left(kept.lines, at, kept.start, key=lambda line: line.at)
        return succeed(extracts.since(room, kept.found(first, count + 1), at, count))

    def search(
        self, words: str, rooms: Sequence[str], nick: str, count: int
    ) -> Deferred[tuple[Line, ...]]:
        """See L{chat.interfaces.History.search}."""
        wanted = phrases(words)
        if not wanted or count < 1:
            return succeed(())
        if self._scans == MAX_SCANS:
            return fail(TryLater())
        folded = fold(nick) if nick else ""

        def isFound(line: Line) -> bool:
            return isWanted(line, wanted, rooms, folded)

        def finish(found: list[Line]) -> tuple[Line, ...]:
            lines = [*filter(isFound, self._newestFirst(rooms, begun)), *found]
            return tuple(line for line in lines if line.id > self._seen(line.room).expired)[:count]

        def end(result: list[Line] | Failure) -> list[Line] | Failure:
            self._scans -= 1
            return result

        begun = self._order
        self._scans += 1
        done = Scan(self._clock, self._newestFirst(rooms, 0), isFound, count).begin()
        return done.addBoth(end).addCallback(finish)

    def forget(self, room: str) -> None:
        """See L{chat.interfaces.History.forget}."""
        last = self.lastId(room)
        if len(self._rooms) > MAX_ROOMS:
            # Whatever begins now begins behind it, so its numbers go on, too.
            self._floor = max(self._floor, last)
            self._rooms.pop(room, None)
        elif room in self._rooms:
            self._rooms[room] = _Lines(last)

    def expire(self, before: datetime) -> None:
        """
        Keep no line that was said before that.
        """
        for kept in self._rooms.values():
            first = bisect_left(kept.lines, before, kept.start, key=lambda line: line.at)
            kept.expire(first - kept.start)

    def _of(self, room: str) -> _Lines:
        kept = self._rooms.get(room)
        if kept is None:
            kept = self._rooms[room] = _Lines(self._floor)
        return kept

    def _seen(self, room: str) -> _Lines:
        return self._rooms.get(room) or _Lines(self._floor)

    def _newestFirst(self, rooms: Sequence[str], after: int) -> Iterator[Line]:
        """
        @param after: the place of the line at which it ends, among those of all rooms.
        """
        each = (self._rooms[room].newestFirst() for room in set(rooms) if room in self._rooms)
        for order, line in merge(*each, key=lambda pair: pair[0], reverse=True):
            if order <= after:
                return
            yield line


EXPIRE_EVERY = 60.0
"""After how many seconds it is looked again for lines that were kept long enough."""


class MemoryStore(Service):
    """
    See L{chat.store.store.Store}.  Nothing of it comes to a disk, so observers
    never hear of anything that is stored.
    """

    def __init__(
        self,
        clock: IReactorTime,
        onLoaded: OnLoaded,
        keepLines: int = 0,
        keepSeconds: float = 0.0,
        replay: int = REPLAY,
        now: Callable[[], datetime] = utcNow,
    ) -> None:
        """
        @param onLoaded: called with no record at all.
        @param keepLines: how many lines of each room are kept; 0 for all.
        @param keepSeconds: how long a line is kept; 0 for ever.
        @param replay: of no meaning here.
        @param now: the time of day, in UTC.
        """
        self.history = MemoryHistory(clock, keepLines)
        self.ledger = MemoryLedger()
        self.nextId = self.history.nextId
        self.lastId = self.history.lastId
        self._onLoaded = onLoaded
        self._keepSeconds = keepSeconds
        self._now = now
        self._expiring = LoopingCall(self._expire)
        self._expiring.clock = clock

    @property
    def waiting(self) -> int:
        """See L{chat.store.store.Store.waiting}: nothing ever waits."""
        return 0

    def observe(self, observer: HistoryObserver) -> None:
        """See L{chat.store.store.Store.observe}: there is nothing to tell."""

    def startService(self) -> None:
        """See L{chat.store.store.Store.startService}."""
        super().startService()
        if self._keepSeconds:
            self._expiring.start(EXPIRE_EVERY, now=False)
        self._onLoaded(())

    def stopService(self) -> Deferred[None]:
        """See L{chat.store.store.Store.stopService}."""
        super().stopService()
        if self._expiring.running:
            self._expiring.stop()
        return succeed(None)

    def _expire(self) -> None:
        self.history.expire(self._now() - timedelta(seconds=self._keepSeconds))


class MemoryLedger:
    """
    See L{chat.interfaces.Ledger}.
    """

    def __init__(self) -> None:
        self._records: dict[tuple[type[Record], str], Record] = {}

    def load(self, kind: type[RecordT]) -> Deferred[tuple[RecordT, ...]]:
        """See L{chat.interfaces.Ledger.load}."""
        records = [record for record in self._records.values() if isinstance(record, kind)]
        return succeed(tuple(sorted(records, key=lambda record: record.key)))

    def put(self, record: Record) -> Deferred[None]:
        """See L{chat.interfaces.Ledger.put}."""
        self._records[type(record), record.key] = record
        return succeed(None)

    def remove(self, record: Record) -> Deferred[None]:
        """See L{chat.interfaces.Ledger.remove}."""
        self._records.pop((type(record), record.key), None)
        return succeed(None)
