"""
Stores whose clock and threads move when a test says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chat.interfaces import Extract
from chat.store.memory import MemoryStore
from chat.store.sqlite import SQLiteStore
from chat.vocabulary.events import Acted, Line, Said
from chat.vocabulary.records import Record
from tests.support.samples import AT

T = TypeVar("T")

ROOM = "#lobby"


class HandWorker:
    """
    In the place of a thread: it works at once, or when it is told to.

    @ivar isPrompt: Whether it works at once.
    @ivar isBroken: Whether it does nothing at all.
    """

    def __init__(self) -> None:
        self.isPrompt = True
        self.waiting: list[tuple[Callable[[], Any], Deferred[Any]]] = []
        self.state = "new"

    def start(self) -> None:
        self.state = "started"

    def stop(self) -> None:
        self.state = "stopped"

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        if self.isPrompt:
            return maybeDeferred(work)
        done: Deferred[T] = Deferred()
        self.waiting.append((work, done))
        return done

    def do(self) -> Callable[[], None]:
        """
        Do the first piece of work that waits, as the thread would.

        @return: Hands the result to the reactor.
        """
        work, done = self.waiting.pop(0)
        try:
            result = work()
        except Exception:
            failure = Failure()
            return lambda: done.errback(failure)
        return lambda: done.callback(result)

    def work(self) -> None:
        """
        Do all work that waits, and hand over the results.
        """
        while self.waiting:
            self.do()()


class RecordingObserver:
    """
    @ivar told: What was told since the last L{take}.
    """

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def stored(self, room: str, id: int) -> None:
        self.told.append(("stored", room, id))

    def failing(self, reason: str) -> None:
        self.told.append(("failing", reason))

    def recovered(self) -> None:
        self.told.append(("recovered",))

    def lost(self, count: int) -> None:
        self.told.append(("lost", count))

    def damaged(self, count: int) -> None:
        self.told.append(("damaged", count))

    def take(self) -> list[tuple[Any, ...]]:
        told, self.told = self.told, []
        return told


class StoreStage:
    """
    A store that has been started.

    @ivar now: The time of day.
    """

    store: Any

    def __init__(self) -> None:
        self.now = AT
        self.clock = Clock()
        self.observer = RecordingObserver()
        self.records: list[Record] = []

    def start(self) -> None:
        self.store.observe(self.observer)
        self.store.startService()
        self.history, self.ledger = self.store.history, self.store.ledger

    def say(self, text: str, room: str = ROOM, nick: str = "alice") -> Line:
        """
        Append a line, with the next id.
        """
        line = Said(room, self.store.nextId(room), self.now, nick, text)
        self.history.append(line)
        return line

    def chat(self, count: int, room: str = ROOM) -> list[Line]:
        return [self.say(f"line {number}", room) for number in range(count)]

    def settle(self) -> None:
        """
        Let waiting lines be written.
        """
        self.clock.advance(0.1)

    def sweep(self) -> None:
        """
        Let old lines be taken away.
        """
        self.clock.advance(60)
        for _ in range(200):
            self.clock.advance(0.05)

    def stop(self) -> None:
        now(self.store.stopService())


class MemoryStage(StoreStage):
    """
    A store in memory.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.store = MemoryStore(self.clock, self.records.extend, now=lambda: self.now, **options)
        self.start()


class SQLiteStage(StoreStage):
    """
    A store in a file.
    """

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__()
        self.path = path
        self.workers: list[HandWorker] = []
        self.store = SQLiteStore(
            str(path),
            self.clock,
            self.records.extend,
            now=lambda: self.now,
            newWorker=self._newWorker,
            **options,
        )
        self.writes, self.reads = self.workers
        self.start()

    def _newWorker(self, name: str) -> HandWorker:
        self.workers.append(HandWorker())
        return self.workers[-1]

    def again(self, **options: Any) -> SQLiteStage:
        """
        Stop, and start another store with the same file.
        """
        self.stop()
        return SQLiteStage(self.path, **options)


def crash(stage: SQLiteStage, memory: Path | None = None) -> None:
    """
    Leave the files as they are, as a process does that is killed.

    @param memory: The directory in memory that the store uses.
    """
    files = [Path(f"{stage.path}{suffix}") for suffix in ("", "-wal", ".lock")]
    files += [] if memory is None else memory.glob("tcpchat-*")
    contents = {file: file.read_bytes() for file in files}
    stage.stop()
    for file, content in contents.items():
        file.write_bytes(content)


def now(asked: Deferred[T]) -> T:
    """
    @return: What a Deferred has fired with.
    """
    results: list[T | Failure] = []
    asked.addBoth(results.append)
    [result] = results
    if isinstance(result, Failure):
        result.raiseException()
    assert not isinstance(result, Failure)
    return result


def lines(first: int, last: int, room: str = ROOM) -> list[Line]:
    """
    @return: Some lines of a room; every third is an action.
    """
    return [
        (Acted if number % 3 == 0 else Said)(
            room, number, AT + timedelta(seconds=number), "alice", f"line {number}"
        )
        for number in range(first, last + 1)
    ]


def texts(extract: Extract | Sequence[Line]) -> list[str]:
    found = extract.lines if isinstance(extract, Extract) else extract
    return [line.text for line in found]


def ids(extract: Extract | Sequence[Line]) -> list[int]:
    found = extract.lines if isinstance(extract, Extract) else extract
    return [line.id for line in found]


@contextmanager
def startedAnew(path: Path) -> Iterator[SQLiteStage]:
    """
    @return: A store with ten lines, started anew, whose reader works when it is told to.
    """
    first = SQLiteStage(path)
    first.chat(10)
    stage = first.again(replay=3)
    stage.reads.isPrompt = False
    yield stage
    stage.reads.isPrompt = True
    stage.reads.work()
    stage.stop()
