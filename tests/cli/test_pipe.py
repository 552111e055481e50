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
    Excerpt,
    FormatSet,
    LanguageSet,
    Listed,
    Ponged,
    Recalled,
    Refused,
    Said,
    Sent,
    UserRow,
    Welcomed,
)
from tests.support.clients import Link, World
from tests.support.samples import AT

GREETING = b"--- Welcome.\r\n--- Choose a nickname (/quit leaves):\r\n"
WELCOMED = Welcomed("#lobby", "bob", ("alice",))


class Run:
    """
    One C{tcpchat} between two pipes, and the service at its other end.
    """

    def __init__(
        self,
        nick: str | None,
        password: str | None = None,
        charset: str = "utf-8",
        isQuiet: bool = False,
    ) -> None:
        self.world = World()
        self.ends: list[tuple[int, str]] = []
        self.warnings: list[str] = []
        # The ends that belong to its threads stay open for good: a thread that
        # was left behind must not meet the number again in another test.
        stdin, self._stdin = os.pipe()
        self._stdout, stdout = os.pipe()
        target = Target(path="/socket")
        options = ClientOptions(target, nick, "en", True, False, password, charset, isQuiet)
        self.chat = PipeChat(
            self.world,
            options,
            lambda status, message: self.ends.append((status, message)),
            self.warnings.append,
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
        self.settled()
        assert self._sent + self.link.transport.lines() == []

    def pinged(self, *answers: Event) -> None:
        """Wait for a ping, and answer it, with something before."""
        ping = self.next()
        assert ping.startswith("/ping ")
        self.link.send(*answers, Ponged(ping.removeprefix("/ping ")))

    def begins(self, *lines: str) -> None:
        """Wait for it to begin with these lines, behind those of every connection."""
        for line in ("/format json", "/lang en", *lines):
            self.sent(line)

    def register(self) -> None:
        """Let it have the nickname that it asks for at once."""
        self.begins("/nick bob")
        self.pinged(WELCOMED)

    def halfClosed(self) -> None:
        """Wait for it to half-close the connection."""
        self.world.until(lambda: self.link.transport.halfClosed)

    def settled(self) -> None:
        """Wait until all that its threads have read has been dealt with."""
        while not self.world.isQuiet:
            self.world.next()

    def closed(self, reason: Ending, charset: str = "utf-8") -> str:
        """Let the service say goodbye and close; all that it has printed."""
        self.link.send(Closed(reason))
        return self.lost(charset=charset)

    def lost(self, error: Exception | None = None, charset: str = "utf-8") -> str:
        """Let the connection be lost; all that it has printed."""
        self.link.lose(error)
        return self.printed(charset)

    def printed(self, charset: str = "utf-8") -> str:
        """Wait for the end; all that it has printed."""
        self.world.until(lambda: bool(self.ends))
        os.set_blocking(self._stdout, False)
        with suppress(BlockingIOError):
            return os.read(self._stdout, 100_000).decode(charset)
        return ""


@pytest.fixture
def run() -> Run:
    """One that asks for the nickname bob, and is connected."""
    run = Run("bob")
    run.connect()
    return run


@pytest.fixture
def talking(run: Run) -> Run:
    """The same, and it has its nickname."""
    run.register()
    return run


@pytest.fixture
def nameless() -> Run:
    """One that takes its nickname from its input, and is connected."""
    run = Run(None)
    run.connect()
    return run


def test_theInputIsSentAsItIsAndEventsReadAsWithTelnet(talking: Run) -> None:
    talking.type("hello", "/who", "", "//x")
    for line in ("hello", "/who", "", "//x"):
        talking.sent(line)
    talking.link.send(
        Said("#lobby", 1, AT, "bob", "hello"),
        Said("#lobby", 2, AT, "alice", "你好"),
        Sent(AT, "bob", "alice", "psst"),
        LanguageSet("en", True),
    )
    talking.finish()
    talking.halfClosed()
    talking.link.send(Said("#lobby", 3, AT, "alice", "late"), Closed(Ending.INPUT_CLOSED))
    assert talking.lost() == (
        "--- Welcome.\n"
        "--- You are bob, in #lobby with alice. Just type; /help for commands.\n"
        "alice: 你好\n"
        "[you -> alice] psst\n"
        "--- The language is now English.\n"
        "alice: late\n"
        "--- Goodbye: end of input.\n"
    )
    assert talking.ends == [(OK, "")]


def test_aQuietRunPrintsOnlyWhatIsSaidAndAskedFor() -> None:
    run = Run("bob", isQuiet=True)
    run.connect()
    run.begins("/nick bob")
    run.pinged(
        WELCOMED,
        Excerpt("#lobby", "replay", 1),
        Recalled("#lobby", 1, AT, "alice", "earlier"),
        Said("#lobby", 2, AT, "alice", "now"),
    )
    run.type("/away")
    run.sent("/away")
    run.link.send(Done("away", "", "You are away."))
    run.finish()
    run.halfClosed()
    assert run.closed(Ending.INPUT_CLOSED) == "alice: now\n--- You are away.\n"
    assert run.ends == [(OK, "")]


def test_aQuietRunTellsARefusal() -> None:
    run = Run("bob", isQuiet=True)
    run.connect()
    run.begins("/nick bob")
    run.pinged(Refused("nick-taken", "bob", "bob is taken"))
    run.sent("/quit")
    assert run.closed(Ending.QUIT) == ""
    assert run.ends == [(REFUSED, "bob is taken (nick-taken)")]


def test_aLineAfterARefusedNicknameIsNoNickname(run: Run) -> None:
    run.type("alice", "hello")
    run.begins("/nick bob")
    run.pinged(Refused("nick-taken", "bob", "bob is taken; choose another"))
    run.sent("/quit")
    assert run.ends == []
    assert run.closed(Ending.QUIT) == "--- Welcome.\n"
    assert run.ends == [(REFUSED, "bob is taken; choose another (nick-taken)")]


def test_nothingIsSaidBeforeTheServiceHasTakenThePassword() -> None:
    run = Run("bob", "s3cret")
    run.connect()
    run.type("hello")
    run.begins("/login bob s3cret")
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
    run.begins(asked)
    run.pinged(Refused(code, "bob", "no"))
    run.sent("/quit")
    run.lost()
    assert run.ends == [(REFUSED, f"no ({code})")]


def test_theListThatComesUnaskedIsNotPrinted(run: Run) -> None:
    run.begins("/nick bob")
    people = Listed("#lobby", (UserRow("alice"), UserRow("bob")))
    run.pinged(WELCOMED, people)
    run.link.send(people, Closed(Ending.QUIT))
    assert run.lost().count("2 people in #lobby") == 1


def test_theFirstLineThatIsNoCommandIsTheNickname(nameless: Run) -> None:
    nameless.type("/ping x", "/who", "bob", "hello")
    nameless.begins("/ping x")
    nameless.pinged(Ponged("x"))
    nameless.sent("/who")
    nameless.pinged(Refused("nick-needed", "", "choose a nickname first"))
    nameless.sent("bob")
    nameless.pinged(WELCOMED)
    nameless.sent("hello")


@pytest.mark.parametrize("code", ["nick-confusable", "not-utf8", "line-too-long"])
def test_aFirstLineThatIsNoNicknameEndsTheRun(nameless: Run, code: str) -> None:
    nameless.type("b?b", "hello")
    nameless.begins("b?b")
    nameless.pinged(Refused(code, "b?b"))
    nameless.sent("/quit")
    # The service is not waited for forever.
    nameless.world.advance(GOODBYE_WITHIN)
    assert nameless.link.transport.aborted
    nameless.lost(ConnectionAborted())
    assert nameless.ends == [(REFUSED, f"b?b ({code})")]


def test_aLineThatIsTooLongIsSaidInParts(run: Run) -> None:
    """A command that cannot be is for the service to refuse."""
    run.begins("/nick bob")
    run.link.send(FormatSet("json", 19))
    run.pinged(WELCOMED)
    run.type("one two three /quit", "/topic one two three four", "end")
    for line in ("one two three", "//quit", "/topic one two three four", "end"):
        run.sent(line)


@pytest.mark.parametrize("charset", ["gb18030", "big5", "euc_jp"])
def test_linesAreInTheCharsetOfTheLocale(charset: str) -> None:
    """What it lacks is printed as a question mark."""
    run = Run("bob", charset=charset)
    run.connect()
    run.register()
    text = "功 \\ 四"
    run.write(f"{text}\n/me {text}".encode(charset))
    run.sent(text)
    run.finish()
    run.sent(f"/me {text}")
    run.halfClosed()
    run.link.send(Said("#lobby", 1, AT, "alice", f"{text} 👍"))
    shown = run.closed(Ending.INPUT_CLOSED, charset)
    assert f"alice: {text} {'👍' if charset == 'gb18030' else '?'}\n" in shown
    assert run.ends == [(OK, "")]
    assert run.warnings == []


@pytest.mark.parametrize(("charset", "bad"), [("utf-8", b"caf\xe9"), ("gb18030", b"\xff\xff")])
def test_aLineThatIsNotInTheCharsetIsNotSent(charset: str, bad: bytes) -> None:
    """It is told at once, and the run has failed in the end."""
    run = Run("bob", charset=charset)
    run.connect()
    run.register()
    run.write(b"one\n" + bad + b"\n/quit\n" + bad)
    run.sent("one")
    run.sent("/quit")
    assert run.warnings == [f"not sent: line 2 is not {charset.upper()}"]
    run.finish()
    run.halfClosed()
    assert run.warnings[1:] == [f"not sent: line 4 is not {charset.upper()}"]
    run.closed(Ending.QUIT)
    assert run.ends == [(FAILED, "")]


def test_aNicknameThatIsNotInTheCharsetEndsTheRun(nameless: Run) -> None:
    """The next line must not become the nickname."""
    nameless.begins()
    nameless.write(b"caf\xe9\nsecret\n")
    assert nameless.next() == "/quit"
    nameless.closed(Ending.QUIT)
    assert nameless.ends == [(REFUSED, "not sent: line 1 is not UTF-8 (not-utf8)")]


def test_aLastLineWithoutAnEndIsSent(nameless: Run) -> None:
    nameless.write(b"bob")
    nameless.finish()
    nameless.begins("bob")
    nameless.pinged(WELCOMED)
    nameless.halfClosed()


def test_anEmptyInputIsNoFailure(nameless: Run) -> None:
    nameless.finish()
    nameless.halfClosed()
    assert nameless.closed(Ending.INPUT_CLOSED) == "--- Welcome.\n--- Goodbye: end of input.\n"
    assert nameless.ends == [(OK, "")]


def test_overTLSTheRunQuitsAfterTheLastLine() -> None:
    """TLS has no half-close."""
    run = Run("bob")
    run.connect(tls=True)
    run.register()
    run.type("hello")
    run.finish()
    run.sent("hello")
    run.sent("/quit")
    run.closed(Ending.QUIT)
    assert run.ends == [(OK, "")]


def test_nothingIsReadWhileTheTransportIsFull(talking: Run) -> None:
    producer = talking.link.transport.producer
    assert talking.link.transport.streaming
    producer.pauseProducing()
    talking.type("one")
    talking.world.next()
    talking.type("two")
    talking.quiet()
    producer.resumeProducing()
    talking.sent("one")
    talking.sent("two")


def test_nothingIsReadWhileTheWindowIsFull(talking: Run) -> None:
    lines = [f"line {number}" for number in range(3 * WINDOW)]
    talking.type(*lines)
    talking.finish()
    for number, line in enumerate(lines):
        # The client does not even hold the rest.
        assert talking.link.client.held <= 1
        if number in (WINDOW, 2 * WINDOW):
            talking.pinged()
        talking.sent(line)
    talking.pinged()
    talking.halfClosed()
    talking.link.send(Closed(Ending.INPUT_CLOSED))
    talking.link.lose()
    assert "PONG" not in talking.printed()
    assert talking.ends == [(OK, "")]


@pytest.mark.parametrize("tls", [False, True])
def test_aConnectionLostBeforeAllIsSaidIsAFailure(tls: bool) -> None:
    run = Run("bob")
    run.connect(tls)
    run.register()
    run.type(*map(str, range(2 * WINDOW)))
    run.finish()
    run.sent("0")
    run.settled()
    run.lost()
    assert run.ends[0][0] == FAILED
    assert not run.link.transport.halfClosed


def test_aConnectionLostBeforeTheLastLineIsAFailure(talking: Run) -> None:
    """That line has no end."""
    feeder = talking.chat._feeder
    talking.write(b"last")
    talking.world.until(lambda: feeder._rest == b"last")
    feeder.pauseProducing()
    talking.finish()
    talking.world.until(lambda: feeder._hasEnded)
    talking.quiet()
    talking.lost()
    assert talking.ends[0][0] == FAILED


@pytest.mark.parametrize("before", ["", "[12:59] "])
def test_pingsOfTheClientAreNotPrintedInText(talking: Run, before: str) -> None:
    """The input may ask for text."""
    talking.type("/format text", *["x"] * (WINDOW - 1), "/ping mine", "last")
    talking.finish()
    talking.sent("/format text")
    for _ in range(WINDOW - 1):
        talking.sent("x")
    ping = talking.next()
    talking.link.send(f"{before}alice: --- {ping[6:]}\r\n".encode())
    talking.link.send(f"{before}--- PONG {ping[6:]}\r\n".encode())
    talking.sent("/ping mine")
    talking.sent("last")
    talking.link.send(f"{before}--- PONG mine\r\n--- Goodbye: end of input.\r\n".encode())
    talking.halfClosed()
    assert talking.lost().split("\n")[2:] == [
        f"{before}alice: --- {ping[6:]}",
        f"{before}--- PONG mine",
        "--- Goodbye: end of input.",
        "",
    ]


def test_anEndlessLineIsPassedOnAtTheSpeedOfTheService(talking: Run) -> None:
    transport = talking.link.transport
    for _ in range(3):
        talking.write(b"x" * PIECE)
        talking.world.until(lambda: len(transport.value()) == PIECE)
        transport.clear()
    transport.producer.pauseProducing()
    talking.write(b"y" * PIECE)
    talking.settled()
    assert transport.value() == b""
    transport.producer.resumeProducing()
    talking.world.until(lambda: len(transport.value()) == PIECE)
    transport.clear()
    talking.finish()
    talking.world.until(lambda: transport.halfClosed)
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
    talking: Run, events: list[Event], loss: Exception, isGood: bool
) -> None:
    talking.link.send(*events)
    talking.lost(loss)
    ((status, message),) = talking.ends
    assert status == (OK if isGood else FAILED)
    assert bool(message) is not isGood


