"""
When what waits is written.  The table of transitions reads as the specification:

    - I{idle}: nothing waits.
    - I{collecting}: something waits, and the batch is not full yet.
    - I{writing}: a batch is on its way to the disk.  What comes meanwhile waits.
    - I{resting}: the disk has failed, and is tried again in a second.
    - I{trying}: that is being done.
    - I{ending}: the service ends, and batch after batch is written.
    - I{halting}: the same, and the disk has failed.
    - I{closing}: everything is written, and the database is being closed.
    - I{closed}: nothing is kept any more.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Protocol

from automat import TypeMachineBuilder
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.store.backlog import Backlog, Batch
from chat.store.numbering import Numbers
from chat.store.observers import Losses, Observers
from chat.store.threads import Worker
from chat.store.writer import Writer, Written
from chat.vocabulary.errors import HistoryUnavailable

COLLECT = 0.1
"""How many seconds a batch is collected."""

RETRY = 1.0
"""After how many seconds a disk that has failed is tried again."""

END_WITHIN = 5.0
"""How many seconds the end may take."""

_log = Logger()


class Writing(Protocol):
    """
    What can happen.
    """

    def came(self) -> None:
        """Something waits that is to be written."""

    def filled(self) -> None:
        """A whole batch waits."""

    def due(self) -> None:
        """The time has come."""

    def written(self, result: Written) -> None:
        """The batch is on the disk."""

    def failed(self, reason: str) -> None:
        """The batch could not be written."""

    def caughtUp(self) -> None:
        """All that waited is on the disk."""

    def end(self) -> None:
        """Write all that waits, and close."""

    def finished(self) -> None:
        """The database is closed."""

    def giveUp(self) -> None:
        """The end has taken too long."""


@dataclass
class Core:
    """
    What the states share.

    @ivar worker: the thread in which the writer works.
    @ivar numbers: are told of the marks that are on the disk.
    @ivar done: fires when all is closed.
    @ivar timer: the one of the state.
    @ivar limit: the one of the end.
    @ivar hasAll: whether nothing waited any more when the last batch was taken.
    """

    backlog: Backlog
    writer: Writer
    worker: Worker
    clock: IReactorTime
    numbers: Numbers
    observers: Observers
    losses: Losses
    done: Deferred[None] = field(default_factory=Deferred)
    timer: IDelayedCall | None = None
    limit: IDelayedCall | None = None
    hasAll: bool = True


_builder = TypeMachineBuilder(Writing, Core)
_idle = _builder.state("idle")
_collecting = _builder.state("collecting")
_writing = _builder.state("writing")
_resting = _builder.state("resting")
_trying = _builder.state("trying")
_ending = _builder.state("ending")
_halting = _builder.state("halting")
_closing = _builder.state("closing")
_closed = _builder.state("closed")


@_idle.upon(Writing.came).to(_collecting)
def _collect(inputs: Writing, core: Core) -> None:
    core.timer = core.clock.callLater(COLLECT, inputs.due)


@_collecting.upon(Writing.due).to(_writing)
@_collecting.upon(Writing.filled).to(_writing)
@_resting.upon(Writing.due).to(_trying)
@_halting.upon(Writing.due).to(_ending)
@_collecting.upon(Writing.end).to(_ending)
@_resting.upon(Writing.end).to(_ending)
def _write(inputs: Writing, core: Core) -> None:
    if core.timer is not None and core.timer.active():
        core.timer.cancel()
    core.timer = None
    batch = core.backlog.take()
    core.hasAll = core.backlog.isEmpty()

    def failed(failure: Failure) -> None:
        inputs.failed(_reason(failure))

    core.worker.run(lambda: core.writer.write(batch)).addCallbacks(inputs.written, failed)


@_writing.upon(Writing.written).to(_idle)
def _goOn(inputs: Writing, core: Core, result: Written) -> None:
    batch = _settle(core, result)
    # Before anybody is told, for what he does then comes after it.
    _resume(inputs, core)
    _tell(core, result, batch)


@_writing.upon(Writing.failed).to(_resting)
def _fail(inputs: Writing, core: Core, reason: str) -> None:
    _log.critical("lines cannot be stored: {reason}", reason=reason)
    _rest(inputs, core)
    core.observers.failing(reason)


@_trying.upon(Writing.failed).to(_resting)
def _failAgain(inputs: Writing, core: Core, reason: str) -> None:
    _rest(inputs, core)


@_ending.upon(Writing.failed).to(_halting)
def _failAtTheEnd(inputs: Writing, core: Core, reason: str) -> None:
    _log.error("lines cannot be stored: {reason}", reason=reason)
    _rest(inputs, core)


@_trying.upon(Writing.written).loop()
def _catchUp(inputs: Writing, core: Core, result: Written) -> None:
    batch = _settle(core, result)
    if core.hasAll:
        inputs.caughtUp()
    else:
        _write(inputs, core)
    _tell(core, result, batch)


@_ending.upon(Writing.written).loop()
def _writeOn(inputs: Writing, core: Core, result: Written) -> None:
    _tell(core, result, _settle(core, result))
    _writeTheRest(inputs, core)


@_trying.upon(Writing.caughtUp).to(_idle)
def _recover(inputs: Writing, core: Core) -> None:
    _log.info("lines are stored again")
    _resume(inputs, core)
    core.observers.recovered()


@_writing.upon(Writing.end).to(_ending)
@_trying.upon(Writing.end).to(_ending)
def _endLater(inputs: Writing, core: Core) -> None:
    pass


@_idle.upon(Writing.end).to(_ending)
def _writeTheRest(inputs: Writing, core: Core) -> None:
    if core.backlog.isEmpty():
        inputs.caughtUp()
    else:
        _write(inputs, core)


@_ending.upon(Writing.caughtUp).to(_closing)
def _close(inputs: Writing, core: Core) -> None:
    core.losses.tell()
    lasts = core.numbers.end()

    def failed(failure: Failure) -> Deferred[None]:
        _log.error("the database is not closed in order: {reason}", reason=_reason(failure))
        return core.worker.run(core.writer.abandon)

    closing = core.worker.run(lambda: core.writer.close(lasts))
    closing.addErrback(failed).addCallback(lambda _: inputs.finished())


@_closing.upon(Writing.finished).to(_closed)
def _finish(inputs: Writing, core: Core) -> None:
    _done(core)


@_ending.upon(Writing.giveUp).to(_closed)
@_halting.upon(Writing.giveUp).to(_closed)
@_closing.upon(Writing.giveUp).to(_closed)
def _giveUp(inputs: Writing, core: Core) -> None:
    if core.timer is not None and core.timer.active():
        core.timer.cancel()
    _log.critical("the disk did not answer in time")
    core.worker.run(core.writer.abandon)
    _done(core)


@_closing.upon(Writing.came).loop()
@_closed.upon(Writing.came).loop()
def _discard(inputs: Writing, core: Core) -> None:
    _abandon(core)


@_closed.upon(Writing.written).loop()
def _tooLate(inputs: Writing, core: Core, result: Written) -> None:
    pass


@_closed.upon(Writing.failed).loop()
def _failTooLate(inputs: Writing, core: Core, reason: str) -> None:
    pass


for _state in (_collecting, _writing, _resting, _trying, _ending, _halting):
    _state.upon(Writing.came).loop().returns(None)
for _state in (_idle, _writing, _resting, _trying, _ending, _halting, _closing, _closed):
    _state.upon(Writing.filled).loop().returns(None)
_closed.upon(Writing.finished).loop().returns(None)

_machine = _builder.build()


def newWriting(core: Core) -> Writing:
    """
    @return: the machine, I{idle}.
    """
    return _machine(core)


def endWithin(writing: Writing, core: Core) -> Deferred[None]:
    """
    End it.

    @return: fires when it is closed, after L{END_WITHIN} at the latest.
    """
    core.limit = core.clock.callLater(END_WITHIN, writing.giveUp)
    writing.end()
    return core.done


def _resume(inputs: Writing, core: Core) -> None:
    if not core.backlog.isEmpty():
        inputs.came()
    if core.backlog.isFull():
        inputs.filled()


def _rest(inputs: Writing, core: Core) -> None:
    core.backlog.putBack()
    core.timer = core.clock.callLater(RETRY, inputs.due)


def _settle(core: Core, result: Written) -> Batch:
    for room, mark in result.marks.items():
        core.numbers.marked(room, mark)
    return core.backlog.drop()


def _tell(core: Core, result: Written, batch: Batch) -> None:
    # Those that are lost come first, for what is stored is told but for them.
    core.losses.tell()
    for room, id in result.stored.items():
        core.observers.stored(room, id)
    for change in batch.changes.values():
        for done in change.done:
            done.callback(None)


def _done(core: Core) -> None:
    if core.limit is not None and core.limit.active():
        core.limit.cancel()
    _abandon(core)
    core.done.callback(None)


def _abandon(core: Core) -> None:
    left = core.backlog.clear()
    if left.lines:
        _log.critical("{count} lines are lost", count=len(left.lines))
    for change in left.changes.values():
        for done in change.done:
            done.errback(HistoryUnavailable())


def _reason(failure: Failure) -> str:
    if failure.check(sqlite3.Error, OSError) is None:
        _log.failure("the writing of lines went wrong", failure)
    return str(failure.value)
