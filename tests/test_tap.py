"""Tests for L{chat.tap}."""

from __future__ import annotations

import atexit
import io
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from twisted.application.service import Application
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import ILogObserver, Logger, capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.python.runtime import seconds as timeOfDay

from chat import tap
from chat.core.rooms import Directory
from chat.core.sanctions import Sanctions
from chat.operations.unused import EVERY
from chat.rendering import renderingFor
from chat.store.memory import MemoryHistory
from chat.store.opening import openStore
from chat.tap import Options, _useAwakeTime, makeService
from chat.vocabulary.awake import AwakeTime
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.events import Closed, Ending, Greeted, NickAsked, Noticed
from chat.vocabulary.records import Sanction, SanctionKind
from chat.vocabulary.style import Style
from chat.vocabulary.trusted import TrustedTime
from tests.support.signals import signalsKept
from twisted import internet

PORT = "tcp:8080:interface=192.0.2.9"


class Reactor(MemoryReactorClock):
    """
    A reactor that opens ports in memory, and has no threads.
    """

    def connect(self, *lines: str) -> ClientEnd:
        """
        @return: a connection to the first port, which has sent these lines.
        """
        protocol = self.tcpServers[0][1].buildProtocol(IPv4Address("TCP", "192.0.2.1", 54321))
        client = ClientEnd(self, protocol)
        client.heard()
        client.says(*lines)
        return client


class ClientEnd:
    """
    The client's end of a connection.
    """

    def __init__(self, reactor: Reactor, protocol: Any) -> None:
        self._reactor = reactor
        self._protocol = protocol
        self._transport = StringTransport()
        protocol.makeConnection(self._transport)

    def says(self, *lines: str) -> list[str]:
        """
        @return: the lines that have come since the last time.
        """
        for line in lines:
            self._protocol.dataReceived(f"{line}\r\n".encode())
        return self.heard()

    def close(self) -> None:
        self._protocol.connectionLost(Failure(ConnectionDone()))

    def heard(self) -> list[str]:
        """
        @return: the lines that have come since the last time.
        """
        self._reactor.advance(0)
        while self._transport.producer.waiting:
            self._transport.producer.resumeProducing()
        text = self._transport.value().decode()
        self._transport.clear()
        return text.splitlines()


