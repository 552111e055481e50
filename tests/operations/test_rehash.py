"""Tests for L{chat.operations.rehash}."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import capturedLogs

from chat.operations.rehash import STEP_LIMIT, RehashService
from chat.vocabulary.errors import CannotRead, HistoryUnavailable
from tests.support.reactors import SignalReactor


class RehashStage:
    """
    A service whose steps end when the test says so.

    @ivar told: What the service manager was told, and which steps began.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.steps: dict[str, Deferred[Any]] = {}
        self.reactor = SignalReactor()
        steps = [(name, lambda name=name: self._step(name)) for name in ("one", "two")]
        notify: Any = self
        self.rehash = RehashService(steps, notify, self.reactor)

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
def stage() -> RehashStage:
    return RehashStage()


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


def test_aStepMayRaise() -> None:
    def broken() -> Deferred[None]:
        raise CannotRead("broken")

    stage = RehashStage()
    steps = [("a", broken), ("b", lambda: succeed(None)), ("c", lambda: fail(CannotRead("c")))]
    notify: Any = stage
    stage.rehash = RehashService(steps, notify, stage.reactor)
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


@pytest.fixture
def hangups() -> Iterator[list[int]]:
    """The signals that came to the handler that was there before."""
    received: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, frame: received.append(number))
    yield received
    signal.signal(signal.SIGHUP, before)


def test_theSignalBeginsARunInATurnOfTheReactor(stage: RehashStage, hangups: list[int]) -> None:
    stage.rehash.startService()
    os.kill(os.getpid(), signal.SIGHUP)
    assert stage.told == []
    stage.reactor.turn()
    assert stage.told == ["reloading", "one"]
    assert hangups == []
    stage.rehash.stopService()


def test_stoppingPutsTheHandlerBack(stage: RehashStage, hangups: list[int]) -> None:
    before = signal.getsignal(signal.SIGHUP)
    stage.rehash.startService()
    assert signal.getsignal(signal.SIGHUP) != before
    stage.rehash.stopService()
    assert signal.getsignal(signal.SIGHUP) is before
    os.kill(os.getpid(), signal.SIGHUP)
    assert hangups == [signal.SIGHUP]
    assert stage.reactor.asked == []


def test_stoppingWithoutAStartChangesNothing(stage: RehashStage, hangups: list[int]) -> None:
    before = signal.getsignal(signal.SIGHUP)
    stage.rehash.stopService()
    assert signal.getsignal(signal.SIGHUP) is before
