"""Tests for L{chat.operations.transcript}."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chat.operations.transcript import MAX_WAITING, Transcript
from chat.rendering import renderingFor
from chat.vocabulary.errors import CannotStart
from chat.vocabulary.events import Acted, Line, Said
from chat.vocabulary.style import Style
from tests.support.samples import AT


def said(text: str) -> Said:
    return Said("#lobby", 1, AT, "alice", text)


class TranscriptStage:
    """
    A transcript whose thread writes when the test says so.
    """

    def __init__(self, path: Path | str) -> None:
        self._calls: list[tuple[Callable[[bytes], None], bytes, Deferred[None]]] = []
        rendering = renderingFor(Style()).elsewhere
        self.transcript = Transcript(str(path), rendering, self._inThread)

    def _inThread(self, write: Callable[[bytes], None], data: bytes) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        self._calls.append((write, data, done))
        return done

    def start(self) -> TranscriptStage:
        self.transcript.startService()
        return self

    def append(self, *events: Line) -> None:
        for event in events:
            self.transcript.append(event)

    def writeOne(self) -> None:
        """
        Let the thread write the batch that it was given.
        """
        [(write, data, done)] = self._calls
        self._calls.clear()
        try:
            write(data)
        except OSError:
            done.errback(Failure())
        else:
            done.callback(None)

    def writeAll(self) -> int:
        """
        @return: How often the thread had to write.
        """
        count = 0
        while self._calls:
            self.writeOne()
            count += 1
        return count


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "transcript"


@pytest.fixture
def stage(path: Path) -> TranscriptStage:
    return TranscriptStage(path).start()


def test_linesAreAppended(path: Path) -> None:
    path.write_text("before\n")
    stage = TranscriptStage(path).start()
    stage.append(said("你好"), Acted("#dev", 1, AT, "bob", "waves"))
    stage.writeAll()
    assert path.read_bytes().decode() == (
        "before\n2026-11-21T04:35:38Z #lobby alice: 你好\n2026-11-21T04:35:38Z #dev  * bob waves\n"
    )


def test_onlyTheThreadWrites(stage: TranscriptStage, path: Path) -> None:
    stage.append(said("hello"))
    assert path.read_text() == ""


def test_linesThatComeWhileTheDiskIsBusyAreWrittenTogether(
    stage: TranscriptStage, path: Path
) -> None:
    stage.append(*(said(str(number)) for number in range(100)))
    assert stage.writeAll() == 2
    assert [line.split(": ")[1] for line in path.read_text().splitlines()] == [
        str(number) for number in range(100)
    ]


def test_theFileMayBeMovedAway(stage: TranscriptStage, path: Path, tmp_path: Path) -> None:
    stage.append(said("one"))
    stage.writeAll()
    path.rename(tmp_path / "moved")
    stage.append(said("two"))
    stage.writeAll()
    assert "one" in (tmp_path / "moved").read_text()
    assert path.read_text().endswith("alice: two\n")


def test_thePathIsThatOfTheStart(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stage = TranscriptStage("transcript").start()
    monkeypatch.chdir("/")
    stage.append(said("hello"))
    stage.writeAll()
    assert "hello" in path.read_text()


def test_aFileThatCannotBeWrittenPreventsTheStart(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"^cannot write .*/missing/file: No such file"):
        TranscriptStage(tmp_path / "missing/file").start()


def test_theFileIsNotOpenedWithPrivileges(tmp_path: Path) -> None:
    """A file made by a privileged process could not be written later."""
    TranscriptStage(tmp_path / "missing/file").transcript.privilegedStartService()


def test_linesThatTheDiskRefusesAreCountedAndNoted(stage: TranscriptStage, path: Path) -> None:
    path.unlink()
    path.mkdir()
    with capturedLogs() as logged:
        stage.append(*(said("lost") for _ in range(3)))
        stage.writeAll()
        stage.append(said("lost, too"))
        stage.writeAll()
        path.rmdir()
        stage.append(said("kept"))
        stage.writeAll()
    first, second = path.read_text().splitlines()
    assert first == "--- 4 lines were lost"
    assert second.endswith("alice: kept")
    assert any("Is a directory" in str(event.get("reason")) for event in logged)
    assert logged[-1]["lost"] == 4


def test_waitingLinesAreBounded(stage: TranscriptStage, path: Path) -> None:
    stage.append(*(said("kept") for _ in range(MAX_WAITING + 1)))
    stage.append(*(said("lost") for _ in range(5)))
    stage.writeAll()
    with capturedLogs() as logged:
        stage.append(said("kept"))
    stage.writeAll()
    lines = path.read_text().splitlines()
    assert lines[-2] == "--- 5 lines were lost"
    assert len([line for line in lines if line.endswith("alice: kept")]) == MAX_WAITING + 2
    assert [event["lost"] for event in logged] == [5]


def test_stoppingWaitsForTheDisk(stage: TranscriptStage, path: Path) -> None:
    stage.append(said("one"), said("two"))
    stopped = stage.transcript.stopService()
    stage.writeOne()
    assert not stopped.called
    stage.writeOne()
    assert stopped.called
    assert path.read_text().endswith("alice: two\n")


def test_stoppingIsDoneAtOnceIfNothingWaits(stage: TranscriptStage) -> None:
    stage.append(said("one"))
    stage.writeAll()
    assert stage.transcript.stopService().called
