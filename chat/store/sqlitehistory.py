"""
The history in a database, as the thread of the reactor sees it.  It never waits: what
is appended goes into a backlog, and what is asked goes to the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from chat.interfaces import Extract
from chat.store import extracts
from chat.store.backlog import MAX_BATCH, Backlog
from chat.store.extracts import Found, matching
from chat.store.flushing import Writing
from chat.store.numbering import Numbers
from chat.store.observers import Losses
from chat.store.pruning import Pruned
from chat.store.reader import DatabaseReader, Questions
from chat.store.recent import Tails
from chat.store.tokens import phrases
from chat.vocabulary.errors import HistoryUnavailable
from chat.vocabulary.events import Line
from chat.vocabulary.names import fold
from chat.vocabulary.times import Later

AT_ONCE = 20
"""
How many of a crowd that waits for the same lines are told them in one turn of the reactor:
each of them comes into his room then, which takes a quarter of a millisecond.
"""

FoundT = TypeVar("FoundT")
AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True, eq=False)
class _Watch:
    """
    Lines that a question which is being answered may not find on the disk.

    @ivar waiting: how many of them were appended before it was asked.
    """

    rooms: Collection[str]
    lines: list[Line]
    waiting: int


@dataclass(frozen=True, slots=True)
class Parts:
    """
    What a history works with while the store is open.

    @ivar floors: see L{chat.store.opening.Opened}.
    """

    numbers: Numbers
    tails: Tails
    floors: dict[str, int]
    questions: Questions
    writing: Writing


class SQLiteHistory:
    """
    See L{chat.interfaces.History}.  Before L{open} and after L{close} nothing is kept
    and nothing found.
    """

    def __init__(self, backlog: Backlog, losses: Losses, replay: int, later: Later) -> None:
        """
        @param replay: for so many lines and less L{recent} needs the disk but once.
        @param later: the C{callLater} of the reactor.
        """
        self._backlog = backlog
        self._losses = losses
        self._replay = replay
        self._later = later
        self._watches: list[_Watch] = []
        # Who waits for the newest lines of a room, while the disk is asked for them.
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._parts: Parts | None = None

    def open(self, parts: Parts) -> None:
        """
        The store is open.
        """
        self._parts = parts

    def append(self, event: Line) -> None:
        """See L{chat.interfaces.Recorder.append}."""
        parts = self._parts
        waiting = self._backlog.append(event) if event.id and parts is not None else 0
        if not waiting:
            self._losses.add()
            return
        assert parts is not None
        parts.tails.append(event)
        for watch in self._watches:
            if event.room in watch.rooms:
                watch.lines.append(event)
        if waiting == 1:
            parts.writing.came()
        elif waiting == MAX_BATCH:
            parts.writing.filled()

    def recent(self, room: str, count: int) -> Deferred[Extract]:
        """See L{chat.interfaces.History.recent}."""
        here = self._parts.tails.find(room, count + 1) if self._parts is not None else None
        if here is not None:
            return succeed(extracts.newest(room, here, count))
        if count > self._replay:
            return self._newest(room, count)
        # A crowd that comes in asks the disk once; what it said is at hand after that.
        told: Deferred[None] = Deferred()
        waiting = self._waiting.setdefault(room, [])
        waiting.append(told)
        if len(waiting) == 1:
            self._newest(room, self._replay).addBoth(self._tell, room)
        return told.addCallback(lambda _: self.recent(room, count))

    def after(self, room: str, id: int, count: int) -> Deferred[Extract]:
        """See L{chat.interfaces.History.after}."""
        id = extracts.possible(id)

        def answer(watch: _Watch, found: Found, parts: Parts) -> Extract:
            found = found.joined(watch.lines, id, parts.floors.get(room, 0))
            return extracts.after(room, found, id, count)

        return self._ask(
            (room,), lambda reader, _: reader.after(room, id, count + 1, self._floor(room)), answer
        )

    def since(self, room: str, at: datetime, count: int) -> Deferred[Extract]:
        """See L{chat.interfaces.History.since}."""

        def answer(watch: _Watch, found: Found, parts: Parts) -> Extract:
            later = [line for line in watch.lines if found.lines or line.at >= at]
            found = found.joined(later, 0, parts.floors.get(room, 0))
            return extracts.since(room, found, at, count)

        return self._ask(
            (room,), lambda reader, _: reader.since(room, at, count + 1, self._floor(room)), answer
        )

    def search(
        self, words: str, rooms: Sequence[str], nick: str, count: int
    ) -> Deferred[tuple[Line, ...]]:
        """See L{chat.interfaces.History.search}."""
        wanted = phrases(words)
        if not wanted or count < 1:
            return succeed(())
        folded = fold(nick) if nick else ""
        each = tuple(dict.fromkeys(rooms))

        def find(reader: DatabaseReader, waiting: Sequence[Line]) -> list[Line]:
            # In the thread of the reader, since many may wait when the disk fails.
            newer = matching(waiting, wanted, each, folded)
            return newer[::-1] + reader.search(wanted, each, nick, count)

        def answer(watch: _Watch, found: list[Line], parts: Parts) -> tuple[Line, ...]:
            newer = matching(watch.lines[watch.waiting :], wanted, each, folded)
            # What was written meanwhile may have been found twice.
            lines = {(line.room, line.id): line for line in newer[::-1] + found}.values()
            floors = parts.floors
            kept = (line for line in lines if line.id > floors.get(line.room, 0))
            return tuple(islice(kept, count))

        return self._ask(each, find, answer)

    def forget(self, room: str) -> None:
        """See L{chat.interfaces.History.forget}."""
        parts = self._parts
        if parts is None:
            return
        waiting = self._backlog.lines((room,))
        if not waiting and not parts.numbers.isKnown(room):
            return
        last = max([parts.numbers.last(room), *(line.id for line in waiting[-1:])])
        parts.floors[room] = last
        parts.tails.forget(room)
        self._backlog.forget(room, last)
        parts.writing.came()

    def pruned(self, pruned: Pruned) -> dict[str, int]:
        """
        Lines have been taken away.

        @return: rooms of which nothing is left to be known, and their last numbers.
        """
        parts = self._parts
        if parts is None:
            return {}
        for room, id in pruned.expired.items():
            parts.tails.expired(room, id)
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

    def close(self) -> None:
        """
        The store is closed.
        """
        self._parts = None

    def _floor(self, room: str) -> int:
        # Read in the thread of the reader; an older value is as good, since it is
        # looked at again when the answer is there.
        return self._parts.floors.get(room, 0) if self._parts is not None else 0

    def _newest(self, room: str, count: int) -> Deferred[Extract]:
        """
        Read the newest lines of a room from the disk, and have them at hand.
        """
        asked = count + 1

        def answer(watch: _Watch, found: Found, parts: Parts) -> Extract:
            found = found.joined(watch.lines, 0, parts.floors.get(room, 0))
            parts.tails.found(room, found.lines, len(found.lines) < asked)
            return extracts.newest(room, found, count)

        return self._ask(
            (room,), lambda reader, _: reader.newest(room, asked, self._floor(room)), answer
        )

    def _tell(self, result: Extract | Failure, room: str) -> None:
        """
        The newest lines of a room are at hand, or cannot be read: let those who wait go on.
        """
        self._tellSome(self._waiting.pop(room), result)

    def _tellSome(self, waiting: list[Deferred[None]], result: Extract | Failure) -> None:
        first, rest = waiting[:AT_ONCE], waiting[AT_ONCE:]
        if rest:
            self._later(0, lambda: self._tellSome(rest, result))
        for told in first:
            if isinstance(result, Failure):
                told.errback(result)
            else:
                told.callback(None)

    def _ask(
        self,
        rooms: Collection[str],
        find: Callable[[DatabaseReader, Sequence[Line]], FoundT],
        answer: Callable[[_Watch, FoundT, Parts], AnswerT],
    ) -> Deferred[AnswerT]:
        """
        @param find: is called in the thread of the reader, with the lines that are not on
            the disk.
        @param answer: is called in the thread of the reactor.
        """
        parts = self._parts
        if parts is None:
            return fail(HistoryUnavailable())
        waiting = tuple(self._backlog.lines(rooms))
        watch = _Watch(rooms, list(waiting), len(waiting))
        self._watches.append(watch)

        def unwatch(result: FoundT | Failure) -> FoundT | Failure:
            self._watches.remove(watch)
            return result

        asked = parts.questions.ask(lambda reader: find(reader, waiting))
        return asked.addBoth(unwatch).addCallback(lambda found: answer(watch, found, parts))
