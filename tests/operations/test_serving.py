"""Tests for L{chat.operations.serving}."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.application.service import Service
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactor
from twisted.logger import capturedLogs, formatEvent

from chat.operations.serving import SHUTDOWN_GRACE, SHUTDOWN_LIMIT, ChatService
from chat.operations.systemd import NotifyService
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.events import Ending
from tests.support.doubles import FixedEndpoint
from tests.support.reactors import SignalReactor


class RecordedParts:
    """
    Whatever belongs to a service: it notes what is asked of it.

    @ivar calls: All of it, in order.
    @ivar portsClosed: Fires when the port is closed.
    @ivar sessionsClosed: Fires when all connections are.
    @ivar partStopped: Fires when a part of the service has stopped.
    """

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.portClosed: Deferred[None] = Deferred()
        self.sessionsClosed: Deferred[None] = Deferred()
        self.partStopped: Deferred[None] = Deferred()

    # A port.

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 8080)

    def stopListening(self) -> Deferred[None]:
        self.calls.append("port")
        return self.portClosed

    # The sessions.

    def endAll(self, reason: Ending, grace: float) -> Deferred[None]:
        self.calls.append((reason, grace))
        return self.sessionsClosed

    def abortAll(self) -> None:
        self.calls.append("abort")


class Notes(NotifyService):
    """What the service manager is told."""

    def __init__(self, calls: list[object]) -> None:
        super().__init__(Clock(), {})
        self._calls = calls

    def ready(self, status: str) -> None:
        self._calls.append(status)

    def stopping(self, status: str) -> None:
        self._calls.append("stopping")


class Part(Service):
    """A part of the service that takes its time to stop."""

    def __init__(self, recorder: RecordedParts) -> None:
        self._recorder = recorder

    def startService(self) -> None:
        self._recorder.calls.append("part starts")

    def stopService(self) -> Deferred[None]:
        self._recorder.calls.append("part stops")
        return self._recorder.partStopped


class ServingStage:
    """
    A service with one port.
    """

    def __init__(self, *more: tuple[str, FixedEndpoint]) -> None:
        self.clock = SignalReactor()
        self.recorder = RecordedParts()
        self.calls = self.recorder.calls
        doors: Any = [
            (description, endpoint, ServerFactory())
            for description, endpoint in [("8080", FixedEndpoint(self.recorder)), *more]
        ]
        clock: Any = self.clock
        self.service = ChatService(doors, self.recorder, Notes(self.calls), clock)
        Part(self.recorder).setServiceParent(self.service)

    def start(self) -> ServingStage:
        self.service.privilegedStartService()
        self.service.startService()
        return self


@pytest.fixture(autouse=True)
def handled() -> Iterator[list[int]]:
    """
    A process that handles signals as one with a running reactor does.
    """
    received: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *got: received.append(got[0])) for number in numbers]
    yield received
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_theManagerIsToldWhenEverythingRuns() -> None:
    assert ServingStage().start().calls == ["part starts", "ports: 1"]


def test_itServesFromItsStartUntilItsStopBegins() -> None:
    stage = ServingStage()
    stage.service.privilegedStartService()
    assert not stage.service.isServing
    stage.service.startService()
    assert stage.service.isServing
    stage.service.stopService()
    assert not stage.service.isServing


def test_portsAreOpenedBeforePrivilegesAreShed() -> None:
    stage = ServingStage(("8081", FixedEndpoint(MemoryReactor().listenTCP(8081, ServerFactory()))))
    stage.service.privilegedStartService()
    assert stage.calls == []
    stage.service.startService()
    assert stage.calls[-1] == "ports: 2"


def test_theLogTellsOfAPortOnceItIsServed() -> None:
    stage = ServingStage()
    with capturedLogs() as logged:
        stage.service.privilegedStartService()
        assert logged == []
        stage.service.startService()
    assert formatEvent(logged[0]) == "listening on 127.0.0.1:8080"


def test_aPortThatCannotBeOpenedPreventsTheStart() -> None:
    stage = ServingStage(("8081", FixedEndpoint(PermissionError(13, "Permission denied"))))
    with pytest.raises(CannotStart, match=r"^cannot listen on 8081: Permission denied$"):
        stage.service.privilegedStartService()


def test_stoppingGoesFromTheOutsideToTheInside() -> None:
    stage = ServingStage().start()
    stage.calls.clear()
    stopped = stage.service.stopService()
    assert stage.calls == ["stopping", "port"]
    stage.recorder.portClosed.callback(None)
    assert stage.calls[2:] == [(Ending.SHUTDOWN, SHUTDOWN_GRACE)]
    stage.recorder.sessionsClosed.callback(None)
    assert stage.calls[3:] == ["part stops"]
    assert not stopped.called
    stage.recorder.partStopped.callback(None)
    assert stopped.called
    assert stage.clock.getDelayedCalls() == []


def test_stoppingTakesTenSecondsAtMost() -> None:
    assert SHUTDOWN_GRACE < SHUTDOWN_LIMIT < 10
    stage = ServingStage().start()
    stage.service.stopService()
    stage.recorder.portClosed.callback(None)
    stage.clock.advance(SHUTDOWN_LIMIT - 0.1)
    assert "abort" not in stage.calls
    stage.clock.advance(0.1)
    assert stage.calls[-1] == "abort"
    stage.recorder.sessionsClosed.callback(None)
    assert stage.calls[-1] == "part stops"


def test_stoppingDoesNotHangOnAPortThatIsNotClosed() -> None:
    stage = ServingStage().start()
    stage.service.stopService()
    stage.clock.advance(SHUTDOWN_LIMIT)
    assert stage.calls[-2:] == [(Ending.SHUTDOWN, SHUTDOWN_GRACE), "abort"]
    stage.recorder.sessionsClosed.callback(None)
    assert stage.calls[-1] == "part stops"


def test_theSessionsEndEvenIfAPortCannotBeClosed() -> None:
    stage = ServingStage().start()
    stage.service.stopService()
    with capturedLogs() as logs:
        # So a unix socket fails whose file may not be removed.
        stage.recorder.portClosed.errback(PermissionError(1, "Operation not permitted"))
    [event] = logs
    assert "was not closed cleanly: [Errno 1] Operation not" in (formatEvent(event) or "")
    assert stage.calls[-1] == (Ending.SHUTDOWN, SHUTDOWN_GRACE)
    stage.recorder.sessionsClosed.callback(None)
    assert stage.calls[-1] == "part stops"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_aSecondSignalEndsTheSessionsAtOnce(number: int, handled: list[int]) -> None:
    stage = ServingStage().start()
    signal.raise_signal(number)
    stage.service.stopService()
    stage.recorder.portClosed.callback(None)
    signal.raise_signal(number)
    assert stage.calls[-1] != "abort", "a signal handler does nothing itself"
    stage.clock.turn()
    assert stage.calls[-1] == "abort"
    assert handled == [number], "the first one is for the reactor"


def test_aSignalThatIsNotHandledStaysSo() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stage = ServingStage().start()
    stage.service.stopService()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
