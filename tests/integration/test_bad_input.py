"""
Everything that a client should not send is refused, and costs other users nothing.
"""

import http.client
import random
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

import pytest

from tests.integration.conftest import Join
from tests.integration.daemon import Daemon
from tests.integration.peer import Peer

# Seconds that closing may take: about one, and more on a busy machine.
_SOON = 5.0

# Characters that must reach no terminal: controls, marks of direction, invisible marks.
_HARMFUL = re.compile("[\0-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@pytest.fixture
def witnesses(join: Join) -> Iterator[list[Peer]]:
    """
    Two users in the room, which still hear each other when the test ends.
    """
    first, second = join("first"), join("second")
    first.catchUp()
    yield [first, second]
    for peer in first, second:
        peer.catchUp()
    first.send("still here?")
    first.catchUp()
    second.send("yes")
    assert second.catchUp() == ["first: still here?"]
    assert first.catchUp() == ["second: yes"]


@pytest.fixture
def alice(join: Join, witnesses: list[Peer]) -> Peer:
    """
    A third user in the room.
    """
    alice = join("alice")
    for witness in witnesses:
        assert witness.catchUp() == ["--> alice joined #lobby (3 here)"]
    return alice


def _heard(witnesses: list[Peer]) -> list[str]:
    """
    @return: the lines that both have heard since the last time.
    """
    first, second = (witness.catchUp() for witness in witnesses)
    assert first == second
    assert not _HARMFUL.search("".join(first))
    return first


# Lines that are refused, or mean nothing; their sender stays.

_TOO_LONG = "!!! Not sent: that line is longer than 1024 bytes (line-too-long)"
_NOT_UTF8 = "!!! Not sent: that line is not UTF-8 (not-utf8)"
_CURSOR_KEYS = "!!! Not sent: only Backspace, Ctrl-U and Ctrl-W can edit a line (cursor-keys)"


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (b"x" * 1023 + b"\r\n", [_TOO_LONG]),
        (b"x" * 1024 + b"\n", [_TOO_LONG]),
        (b"x" * 16000 + b"\n", [_TOO_LONG]),
        ("é".encode() * 600 + b"\n", [_TOO_LONG]),
        ((b"x" * 2000 + b"\n") * 20, [_TOO_LONG] * 20),
        (b"caf\xe9\n", [_NOT_UTF8]),
        ("你好\n".encode("gb18030"), [_NOT_UTF8]),
        (b"\xc0\xafetc\n\xed\xa0\x80\n\xf4\x90\x80\x80\n\xe4\xbd\n", [_NOT_UTF8] * 4),
        (b"\n\r\n\r\0\r   \r\n\t\n \x0b\x0c \n\x1b[0m\n\xe2\x80\x8b\n", []),
        (b"/foo\n", ["!!! There is no command /foo; type /help for a list (unknown-command)"]),
        (b"/\n/ who\n", ["!!! There is no command /; type /help for a list (unknown-command)"] * 2),
        (
            b"/f\x1b[31moo\x07\n",
            ["!!! There is no command /foo; type /help for a list (unknown-command)"],
        ),
        (b"/help foo\n", ["!!! There is no command /foo; type /help for a list (unknown-command)"]),
        (b"/me\n", ["!!! Usage: /me TEXT (argument-missing)"]),
        (b"/nick\n", ["!!! Usage: /nick NAME (argument-missing)"]),
        (b"/msg first\n", ["!!! Usage: /msg NAME TEXT (argument-missing)"]),
        (b"/reply\n", ["!!! Usage: /reply TEXT (argument-missing)"]),
        (b"/who #nowhere\n", ["!!! There is no room #nowhere (no-such-room)"]),
        (b"/lang tlh\n", ["!!! Available languages: en, zh_CN (unknown-language)"]),
        (b"/format xml\n", ["!!! Available formats: text, json (unknown-format)"]),
        (b"\xff\xff\n", [_NOT_UTF8]),
        (b"hello\x1b[D!\n\x01hello\nhello\x03\n", [_CURSOR_KEYS] * 2),
        (b"\x1b[2J\x1b[H\x1bc--- the service is shutting down\n", [_CURSOR_KEYS]),
        (b"/quit \x1b[2Jgone\n", [_CURSOR_KEYS]),
        (b"\xff\xf1\xff\xf4\xff\xec\xff\xf8\n", []),
        (b"\xff\xfa\x1f\0\x50\0\x18\xff\xf0\n", []),
        (b"\xff\xfahello\nhello\n\xff\xffhello\n\xff\xf0\n", []),
        (b"\xff\xfe\x01\xff\xfc\x03\n", []),
        (b"\xff\x00\xff\x7f\n", [_NOT_UTF8]),
        (b"\xff\n", [_NOT_UTF8]),
        (b"\xff\xf6\xff\xf6\n", ["--- Yes, still here."]),
    ],
)
def test_nothingOfItIsSaid(
    alice: Peer, witnesses: list[Peer], sent: bytes, answers: list[str]
) -> None:
    alice.connection.sendall(sent)
    assert alice.catchUp() == answers
    assert _heard(witnesses) == []


