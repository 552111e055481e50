"""Tests for L{chat.cli.pipe}."""

import os
from contextlib import suppress

import pytest
from twisted.internet.error import (
    ConnectionAborted,
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
)
from twisted.internet.interfaces import ISSLTransport
from zope.interface import alsoProvides

from chat.cli.options import FAILED, OK, REFUSED, ClientOptions
from chat.cli.pipe import GOODBYE_WITHIN, PipeChat
from chat.cli.streams import PIECE
from chat.cli.target import Target
from chat.client.lines import WINDOW
from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Event,
    FormatSet,
    LanguageSet,
    Listed,
    Ponged,
    Refused,
    Said,
    Sent,
    UserRow,
    Welcomed,
)
from tests.support.clients import Link, World
from tests.support.samples import AT

GREETING = b"--- Welcome.\r\n--- What is your nickname?\r\n"
WELCOMED = Welcomed("#lobby", "bob", ("alice",))


class Run:
    """
    One C{tcpchat} between two pipes, and the service at its other end.
    """

    def __init__(self, nick: str | None, password: str | None = None) -> None:
        self.world = World()
        self.ends: list[tuple[int, str]] = []
        # The ends that belong to its threads stay open for good: a thread that
        # was left behind must not meet the number again in another test.
        stdin, self._stdin = os.pipe()
        self._stdout, stdout = os.pipe()
        options = ClientOptions(Target(path="/socket"), nick, "en", True, False, password)
        self.chat = PipeChat(
            self.world,
            options,
            lambda status, message: self.ends.append((status, message)),
            stdin,
            stdout,
        )
        self.chat.start()
        self._sent: list[str] = []

    def connect(self, tls: bool = False) -> None:
        """Let it connect, and tell it what every connection begins with."""
        self.link: Link = self.world.accept()
        if tls:
            alsoProvides(self.link.transport, ISSLTransport)
        self.link.send(GREETING, FormatSet("json"), LanguageSet("en"))

    def type(self, *lines: str) -> None:
        """Write lines into its input."""
        self.write("".join(line + "\n" for line in lines).encode())

    def write(self, data: bytes) -> None:
        """Write bytes into its input."""
        os.write(self._stdin, data)

    def finish(self) -> None:
        """End its input."""
        os.close(self._stdin)

    def ignore(self) -> None:
        """Read no more of what it prints."""
        os.close(self._stdout)

    def next(self) -> str:
        """Wait for a line that it sends."""
        while not self._sent:
            self._sent += self.link.transport.lines()
            if not self._sent:
                self.world.next()
        return self._sent.pop(0)

    def sent(self, line: str) -> None:
        """Wait for it to send this line next."""
        assert self.next() == line

    def quiet(self) -> None:
        """See that it sends nothing, whatever it has read by now."""
        while not self.world.isQuiet:
            self.world.next()
        assert self._sent + self.link.transport.lines() == []

    def pinged(self, *answers: Event) -> None:
        """Wait for a ping, and answer it, with something before."""
        ping = self.next()
        assert ping.startswith("/ping ")
        self.link.send(*answers, Ponged(ping.removeprefix("/ping ")))

    def register(self) -> None:
        """Let it have the nickname that it asks for at once."""
        self.sent("/format json")
        self.sent("/lang en")
        self.sent("/nick bob")
        self.pinged(WELCOMED)

    def printed(self) -> str:
        """Wait for the end; all that it has printed."""
        self.world.until(lambda: bool(self.ends))
        os.set_blocking(self._stdout, False)
        with suppress(BlockingIOError):
            return os.read(self._stdout, 100_000).decode()
        return ""


