"""
A store that lives as long as the process (C{--database :memory:}).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from chat.interfaces import HistoryObserver, RecordT
from chat.store.memorylines import MemoryHistory
from chat.store.store import REPLAY, OnLoaded
from chat.vocabulary.records import Record
from chat.vocabulary.times import utcNow

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
