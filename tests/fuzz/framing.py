"""
What holds for L{chat.protocols.framing}, whatever comes and however it is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from chat.protocols.framing import Broken, LineFramer
from chat.vocabulary.limits import Limits
from tests.fuzz.source import Source, ways

Frame = bytes | Broken

_LIMITS = [(8, 20), (8, 4), (2, 2), (Limits.maxLine, Limits.maxUnended)]

SEEDS = [
    b"",
    b"\x00\x00\x00hello\r\nworld\n",
    b"\x00\x01\x01\x01\r\n\r\x00\r\n\n\rx\r",
    b"\x00\x00\x02\x07\x01xxxxxxx\r\nxxxxxxx\rxxxxxxxx\n",
    b"\x01\x01\x01\x03xxxx\rxxxxx\n",
    b"\x02\x01\x00\r\n\r\nx\nxx\nxxx",
    b"\x03\x00\x00" + b"x" * 1023 + b"\r\n" + b"x" * 1022 + b"\r\n",
]


def oneInput(data: bytes) -> None:
    """
    Check an input of the fuzzer.
    """
    source = Source(data)
    maxLine, maxEndless = _LIMITS[source.number(len(_LIMITS))]
    isEnded = bool(source.number(2))
    check(source.pieces(), maxLine, maxEndless, isEnded)


def check(
    pieces: Sequence[bytes],
    maxLine: float = Limits.maxLine,
    maxEndless: float = Limits.maxUnended,
    isEnded: bool = False,
) -> None:
    """
    The frames are those of L{plainFrames}, and little is kept of a line that has no end yet.

    @param isEnded: Whether nothing comes after the last piece.
    """
    data = b"".join(pieces)
    expected = plainFrames(data, maxLine, maxEndless, isEnded)
    for cut in ways(pieces):
        framer = LineFramer(maxLine, maxEndless)
        frames = []
        for piece in cut:
            framer.receive(piece)
            frames += taken(framer)
            assert len(framer.rest) == len(framer._data) <= min(maxLine, maxEndless + 1)
        if isEnded:
            framer.end()
        frames += taken(framer)
        assert frames == expected, cut
        assert framer.next() is None
    # Nothing depends on when they are taken out.
    framer = LineFramer(maxLine, maxEndless)
    for piece in pieces:
        framer.receive(piece)
    if isEnded:
        framer.end()
    assert taken(framer) == expected


def taken(framer: LineFramer) -> list[Frame]:
    """
    @return: All frames that are there.
    """
    return list(iter(framer.next, None))


def plainFrames(data: bytes, maxLine: float, maxEndless: float, isEnded: bool) -> list[Frame]:
    """
    The frames in some bytes, found in the plainest way: one byte after the other.
    """
    frames: list[Frame] = []
    start = place = 0
    while place < len(data):
        pair = data[place : place + 2]
        size = place - start
        if pair[:1] not in (b"\r", b"\n"):
            place += 1
            continue
        if size > maxEndless:
            return [*frames, Broken.ENDLESS]
        if pair == b"\r" and size == maxLine - 1 and not isEnded:
            # The next byte decides.
            return frames
        end = 2 if pair in (b"\r\n", b"\r\x00") else 1
        frames.append(data[start:place] if size + end <= maxLine else Broken.TOO_LONG)
        start = place = place + end
    rest = data[start:]
    if len(rest) > maxEndless:
        frames.append(Broken.ENDLESS)
    elif rest and isEnded:
        frames.append(rest if len(rest) < maxLine else Broken.TOO_LONG)
    return frames