def test_theInputIsSentAsItIsAndEventsReadAsWithTelnet() -> None:
    run = Run("bob")
    run.connect()
    run.register()
    run.type("hello", "/who", "", "//x")
    for line in ("hello", "/who", "", "//x"):
        run.sent(line)
    run.link.send(
        Said("#lobby", 1, AT, "bob", "hello"),
        Said("#lobby", 2, AT, "alice", "你好"),
        Sent(AT, "bob", "alice", "psst"),
        LanguageSet("en"),
    )
    run.finish()
    run.world.until(lambda: run.link.transport.halfClosed)
    run.link.send(Said("#lobby", 3, AT, "alice", "late"), Closed(Ending.INPUT_CLOSED))
    run.link.lose()
    assert run.printed() == (
        "--- Welcome.\n"
        "--- You are bob, in #lobby with alice. /help lists the commands.\n"
        "alice: 你好\n"
        "[you -> alice] psst\n"
        "--- The language is English. (en)\n"
        "alice: late\n"
        "--- Goodbye: your input has ended.\n"
    )
    assert run.ends == [(OK, "")]


def test_aLineAfterARefusedNicknameIsNoNickname() -> None:
    run = Run("bob")
    run.connect()
    run.type("alice", "hello")
    for line in ("/format json", "/lang en", "/nick bob"):
        run.sent(line)
    run.pinged(Refused("nick-taken", "bob", "bob is taken, choose another"))
    run.sent("/quit")
    assert run.ends == []
    run.link.send(Closed(Ending.QUIT))
    run.link.lose()
    assert run.printed() == "--- Welcome.\n"
    assert run.ends == [(REFUSED, "bob is taken, choose another (nick-taken)")]


def test_nothingIsSaidBeforeTheServiceHasTakenThePassword() -> None:
    run = Run("bob", "s3cret")
    run.connect()
    run.type("hello")
    for line in ("/format json", "/lang en", "/login bob s3cret"):
        run.sent(line)
    run.pinged(Done("logged-in", "bob", "You are logged in as bob."), WELCOMED)
    run.sent("hello")


@pytest.mark.parametrize(
    ("password", "asked", "code"),
    [
        (None, "/nick bob", "nick-registered"),
        ("wrong", "/login bob wrong", "wrong-password"),
        ("wrong", "/login bob wrong", "too-many-attempts"),
        (None, "/nick bob", "banned"),
    ],
)
def test_aLineAfterARefusedLoginIsNoPassword(password: str | None, asked: str, code: str) -> None:
    run = Run("bob", password)
    run.connect()
    run.type("hello")
    for line in ("/format json", "/lang en", asked):
        run.sent(line)
    run.pinged(Refused(code, "bob", "no"))
    run.sent("/quit")
    run.link.lose()
    run.printed()
    assert run.ends == [(REFUSED, f"no ({code})")]


def test_theListThatComesUnaskedIsNotPrinted() -> None:
    run = Run("bob")
    run.connect()
    for line in ("/format json", "/lang en", "/nick bob"):
        run.sent(line)
    people = Listed("#lobby", (UserRow("alice"), UserRow("bob")))
    run.pinged(WELCOMED, people)
    run.link.send(people, Closed(Ending.QUIT))
    run.link.lose()
    assert run.printed().count("2 people in #lobby") == 1


def test_theFirstLineThatIsNoCommandIsTheNickname() -> None:
    run = Run(None)
    run.connect()
    run.type("/ping x", "/who", "bob", "hello")
    run.sent("/format json")
    run.sent("/lang en")
    run.sent("/ping x")
    run.pinged(Ponged("x"))
    run.sent("/who")
    run.pinged(Refused("nick-needed", "", "choose a nickname first"))
    run.sent("bob")
    run.pinged(WELCOMED)
    run.sent("hello")


@pytest.mark.parametrize("code", ["nick-confusable", "not-utf8", "line-too-long"])
def test_aFirstLineThatIsNoNicknameEndsTheRun(code: str) -> None:
    run = Run(None)
    run.connect()
    run.type("b?b", "hello")
    for line in ("/format json", "/lang en", "b?b"):
        run.sent(line)
    run.pinged(Refused(code, "b?b"))
    run.sent("/quit")
    # The service is not waited for forever.
    run.world.advance(GOODBYE_WITHIN)
    assert run.link.transport.aborted
    run.link.lose(ConnectionAborted())
    run.printed()
    assert run.ends == [(REFUSED, f"b?b ({code})")]


def test_aLastLineWithoutAnEndIsSent() -> None:
    run = Run(None)
    run.connect()
    run.write(b"bob")
    run.finish()
    for line in ("/format json", "/lang en", "bob"):
        run.sent(line)
    run.pinged(WELCOMED)
    run.world.until(lambda: run.link.transport.halfClosed)


