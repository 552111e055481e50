"""
What holds for L{chat.protocols.telnet}, whatever comes and however it is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chat.protocols.telnet import MAX_SUBNEGOTIATION, TelnetCodec
from tests.fuzz.source import Source, ways

SE, AYT, SB, WILL, WONT, DO, DONT, IAC = 240, 246, 250, 251, 252, 253, 254, 255
BINARY, TIMING_MARK = 0, 6

SEEDS = [
    b"",
    b"\x00hello\r\n",
    b"\x01\x01hello\xff\xf4\xff\xfd\x06\xff\xf6\r\x00",
    b"\x02\x01\x02\xff\xfd\x03\xff\xfb\x18\xff\xfb\x1f\xff\xfd\x00\xff\xfb\x00\xff\xfc\x01\xff\xfe\xff",
    b"\x00a\xff\xffb\xff\xf1\xff\xff\xff\x00\xff\xff",
    b"\x01\x03\xff\xfa\x18\x00xterm\xff\xf0a\xff\xfa\xff\xff\xff\xf0\xff\xfa\xff\xf6",
    b"\x00\xff\xfa" + b"\xff\xff" * (MAX_SUBNEGOTIATION // 2) + b"x\xff\xf0",
]


@dataclass
class Exchange:
    """
    @ivar text: The text in what has been read.
    @ivar replies: What is sent back.
    @ivar asked: Whether the peer asked if anybody is there.
    @ivar isEndless: Whether a subnegotiation is too long.
    """

    text: bytearray = field(default_factory=bytearray)
    replies: bytearray = field(default_factory=bytearray)
    asked: bool = False
    isEndless: bool = False


def oneInput(data: bytes) -> None:
    """
    Check an input of the fuzzer.
    """
    check(Source(data).pieces())


def check(pieces: Sequence[bytes]) -> None:
    """
    All comes out as in L{plainExchange}; nothing is begun that was not asked for, and nobody can
    have more said or kept than was sent.
    """
    data = b"".join(pieces)
    expected = plainExchange(data)
    for cut in ways(pieces):
        assert exchange(cut) == expected, cut
    assert len(expected.text) <= len(data)
    assert len(expected.replies) <= len(data)
    replies = bytes(expected.replies)
    said = [replies[place : place + 3] for place in range(0, len(replies), 3)]
    for iac, verb, option in said:
        assert iac == IAC
        assert verb in ((WILL, DO) if option == BINARY else (WONT, DONT))
    once = [reply for reply in said if reply[2] != TIMING_MARK]
    assert len(once) == len(set(once))


def exchange(pieces: Sequence[bytes]) -> Exchange:
    """
    @return: What the codec makes of what comes in some pieces.
    """
    codec = TelnetCodec()
    result = Exchange()
    for piece in pieces:
        result.text += codec.receive(piece)
        result.replies += codec.takeReplies()
        result.asked = codec.takeAsked() or result.asked
        assert len(codec._begun) <= 2
    result.isEndless = codec.isEndless
    return result


def plainExchange(data: bytes) -> Exchange:
    """
    The same in the plainest way: one byte after the other.
    """
    result = Exchange()
    answered = set()
    rest = iter(data)
    for byte in rest:
        if byte != IAC:
            result.text.append(byte)
            continue
        match next(rest, None):
            case None:
                pass
            case 255:
                result.text.append(IAC)
            case 236 | 237 | 244 | 248 as key:
                result.text += {236: b"\x04", 237: b"\x1a", 244: b"\x03", 248: b"\x15"}[key]
            case 247:
                result.text += b"\x7f"
            case 246:
                result.asked = True
            case 250:
                result.isEndless |= _lengthInside(rest) > MAX_SUBNEGOTIATION
            case 252 | 254:
                next(rest, None)
            case 251 | 253 as verb:
                option = next(rest, None)
                if option is not None and (verb, option) not in answered:
                    result.replies += _answer(verb, option)
                    if option != TIMING_MARK:
                        answered.add((verb, option))
            case stray if stray < 236:
                result.text += bytes((IAC, stray))
    return result


def _lengthInside(rest: Iterator[int]) -> int:
    length = 0
    for byte in rest:
        if byte != IAC:
            length += 1
            continue
        match next(rest, None):
            case None | 240:
                break
            case _:
                length += 2
    return length


def _answer(verb: int, option: int) -> bytes:
    if option == BINARY:
        return bytes((IAC, WILL if verb == DO else DO, option))
    return bytes((IAC, WONT if verb == DO else DONT, option))
