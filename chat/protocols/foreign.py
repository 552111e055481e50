"""
Peers that came to the wrong port, recognised by how they begin.
"""

from __future__ import annotations

import re

from chat.protocols.framing import Broken

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


class Acquaintance:
    """
    The beginning of one connection, up to its first line that is not empty.

    Both methods return the name of the protocol that the peer turns out to
    speak, or L{None}.
    """

    def __init__(self) -> None:
        self._head = b""
        self._isOver = False

    def dataReceived(self, data: bytes) -> str | None:
        """
        Bytes have come, of which L{frameReceived} has not seen anything yet.
        """
        if self._isOver or len(self._head) >= _HEAD_SIZE:
            return None
        self._head += data[:_HEAD_SIZE]
        return protocolOfBytes(self._head)

    def frameReceived(self, frame: bytes | Broken) -> str | None:
        """
        A line has come, or what is none.
        """
        if self._isOver or not frame:
            return None
        self._isOver = True
        if isinstance(frame, Broken):
            return "HTTP" if _METHOD.match(self._head) else None
        return protocolOfLine(frame)


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
