"""
Peers that came to the wrong port.
"""

from __future__ import annotations

import re

_FIRST_LINES = (
    ("HTTP", re.compile(rb"[A-Z]+ \S+ HTTP/\d")),
    ("SSH", re.compile(rb"SSH-\d+\.\d+-")),
    ("PROXY", re.compile(rb"PROXY (TCP4|TCP6|UNKNOWN)\b")),
)
# A TLS handshake record of SSL 3.0 or later (RFC 8446, section 5.1).
_TLS = re.compile(rb"\x16\x03[\x00-\x04]")
# The signature of version 2 of the PROXY protocol.
_PROXY2 = b"\r\n\r\n\x00\r\nQUIT\n"


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
