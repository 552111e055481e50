"""
Peers that came to the wrong port, recognised by the first bytes they send.

HTTP, SSH and the PROXY protocol begin with a line of text, TLS with a binary record
(RFC 8446, section 5.1).  Bytes that no keyboard sends belong to some other protocol.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

from chat.protocols.framing import Broken

BINARY = ""
"""Stands for a protocol without a name, which is no text."""

_FIRST_LINES = (
    ("HTTP", re.compile(rb"[A-Z]+ \S+ HTTP/\d")),
    ("SSH", re.compile(rb"SSH-\d+\.\d+-")),
    ("PROXY", re.compile(rb"PROXY (TCP4|TCP6|UNKNOWN)\b")),
)
# Enough of an HTTP request whose first line is too long to be read.
_METHOD = re.compile(rb"(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) \S")
# A TLS handshake record of SSL 3.0 or later (RFC 8446, section 5.1).
_TLS = re.compile(rb"\x16\x03[\x00-\x04]")
# The signature of version 2 of the PROXY protocol.
_PROXY2 = b"\r\n\r\n\x00\r\nQUIT\n"

_HEAD_SIZE = 16

# Control characters that no keyboard sends in a line: not tab, backspace, escape, and not Ctrl-C,
# Ctrl-U, Ctrl-W.
_CONTROL = re.compile(rb"[\x00-\x02\x04-\x07\x0b\x0c\x0e-\x14\x16\x18-\x1a\x1c-\x1f]")
# No letters in any encoding of one byte that is still in use.
_C1 = re.compile(rb"[\x80-\x9f]")

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")

_LONGEST_NICKNAME = 80
"""How many bytes a nickname may have in any encoding."""


class Sniffer:
    """
    Looks at the beginning of one connection, up to its nickname.

    The methods return the name of the protocol that the peer turns out to speak,
    L{BINARY} for an unknown one, or L{None} for text.
    """

    __slots__ = ("_hasLine", "_head")

    def __init__(self) -> None:
        self._head = b""
        self._hasLine = False

    def dataReceived(self, data: bytes) -> str | None:
        """
        Look at bytes before they are framed.
        """
        if self._hasLine or len(self._head) >= _HEAD_SIZE:
            return None
        self._head += data[:_HEAD_SIZE]
        return protocolOfBytes(self._head)

    def partialReceived(self, partial: bytes) -> str | None:
        """
        Look at a line that has begun, and whose end may never come.
        """
        return BINARY if isBinary(partial, isWhole=False) else None

    def frameReceived(self, frame: bytes | Broken) -> str | None:
        """
        Look at a line, or what came in its place.
        """
        isFirst, self._hasLine = not self._hasLine, self._hasLine or bool(frame)
        if isinstance(frame, Broken):
            return "HTTP" if isFirst and _METHOD.match(self._head) else None
        if isFirst and (name := protocolOfLine(frame)):
            return name
        return BINARY if isBinary(frame) else None


def protocolOfBytes(data: bytes) -> str | None:
    """
    @param data: the first bytes of a connection.
    @return: the name of the binary protocol that they begin, or L{None}.
    """
    if _TLS.match(data):
        return "TLS"
    if data.startswith(_PROXY2):
        return "PROXY"
    return None


def protocolOfLine(line: bytes) -> str | None:
    """
    @param line: the first line of a connection.
    @return: the name of the protocol that it begins, or L{None}.
    """
    for name, pattern in _FIRST_LINES:
        if pattern.match(line):
            return name
    return None


def isBinary(line: bytes, isWhole: bool = True) -> bool:
    """
    Whether a line that should be a nickname was not typed, in any encoding.  A user whose
    terminal does not speak UTF-8 is to be told so, and may stay.

    @param isWhole: whether the last character is.
    """
    if line.isascii() and not _CONTROL.search(line):
        return False
    controls = len(_CONTROL.findall(line))
    if b"\0" in line or controls > 1:
        return True
    if _decodes(line, "utf-8", isWhole):
        return False
    if controls:
        return True
    # Some telnet clients swallow bytes of Chinese.  The beginning of the line decides, so that
    # the verdict on a beginning holds for the whole.
    if not isWhole and len(line) < _HEAD_SIZE:
        return False
    if _isMostlyUTF8(line[:_HEAD_SIZE]):
        return False
    if len(line) > _LONGEST_NICKNAME:
        return True
    return bool(_C1.search(line)) and not _decodes(line, "gb18030", isWhole)


def _decodes(data: bytes, encoding: str, isWhole: bool) -> bool:
    try:
        getincrementaldecoder(encoding)().decode(data, isWhole)
    except UnicodeDecodeError:
        return False
    return True


def _isMostlyUTF8(line: bytes) -> bool:
    """
    Whether at least half of the bytes beyond ASCII, and at least one, are UTF-8 all the
    same.
    """
    left = len(_BEYOND_ASCII.findall(line.decode("utf-8", "ignore").encode()))
    return left > 0 and 2 * left >= len(_BEYOND_ASCII.findall(line))
