"""
Tests for the streams of L{chat.cli.streams}; those of its feeder are in C{test_pipe}.

The threads are real, and the turns of the reactor are taken by hand.
"""

import os
from pathlib import Path

import pytest

from chat.cli.streams import MAX_UNWRITTEN, PIECE, InputStream, OutputStream
from tests.support.clients import Turns


class ReadStream:
    """An input stream, and what it has read."""

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


def test_aPipeIsReadToItsEnd(pipe: tuple[int, int]) -> None:
    turns = Turns()
    source = ReadStream(turns, pipe[0])
    source.stream.start()
    for data in (b"one", b"two"):
        os.write(pipe[1], data)
        turns.next()
    os.close(pipe[1])
    turns.next()
    assert (source.data, source.ends) == ([b"one", b"two"], 1)
    assert turns.isQuiet


def test_aFileIsReadPieceByPiece(tmp_path: Path) -> None:
    """No reactor can wait for one."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * (PIECE + 1))
    turns = Turns()
    with file.open("rb") as opened:
        source = ReadStream(turns, opened.fileno())
        source.stream.start()
        turns.until(lambda: source.ends > 0)
    assert [len(data) for data in source.data] == [PIECE, 1]


def test_aDescriptorThatCannotBeReadHasEnded(tmp_path: Path) -> None:
    turns = Turns()
    with (tmp_path / "file").open("wb") as opened:
        source = ReadStream(turns, opened.fileno())
        source.stream.start()
        turns.until(lambda: source.ends > 0)
    assert source.data == []


def test_atMostOnePieceIsReadWhilePaused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * (10 * PIECE))
    turns = Turns()
    with file.open("rb") as opened:
        source = ReadStream(turns, opened.fileno())
        source.stream.start()
        turns.next()
        source.stream.pauseProducing()
        turns.next()
        assert len(source.data) == 2
        assert os.lseek(opened.fileno(), 0, os.SEEK_CUR) == 2 * PIECE
        assert turns.isQuiet
        source.stream.resumeProducing()
        source.stream.resumeProducing()
        turns.until(lambda: source.ends > 0)
    assert sum(map(len, source.data)) == 10 * PIECE


def test_nothingIsReceivedOnceStopped(pipe: tuple[int, int]) -> None:
    turns = Turns()
    source = ReadStream(turns, pipe[0])
    source.stream.start()
    source.stream.stopProducing()
    os.write(pipe[1], b"late")
    turns.next()
    source.stream.resumeProducing()
    assert (source.data, source.ends) == ([], 0)
    assert turns.isQuiet


class Producer:
    """Counts how often it is paused and resumed."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")


def test_whatIsWrittenArrivesInOrder(pipe: tuple[int, int]) -> None:
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


def test_theProducerIsPausedWhileTooMuchWaits(pipe: tuple[int, int]) -> None:
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


def test_aClosedOutputIsToldOnceAndNothingWaitsForIt(pipe: tuple[int, int]) -> None:
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
