"""
Threads for what waits for a disk.
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
    Does one thing after the other, in the order in which it is asked to.
    """

    def start(self) -> None:
        """Be ready to work."""

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """
        @return: fires with what C{work} returned, or fails with what it raised,
            in the thread of the reactor.
        """

    def stop(self) -> None:
        """Work no more.  Nothing waits for what is still being done."""


NewWorker = Callable[[str], Worker]
"""Takes a name for the thread."""


def gently(rows: Iterable[T], every: int = 8) -> Iterator[T]:
    """
    Let the reactor run while a thread works through many rows in Python.

    A thread that lets the interpreter go for a moment, as for a call of SQLite, mostly
    has it again before another one has woken up, so the other waits for the switch
    interval of the interpreter, 5 ms.  Only who sleeps leaves it to others; a pause takes
    about 60 microseconds.

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
        """
        See L{Thread.run}.
        """
        # On Linux each thread has a niceness: on one core the reactor goes first. Not by much,
        # for it waits for whoever has the interpreter, until that one has a core.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)
        super().run()


class _Pool(ThreadPool):
    threadFactory = _DaemonThread


class OneThread:
    """
    See L{Worker}.
    """

    def __init__(self, reactor: Any, name: str) -> None:
        """
        @param reactor: an L{twisted.internet.interfaces.IReactorFromThreads}.
        """
        self._reactor = reactor
        self._pool = _Pool(1, 1, name)
        self._pending = 0

    def start(self) -> None:
        """See L{Worker.start}."""
        self._pool.start()

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """See L{Worker.run}."""
        self._pending += 1
        done: Deferred[T] = deferToThreadPool(self._reactor, self._pool, work)
        return done.addBoth(self._finished)

    def stop(self) -> None:
        """See L{Worker.stop}."""
        # To stop the pool is to wait for its thread.
        if self._pool.started and not self._pending:
            self._pool.stop()

    def _finished(self, result: T | Failure) -> T | Failure:
        self._pending -= 1
        return result