def test_anEmptyInputIsNoFailure() -> None:
    run = Run(None)
    run.connect()
    run.finish()
    run.world.until(lambda: run.link.transport.halfClosed)
    run.link.send(Closed(Ending.INPUT_CLOSED))
    run.link.lose()
    assert run.printed() == "--- Welcome.\n--- Goodbye: your input has ended.\n"
    assert run.ends == [(OK, "")]


def test_overTLSTheRunQuitsAfterTheLastLine() -> None:
    """TLS has no half-close."""
    run = Run("bob")
    run.connect(tls=True)
    run.register()
    run.type("hello")
    run.finish()
    run.sent("hello")
    run.sent("/quit")
    run.link.send(Closed(Ending.QUIT))
    run.link.lose()
    run.printed()
    assert run.ends == [(OK, "")]


def test_nothingIsReadWhileTheTransportIsFull() -> None:
    run = Run("bob")
    run.connect()
    run.register()
    producer = run.link.transport.producer
    assert run.link.transport.streaming
    producer.pauseProducing()
    run.type("one")
    run.world.next()
    run.type("two")
    run.quiet()
    producer.resumeProducing()
    run.sent("one")
    run.sent("two")


def test_nothingIsReadWhileTheWindowIsFull() -> None:
    run = Run("bob")
    run.connect()
    run.register()
    lines = [f"line {number}" for number in range(3 * WINDOW)]
    run.type(*lines)
    run.finish()
    for number, line in enumerate(lines):
        # The client does not even hold the rest.
        assert run.link.client.held <= 1
        if number in (WINDOW, 2 * WINDOW):
            run.pinged()
        run.sent(line)
    run.pinged()
    run.world.until(lambda: run.link.transport.halfClosed)
    run.link.send(Closed(Ending.INPUT_CLOSED))
    run.link.lose()
    assert "PONG" not in run.printed()
    assert run.ends == [(OK, "")]


@pytest.mark.parametrize("tls", [False, True])
def test_aConnectionLostBeforeAllIsSaidIsAFailure(tls: bool) -> None:
    run = Run("bob")
    run.connect(tls)
    run.register()
    run.type(*map(str, range(2 * WINDOW)))
    run.finish()
    run.sent("0")
    while not run.world.isQuiet:
        run.world.next()
    run.link.lose()
    run.printed()
    assert run.ends[0][0] == FAILED
    assert not run.link.transport.halfClosed


def test_aConnectionLostBeforeTheLastLineIsAFailure() -> None:
    """That line has no end."""
    run = Run("bob")
    run.connect()
    run.register()
    feeder = run.chat._feeder
    run.write(b"last")
    run.world.until(lambda: feeder._rest == b"last")
    feeder.pauseProducing()
    run.finish()
    run.world.until(lambda: feeder._hasEnded)
    run.quiet()
    run.link.lose()
    run.printed()
    assert run.ends[0][0] == FAILED


@pytest.mark.parametrize("before", ["", "[12:59] "])
def test_pingsOfTheClientAreNotPrintedInText(before: str) -> None:
    """The input may ask for text."""
    run = Run("bob")
    run.connect()
    run.register()
    run.type("/format text", *["x"] * (WINDOW - 1), "/ping mine", "last")
    run.finish()
    run.sent("/format text")
    for _ in range(WINDOW - 1):
        run.sent("x")
    ping = run.next()
    run.link.send(f"{before}alice: --- {ping[6:]}\r\n".encode())
    run.link.send(f"{before}--- PONG {ping[6:]}\r\n".encode())
    run.sent("/ping mine")
    run.sent("last")
    run.link.send(f"{before}--- PONG mine\r\n--- Goodbye: your input has ended.\r\n".encode())
    run.world.until(lambda: run.link.transport.halfClosed)
    run.link.lose()
    assert run.printed().split("\n")[2:] == [
        f"{before}alice: --- {ping[6:]}",
        f"{before}--- PONG mine",
        "--- Goodbye: your input has ended.",
        "",
    ]


