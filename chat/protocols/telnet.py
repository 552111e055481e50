"""
The telnet codec (RFC 854, RFC 855), without I/O: bytes in, text out.

This side never begins a negotiation, so a peer that is no telnet client sees no
stray bytes.  Each option the peer offers or asks for is answered once.  BINARY
(RFC 856) is agreed to, for text is UTF-8 here, and without it Debian's telnet
takes some of its bytes for control keys; every other option is refused.
TIMING-MARK (RFC 860) is refused every time: after Ctrl-C a telnet client sends
C{IAC IP IAC DO TIMING-MARK} and hides all output until it gets an answer.  Every
other command (236 is the first, RFC 1184) is taken out of the text and does
nothing.

The text that is left may contain CR NUL, which is a line end
(L{chat.protocols.framing}), and the byte 255 where the peer sent C{IAC IAC}.
"""

from __future__ import annotations

from collections.abc import Callable

BINARY = 0
EOF, SE, AYT, SB, WILL, WONT, DO, DONT, IAC = 236, 240, 246, 250, 251, 252, 253, 254, 255
TIMING_MARK = 6

MAX_SUBNEGOTIATION = 16 * 1024
"""How many bytes of one subnegotiation are passed over."""

_IAC = b"\xff"


class TelnetCodec:
    """
    One direction of one connection: what the peer sends.

    @ivar isEndless: whether a subnegotiation has gone on for more than
        L{MAX_SUBNEGOTIATION} bytes.
    """

    def __init__(self) -> None:
        self.isEndless = False
        self._replies = bytearray()
        self._asked = False
        self._answered: set[tuple[int, int]] = set()
        self._skipped = 0
        self._text = bytearray()
        # What to do with the next byte; None in plain text.
        self._next: Callable[[int], None] | None = None
        self._subnegotiating = False

    def receive(self, data: bytes) -> bytes:
        """
        Take the telnet commands out of what has been read.

        @return: the text in it.
        """
        if self._next is None and not self._subnegotiating and _IAC not in data:
            return data
        start = 0
        while start < len(data):
            if self._next is not None:
                self._next(data[start])
                start += 1
                continue
            iac = data.find(_IAC, start)
            end = len(data) if iac < 0 else iac
            if self._subnegotiating:
                self._skip(end - start)
            else:
                self._text += data[start:end]
            if iac >= 0:
                self._next = self._inSubnegotiation if self._subnegotiating else self._command
            start = end + 1
        text = bytes(self._text)
        self._text.clear()
        return text

    def takeReplies(self) -> bytes:
        """
        @return: what must be sent back, once.
        """
        replies = bytes(self._replies)
        self._replies.clear()
        return replies

    def takeAsked(self) -> bool:
        """
        @return: whether the peer has asked if anybody is there (AYT) since the
            last call.  However often it asked: an answer to each would let few
            bytes cost many.
        """
        asked, self._asked = self._asked, False
        return asked

    def _command(self, byte: int) -> None:
        self._next = None
        if byte == IAC:
            self._text.append(IAC)
        elif byte == SB:
            self._subnegotiating = True
            self._skipped = 0
        elif byte == DO:
            self._next = self._asksFor
        elif byte == WILL:
            self._next = self._offers
        elif byte in (WONT, DONT):
            self._next = self._takesBack
        elif byte == AYT:
            self._asked = True
        elif byte < EOF:
            # No command: a stray 255, which the text must not hide.
            self._text += bytes((IAC, byte))

    def _inSubnegotiation(self, byte: int) -> None:
        self._next = None
        if byte == SE:
            self._subnegotiating = False
        else:
            self._skip(2)

    def _skip(self, size: int) -> None:
        self._skipped += size
        self.isEndless = self.isEndless or self._skipped > MAX_SUBNEGOTIATION

    def _asksFor(self, option: int) -> None:
        self._next = None
        self._answer(WILL if option == BINARY else WONT, option)

    def _offers(self, option: int) -> None:
        self._next = None
        self._answer(DO if option == BINARY else DONT, option)

    def _takesBack(self, option: int) -> None:
        # Every option but BINARY is off already, and nothing here depends on that
        # one; RFC 854 wants no answer to what changes nothing.
        self._next = None

    def _answer(self, verb: int, option: int) -> None:
        if option != TIMING_MARK:
            if (verb, option) in self._answered:
                return
            self._answered.add((verb, option))
        self._replies += bytes((IAC, verb, option))
