"""
The ledger in a database, as the thread of the reactor sees it.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from chat.interfaces import RecordT
from chat.store.backlog import Backlog, Key
from chat.store.flushing import Writing
from chat.store.reader import Questions
from chat.vocabulary.errors import HistoryUnavailable
from chat.vocabulary.records import Record


class SQLiteLedger:
    """
    See L{chat.interfaces.Ledger}.
    """

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._parts: tuple[Questions, Writing] | None = None
        self._loading = 0
        # What changes while records are read, and what had not been written before.
        self._fresh: dict[Key, Record | None] = {}

    def open(self, questions: Questions, writing: Writing) -> None:
        """
        The store is open.
        """
        self._parts = questions, writing

    def load(self, kind: type[RecordT]) -> Deferred[tuple[RecordT, ...]]:
        """See L{chat.interfaces.Ledger.load}."""
        if self._parts is None:
            return fail(HistoryUnavailable())
        questions, _ = self._parts
        self._loading += 1
        self._fresh.update(self._backlog.changes())

        def answer(found: list[Record]) -> tuple[RecordT, ...]:
            records: dict[str, Record | None] = {record.key: record for record in found}
            records |= {key: new for (type_, key), new in self._fresh.items() if type_ is kind}
            return tuple(
                record for _, record in sorted(records.items()) if isinstance(record, kind)
            )

        def end(result: tuple[RecordT, ...] | Failure) -> tuple[RecordT, ...] | Failure:
            self._loading -= 1
            if not self._loading:
                self._fresh.clear()
            return result

        asked = questions.ask(lambda reader: reader.records(kind))
        return asked.addCallback(answer).addBoth(end)

    def put(self, record: Record) -> Deferred[None]:
        """See L{chat.interfaces.Ledger.put}."""
        return self._change((type(record), record.key), record)

    def remove(self, record: Record) -> Deferred[None]:
        """See L{chat.interfaces.Ledger.remove}."""
        return self._change((type(record), record.key), None)

    def close(self) -> None:
        """
        Keep nothing any more.
        """
        self._parts = None

    def _change(self, key: Key, record: Record | None) -> Deferred[None]:
        if self._parts is None:
            return fail(HistoryUnavailable())
        _, writing = self._parts
        if self._loading:
            self._fresh[key] = record
        done = self._backlog.change(key, record)
        writing.came()
        return done
