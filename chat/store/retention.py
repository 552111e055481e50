"""
Retention: a sweep every minute, of as many steps as it takes, takes away the lines that were
kept long enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.store.pruning import Pruned, RetentionLimits
from chat.store.threads import Worker
from chat.store.writer import DatabaseWriter
from chat.vocabulary.outages import Outage

EVERY = 60.0
"""How many seconds lie between two sweeps."""

PAUSE = 0.05
"""How many seconds lie between two steps, so that batches come in between."""


class Retention:
    """
    Has the writer prune.
    """

    _log = Logger()

    def __init__(
        self,
        writer: DatabaseWriter,
        worker: Worker,
        clock: IReactorTime,
        limits: Callable[[], RetentionLimits],
        onPruned: Callable[[Pruned], Mapping[str, int]],
        onFailed: Callable[[], None],
    ) -> None:
        """
        @param limits: tells what is to be kept as of now.
        @param onPruned: called after each step; returns the rooms to be dropped, with the
            last id that was given in each.
        @param onFailed: called when the disk or the file is at fault.
        """
        self._writer = writer
        self._worker = worker
        self._clock = clock
        self._limits = limits
        self._onPruned = onPruned
        self._onFailed = onFailed
        self._drops: Mapping[str, int] = {}
        self._timer: IDelayedCall | None = None
        self._isRunning = False
        self._outage = Outage()

    def start(self) -> None:
        """
        Sweep now and then.
        """
        self._isRunning = True
        self._stepIn(EVERY)

    def stop(self) -> None:
        """
        Make no more steps.
        """
        self._isRunning = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _step(self) -> None:
        limits, drops = self._limits(), self._drops
        self._drops = {}
        self._worker.run(lambda: self._writer.prune(limits, drops)).addCallbacks(
            self._pruned, self._failed
        )

    def _pruned(self, pruned: Pruned) -> None:
        if failures := self._outage.worked():
            self._log.info(
                "old lines can be deleted again, after {count} failures",
                event="retention-recovered",
                count=failures,
            )
        self._drops = self._onPruned(pruned)
        isDone = pruned.isDone and not self._drops
        self._stepIn(EVERY if isDone else PAUSE)

    def _failed(self, failure: Failure) -> None:
        if self._outage.failed(str(failure.value)):
            self._log.warn(
                "old lines cannot be deleted: {reason}",
                event="retention-failed",
                reason=failure.value,
            )
        self._onFailed()
        self._stepIn(EVERY)

    def _stepIn(self, seconds: float) -> None:
        if self._isRunning:
            self._timer = self._clock.callLater(seconds, self._step)
