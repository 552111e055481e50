"""Tests for L{chat.operations.logs}."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.application.service import Application, IService
from twisted.internet import tcp
from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    LogPublisher,
)
from twisted.python.logfile import LogFile

from chat.operations.logs import KEPT, NO_DESCRIPTORS, NOISE, Log, Noise, NoiseFilter
from tests.support.reactors import SignalReactor


class LogStage:
    """
    An application with a log of ours.
    """

    def __init__(self, logFormat: str = "text", **twistd: object) -> None:
        """
        @param twistd: Options that differ from those of C{twistd --nodaemon}.
        """
        self.reactor = SignalReactor()
        self.turnedAway: list[str] = []
        reactor: Any = self.reactor
        self.application = Application("tcpchat")
        options = {"logger": None, "syslog": False, "prefix": "", "logfile": None, "nodaemon": True}
        Log(options | twistd, logFormat, reactor, self.turnedAway.append).setServiceParent(
            self.application
        )
        self.observer = self.application.getComponent(ILogObserver)
        self.log = Logger("chat.test", observer=self.observer)

    def start(self) -> None:
        IService(self.application).startService()

    def close(self) -> None:
        """
        Close the file, which stays open to the end of a real process.
        """
        file = getattr(self.observer._observer, "_outFile", None)
        if isinstance(file, LogFile):
            file.close()


@pytest.fixture
def stage() -> Iterator[Callable[..., LogStage]]:
    """A way to make any number of stages."""
    stages: list[LogStage] = []

    def make(logFormat: str = "text", **twistd: object) -> LogStage:
        stages.append(LogStage(logFormat, **twistd))
        return stages[-1]

    yield make
    for each in stages:
        with suppress(AttributeError):
            each.close()


@pytest.fixture
def usr1() -> Iterator[None]:
    """After the test the signal does what it did before."""
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


Make = Callable[..., LogStage]


def test_inTheForegroundTheLogGoesToStandardOutput(
    stage: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    for nothing in (None, "", "-"):
        stage(logfile=nothing).log.info("hello {nick}", nick="x\x1b")
        assert capsys.readouterr().out.endswith(" [chat.test#info] hello x\\x1b\n")
    stage("json").log.info("hello {nick}", nick="x")
    assert json.loads(capsys.readouterr().out)["nick"] == "x"


@pytest.mark.parametrize("logFormat", ["text", "json"])
def test_aLogFileIsAppendedTo(stage: Make, logFormat: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    stage(logFormat, logfile=str(path)).log.info("{nick}", nick="李雷\x7f")
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
    stage(nodaemon=False).log.info("hello")
    assert "hello\n" in (tmp_path / "twistd.log").read_text()
    with pytest.raises(SystemExit, match="twistd tcpchat: --logfile - does not go without"):
        stage(nodaemon=False, logfile="-")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("none/log", "No such file or directory"), (".", "Is a directory")],
)
def test_anUnwritableFilePreventsTheStart(
    stage: Make, tmp_path: Path, path: str, reason: str
) -> None:
    full = str(tmp_path / path)
    with pytest.raises(SystemExit) as caught:
        stage(logfile=full)
    assert caught.value.code == f"twistd tcpchat: cannot write {full}: {reason}"


def test_aTerminalWithoutChineseGetsEscapes(stage: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    written = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written, encoding="latin-1"))
    stage().log.info("é {nick}", nick="李雷")
    assert written.getvalue().endswith(b" \xe9 \\u674e\\u96f7\n")


@pytest.mark.parametrize("logFormat", ["text", "json"])
@pytest.mark.usefixtures("usr1")
def test_aSignalRotatesTheFile(stage: Make, logFormat: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    it = stage(logFormat, logfile=str(path))
    it.start()
    it.log.info("one")
    signal.raise_signal(signal.SIGUSR1)
    # The reactor has not come to it yet.
    assert not (tmp_path / "log.1").exists()
    it.reactor.turn()
    it.log.info("two")
    assert ["one" in (tmp_path / name).read_text() for name in ("log.1", "log")] == [True, False]
    # The signal works to the end.
    IService(it.application).stopService()
    signal.raise_signal(signal.SIGUSR1)
    it.reactor.turn()
    assert "one" in (tmp_path / "log.2").read_text()


@pytest.mark.usefixtures("usr1")
def test_aMovedFileIsMadeAnew(stage: Make, tmp_path: Path) -> None:
    path = tmp_path / "log"
    it = stage(logfile=str(path))
    it.start()
    path.rename(tmp_path / "moved")
    it.log.info("one")
    signal.raise_signal(signal.SIGUSR1)
    it.reactor.turn()
    it.log.info("two")
    assert "one" in (tmp_path / "moved").read_text()
    assert "two" in path.read_text()
    assert sorted(os.listdir(tmp_path)) == ["log", "moved"]


@pytest.mark.usefixtures("usr1")
def test_withoutAFileTheSignalIsLeftAlone(stage: Make) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    stage().start()
    assert signal.getsignal(signal.SIGUSR1) is before


def test_aFileIsRotatedAtAMegabyteAndTheOldestIsRemoved(stage: Make, tmp_path: Path) -> None:
    path = tmp_path / "log"
    for number in range(1, KEPT + 2):
        (tmp_path / f"log.{number}").write_text(f"{number}")
    path.write_bytes(b"x" * 1_000_000)
    stage(logfile=str(path)).log.info("hello")
    assert (tmp_path / "log.1").stat().st_size == 1_000_000
    assert path.stat().st_size < 1000
    assert (tmp_path / f"log.{KEPT}").read_text() == f"{KEPT - 1}"
    assert len(os.listdir(tmp_path)) == KEPT + 1


def test_anOperatorsOwnLoggerIsLeftAlone(stage: Make) -> None:
    assert stage(logger=lambda: None).observer is None


def test_syslogGetsTheSameText(stage: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    opened: list[str] = []
    name = "twisted.python.syslog.SyslogObserver"
    monkeypatch.setattr(f"{name}.openlog", lambda _self, prefix, *_: opened.append(prefix))
    monkeypatch.setattr(f"{name}.syslog", lambda _self, _priority, line: written.append(line))
    it = stage(syslog=True, prefix="chat")
    assert not isinstance(it.observer, FileLogObserver)
    it.log.info("hello {nick}", nick="x\x1b")
    try:
        raise KeyError("what was said")
    except KeyError:
        it.log.failure("a mistake")
    assert opened == ["chat"]
    assert written[:3] == [
        "[-] hello x\\x1b",
        "[-] a mistake",
        "[-] \tTraceback (most recent call last):",
    ]
    assert written[-1] == "[-] \tbuiltins.KeyError"


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
