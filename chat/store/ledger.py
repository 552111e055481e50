"""
The ledger in a database, as the reactor sees it.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chat.interfaces import Ledger, RecordT
from chat.store.backlog import Backlog, Key
from chat.store.flushing import changeLost
from chat.store.sqlitehistory import Parts
from chat.vocabulary.errors import HistoryUnavailable
from chat.vocabulary.records import Record


class SQLiteLedger(Ledger):
    """
    Records in a database.

    @ivar parts: L{None} while the store is not open.
    """

    def __init__(self, backlog: Backlog) -> None:
        self.parts: Parts | None = None
        self._backlog = backlog
        self._loading = 0
        # The records that have changed since the first of the questions that are being
        # answered.
        self._fresh: dict[Key, Record | None] = {}

    def load(self, kind: type[RecordT]) -> Deferred[tuple[RecordT, ...]]:
        return Deferred.fromCoroutine(self._load(kind))

    def put(self, record: Record) -> Deferred[None]:
        return self._change((type(record), record.key), record)

    def remove(self, record: Record) -> Deferred[None]:
        return self._change((type(record), record.key), None)

    async def _load(self, kind: type[RecordT]) -> tuple[RecordT, ...]:
        if self.parts is None:
            raise HistoryUnavailable()
        self._loading += 1
        self._fresh.update(self._backlog.changes())
        try:
            found = await self.parts.questions.ask(lambda reader: reader.records(kind))
            records: dict[str, Record | None] = {record.key: record for record in found}
            records |= {key: new for (type_, key), new in self._fresh.items() if type_ is kind}
            return tuple(
                record for _, record in sorted(records.items()) if isinstance(record, kind)
            )
        finally:
            self._loading -= 1
            if not self._loading:
                self._fresh.clear()

    def _change(self, key: Key, record: Record | None) -> Deferred[None]:
        if self.parts is None:
            changeLost(key, record)
            return Deferred()
        if self._loading:
            self._fresh[key] = record
        done = self._backlog.change(key, record)
        self.parts.flushing.came()
        return done
