"""
The store with real threads and the real reactor: L{chat.store.threads}.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred

from chat.store.database import connect
from chat.store.sqlite import SQLiteStore
from chat.store.threads import OneThread, fileThreads, gently
from chat.vocabulary.events import Said
from tests.support.stores import AT, ROOM, RecordingObserver, ids

reactor: Any = import_module("twisted.internet.reactor")


@ensureDeferred
async def test_worksOffInOneThreadInTheOrderOfTheCalls() -> None:
    """The thread is not that of the reactor."""
    worker = OneThread(reactor, "test")
    worker.start()
    order: list[int] = []
    results = [worker.run(lambda n=n: (order.append(n), threading.get_ident())) for n in range(20)]
    threads = {(await each)[1] for each in results}
    assert order == list(range(20))
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    worker.stop()


@ensureDeferred
async def test_stopDoesNotWaitForWork() -> None:
    worker = OneThread(reactor, "test")
    worker.start()
    event = threading.Event()
    done = worker.run(event.wait)
    begun = time.monotonic()
    worker.stop()
    assert time.monotonic() - begun < 1
    event.set()
    await done
    worker.stop()


def test_stopBeforeStartDoesNothing() -> None:
    OneThread(reactor, "test").stop()


@ensureDeferred
async def test_threadsForFilesDoNotKeepTheProcess() -> None:
    inThread = fileThreads(reactor)
    assert await inThread(divmod, 7, 4) == (1, 3)
    assert (await inThread(threading.current_thread)).daemon
    with pytest.raises(ZeroDivisionError):
        await inThread(divmod, 7, 0)


def test_gentlyGivesTheSameRows() -> None:
    assert list(gently(range(100))) == list(range(100))
    assert list(gently([])) == []


class Waiting(RecordingObserver):
    """
    @ivar whenStored: Fires when something is stored.
    """

    def __init__(self) -> None:
        super().__init__()
        self.whenStored: Deferred[None] = Deferred()

    def stored(self, room: str, id: int) -> None:
        super().stored(room, id)
        self.whenStored.callback(None)


@ensureDeferred
async def test_theReactorDoesNotWaitForALock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program has it on the file, and the writer waits; all else goes on."""
    monkeypatch.setattr("chat.store.opening.BUSY_SECONDS", 60)
    store = SQLiteStore(str(tmp_path / "chat.sqlite3"), reactor, lambda records: None)
    observer = Waiting()
    store.observe(observer)
    store.startService()

    def say() -> None:
        store.history.append(Said(ROOM, store.nextId(ROOM), AT, "alice", "hello"))

    with closing(connect(str(tmp_path / "chat.sqlite3"))) as other:
        other.execute("BEGIN EXCLUSIVE")
        say()
        while not isAtWork(store):
            await turn()
        for _ in range(100):
            say()
            await turn()
        found = await store.history.after(ROOM, 0, 1000)
        assert len(found.lines) == 101
        assert isAtWork(store)
        assert observer.take() == []
    await observer.whenStored
    assert observer.take() == [("stored", ROOM, 1)]
    observer.whenStored = Deferred()
    await store.stopService()
    assert observer.take() == [("stored", ROOM, 101)]

    again = SQLiteStore(str(tmp_path / "chat.sqlite3"), reactor, lambda records: None)
    again.startService()
    assert ids(await again.history.recent(ROOM, 1000)) == list(range(1, 102))
    await again.stopService()


def turn() -> Deferred[None]:
    """
    @return: fires in the next turn of the reactor.
    """
    done: Deferred[None] = Deferred()
    reactor.callLater(0, done.callback, None)
    return done


def isAtWork(store: SQLiteStore) -> bool:
    """
    @return: whether the writer has something to do.
    """
    worker = store._writes
    assert isinstance(worker, OneThread)
    return worker._pending > 0
