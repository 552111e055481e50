"""Tests for L{chat.operations.motd}."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat.operations.motd import MAX_BYTES, readMOTD
from chat.vocabulary.errors import CannotRead


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "motd"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"Be kind.", "Be kind."),
        (b"Be kind.\n", "Be kind."),
        (b"Be kind.\r\n\r\nRules:\n", "Be kind.\n\nRules:"),
        ("你好\n\x1b[31mred\x07\tink\n".encode(), "你好\nred ink"),
    ],
)
def test_itsLinesMayBeShown(file: Path, data: bytes, text: str) -> None:
    file.write_bytes(data)
    assert readMOTD(str(file)) == text


@pytest.mark.parametrize("data", [b"caf\xe9", b"\xff\xfeB\x00", "你".encode()[:2]])
def test_itIsUTF8(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(CannotRead) as raised:
        readMOTD(str(file))
    assert str(raised.value) == f"{file}: not UTF-8"


def test_itsLengthHasALimit(file: Path) -> None:
    file.write_bytes(b"x" * MAX_BYTES)
    assert len(readMOTD(str(file))) == MAX_BYTES
    file.write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(CannotRead) as raised:
        readMOTD(str(file))
    assert str(raised.value) == f"{file}: longer than 65536 bytes"


def test_aFileWithoutAnEndIsNotReadToIt() -> None:
    with pytest.raises(CannotRead, match="longer than"):
        readMOTD("/dev/zero")


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file or directory"), (".", "Is a directory")]
)
def test_whatCannotBeReadIsTold(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(CannotRead) as raised:
        readMOTD(f"{tmp_path}/{name}")
    assert str(raised.value) == f"{tmp_path}/{name}: {reason}"
