"""
A store in a file, with no server to start: SQLite.

The parts, from the top: L{SQLiteStore} opens (L{chat.store.opening}) and closes.
L{SQLiteHistory} and L{SQLiteLedger} take what is to be kept into a L{Backlog}.
L{chat.store.flushing} has the L{DatabaseWriter} store it, batch by batch, in one thread.
L{Questions} has the L{DatabaseReader} find what is asked for, in another thread with a
connection of its own.  L{Retention} has the writer take away what is old.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from chat.interfaces import HistoryObserver
from chat.store.backlog import Backlog
from chat.store.flushing import END_WITHIN, FlushingCore, endWithin, newFlushing
from chat.store.ledger import SQLiteLedger
from chat.store.numbering import Numbers
from chat.store.observers import Observers
from chat.store.opening import checkStore, openStore
from chat.store.pruning import RetentionLimits
from chat.store.reader import DatabaseReader, Questions
from chat.store.recent import RecentLines
from chat.store.retention import Retention
from chat.store.sqlitehistory import Parts, SQLiteHistory
from chat.store.store import OnLoaded, Store
from chat.store.threads import NewWorker, OneThread
from chat.store.writer import DatabaseWriter
from chat.vocabulary.limits import REPLAY
from chat.vocabulary.times import utcNow
from chat.vocabulary.trusted import TrustedTime


class SQLiteStore(Service, Store):
    """
    Lines, records and ids in a database.
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
        trusted: TrustedTime | None = None,
        memory: str = "",
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
        @param trusted: the time by which lines are old; C{now} by default.
        @param memory: a directory in a tmpfs in which lines are counted; see
            L{chat.store.tally}.
        @param newWorker: makes the threads for the writer and the reader.
        """
        self._path = path
        self._clock = reactor
        self._onLoaded = onLoaded
        self._keepLines = keepLines
        self._keepSeconds = keepSeconds
        self._replay = replay
        self._trusted = trusted
        self._memory = memory
        self._ends = now if trusted is None else trusted.now
        newWorker = newWorker or partial(OneThread, reactor)
        self._writes = newWorker("history-writer")
        self._reads = newWorker("history-reader")
        self._observers = Observers(reactor)
        self._backlog = Backlog()
        self._numbers = Numbers()
        self._close: Callable[[], Coroutine[Any, Any, None]] = _nothing
        self.history = SQLiteHistory(self._backlog, self._observers, replay, reactor.callLater, now)
        self.ledger = SQLiteLedger(self._backlog)

    @property
    def waiting(self) -> int:
        return self._backlog.size

    def nextId(self, room: str) -> int:
        return self._numbers.next(room)

    def lastId(self, room: str) -> int:
        return self._numbers.last(room)

    def observe(self, observer: HistoryObserver) -> None:
        self._observers.add(observer)

    def privilegedStartService(self) -> None:
        super().privilegedStartService()
        checkStore(os.path.abspath(self._path))

    def startService(self) -> None:
        # This blocks on the disk, which keeps no user waiting, as none is here yet.
        super().startService()
        opened = openStore(os.path.abspath(self._path), self._memory)
        if not opened.isWhole:
            self._log.warn(
                "{path} was not closed cleanly; all stored lines are there"
                if opened.hadLog
                else "{path} was not closed cleanly, and there is no {path}-wal:"
                " lines that were stored last may be missing",
                event="database-unclean",
                path=opened.files.path,
            )
        elif not opened.wasClean:
            self._log.warn(
                "{path} was not closed cleanly; no line was lost",
                event="database-unclean",
                path=opened.files.path,
            )
        if opened.wasOlder:
            self._log.warn(
                "{path} is older than the database that was here;"
                " line numbers continue after that one's",
                event="database-older",
                path=opened.files.path,
            )
        if self._trusted is not None and opened.seen is not None:
            self._trusted.seen(opened.seen)
        numbers = self._numbers = opened.numbers
        writer = DatabaseWriter(opened)
        core = FlushingCore(
            self._backlog, writer, self._writes, self._clock, numbers, self._observers
        )
        flushing = newFlushing(core)
        reader = DatabaseReader(opened.files)
        questions = Questions(
            reader,
            self._reads,
            self._clock,
            self._observers.damaged,
            lambda error: self._writes.run(lambda: writer.mend(error)),
        )
        # A batch finds out whether the disk works, even an empty one when nothing is said.
        retention = Retention(
            writer,
            self._writes,
            self._clock,
            self._limits,
            self.history.pruned,
            flushing.came,
        )
        recent = RecentLines(self._replay + 1, opened.rooms)
        parts = Parts(numbers, recent, opened.floors, questions, flushing)
        self.history.parts = self.ledger.parts = parts
        self._writes.start()
        self._reads.start()
        retention.start()

        async def close() -> None:
            retention.stop()
            reading = questions.close().addTimeout(END_WITHIN, self._clock)
            await DeferredList([endWithin(flushing, core), reading], consumeErrors=True)
            self.history.parts = self.ledger.parts = None
            if writer.isConnected or reader.isConnected:
                # The disk holds up a thread, which still uses the files.
                ends = [each.run(lambda: None) for each in (self._writes, self._reads)]
                DeferredList(ends).addCallback(lambda _: opened.files.close())
            else:
                opened.files.close()
            self._writes.stop()
            self._reads.stop()
            self._close = _nothing

        self._close = close
        self._onLoaded(opened.records)

    def stopService(self) -> Deferred[None]:
        super().stopService()
        return Deferred.fromCoroutine(self._close())

    def _limits(self) -> RetentionLimits:
        now = self._ends()
        before = now - timedelta(seconds=self._keepSeconds) if self._keepSeconds else None
        return RetentionLimits(now, before, self._keepLines)


async def _nothing() -> None:
    pass
