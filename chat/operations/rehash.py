"""
Reads the operator's files again while the service runs: the message of the day, the bans, the
certificates.

A signal asks for it (SIGHUP, which C{systemctl reload} sends), or an operator does (C{/rehash}).
A file that cannot be read leaves things as they were, and does not keep the rest from being read.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, TimeoutError
from twisted.logger import Logger

from chat.operations.serving import Clock
from chat.operations.signals import Signals
from chat.operations.systemd import NotifyService
from chat.vocabulary.errors import CannotRead, ChatError

STEP_LIMIT = 30.0
"""How many seconds a step may take."""

Step = tuple[str, Callable[[], Deferred[Any]]]
"""A name for the files in a word or two, and the call that reads them again."""


class RehashService(Service):
    """
    Runs all steps one after the other, whenever asked.
    """

    _log = Logger()

    def __init__(
        self,
        steps: Sequence[Step],
        signals: Signals,
        isServing: Callable[[], bool],
        notify: NotifyService,
        clock: Clock,
    ) -> None:
        """
        @param signals: Of which SIGHUP asks for a run.
        @param isServing: Says whether users can connect. Once they cannot, the signal does nothing:
            the service stops.
        @param notify: Told when a run begins and when it is done.
        """
        self._steps = steps
        self._signals = signals
        self._isServing = isServing
        self._notify = notify
        self._clock = clock
        self._isRunning = False
        self._waiting: list[Deferred[tuple[str, ...]]] = []

    def startService(self) -> None:
        """
        Run at every SIGHUP from now on, until the service stops. A run under way is then not waited
        for, since it changes nothing on the disk.
        """
        super().startService()
        # A signal may interrupt anything, so nothing else is safe to do in its handler.
        self._signals.upon(signal.SIGHUP, lambda: self._clock.callFromThread(self._asked))

    def run(self) -> Deferred[tuple[str, ...]]:
        """
        Run all steps. While a run is under way, another one follows it, since a file that was
        changed just now may already have been read. All calls made meanwhile share that run.

        @return: Fires with one short text for each step that failed. It never fails.
        """
        done: Deferred[tuple[str, ...]] = Deferred()
        self._waiting.append(done)
        if not self._isRunning:
            self._begin()
        return done

    def _asked(self) -> None:
        if self._isServing():
            self.run()

    def _begin(self) -> None:
        asked, self._waiting = self._waiting, []
        self._isRunning = True
        self._notify.reloading()
        Deferred.fromCoroutine(self._runAll()).addCallback(self._ended, asked)

    async def _runAll(self) -> tuple[str, ...]:
        failed = []
        for name, step in self._steps:
            try:
                await step().addTimeout(STEP_LIMIT, self._clock)
            except Exception as error:
                failed.append(f"{name}: {self._reason(name, error)}")
            else:
                self._log.info("reloaded: {step}", event="rehashed", step=name)
        return tuple(failed)

    def _reason(self, name: str, error: Exception) -> str:
        match error:
            case CannotRead():
                reason = str(error)
            case ChatError():
                reason = error.code
            case TimeoutError():
                reason = f"not done within {STEP_LIMIT:.0f} seconds"
            case _:
                self._log.failure("{step} could not be reloaded", event="internal-error", step=name)
                return type(error).__name__
        self._log.error(
            "cannot reload {step}: {reason}", event="rehash-failed", step=name, reason=reason
        )
        return reason

    def _ended(self, failed: tuple[str, ...], asked: Sequence[Deferred[tuple[str, ...]]]) -> None:
        self._isRunning = False
        self._notify.reloaded()
        for done in asked:
            done.callback(failed)
        if self._waiting and not self._isRunning:
            self._begin()
