"""
The questions that wait for the reader.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.store.reader import Reader
from chat.store.threads import Worker
from chat.vocabulary.errors import HistoryUnavailable, TryLater

MAX_WAITING = 100
"""How many questions may wait, beside the one that is being answered."""

WITHIN = 2.0
"""After how many seconds a question is given up, the waiting included."""

T = TypeVar("T")


class _Question(Generic[T]):
    """
    @ivar asked: what is to be done by the reader.
    @ivar answer: is fired once; L{None} when that has been done.
    """

    def __init__(self, asked: Callable[[Reader], T]) -> None:
        self.asked = asked
        self.answer: Deferred[T] | None = Deferred()
        self.limit: IDelayedCall | None = None

    def end(self, result: T | Failure) -> None:
        if self.answer is None:
            return
        if self.limit is not None and self.limit.active():
            self.limit.cancel()
        answer, self.answer = self.answer, None
        answer.callback(result)


class Questions:
    """
    Has one question answered after the other.
    """

    _log = Logger()

    def __init__(self, reader: Reader, worker: Worker, clock: IReactorTime) -> None:
        """
        @param worker: the thread in which the reader works.
        """
        self._reader = reader
        self._worker = worker
        self._clock = clock
        self._waiting: deque[_Question[Any]] = deque()
        self._current: _Question[Any] | None = None
        self._isClosed = False
        self._whenIdle: Deferred[None] | None = None

    def ask(self, asked: Callable[[Reader], T]) -> Deferred[T]:
        """
        @return: fires with the answer; fails with L{HistoryUnavailable} or
            L{TryLater}.
        """
        if self._isClosed:
            return fail(HistoryUnavailable())
        if len(self._waiting) >= MAX_WAITING:
            return fail(TryLater())
        question = _Question(asked)
        question.limit = self._clock.callLater(WITHIN, self._giveUp, question)
        answer = question.answer
        assert answer is not None
        self._waiting.append(question)
        if self._current is None:
            self._next()
        return answer

    def close(self) -> Deferred[None]:
        """
        Answer nothing more, and close the reader.

        @return: fires when that is done, which a disk can delay.
        """
        self._isClosed = True
        waiting, self._waiting = self._waiting, deque()
        for question in waiting:
            question.end(Failure(HistoryUnavailable()))
        if self._current is None:
            return self._worker.run(self._reader.close)
        self._giveUp(self._current)
        self._whenIdle = Deferred()
        return self._whenIdle.addCallback(lambda _: self._worker.run(self._reader.close))

    def _next(self) -> None:
        self._current = question = self._waiting.popleft()
        self._reader.resume()
        self._worker.run(lambda: self._reader.read(question.asked)).addBoth(self._answered)

    def _answered(self, result: Any) -> None:
        question, self._current = self._current, None
        assert question is not None
        if isinstance(result, Failure):
            if question.answer is not None:
                self._log.error("history cannot be read: {reason}", reason=result.value)
            if result.check(sqlite3.Error) is None:
                self._log.failure("a question to the history went wrong", result)
            result = Failure(HistoryUnavailable())
        question.end(result)
        if self._whenIdle is not None:
            self._whenIdle.callback(None)
        elif self._waiting and self._current is None:
            self._next()

    def _giveUp(self, question: _Question[Any]) -> None:
        if question is self._current:
            self._log.error("a question to the history took too long")
            self._reader.interrupt()
        else:
            self._waiting.remove(question)
        question.end(Failure(HistoryUnavailable()))
