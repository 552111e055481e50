"""
The telnet codec (RFC 854, RFC 855), without I/O: bytes in, text out.

This side never begins a negotiation, so a peer that is no telnet client sees no
stray bytes.  Each option the peer offers or asks for is answered once.  BINARY
(RFC 856) is agreed to, for text is UTF-8 here, and without it Debian's telnet
takes some of its bytes for control keys; every other option is refused.
TIMING-MARK (RFC 860) is refused every time: after Ctrl-C a telnet client sends
C{IAC IP IAC DO TIMING-MARK} and hides all output until it gets an answer.

Commands that stand for a key become that key, as a terminal that edits nothing would send
it: C{IAC EC} and C{IAC EL}, which erase a character and the line, Delete and Ctrl-U (RFC 854,
"Control functions"); C{IAC IP}, C{IAC EOF} and C{IAC SUSP} Ctrl-C, Ctrl-D and Ctrl-Z (RFC 1184,
"Mapping of special characters").  Every other command (236 is the first) is taken out of the text
and does nothing.

The text that is left may contain CR NUL, which is a line end
(L{chat.protocols.framing}), and the byte 255 where the peer sent C{IAC IAC}.

A regular expression cuts the bytes into runs of text and of commands: with a step of
Python for each command, a peer that sends nothing else would keep the reactor busy.
The expression never goes back in what it has taken (C{*+}), and nothing is gone through
more than twice, so the work is linear.
"""

from __future__ import annotations

import re

BINARY = 0
EOF, SUSP, SE, IP, AYT, EC, EL = 236, 237, 240, 244, 246, 247, 248
SB, WILL, WONT, DO, DONT, IAC = 250, 251, 252, 253, 254, 255
TIMING_MARK = 6

MAX_SUBNEGOTIATION = 16 * 1024
"""How many bytes of one subnegotiation are passed over."""

_IAC = b"\xff"
_AYT = b"\xff\xf6"
# Commands that are keys, and all others.
_KEYS = bytes.maketrans(bytes((IP, EOF, SUSP, EC, EL)), b"\x03\x04\x1a\x7f\x15")
_NO_KEYS = bytes({*range(256)} - {IP, EOF, SUSP, EC, EL})
_ANSWERS = {
    bytes((IAC, verb, option)): bytes((IAC, yes if option == BINARY else no, option))
    for verb, yes, no in [(DO, WILL, WONT), (WILL, DO, DONT)]
    for option in range(256)
}

# Nothing that is repeated has a choice (|, ?, a greedy *) within: before 3.11.5, Python matches
# too little then (https://github.com/python/cpython/issues/106052).

# IAC before a byte that begins no command is a stray 255, which the text must not hide.
_TEXT = rb"[^\xff]*+(?:\xff[\x00-\xeb\xff][^\xff]*+)*+"
_COMMANDS = rb"(?:\xff[\xec-\xf9])*+"
_NEGOTIATIONS = rb"(?:\xff[\xfb-\xfe].)*+"
_INSIDE = rb"[^\xff]*+(?:\xff[^\xf0][^\xff]*+)*+"
_SUBNEGOTIATION = rb"(?:\xff\xfa%b\xff\xf0)?" % _INSIDE
_BEGUN = rb"(?:\xff(?:\xfa%b\xff?|[\xfb-\xfe]?)\Z)?" % _INSIDE

_pieces = re.compile(
    b"".join(
        rb"(%b)" % part for part in [_TEXT, _COMMANDS, _NEGOTIATIONS, _SUBNEGOTIATION, _BEGUN]
    ),
    re.DOTALL,
)
_inside = re.compile(_INSIDE)


class TelnetCodec:
    """
    One direction of one connection: what the peer sends.

    @ivar isEndless: whether a subnegotiation has gone on for more than
        L{MAX_SUBNEGOTIATION} bytes.
    """

    __slots__ = (
        "_answered",
        "_asked",
        "_begun",
        "_replies",
        "_skipped",
        "_subnegotiating",
        "isEndless",
    )

    def __init__(self) -> None:
        self.isEndless = False
        self._replies = bytearray()
        self._asked = False
        self._answered: set[bytes] = set()
        # The beginning of a command, two bytes at most.
        self._begun = b""
        self._subnegotiating = False
        self._skipped = 0

    def receive(self, data: bytes) -> bytes:
        """
        Take the telnet commands out of what has been read.

        @return: the text in it, and the keys that commands stand for.
        """
        if self._begun:
            data, self._begun = self._begun + data, b""
        if self._subnegotiating:
            data = self._skip(data)
        if _IAC not in data:
            return data
        texts, commands, negotiations, subnegotiations, begun = zip(
            *_pieces.findall(data), strict=True
        )
        if _AYT in b"".join(commands):
            self._asked = True
        self._answer(b"".join(negotiations))
        # IAC SB and IAC SE do not count.
        if max(map(len, subnegotiations)) - 4 > MAX_SUBNEGOTIATION:
            self.isEndless = True
        # None but the last can have only begun.
        self._begin(b"".join(begun))
        typed = (
            text.replace(_IAC + _IAC, _IAC) + run.translate(_KEYS, _NO_KEYS)
            for text, run in zip(texts, commands, strict=True)
        )
        return b"".join(typed)

    def takeReplies(self) -> bytes:
        """
        @return: what must be sent back, once.
        """
        replies = bytes(self._replies)
        self._replies.clear()
        return replies

    def takeAsked(self) -> bool:
        """
        @return: whether the peer has asked for a sign of life (AYT) since the last
            call.  It does not matter how often: an answer to each question would let
            few bytes cost many.
        """
        asked, self._asked = self._asked, False
        return asked

    def _answer(self, negotiations: bytes) -> None:
        for start in range(0, len(negotiations), 3):
            request = negotiations[start : start + 3]
            if request in _ANSWERS and request not in self._answered:
                self._replies += _ANSWERS[request]
                if request[2] != TIMING_MARK:
                    self._answered.add(request)

    def _begin(self, command: bytes) -> None:
        """
        Keep what has begun; its rest is still to come.
        """
        if command[1:2] == bytes((SB,)):
            self._subnegotiating = True
            self._skipped = 0
            self._skip(command[2:])
        else:
            self._begun = command

    def _skip(self, data: bytes) -> bytes:
        """
        @return: what comes behind the subnegotiation; nothing while it goes on.
        """
        match = _inside.match(data)
        end = match.end() if match else 0
        self._skipped += end
        self.isEndless = self.isEndless or self._skipped > MAX_SUBNEGOTIATION
        if end + 2 <= len(data):
            self._subnegotiating = False
            return data[end + 2 :]
        # Perhaps the IAC of IAC SE.
        self._begun = data[end:]
        return b""
