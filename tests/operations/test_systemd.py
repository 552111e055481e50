"""Tests for L{chat.operations.systemd}, heard from the other end of the socket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, SOCK_DGRAM, socket

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from chat.operations.systemd import NotifyService


class Manager:
    """
    The service manager's end: a bound socket, and the environment it starts a service with.
    """

    def __init__(self, address: str, name: str) -> None:
        self._socket = socket(AF_UNIX, SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(address)
        self.environ = {"NOTIFY_SOCKET": name}

    def heard(self) -> list[str]:
        """
        @return: The datagrams since the last call.
        """
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    path = str(tmp_path / "notify")
    if request.param == "path":
        manager = Manager(path, path)
    else:
        manager = Manager("\0" + path, "@" + path)
    yield manager
    manager.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def running(clock: Clock, environ: dict[str, str]) -> Iterator[NotifyService]:
    """
    A service that is stopped in the end.
    """
    service = NotifyService(clock, environ)
    service.startService()
    yield service
    service.stopService()


def test_nothingIsSentUnasked(manager: Manager, clock: Clock) -> None:
    with running(clock, manager.environ):
        clock.advance(3600)
    assert manager.heard() == []


def test_eachMessageIsOneDatagram(manager: Manager, clock: Clock) -> None:
    with running(clock, manager.environ) as service:
        service.ready("ports: 1, 聊天")
        service.stopping("telling everyone")
    assert manager.heard() == [
        "READY=1\nSTATUS=ports: 1, 聊天",
        "STOPPING=1\nSTATUS=telling everyone",
    ]


def test_aReloadHasItsTime(manager: Manager, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic_ns", lambda: 123_456_789)
    with running(clock, manager.environ) as service:
        service.reloading()
        service.reloaded()
    assert manager.heard() == ["RELOADING=1\nMONOTONIC_USEC=123456", "READY=1"]


def test_noReloadIsToldOnceTheStopBegins(manager: Manager, clock: Clock) -> None:
    """One that was under way may end then."""
    with running(clock, manager.environ) as service:
        service.reloading()
        service.stopping("")
        service.reloaded()
        service.reloading()
    assert [message.split()[0] for message in manager.heard()] == ["RELOADING=1", "STOPPING=1"]


def test_aStatusIsOneLine(manager: Manager, clock: Clock) -> None:
    with running(clock, manager.environ) as service:
        service.ready("a\nMAINPID=1\r\nb")
    assert manager.heard() == ["READY=1\nSTATUS=a MAINPID=1 b"]


def test_aPingMayComeAtOnce(manager: Manager, clock: Clock) -> None:
    """As after a standstill, if any are expected."""
    with running(clock, manager.environ) as service:
        service.alive()
        assert manager.heard() == []
    manager.environ["WATCHDOG_USEC"] = "30000000"
    with running(clock, manager.environ) as service:
        service.alive()
        assert manager.heard() == ["WATCHDOG=1"]


@pytest.mark.parametrize("pid", [None, os.getpid()], ids=["any process", "this process"])
def test_thereAreTwoPingsPerInterval(manager: Manager, clock: Clock, pid: int | None) -> None:
    manager.environ["WATCHDOG_USEC"] = "30000000"
    if pid is not None:
        manager.environ["WATCHDOG_PID"] = str(pid)
    with running(clock, manager.environ):
        clock.advance(14)
        assert manager.heard() == []
        clock.advance(1)
        assert manager.heard() == ["WATCHDOG=1"]
        clock.pump([5] * 6)
        assert manager.heard() == ["WATCHDOG=1"] * 2
    clock.advance(60)
    assert manager.heard() == []
    assert clock.getDelayedCalls() == []


def test_pingsGoOnWhileStopping(manager: Manager, clock: Clock) -> None:
    with running(clock, manager.environ | {"WATCHDOG_USEC": "2000000"}) as service:
        service.stopping("")
        clock.advance(1)
        assert manager.heard() == ["STOPPING=1\nSTATUS=", "WATCHDOG=1"]


def test_missedPingsAreNotMadeUpFor(manager: Manager, clock: Clock) -> None:
    with running(clock, manager.environ | {"WATCHDOG_USEC": "2000000"}):
        clock.advance(100)
        assert manager.heard() == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    "environ",
    [
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": ""},
        {"WATCHDOG_USEC": "-5"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "²"},
        {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"},
    ],
)
def test_noPingsWhereNoneAreExpected(
    manager: Manager, clock: Clock, environ: dict[str, str]
) -> None:
    with running(clock, manager.environ | environ):
        clock.advance(60)
    assert manager.heard() == []


@pytest.mark.parametrize("name", [None, "", "vsock:2:1234", "relative/path"])
def test_withoutASocketNothingHappens(clock: Clock, name: str | None) -> None:
    environ = {"WATCHDOG_USEC": "2000000"}
    if name is not None:
        environ["NOTIFY_SOCKET"] = name
    with running(clock, environ) as service:
        service.ready("")
        assert clock.getDelayedCalls() == []
        service.stopping("")


def test_nothingIsSentUnlessItRuns(manager: Manager, clock: Clock) -> None:
    service = NotifyService(clock, manager.environ)
    service.ready("too early")
    service.startService()
    service.stopService()
    service.stopping("too late")
    assert manager.heard() == []


@pytest.mark.parametrize("name", ["/nonexistent/notify", "/" + "x" * 200])
def test_aMessageThatCannotBeSentIsLogged(clock: Clock, name: str) -> None:
    with running(clock, {"NOTIFY_SOCKET": name}) as service, capturedLogs() as logged:
        service.ready("")
    assert len(logged) == 1
    assert logged[0]["assignments"] == ("READY=1", "STATUS=")


def test_aManagerThatIsAwayIsLoggedOnce(clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "notify"
    environ = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "2000000"}
    with running(clock, environ), capturedLogs() as logged:
        clock.pump([1.0] * 5)
        assert len(logged) == 1
        with socket(AF_UNIX, SOCK_DGRAM) as manager:
            manager.bind(str(path))
            clock.pump([1.0] * 3)
    assert [event.get("count") for event in logged] == [None, 5]


def test_aManagerThatDoesNotReadBlocksNothing(manager: Manager, clock: Clock) -> None:
    with running(clock, manager.environ) as service, capturedLogs() as logged:
        while not logged:
            service.ready("x" * 1000)
    assert isinstance(logged[0]["error"], BlockingIOError)


def test_theEnvironmentStaysAsItIs(manager: Manager, clock: Clock) -> None:
    manager.environ["WATCHDOG_USEC"] = "2000000"
    before = dict(manager.environ)
    with running(clock, manager.environ) as service:
        service.ready("")
    assert manager.environ == before
