"""
The history in a database, as the reactor sees it.  It never waits: lines that are appended
go into a backlog, and questions go to the reader.

While the reader looks for an answer, more lines are said, and waiting lines are written.  So
an answer is what the reader found, joined with the lines that waited for the disk when it
was asked and the lines appended since, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from twisted.internet.defer import Deferred, succeed

from chat.interfaces import Extract, History
from chat.store import extracts
from chat.store.backlog import MAX_BATCH, Backlog
from chat.store.extracts import First, Found, Query, Since
from chat.store.flushing import Flushing
from chat.store.numbering import Numbers
from chat.store.observers import Observers
from chat.store.pruning import Pruned
from chat.store.reader import DatabaseReader, Questions
from chat.store.recent import RecentLines
from chat.vocabulary.errors import HistoryUnavailable
from chat.vocabulary.events import Line
from chat.vocabulary.times import Later

AT_ONCE = 20
"""
How many of the questions that wait for the same lines are answered in one turn of the
reactor: after each answer a session enters a room, which takes a quarter of a millisecond.
"""


@dataclass(frozen=True, slots=True)
class Parts:
    """
    The parts of an open store with which the history and the ledger work.

    @ivar floors: see L{chat.store.opening.Opened}.
    """

    numbers: Numbers
    recent: RecentLines
    floors: dict[str, int]
    questions: Questions
    flushing: Flushing


@dataclass(frozen=True, slots=True, eq=False)
class _Watch:
    """
    Lines that are appended while a question is being answered.
    """

    rooms: Collection[str]
    lines: list[Line] = field(default_factory=list)


class SQLiteHistory(History):
    """
    Lines in a database.

    @ivar parts: L{None} while the store is not open: then nothing is kept and nothing found.
    """

    def __init__(
        self,
        backlog: Backlog,
        observers: Observers,
        replay: int,
        later: Later,
        now: Callable[[], datetime],
    ) -> None:
        """
        @param replay: for so many lines and fewer, L{recent} needs the disk only once.
        @param later: the C{callLater} of the reactor.
        @param now: the time of day, in UTC.
        """
        self.parts: Parts | None = None
        self._backlog = backlog
        self._observers = observers
        self._replay = replay
        self._later = later
        self._now = now
        self._watches: list[_Watch] = []
        # Questions for the newest lines of a room that wait while the disk is asked for them.
        self._waiting: dict[str, list[Deferred[object]]] = {}

    def append(self, event: Line) -> None:
        parts = self.parts
        if parts is None or not event.id or not (waiting := self._backlog.append(event)):
            self._observers.lineLost()
            return
        parts.recent.append(event)
        for watch in self._watches:
            if event.room in watch.rooms:
                watch.lines.append(event)
        if waiting == 1:
            parts.flushing.came()
        elif waiting == MAX_BATCH:
            parts.flushing.filled()

    def recent(self, room: str, count: int) -> Deferred[Extract]:
        here = self.parts.recent.find(room, count + 1) if self.parts is not None else None
        if here is not None:
            return succeed(extracts.newest(room, here, count))
        if count > self._replay:
            return self._newest(room, count)
        # However many sessions enter the room now, the disk is asked once: after that the
        # lines are at hand.
        told: Deferred[object] = Deferred()
        waiting = self._waiting.setdefault(room, [])
        waiting.append(told)
        if len(waiting) == 1:
            self._newest(room, self._replay).addBoth(
                lambda result: self._tell(self._waiting.pop(room), result)
            )
        return told.addCallback(lambda _: self.recent(room, count))

    def after(self, room: str, id: int, count: int) -> Deferred[Extract]:
        id = extracts.possible(id)
        return self._found(
            room,
            lambda reader, floor: reader.after(room, id, count + 1, floor),
            lambda lines: sum(line.id <= id for line in lines),
        ).addCallback(lambda found: extracts.after(room, found, id, count))

    def since(self, room: str, at: datetime, count: int) -> Deferred[Extract]:
        asked = Since(at, max(at, self._now()))
        return self._found(
            room,
            lambda reader, floor: reader.since(room, asked, count + 1, floor),
            asked.first,
        ).addCallback(lambda found: extracts.since(room, found, asked, count))

    def search(
        self, words: str, rooms: Sequence[str], nick: str, count: int
    ) -> Deferred[tuple[Line, ...]]:
        query = extracts.query(words, rooms, nick)
        if count < 1:
            return succeed(())
        return Deferred.fromCoroutine(self._search(query, count))

    def forget(self, room: str) -> None:
        parts = self.parts
        if parts is None:
            return
        waiting = self._backlog.lines((room,))
        if not waiting and not parts.numbers.isKnown(room):
            return
        last = max([parts.numbers.last(room), *(line.id for line in waiting[-1:])])
        parts.floors[room] = last
        parts.recent.forget(room)
        self._backlog.forget(room, last)
        parts.flushing.came()

    def forgetOthers(self, rooms: Collection[str]) -> None:
        parts = self.parts
        if parts is None:
            return
        for room in parts.numbers.rooms().difference(rooms):
            # Most were forgotten long ago, and nothing has been said there since.
            if parts.floors.get(room, 0) < parts.numbers.last(room):
                self.forget(room)

    def pruned(self, pruned: Pruned) -> dict[str, int]:
        """
        Learn that lines have been taken away.

        @return: rooms that have nothing left to keep, with their last ids.
        """
        parts = self.parts
        if parts is None:
            return {}
        for room, id in pruned.expired.items():
            parts.recent.expired(room, id)
        parts.numbers.dropped(pruned.dropped, pruned.floor)
        for room, last in pruned.dropped.items():
            if parts.floors.get(room, 0) <= last:
                parts.floors.pop(room, None)
        waiting = {line.room for line in self._backlog.lines(pruned.empty)}
        return {
            room: parts.numbers.last(room)
            for room in pruned.empty
            if room not in waiting and parts.numbers.isKnown(room)
        }

    def _newest(self, room: str, count: int) -> Deferred[Extract]:
        """
        Read the newest lines of a room from the disk, and have them at hand.
        """

        def answer(found: Found) -> Extract:
            if self.parts is not None:
                isWhole = len(found.lines) <= count
                self.parts.recent.found(room, found.lines, isWhole, found.last)
            return extracts.newest(room, found, count)

        return self._found(
            room, lambda reader, floor: reader.newest(room, count + 1, floor), lambda _: 0
        ).addCallback(answer)

    def _tell(self, waiting: list[Deferred[object]], result: object) -> None:
        """
        Answer the questions that wait for the newest lines of a room.

        @param result: a failure if these lines cannot be read.
        """
        if len(waiting) > AT_ONCE:
            self._later(0, lambda: self._tell(waiting[AT_ONCE:], result))
        for told in waiting[:AT_ONCE]:
            told.callback(result)

    def _found(
        self,
        room: str,
        find: Callable[[DatabaseReader, int], Found],
        first: First,
    ) -> Deferred[Found]:
        """
        @param find: called in the thread of the reader; the number is the last id that the
            room was told to forget.
        @param first: see L{Found.joined}.
        """

        async def read() -> Found:
            parts = self._requireParts()
            waiting, floor = self._backlog.lines((room,)), parts.floors.get(room, 0)
            with self._watching((room,)) as later:
                found = await parts.questions.ask(lambda reader: find(reader, floor))
            return found.joined([*waiting, *later], parts.floors.get(room, 0), first)

        return Deferred.fromCoroutine(read())

    async def _search(self, query: Query, count: int) -> tuple[Line, ...]:
        parts = self._requireParts()
        waiting = self._backlog.lines(query.rooms)

        def find(reader: DatabaseReader) -> list[Line]:
            # In the thread of the reader, since many lines may wait while the disk fails.
            return [*filter(query.matches, reversed(waiting)), *reader.search(query, count)]

        with self._watching(query.rooms) as later:
            found = await parts.questions.ask(find)
        newer = filter(query.matches, reversed(later))
        # A line that was written meanwhile may have been found twice.
        lines = {(line.room, line.id): line for line in [*newer, *found]}.values()
        kept = (line for line in lines if line.id > parts.floors.get(line.room, 0))
        return tuple(islice(kept, count))

    def _requireParts(self) -> Parts:
        if self.parts is None:
            raise HistoryUnavailable()
        return self.parts

    @contextmanager
    def _watching(self, rooms: Collection[str]) -> Iterator[list[Line]]:
        """
        Collect the lines that are appended to these rooms meanwhile.
        """
        watch = _Watch(rooms)
        self._watches.append(watch)
        try:
            yield watch.lines
        finally:
            self._watches.remove(watch)
