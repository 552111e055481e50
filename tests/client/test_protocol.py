"""Tests for L{chat.client.protocol}, and for what it is made of."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, ISSLTransport, ITCPTransport
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from chat.client.protocol import MAX_RECEIVED, ChatClient, ChatFactory
from chat.client.receiver import EventReceiver
from chat.client.splitting import LineSplitter
from chat.events import (
    Event,
    FormatSet,
    Greeted,
    Helped,
    LanguageSet,
    NickAsked,
    Ponged,
    Present,
    Refused,
    Said,
    Welcomed,
)
from tests.client.doubles import Transport
from tests.client.samples import AT, EVENTS, jsonLine

GREETING = b"--- Welcome to tcpchat. 0 people are here.\r\n--- What is your nickname?\r\n"


class Recorder(ChatClient):
    """Remembers what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Event] = []
        self.texts: list[str] = []

    def eventReceived(self, event: Event) -> None:
        self.heard.append(event)

    def textReceived(self, line: str) -> None:
        self.texts.append(line)


def connected(*interfaces: Any, factory: ChatFactory | None = None) -> tuple[Recorder, Transport]:
    client = (factory or ChatFactory(Recorder)).buildProtocol(None)
    assert isinstance(client, Recorder)
    transport = Transport(*interfaces)
    client.makeConnection(transport)
    return client, transport


def talking(*events: Event, interfaces: Iterable[Any] = ()) -> tuple[Recorder, Transport]:
    """A client that has been welcomed, and has heard these events."""
    client, transport = connected(*interfaces)
    client.dataReceived(GREETING)
    for event in (FormatSet("json"), Welcomed("#lobby", "alice", ("bob",)), *events):
        client.dataReceived(jsonLine(event))
    client.heard.clear()
    transport.clear()
    return client, transport


def lose(client: ChatClient, reason: type[Exception] = ConnectionDone) -> None:
    client.connectionLost(Failure(reason()))


def test_introduction() -> None:
    """It asks for JSON, a language and a nickname at once."""
    client, transport = connected(
        ITCPTransport, factory=ChatFactory(Recorder, nick="alice", language="zh_CN")
    )
    assert transport.lines() == ["/format json", "/lang zh_CN", "/nick alice"]
    assert transport.keepAlive
    assert not client.isUnderstood


def test_introductionAtLeast() -> None:
    """Without a wish there is only JSON to ask for."""
    _, transport = connected()
    assert transport.lines() == ["/format json"]


def test_textThenJSON() -> None:
    """What comes before JSON is text; then each line is an event."""
    client, _ = connected()
    said = Said("#lobby", 1, AT, "bob", "hi")
    client.dataReceived(GREETING + jsonLine(FormatSet("json")) + jsonLine(said))
    assert client.texts == GREETING.decode().split("\r\n")[:-1]
    assert client.heard == [FormatSet("json"), said]
    assert client.isUnderstood


def test_roster() -> None:
    """It knows where it is when it hears of it."""
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
def test_notUnderstood(line: bytes) -> None:
    """A line it does not understand is passed over; the next one is heard."""
    client, _ = talking()
    client.dataReceived(line + b"\r\n" + jsonLine(Present()))
    assert client.heard == [Present()]


@given(st.lists(st.binary(max_size=5) | st.just(b"\r\n"), max_size=30))
def test_anySplit(pieces: list[bytes]) -> None:
    """However the bytes are split, they are the same lines."""
    whole, split = LineSplitter(1000), LineSplitter(1000)
    lines = [line for piece in pieces for line in split.receive(piece)]
    assert lines == whole.receive(b"".join(pieces))


def test_splittingIsLinear() -> None:
    """The pieces of a long line are put together once."""
    splitter = LineSplitter(10)
    for _ in range(200_000):
        assert splitter.receive(b"x") == []
    assert splitter.isOverfull
    assert splitter.receive(b"\n") == [b"x" * 200_000]
    assert not splitter.isOverfull


def test_tooLong() -> None:
    """A service that sends no line ends is left."""
    client, transport = talking()
    client.dataReceived(b"x" * MAX_RECEIVED)
    assert not transport.aborted
    client.dataReceived(b"x")
    assert transport.aborted


def test_requests() -> None:
    """Each is a line of the protocol."""
    client, transport = talking()
    client.say("hi")
    client.say("/quit\n\n  \r\nsecond 你好\r//third")
    client.say(" /spaced")
    client.act("waves\nand goes")
    client.tell("bob", "one\ntwo")
    client.setNick("alicia")
    client.command("/who")
    client.quit()
    client.quit("see\nyou")
    assert transport.lines() == [
        "hi",
        "//quit",
        "second 你好",
        "///third",
        " /spaced",
        "/me waves and goes",
        "/msg bob one",
        "/msg bob two",
        "/nick alicia",
        "/who",
        "/quit",
        "/quit see you",
    ]


