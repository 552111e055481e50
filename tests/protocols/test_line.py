"""Tests for L{chat.protocols.line}: what comes in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from chat.vocabulary.commands import Access
from chat.vocabulary.limits import Limits
from chat.vocabulary.verbs import VERBS
from tests.support.doubles import SlowBackplane
from tests.support.service import Service

BUSY = int(Limits.softWaiting)
MAX_WAITING = int(Limits.maxWaiting)
MAX_ENDLESS = int(Limits.maxUnended)
LINES_PER_TURN = int(Limits.turnLines)
LEAVING = "--- To leave, type /quit or press that key again; /help lists the commands."
CURSOR_KEYS = "Not sent: only Backspace, Ctrl-U and Ctrl-W can edit a line (cursor-keys)"


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        yield service


def test_aNewConnectionIsGreeted(service: Service) -> None:
    peer = service.reactor.connect(service.factory.buildProtocol(None))
    assert peer.read() == (
        b"--- Welcome to tcpchat. Nobody here yet.\r\n--- Choose a nickname (/quit leaves):\r\n"
    )


def test_aConversation(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("李雷")
    service.say(bob, "你好", "/me waves")
    assert service.heard(alice) == [
        "--> 李雷 joined #lobby (2 here)",
        "李雷: 你好",
        " * 李雷 waves",
    ]
    assert service.heard(bob) == []


def test_allLinesOfATurnAreOneWrite(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    service.say(bob, "one", "two", "three")
    service.reactor.turn()
    service.reactor.turn()
    assert alice.read() == b"bob: one\r\nbob: two\r\nbob: three\r\n"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\0", b"\r"])
def test_anyLineEndDoesHoweverItIsCut(service: Service, end: bytes) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    for byte in b"hello" + end + b"again" + end:
        bob.send(bytes([byte]))
        service.reactor.turn()
    assert service.heard(alice) == ["bob: hello", "bob: again"]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (b"x" * 1023, "Not sent: that line is longer than 1024 bytes (line-too-long)"),
        (b"x" * 5000, "Not sent: that line is longer than 1024 bytes (line-too-long)"),
        (b"caf\xe9", "Not sent: that line is not UTF-8 (not-utf8)"),
        (b"hello\x1b[D\x1b[D!", CURSOR_KEYS),
        (b"/msg alice hi\x01\x06", CURSOR_KEYS),
        (b"\xed\xa0\x80", "Not sent: that line is not UTF-8 (not-utf8)"),
    ],
)
def test_aBadLineIsRefusedAndItsSenderStays(service: Service, line: bytes, refusal: str) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    bob.send(b"before\r\n" + line + b"\r\nafter\r\n")
    assert service.heard(bob) == [f"!!! {refusal}"]
    assert service.heard(alice) == ["bob: before", "bob: after"]


def test_programsAreToldHowLongALineMayBe(service: Service) -> None:
    bob = service.connect()
    service.heard(bob)
    service.say(bob, "/format json")
    assert service.heard(bob) == ['{"event":"formatset","format":"json","limit":1024}']


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"helo\blo", "hello"),
        ("你号\x7f好".encode(), "你好"),
        (b"/mee\b waves", None),
        (b"/msg carol secret\x15hello", "hello"),
        (b"helo\xff\xf7lo", "hello"),
        (b"secret\xff\xf8hello", "hello"),
        (b"secret\xff\xf4\xff\xfd\x06hello", "hello"),
    ],
)
def test_editingKeysAreCarriedOut(service: Service, sent: bytes, said: str | None) -> None:
    """Also where a terminal sends each key at once, and telnet a command for it."""
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    for byte in sent + b"\r":
        bob.send(bytes([byte]))
        service.reactor.turn()
    assert service.heard(alice) == [" * bob waves" if said is None else f"bob: {said}"]


def test_editingKeysInANicknameAndAPassword(service: Service) -> None:
    service.connect("bob\x15aliec\b\bce", "/register 0pen\b\b\b\bopen-sesani\b\bme", "/quit")
    other = service.connect()
    service.say(other, "Alixx\b\bce")
    assert "(nick-registered)" in service.heard(other)[0]
    service.say(other, "open-sesmae\x1b[D\b")
    assert service.heard(other) == [f"!!! {CURSOR_KEYS}"]
    service.say(other, "open-\x03", "opensesame\x17open-sesame")
    assert service.heard(other)[0] == "--- You are logged in as alice."


def test_theLongestLine(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    bob.send(b"x" * 1022 + b"\r\n")
    assert service.heard(alice) == ["bob: " + "x" * 1022]


def test_aPeerThatNeverEndsALineIsToldAndClosed(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    for _ in range(MAX_ENDLESS // 1000 + 1):
        bob.send(b"x" * 1000)
        service.reactor.turn()
    assert service.heard(bob) == [
        "!!! You sent more than 16384 bytes without a line end (line-endless)"
    ]
    assert bob.isEnded
    assert service.heard(alice) == ["<-- bob left #lobby: sent an endless line (1 here)"]


def test_anEndlessSubnegotiationIsEndless(service: Service) -> None:
    bob = service.connect("bob")
    bob.send(b"\xff\xfa")
    for _ in range(MAX_ENDLESS // 1000 + 1):
        bob.send(b"x" * 1000)
        service.reactor.turn()
    assert "(line-endless)" in service.heard(bob)[0]


def test_telnetIsAnswered(service: Service) -> None:
    """Ctrl-C of a telnet client, an option it offers twice, and AYT."""
    bob = service.connect()
    bob.send(b"\xff\xf4\xff\xfd\x06" + b"\xff\xfb\x1f" * 2)
    service.reactor.turn()
    assert bob.read() == b"\xff\xfc\x06\xff\xfe\x1f" + f"{LEAVING}\r\n".encode()
    bob.received = b""
    bob.send(b"b\xff\xf6o\xff\xf1b\r\n")
    assert service.heard(bob) == [
        "--- Yes, still here.",
        "--- You are bob, alone in #lobby. Just type; /help for commands.",
    ]


@pytest.mark.parametrize("key", [b"\x03", b"\x04", b"\x1a", b"\xff\xf4", b"\xff\xec", b"\xff\xed"])
@pytest.mark.parametrize("nick", ["", "alice"])
def test_keysThatEndAProgramAreAnswered(service: Service, nick: str, key: bytes) -> None:
    """Ctrl-C, Ctrl-D and Ctrl-Z, and what telnet sends for them: the second one leaves."""
    alice = service.connect(*filter(None, [nick]))
    alice.send(key)
    assert service.heard(alice) == [LEAVING]
    # What comes between them is a reason to stay.
    service.say(alice, "/ping")
    service.heard(alice)
    alice.send(key)
    assert service.heard(alice) == [LEAVING]
    alice.send(key)
    assert service.heard(alice) == ["--- Goodbye."]
    assert alice.isEnded


@pytest.mark.parametrize("before", [b"hel", b"hel\x7f", b"hel\x04"])
def test_ctrlCGivesUpWhatIsTypedBeforeItIsAnswered(service: Service, before: bytes) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    for _ in range(2):
        bob.send(before)
        bob.send(b"\x03")
        assert service.heard(bob) == []
        service.say(bob, "hello")
        assert service.heard(alice) == ["bob: hello"]
    bob.send(before)
    bob.send(b"\x03")
    bob.send(b"\x03")
    assert service.heard(bob) == [LEAVING]
    bob.send(b"\x04")
    assert service.heard(bob) == ["--- Goodbye."]


def test_ctrlDAndCtrlZInALineAreNothing(service: Service) -> None:
    """Text that is copied or piped may have them."""
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    for key in (b"\x04", b"\x1a"):
        bob.send(b"hel" + key)
        assert service.heard(bob) == []
        bob.send(b"lo" + key + b"\r\n" + key + b"\r\n")
        assert service.heard(alice) == ["bob: hello"]
        assert service.heard(bob) == []


def test_aByteOfTextMayBe255(service: Service) -> None:
    bob = service.connect("bob")
    bob.send(b"\xff\xff\r\n")
    assert "(not-utf8)" in service.heard(bob)[0]


@pytest.mark.parametrize(
    ("first", "name"),
    [
        (b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n", "HTTP"),
        (b"\r\n\r\nPOST /x HTTP/1.0\r\n", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY"),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", "PROXY"),
    ],
)
def test_aPeerOfAnotherProtocolIsClosedWithinASecond(
    service: Service, first: bytes, name: str
) -> None:
    alice, other = service.connect("alice"), service.connect()
    other.send(first)
    assert service.heard(other) == [
        f"!!! This is a chat service and does not speak {name}; try telnet (not-chat)"
    ]
    assert other.isEnded
    service.reactor.turn(1)
    for _ in range(3):
        service.reactor.turn()
    [_] = service.reactor.getDelayedCalls()
    assert service.heard(alice) == []


def test_theFirstLineOnlyTellsTheProtocol(service: Service) -> None:
    alice, bob = service.connect("alice"), service.connect("bob")
    service.heard(alice)
    service.say(bob, "GET / HTTP/1.1", "\x16\x03\x01")
    assert service.heard(alice) == ["bob: GET / HTTP/1.1"]


def test_inputWaitsForTheDecisionAboutANickname() -> None:
    backplane = SlowBackplane()
    with closing(Service(backplane)) as service:
        bob = service.connect()
        service.say(bob, "bob", "/msg nobody hi", "/ping 1", "/nick Robert", "/ping 2")
        assert service.heard(bob) == []
        assert not service.reactor.isReading
        service.say(bob, "/ping 3")
        backplane.decide()
        assert service.heard(bob)[1:] == [
            "!!! Nobody called nobody is here (no-such-nick)",
            "--- PONG 1",
        ]
        backplane.decide()
        assert service.heard(bob) == ["--- bob is now Robert", "--- PONG 2", "--- PONG 3"]
        assert service.reactor.isReading


def test_manyLinesAreDoneInSeveralTurns(service: Service) -> None:
    alice, bob, carol = (service.connect(nick) for nick in ["alice", "bob", "carol"])
    service.heard(alice)
    service.say(bob, *(f"bob {number}" for number in range(2 * LINES_PER_TURN)))
    service.say(carol, "me, too")
    lines = service.heard(alice)
    assert lines[LINES_PER_TURN] == "carol: me, too"
    assert [line for line in lines if "bob " in line] == [
        f"bob: bob {number}" for number in range(2 * LINES_PER_TURN)
    ]


def test_nothingIsReadWhileThereIsEnoughToDo(service: Service) -> None:
    bob = service.connect("bob")
    service.say(bob, *["/ping"] * (LINES_PER_TURN + 1))
    service.reactor.turn()
    assert not service.reactor.isReading
    service.heard(bob)
    assert service.reactor.isReading


def test_aPeerThatDoesNotReadItsAnswersIsNotHeard(service: Service) -> None:
    """What waits for it stays far below the limit, and is all there once it reads."""
    bob = service.connect("bob")
    requests = 3000
    service.say(bob, *(f"/help all\r\n/ping {number}" for number in range(requests)))
    outlet = bob.transport.producer
    for _ in range(2 * requests // LINES_PER_TURN):
        service.reactor.turn()
        assert outlet.waiting < MAX_WAITING
    assert outlet.waiting > BUSY
    assert not service.reactor.isReading
    lines = service.heard(bob)
    rows = [verb for verb in VERBS if verb.access is not Access.OPERATORS]
    assert len(lines) == requests * (len(rows) + 1)
    assert [line for line in lines if "PONG" in line] == [
        f"--- PONG {number}" for number in range(requests)
    ]
