"""Tests for L{chat.operations.rehash}."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from chat.operations.rehash import STEP_LIMIT, Rehash
from chat.vocabulary.errors import CannotRead, HistoryUnavailable


class Reactor(Clock):
    """
    A clock that keeps what comes from other threads until it is told to go on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[[], object]) -> None:
        self.calls.append(call)

    def turn(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class Stage:
    """
    A service whose steps end when they are told to.

    @ivar told: What the service manager has been told, and which steps began.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.steps: dict[str, Deferred[Any]] = {}
        self.reactor = Reactor()
        steps = [(name, lambda name=name: self._step(name)) for name in ("one", "two")]
        notify: Any = self
        self.rehash = Rehash(steps, notify, self.reactor)

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
        @return: What the run has fired with, once it has.
        """
        results: list[tuple[str, ...]] = []
        self.rehash.run().addCallback(results.append)
        return results

    def end(self, *names: str) -> None:
        for name in names:
            self.steps[name].callback("anything")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_allStepsInTheirOrder(stage: Stage) -> None:
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
def test_aStepThatFailsHindersNoOther(stage: Stage, error: Exception, reason: str) -> None:
    results = stage.run()
    with capturedLogs() as logged:
        stage.steps["one"].errback(error)
    assert [(event["step"], event["reason"]) for event in logged] == [("one", reason)]
    assert "log_failure" not in logged[0]
    stage.end("two")
    assert results == [(f"one: {reason}",)]


def test_theUnexpectedIsLoggedWithItsTraceback(stage: Stage) -> None:
    results = stage.run()
    with capturedLogs() as logged:
        stage.steps["one"].errback(ZeroDivisionError("secret detail"))
    stage.end("two")
    assert results == [("one: ZeroDivisionError",)]
    assert [event["log_failure"].type for event in logged] == [ZeroDivisionError]


def test_aStepMayFailBeforeItBegins() -> None:
    def broken() -> Deferred[None]:
        raise CannotRead("broken")

    stage = Stage()
    steps = [("a", broken), ("b", lambda: succeed(None)), ("c", lambda: fail(CannotRead("c")))]
    notify: Any = stage
    stage.rehash = Rehash(steps, notify, stage.reactor)
    with capturedLogs():
        assert stage.run() == [("a: broken", "c: c")]
    assert stage.told == ["reloading", "reloaded"]


def test_aStepThatNeverEndsIsGivenUp(stage: Stage) -> None:
    results = stage.run()
    with capturedLogs():
        stage.reactor.advance(STEP_LIMIT)
    stage.end("two")
    assert results == [("one: not done within 30 seconds",)]
    assert stage.reactor.getDelayedCalls() == []


def test_whoAsksMeanwhileGetsARunOfItsOwn(stage: Stage) -> None:
    """What the first has read may be older than what they mean."""
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


def test_whoAsksWhenItIsToldBeginsARun(stage: Stage) -> None:
    stage.run()
    for _ in range(2):
        # These two share the run that follows.
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
    """What came to the handler that was there before."""
    received: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, frame: received.append(number))
    yield received
    signal.signal(signal.SIGHUP, before)


def test_theSignalRunsItInATurnOfTheReactor(stage: Stage, hangups: list[int]) -> None:
    stage.rehash.startService()
    os.kill(os.getpid(), signal.SIGHUP)
    assert stage.told == []
    stage.reactor.turn()
    assert stage.told == ["reloading", "one"]
    assert hangups == []
    stage.rehash.stopService()


def test_whatWasThereBeforeComesBack(stage: Stage, hangups: list[int]) -> None:
    before = signal.getsignal(signal.SIGHUP)
    stage.rehash.startService()
    assert signal.getsignal(signal.SIGHUP) != before
    stage.rehash.stopService()
    assert signal.getsignal(signal.SIGHUP) is before
    os.kill(os.getpid(), signal.SIGHUP)
    assert hangups == [signal.SIGHUP]
    assert stage.reactor.calls == []


def test_stoppingWhatNeverStartedChangesNothing(stage: Stage, hangups: list[int]) -> None:
    before = signal.getsignal(signal.SIGHUP)
    stage.rehash.stopService()
    assert signal.getsignal(signal.SIGHUP) is before
