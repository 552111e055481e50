"""Tests for L{chat.client.protocol} and L{chat.client.receiver}."""

from collections.abc import Iterable
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, ISSLTransport, ITCPTransport
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from chat.client.lines import WINDOW
from chat.client.protocol import ChatClient, ChatFactory, Past
from chat.client.receiver import EventReceiver
from chat.vocabulary.events import (
    Event,
    Excerpt,
    FormatSet,
    Greeted,
    Helped,
    LanguageSet,
    Missed,
    NickAsked,
    PasswordAsked,
    Ponged,
    Present,
    Recalled,
    Refused,
    Renamed,
    Said,
    Welcomed,
)
from tests.support.clients import Transport
from tests.support.samples import AT, EVENTS, jsonLine

GREETING = b"--- Welcome to tcpchat. Nobody here yet.\r\n--- Choose a nickname (/quit leaves):\r\n"


class Listener(ChatClient):
    """Remembers what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Event] = []
        self.texts: list[str] = []

    def eventReceived(self, event: Event) -> None:
        self.heard.append(event)

    def textReceived(self, line: str) -> None:
        self.texts.append(line)

    def hear(self, *events: Event) -> None:
        """Let the service send events."""
        self.dataReceived(b"".join(map(jsonLine, events)))

    def hearAnswer(self, ping: str) -> None:
        """Let the service answer a line with a ping."""
        self.hear(Ponged(ping.removeprefix("/ping ")))

    def askHistory(self) -> tuple[list[Past], str, str]:
        """@return: What is read after line 41, and the pings before and after the question."""
        read: list[Past] = []
        self.readHistory("#lobby", 41).addCallback(read.extend)
        before, asked, after = self.transport.lines()
        assert asked == "/history after 41 in #lobby"
        return read, before, after


def connected(*interfaces: Any, factory: ChatFactory | None = None) -> tuple[Listener, Transport]:
    client = (factory or ChatFactory(Listener)).buildProtocol(None)
    assert isinstance(client, Listener)
    transport = Transport(*interfaces)
    client.makeConnection(transport)
    return client, transport


def talking(*events: Event, interfaces: Iterable[Any] = ()) -> tuple[Listener, Transport]:
    """A client that has been welcomed, and has heard these events."""
    client, transport = connected(*interfaces)
    client.dataReceived(GREETING)
    client.hear(FormatSet("json"), Welcomed("#lobby", "alice", ("bob",)), *events)
    client.heard.clear()
    transport.clear()
    return client, transport


def lose(client: ChatClient, reason: type[Exception] = ConnectionDone) -> None:
    client.connectionLost(Failure(reason()))


def test_theClientAsksForJSONALanguageAndANicknameAtOnce() -> None:
    client, transport = connected(
        ITCPTransport, factory=ChatFactory(Listener, nick="alice", language="zh_CN")
    )
    assert transport.lines() == ["/format json", "/lang zh_CN", "/nick alice"]
    assert transport.keepAlive
    assert not client.isUnderstood


@pytest.mark.parametrize(
    ("account", "nick", "lines"),
    [
        (None, "alice", ["/login alice s3cret"]),
        ("alice", "Alice", ["/login alice s3cret"]),
        ("alice", "ally", ["/login alice s3cret"]),
        (None, None, []),
    ],
)
def test_theClientLogsInWithAPassword(
    account: str | None, nick: str | None, lines: list[str]
) -> None:
    factory = ChatFactory(Listener, nick=nick, password="s3cret")
    factory.account = account
    client, transport = connected(factory=factory)
    assert transport.lines() == ["/format json", *lines]
    assert "s3cret" not in repr(client) + repr(factory)


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ("Alice", ["/nick ally"]),
        # Another session of the user is there, and they are called so by now.
        ("ally", []),
        ("lice", []),
    ],
)
def test_anotherNicknameThanThatOfTheAccountIsAskedForOnce(given: str, lines: list[str]) -> None:
    factory = ChatFactory(Listener, nick="ally", password="s3cret")
    factory.account = "alice"
    client, transport = connected(factory=factory)
    transport.clear()
    client.dataReceived(jsonLine(Welcomed("#lobby", given)))
    assert transport.lines() == lines
    client.dataReceived(jsonLine(Renamed("#lobby", AT, given, "alice")))
    assert transport.lines() == []


def test_withoutWishesOnlyJSONIsAskedFor() -> None:
    _, transport = connected()
    assert transport.lines() == ["/format json"]


def test_linesAreTextUntilJSONComes() -> None:
    client, _ = connected()
    said = Said("#lobby", 1, AT, "bob", "hi")
    client.dataReceived(GREETING + jsonLine(FormatSet("json")) + jsonLine(said))
    assert client.texts == GREETING.decode().split("\r\n")[:-1]
    assert client.heard == [FormatSet("json"), said]
    assert client.isUnderstood


def test_theServiceTellsHowLongALineMayBe() -> None:
    """Else the client believes what services have that were told nothing else."""
    client, transport = talking()
    client.hear(
        FormatSet("json"), Refused("line-too-long", "0"), Refused("line-too-long", "9" * 99)
    )
    assert client.maxLine == 1024
    client.hear(FormatSet("json", 300))
    assert client.maxLine == 300
    client.hear(Refused("line-too-long", "200"))
    assert client.maxLine == 200
    client.say("x" * 300)
    assert list(map(len, transport.lines())) == [194, 106]


def test_theRosterHearsEveryEvent() -> None:
    client, _ = talking()
    assert client.isRegistered
    assert client.roster.people() == ("bob", "alice")


@pytest.mark.parametrize(
    "line",
    [
        b'{"event":"said"}',
        b'{"event":"from the future","at":1}',
        b'{"event":["said"]}',
        b"{",
        b'{"event":' + b"[" * 100_000,
        b'{"event":"said","at":"yesterday","room":"#l","id":1,"nick":"b","text":"t"}',
        b"{\xff}",
    ],
    ids=lambda line: line[:40],
)
def test_aLineThatIsNotUnderstoodIsPassedOver(line: bytes) -> None:
    client, _ = talking()
    client.dataReceived(line + b"\r\n" + jsonLine(Present()))
    assert client.heard == [Present()]


def test_aLineThatWouldBecomeAnotherOneIsNotSent() -> None:
    client, transport = talking()
    for request in (
        lambda: client.command("/me waves\n/quit"),
        lambda: client.command("a\rb"),
        lambda: client.say("\ud800"),
        lambda: client.ping("two words"),
        lambda: client.ping("你"),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            request()
    assert transport.lines() == []


def test_onlyPingsOfTheClientFireWhenTheyAreAnswered() -> None:
    """Other answers are events."""
    client, transport = talking()
    first, named = client.ping(), client.ping("mine")
    (token, other) = (line.removeprefix("/ping ") for line in transport.lines())
    assert other == "mine"
    fired: list[str] = []
    first.addCallback(fired.append)
    named.addCallback(fired.append)
    client.hear(Ponged(token), Ponged("x"), Ponged("mine"))
    assert fired == [token, "mine"]
    assert client.heard == [Ponged("x")]


def test_aTokenOnItsWayIsRefused() -> None:
    client, _ = talking()
    client.ping("x")
    with pytest.raises(ValueError, match="x"):
        client.ping("x")


def test_pingsFailWhenTheConnectionHasEnded() -> None:
    client, transport = talking()
    failures: list[Failure] = []
    client.ping().addErrback(failures.append)
    lose(client, ConnectionLost)
    client.ping().addErrback(failures.append)
    assert [failure.type for failure in failures] == [ConnectionLost] * 2
    client.say("too late")
    assert "too late" not in transport.lines()


def test_theAnswerToACancelledPingIsNoEvent() -> None:
    client, _ = talking()
    failures: list[Failure] = []
    ping = client.ping("x").addErrback(failures.append)
    ping.cancel()
    client.hear(Ponged("x"))
    assert failures[0].check(CancelledError)
    assert client.heard == []


def test_theHelpThatIsAskedForIsNoEvent() -> None:
    client, transport = talking()
    learned: list[Helped] = []
    client.learnCommands().addCallback(learned.extend)
    (asked, ping) = transport.lines()
    assert asked == "/help all"
    who = Helped("/who", ("/w",), "", "list who is here")
    refused = Refused("nick-needed")
    client.hear(who, refused)
    assert (learned, client.heard) == ([], [refused])
    client.hearAnswer(ping)
    assert (learned, client.heard) == ([who], [refused])
    client.hear(who)
    assert client.heard == [refused, who]


def test_theCommandsMayBeAskedForAgainBeforeTheAnswer() -> None:
    """A login brings more of them."""
    client, transport = talking()
    first: list[Helped] = []
    second: list[Helped] = []
    client.learnCommands().addCallback(first.extend)
    client.learnCommands().addCallback(second.extend)
    [_, ping, _, pingAgain] = transport.lines()
    who, ban = Helped("/who", (), "", "list who is here"), Helped("/ban", (), "", "ban a user")
    client.hear(who)
    client.hearAnswer(ping)
    client.hear(who, ban)
    client.hearAnswer(pingAgain)
    assert (first, second, client.heard) == ([who], [who, ban], [])


def test_theLinesAfterOneAreNoEvents() -> None:
    """Other events that come meanwhile are heard."""
    client, _ = talking()
    read, before, after = client.askHistory()
    earlier, head = Excerpt("#lobby", "history", 1), Excerpt("#lobby", "history", 1, False, 42)
    old, line = Recalled("#lobby", 9, AT, "bob", "old"), Recalled("#lobby", 42, AT, "bob", "hi")
    gap, live = Missed("#lobby", 40, 41, "lost"), Said("#lobby", 43, AT, "bob", "ho")
    # The answer to an earlier question is none to this one.
    client.hear(earlier, old)
    client.hearAnswer(before)
    client.hear(head, gap, live, line)
    client.hearAnswer(after)
    assert read == [head, gap, line]
    client.hear(old)
    assert client.heard == [earlier, old, live, old]


def test_aReplayIsNoAnswerToAQuestion() -> None:
    """Events of another room are none either."""
    client, _ = talking()
    read, before, after = client.askHistory()
    client.hearAnswer(before)
    head = Excerpt("#lobby", "history", 2, False, 43)
    replay: list[Event] = [
        Excerpt("#lobby", "replay", 1, False, 43),
        Missed("#lobby", 42, 42, "lost"),
        Recalled("#lobby", 43, AT, "bob", "hi"),
        Recalled("#dev", 7, AT, "bob", "found"),
    ]
    lines = [Recalled("#lobby", id, AT, "bob", "hi") for id in (42, 43)]
    client.hear(head, lines[0], *replay, lines[1])
    client.hearAnswer(after)
    assert read == [head, *lines]
    assert client.heard == replay


def test_aRefusalAnswersAQuestion() -> None:
    client, _ = talking()
    read, before, after = client.askHistory()
    refused = Refused("history-unavailable")
    client.hearAnswer(before)
    client.hear(refused)
    client.hearAnswer(after)
    assert (read, client.heard) == ([refused], [])


def test_readingFailsWhenTheConnectionEnds() -> None:
    for answered in range(2):
        client, transport = talking()
        failures: list[Failure] = []
        client.readHistory("#lobby", 41).addErrback(failures.append)
        (before, *_) = transport.lines()
        if answered:
            client.hearAnswer(before)
        lose(client, ConnectionLost)
        client.readHistory("#lobby", 41).addErrback(failures.append)
        assert [failure.type for failure in failures] == [ConnectionLost] * 2


def test_manyLinesWaitInTheClientAndAPingBehindThem() -> None:
    client, transport = talking()
    client.say("\n".join(["x"] * 200))
    assert client.held == 200 - WINDOW + 1
    sent = client.whenSent()
    answer = client.ping("mine")
    said = 0
    while lines := transport.lines():
        said += lines.count("x")
        *_, ping = lines
        client.hearAnswer(ping)
    assert (said, client.held, sent.called) == (200, 0, True)
    assert answer.result == "mine"
    assert client.heard == []


def test_linesThatWaitAreDroppedWhenTheConnectionEnds() -> None:
    client, transport = talking()
    client.say("\n".join(["x"] * 200))
    failures: list[Failure] = []
    client.whenSent().addErrback(failures.append)
    client.closeInput()
    assert not transport.halfClosed
    lose(client)
    client.whenSent().addErrback(failures.append)
    assert [failure.type for failure in failures] == [ConnectionDone, ConnectionDone]
    assert client.held == 0


def test_pingsAreAnsweredInTextToo() -> None:
    """The user of a pipe may have asked for text."""
    client, _ = talking()
    answer = client.ping()
    client.dataReceived(b"bob: --- PONG tcpchat-1\r\n--- PONG other\r\n")
    assert not answer.called
    client.dataReceived(b"[12:59] --- PONG tcpchat-1\r\n")
    assert answer.result == "tcpchat-1"
    assert client.texts[-2:] == ["bob: --- PONG tcpchat-1", "--- PONG other"]


def test_closingTheInputIsAHalfClose() -> None:
    client, transport = talking()
    client.closeInput()
    assert transport.halfClosed
    assert transport.lines() == []


def test_closingTheInputWaitsForTheLines() -> None:
    client, transport = talking()
    client.say("\n".join(["x"] * 60))
    client.closeInput()
    assert not transport.halfClosed
    client.hearAnswer(transport.lines()[-1])
    assert transport.halfClosed
    assert transport.lines()[-1] == "x"


def test_closingTheInputOverTLSQuits() -> None:
    """TLS has no half-close."""
    client, transport = talking(interfaces=[ISSLTransport])
    client.closeInput()
    assert not transport.halfClosed
    assert transport.lines() == ["/quit"]


def test_theClientClosesWhenTheServiceHas() -> None:
    client, transport = talking()
    assert verifyObject(IHalfCloseableProtocol, client)
    client.writeConnectionLost()
    assert not transport.disconnecting
    client.readConnectionLost()
    assert transport.disconnecting


def test_whenClosedFiresBeforeAndAfterTheEnd() -> None:
    client, _ = talking()
    fired: list[None] = []
    client.whenClosed().addCallback(fired.append)
    assert (fired, client.lossReason) == ([], None)
    lose(client, ConnectionLost)
    client.whenClosed().addCallback(fired.append)
    assert fired == [None, None]
    assert client.lossReason is not None
    assert client.lossReason.check(ConnectionLost)


def test_nothingIsHeardAfterTheEnd() -> None:
    client, _ = talking()

    class Leaves(Listener):
        def eventReceived(self, event: Event) -> None:
            super().eventReceived(event)
            lose(self)

    client = Leaves()
    client.makeConnection(Transport())
    client.hear(Present(), Present())
    assert client.heard == [Present()]


def test_aFactoryRemembersWhatAConnectionHasHeard() -> None:
    factory = ChatFactory(Listener, nick="alice")
    first, _ = connected(factory=factory)
    first.dataReceived(jsonLine(Welcomed("#lobby", "alice")))
    first.dataReceived(jsonLine(Said("#lobby", 5, AT, "bob", "hi")))
    second = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
    assert second.roster.lastIds == {"#lobby": 5}
    assert second.wantedNick == "alice"


def test_aFactoryOverridesTheWishesOfAClass() -> None:

    class Bot(ChatClient):
        wantedNick = "bot"

    assert ChatFactory(Bot).buildProtocol(None).wantedNick == "bot"
    assert ChatFactory(Bot, nick="robot").buildProtocol(None).wantedNick == "robot"


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_eachEventHasAMethodUnlessItAnswersTheIntroduction(event: Event) -> None:
    heard: list[Event] = []

    class Receiver(EventReceiver):
        pass

    for name, method in vars(EventReceiver).items():
        if callable(method) and name != "eventReceived":
            setattr(Receiver, name, lambda self, event: heard.append(event))
    Receiver().eventReceived(event)
    EventReceiver().eventReceived(event)
    silent = Greeted | NickAsked | PasswordAsked | Present | LanguageSet | FormatSet
    assert heard == ([] if isinstance(event, silent) else [event])
