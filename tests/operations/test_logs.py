"""Tests for L{chat.operations.logs}."""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
import syslog
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.application.service import Application, IService
from twisted.internet import tcp
from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel, LogPublisher

from chat.operations import linewriter, logs
from chat.operations.logs import NO_DESCRIPTORS, NOISE, LineObserver, Log, Noise, NoiseFilter
from chat.operations.signals import Signals
from tests.support.signals import signalsKept


class LogStage:
    """
    An application with a log of ours. Until its start C{flush} does the work of the thread.
    """

    def __init__(self, logFormat: str = "text", **twistd: object) -> None:
        """
        @param twistd: Options that differ from those of C{twistd --nodaemon}.
        """
        self.turnedAway: list[str] = []
        self.application = Application("tcpchat")
        options = {"logger": None, "syslog": False, "prefix": "", "logfile": None, "nodaemon": True}
        signals = Signals(signal.SIGUSR1)
        self.service = Log(options | twistd, logFormat, signals, self.turnedAway.append)
        self.service.setServiceParent(self.application)
        self.observer = self.application.getComponent(ILogObserver)
        self.log = Logger("chat.test", observer=self.observer)

    @property
    def _lines(self) -> LineObserver:
        lines: LineObserver = self.observer._observer
        return lines

    def start(self) -> None:
        IService(self.application).startService()

    def say(self, text: str, **fields: object) -> None:
        """Log an event, and wait until it is written."""
        self.log.info(text, **fields)
        self.flush()

    def flush(self) -> None:
        self._lines.writer.flush(10)

    def close(self) -> None:
        if self.observer is not None:
            atexit.unregister(self._lines.end)
            self._lines.writer.stop(lambda: None)


@pytest.fixture
def stage() -> Iterator[Callable[..., LogStage]]:
    """A way to make any number of stages."""
    stages: list[LogStage] = []

    def make(logFormat: str = "text", **twistd: object) -> LogStage:
        stages.append(LogStage(logFormat, **twistd))
        return stages[-1]

    with signalsKept():
        yield make
    for each in stages:
        each.close()


Make = Callable[..., LogStage]