def test_longestLineIsSaid(alice: Peer, witnesses: list[Peer]) -> None:
    alice.send("x" * 1022, "好" * 340)
    assert alice.catchUp() == []
    assert _heard(witnesses) == ["alice: " + "x" * 1022, "alice: " + "好" * 340]


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ("a\x1b[31mred\x1b[0m \x9b1mbold", ["alice: ared bold"]),
        ("\x1b]0;title\x07bell\x07 bach\x08ks\x7f nul\0", ["alice: bell back nul"]),
        ("one\ttab \x85nel \u2028separator", ["alice: one tab  nel  separator"]),
        ("\u202egnp.exe\u202c \u2066x\u2069 \u200fy", ["alice: gnp.exe x y"]),
        ("ze\u200bro\ufeff wi\u00addth \U000e0041tag", ["alice: zero width tag"]),
        ("zalgo a" + "\u0301" * 20, ["alice: zalgo a" + "\u0301" * 4]),
        (
            "family 👨\u200d👩\u200d👧 heart ❤\ufe0f",
            ["alice: family 👨\u200d👩\u200d👧 heart ❤\ufe0f"],
        ),
        ("said\r--- not a notice", ["alice: said", "alice: --- not a notice"]),
        ("/me \x1b[7mbows\u202e", [" * alice bows"]),
        ("/nick al\x1b[1mic\u200bia", ["--- alice is now alicia"]),
        ("/quit \x1b[31m\u202egone\x07", ["<-- alice left #lobby: gone (2 here)"]),
    ],
)
def test_whatIsHeardIsSafe(alice: Peer, witnesses: list[Peer], sent: str, heard: list[str]) -> None:
    alice.send(sent)
    if sent.startswith("/quit"):
        alice.eof()
    else:
        alice.catchUp()
    assert _heard(witnesses) == heard


@pytest.mark.parametrize(
    ("nick", "code"),
    [
        ("1abc", "nick-invalid"),
        ("_x", "nick-invalid"),
        ("-x", "nick-invalid"),
        ("a b", "nick-invalid"),
        ("alice!", "nick-invalid"),
        ("---", "nick-invalid"),
        ("#lobby", "nick-invalid"),
        ("😀", "nick-invalid"),
        ("GET", "nick-taken"),
        ("Ｇｅｔ", "nick-taken"),
        ("x" * 21, "nick-too-long"),
        ("你" * 11, "nick-too-long"),
        ("x" * 900, "nick-too-long"),
        ("get\N{CYRILLIC SMALL LETTER A}", "scripts-mixed"),
        ("\N{GREEK SMALL LETTER OMICRON}k", "scripts-mixed"),
        ("g\N{THAI DIGIT ZERO}t", "scripts-mixed"),
        # It looks like the one that is taken.
        ("\N{LATIN SMALL LETTER SCRIPT G}et", "nick-confusable"),
    ],
)
def test_nicknameIsRefusedWithItsReason(
    daemon: Daemon, join: Join, witnesses: list[Peer], nick: str, code: str
) -> None:
    taken = join("get")
    _heard(witnesses)
    with daemon.connect() as peer:
        peer.expect("Choose a nickname")
        # The first line, a second attempt, and one by a user with a nickname.
        peer.send(nick, f"/nick {nick}", "alice", f"/nick {nick}")
        refusals = [line for line in peer.catchUp() if line.startswith("!!!")]
        peer.leave()
    assert refusals == [refusals[0]] * 3
    assert refusals[0].endswith(f" ({code})")
    assert _heard(witnesses) == [
        "--> alice joined #lobby (4 here)",
        "<-- alice left #lobby: input closed (3 here)",
    ]
    taken.leave()
    assert _heard(witnesses) == ["<-- get left #lobby: input closed (2 here)"]


def test_randomBytesAreLinesOfTheirSender(alice: Peer, witnesses: list[Peer]) -> None:
    """
    The others hear nothing but lines of their sender.
    """
    # All bytes but the slash, which may begin /quit, and SB, which hides what follows.
    alphabet = bytes(set(range(256)) - set(b"/\xfa"))
    garbage = bytearray(random.Random(4711).choices(alphabet, k=256 * 1024))
    garbage[::200] = b"\n" * len(garbage[::200])
    garbage += b"\n\n"
    alice.sendBytes(bytes(garbage))
    alice.catchUp()
    lines = _heard(witnesses)
    assert lines
    assert all(re.match("alice: .", line) for line in lines)


# Bytes without a line end.

_ENDLESS = "!!! You sent more than 16384 bytes without a line end (line-endless)"