def test_wrongRequests() -> None:
    """What would become another line, or none, is not sent."""
    client, transport = talking()
    for request in (
        lambda: client.command("/me waves\n/quit"),
        lambda: client.command("a\rb"),
        lambda: client.say("\ud800"),
        lambda: client.tell("bob and", "hi"),
        lambda: client.tell("", "hi"),
        lambda: client.ping("two words"),
        lambda: client.ping("你"),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            request()
    assert transport.lines() == []


def test_ping() -> None:
    """A ping of ours fires when it is answered; other answers are events."""
    client, transport = talking()
    first, named = client.ping(), client.ping("mine")
    (token, other) = (line.removeprefix("/ping ") for line in transport.lines())
    assert other == "mine"
    fired: list[str] = []
    first.addCallback(fired.append)
    named.addCallback(fired.append)
    client.dataReceived(jsonLine(Ponged(token)) + jsonLine(Ponged("x")) + jsonLine(Ponged("mine")))
    assert fired == [token, "mine"]
    assert client.heard == [Ponged("x")]


def test_pingTwice() -> None:
    """A token that is on its way cannot be told from another one."""
    client, _ = talking()
    client.ping("x")
    with pytest.raises(ValueError, match="x"):
        client.ping("x")


def test_pingLost() -> None:
    """When the connection ends, nobody waits any longer, or begins to."""
    client, transport = talking()
    failures: list[Failure] = []
    client.ping().addErrback(failures.append)
    lose(client, ConnectionLost)
    client.ping().addErrback(failures.append)
    assert [failure.type for failure in failures] == [ConnectionLost] * 2
    client.say("too late")
    assert "too late" not in transport.lines()


def test_pingCancelled() -> None:
    """Whoever does not want the answer any more does not get it."""
    client, _ = talking()
    failures: list[Failure] = []
    ping = client.ping("x").addErrback(failures.append)
    ping.cancel()
    client.dataReceived(jsonLine(Ponged("x")))
    assert failures[0].check(CancelledError)
    assert client.heard == []


def test_learnCommands() -> None:
    """The help is asked for in silence."""
    client, transport = talking()
    learned: list[Helped] = []
    client.learnCommands().addCallback(learned.extend)
    (asked, ping) = transport.lines()
    assert asked == "/help"
    who = Helped("/who", ("/w",), "", "list who is here")
    refused = Refused("nick-needed")
    client.dataReceived(jsonLine(who) + jsonLine(refused))
    assert (learned, client.heard) == ([], [refused])
    client.dataReceived(jsonLine(Ponged(ping.removeprefix("/ping "))))
    assert (learned, client.heard) == ([who], [refused])
    client.dataReceived(jsonLine(who))
    assert client.heard == [refused, who]


def test_closeInput() -> None:
    """A half-close, where there is one."""
    client, transport = talking()
    client.closeInput()
    assert transport.halfClosed
    assert transport.lines() == []


def test_closeInputTLS() -> None:
    """TLS has none, so one says goodbye."""
    client, transport = talking(interfaces=[ISSLTransport])
    client.closeInput()
    assert not transport.halfClosed
    assert transport.lines() == ["/quit"]


def test_halfClosedByService() -> None:
    """When the service has sent everything, so have we."""
    client, transport = talking()
    assert verifyObject(IHalfCloseableProtocol, client)
    client.writeConnectionLost()
    assert not transport.disconnecting
    client.readConnectionLost()
    assert transport.disconnecting


def test_whenClosed() -> None:
    """It fires however the connection ends, before and after."""
    client, _ = talking()
    fired: list[None] = []
    client.whenClosed().addCallback(fired.append)
    assert (fired, client.lossReason) == ([], None)
    lose(client, ConnectionLost)
    client.whenClosed().addCallback(fired.append)
    assert fired == [None, None]
    assert client.lossReason is not None
    assert client.lossReason.check(ConnectionLost)


def test_nothingAfterTheEnd() -> None:
    """What was read with it is not heard after the connection has ended."""
    client, _ = talking()

    class Leaves(Recorder):
        def eventReceived(self, event: Event) -> None:
            super().eventReceived(event)
            lose(self)

    client = Leaves()
    client.makeConnection(Transport())
    client.dataReceived(jsonLine(Present()) + jsonLine(Present()))
    assert client.heard == [Present()]


def test_factoryRemembers() -> None:
    """The next connection knows what the last one has heard."""
    factory = ChatFactory(Recorder, nick="alice")
    first, _ = connected(factory=factory)
    first.dataReceived(jsonLine(Said("#lobby", 5, AT, "bob", "hi")))
    second = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
    assert second.roster.lastIds == {"#lobby": 5}
    assert second.wantedNick == "alice"


def test_ownWishes() -> None:
    """A class may have wishes of its own, which the factory overrides."""

    class Bot(ChatClient):
        wantedNick = "bot"

    assert ChatFactory(Bot).buildProtocol(None).wantedNick == "bot"
    assert ChatFactory(Bot, nick="robot").buildProtocol(None).wantedNick == "robot"


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_eachEventHasAMethod(event: Event) -> None:
    """Every event that is not an answer to the introduction has a method."""
    heard: list[Event] = []

    class Listener(EventReceiver):
        pass

    for name, method in vars(EventReceiver).items():
        if callable(method) and name != "eventReceived":
            setattr(Listener, name, lambda self, event: heard.append(event))
    Listener().eventReceived(event)
    EventReceiver().eventReceived(event)
    silent = Greeted | NickAsked | Present | LanguageSet | FormatSet
    assert heard == ([] if isinstance(event, silent) else [event])
