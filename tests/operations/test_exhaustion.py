"""Tests for L{chat.operations.exhaustion}."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from twisted.internet import tcp
from twisted.logger import LogEvent, Logger, LogPublisher

from chat.operations.exhaustion import REASON, Exhaustion


class Stage:
    """
    A log, and what is left of it.

    @ivar port: The logger of a port of Twisted's.
    """

    def __init__(self, kind: str = "tcp") -> None:
        self.turnedAway: list[str] = []
        self.passed: list[LogEvent] = []
        observer = Exhaustion(self.passed.append, self.turnedAway.append)
        namespace = f"twisted.internet.{kind}.Port"
        self.port = Logger(namespace=namespace, observer=LogPublisher(observer))


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_noneOfItsLinesIsLeft(kind: str) -> None:
    stage = Stage(kind)
    for _ in range(3):
        stage.port.info("EMFILE encountered; releasing reserved file descriptor.")
        stage.port.info("EMFILE recovery: Closed socket from {address}", address="192.0.2.1")
        stage.port.info("Re-reserving EMFILE recovery file descriptor.")
    assert stage.passed == []
    assert stage.turnedAway == [REASON] * 3


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
    turnedAway: list[str] = []
    observer = Exhaustion(passed.append, turnedAway.append)
    logger = Logger(
        namespace="twisted.internet.tcp.Port", observer=LogPublisher(observer, events.append)
    )
    list(tcp._accept(logger, range(10), SimpleNamespace(accept=accept), Reserve()))
    assert len(events) == 3
    assert passed == []
    assert turnedAway == [REASON]
