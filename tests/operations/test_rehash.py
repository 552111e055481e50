"""Tests for L{chat.operations.rehash}."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import capturedLogs

from chat.operations.rehash import STEP_LIMIT, RehashService, Step
from chat.operations.signals import Signals
from chat.vocabulary.errors import CannotRead, HistoryUnavailable
from tests.support.reactors import SignalReactor
from tests.support.signals import signalsKept


class RehashStage:
    """
    A service whose steps end when the test says so.

    @ivar told: What the service manager was told, and which steps began.
    @ivar isServing: Whether users can connect.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.isServing = True
        self.steps: dict[str, Deferred[Any]] = {}
        self.reactor = SignalReactor()
        steps = [(name, lambda name=name: self._step(name)) for name in ("one", "two")]
        self.use(steps)

    def use(self, steps: Sequence[Step]) -> None:
        notify: Any = self
        self.rehash = RehashService(
            steps, Signals(signal.SIGHUP), lambda: self.isServing, notify, self.reactor
        )

    def reloading(self) -> None:
        self.told.append("reloading")

    def reloaded(self) -> None:
        self.told.append("reloaded")

    def _step(self, name: str) -> Deferred[Any]:
        self.told.append(name)
        done: Deferred[Any] = Deferred()
        self.steps[name] = done
        return done

    def run(self) -> list[tuple[str, ...]]:
        """
        @return: A list of what the run has fired with, empty until then.
        """
        results: list[tuple[str, ...]] = []
        self.rehash.run().addCallback(results.append)
        return results

    def end(self, *names: str) -> None:
        for name in names:
            self.steps[name].callback("anything")


@pytest.fixture
def stage() -> Iterator[RehashStage]:
    with signalsKept():
        yield RehashStage()


def test_stepsRunInTheirOrder(stage: RehashStage) -> None:
    results = stage.run()
    assert stage.told == ["reloading", "one"]
    stage.end("one")
    assert stage.told == ["reloading", "one", "two"]
    assert results == []
    with capturedLogs() as logged:
        stage.end("two")
    assert stage.told == ["reloading", "one", "two", "reloaded"]
    assert results == [()]
    assert [event["step"] for event in logged] == ["two"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CannotRead("motd: not UTF-8"), "motd: not UTF-8"),
        (HistoryUnavailable(), "history-unavailable"),
    ],
)
def test_afterAFailedStepTheNextRuns(stage: RehashStage, error: Exception, reason: str) -> None:
    results = stage.run()
    with capturedLogs() as logged:
        stage.steps["one"].errback(error)
    assert [(event["step"], event["reason"]) for event in logged] == [("one", reason)]
    assert "log_failure" not in logged[0]
    stage.end("two")
    assert results == [(f"one: {reason}",)]


def test_unexpectedErrorsAreLoggedWithATraceback(stage: RehashStage) -> None:
    results = stage.run()
    with capturedLogs() as logged:
        stage.steps["one"].errback(ZeroDivisionError("secret detail"))
    stage.end("two")
    assert results == [("one: ZeroDivisionError",)]
    assert [event["log_failure"].type for event in logged] == [ZeroDivisionError]


def test_aStepMayRaise(stage: RehashStage) -> None:
    def broken() -> Deferred[None]:
        raise CannotRead("broken")

    stage.use([("a", broken), ("b", lambda: succeed(None)), ("c", lambda: fail(CannotRead("c")))])
    with capturedLogs():
        assert stage.run() == [("a: broken", "c: c")]
    assert stage.told == ["reloading", "reloaded"]


def test_aStepThatNeverEndsIsGivenUp(stage: RehashStage) -> None:
    results = stage.run()
    with capturedLogs():
        stage.reactor.advance(STEP_LIMIT)
    stage.end("two")
    assert results == [("one: not done within 30 seconds",)]
    assert stage.reactor.getDelayedCalls() == []


def test_callsDuringARunShareTheNextRun(stage: RehashStage) -> None:
    """The first run may have read a file before it was changed."""
    first = stage.run()
    stage.end("one")
    second, third = stage.run(), stage.run()
    assert stage.told == ["reloading", "one", "two"]
    with capturedLogs():
        stage.steps["two"].errback(CannotRead("broken"))
    assert (first, second, third) == ([("two: broken",)], [], [])
    assert stage.told[3:] == ["reloaded", "reloading", "one"]
    stage.end("one", "two")
    assert (second, third) == ([()], [()])
    assert stage.told[6:] == ["two", "reloaded"]
    stage.run()
    assert stage.told[8:] == ["reloading", "one"]


def test_callsAtTheEndOfARunBeginARun(stage: RehashStage) -> None:
    stage.run()
    for _ in range(2):
        # Both calls share the run that follows.
        stage.rehash.run().addCallback(lambda _: stage.rehash.run())
    whole = ["reloading", "one", "two", "reloaded"]
    stage.end("one", "two", "one", "two")
    assert stage.told == [*whole * 2, "reloading", "one"]
    stage.end("one", "two")
    assert stage.told == [*whole * 3, "reloading", "one"]
    stage.end("one", "two")
    assert stage.told == whole * 4


# The signal.


def test_theSignalBeginsARunInATurnOfTheReactor(stage: RehashStage) -> None:
    stage.rehash.startService()
    os.kill(os.getpid(), signal.SIGHUP)
    assert stage.told == []
    stage.reactor.turn()
    assert stage.told == ["reloading", "one"]


def test_aSignalDuringTheStartBeginsARunToo(stage: RehashStage) -> None:
    """What was changed may have been read already."""
    os.kill(os.getpid(), signal.SIGHUP)
    stage.reactor.turn()
    assert stage.told == []
    stage.rehash.startService()
    stage.reactor.turn()
    assert stage.told == ["reloading", "one"]


def test_onceTheStopBeginsTheSignalDoesNothing(stage: RehashStage) -> None:
    """The files are closed one after the other; the signal must not end the process meanwhile."""
    stage.rehash.startService()
    os.kill(os.getpid(), signal.SIGHUP)
    stage.isServing = False
    os.kill(os.getpid(), signal.SIGHUP)
    stage.reactor.turn()
    assert stage.told == []
