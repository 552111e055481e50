"""Tests for L{chat.operations.transcript}."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from twisted.logger import capturedLogs

from chat.operations.transcript import END_WITHIN, Transcript
from chat.rendering import renderingFor
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.events import Acted, Line, Said
from chat.vocabulary.style import Style
from tests.support.reactors import SignalReactor
from tests.support.samples import AT


def said(text: str) -> Said:
    return Said("#lobby", 1, AT, "alice", text)


class TranscriptStage:
    """
    A transcript with its thread.
    """

    def __init__(self, path: Path | str) -> None:
        self.reactor = SignalReactor()
        reactor: Any = self.reactor
        self.transcript = Transcript(str(path), renderingFor(Style()).elsewhere, reactor)

    def start(self) -> TranscriptStage:
        self.transcript.startService()
        return self

    def append(self, *events: Line) -> None:
        for event in events:
            self.transcript.append(event)

    def write(self, *events: Line) -> None:
        """Append, and wait until the thread has written."""
        self.append(*events)
        self.transcript._writer.flush(10)

    def hold(self) -> Event:
        """
        @return: The thread does nothing until this is set.
        """
        free, isHeld = Event(), Event()

        def hold() -> None:
            isHeld.set()
            free.wait(30)

        self.transcript._writer.then(hold)
        assert isHeld.wait(10)
        return free

    def close(self) -> None:
        self.transcript._writer.stop(lambda: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "transcript"


@pytest.fixture
def stage(path: Path) -> Iterator[TranscriptStage]:
    stage = TranscriptStage(path).start()
    yield stage
    stage.close()


def test_linesAreAppended(stage: TranscriptStage, path: Path) -> None:
    path.write_text("before\n")
    stage.write(said("你好"), Acted("#dev", 1, AT, "bob", "waves"))
    assert path.read_bytes().decode() == (
        "before\n2026-11-21T04:35:38Z #lobby alice: 你好\n2026-11-21T04:35:38Z #dev  * bob waves\n"
    )


def test_onlyTheThreadWrites(stage: TranscriptStage, path: Path) -> None:
    free = stage.hold()
    stage.append(*(said(str(number)) for number in range(100)))
    assert path.read_text() == ""
    free.set()
    stage.write()
    assert [line.split(": ")[1] for line in path.read_text().splitlines()] == [
        str(number) for number in range(100)
    ]


def test_theFileMayBeMovedAway(stage: TranscriptStage, path: Path, tmp_path: Path) -> None:
    stage.write(said("one"))
    path.rename(tmp_path / "moved")
    stage.write(said("two"))
    assert "one" in (tmp_path / "moved").read_text()
    assert path.read_text().endswith("alice: two\n")


def test_thePathIsThatOfTheStart(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stage = TranscriptStage("transcript").start()
    monkeypatch.chdir("/")
    stage.write(said("hello"))
    stage.close()
    assert "hello" in path.read_text()


def test_aNewFileIsForItsOwnerOnly(path: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        stage = TranscriptStage(path).start()
        assert path.stat().st_mode & 0o777 == 0o600
        # The operator may think otherwise.
        path.chmod(0o640)
        stage.write(said("one"))
        assert path.stat().st_mode & 0o777 == 0o640
        path.unlink()
        stage.write(said("two"))
        assert path.stat().st_mode & 0o777 == 0o600
        stage.close()
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/file", "No such file or directory"),
        (".", "Is a directory"),
        ("fifo", "No such device or address"),
    ],
)
def test_aFileThatCannotBeWrittenPreventsTheStart(tmp_path: Path, name: str, reason: str) -> None:
    """Nor does a FIFO that no program reads keep the start waiting."""
    os.mkfifo(tmp_path / "fifo")
    path = os.path.abspath(tmp_path / name)
    with pytest.raises(CannotStart) as caught:
        TranscriptStage(tmp_path / name).start()
    assert str(caught.value) == f"cannot write {path}: {reason}"


def test_theFileIsNotOpenedWithPrivileges(tmp_path: Path) -> None:
    """A file made by a privileged process could not be written later."""
    TranscriptStage(tmp_path / "missing/file").transcript.privilegedStartService()


def test_aFailingFileIsLoggedOnceAndOnceWhenItIsWrittenAgain(
    stage: TranscriptStage, path: Path
) -> None:
    path.unlink()
    path.mkdir()
    with capturedLogs() as logged:
        for _ in range(3):
            stage.write(said("lost"))
        path.rmdir()
        stage.write(said("kept"), said("kept"))
        stage.write(said("kept"))
    first, *others = path.read_text().splitlines()
    assert first == "--- 3 lines were lost"
    assert len(others) == 3
    assert stage.transcript.lost == 3
    formats = (
        "cannot write the transcript: {reason}",
        "{lost} lines are missing from the transcript",
    )
    assert tuple(event["log_format"] for event in logged) == formats
    assert (logged[0]["reason"], logged[1]["lost"]) == ("Is a directory", 3)
    namespaces = {event["log_namespace"] for event in logged}
    assert namespaces == {"chat.operations.transcript.Transcript"}


def test_stoppingWaitsForTheDisk(stage: TranscriptStage, path: Path) -> None:
    free = stage.hold()
    stage.append(said("one"), said("two"))
    stopped = stage.transcript.stopService()
    stage.reactor.turn()
    assert not stopped.called
    free.set()
    stage.transcript._writer._thread.join(10)
    stage.reactor.turn()
    assert stopped.called
    assert path.read_text().endswith("alice: two\n")
    assert stage.reactor.getDelayedCalls() == []


def test_stoppingDoesNotWaitForever(stage: TranscriptStage) -> None:
    free = stage.hold()
    stage.append(said("one"))
    with capturedLogs() as logged:
        stopped = stage.transcript.stopService()
        stage.reactor.advance(END_WITHIN)
    assert stopped.called
    [event] = logged
    assert event["log_format"].startswith("the transcript is incomplete")
    free.set()
    # The disk answers too late.
    stage.transcript._writer._thread.join(10)
    stage.reactor.turn()
