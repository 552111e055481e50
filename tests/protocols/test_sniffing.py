"""Tests for L{chat.protocols.sniffing}."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.protocols.framing import Broken, LineFramer
from chat.protocols.sniffing import BINARY, Sniffer, isBinary, protocolOfBytes, protocolOfLine

# Hellos of TLS 1.0 to 1.3 begin alike: a record of type 22, its version, its length.
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"GET / HTTP/1.1", "HTTP"),
        (b"HEAD /index.html HTTP/1.0", "HTTP"),
        (b"POST /chat?room=lobby HTTP/1.1", "HTTP"),
        (b"OPTIONS * HTTP/1.1", "HTTP"),
        (b"CONNECT example.com:443 HTTP/1.1", "HTTP"),
        (b"PRI * HTTP/2.0", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2", "SSH"),
        (b"SSH-1.99-Cisco-1.25", "SSH"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443", "PROXY"),
        (b"PROXY TCP6 2001:db8::1 2001:db8::2 56324 443", "PROXY"),
        (b"PROXY UNKNOWN", "PROXY"),
    ],
)
def test_firstLines(line: bytes, name: str) -> None:
    assert protocolOfLine(line) == name
    assert protocolOfBytes(line + b"\r\n") is None


@pytest.mark.parametrize(
    "version", [b"\x03\x00", b"\x03\x01", b"\x03\x02", b"\x03\x03", b"\x03\x04"]
)
def test_tls(version: bytes) -> None:
    assert protocolOfBytes(TLS_HELLO[:1] + version + TLS_HELLO[3:]) == "TLS"


def test_proxyInBinary() -> None:
    header = b"\r\n\r\n\x00\r\nQUIT\n" + b"\x21\x11\x00\x0c" + bytes(12)
    assert protocolOfBytes(header) == "PROXY"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"alice",
        b"hello",
        b"GET",
        b"GET some milk",
        b"GET milk and HTTP/1.1",
        b"get / HTTP/1.1",
        b"SSH",
        b"SSH-",
        b"SSH is nice",
        b"PROXY",
        b"PROXY voting",
        b"/quit",
        "你好".encode(),
        b"\x16",
        b"\r\n",
        b"\r\n\r\nalice",
        b"\xff\xf4\xff\xfd\x06",
    ],
)
def test_whatAUserTypes(line: bytes) -> None:
    assert protocolOfLine(line) is None
    assert protocolOfBytes(line + b"\r\n") is None


def test_onlyAtTheBeginning() -> None:
    assert protocolOfLine(b"say GET / HTTP/1.1") is None
    assert protocolOfLine(b"my SSH-2.0-OpenSSH") is None
    assert protocolOfBytes(b"a" + TLS_HELLO) is None


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_helloInPieces(cut: int) -> None:
    sniffer = Sniffer()
    assert "TLS" in (
        sniffer.dataReceived(TLS_HELLO[:cut]),
        sniffer.dataReceived(TLS_HELLO[cut:]),
    )


def test_requestThatIsTooLong() -> None:
    sniffer = Sniffer()
    assert sniffer.dataReceived(b"GET /" + 2000 * b"x") is None
    assert sniffer.frameReceived(Broken.TOO_LONG) == "HTTP"


def test_onlyTheFirstLineDecides() -> None:
    """An empty one is none."""
    for first, second in [(b"", "HTTP"), (b"alice", None), (Broken.TOO_LONG, None)]:
        sniffer = Sniffer()
        assert sniffer.frameReceived(first) is None
        assert sniffer.frameReceived(b"GET / HTTP/1.1") == second
    assert sniffer.dataReceived(TLS_HELLO) is None


# Any bytes, and what users type.


_bytes = st.lists(
    st.binary(max_size=8)
    | st.sampled_from(
        [b"\r\n", b"\n", b"\x16\x03\x01", b"GET / HTTP/1.1", b"SSH-2.0-", b"x" * 2000]
    ),
    max_size=6,
).map(b"".join)
_letters = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=20)


@given(_bytes, st.integers(1, 20))
def test_anyBytes(data: bytes, size: int) -> None:
    """The verdict is one of the known protocols, an unknown one, or none yet."""
    sniffer, framer = Sniffer(), LineFramer()
    verdicts = set()
    for start in range(0, len(data), size):
        verdicts.add(sniffer.dataReceived(data[start : start + size]))
        framer.receive(data[start : start + size])
        verdicts.update(map(sniffer.frameReceived, iter(framer.next, None)))
        verdicts.add(sniffer.partialReceived(framer.rest))
    assert verdicts <= {None, BINARY, "HTTP", "SSH", "TLS", "PROXY"}


@settings(max_examples=500)
@given(_bytes, st.integers(0, 50))
def test_whatIsBinaryStaysSo(data: bytes, place: int) -> None:
    """So that it does not matter how the bytes are cut."""
    if isBinary(data[:place], isWhole=False):
        assert isBinary(data)


@given(_letters, st.sampled_from(["utf-8", "gb18030"]), st.integers(0, 80))
def test_lettersAreNotBinary(text: str, encoding: str, place: int) -> None:
    """In the encodings of our languages, and be they cut within a letter."""
    line = text.encode(encoding)
    assert not isBinary(line)
    assert not isBinary(line[:place], isWhole=False)


@pytest.mark.parametrize("nick", ["来了", "小明和来了", "我来了，大家好" * 5])
def test_chineseOfWhichTelnetHasSwallowedSomething(nick: str) -> None:
    """Its user is told that it is not UTF-8, and may try another client."""
    swallowed = b"\x83\x85\x8f\x9a\x9c\x9d"
    line = nick.encode().translate(None, swallowed)
    with pytest.raises(UnicodeDecodeError):
        line.decode()
    assert not isBinary(line)


@pytest.mark.parametrize("seed", range(50))
def test_randomBytesAreStillBinary(seed: int) -> None:
    assert isBinary(Random(seed).randbytes(200), isWhole=False)
