"""Tests for L{chat.client.lines}."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from chat.client.lines import MAX_RECEIVED, WINDOW, LineConnection
from tests.support.clients import Transport


class RecordingConnection(LineConnection):
    """Remembers the lines it receives."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[bytes] = []
        self.makeConnection(Transport())

    def lineReceived(self, line: bytes) -> None:
        self.received.append(line)


class FarEnd:
    """The far end of a connection, which carries out lines when it is told to."""

    def __init__(self) -> None:
        self.connection = RecordingConnection()
        self._lines: deque[str] = deque()
        self.done: list[str] = []
        self.typed: list[str] = []

    @property
    def lines(self) -> deque[str]:
        """Those on their way."""
        self._lines += self.connection.transport.lines()
        return self._lines

    def send(self, *lines: str) -> None:
        """Send lines; a ping is one of the client's own, not a typed one."""
        for line in lines:
            word, _, token = line.partition(" ")
            if word == "/ping":
                self.connection.ping(token).addErrback(lambda _: None)
            else:
                self.connection.sendLine(line.encode())

    def work(self, lines: int = 1) -> None:
        """Carry out some lines."""
        for _ in range(min(lines, len(self.lines))):
            line = self._lines.popleft()
            if not line.startswith("/ping"):
                self.done.append(line)
            elif not self.connection.pingAnswered(line.removeprefix("/ping ")):
                self.typed.append(line)


# Receiving.


@given(st.lists(st.binary(max_size=5) | st.just(b"\r\n"), max_size=30))
def test_bytesAreTheSameLinesHoweverTheyAreSplit(pieces: list[bytes]) -> None:
    split, whole = RecordingConnection(), RecordingConnection()
    for piece in pieces:
        split.dataReceived(piece)
    whole.dataReceived(b"".join(pieces))
    assert split.received == whole.received


def test_piecesOfALongLineArePutTogetherOnce() -> None:
    connection = RecordingConnection()
    for _ in range(200_000):
        connection.dataReceived(b"x")
    assert connection.received == []
    connection.dataReceived(b"\n")
    assert connection.received == [b"x" * 200_000]


def test_aServiceThatSendsNoLineEndIsLeft() -> None:
    connection = RecordingConnection()
    connection.dataReceived(b"x" * MAX_RECEIVED)
    assert not connection.transport.aborted
    connection.dataReceived(b"x")
    assert connection.transport.aborted


def test_aLineEndMakesRoomForTheNextLine() -> None:
    connection = RecordingConnection()
    for _ in range(3):
        connection.dataReceived(b"x" * MAX_RECEIVED)
        connection.dataReceived(b"\n")
    assert not connection.transport.aborted
    assert len(connection.received) == 3


# Sending.


def test_fewLinesAreSentAsTheyAre() -> None:
    service = FarEnd()
    service.send("one", "/ping x", "two")
    assert list(service.lines) == ["one", "/ping x", "two"]
    assert service.connection.held == 0
    service.work(3)
    assert (service.done, service.typed) == (["one", "two"], [])


def test_manyLinesFollowWhenThePingBehindTheFirstIsAnswered() -> None:
    service = FarEnd()
    lines = [str(number) for number in range(2 * WINDOW + 1)]
    service.send(*lines)
    assert list(service.lines) == [*lines[:WINDOW], "/ping tcpchat-1"]
    assert service.connection.held == WINDOW + 1
    service.work(WINDOW)
    assert list(service.lines) == ["/ping tcpchat-1"]
    service.work()
    assert list(service.lines) == [*lines[WINDOW : 2 * WINDOW], "/ping tcpchat-2"]
    service.work(WINDOW + 1)
    service.work()
    assert (service.done, service.typed, service.connection.held) == (lines, [], 0)


def test_pingsThatAreAskedForOpenTheWindowToo() -> None:
    """Then the window needs no ping of its own."""
    service = FarEnd()
    for _ in range(10):
        service.send(*["x"] * (WINDOW - 1), "/ping y")
        assert len(service.lines) == WINDOW
        service.work(WINDOW)
    service.send(*["x"] * 20, "/ping y", *["x"] * 60)
    assert len(service.lines) == WINDOW + 1
    service.work(21)
    assert len(service.lines) == WINDOW + 1
    assert list(service.lines).count("/ping tcpchat-2") == 1


def test_theAnswerToATypedPingOpensNoWindow() -> None:
    service = FarEnd()
    service.send(*["x"] * (WINDOW + 1))
    assert not service.connection.pingAnswered("y")
    assert service.connection.held == 1


def test_aPingThatWaitsIsNotAnsweredByATypedOne() -> None:
    service = FarEnd()
    service.send("/ping y", *["x"] * WINDOW)
    service.work()
    answer = service.connection.ping("y")
    assert not service.connection.pingAnswered("y")
    assert not answer.called
    while service.lines:
        service.work()
    assert answer.result == "y"


def test_whenSentFiresWhenNoLineWaits() -> None:
    service = FarEnd()
    connection = service.connection
    fired: list[str] = []
    connection.whenSent().addCallback(lambda _: fired.append("empty"))
    service.send(*["x"] * (WINDOW + 2))
    connection.whenSent().addCallback(lambda _: fired.append("one"))
    connection.whenSent().addCallback(lambda _: fired.append("two"))
    connection.whenSent().addCallback(lambda _: service.send("y"))
    assert fired == ["empty"]
    service.work(WINDOW + 1)
    assert fired == ["empty", "one", "two"]
    assert list(service.lines) == ["x", "x", "y"]


def test_whenSentFailsWhenTheConnectionEnds() -> None:
    service = FarEnd()
    service.send(*["x"] * (WINDOW + 1))
    failures: list[Failure] = []
    service.connection.whenSent().addErrback(failures.append)
    service.connection.connectionLost(Failure(ConnectionDone()))
    assert [failure.type for failure in failures] == [ConnectionDone]
    assert service.connection.held == 0


@given(st.lists(st.one_of(st.integers(1, 3 * WINDOW), st.just(0), st.just(-1)), max_size=40))
def test_noLineIsLostAndNeverAreTooManyOnTheirWay(steps: list[int]) -> None:
    """
    @param steps: how many lines to send, 0 for a ping, -1 for some work.
    """
    service, sent = FarEnd(), []
    answers: list[str] = []
    for number, step in enumerate(steps):
        if step < 0:
            service.work(WINDOW // 3)
        elif step == 0:
            service.connection.ping(str(number)).addCallback(answers.append)
        else:
            lines = [f"{number}-{n}" for n in range(step)]
            service.send(*lines)
            sent += lines
        assert len(service.lines) <= WINDOW + 1
    while service.lines:
        service.work()
        assert len(service.lines) <= WINDOW + 1
    assert (service.done, service.typed, service.connection.held) == (sent, [], 0)
    assert answers == [str(number) for number, step in enumerate(steps) if step == 0]
