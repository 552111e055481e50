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
    path.write_bytes(b"x" * ROTATED_AT)
    say(RotatedFile(str(path)), "hello")
    assert rotated(1).stat().st_size == ROTATED_AT
    assert path.read_text() == "hello\n"
    assert rotated(KEPT).read_text() == f"{KEPT - 1}"
    assert len(os.listdir(path.parent)) == KEPT + 1


def test_onlyFilesOfTheRotationAreMovedAndOnlyThoseInTheWay(path: Path) -> None:
    """logrotate may give dates as numbers, and another program leading zeros."""
    names = "0", "01", "20251101", "101", "gz", "1.gz", "-1", "١", "5"
    for name in names:
        path.with_name(f"{path.name}.{name}").write_text(name)
    others = sorted(os.listdir(path.parent))
    path.with_name(f"{path.name}.2").mkdir()
    path.with_name(f"{path.name}.4").symlink_to("gone")
    file = RotatedFile(str(path))
    for text in ("one", "two"):
        say(file, text)
        file.turnOver()
    ours = [path.name, *(f"{path.name}.{number}" for number in range(1, 5))]
    assert sorted(os.listdir(path.parent)) == sorted([*others, *ours])
    assert all(path.with_name(f"{path.name}.{name}").read_text() == name for name in names)
    assert path.with_name(f"{path.name}.1").read_text() == "two\n"
    assert path.with_name(f"{path.name}.3").read_text() == "one\n"


def test_aFailedRotationThatIsTriedAgainMovesNothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the directory lets its owner alone rename the newest file."""
    monkeypatch.setattr(logfiles, "ROTATED_AT", 1)
    path.with_name(f"{path.name}.1").write_text("old\n")
    rename = os.rename

    def renameOthers(source: str, target: str) -> None:
        if source == str(path):
            raise PermissionError(1, "Operation not permitted")
        rename(source, target)

    monkeypatch.setattr(os, "rename", renameOthers)
    file = RotatedFile(str(path))
    for _ in range(3):
        say(file, "more")
    assert path.read_text() == "more\n" * 3
    assert sorted(os.listdir(path.parent)) == [path.name, f"{path.name}.2"]


def test_aLinkIsNotRenamed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """C{/dev/stdout} is one. Where it leads may be changed before the signal, as by logrotate."""
    monkeypatch.setattr(logfiles, "ROTATED_AT", 1)
    target = path.with_name("target")
    target.touch()
    path.symlink_to(target)
    file = RotatedFile(str(path))
    say(file, "one")
    say(file, "two")
    file.turnOver()
    say(file, "three")
    target.rename(path.with_name("moved"))
    file.turnOver()
    say(file, "four")
    assert path.is_symlink()
    assert target.read_text() == "four\n"
    assert path.with_name("moved").read_text() == "one\ntwo\nthree\n"
    assert len(os.listdir(path.parent)) == 3


def test_aFileOfAnotherProgramIsNotRenamed(path: Path) -> None:
    """logrotate has moved ours away, and made the new one itself."""
    file = RotatedFile(str(path))
    say(file, "one")
    path.rename(path.with_name("moved"))
    path.touch()
    file.turnOver()
    say(file, "two")
    assert path.read_text() == "two\n"
    assert sorted(os.listdir(path.parent)) == sorted([path.name, "moved"])


def test_aCutLineIsEndedInItsOwnFileOnly(path: Path) -> None:
    file = RotatedFile(str(path))
    file.write(memoryview(b"half"))
    file.turnOver()
    assert file.write(memoryview(b"\ntwo\n")) == 1
    say(file, "two")
    assert file.write(memoryview(b"\nthree\n")) == 7
    assert path.read_text() == "two\n\nthree\n"


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
