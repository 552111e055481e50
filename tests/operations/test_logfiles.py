"""Tests for L{chat.operations.logfiles}; L{tests.operations.test_logs} has those of the service."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chat.operations import logfiles
from chat.operations.logfiles import KEPT, ROTATED_AT, RotatedFile


def say(file: RotatedFile, text: str) -> None:
    data = f"{text}\n".encode()
    assert file.write(memoryview(data)) == len(data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log[1]"


def test_aFileIsRotatedAtAMegabyteAndTheOldestIsRemoved(path: Path) -> None:
    def rotated(number: int) -> Path:
        return path.with_name(f"{path.name}.{number}")

    for number in range(1, KEPT + 1):
        rotated(number).write_text(f"{number}")
    rotated(7).unlink()
    others = [path.with_name(f"{path.name}.{end}") for end in ("gz", "0")]
    for each in others:
        each.write_text("")
    path.write_bytes(b"x" * ROTATED_AT)
    say(RotatedFile(str(path)), "hello")
    assert rotated(1).stat().st_size == ROTATED_AT
    assert path.read_text() == "hello\n"
    assert rotated(KEPT).read_text() == f"{KEPT - 1}"
    assert all(each.exists() for each in others)
    assert len(os.listdir(path.parent)) == KEPT + len(others)


def test_aMovedFileIsMadeAnew(path: Path) -> None:
    file = RotatedFile(str(path))
    say(file, "one")
    path.rename(path.with_name("moved"))
    say(file, "two")
    file.turnOver()
    say(file, "three")
    assert path.with_name("moved").read_text() == "one\ntwo\n"
    assert path.read_text() == "three\n"
    assert sorted(os.listdir(path.parent)) == sorted([path.name, "moved"])


def _renames(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    def rename(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", rename)


def _opens(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    def open_(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", open_)


def test_aFileThatCannotBeRenamedGrows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfiles, "ROTATED_AT", 1)
    file = RotatedFile(str(path))
    say(file, "one")
    _renames(monkeypatch, path)
    say(file, "two")
    file.turnOver()
    monkeypatch.undo()
    assert path.read_text() == "one\ntwo\n"
    file.turnOver()
    say(file, "three")
    assert path.read_text() == "three\n"


@pytest.mark.parametrize("turn", [RotatedFile.turnOver, lambda file: None])
def test_aDiskThatIsFullInTheWrongMomentIsWrittenLater(
    path: Path, monkeypatch: pytest.MonkeyPatch, turn: Callable[[RotatedFile], None]
) -> None:
    """The old file has been renamed, and the new one cannot be made."""
    monkeypatch.setattr(logfiles, "ROTATED_AT", 1)
    file = RotatedFile(str(path))
    say(file, "one")
    with monkeypatch.context() as full:
        _opens(full, path)
        turn(file)
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                file.write(memoryview(b"lost\n"))
    say(file, "two")
    assert path.read_text() == "two\n"
    assert path.with_name(f"{path.name}.1").read_text() == "one\n"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o640), (0o077, 0o600)])
def test_aNewFileIsNotForAll(path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        file = RotatedFile(str(path))
        # twistd sets another one after this.
        os.umask(0o077)
        file.turnOver()
    finally:
        os.umask(before)
    modes = {each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert modes == {mode}
    assert len(os.listdir(path.parent)) == 2


def test_aFileThatIsThereKeepsItsMode(path: Path) -> None:
    path.touch(0o604)
    path.chmod(0o604)
    file = RotatedFile(str(path))
    file.turnOver()
    assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o604}
