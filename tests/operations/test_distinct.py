"""Tests for L{chat.operations.distinct}."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chat.operations.distinct import requireDistinct


def same(directory: Path) -> Path:
    return directory / "one"


def symbolic(directory: Path) -> Path:
    (directory / "other").symlink_to("one")
    return directory / "other"


def hard(directory: Path) -> Path:
    (directory / "one").touch()
    os.link(directory / "one", directory / "other")
    return directory / "other"


def around(directory: Path) -> Path:
    return directory / ".." / directory.name / "one"


@pytest.mark.parametrize("other", [same, symbolic, hard, around])
def test_oneFileIsRefusedByWhateverPath(tmp_path: Path, other: Callable[[Path], Path]) -> None:
    """It need not be there yet."""
    path = str(other(tmp_path))
    with pytest.raises(ValueError, match=f"^--a and --b use the same file, {path}$"):
        requireDistinct([("--a", str(tmp_path / "one")), ("--b", path)])


def test_severalFilesOfOneOptionAndDevicesAreFine(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    pipe, one, other = (str(tmp_path / name) for name in ("pipe", "one", "other"))
    requireDistinct([("--a", one), ("--a", one), ("--b", other), ("--b", pipe), ("--c", pipe)])
    requireDistinct([("--a", "/dev/null"), ("--b", "/dev/null")])
