"""
Flushing: when the backlog is written.  The table of transitions reads as the specification:

    - I{idle}: nothing waits.
    - I{collecting}: something waits, and the batch is not full yet.
    - I{writing}: a batch is on its way to the disk, and what comes meanwhile waits.
    - I{resting}: the disk has failed, and is tried again in a second.
    - I{trying}: it is being tried again.
    - I{ending}: the service ends, and batch after batch is written.
    - I{halting}: the service ends, and the disk has failed.
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

from chat.store.backlog import Backlog, Batch, Key
from chat.store.numbering import Numbers
from chat.store.observers import Observers
from chat.store.serialization import KINDS
from chat.store.threads import Worker
from chat.store.writer import DatabaseWriter, Written
from chat.vocabulary.outages import Outage
from chat.vocabulary.records import Record

COLLECT = 0.1
"""How many seconds a batch is collected."""

RETRY = 1.0
"""After how many seconds a disk that has failed is tried again."""

END_WITHIN = 5.0
"""How many seconds the end may take."""

_log = Logger()


class Flushing(Protocol):
    """
    The inputs of the machine.
    """

    def came(self) -> None:
        """Something waits that is to be written."""

    def filled(self) -> None:
        """A whole batch waits."""

    def due(self) -> None:
        """The timer of the state has run out."""

    def written(self, result: Written) -> None:
        """The batch is on the disk."""

    def failed(self, reason: str) -> None:
        """The batch could not be written."""

    def caughtUp(self) -> None:
        """Everything that waited is on the disk."""

    def end(self) -> None:
        """Write everything that waits, and close."""

    def finished(self) -> None:
        """The database is closed."""

    def giveUp(self) -> None:
        """The end has taken too long."""


@dataclass
class FlushingCore:
    """
    The data that the states share.

    @ivar worker: the thread of the writer.
    @ivar numbers: told of the marks that are on the disk.
    @ivar done: fires when everything is closed.
    @ivar timer: of the state.
    @ivar limit: of the end.
    @ivar hasAll: whether nothing else waited when the last batch was taken.
    """

    backlog: Backlog
    writer: DatabaseWriter
    worker: Worker
    clock: IReactorTime
    numbers: Numbers
    observers: Observers
    done: Deferred[None] = field(default_factory=Deferred)
    timer: IDelayedCall | None = None
    limit: IDelayedCall | None = None
    hasAll: bool = True
    outage: Outage = field(default_factory=Outage)


_builder = TypeMachineBuilder(Flushing, FlushingCore)
_idle = _builder.state("idle")
_collecting = _builder.state("collecting")
_writing = _builder.state("writing")
_resting = _builder.state("resting")
_trying = _builder.state("trying")
_ending = _builder.state("ending")
_halting = _builder.state("halting")
_closing = _builder.state("closing")
_closed = _builder.state("closed")


@_idle.upon(Flushing.came).to(_collecting)
def _collect(inputs: Flushing, core: FlushingCore) -> None:
    core.timer = core.clock.callLater(COLLECT, inputs.due)


@_collecting.upon(Flushing.due).to(_writing)
@_collecting.upon(Flushing.filled).to(_writing)
@_resting.upon(Flushing.due).to(_trying)
@_halting.upon(Flushing.due).to(_ending)
@_collecting.upon(Flushing.end).to(_ending)
@_resting.upon(Flushing.end).to(_ending)
def _write(inputs: Flushing, core: FlushingCore) -> None:
    _cancel(core.timer)
    batch = core.backlog.take()
    core.hasAll = core.backlog.isEmpty()

    def failed(failure: Failure) -> None:
        inputs.failed(_reason(failure))

    core.worker.run(lambda: core.writer.write(batch)).addCallbacks(inputs.written, failed)


@_writing.upon(Flushing.written).to(_idle)
def _goOn(inputs: Flushing, core: FlushingCore, result: Written) -> None:
    batch = _settle(core, result)
    # Before observers are told, since what they do then comes after it.
    _resume(inputs, core)
    _tell(core, result, batch)


@_writing.upon(Flushing.failed).to(_resting)
@_trying.upon(Flushing.failed).to(_resting)
@_ending.upon(Flushing.failed).to(_halting)
def _fail(inputs: Flushing, core: FlushingCore, reason: str) -> None:
    _rest(inputs, core)
    if core.outage.failed(reason):
        _log.critical("lines cannot be stored: {reason}", event="store-failed", reason=reason)
        core.observers.failing(reason)


@_trying.upon(Flushing.written).loop()
def _catchUp(inputs: Flushing, core: FlushingCore, result: Written) -> None:
    batch = _settle(core, result)
    if core.hasAll:
        inputs.caughtUp()
    else:
        _write(inputs, core)
    _tell(core, result, batch)


@_ending.upon(Flushing.written).loop()
def _writeOn(inputs: Flushing, core: FlushingCore, result: Written) -> None:
    _tell(core, result, _settle(core, result))
    _writeTheRest(inputs, core)


@_trying.upon(Flushing.caughtUp).to(_idle)
def _recover(inputs: Flushing, core: FlushingCore) -> None:
    core.outage.worked()
    _log.info("lines can be stored again", event="store-recovered")
    _resume(inputs, core)
    core.observers.recovered()


@_idle.upon(Flushing.end).to(_ending)
def _writeTheRest(inputs: Flushing, core: FlushingCore) -> None:
    if core.backlog.isEmpty():
        inputs.caughtUp()
    else:
        _write(inputs, core)


@_ending.upon(Flushing.caughtUp).to(_closing)
def _close(inputs: Flushing, core: FlushingCore) -> None:
    core.observers.tellLost()
    lasts = core.numbers.end()

    def failed(failure: Failure) -> Deferred[None]:
        _log.error(
            "the database was not closed cleanly: {reason}",
            event="database-not-closed",
            reason=_reason(failure),
        )
        return core.worker.run(core.writer.abandon)

    closing = core.worker.run(lambda: core.writer.close(lasts))
    closing.addErrback(failed).addCallback(lambda _: inputs.finished())


@_closing.upon(Flushing.finished).to(_closed)
def _finish(inputs: Flushing, core: FlushingCore) -> None:
    _done(core)


@_ending.upon(Flushing.giveUp).to(_closed)
@_halting.upon(Flushing.giveUp).to(_closed)
@_closing.upon(Flushing.giveUp).to(_closed)
def _giveUp(inputs: Flushing, core: FlushingCore) -> None:
    _cancel(core.timer)
    _log.critical("the disk did not answer in time", event="database-not-closed")
    core.worker.run(core.writer.abandon)
    _done(core)


@_closing.upon(Flushing.came).loop()
@_closed.upon(Flushing.came).loop()
def _discard(inputs: Flushing, core: FlushingCore) -> None:
    _abandon(core)


# The other inputs need no work: they wait for the batch that is being written, or are too late.
_writing.upon(Flushing.end).to(_ending).returns(None)
_trying.upon(Flushing.end).to(_ending).returns(None)
for _state in (_collecting, _writing, _resting, _trying, _ending, _halting):
    _state.upon(Flushing.came).loop().returns(None)
for _state in (_idle, _writing, _resting, _trying, _ending, _halting, _closing, _closed):
    _state.upon(Flushing.filled).loop().returns(None)
_closed.upon(Flushing.written).loop().returns(None)
_closed.upon(Flushing.failed).loop().returns(None)
_closed.upon(Flushing.finished).loop().returns(None)

_machine = _builder.build()


def newFlushing(core: FlushingCore) -> Flushing:
    """
    @return: the machine, I{idle}.
    """
    return _machine(core)


def endWithin(flushing: Flushing, core: FlushingCore) -> Deferred[None]:
    """
    Write everything that waits, and close the database.

    @return: fires when it is closed, after L{END_WITHIN} seconds at the latest.
    """
    core.limit = core.clock.callLater(END_WITHIN, flushing.giveUp)
    flushing.end()
    return core.done


def _resume(inputs: Flushing, core: FlushingCore) -> None:
    if not core.backlog.isEmpty():
        inputs.came()
    if core.backlog.isFull():
        inputs.filled()


def _rest(inputs: Flushing, core: FlushingCore) -> None:
    core.backlog.putBack()
    core.timer = core.clock.callLater(RETRY, inputs.due)


def _settle(core: FlushingCore, result: Written) -> Batch:
    for room, mark in result.marks.items():
        core.numbers.marked(room, mark)
    return core.backlog.drop()


def _tell(core: FlushingCore, result: Written, batch: Batch) -> None:
    # Lost lines come first, since L{HistoryObserver.stored} excepts those told before it.
    core.observers.tellLost()
    for room, id in result.stored.items():
        core.observers.stored(room, id)
    for change in batch.changes.values():
        for done in change.done:
            done.callback(None)


def _done(core: FlushingCore) -> None:
    _cancel(core.limit)
    _abandon(core)
    core.done.callback(None)


def _abandon(core: FlushingCore) -> None:
    left = core.backlog.clear()
    if left.lines:
        _log.critical("{count} lines are lost", event="lines-lost", count=len(left.lines))
    for key, change in left.changes.items():
        changeLost(key, change.record)


def changeLost(key: Key, record: Record | None) -> None:
    """
    Tell the log that a record is not kept, or not removed, since the service ends.

    @param key: its kind and key, neither of which is ever secret.
    @param record: L{None} where it was to be removed.
    """
    kind, name = key
    _log.critical(
        "the {kind} {key} was not {done}: the service ended while the disk was failing",
        event="record-lost",
        kind=KINDS[kind],
        key=name,
        done="stored" if record else "removed",
    )


def _cancel(timer: IDelayedCall | None) -> None:
    if timer is not None and timer.active():
        timer.cancel()


def _reason(failure: Failure) -> str:
    if failure.check(sqlite3.Error, OSError) is None:
        _log.failure("writing lines failed", failure, event="internal-error")
    return str(failure.value)
