"""Tests for L{chat.protocols.framing}."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.protocols.framing import Broken, LineFramer
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.fuzz.framing import Frame, check, taken

MAX_LINE = int(Limits.maxLine)
MAX_ENDLESS = int(Limits.maxUnended)

ENDS = [b"\n", b"\r\n", b"\r\x00", b"\r"]


def framesOf(*pieces: bytes, ended: bool = False, framer: LineFramer | None = None) -> list[Frame]:
    """
    The frames in some bytes.

    @param ended: whether nothing comes after them.
    """
    framer = framer or LineFramer()
    for piece in pieces:
        framer.receive(piece)
    if ended:
        framer.end()
    return taken(framer)


def _singly(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def test_limitsOfTheProtocol() -> None:
    assert (MAX_LINE, MAX_ENDLESS) == (1024, 16 * 1024)


@pytest.mark.parametrize("end", ENDS)
def test_lineEnds(end: bytes) -> None:
    """Each of them ends a line, in one piece or in several."""
    data = b"one" + end + b"two" + end
    assert framesOf(data) == [b"one", b"two"]
    assert framesOf(*_singly(data)) == [b"one", b"two"]


def test_lineEndsMixed() -> None:
    assert framesOf(b"a\nb\r\nc\r\x00d\re\n") == [b"a", b"b", b"c", b"d", b"e"]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"\n\n", 2),
        (b"\r\r", 2),
        (b"\r\n\r\n", 2),
        (b"\r\x00\r\x00", 2),
        (b"\r\n\x00", 1),
        (b"\r\x00\n", 2),
        (b"\n\r", 2),
        (b"\r\r\n", 2),
        (b"\n\r\n", 2),
    ],
)
def test_emptyLines(data: bytes, lines: int) -> None:
    """A pair is one end, and two of the same are two."""
    assert framesOf(data) == lines * [b""]
    assert framesOf(*_singly(data)) == lines * [b""]


def test_pairSplitOverTwoReads() -> None:
    """The line is there at once, and the rest of its end is no other line."""
    framer = LineFramer()
    framer.receive(b"one\r")
    assert taken(framer) == [b"one"]
    framer.receive(b"")
    framer.receive(b"\n")
    assert taken(framer) == []
    framer.receive(b"two\n")
    assert taken(framer) == [b"two"]


@pytest.mark.parametrize(
    "separator", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_otherSeparatorsEndNothing(separator: str) -> None:
    line = f"a{separator}b".encode()
    assert framesOf(line + b"\n") == [line]


def test_nulWithoutCR() -> None:
    """It is a byte of the line; what may be in a line is not decided here."""
    assert framesOf(b"a\x00b\n\x00\n") == [b"a\x00b", b"\x00"]


def test_waitsForTheEnd() -> None:
    framer = LineFramer()
    framer.receive(b"one")
    assert framer.next() is None
    framer.receive(b" two\nthree")
    assert taken(framer) == [b"one two"]


# How long a line may be.


@pytest.mark.parametrize("end", ENDS)
def test_longestLine(end: bytes) -> None:
    """The limit counts the end."""
    longest = b"x" * (MAX_LINE - len(end))
    # Only the byte behind a lone CR shows that it is one.
    behind = b"next\n"
    for data, frame in [(longest, longest), (longest + b"x", Broken.TOO_LONG)]:
        whole = data + end + behind
        assert framesOf(whole) == [frame, b"next"]
        assert framesOf(*_singly(whole)) == [frame, b"next"]
        assert framesOf(data, end, behind) == [frame, b"next"]
        assert framesOf(data + end[:1], end[1:] + behind) == [frame, b"next"]


def test_longestLineThenSilence() -> None:
    """Whether CR or CRLF ends a line of 1023 bytes, nothing says: then it is CR."""
    line = b"x" * (MAX_LINE - 1)
    assert framesOf(line + b"\r") == []
    assert framesOf(line + b"\r", ended=True) == [line]


def test_longLineIsNotMoreThanRefused() -> None:
    """What comes behind it is read."""
    for size in [MAX_LINE, MAX_LINE + 1, 3 * MAX_LINE, MAX_ENDLESS]:
        assert framesOf(b"a\n" + b"x" * size + b"\nb\n") == [b"a", Broken.TOO_LONG, b"b"]


def test_limitIsForEachLine() -> None:
    line = b"x" * (MAX_LINE - 1)
    assert framesOf(100 * (line + b"\n")) == 100 * [line]


# Too much without an end.


@pytest.mark.parametrize("size", [1, 1000, MAX_ENDLESS, 64 * 1024])
def test_endless(size: int) -> None:
    """More than 16 KiB, however they come; after that nothing is read."""
    data = b"x" * (MAX_ENDLESS + 1)
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert framesOf(*pieces) == [Broken.ENDLESS]
    assert framesOf(*pieces, b"\nmore\n", ended=True) == [Broken.ENDLESS]


def test_endlessThoughAnEndComes() -> None:
    """In one read with its end it is the same as in two."""
    data = b"a\n" + b"x" * (MAX_ENDLESS + 1) + b"\nb\n"
    assert framesOf(data) == [b"a", Broken.ENDLESS]
    assert framesOf(*_singly(data)) == [b"a", Broken.ENDLESS]


@pytest.mark.parametrize("end", ENDS)
def test_notQuiteEndless(end: bytes) -> None:
    data = b"x" * MAX_ENDLESS
    assert framesOf(data) == []
    assert framesOf(data + end + b"b\n") == [Broken.TOO_LONG, b"b"]
    assert framesOf(data, end, b"b\n") == [Broken.TOO_LONG, b"b"]


def test_manyLongLinesAreNotEndless() -> None:
    line = b"x" * (MAX_ENDLESS - 1) + b"\n"
    assert framesOf(10 * line) == 10 * [Broken.TOO_LONG]


@pytest.mark.parametrize("size", [1, 64 * 1024])
def test_memoryIsBounded(size: int) -> None:
    """Of what is too long nothing is kept."""
    framer = LineFramer()
    frames: list[Frame] = []
    pieces = [b"x" * size] * (256 * 1024 // size)
    tracemalloc.start()
    try:
        for piece in pieces:
            framer.receive(piece)
            frames += taken(framer)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 64 * 1024
    assert frames == [Broken.ENDLESS]


# The end of the input.


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        (b"", []),
        (b"one", [b"one"]),
        (b"one\n", [b"one"]),
        (b"one\r", [b"one"]),
        (b"one\ntwo", [b"one", b"two"]),
        (b"\n", [b""]),
        (b"x" * (MAX_LINE - 1), [b"x" * (MAX_LINE - 1)]),
        (b"x" * (MAX_LINE + 1), [Broken.TOO_LONG]),
        (b"x" * (MAX_ENDLESS + 1), [Broken.ENDLESS]),
    ],
)
def test_endOfInputEndsALine(data: bytes, frames: list[Frame]) -> None:
    """As C{printf hello | nc} expects; there is no line where there is nothing."""
    assert framesOf(data, ended=True) == frames


def test_endOfInputTwice() -> None:
    framer = LineFramer()
    framer.receive(b"one")
    framer.end()
    framer.end()
    assert taken(framer) == [b"one"]


# Any bytes, cut anywhere.


_bytes = st.lists(
    st.sampled_from([*ENDS, b"a", b"\x00", b"\xff", b"x" * 7, b"x" * 8, b"x" * 21]), max_size=12
).map(b"".join)
_places = st.lists(st.integers(0, 60))


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    return [data[a:b] for a, b in pairwise([0, *sorted(places), len(data)])]


@settings(max_examples=500)
@given(_bytes, _places, st.booleans())
@example(b"xxxxxxx\r\n", [], False)
@example(b"x" * 21 + b"\n", [], False)
def test_anySplitGivesTheSameFrames(data: bytes, places: list[int], ended: bool) -> None:
    """The same frames as are found by looking at one byte after the other."""
    check(_cut(data, places), maxLine=8, maxEndless=20, isEnded=ended)


@given(_bytes, _places, st.integers(2, 30), st.integers(1, 30), st.booleans())
def test_anyLimits(
    data: bytes, places: list[int], maxLine: int, maxEndless: int, ended: bool
) -> None:
    """Also such that a line that may be as long as that may not come without its end."""
    check(_cut(data, places), maxLine, maxEndless, ended)
    check(_cut(data, places), UNLIMITED, maxEndless, ended)
    check(_cut(data, places), maxLine, UNLIMITED, ended)


@settings(max_examples=500)
@given(_bytes)
def test_linesAreWhatAnyoneWouldCallLines(data: bytes) -> None:
    """Compared with the plainest way to split: all at once, by replacing."""
    plain = data.replace(b"\r\n", b"\n").replace(b"\r\x00", b"\n").replace(b"\r", b"\n")
    expected = plain.split(b"\n")[:-1]
    assert framesOf(data, framer=LineFramer(UNLIMITED, UNLIMITED)) == expected


@given(st.lists(st.binary(max_size=10).map(lambda line: line.translate(None, b"\r\n"))))
def test_whatWasWrittenIsRead(lines: list[bytes]) -> None:
    assert framesOf(b"".join(line + b"\r\n" for line in lines)) == lines


# What is there and not taken out.


@given(_bytes, _places)
def test_rest(data: bytes, places: list[int]) -> None:
    """It gets no longer by being looked at, and is what comes next."""
    framer = LineFramer()
    for piece in _cut(data, places):
        framer.receive(piece)
    while (frame := framer.next()) is not None:
        assert isinstance(frame, bytes)
        assert data.endswith(framer.rest)
    assert framer.rest.count(b"\n") == 0
    assert data.endswith(framer.rest)


def test_whatIsDoneIsNotKept() -> None:
    """Not even while there is more behind it, whose end is still to come."""
    framer = LineFramer()
    framer.receive(b"line\n" * 10_000 + b"x")
    assert len(taken(framer)) == 10_000
    assert framer.rest == framer._data == b"x"


def test_workIsLinear() -> None:
    """
    Half a megabyte of the worst is done in a moment; if each line had to do with all that is
    behind it, it would be half a minute.
    """
    begun = process_time()
    for line in (b"\n", b"x\r"):
        lines = 512 * 1024 // len(line)
        framer = LineFramer()
        framer.receive(line * lines)
        assert len(taken(framer)) == lines
    assert process_time() - begun < 15
