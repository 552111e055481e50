"""Tests for L{chat.operations.exhaustion}."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from twisted.internet import tcp
from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger, LogPublisher, capturedLogs

from chat.counters import Counters
from chat.operations.exhaustion import INTERVAL, REASON, Exhaustion


class Stage:
    """
    A log, and what is left of it.

    @ivar port: The logger of a port of Twisted's.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.counters = Counters()
        self.passed: list[LogEvent] = []
        observer = Exhaustion(self.passed.append, self.clock, self.counters)
        self.port = Logger(namespace="twisted.internet.tcp.Port", observer=LogPublisher(observer))

    def turnAway(self, count: int) -> None:
        """
        Say what Twisted says, as often as it does.
        """
        for _ in range(count):
            self.port.info("EMFILE encountered; releasing reserved file descriptor.")
            self.port.info("EMFILE recovery: Closed socket from {address}", address="192.0.2.1")
            self.port.info("Re-reserving EMFILE recovery file descriptor.")


def told(act: Callable[[], object]) -> list[int]:
    """
    @return: How many connections the log has been told of, in each line of ours.
    """
    with capturedLogs() as events:
        act()
    return [event["count"] for event in events if event.get("reason") == REASON]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_summedUp(stage: Stage) -> None:
    """
    The first ones are told at once, the others once a minute, and none of Twisted's lines is left.
    """
    stage.turnAway(3)
    assert told(lambda: stage.clock.advance(0)) == [3]
    stage.turnAway(1000)
    assert told(lambda: stage.clock.advance(INTERVAL - 1)) == []
    assert told(lambda: stage.clock.advance(1)) == [1000]
    assert stage.passed == []
    assert stage.counters.refusals[REASON] == 1003


def test_atOnceAgain(stage: Stage) -> None:
    """
    After a quiet minute the next one is told at once, and no timer is left in between.
    """
    stage.turnAway(1)
    stage.clock.advance(0)
    stage.clock.advance(INTERVAL)
    assert stage.clock.getDelayedCalls() == []
    stage.turnAway(1)
    assert told(lambda: stage.clock.advance(0)) == [1]


def test_everythingElse(stage: Stage) -> None:
    stage.port.info("starting on {port}", port=8080)
    other = Logger(namespace="chat", observer=stage.port.observer)
    other.info("EMFILE encountered; releasing reserved file descriptor.")
    assert [event["log_namespace"] for event in stage.passed] == [
        "twisted.internet.tcp.Port",
        "chat",
    ]


def test_whatTwistedSays() -> None:
    """
    These are still its words.
    """
    events: list[LogEvent] = []
    errors = iter(
        [OSError(tcp.EMFILE, "full"), ("socket", ("192.0.2.1", 1)), OSError(tcp.EAGAIN, "")]
    )

    def accept() -> object:
        result = next(errors, OSError(tcp.EAGAIN, ""))
        if isinstance(result, OSError):
            raise result
        return SimpleNamespace(close=lambda: None), result[1]

    class Reserve:
        def available(self) -> bool:
            return True

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    passed: list[LogEvent] = []
    clock = Clock()
    observer = Exhaustion(passed.append, clock, Counters())
    logger = Logger(
        namespace="twisted.internet.tcp.Port", observer=LogPublisher(observer, events.append)
    )
    list(tcp._accept(logger, range(10), SimpleNamespace(accept=accept), Reserve()))
    assert len(events) >= 2
    assert passed == []
