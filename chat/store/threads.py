"""
Threads for work that waits for a disk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from threading import Thread, get_native_id
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")

NICENESS = 5
"""Of a thread that works for the disk; see nice(2)."""


class Worker(Protocol):
    """
    A thread that does one thing after the other, in the order of the calls.
    """

    def start(self) -> None:
        """Be ready to work."""

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """
        @return: fires with what C{work} returned, or fails with what it raised,
            in the thread of the reactor.
        """

    def stop(self) -> None:
        """Work no more.  It does not wait for work that is still being done."""


NewWorker = Callable[[str], Worker]
"""Makes a worker; its parameter is a name for the thread."""


def gently(rows: Iterable[T], every: int = 8) -> Iterator[T]:
    """
    Let the reactor run while a thread works through many rows in Python.

    A thread that lets the interpreter go for a moment, as for a call of SQLite, mostly has
    it again before another thread has woken up, so the other thread waits for the switch
    interval of the interpreter, 5 ms.  Only a thread that sleeps leaves it to others; a
    pause takes about 60 microseconds.

    @param every: after so many rows there is a pause.
    @return: the same rows.
    """
    for number, row in enumerate(rows, 1):
        yield row
        if number % every == 0:
            time.sleep(1e-6)


class _DaemonThread(Thread):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A disk that never answers must not keep the process from ending.
        super().__init__(*args, daemon=True, **kwargs)

    def run(self) -> None:
        # On Linux each thread has a niceness: on one core the reactor goes first. Not by much,
        # for the reactor waits for the thread that has the interpreter to get a core.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)
        super().run()


class _Pool(ThreadPool):
    threadFactory = _DaemonThread


class OneThread(Worker):
    """
    A real thread, which does not keep the process from ending.
    """

    def __init__(self, reactor: Any, name: str) -> None:
        """
        @param reactor: an L{twisted.internet.interfaces.IReactorFromThreads}.
        """
        self._reactor = reactor
        self._pool = _Pool(1, 1, name)
        self._pending = 0

    def start(self) -> None:
        self._pool.start()

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        self._pending += 1
        done: Deferred[T] = deferToThreadPool(self._reactor, self._pool, work)
        return done.addBoth(self._finished)

    def stop(self) -> None:
        # Stopping the pool waits for its thread.
        if self._pool.started and not self._pending:
            self._pool.stop()

    def _finished(self, result: T | Failure) -> T | Failure:
        self._pending -= 1
        return result


def fileThreads(reactor: Any) -> Callable[..., Deferred[Any]]:
    """
    Threads for files that the operator names, and for what else may block. They are made when they
    are first needed. One that waits for ever does not keep the process from ending, as one of the
    reactor's own threads would.

    @param reactor: an L{twisted.internet.interfaces.IReactorFromThreads}.
    @return: calls a function with arguments in one of them, as C{deferToThread} does.
    """
    pool = _Pool(0, 10, "files")

    def run(*call: Any) -> Deferred[Any]:
        if not pool.started:
            pool.start()
        return deferToThreadPool(reactor, pool, *call)

    return run
