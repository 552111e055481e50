"""The contract of front doors: what every one of them gets without a line of its own."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple
from weakref import ref

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chat.endpoints.proxyprotocol import ProxiedFactory
from chat.protocols.closing import LINGER_TIMEOUT
from chat.protocols.connections import ABORT_TIMEOUT, DoorFactory
from chat.protocols.refusing import GRACE, LOG_INTERVAL
from chat.vocabulary.endings import Ending
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.support.doubles import HandPeer
from tests.support.insides import makeBusy
from tests.support.netstringrendering import netstring
from tests.support.netstrings import NetstringFactory
from tests.support.service import Service

HOST = IPv4Address("TCP", "192.0.2.1", 54321)
PROXY = IPv4Address("TCP", "192.0.2.99", 54321)
CLIENT = "198.51.100.7"

_FREE = {"maxPerAddress": UNLIMITED, "connectRate": UNLIMITED, "sendBuffer": 4096}


def _lines(data: bytes) -> list[str]:
    assert not data or data.endswith(b"\r\n"), "not in the words of a line"
    return data.decode().split("\r\n")[:-1]


def _netstrings(data: bytes) -> list[str]:
    contents = []
    while data:
        size, _, data = data.partition(b":")
        assert data[int(size) : int(size) + 1] == b",", "not in the words of a netstring"
        contents.append(data[: int(size)].decode())
        data = data[int(size) + 1 :]
    return contents


class Dialect(NamedTuple):
    """
    How a peer talks at a door.

    @ivar factoryOf: Makes the factory of the door for a service.
    @ivar parse: What the service has sent, message by message.
    @ivar pong: What C{ping} is answered with, which is given a text.
    @ivar refused: What is in the words of a refusal, which has a code.
    @ivar ended: What is in the words at the end.
    """

    name: str
    factoryOf: Callable[[Service], DoorFactory]
    parse: Callable[[bytes], list[str]]
    nick: Callable[[str], bytes]
    say: Callable[[str], bytes]
    ping: Callable[[str], bytes]
    quit: bytes
    pong: str
    said: str
    refused: str
    ended: dict[Ending, str]


DIALECTS = [
    Dialect(
        "line",
        lambda service: service.factory,
        _lines,
        lambda nick: f"{nick}\r\n".encode(),
        lambda text: f"{text}\r\n".encode(),
        lambda text: f"/ping {text}\r\n".encode(),
        b"/quit\r\n",
        "--- PONG {}",
        "{}: {}",
        "({})",
        {
            Ending.SHUTDOWN: "--- Goodbye: the service is shutting down.",
            Ending.TOO_FAST: "(too-fast)",
            Ending.INPUT_CLOSED: "--- Goodbye: end of input.",
        },
    ),
    Dialect(
        "netstring",
        lambda service: service.newDoor(NetstringFactory),
        _netstrings,
        lambda nick: netstring(f"Nick\t{nick}"),
        lambda text: netstring(f"Say\t{text}"),
        lambda text: netstring(f"Ping\t{text}"),
        netstring("Quit"),
        "@bob\tPonged\t{}",
        "{}\t{}",
        "Closed\t{}\t",
        {
            Ending.SHUTDOWN: "@bob\tClosed\tshutdown\t",
            Ending.TOO_FAST: "@bob\tClosed\ttoo-fast\t",
            Ending.INPUT_CLOSED: "@bob\tClosed\tinput-closed\t",
        },
    ),
]


class DoorStage:
    """
    A service with one door.
    """

    def __init__(self, dialect: Dialect, **limits: Any) -> None:
        self.dialect = dialect
        self.service = Service(limits=Limits(**{**_FREE, **limits}))
        self.factory = dialect.factoryOf(self.service)
        self.connections = self.service.connections
        self.counters = self.service.server.counters
        self.turn = self.service.reactor.turn

    def comes(self, host: IPv4Address | None = HOST, factory: Any = None) -> HandPeer:
        return self.service.reactor.connect((factory or self.factory).buildProtocol(host), host)

    def heard(self, peer: HandPeer) -> list[str]:
        """
        @return: What a peer has got since the last time, when nothing more is going on.
        """
        quiet = 0
        while quiet < 4:
            self.turn()
            quiet = 0 if peer.read() else quiet + 1
        data, peer.received = peer.received, b""
        return self.dialect.parse(data)

    def enters(self, nick: str = "bob") -> HandPeer:
        """
        @return: The peer of a user whose whole burst is unused.
        """
        peer = self.comes()
        peer.send(self.dialect.nick(nick))
        self.heard(peer)
        self.turn(60)
        self.heard(peer)
        return peer

    def pings(self, peer: HandPeer, first: int, count: int) -> None:
        peer.send(b"".join(self.dialect.ping(str(n)) for n in range(first, first + count)))

    def pongs(self, first: int, count: int) -> list[str]:
        return [self.dialect.pong.format(number) for number in range(first, first + count)]

    def loses(self, peer: HandPeer) -> None:
        self.service.reactor.removeReader(peer.transport)
        peer.transport.connectionLost(Failure(ConnectionLost()))

    def assertNothingIsLeft(self) -> None:
        for _ in range(4):
            self.turn()
        self.turn(LOG_INTERVAL)
        self.turn(LOG_INTERVAL)
        admission = self.connections.admission
        assert (admission.connections, admission.nameless) == (0, 0)
        assert list(self.connections) == []
        assert self.connections.slowReaders.waiting == 0
        assert len(self.service.hub.nicknames) == 0
        reactor = self.service.reactor
        assert not reactor.isReading
        assert not reactor.isWriting
        assert reactor.getDelayedCalls() == []


Enter = Callable[..., DoorStage]


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def start(request: pytest.FixtureRequest) -> Iterator[Enter]:
    """
    Makes a stage with the limits that hold by default, but for some.
    """
    stages: list[DoorStage] = []

    def started(**limits: Any) -> DoorStage:
        stages.append(DoorStage(request.param, **limits))
        return stages[-1]

    yield started
    for stage in stages:
        stage.service.close()


@pytest.fixture
def stage(start: Enter) -> DoorStage:
    return start()


# Admission.


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"maxConnections": 3}, "service-full"),
        ({"maxNameless": 3}, "too-many-nameless"),
        ({"maxPerAddress": 3}, "too-many-connections"),
        ({"connectRate": 3}, "connecting-too-fast"),
    ],
)
def test_aRefusalIsInTheWordsOfTheDoor(start: Enter, limits: dict[str, Any], code: str) -> None:
    stage = start(**limits)
    admitted = [stage.comes() for _ in range(3)]
    refused = stage.comes()
    # Had it been closed at once, the answer to this would be a reset.
    refused.send(b"x" * 50_000)
    [words] = stage.heard(refused)
    assert stage.dialect.refused.format(code) in words
    assert refused.isEnded
    assert stage.counters.refusals == {code: 1}
    assert stage.counters.connections == 3
    assert stage.connections.admission.connections == 3
    stage.turn(GRACE)
    stage.turn()
    assert not refused.transport.connected
    for peer in admitted:
        peer.close()
    stage.assertNothingIsLeft()


@pytest.mark.parametrize("limits", [{"maxNameless": 1}, {"maxConnections": 2}])
def test_thereIsRoomAgain(start: Enter, limits: dict[str, Any]) -> None:
    """Once there is a nickname, or a connection has gone."""
    stage = start(**limits)
    bob = stage.enters()
    other = stage.comes()
    stage.heard(other)
    refused = stage.comes()
    assert len(stage.heard(refused)) == 1
    other.close()
    stage.turn()
    stage.turn()
    assert stage.connections.admission.nameless == 0
    again = stage.comes()
    stage.heard(again)
    assert not again.isEnded
    assert not bob.isEnded


def test_otherAddressesAreNotLimited(start: Enter) -> None:
    stage = start(maxPerAddress=1)
    stage.comes()
    other = stage.comes(IPv4Address("TCP", "192.0.2.2", 54321))
    stage.heard(other)
    assert not other.isEnded


def test_trustedAddressesAreNotLimited(start: Enter) -> None:
    stage = start(maxPerAddress=1)
    for _ in range(3):
        peer = stage.comes(None)
        stage.heard(peer)
        assert not peer.isEnded


# A proxy.


def header(host: str = CLIENT) -> bytes:
    return f"PROXY TCP4 {host} 192.0.2.2 1000 8080\r\n".encode()


def test_theAddressIsTheOneThatTheProxySays(start: Enter) -> None:
    stage = start(maxPerAddress=1)
    proxied = ProxiedFactory(stage.factory, stage.service.reactor)
    bob = stage.comes(PROXY, proxied)
    bob.send(header() + stage.dialect.nick("bob"))
    stage.heard(bob)
    [connection] = stage.connections
    assert (connection.peer, connection.address) == (f"{CLIENT} 1000", CLIENT)
    assert stage.connections.doors() == {**stage.connections.doors(), stage.dialect.name: 1}
    second, third = stage.comes(PROXY, proxied), stage.comes(PROXY, proxied)
    second.send(header())
    third.send(header("198.51.100.8"))
    [words] = stage.heard(second)
    assert stage.dialect.refused.format("too-many-connections") in words
    stage.heard(third)
    assert not third.isEnded


def test_theStopDoesNotWaitForAHeader(stage: DoorStage) -> None:
    proxied = ProxiedFactory(stage.factory, stage.service.reactor)
    peer = stage.comes(PROXY, proxied)
    peer.send(b"PROXY TCP4")
    stage.turn()
    assert len(stage.connections.expected) == 1
    assert stage.connections.endAll(Ending.SHUTDOWN, 5).called
    stage.turn()
    stage.turn()
    assert not peer.transport.connected
    assert stage.connections.expected == set()
    assert stage.counters.refusals == {}
    stage.assertNothingIsLeft()


# A crowd, in which beginnings wait for their turn.

CROWD = 12


@pytest.fixture
def crowded(stage: DoorStage) -> DoorStage:
    """
    A stage where a turn has time for few of those that come.
    """
    makeBusy(stage.service)
    return stage


def settle(stage: DoorStage) -> None:
    """
    Let all have their turns.
    """
    for _ in range(8 * CROWD):
        stage.turn()


def answered(stage: DoorStage, peers: list[HandPeer]) -> list[int]:
    """
    @return: Of each peer, how many pongs it has got in the end.
    """
    settle(stage)
    pong = stage.dialect.pong.format("1").removeprefix("@bob")
    return [sum(pong in words for words in stage.heard(peer)) for peer in peers]


def test_whatComesWithAHeaderWaitsForTheBeginning(crowded: DoorStage) -> None:
    """With the header it has been read already, though no more is read until then."""
    stage, dialect = crowded, crowded.dialect
    proxied = ProxiedFactory(stage.factory, stage.service.reactor)
    peers = [stage.comes(PROXY, proxied) for _ in range(CROWD)]
    for number, peer in enumerate(peers):
        peer.send(header() + dialect.nick(f"bob{number}") + dialect.ping("1"))
    stage.turn()
    begun = [connection.bytesIn and connection.written for connection in stage.connections]
    assert 0 < sum(map(bool, begun)) < CROWD
    for peer in peers:
        peer.send(dialect.ping("1"))
    assert answered(stage, peers) == [2] * CROWD
    assert stage.counters.faults == 0
    for peer in peers:
        peer.close()
    settle(stage)
    stage.assertNothingIsLeft()


def early(stage: DoorStage, count: int = CROWD) -> list[HandPeer]:
    """
    @return: Peers whose wrapper hands on what it has read, whether or not it has been asked to
        pause.
    """
    peers = []
    for number in range(count):
        peers.append(stage.comes())
        said = stage.dialect.nick(f"bob{number}") + stage.dialect.ping("1")
        for piece in (said[:4], said[4:]):
            peers[-1].transport.protocol.dataReceived(piece)
    return peers


def test_whatAWrapperHandsOnTooEarlyIsKept(crowded: DoorStage) -> None:
    peers = early(crowded)
    assert answered(crowded, peers) == [1] * CROWD
    assert len(crowded.service.hub.nicknames) == CROWD
    assert crowded.counters.faults == 0


def test_anEndBeforeTheBeginningComesAfterWhatWasSaid(crowded: DoorStage) -> None:
    peers = early(crowded)
    for peer in peers:
        peer.transport.protocol.readConnectionLost()
        peer.finish()
    settle(crowded)
    for peer in peers:
        *_, pong, last = crowded.heard(peer)
        assert "PONG" in pong.upper()
        assert Ending.INPUT_CLOSED in last or "end of input" in last
        assert peer.isEnded
    settle(crowded)
    crowded.assertNothingIsLeft()
    assert crowded.counters.endings == {"input-closed": CROWD}


def test_whatWasSaidBeforeTheBeginningIsDoneThoughThePeerHasGone(crowded: DoorStage) -> None:
    """Which the line in the log counts; where nothing was said there is no session."""
    alice = crowded.enters("alice")
    said = [crowded.dialect.said.format(f"bob{number}", "hello") for number in range(CROWD)]
    for peer in early(crowded):
        peer.transport.protocol.dataReceived(crowded.dialect.say("hello"))
        crowded.loses(peer)
        crowded.loses(crowded.comes())
    settle(crowded)
    heard = crowded.heard(alice)
    assert [sum(each in words for words in heard) for each in said] == [1] * CROWD
    assert crowded.counters.lines == 3 * CROWD
    assert crowded.counters.endings == {"connection-lost": 2 * CROWD}
    alice.close()
    settle(crowded)
    crowded.assertNothingIsLeft()


def test_theServiceMayStopBeforeTheBeginning(crowded: DoorStage) -> None:
    peers = early(crowded)
    ended = crowded.connections.endAll(Ending.SHUTDOWN, 5)
    crowded.connections.abortAll()
    settle(crowded)
    assert ended.called
    assert not any(peer.transport.connected for peer in peers)
    settle(crowded)
    crowded.assertNothingIsLeft()
    assert crowded.counters.faults == 0


# The rate.


def test_aBurstIsDoneAtOnceAndThenOneMessageAfterTheOther(stage: DoorStage) -> None:
    bob = stage.enters()
    stage.pings(bob, 0, 14)
    assert stage.heard(bob) == stage.pongs(0, 10)
    # The kernel makes the peer wait.
    assert not stage.service.reactor.isReading
    for number in range(10, 14):
        stage.turn(0.49)
        assert stage.heard(bob) == []
        stage.turn(0.01)
        assert stage.heard(bob) == stage.pongs(number, 1)
    assert stage.counters.delays == {"line-rate": 4}
    assert stage.service.reactor.isReading


def test_aUserWhoIsAMinuteBehindIsKept(stage: DoorStage) -> None:
    bob = stage.enters()
    stage.pings(bob, 0, 130)
    answers = stage.heard(bob)
    for _ in range(120):
        stage.turn(0.5)
        answers += stage.heard(bob)
    assert answers == stage.pongs(0, 130)


def test_aUserWhoIsFurtherBehindIsToldAndClosed(stage: DoorStage) -> None:
    bob = stage.enters()
    stage.pings(bob, 0, 131)
    *answers, last = stage.heard(bob)
    assert answers == stage.pongs(0, 10)
    assert stage.dialect.ended[Ending.TOO_FAST] in last
    assert bob.isEnded
    bob.close()
    stage.assertNothingIsLeft()
    assert stage.counters.endings == {"too-fast": 1}


def test_whatALostConnectionHasSaidIsDoneAtTheRate(stage: DoorStage) -> None:
    alice, bob = stage.enters("alice"), stage.enters()
    stage.heard(alice)
    bob.send(b"".join(stage.dialect.say(f"line {number}") for number in range(12)))
    assert len(stage.heard(alice)) == 10
    stage.loses(bob)
    assert stage.heard(alice) == []
    stage.turn(0.5)
    [said] = stage.heard(alice)
    assert stage.dialect.said.format("bob", "line 10") in said
    stage.turn(0.5)
    assert len(stage.heard(alice)) == 2
    alice.close()
    stage.assertNothingIsLeft()
    assert stage.counters.endings == {"connection-lost": 1, "input-closed": 1}


def test_manyMessagesAreDoneInSeveralTurns(start: Enter) -> None:
    stage = start(lineRate=UNLIMITED, turnLines=5)
    bob = stage.enters()
    stage.pings(bob, 0, 12)
    [connection] = stage.connections
    counts = []
    for _ in range(4):
        stage.turn()
        counts.append(connection.lines - 1)
    assert counts == [5, 10, 12, 12]
    assert stage.counters.delays == {"turn": 2}


# Peers that read slowly, or nothing.


def fill(stage: DoorStage, loud: HandPeer, slow: HandPeer, size: int) -> None:
    """
    Talk until so much waits.
    """
    while slow.transport.producer.waiting < size:
        loud.send(stage.dialect.say("x" * 500))
        stage.turn()
        loud.read()
    loud.received = b""


def test_aPeerThatTakesNothingIsGivenUp(start: Enter) -> None:
    stage = start(lineRate=UNLIMITED, stallTimeout=10)
    alice, bob = stage.enters("alice"), stage.enters()
    fill(stage, alice, bob, 1)
    assert sum(stage.connections.waiting()) > 0
    for _ in range(9):
        stage.turn(1)
    assert bob.transport.connected
    for _ in range(3):
        stage.turn(1)
    assert not bob.transport.connected
    assert stage.counters.tooSlow == {"stall": 1}
    assert sum(stage.connections.waiting()) == 0
    assert len(stage.service.hub.nicknames) == 1


def test_aPeerThatReadsTooSlowlyIsToldAndClosed(start: Enter) -> None:
    stage = start(lineRate=UNLIMITED)
    alice, bob = stage.enters("alice"), stage.enters()
    while not stage.counters.tooSlow:
        alice.send(stage.dialect.say("x" * 1000) * 10)
        stage.turn()
        alice.read()
        assert max(stage.connections.waiting()) <= Limits.maxWaiting + 64 * 1024
    stage.turn()
    assert "too-slow" in stage.heard(bob)[-1]
    assert bob.isEnded
    assert stage.counters.tooSlow == {"waiting": 1}


def test_aPeerThatDoesNotReadItsAnswersIsNotHeard(start: Enter) -> None:
    stage = start(lineRate=UNLIMITED, softWaiting=10_000)
    bob = stage.enters()
    stage.pings(bob, 0, 1)
    ask = stage.dialect.ping("x" * 900)
    for _ in range(40):
        bob.send(ask)
    for _ in range(10):
        stage.turn()
    assert 10_000 < bob.transport.producer.waiting < 20_000
    assert stage.counters.delays["waiting"] == 1
    assert not stage.service.reactor.isReading
    assert len(stage.heard(bob)) == 41


# The end of a connection.


def test_everythingIsDoneBeforeAFINIs(start: Enter) -> None:
    stage = start(lineRate=UNLIMITED)
    bob = stage.enters()
    stage.pings(bob, 0, 50)
    bob.finish()
    *answers, last = stage.heard(bob)
    assert answers == stage.pongs(0, 50)
    assert stage.dialect.ended[Ending.INPUT_CLOSED] in last
    assert bob.isEnded
    stage.assertNothingIsLeft()


def test_aPeerThatDoesNotHangUpIsLeft(stage: DoorStage) -> None:
    bob = stage.enters()
    bob.send(stage.dialect.quit + stage.dialect.ping("late"))
    assert len(stage.heard(bob)) == 1
    assert bob.isEnded
    assert bob.transport.connected
    stage.turn(LINGER_TIMEOUT)
    assert not bob.transport.connected
    stage.assertNothingIsLeft()


def test_aConnectionIsFreedAtOnce(stage: DoorStage) -> None:
    """It does not wait for the garbage collector."""
    bob = stage.enters()
    [connection] = stage.connections
    session = ref(connection.session)
    gc.disable()
    try:
        bob.send(stage.dialect.quit)
        stage.heard(bob)
        bob.close()
        stage.assertNothingIsLeft()
        assert session() is None
    finally:
        gc.enable()


# What is told of a connection.


def test_aConnectionIsOneLineInTheLog(stage: DoorStage) -> None:
    with capturedLogs() as events:
        bob = stage.comes()
        stage.turn(1.5)
        bob.send(stage.dialect.nick("bob") + stage.dialect.ping("1"))
        heard = stage.heard(bob)
        stage.turn(2.25)
        bob.send(stage.dialect.quit)
        heard += stage.heard(bob)
        assert events == []
        bob.close()
        stage.heard(stage.comes(None))
    [event] = events
    assert event["log_format"].startswith("closed ")
    assert event["log_namespace"] == "chat.protocols.connections.Connections"
    names = ("door", "peer", "nick", "reason", "lines", "refused", "named", "seconds")
    assert {name: event[name] for name in names} == {
        "door": stage.dialect.name,
        "peer": "192.0.2.1 54321",
        "nick": "bob",
        "reason": "quit",
        "lines": 3,
        "refused": 0,
        "named": 1.5,
        "seconds": 3.75,
    }
    sent = stage.dialect.nick("bob") + stage.dialect.ping("1") + stage.dialect.quit
    assert event["bytesIn"] == len(sent)
    assert event["bytesOut"] >= sum(map(len, heard))
    assert event["opened"].endswith("+00:00")


def test_aConnectionWithoutANicknameIsALineToo(stage: DoorStage) -> None:
    with capturedLogs() as events:
        peer = stage.comes()
        peer.finish()
        stage.heard(peer)
        stage.assertNothingIsLeft()
    [event] = events
    assert (event["nick"], event["named"]) == ("-", "-")
    assert (event["reason"], event["lines"]) == ("input-closed", 0)


def test_whatIsOpenCountsAsWellAsWhatIsClosed(stage: DoorStage) -> None:
    name = stage.dialect.name
    for _ in range(2):
        stage.enters().close()
        stage.turn()
        stage.turn()
    bob = stage.enters()
    assert stage.connections.counted().lines == 3
    assert stage.counters.lines == 2
    assert stage.connections.counted().bytesIn == 3 * len(stage.dialect.nick("bob"))
    before = stage.connections.counted()
    assert stage.connections.counted() == before, "to ask changes nothing"
    assert stage.connections.doors()[name] == 1
    assert stage.counters.doors[name] == stage.counters.connections == 3
    bob.close()
    stage.assertNothingIsLeft()
    assert stage.connections.doors()[name] == 0
    assert stage.connections.counted().bytesOut >= before.bytesOut
    assert stage.counters.endings == {"input-closed": 3}


# The end of the service.


def test_allAreTold(stage: DoorStage) -> None:
    bob, other = stage.enters(), stage.comes()
    stage.heard(other)
    ended = stage.connections.endAll(Ending.SHUTDOWN, 5)
    assert stage.dialect.ended[Ending.SHUTDOWN] in stage.heard(bob)[-1]
    assert len(stage.heard(other)) == 1
    assert bob.isEnded
    assert other.isEnded
    assert not ended.called
    bob.finish()
    other.finish()
    stage.turn()
    stage.turn()
    assert ended.called
    stage.assertNothingIsLeft()


def test_aConnectionThatComesTooLateIsToldToo(stage: DoorStage) -> None:
    bob = stage.enters()
    ended = stage.connections.endAll(Ending.SHUTDOWN, 5)
    late = stage.comes()
    stage.heard(late)
    assert late.isEnded
    bob.close()
    late.close()
    stage.assertNothingIsLeft()
    assert ended.called


def test_allHaveTheSameGrace(stage: DoorStage) -> None:
    alice, bob = stage.enters("alice"), stage.enters()
    stage.heard(alice)
    ended = stage.connections.endAll(Ending.SHUTDOWN, 1)
    for _ in range(3):
        stage.turn()
    stage.turn(1)
    stage.turn()
    assert ended.called
    assert not bob.isEnded
    stage.assertNothingIsLeft()


def test_aSecondSignalEndsAllAtOnce(stage: DoorStage) -> None:
    stage.enters()
    ended = stage.connections.endAll(Ending.SHUTDOWN, 5)
    stage.connections.abortAll()
    stage.turn()
    assert ended.called
    stage.assertNothingIsLeft()


def test_theStopDoesNotHangOnAConnectionThatCannotBeClosed(stage: DoorStage) -> None:
    bob = stage.enters()
    bob.transport.abortConnection = lambda: None
    bob.transport.loseConnection = lambda: None
    ended = stage.connections.endAll(Ending.SHUTDOWN, 5)
    stage.connections.abortAll()
    stage.turn(ABORT_TIMEOUT / 2)
    assert not ended.called
    with capturedLogs() as events:
        stage.turn(ABORT_TIMEOUT / 2)
    assert ended.called
    [event] = events
    assert event["log_format"] == "{count} connections could not be closed"
    assert event["count"] == 1


def test_whereThereIsNoConnectionTheEndIsNow(start: Enter) -> None:
    stage = start(maxConnections=0)
    refused = stage.comes()
    assert stage.connections.endAll(Ending.SHUTDOWN, 5).called
    stage.turn()
    stage.turn()
    assert not refused.transport.connected
    stage.assertNothingIsLeft()


# Several doors.


def test_doorsShareTheRoomsAndTheLimits() -> None:
    with closing(Service(limits=Limits(maxPerAddress=2))) as service:
        other = service.newDoor(NetstringFactory)
        alice = service.connect("alice", host="192.0.2.1")
        bob = service.reactor.connect(other.buildProtocol(HOST), HOST)
        bob.send(netstring("Nick\tbob") + netstring("Say\thello\t#lobby"))
        assert service.heard(alice) == ["--> bob joined #lobby (2 here)", "bob: hello"]
        assert service.connections.doors() == {"line": 1, "netstring": 1}
        third = service.connect(host="192.0.2.1")
        assert third.isEnded
