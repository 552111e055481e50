"""Tests for L{chat.operations.starting}; tests/integration starts real processes."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactor
from twisted.logger import capturedLogs

from chat.operations.starting import Start, tellFailures
from chat.vocabulary.errors import CannotStart


class StartStage:
    """
    A start in the foreground.

    @ivar others: The exceptions that were left to the exception hook that was there before.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.others: list[BaseException] = []
        self._stderr = io.StringIO()
        self.reactor = MemoryReactor()
        monkeypatch.setattr(sys, "__stderr__", self._stderr)
        monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _tb: self.others.append(error))
        reactor: Any = self.reactor
        tellFailures(reactor, isDaemon=False)

    @property
    def told(self) -> str:
        return self._stderr.getvalue()

    def fail(self, error: BaseException) -> None:
        sys.excepthook(type(error), error, None)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> StartStage:
    return StartStage(monkeypatch)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CannotStart("cannot listen on 8080:\nin use"), "cannot listen on 8080: in use"),
        (FileNotFoundError(2, "No such file", "/none"), "cannot start: No such file (/none)"),
        (OSError(24, "Too many open files"), "cannot start: Too many open files"),
    ],
)
def test_aMistakeOfTheOperatorIsToldInOneLine(
    stage: StartStage, error: Exception, line: str
) -> None:
    with capturedLogs() as logged:
        stage.fail(error)
    assert stage.told == f"twistd tcpchat: {line}\n"
    assert stage.others == []
    assert [" ".join(event["error"].split()) for event in logged] == [line]


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("a bug"), KeyboardInterrupt()])
def test_aFaultKeepsItsTraceback(stage: StartStage, error: BaseException) -> None:
    stage.fail(error)
    assert (stage.told, stage.others) == ("", [error])


def test_onceTheReactorRunsErrorsAreLeftAlone(stage: StartStage) -> None:
    stage.reactor.run()
    error = FileNotFoundError(2, "No such file", "/none")
    stage.fail(error)
    assert (stage.told, stage.others) == ("", [error])


class Pipe:
    """
    The way out of the background.
    """

    def __init__(self) -> None:
        self.written: list[str] = []
        self.isClosed = False

    def write(self, line: str) -> None:
        self.written.append(line)

    def close(self) -> None:
        self.isClosed = True


def test_inTheBackgroundTheParentIsToldAsWell() -> None:
    pipe: Any = Pipe()
    others: list[object] = []
    start = Start(lambda *error: others.append(error), pipe)
    error = CannotStart("cannot listen on 8080")
    with capturedLogs():
        start.failed(CannotStart, error, None)
    assert pipe.written == ["twistd tcpchat: cannot listen on 8080"]
    assert others == []


def test_onceTheReactorRunsTheParentGoesOn() -> None:
    pipe: Any = Pipe()
    start = Start(lambda *_: None, pipe)
    assert not pipe.isClosed
    start.over()
    assert pipe.isClosed
    assert pipe.written == []