@pytest.fixture
def reactor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Reactor]:
    """
    The reactor that the service finds, in a run directory of its own.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    reactor = Reactor()
    monkeypatch.setattr(internet, "reactor", reactor)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with signalsKept():
        yield reactor


def parse(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(arguments)
    return options


def start(*arguments: str) -> Any:
    """
    Start the service, by default on a port in memory: a port of all addresses would be a real one.
    """
    port = () if "--port" in arguments else ("--port", PORT)
    service: Any = makeService(parse("--database", ":memory:", *port, *arguments))
    service.privilegedStartService()
    return service


@pytest.mark.parametrize(
    ("chosen", "backlog"), [((), 1024), (("--backlog", "7"), 7), (("--backlog", "0"), 50)]
)
def test_theBacklogIsAsWasChosen(reactor: Reactor, chosen: tuple[str, ...], backlog: int) -> None:
    start("--port", PORT, "--port", "tcp:8081:interface=192.0.2.9:backlog=9", *chosen)
    assert [opened[2] for opened in reactor.tcpServers] == [backlog, 9]


def test_portsOfAllKindsAreOpenedSideBySide(reactor: Reactor, tmp_path: Path) -> None:
    other = PORT.replace("8080", "8081")
    start("--port", PORT, "--port", "unix:chat.sock:mode=660", "--port", other)
    assert [opened[0] for opened in reactor.tcpServers] == [8080, 8081]
    [opened] = reactor.getReaders()
    assert opened.getHost() == UNIXAddress("chat.sock")
    assert (tmp_path / "chat.sock").stat().st_mode & 0o777 == 0o660
    opened.connectionLost(Failure(ConnectionDone()))


def test_theGreetingIsAsWasChosen(reactor: Reactor, tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_text("Be kind.")
    start("--name", "the pub", "--motd", str(motd), "--language", "zh_CN")
    protocol = reactor.tcpServers[0][1].buildProtocol(IPv4Address("TCP", "192.0.2.1", 54321))
    greeting = Greeted("the pub", 0), Noticed("Be kind."), NickAsked()
    render = renderingFor(Style(language="zh_CN")).render
    assert ClientEnd(reactor, protocol).heard() == (
        b"".join(map(render, greeting)).decode().splitlines()
    )


def test_usersTalkToEachOther(reactor: Reactor) -> None:
    """All parts fit together."""
    start()
    alice = reactor.connect("alice", "one", "two")
    alice.heard()
    bob = reactor.connect()
    replayed = bob.says("bob")[-2:]
    assert [line.partition("] ")[2] for line in replayed] == ["alice: one", "alice: two"]
    bob.says("hello")
    assert alice.heard() == ["--> bob joined #lobby (2 here)", "bob: hello"]
    assert bob.says("/ping 1") == ["--- PONG 1"]


def test_theFirstRoomIsAsWasChosen(reactor: Reactor) -> None:
    start("--room", "pub")
    assert "in #pub" in reactor.connect().says("alice")[0]


def test_asManyLinesAreReplayedAsWasChosen(reactor: Reactor) -> None:
    start("--replay", "1")
    reactor.connect("alice", "one", "two")
    lines = reactor.connect().says("bob")
    assert [line for line in lines if "alice:" in line] == [lines[-1]]
    assert lines[-1].endswith("alice: two")


def test_noMoreLinesAreKeptThanWasChosen(reactor: Reactor) -> None:
    start("--keep-lines", "2")
    lines = reactor.connect("alice", "one", "two", "three").says("/history")
    assert [line.rpartition(" ")[2] for line in lines if "alice:" in line] == ["two", "three"]


def test_linesAreKeptAsLongAsWasChosen(reactor: Reactor, monkeypatch: pytest.MonkeyPatch) -> None:
    expired: list[datetime] = []
    monkeypatch.setattr(MemoryHistory, "expire", lambda _, before: expired.append(before))
    start("--keep", "2d").startService()
    reactor.advance(60)
    [before] = expired
    assert timedelta(days=2) <= datetime.now(UTC) - before < timedelta(days=2, hours=1)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (("--max-joined", "2"), "(too-many-rooms)"),
        (("--max-rooms", "2"), "(rooms-full)"),
    ],
)
def test_roomsAreLimitedAsWasChosen(
    reactor: Reactor, options: tuple[str, ...], refusal: str
) -> None:
    start(*options)
    alice = reactor.connect("alice", "/join #dev")
    [line] = alice.says("/join #ops")
    assert refusal in line


def test_keysAreGuessedAsOftenAsWasChosen(reactor: Reactor) -> None:
    start("--key-rate", "1")
    reactor.connect("alice", "/join #dev", "/mode key sesame")
    guesses = [reactor.connect(nick).says("/join #dev no")[-1] for nick in ("bob", "carol")]
    assert [line.rpartition(" ")[2] for line in guesses] == [
        "(key-needed)",
        "(too-many-attempts)",
    ]


@pytest.mark.parametrize(
    ("options", "isMade"),
    [
        (("--room-rate", "1"), False),
        (("--room-rate", "0"), True),
        (("--room-rate", "1", "--trust", "192.0.2.0/24"), True),
    ],
)
def test_roomsAreMadeAsOftenAsWasChosen(
    reactor: Reactor, options: tuple[str, ...], isMade: bool
) -> None:
    start(*options)
    alice = reactor.connect("alice", "/join #one")
    [line] = alice.says("/join #two")[:1]
    assert ("(making-rooms-too-fast)" not in line) is isMade


def test_unusedRoomsAreKeptAsLongAsWasChosen(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []
    monkeypatch.setattr(Directory, "unused", lambda _, before: asked.append(before) or ())
    start("--keep-unused", "2d").startService()
    # At the start, and from then on.
    reactor.advance(EVERY)
    assert len(asked) == 2
    assert timedelta(days=2) <= datetime.now(UTC) - asked[0] < timedelta(days=2, hours=1)


def test_nothingEndsByAClockThatHasJumped(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = begin = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
    times: list[datetime] = []
    monkeypatch.setattr(
        tap, "TrustedTime", lambda doubted: TrustedTime(lambda: wall, reactor.seconds, doubted)
    )
    monkeypatch.setattr(MemoryHistory, "expire", lambda _, before: times.append(before))
    monkeypatch.setattr(Directory, "unused", lambda _, before: times.append(before) or ())
    made: list[Sanctions] = []
    monkeypatch.setattr(tap, "Sanctions", lambda *given: made.append(Sanctions(*given)) or made[-1])
    start("--keep", "2d", "--keep-unused", "2d").startService()
    made[0].impose(
        Sanction(SanctionKind.BAN, "bob", "bob", "alice", begin, until=begin + timedelta(hours=2))
    )
    wall = datetime(2038, 1, 19, tzinfo=UTC)
    with capturedLogs() as logged:
        reactor.advance(EVERY)
    assert len(times) == 3
    assert max(times) <= begin - timedelta(days=2) + timedelta(seconds=EVERY)
    assert made[0].ofName(SanctionKind.BAN, "bob") is not None
    [doubt] = [formatEvent(event) for event in logged if "the clock shows" in str(event)]
    assert doubt.startswith("the clock shows 2038-01-1")
    for _ in range(6):
        reactor.advance(EVERY)
    assert made[0].ofName(SanctionKind.BAN, "bob") is None


def test_aCrowdIsAsLargeAsWasChosen(reactor: Reactor) -> None:
    start("--announce-limit", "2")
    alice = reactor.connect("alice")
    reactor.connect("bob")
    reactor.connect("carol")
    assert alice.heard() == ["--> bob joined #lobby (2 here)"]


def test_operatorsWithoutAnAccountAreNamedInTheLog(reactor: Reactor) -> None:
    service = start("--operator", "alice")
    with capturedLogs() as logged:
        service.startService()
    names = [event["name"] for event in logged if "no account" in event["log_format"]]
    assert names == ["alice"]


def test_noPortIsOpenedWhileAnotherServiceHasTheDatabase(reactor: Reactor, tmp_path: Path) -> None:
    path = tmp_path / "chat.sqlite3"
    opened = openStore(str(path))
    with pytest.raises(CannotStart, match="another tcpchat is using it"):
        start("--database", str(path), "--metrics", "8081")
    assert reactor.tcpServers == []
    opened.connection.close()
    opened.files.close()


def test_aTranscriptThatCannotBeWrittenPreventsTheStart(reactor: Reactor) -> None:
    service = start("--transcript", "/nonexistent/said.log")
    with pytest.raises(CannotStart, match=r"cannot write /nonexistent/said\.log"):
        service.startService()


def test_whyTheStartFailsIsPrintedWithoutATraceback(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: others.append(error))
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", stderr)
    makeService(parse("--database", ":memory:"))
    sys.excepthook(CannotStart, CannotStart("cannot listen on 8080"), None)
    assert stderr.getvalue() == "twistd tcpchat: cannot listen on 8080\n"
    error = ValueError("a bug")
    sys.excepthook(ValueError, error, None)
    assert others == [(ValueError, error, None)]


def jsonOptions(**twistd: object) -> Options:
    options = Options()
    options.parent = {"logger": None, "syslog": None, "logfile": None, "nodaemon": True, **twistd}
    options.parseOptions(["--log-format", "json"])
    return options


def logger(options: Options) -> Logger:
    """
    @return: a logger whose events go where those of twistd go.
    """
    application = Application("tcpchat")
    makeService(options).setServiceParent(application)
    return Logger("chat.test", observer=application.getComponent(ILogObserver))


def test_theLogIsJSON(reactor: Reactor, tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = logger(jsonOptions(logfile=str(path)))
    log.info("hello {nick}", event="hello", nick="李雷")
    # As at the end of a process.
    log.observer._observer.end()
    atexit.unregister(log.observer._observer.end)
    [line] = path.read_text(encoding="utf-8").splitlines()
    event = json.loads(line)
    assert (event["event"], event["message"], event["nick"]) == ("hello", "hello 李雷", "李雷")


# The limits.


def test_limitsAreAsWasChosen(reactor: Reactor) -> None:
    """A refusal is in the language of the service."""
    start("--max-connections", "1", "--language", "zh_CN")
    reactor.connect("alice")
    protocol = reactor.tcpServers[0][1].buildProtocol(IPv4Address("TCP", "192.0.2.2", 1))
    transport = StringTransport()
    transport.loseWriteConnection = lambda: None  # type: ignore[method-assign]
    protocol.makeConnection(transport)
    line = renderingFor(Style(language="zh_CN")).render(Closed(Ending.SERVICE_FULL, ""))
    assert transport.value() == line
    assert line.isascii() is False


def test_thereAreAsManyConnectionsAsFilesAllow(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.tap.getrlimit", lambda which: (200, 1000))
    start()
    assert reactor.tcpServers[0][1].connections.limits.maxConnections == 72


def test_trustIsAsWasChosen(reactor: Reactor) -> None:
    start("--trust", "192.0.2.0/24", "--max-per-address", "1")
    for nick in ("alice", "bob"):
        assert reactor.connect().says(nick)[-1].startswith("--- You are")


@pytest.mark.parametrize(
    ("option", "line", "code"),
    [
        ("--nick-rate", "/nick other", "(renaming-too-fast)"),
        ("--join-rate", "/join #other", "(joining-too-fast)"),
    ],
)
def test_ratesAreAsWasChosen(reactor: Reactor, option: str, line: str, code: str) -> None:
    start(option, "1")
    alice = reactor.connect("alice")
    assert code not in "".join(alice.says(line))
    assert code in alice.says(line.replace("other", "more"))[-1]


def test_limitsPerAddressHoldForTheAddressBehindAProxy(reactor: Reactor) -> None:
    start("--port", f"haproxy:{PORT}", "--max-per-address", "1")
    [accepting] = reactor.tcpServers
    for number in range(2):
        protocol = accepting[1].buildProtocol(IPv4Address("TCP", "192.0.2.1", 54321))
        transport = StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(b"PROXY TCP4 198.51.100.%d 192.0.2.9 1 2\r\n" % number)
        transport.producer.resumeProducing()
        assert transport.value().startswith(b"--- Welcome")


# Time.


class Timed:
    """
    A reactor with a clock.
    """

    def __init__(
        self, seconds: Callable[[], float], running: bool = False, calls: tuple[object, ...] = ()
    ) -> None:
        self.seconds = seconds
        self.running = running
        self._calls = calls

    def getDelayedCalls(self) -> tuple[object, ...]:
        return self._calls


def test_theReactorGoesByTheTimeInWhichItIsAwake() -> None:
    """Otherwise all timers would be due when the clock is set, or after a long pause."""
    timed = Timed(timeOfDay)
    time = _useAwakeTime(timed)
    assert timed.seconds == time.seconds
    assert abs(timed.seconds() - monotonic()) < 60


@pytest.mark.parametrize(
    "timed",
    [Timed(timeOfDay, running=True), Timed(timeOfDay, calls=("one",)), Timed(lambda: 0.0)],
)
def test_aReactorThatRunsKeepsItsClock(timed: Timed) -> None:
    before = timed.seconds
    _useAwakeTime(timed)
    assert timed.seconds is before


def test_durationsThatAreToldCountTheTimeInWhichTheServiceStoodStill(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits do not."""
    stoodFor = 0.0
    time = AwakeTime(lambda: reactor.seconds() + stoodFor)
    monkeypatch.setattr(tap, "_useAwakeTime", lambda clock: time)
    start("--idle-timeout", "100").startService()
    alice, bob = reactor.connect("alice"), reactor.connect("bob", "/format json")
    reactor.advance(10)
    stoodFor = 3600.0
    alice.heard()
    bob.heard()
    assert [json.loads(line)["idle"] for line in bob.says("/whois alice")] == [3610]
    [listed] = map(json.loads, bob.says("/who"))
    assert [row["idle"] for row in listed["people"]] == [3610, 0]
    assert json.loads(bob.says("/uptime")[0])["seconds"] == 3610
    [listed] = map(json.loads, bob.says("/sessions"))
    assert [row["idle"] for row in listed["sessions"]] == [0]
    reactor.advance(80)
    assert alice.heard()[-1].startswith("!!! You have been silent")
    with capturedLogs() as logged:
        alice.close()
    [closed] = [event for event in logged if event["log_format"].startswith("closed")]
    assert (closed["named"], closed["seconds"]) == (0, 3690)