@pytest.mark.parametrize("endless", [b"x" * 16385, b"\xff\xfa" + b"x" * 16385])
def test_endlessLineIsClosed(
    daemon: Daemon, alice: Peer, witnesses: list[Peer], endless: bytes
) -> None:
    with daemon.connect() as nobody:
        for peer in nobody, alice:
            peer.connection.sendall(b"/ping before\r\n" + endless + b"\r\nhello\r\n")
            assert peer.eof()[-1] == _ENDLESS
    assert _heard(witnesses) == ["<-- alice left #lobby: sent an endless line (2 here)"]


def test_longLineThatEndsIsRefused(daemon: Daemon, witnesses: list[Peer]) -> None:
    with daemon.connect() as peer:
        peer.expect("Choose a nickname")
        peer.connection.sendall(b"x" * 16384 + b"\r\n")
        assert peer.catchUp() == [_TOO_LONG]
        peer.leave()
    assert _heard(witnesses) == []


@pytest.mark.parametrize("unit", [b"x", b"\xff\xff", b"\xff\xfa\xff\xfa", "好".encode(), b"\0"])
def test_endlessLineTakesNoMemory(daemon: Daemon, witnesses: list[Peer], unit: bytes) -> None:
    """
    8 MiB without a line end leave the memory as it was.
    """
    data = unit * (8 * 1024 * 1024 // len(unit))

    def flood() -> None:
        with daemon.connect() as peer:
            peer.expect("Choose a nickname")
            # The service takes no more after a while.
            with suppress(OSError):
                peer.connection.sendall(data)

    for _ in range(2):
        flood()
    witnesses[0].catchUp()
    before = daemon.memory
    for _ in range(4):
        flood()
    witnesses[0].catchUp()
    assert daemon.memory - before < 1536 * 1024


# Other protocols.

_HTTP_BODY = b"alice\r\nhello\r\n/nick alice\r\n"
_FOREIGNERS = {
    "GET": (b"GET / HTTP/1.1\r\nHost: chat\r\nUser-Agent: x\r\n\r\n", "HTTP"),
    "GET of old": (b"GET / HTTP/1.0\n\n", "HTTP"),
    "POST": (
        b"POST /nick HTTP/1.1\r\nHost: chat\r\nContent-Length: %d\r\n\r\n" % len(_HTTP_BODY)
        + _HTTP_BODY,
        "HTTP",
    ),
    "OPTIONS": (b"OPTIONS * HTTP/1.1\r\n\r\n", "HTTP"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2, "TLS"),
    "SSH": (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" + bytes(64), "SSH"),
    "PROXY": (b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\nalice\r\nhello\r\n", "PROXY"),
    "PROXY 2": (
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\x12\x67\0\x50alice\r\nhello\r\n",
        "PROXY",
    ),
}


@pytest.mark.parametrize("name", _FOREIGNERS)
def test_otherProtocolIsClosed(daemon: Daemon, witnesses: list[Peer], name: str) -> None:
    """
    The peer gets one plain line, and is closed within a second although it sends on.
    """
    data, protocol = _FOREIGNERS[name]
    with daemon.connect() as peer:
        started = monotonic()
        peer.connection.sendall(data)
        assert peer.eof()[2:] == [
            f"!!! This is a chat service and does not speak {protocol}; try telnet (not-chat)"
        ]
        peer.aborted()
        assert monotonic() - started < _SOON
    assert _heard(witnesses) == []


def test_httpClientIsClosed(daemon: Daemon, witnesses: list[Peer]) -> None:
    client = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=_SOON)
    client.request("POST", "/", b"alice\r\nhello\r\n" * 100)
    with pytest.raises(http.client.BadStatusLine):
        client.getresponse()
    client.close()
    assert _heard(witnesses) == []


def test_tlsClientIsClosed(daemon: Daemon, witnesses: list[Peer]) -> None:
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", daemon.port), _SOON) as connection,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(connection, server_hostname="localhost")
    assert _heard(witnesses) == []


def test_otherProtocolsMayBeTalkedAbout(daemon: Daemon, witnesses: list[Peer]) -> None:
    """
    Only the first line decides which protocol it is.
    """
    with daemon.join("alice") as alice:
        alice.send("GET / HTTP/1.1", "SSH-2.0-x", "PROXY TCP4 x")
        assert alice.catchUp() == []
        alice.leave()
    assert _heard(witnesses) == [
        "--> alice joined #lobby (3 here)",
        "alice: GET / HTTP/1.1",
        "alice: SSH-2.0-x",
        "alice: PROXY TCP4 x",
        "<-- alice left #lobby: input closed (2 here)",
    ]


def test_comingAndGoingWithoutANicknameIsNotTold(daemon: Daemon, witnesses: list[Peer]) -> None:
    """
    It is not told in whatever way the connection ends.
    """
    for number in range(60):
        with daemon.connect() as peer:
            if number % 3 == 0:
                peer.expect("Choose a nickname")
            if number % 2 == 0:
                peer.connection.sendall(b"/msg first hi\r\n/me waves\r\n")
    assert _heard(witnesses) == []
