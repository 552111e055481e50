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
from typing import Any

import pytest
from twisted.application.service import Application, IService
from twisted.logger import FileLogObserver, ILogObserver, Logger
from twisted.python.logfile import LogFile

from chat.operations.logs import KEPT, Log


class Reactor:
    """
    One that keeps what comes from other threads until it is told to go on.
    """

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[[], object]) -> None:
        self.calls.append(call)

    def turn(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class Stage:
    """
    An application whose log is ours.
    """

    def __init__(self, logFormat: str = "text", **twistd: object) -> None:
        """
        @param twistd: What differs from C{twistd --nodaemon}.
        """
        self.reactor = Reactor()
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
        Close what stays open to the end of a real process.
        """
        file = getattr(self.observer._observer, "_outFile", None)
        if isinstance(file, LogFile):
            file.close()


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    """
    What makes a L{Stage}.
    """
    stages: list[Stage] = []

    def make(logFormat: str = "text", **twistd: object) -> Stage:
        stages.append(Stage(logFormat, **twistd))
        return stages[-1]

    yield make
    for each in stages:
        with suppress(AttributeError):
            each.close()


@pytest.fixture
def usr1() -> Iterator[None]:
    """
    A signal that does after the test what it did before.
    """
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


Make = Callable[..., Stage]


def test_inTheForegroundItGoesToStandardOutput(
    stage: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    for nothing in (None, "", "-"):
        stage(logfile=nothing).log.info("hello {nick}", nick="x\x1b")
        assert capsys.readouterr().out.endswith(" [chat.test#info] hello x\\x1b\n")
    stage("json").log.info("hello {nick}", nick="x")
    assert json.loads(capsys.readouterr().out)["nick"] == "x"


@pytest.mark.parametrize("logFormat", ["text", "json"])
def test_inAFile(stage: Make, logFormat: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    stage(logFormat, logfile=str(path)).log.info("{nick}", nick="李雷\x7f")
    before, line = path.read_text(encoding="utf-8").splitlines()
    assert before == "before"
    if logFormat == "json":
        assert json.loads(line)["nick"] == "李雷\x7f"
    else:
        assert line.endswith(" [chat.test#info] 李雷\\x7f")


def test_inTheBackgroundItHasAFileOfItsOwn(
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
def test_aFileThatCannotBeWritten(stage: Make, tmp_path: Path, path: str, reason: str) -> None:
    full = str(tmp_path / path)
    with pytest.raises(SystemExit) as caught:
        stage(logfile=full)
    assert caught.value.code == f"twistd tcpchat: cannot write {full}: {reason}"


def test_aTerminalWithoutChinese(stage: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    written = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written, encoding="latin-1"))
    stage().log.info("é {nick}", nick="李雷")
    assert written.getvalue().endswith(b" \xe9 \\u674e\\u96f7\n")


@pytest.mark.parametrize("logFormat", ["text", "json"])
@pytest.mark.usefixtures("usr1")
def test_aSignalTurnsTheFileOver(stage: Make, logFormat: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    it = stage(logFormat, logfile=str(path))
    it.start()
    it.log.info("one")
    signal.raise_signal(signal.SIGUSR1)
    # Not before the reactor comes to it.
    assert not (tmp_path / "log.1").exists()
    it.reactor.turn()
    it.log.info("two")
    assert ["one" in (tmp_path / name).read_text() for name in ("log.1", "log")] == [True, False]
    # It is so to the end.
    IService(it.application).stopService()
    signal.raise_signal(signal.SIGUSR1)
    it.reactor.turn()
    assert "one" in (tmp_path / "log.2").read_text()


@pytest.mark.usefixtures("usr1")
def test_aFileThatWasMovedAwayIsMadeAnew(stage: Make, tmp_path: Path) -> None:
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
def test_withoutAFileASignalDoesWhatItDid(stage: Make) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    stage().start()
    assert signal.getsignal(signal.SIGUSR1) is before


def test_aFileIsTurnedOverAtAMegabyteAndTheOldestIsRemoved(stage: Make, tmp_path: Path) -> None:
    path = tmp_path / "log"
    for number in range(1, KEPT + 2):
        (tmp_path / f"log.{number}").write_text(f"{number}")
    path.write_bytes(b"x" * 1_000_000)
    stage(logfile=str(path)).log.info("hello")
    assert (tmp_path / "log.1").stat().st_size == 1_000_000
    assert path.stat().st_size < 1000
    assert (tmp_path / f"log.{KEPT}").read_text() == f"{KEPT - 1}"
    assert len(os.listdir(tmp_path)) == KEPT + 1


def test_whoBringsHisOwnLogHasIt(stage: Make) -> None:
    assert stage(logger=lambda: None).observer is None


def test_syslogGetsNothingElse(stage: Make, monkeypatch: pytest.MonkeyPatch) -> None:
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
