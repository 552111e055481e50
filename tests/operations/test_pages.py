"""Tests for L{chat.operations.pages}."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from prometheus_client import CONTENT_TYPE_LATEST
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from chat.operations.pages import MAX_CONNECTIONS, TIME_LIMIT, Pages


class Thread(Resource):
    """
    In the place of the resource that answers in a thread.

    @ivar requests: Those that it has not answered yet.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    def render(self, request: Request) -> Any:
        # What comes of WSGI fails where there is none.
        assert request.getClientAddress().host is not None
        assert request.getHost().port is not None
        self.requests.append(request)
        return NOT_DONE_YET

    def answer(self) -> None:
        """
        Answer as a WSGI thread does: it writes in any case, and then ends the request if there is
        still somebody.
        """
        self.write()
        self.finish()

    def write(self) -> None:
        self.requests[0].write(b"tcpchat_rooms 1.0\n")

    def finish(self) -> None:
        request = self.requests.pop(0)
        if request.channel is not None:
            request.finish()


class Transport(StringTransport):
    """A transport that tells its protocol when it is closed."""

    isOpen = True
    protocol: Any = None

    def loseConnection(self) -> None:
        self.close(ConnectionDone())

    def abortConnection(self) -> None:
        self.close(ConnectionLost())

    def close(self, why: Exception) -> None:
        if self.isOpen:
            self.isOpen = False
            self.disconnecting = True
            self.protocol.connectionLost(Failure(why))