def test_anEndlessLineIsPassedOnAtTheSpeedOfTheService() -> None:
    run = Run("bob")
    run.connect()
    run.register()
    transport = run.link.transport
    for _ in range(3):
        run.write(b"x" * PIECE)
        run.world.until(lambda: len(transport.value()) == PIECE)
        transport.clear()
    transport.producer.pauseProducing()
    run.write(b"y" * PIECE)
    while not run.world.isQuiet:
        run.world.next()
    assert transport.value() == b""
    transport.producer.resumeProducing()
    run.world.until(lambda: len(transport.value()) == PIECE)
    transport.clear()
    run.finish()
    run.world.until(lambda: transport.halfClosed)
    # The line has an end all the same.
    assert transport.value() == b"\n"


@pytest.mark.parametrize(
    ("events", "loss", "isGood"),
    [
        ([], ConnectionDone(), False),
        ([], ConnectionLost(), False),
        ([Closed(Ending.QUIT)], ConnectionDone(), True),
        ([Closed(Ending.SHUTDOWN)], ConnectionDone(), False),
        ([Closed(Ending.IDLE_TIMEOUT)], ConnectionDone(), False),
    ],
)
def test_onlyAnEndingThatWasAskedForIsNoFailure(
    events: list[Event], loss: Exception, isGood: bool
) -> None:
    run = Run("bob")
    run.connect()
    run.register()
    run.link.send(*events)
    run.link.lose(loss)
    run.printed()
    ((status, message),) = run.ends
    assert status == (OK if isGood else FAILED)
    assert bool(message) is not isGood


@pytest.mark.parametrize(("loss", "isGood"), [(ConnectionDone(), True), (ConnectionLost(), False)])
def test_aCloseWithoutAGoodbyeIsNoFailureWhenAllIsSaid(loss: Exception, isGood: bool) -> None:
    run = Run("bob")
    run.connect()
    run.register()
    run.finish()
    run.world.until(lambda: run.link.transport.halfClosed)
    run.link.lose(loss)
    run.printed()
    assert run.ends[0][0] == (OK if isGood else FAILED)


def test_aRefusedConnectionIsNotTriedAgain() -> None:
    run = Run("bob")
    run.world.refuse(ConnectionRefusedError())
    assert run.ends == [(FAILED, "/socket refuses: nothing listens there")]
    run.world.advance(100)
    assert run.world.attempts == 1


def test_theLastLineOfAnotherKindOfServiceIsPrinted() -> None:
    run = Run("bob")
    run.link = run.world.accept()
    run.link.send(b"!!! Too many connections.\r\n")
    run.link.lose()
    assert run.printed() == "!!! Too many connections.\n"
    assert run.ends[0][0] == FAILED


@pytest.mark.parametrize(
    "line",
    [
        "!!! there are too many connections from your address (too-many-connections)",
        "!!! es sind zu viele (too-many-connections)",
    ],
)
@pytest.mark.parametrize("nick", [None, "bob"])
def test_aRejectionIsTheMessageInTheLanguageOfTheRun(line: str, nick: str | None) -> None:
    run = Run(nick)
    run.link = run.world.accept()
    run.link.send(line.encode() + b"\r\n")
    run.link.lose()
    assert run.printed() == ""
    message = "there are too many connections from your address (too-many-connections)"
    assert run.ends == [(FAILED, message)]


def test_aRejectionOfAnUnknownCodeIsQuoted() -> None:
    """A later version of the service may have more of them."""
    run = Run("bob")
    run.link = run.world.accept()
    run.link.send(b"!!! the moon is full (full-moon)\r\n")
    run.link.lose(ConnectionLost())
    assert run.printed() == ""
    assert run.ends == [(FAILED, "the moon is full (full-moon)")]


def test_theRunQuitsWhenItsOutputIsClosed() -> None:
    run = Run("bob")
    run.ignore()
    run.connect()
    for line in ("/format json", "/lang en", "/nick bob"):
        run.sent(line)
    run.pinged(WELCOMED)
    run.sent("/quit")
    run.link.lose()
    run.world.until(lambda: bool(run.ends))
    assert run.ends == [(OK, "")]
