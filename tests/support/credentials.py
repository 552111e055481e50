"""
A ledger in memory, cheap hashes, and a search for passwords where they must not be.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from argon2 import PasswordHasher
from twisted.internet.defer import Deferred, succeed
from twisted.logger import eventAsText
from twisted.python.failure import Failure

from chat.interfaces import Ledger
from chat.vocabulary.records import Record

WITHIN = 10.0
"""How many seconds a thread may take for anything."""


class RecordingLedger(Ledger):
    """
    A ledger whose disk answers when the test says so.

    @ivar records: The stored records, by key.
    @ivar calls: Each call: C{"put"} or C{"remove"}, and the record.
    """

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.calls: list[tuple[str, Record]] = []
        self._held: list[Deferred[None]] | None = None

    def hold(self) -> None:
        """From now on the disk does not answer."""
        self._held = []

    def release(self) -> None:
        """The disk answers again."""
        held, self._held = self._held or [], None
        for deferred in held:
            deferred.callback(None)

    def load(self, kind: type[Any]) -> Deferred[tuple[Any, ...]]:
        return succeed(tuple(self.records.values()))

    def put(self, record: Record) -> Deferred[None]:
        self.records[record.key] = record
        return self._done("put", record)

    def remove(self, record: Record) -> Deferred[None]:
        self.records.pop(record.key, None)
        return self._done("remove", record)

    def _done(self, call: str, record: Record) -> Deferred[None]:
        self.calls.append((call, record))
        if self._held is None:
            return succeed(None)
        deferred: Deferred[None] = Deferred()
        self._held.append(deferred)
        return deferred


class CountingHasher(PasswordHasher):
    """
    Hashes that cost nothing.

    @ivar threads: The thread of each hash, whether it is a new one or one to compare with.
    @ivar hashed: What new hashes were made of.
    @ivar before: Called in the thread before each hash.
    """

    def __init__(self, timeCost: int = 1) -> None:
        super().__init__(time_cost=timeCost, memory_cost=8, parallelism=1)
        self.threads: list[int] = []
        self.hashed: list[str | bytes] = []
        self.before: Callable[[], object] = lambda: None
        self._mayGo = threading.Event()
        self._mayGo.set()

    def hold(self) -> None:
        """From now on no hash is finished."""
        self._mayGo.clear()

    def release(self) -> None:
        """Finish all hashes."""
        self._mayGo.set()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self._count()
        self.hashed.append(password)
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        self._count()
        return super().verify(hash, password)

    def _count(self) -> None:
        self.threads.append(threading.get_ident())
        self.before()
        assert self._mayGo.wait(WITHIN)


def seenIn(failure: Failure) -> str:
    """
    @return: All that could be shown of a failure, also the variables of the calls that led to it,
        and its causes.
    """
    error: BaseException | None = failure.value
    parts = [repr(failure), str(failure), failure.getTraceback(detail="verbose")]
    while error is not None:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        parts += [repr(error), str(error), repr(vars(error)), "".join(shown.format())]
        error = error.__cause__ or error.__context__
    return "\n".join(parts)


def seenInLog(events: Iterable[Any]) -> str:
    """
    @return: All that could be shown of log events.
    """
    parts = []
    for event in events:
        parts += [eventAsText(event), *map(repr, event.values())]
        if "log_failure" in event:
            parts.append(seenIn(event["log_failure"]))
    return "\n".join(parts)