class Stage:
    """
    The pages, for which the test is the thread.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.thread = Thread()
        self.prepared = 0
        self.isServing = True
        self.pages = Pages(self.thread, self._prepare, lambda: self.isServing, self.clock)

    def _prepare(self) -> None:
        self.prepared += 1

    def connect(self, peerAddress: Any = None) -> Transport:
        transport = Transport(peerAddress=peerAddress)
        transport.protocol = self.pages.buildProtocol(transport.getPeer())
        if transport.protocol is None:
            transport.isOpen = False
        else:
            transport.protocol.makeConnection(transport)
        return transport

    def ask(self, *lines: str, body: bytes = b"", **how: Any) -> Transport:
        transport = self.connect(**how)
        head = "\r\n".join((*lines, "Host: localhost", "", ""))
        transport.protocol.dataReceived(head.encode() + body)
        return transport


def read(transport: Transport) -> tuple[str, dict[str, str], str]:
    """
    @return: The status, the fields of the header by their names in lower case, and the content.
    """
    head, _, content = transport.value().decode().partition("\r\n\r\n")
    status, *fields = head.split("\r\n")
    pairs = (field.split(": ", 1) for field in fields)
    return status, {name.lower(): value for name, value in pairs}, content


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_theMetricsAreReadBeforeTheThreadBegins(stage: Stage) -> None:
    transport = stage.ask("GET /metrics HTTP/1.1")
    assert stage.prepared == 1
    assert len(stage.thread.requests) == 1
    assert transport.value() == b""
    stage.thread.answer()
    status, fields, content = read(transport)
    assert status == "HTTP/1.1 200 OK"
    assert "tcpchat_rooms 1.0\n" in content
    assert fields["connection"] == "close"
    assert not transport.isOpen


def test_theHeadOfTheMetricsTakesNoThread(stage: Stage) -> None:
    transport = stage.ask("HEAD /metrics HTTP/1.1")
    status, fields, content = read(transport)
    assert (status, content) == ("HTTP/1.1 200 OK", "")
    assert fields["content-type"].startswith("text/plain; version=")
    assert not stage.thread.requests


def test_theHeadTellsTheFormatThatWasAskedFor(stage: Stage) -> None:
    accept = "Accept: application/openmetrics-text;version=1.0.0"
    _, fields, _ = read(stage.ask("HEAD /metrics HTTP/1.1", accept))
    assert fields["content-type"].startswith("application/openmetrics-text;")
    assert fields["content-type"] != CONTENT_TYPE_LATEST


def test_aServiceThatServesIsWell(stage: Stage) -> None:
    status, fields, content = read(stage.ask("GET /healthz HTTP/1.1"))
    assert (status, content) == ("HTTP/1.1 200 OK", "ok\n")
    assert fields["content-type"] == "text/plain; charset=utf-8"


def test_aServiceThatStopsSaysSo(stage: Stage) -> None:
    stage.isServing = False
    status, _, content = read(stage.ask("GET /healthz HTTP/1.1"))
    assert (status, content) == ("HTTP/1.1 503 Service Unavailable", "stopping\n")


def test_theHeadOfTheHealth(stage: Stage) -> None:
    stage.isServing = False
    status, _, content = read(stage.ask("HEAD /healthz HTTP/1.1"))
    assert (status, content) == ("HTTP/1.1 503 Service Unavailable", "")


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics/", "/metrics/x", "/healthz/x", "/favicon.ico", "/%2e%2e/metrics", "/../"],
)
def test_nothingElseIsThere(stage: Stage, path: str) -> None:
    assert read(stage.ask(f"GET {path} HTTP/1.1"))[0] == "HTTP/1.1 404 Not Found"


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_itCanOnlyBeRead(stage: Stage, method: str, path: str) -> None:
    transport = stage.ask(f"{method} {path} HTTP/1.1", "Content-Length: 4", body=b"abcd")
    status, fields, _ = read(transport)
    assert status == "HTTP/1.1 405 Method Not Allowed"
    assert sorted(fields["allow"].split(", ")) == ["GET", "HEAD"]
    assert not stage.thread.requests


@pytest.mark.parametrize("length", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_whatIsSentWithARequestIsNotKept(stage: Stage, length: str) -> None:
    transport = stage.ask("POST /metrics HTTP/1.1", length)
    [channel] = stage.pages.channels
    for _ in range(100):
        transport.protocol.dataReceived(b"ffff\r\n" + bytes(65_535) + b"\r\n")
    assert channel.requests[0].content.getvalue() == b""
    stage.clock.advance(TIME_LIMIT)
    assert not transport.isOpen


@pytest.mark.parametrize(
    "line",
    ["GET /" + 20_000 * "x", "nonsense", "GET / HTTP/1.1\r\nHost: a\r\nHost: b", "\x16\x03\x01"],
)
def test_whatIsNoRequestEndsTheConnection(stage: Stage, line: str) -> None:
    transport = stage.connect()
    transport.protocol.dataReceived(f"{line}\r\n\r\n".encode())
    assert not transport.isOpen
    assert not stage.pages.channels


def test_nothingRenewsTheTimeLimit(stage: Stage) -> None:
    transport = stage.connect()
    transport.protocol.dataReceived(b"GET /healthz HTTP/1.1\r\n")
    for _ in range(9):
        stage.clock.advance(TIME_LIMIT / 10)
        transport.protocol.dataReceived(b"X: y\r\n")
    assert transport.isOpen
    stage.clock.advance(TIME_LIMIT / 10)
    assert not transport.isOpen
    assert not stage.pages.channels


def test_aConnectionThatIsOverLeavesNoTimer(stage: Stage) -> None:
    stage.ask("GET /healthz HTTP/1.1")
    assert not stage.clock.getDelayedCalls()[1:], "more than the clock of the log"
    assert not stage.pages.channels


def test_thereAreFewConnectionsAtOnce(stage: Stage) -> None:
    first, *_ = [stage.connect() for _ in range(MAX_CONNECTIONS)]
    assert not stage.connect().isOpen
    first.abortConnection()
    assert stage.connect().isOpen


def test_whoeverHasGoneCountsAsLongAsAThreadIsAtWork(stage: Stage) -> None:
    for _ in range(MAX_CONNECTIONS):
        stage.ask("GET /metrics HTTP/1.1").abortConnection()
    assert not stage.connect().isOpen
    stage.thread.answer()
    assert stage.connect().isOpen


def test_throughAUnixSocket(stage: Stage) -> None:
    transport = stage.ask("GET /metrics HTTP/1.1", peerAddress=UNIXAddress(None))
    stage.thread.answer()
    assert read(transport)[0] == "HTTP/1.1 200 OK"


def test_nothingIsLogged(stage: Stage) -> None:
    stage.pages.startFactory()
    with capturedLogs() as events:
        stage.ask("GET /metrics HTTP/1.1")
        stage.thread.answer()
        stage.ask("GET /nowhere HTTP/1.1")
        stage.ask("HEAD /metrics HTTP/1.1")
        stage.connect()
        stage.clock.advance(TIME_LIMIT)
    stage.pages.stopFactory()
    assert events == []


def closing(stage: Stage) -> list[None]:
    """
    @return: A list that is not empty as soon as all is closed.
    """
    closed: list[None] = []
    done: Deferred[None] = stage.pages.close()
    done.addCallback(closed.append)
    return closed


def test_withoutRequestsItClosesAtOnce(stage: Stage) -> None:
    idle: Sequence[Transport] = [stage.connect(), stage.connect()]
    assert closing(stage) == [None]
    assert not any(transport.isOpen for transport in idle)


def test_aThreadIsWaitedFor(stage: Stage) -> None:
    idle = stage.connect()
    asked = stage.ask("GET /metrics HTTP/1.1"), stage.ask("GET /metrics HTTP/1.1")
    closed = closing(stage)
    assert not idle.isOpen
    stage.thread.answer()
    stage.clock.advance(0)
    assert closed == []
    stage.thread.answer()
    # It still waits for what it has called in the reactor.
    assert closed == []
    stage.clock.advance(0)
    assert closed == [None]
    for transport in asked:
        assert read(transport)[0] == "HTTP/1.1 200 OK"
        assert not transport.isOpen


def test_aThreadIsWaitedForAlsoWhenNobodyElseWaits(stage: Stage) -> None:
    transport = stage.ask("GET /metrics HTTP/1.1")
    transport.abortConnection()
    closed = closing(stage)
    stage.clock.advance(0)
    assert closed == []
    stage.thread.answer()
    assert closed == []
    stage.clock.advance(0)
    assert closed == [None]


def test_aThreadThatHasWrittenIsNotWaitedFor(stage: Stage) -> None:
    transport = stage.ask("GET /metrics HTTP/1.1")
    stage.thread.write()
    transport.abortConnection()
    stage.thread.finish()
    assert closing(stage) == [None]
