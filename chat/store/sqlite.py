"""
A store in a file, with no server to start: SQLite.

The parts, from the top: L{SQLiteStore} opens (L{chat.store.opening}) and closes.
L{SQLiteHistory} and L{SQLiteLedger} take what is to be kept into a L{Backlog}.
L{chat.store.flushing} has the L{Writer} store it, batch by batch, in one thread.
L{Questions} has the L{DatabaseReader} find what is asked for, in another thread with a
connection of its own.  L{Retention} has the writer take away what is old.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.logger import Logger

from chat.interfaces import HistoryObserver
from chat.store.backlog import Backlog
from chat.store.flushing import END_WITHIN, Core, endWithin, newWriting
from chat.store.ledger import SQLiteLedger
from chat.store.numbering import Numbers
from chat.store.observers import Losses, Observers
from chat.store.opening import openStore
from chat.store.pruning import Limits
from chat.store.reader import DatabaseReader, Questions
from chat.store.recent import Tails
from chat.store.retention import Retention
from chat.store.sqlitehistory import Parts, SQLiteHistory
from chat.store.store import REPLAY, OnLoaded
from chat.store.threads import NewWorker, OneThread
from chat.store.writer import Writer
from chat.vocabulary.times import utcNow


class SQLiteStore(Service):
    """
    See L{chat.store.store.Store}.
    """

    _log = Logger()

    def __init__(
        self,
        path: str,
        reactor: Any,
        onLoaded: OnLoaded,
        keepLines: int = 0,
        keepSeconds: float = 0.0,
        replay: int = REPLAY,
        now: Callable[[], datetime] = utcNow,
        newWorker: NewWorker | None = None,
    ) -> None:
        """
        @param path: of the database, relative to twistd's run directory.
        @param reactor: an L{twisted.internet.interfaces.IReactorTime}, and an
            L{twisted.internet.interfaces.IReactorFromThreads} unless C{newWorker} is
            given.
        @param onLoaded: called with all records when the store is started.
        @param keepLines: how many lines of each room are kept; 0 for all.
        @param keepSeconds: how long a line is kept; 0 for ever.
        @param replay: how many lines of a room are mostly asked for.
        @param now: the time of day, in UTC.
        @param newWorker: makes the threads for the writer and the reader.
        """
        self._path = path
        self._clock = reactor
        self._onLoaded = onLoaded
        self._keepLines = keepLines
        self._keepSeconds = keepSeconds
        self._replay = replay
        self._now = now
        newWorker = newWorker or partial(OneThread, reactor)
        self._writes = newWorker("history-writer")
        self._reads = newWorker("history-reader")
        self._observers = Observers()
        self._losses = Losses(self._observers, reactor)
        self._backlog = Backlog()
        self._numbers = Numbers()
        self._end: Callable[[], Deferred[None]] = _nothing
        self.history = SQLiteHistory(self._backlog, self._losses, replay, reactor.callLater)
        self.ledger = SQLiteLedger(self._backlog)

    @property
    def waiting(self) -> int:
        """See L{chat.store.store.Store.waiting}."""
        return self._backlog.size

    def nextId(self, room: str) -> int:
        """See L{chat.store.store.Store.nextId}."""
        return self._numbers.next(room)

    def lastId(self, room: str) -> int:
        """See L{chat.store.store.Store.lastId}."""
        return self._numbers.last(room)

    def observe(self, observer: HistoryObserver) -> None:
        """See L{chat.store.store.Store.observe}."""
        self._observers.add(observer)

    def startService(self) -> None:
        """
        See L{chat.store.store.Store.startService}.  It waits for the disk; nobody is
        here yet whom that would keep waiting.
        """
        super().startService()
        opened = openStore(os.path.abspath(self._path))
        if not opened.wasClean:
            self._log.warn(
                "{path} was not closed in order; all stored lines are there", path=opened.path
            )
        self._numbers = opened.numbers
        writer = Writer(opened)
        core = Core(
            self._backlog,
            writer,
            self._writes,
            self._clock,
            self._numbers,
            self._observers,
            self._losses,
        )
        writing = newWriting(core)
        questions = Questions(DatabaseReader(opened.path), self._reads, self._clock)
        tails = Tails(self._replay + 1, opened.rooms)
        self.history.open(Parts(self._numbers, tails, opened.floors, questions, writing))
        self.ledger.open(questions, writing)
        retention = Retention(writer, self._writes, self._clock, self._limits, self.history.pruned)
        self._writes.start()
        self._reads.start()
        retention.start()

        def end() -> Deferred[None]:
            retention.stop()
            reading = questions.close().addTimeout(END_WITHIN, self._clock)
            ending = DeferredList([endWithin(writing, core), reading], consumeErrors=True)
            return ending.addCallback(lambda _: self._closed(opened.lock))

        self._end = end
        self._onLoaded(opened.records)

    def stopService(self) -> Deferred[None]:
        """See L{chat.store.store.Store.stopService}."""
        super().stopService()
        return self._end()

    def _closed(self, lock: IO[bytes]) -> None:
        self.history.close()
        self.ledger.close()
        self._writes.stop()
        self._reads.stop()
        lock.close()
        self._end = _nothing

    def _limits(self) -> Limits:
        before = self._now() - timedelta(seconds=self._keepSeconds) if self._keepSeconds else None
        return Limits(before, self._keepLines)


def _nothing() -> Deferred[None]:
    return succeed(None)
