"""Tests for L{chat.protocols.telnet}."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from re import _parser  # type: ignore[attr-defined]
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.protocols import telnet
from chat.protocols.telnet import MAX_SUBNEGOTIATION, TelnetCodec
from tests.fuzz.telnet import check

IAC, DONT, DO, WONT, WILL, SB, AYT, NOP, SE = (
    bytes((code,)) for code in [255, 254, 253, 252, 251, 250, 246, 241, 240]
)
TIMING_MARK = b"\x06"


def exchange(*pieces: bytes) -> tuple[bytes, bytes, bool, bool]:
    """
    @return: the text in what has been read, what is sent back, whether the peer
        asked if anybody is there, and whether a subnegotiation is endless.
    """
    codec = TelnetCodec()
    text, replies = b"", b""
    asked = False
    for piece in pieces:
        text += codec.receive(piece)
        replies += codec.takeReplies()
        asked = codec.takeAsked() or asked
    return text, replies, asked, codec.isEndless


def textOf(*pieces: bytes) -> bytes:
    return exchange(*pieces)[0]


def repliesTo(*pieces: bytes) -> bytes:
    return exchange(*pieces)[1]


@given(st.binary().map(lambda data: data.replace(IAC, b"")))
def test_nothingForWhoSpeaksNoTelnet(data: bytes) -> None:
    """nc gets no stray bytes, and all that it sends is text."""
    assert exchange(data) == (data, b"", False, False)


def test_ctrlC() -> None:
    """
    A telnet client sends these bytes and hides all output until they are answered:
    so they are, every time.  The key itself is for the line.
    """
    ctrlC = b"\xff\xf4\xff\xfd\x06"
    codec = TelnetCodec()
    for _ in range(3):
        assert codec.receive(b"he" + ctrlC + b"llo") == b"he\x03llo"
        assert codec.takeReplies() == b"\xff\xfc\x06"
    assert codec.receive(ctrlC + ctrlC) == b"\x03\x03"
    assert codec.takeReplies() == 2 * b"\xff\xfc\x06"


def test_timingMarkOffered() -> None:
    assert repliesTo(2 * (IAC + WILL + TIMING_MARK)) == 2 * (IAC + DONT + TIMING_MARK)


@pytest.mark.parametrize(("asked", "answer"), [(DO, WONT), (WILL, DONT)])
def test_optionsAreRefusedOnce(asked: bytes, answer: bytes) -> None:
    """Each of them; a peer that asks again gets no second answer."""
    options = [bytes((code,)) for code in range(1, 256) if code != TIMING_MARK[0]]
    codec = TelnetCodec()
    for option in options:
        assert codec.receive(b"a" + IAC + asked + option + b"b") == b"ab"
        assert codec.takeReplies() == IAC + answer + option
    for option in options:
        assert codec.receive(b"a" + IAC + asked + option + b"b") == b"ab"
        assert codec.takeReplies() == b""


def test_binaryIsAgreedToOnce() -> None:
    """RFC 856: UTF-8 needs all eight bits of a byte."""
    codec = TelnetCodec()
    for replies in (IAC + WILL + b"\x00" + IAC + DO + b"\x00", b""):
        assert codec.receive(IAC + DO + b"\x00a" + IAC + WILL + b"\x00") == b"a"
        assert codec.takeReplies() == replies


def test_askingAndOfferingAreTwoThings() -> None:
    replies = repliesTo(IAC + DO + b"\x01" + IAC + WILL + b"\x01")
    assert replies == IAC + WONT + b"\x01" + IAC + DONT + b"\x01"


@pytest.mark.parametrize("verb", [WONT, DONT])
def test_whatIsOffNeedsNoAnswer(verb: bytes) -> None:
    """An answer to an answer would go on for ever."""
    assert exchange(b"a" + IAC + verb + b"\x01b") == (b"ab", b"", False, False)


def test_whatATelnetClientSendsFirst() -> None:
    """One option after the other, where the port is one that it knows."""
    data = b"".join(
        IAC + verb + bytes((option,)) for verb, option in [(DO, 3), (WILL, 24), (WILL, 31)]
    )
    assert exchange(data + b"alice\r\n") == (
        b"alice\r\n",
        IAC + WONT + b"\x03" + IAC + DONT + b"\x18" + IAC + DONT + b"\x1f",
        False,
        False,
    )


def test_escapedIACIsText() -> None:
    assert textOf(b"a\xff\xffb") == b"a\xffb"
    assert textOf(b"\xff\xff\xff\xff") == b"\xff\xff"
    assert repliesTo(b"\xff\xff\xfd\x06") == b""


def test_areYouThere() -> None:
    """It is answered once, however often it was asked since."""
    codec = TelnetCodec()
    assert not codec.takeAsked()
    assert codec.receive(b"a" + 3 * (IAC + AYT) + b"b") == b"ab"
    assert codec.takeAsked()
    assert not codec.takeAsked()
    assert codec.takeReplies() == b""


@pytest.mark.parametrize("code", [240, 241, 242, 243, 245, 246, 249])
def test_commandsAreTakenOut(code: int) -> None:
    """SE, NOP, DM, BRK, AO, AYT and GA."""
    assert textOf(b"a" + IAC + bytes((code,)) + b"b") == b"ab"
    assert repliesTo(IAC + bytes((code,))) == b""


@pytest.mark.parametrize(
    ("code", "key"),
    [(236, b"\x04"), (237, b"\x1a"), (244, b"\x03"), (247, b"\x7f"), (248, b"\x15")],
)
def test_commandsThatStandForKeys(code: int, key: bytes) -> None:
    """EOF, SUSP, IP, EC and EL, where they stand in the text."""
    command = IAC + bytes((code,))
    assert textOf(b"a" + command + b"b") == b"a" + key + b"b"
    assert textOf(b"a" + 2 * command + IAC + NOP + command + IAC + IAC) == b"a" + 3 * key + IAC
    assert textOf(b"a" + IAC, command[1:] + b"b") == b"a" + key + b"b"
    assert repliesTo(command) == b""


@pytest.mark.parametrize("code", range(238, 240))
def test_laterCommandsAreTakenOut(code: int) -> None:
    """ABORT of RFC 1184, and EOR of RFC 885."""
    assert exchange(b"a" + IAC + bytes((code,)) + b"b") == (b"ab", b"", False, False)


@pytest.mark.parametrize("code", [0, 10, 13, 97, 235])
def test_whatIsNoCommandStays(code: int) -> None:
    """A stray 255 swallows no line end, and makes its line no UTF-8."""
    stray = b"a" + IAC + bytes((code,)) + b"b"
    assert exchange(stray) == (stray, b"", False, False)


@pytest.mark.parametrize(
    "inside",
    [
        b"",
        b"\x18\x00xterm",
        b"\x1f\x00\xff\xff\x00\x18",
        b"\r\nquit\r\n",
        b"\xff\xff\xf0",
        b"\xff\xfd\x06",
        b"\xff\xf6",
        b"\xff\xfa\x01",
        b"\xf0",
    ],
)
def test_subnegotiationsAreTakenOut(inside: bytes) -> None:
    """Whatever is in them means nothing here, until IAC SE."""
    data = b"a" + IAC + SB + inside + IAC + SE + b"b"
    assert exchange(data) == (b"ab", b"", False, False)


@pytest.mark.parametrize("filling", [b"x", b"xxxxxxxxxx\r\n", IAC + IAC, IAC + b"\xf1"])
def test_endlessSubnegotiation(filling: bytes) -> None:
    """It says so when that has gone on for too long, and none of it is text."""
    codec = TelnetCodec()
    codec.receive(IAC + SB)
    for _ in range(MAX_SUBNEGOTIATION // len(filling)):
        assert codec.receive(filling) == b""
    assert not codec.isEndless
    codec.receive(2 * filling)
    assert codec.isEndless


def test_manySubnegotiationsAreNotEndless() -> None:
    one = IAC + SB + b"x" * 1000 + IAC + SE
    assert exchange(100 * one + b"a") == (b"a", b"", False, False)


def test_memoryIsBounded() -> None:
    """Of a subnegotiation nothing is kept."""
    codec = TelnetCodec()
    codec.receive(IAC + SB)
    pieces = 128 * [b"x" * 8192]
    tracemalloc.start()
    try:
        for piece in pieces:
            codec.receive(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8192


def test_crOfATelnetLineEndStays() -> None:
    """CR NUL is for the framing."""
    assert textOf(b"one\r\x00two\r\n") == b"one\r\x00two\r\n"
    assert textOf(b"one\r" + IAC + b"\xf1\x00") == b"one\r\x00"


# Any bytes, cut anywhere.


_bytes = st.lists(
    st.sampled_from(
        [IAC, DO, DONT, WILL, WONT, SB, SE, AYT, TIMING_MARK, b"\x00", b"\x01", b"a", b"\r\n"]
    )
    | st.sampled_from([IAC + DO, IAC + WILL, IAC + SB, IAC + SE, IAC + IAC, IAC + NOP, IAC + AYT])
    | st.binary(max_size=3),
    max_size=30,
).map(b"".join)
_places = st.lists(st.integers(0, 60))


@settings(max_examples=500)
@given(_bytes, _places)
@example(b"\xff\xfa" + b"x" * (MAX_SUBNEGOTIATION + 1) + b"\xff\xf0a", [1, 2, 9])
@example(b"\xff\xfa" + b"\xff\x00" * (MAX_SUBNEGOTIATION // 2) + b"\xff\xf0a", [])
@example(b"\xff\xf1\xff\xff\xff\xf1", [])
@example(b"\xff\xfe\xff\xfd\x01", [])
def test_anySplitGivesTheSame(data: bytes, places: list[int]) -> None:
    """
    What is found by looking at one byte after the other; and the answers are few, and
    refuse.
    """
    check([data[a:b] for a, b in pairwise([0, *sorted(places), len(data)])])


def test_workIsLinear() -> None:
    """
    Half a megabyte of commands is done in a moment; if each had to do with all that is behind it,
    it would be minutes.
    """
    begun = process_time()
    for command in (
        IAC + NOP,
        IAC + AYT,
        IAC + IAC + NOP,
        IAC + DO + TIMING_MARK,
        IAC + DONT + IAC,
        IAC + SB + IAC + SE,
        IAC + SB + IAC + SB,
        b"a" + IAC + NOP,
        IAC + b"a",
    ):
        data = command * (512 * 1024 // len(command))
        for whole in (data, data[1:], IAC + SB + data):
            exchange(whole)
    assert process_time() - begun < 30


def test_patternsForEveryPython() -> None:
    """
    Python before 3.11.5 matches too little, and takes minutes, where something that is repeated
    possessively has a choice within: https://github.com/python/cpython/issues/106052.
    """

    def choices(parsed: object, within: bool = False) -> Iterator[bool]:
        """
        Go through all that is in a pattern: whether it is a choice within a repetition.
        """
        if isinstance(parsed, tuple) and parsed:
            name = str(parsed[0])
            yield within and name in ("BRANCH", "MAX_REPEAT", "MIN_REPEAT")
            within = within or name == "POSSESSIVE_REPEAT"
        if isinstance(parsed, tuple | list | _parser.SubPattern):
            for part in parsed:
                yield from choices(part, within)

    patterns = [each for each in vars(telnet).values() if isinstance(each, re.Pattern)]
    assert patterns
    for pattern in patterns:
        found = list(choices(_parser.parse(pattern.pattern, pattern.flags)))
        assert found
        assert not any(found), pattern