def test_inTheForegroundTheLogGoesToStandardOutput(
    stage: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    for nothing in (None, "", "-"):
        stage(logfile=nothing).say("hello {nick}", nick="x\x1b")
        assert capfd.readouterr().out.endswith(" [chat.test#info] hello x\\x1b\n")
    stage("json").say("hello {nick}", event="hello", nick="x")
    assert json.loads(capfd.readouterr().out)["nick"] == "x"


@pytest.mark.parametrize("closed", [None, StringIO()])
def test_aClosedStandardOutputPreventsTheStart(
    stage: Make, monkeypatch: pytest.MonkeyPatch, closed: object
) -> None:
    """Its number may soon be that of a connection."""
    monkeypatch.setattr(sys, "stdout", closed)
    with pytest.raises(SystemExit, match="twistd tcpchat: standard output is closed"):
        stage()


@pytest.mark.parametrize("logFormat", ["text", "json"])
def test_aLogFileIsAppendedTo(stage: Make, logFormat: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    stage(logFormat, logfile=str(path)).say("{nick}", event="named", nick="李雷\x7f")
    before, line = path.read_text(encoding="utf-8").splitlines()
    assert before == "before"
    if logFormat == "json":
        assert json.loads(line)["nick"] == "李雷\x7f"
    else:
        assert line.endswith(" [chat.test#info] 李雷\\x7f")


def test_inTheBackgroundTheLogHasAFile(
    stage: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stage(nodaemon=False).say("hello")
    assert "hello\n" in (tmp_path / "twistd.log").read_text()
    with pytest.raises(SystemExit, match="twistd tcpchat: --logfile - requires --nodaemon"):
        stage(nodaemon=False, logfile="-")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none/log", "No such file or directory"),
        (".", "Is a directory"),
        ("fifo", "No such device or address"),
    ],
)
def test_anUnwritableFilePreventsTheStart(
    stage: Make, tmp_path: Path, path: str, reason: str
) -> None:
    """The FIFO has no reader."""
    os.mkfifo(tmp_path / "fifo")
    full = str(tmp_path / path)
    with pytest.raises(SystemExit) as caught:
        stage(logfile=full)
    assert caught.value.code == f"twistd tcpchat: cannot write {full}: {reason}"


def test_aDeviceIsWrittenAndNeverRotated(stage: Make, tmp_path: Path) -> None:
    """twistd would rename C{/dev/null}, if root were to log there."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    source = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    it = stage(logfile=str(fifo))
    it.say("hello")
    assert os.read(source, 4096).endswith(b" hello\n")
    it.start()
    signal.raise_signal(signal.SIGUSR1)
    it.say("bye")
    assert os.read(source, 4096).endswith(b" bye\n")
    os.close(source)
    assert os.listdir(tmp_path) == ["fifo"]


def test_aTerminalWithoutChineseGetsEscapes(
    stage: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "written"
    with path.open("w", encoding="latin-1") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        stage().say("é {nick}", nick="李雷")
    assert path.read_bytes().endswith(b" \xe9 \\u674e\\u96f7\n")


@pytest.mark.parametrize("logFormat", ["text", "json"])
def test_aSignalRotatesTheFile(stage: Make, logFormat: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    it = stage(logFormat, logfile=str(path))
    it.log.info("one")
    # During the start it waits for it.
    signal.raise_signal(signal.SIGUSR1)
    it.start()
    it.say("two")
    assert ["one" in (tmp_path / name).read_text() for name in ("log.1", "log")] == [True, False]
    # The signal works to the end.
    IService(it.application).stopService()
    signal.raise_signal(signal.SIGUSR1)
    it.flush()
    assert "one" in (tmp_path / "log.2").read_text()


@pytest.mark.parametrize("twistd", [{}, {"syslog": True}, {"logger": lambda: None}])
def test_withoutAFileTheSignalDoesNothing(stage: Make, twistd: dict[str, Any]) -> None:
    """It must not end the service."""
    stage(**twistd).start()
    signal.raise_signal(signal.SIGUSR1)


def test_anOperatorsOwnLoggerIsLeftAlone(stage: Make) -> None:
    it = stage(logger=lambda: None)
    it.start()
    assert it.observer is None
    assert it.service.lost == 0
    IService(it.application).stopService()


def test_syslogGetsTheSameText(stage: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[int, str]] = []
    opened: list[str] = []
    monkeypatch.setattr(syslog, "openlog", opened.append)
    monkeypatch.setattr(syslog, "syslog", lambda *message: written.append(message))
    it = stage(syslog=True, prefix="chat")
    it.log.info("hello {nick}", nick="x\x1b")
    try:
        raise KeyError("what was said")
    except KeyError:
        it.log.failure("a mistake")
    it.flush()
    assert opened == ["chat"]
    assert written[:3] == [
        (syslog.LOG_INFO, "[-] hello x\\x1b"),
        (syslog.LOG_ALERT, "[-] a mistake"),
        (syslog.LOG_ALERT, "[-] \tTraceback (most recent call last):"),
    ]
    assert written[-1] == (syslog.LOG_ALERT, "[-] \tbuiltins.KeyError")


# A log that is stuck.


class Stuck:
    """
    A sink that takes nothing until the test lets it.
    """

    def __init__(self) -> None:
        self.isBegun, self.isFree = Event(), Event()
        self.text = ""

    def write(self, data: memoryview) -> int:
        self.isBegun.set()
        self.isFree.wait(30)
        self.text += bytes(data).decode()
        return len(data)


@pytest.fixture
def stuck(stage: Make, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LogStage, Stuck]]:
    sink = Stuck()
    monkeypatch.setattr(logs, "Stream", lambda _: sink)
    it = stage()
    it.start()
    it.log.info("first")
    assert sink.isBegun.wait(10)
    yield it, sink
    sink.isFree.set()


def test_nobodyWaitsForALogThatIsStuck(
    stuck: tuple[LogStage, Stuck], monkeypatch: pytest.MonkeyPatch
) -> None:
    it, sink = stuck
    monkeypatch.setattr(linewriter, "MAX_WAITING", 160)
    values = ["as it was"]
    it.log.info("{values}", values=values)
    values[0] = "as it became"
    for _ in range(30):
        it.log.info("more")
    assert it.service.lost == 29
    sink.isFree.set()
    it.flush()
    it.say("last")
    _, second, third, gap, last = sink.text.splitlines()
    assert second.endswith(" ['as it was']")
    assert third.endswith(" more")
    assert gap.endswith(" [chat.operations.logs.Log#error] 29 lines of the log were lost")
    assert last.endswith(" last")


def test_theEndWaitsForALogOnlySoLong(
    stuck: tuple[LogStage, Stuck], monkeypatch: pytest.MonkeyPatch
) -> None:
    it, sink = stuck
    monkeypatch.setattr(logs, "END_WITHIN", 0.01)
    stopped: Any = IService(it.application).stopService()
    assert stopped.called
    it.log.info("Server Shut Down.")
    assert sink.text == ""


def test_whatIsLoggedAfterTheEndIsWrittenAtOnce(stage: Make, tmp_path: Path) -> None:
    """A process that ends by a signal does nothing after its last line."""
    path = tmp_path / "log"
    it = stage(logfile=str(path))
    it.start()
    it.log.info("one")
    stopped: Any = IService(it.application).stopService()
    assert stopped.called
    assert path.read_text().endswith(" one\n")
    it.log.info("two")
    assert path.read_text().endswith(" two\n")


def test_aStartThatFailsIsWrittenAtTheExit(stage: Make, tmp_path: Path) -> None:
    path = tmp_path / "log"
    it = stage(logfile=str(path))
    it.log.critical("cannot start")
    # As atexit does.
    it.observer._observer.end()
    assert path.read_text().endswith(" cannot start\n")


# Lines of libraries.


class Filtered:
    """
    A port of Twisted's that logs through the filter.

    @ivar passed: The events that the filter hands on.
    @ivar turnedAway: The codes of connections that were turned away.
    """

    def __init__(self, namespace: str = "twisted.internet.tcp.Port", *table: Noise) -> None:
        self.turnedAway: list[str] = []
        self.passed: list[LogEvent] = []
        observer = NoiseFilter(self.passed.append, self.turnedAway.append, table or NOISE)
        self.port = Logger(namespace=namespace, observer=LogPublisher(observer))


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_connectionsWithoutADescriptorAreCountedAndNotLogged(kind: str) -> None:
    it = Filtered(f"twisted.internet.{kind}.Port")
    for _ in range(3):
        it.port.info("EMFILE encountered; releasing reserved file descriptor.")
        it.port.info("EMFILE recovery: Closed socket from {address}", address="192.0.2.1")
        it.port.info("Re-reserving EMFILE recovery file descriptor.")
    assert it.passed == []
    assert it.turnedAway == [NO_DESCRIPTORS] * 3


def test_otherLinesPass() -> None:
    it = Filtered()
    it.port.info("starting on {port}", port=8080)
    other = Logger(namespace="chat", observer=it.port.observer)
    other.info("EMFILE encountered; releasing reserved file descriptor.")
    assert [event["log_namespace"] for event in it.passed] == ["twisted.internet.tcp.Port", "chat"]


def test_aFileOfTheProcessIDThatIsNotThereIsNotLogged() -> None:
    it = Filtered("log_legacy")
    for why in "Failed to unlink PID file:", "Unhandled Error":
        it.port.critical("{log_text}", why=why)
    assert [event["why"] for event in it.passed] == ["Unhandled Error"]


def test_linesCanBeLoweredByNamespaceOrByText() -> None:
    table = Noise("all", level=LogLevel.debug), Noise("some", ["noise"], level=LogLevel.debug)
    for namespace, lowered in (("all", ["noise", "other"]), ("some", ["noise"]), ("none", [])):
        it = Filtered(namespace, *table)
        it.port.info("noise")
        it.port.info("other")
        debug = [event for event in it.passed if event["log_level"] is LogLevel.debug]
        assert [event["log_format"] for event in it.passed] == ["noise", "other"]
        assert [event["log_format"] for event in debug] == lowered


def test_twistedStillWordsItsLinesThisWay() -> None:
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

    it = Filtered()
    it.port.observer.addObserver(events.append)
    list(tcp._accept(it.port, range(10), SimpleNamespace(accept=accept), Reserve()))
    assert len(events) == 3
    assert it.passed == []
    assert it.turnedAway == [NO_DESCRIPTORS]
