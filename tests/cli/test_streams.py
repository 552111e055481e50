"""Tests for L{chat.cli.streams}: threads, and the turns of a reactor made by hand."""

import os
from pathlib import Path

import pytest

from chat.cli.streams import MAX_UNWRITTEN, PIECE, InputStream, OutputStream
from tests.support.clients import Turns


class Reader:
    """An input stream and what it has read."""

    def __init__(self, turns: Turns, descriptor: int) -> None:
        self.data: list[bytes] = []
        self.ends = 0
        self.stream = InputStream(turns, descriptor, self.data.append, self.end)

    def end(self) -> None:
        self.ends += 1


@pytest.fixture
def pipe() -> tuple[int, int]:
    # Never closed: a thread that is left behind must not meet the number again.
    return os.pipe()


def test_pipe(pipe: tuple[int, int]) -> None:
    """What is written into a pipe is read, up to its end."""
    turns = Turns()
    reader = Reader(turns, pipe[0])
    reader.stream.start()
    for data in (b"one", b"two"):
        os.write(pipe[1], data)
        turns.next()
    os.close(pipe[1])
    turns.next()
    assert (reader.data, reader.ends) == ([b"one", b"two"], 1)
    assert turns.isQuiet


def test_file(tmp_path: Path) -> None:
    """So is a file, which no reactor can wait for, piece by piece."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * (PIECE + 1))
    turns = Turns()
    with file.open("rb") as opened:
        reader = Reader(turns, opened.fileno())
        reader.stream.start()
        turns.until(lambda: reader.ends > 0)
    assert [len(data) for data in reader.data] == [PIECE, 1]


def test_notReadable(tmp_path: Path) -> None:
    """What cannot be read has ended."""
    turns = Turns()
    with (tmp_path / "file").open("wb") as opened:
        reader = Reader(turns, opened.fileno())
        reader.stream.start()
        turns.until(lambda: reader.ends > 0)
    assert reader.data == []


def test_paused(tmp_path: Path) -> None:
    """While it is paused, one piece is read at most, and no byte is lost."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * (10 * PIECE))
    turns = Turns()
    with file.open("rb") as opened:
        reader = Reader(turns, opened.fileno())
        reader.stream.start()
        turns.next()
        reader.stream.pauseProducing()
        turns.next()
        assert len(reader.data) == 2
        assert os.lseek(opened.fileno(), 0, os.SEEK_CUR) == 2 * PIECE
        assert turns.isQuiet
        reader.stream.resumeProducing()
        reader.stream.resumeProducing()
        turns.until(lambda: reader.ends > 0)
    assert sum(map(len, reader.data)) == 10 * PIECE


def test_stopped(pipe: tuple[int, int]) -> None:
    """Once it has been stopped, nothing is heard of it."""
    turns = Turns()
    reader = Reader(turns, pipe[0])
    reader.stream.start()
    reader.stream.stopProducing()
    os.write(pipe[1], b"late")
    turns.next()
    reader.stream.resumeProducing()
    assert (reader.data, reader.ends) == ([], 0)
    assert turns.isQuiet


class Producer:
    """Counts how often it is paused and resumed."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")


def test_write(pipe: tuple[int, int]) -> None:
    """What is written arrives in order, and one can wait until it has."""
    turns = Turns()
    output = OutputStream(turns, pipe[1], pytest.fail)
    flushed: list[None] = []
    output.whenFlushed().addCallback(flushed.append)
    assert flushed == [None]
    output.write(b"")
    output.write(b"one ")
    output.write(b"two")
    output.whenFlushed().addCallback(flushed.append)
    assert flushed == [None]
    turns.until(lambda: len(flushed) == 2)
    assert os.read(pipe[0], 100) == b"one two"


def test_slowReader(pipe: tuple[int, int]) -> None:
    """Who produces more than is read is paused, and resumed in time."""
    turns = Turns()
    output = OutputStream(turns, pipe[1], pytest.fail)
    producer = Producer()
    output.setProducer(producer)
    written = 0
    while not producer.calls:
        output.write(b"x" * PIECE)
        written += PIECE
    assert MAX_UNWRITTEN < written <= MAX_UNWRITTEN + PIECE
    output.write(b"x" * PIECE)
    flushed: list[None] = []
    output.whenFlushed().addCallback(flushed.append)
    read = 0
    while read < written + PIECE:
        read += len(os.read(pipe[0], PIECE))
    turns.until(lambda: bool(flushed))
    assert producer.calls == ["pause", "resume"]


def test_readerGone(pipe: tuple[int, int]) -> None:
    """It is told once that nobody reads any more; nobody waits for it then."""
    turns = Turns()
    failures: list[OSError] = []
    output = OutputStream(turns, pipe[1], failures.append)
    os.close(pipe[0])
    output.write(b"one")
    output.write(b"two")
    flushed: list[None] = []
    output.whenFlushed().addCallback(flushed.append)
    turns.until(lambda: bool(flushed))
    output.write(b"three")
    output.whenFlushed().addCallback(flushed.append)
    assert len(flushed) == 2
    assert [type(error) for error in failures] == [BrokenPipeError]