@pytest.mark.parametrize(("loss", "isGood"), [(ConnectionDone(), True), (ConnectionLost(), False)])
def test_aCloseWithoutAGoodbyeIsNoFailureWhenAllIsSaid(
    talking: Run, loss: Exception, isGood: bool
) -> None:
    talking.finish()
    talking.halfClosed()
    talking.lost(loss)
    assert talking.ends[0][0] == (OK if isGood else FAILED)


def test_aRefusedConnectionIsNotTriedAgain() -> None:
    run = Run("bob")
    run.world.refuse(ConnectionRefusedError())
    assert run.ends == [(FAILED, "connection to /socket refused (is the server running?)")]
    run.world.advance(100)
    assert run.world.attempts == 1


def test_theLastLineOfAnotherKindOfServiceIsPrinted() -> None:
    run = Run("bob")
    run.link = run.world.accept()
    run.link.send(b"!!! Too many connections.\r\n")
    assert run.lost() == "!!! Too many connections.\n"
    assert run.ends[0][0] == FAILED


@pytest.mark.parametrize(
    "line",
    [
        "!!! Too many connections from your address (too-many-connections)",
        "!!! es sind zu viele (too-many-connections)",
    ],
)
@pytest.mark.parametrize("nick", [None, "bob"])
def test_aRejectionIsTheMessageInTheLanguageOfTheRun(line: str, nick: str | None) -> None:
    run = Run(nick)
    run.link = run.world.accept()
    run.link.send(line.encode() + b"\r\n")
    assert run.lost() == ""
    message = "Too many connections from your address (too-many-connections)"
    assert run.ends == [(FAILED, message)]


def test_aRejectionOfAnUnknownCodeIsQuoted() -> None:
    """A later version of the service may have more of them."""
    run = Run("bob")
    run.link = run.world.accept()
    run.link.send(b"!!! the moon is full (full-moon)\r\n")
    assert run.lost(ConnectionLost()) == ""
    assert run.ends == [(FAILED, "the moon is full (full-moon)")]


def test_theRunQuitsWhenItsOutputIsClosed() -> None:
    run = Run("bob")
    run.ignore()
    run.connect()
    run.begins("/nick bob")
    run.pinged(WELCOMED)
    run.sent("/quit")
    run.link.lose()
    run.world.until(lambda: bool(run.ends))
    assert run.ends == [(OK, "")]
