"""Tests for L{chat.operations.metricsport}."""

from __future__ import annotations

import errno
import gzip
from typing import Any

import pytest
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
from pytest_twisted import ensureDeferred
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.error import CannotListenError, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chat.operations.metrics import ChatCollector
from chat.operations.metricsport import MAX_CONNECTIONS, TIME_LIMIT, Metrics, Pages, registryOf
from chat.operations.timing import LATENESS_BOUNDS, Distribution, FanOut
from chat.vocabulary.counters import Counters, Snapshot
from chat.vocabulary.errors import CannotStart
from tests.support.doubles import FixedEndpoint

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"

ROOMS = "/metrics?name[]=tcpchat_rooms"


def samplesOf(text: str) -> dict[str, float]:
    return {each.name: each.value for family in parse(text) for each in family.samples}


# The pages, without a network.


class ClosingTransport(StringTransport):
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


class PageStage:
    """
    The pages of a service with a number of rooms.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.rooms = 3
        self.isServing = True
        collector = ChatCollector(self._read, Distribution(()), Distribution(()))
        self.pages = Pages(registryOf(collector), lambda: self.isServing, self.clock)

    def _read(self) -> Snapshot:
        return Snapshot(Counters(), 0, 0, 0, self.rooms, 0, ())

    def connect(self, peerAddress: Any = None) -> ClosingTransport:
        transport = ClosingTransport(peerAddress=peerAddress)
        transport.protocol = self.pages.buildProtocol(transport.getPeer())
        if transport.protocol is None:
            transport.isOpen = False
        else:
            transport.protocol.makeConnection(transport)
        return transport

    def ask(self, *lines: str, body: bytes = b"", **how: Any) -> ClosingTransport:
        transport = self.connect(**how)
        head = "\r\n".join((*lines, "Host: localhost", "", ""))
        transport.protocol.dataReceived(head.encode() + body)
        return transport


def read(transport: ClosingTransport) -> tuple[str, dict[str, str], str]:
    """
    @return: The status, the fields of the header without C{Date}, by lower-case names, the content.
    """
    head, _, content = transport.value().partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    fields = {name.lower(): value for name, value in pairs if name != "Date"}
    if fields.get("content-encoding") == "gzip":
        content = gzip.decompress(content)
    return status, fields, content.decode()


@pytest.fixture
def stage() -> PageStage:
    return PageStage()


def test_theMetricsAreThoseOfTheMoment(stage: PageStage) -> None:
    for stage.rooms in (3, 8):
        transport = stage.ask("GET /metrics HTTP/1.1")
        status, fields, content = read(transport)
        assert status == "HTTP/1.1 200 OK"
        assert f"tcpchat_rooms {stage.rooms}.0\n" in content
        assert fields["content-type"].startswith("text/plain; version=")
        assert fields["connection"] == "close"
        assert not transport.isOpen


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_theFormatIsTheOneThatWasAskedFor(stage: PageStage, method: str) -> None:
    _, fields, _ = read(stage.ask(f"{method} /metrics HTTP/1.1", f"Accept: {OPEN_METRICS}"))
    assert fields["content-type"].startswith("application/openmetrics-text;")
    assert fields["content-type"] != CONTENT_TYPE_LATEST


def test_onlyTheNamesAskedForAreTold(stage: PageStage) -> None:
    query = f"{ROOMS}&name%5B%5D=tcpchat_nameless&name[]=nosuch"
    _, _, content = read(stage.ask(f"GET {query} HTTP/1.1", f"Accept: {OPEN_METRICS}"))
    assert samplesOf(content) == {"tcpchat_rooms": 3, "tcpchat_nameless": 0}


def test_theMetricsAreCompressedForThoseWhoTakeIt(stage: PageStage) -> None:
    for accepted, encoding in (("deflate, gzip;q=0.9", "gzip"), ("br", None)):
        line = f"Accept-Encoding: {accepted}"
        _, fields, content = read(stage.ask(f"GET {ROOMS} HTTP/1.1", line))
        assert fields.get("content-encoding") == encoding
        assert "tcpchat_rooms 3.0\n" in content


def test_aServiceThatServesIsWell(stage: PageStage) -> None:
    status, fields, content = read(stage.ask("GET /healthz HTTP/1.1"))
    assert (status, content) == ("HTTP/1.1 200 OK", "ok\n")
    assert fields["content-type"] == "text/plain; charset=utf-8"
    assert fields["cache-control"] == "no-store"


def test_aStoppingServiceSaysSo(stage: PageStage) -> None:
    stage.isServing = False
    status, _, content = read(stage.ask("GET /healthz HTTP/1.1"))
    assert (status, content) == ("HTTP/1.1 503 Service Unavailable", "stopping\n")


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", ROOMS])
def test_headIsAnsweredAsGetWithoutTheContent(stage: PageStage, path: str) -> None:
    stage.isServing = False
    status, fields, content = read(stage.ask(f"GET {path} HTTP/1.1"))
    assert content
    assert fields["content-length"] == str(len(content))
    assert read(stage.ask(f"HEAD {path} HTTP/1.1")) == (status, fields, "")


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics/", "/metrics/x", "/healthz/x", "/favicon.ico", "/%2e%2e/metrics", "/../"],
)
def test_otherPathsAreNotFound(stage: PageStage, path: str) -> None:
    assert read(stage.ask(f"GET {path} HTTP/1.1"))[0] == "HTTP/1.1 404 Not Found"


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_otherMethodsAreNotAllowed(stage: PageStage, method: str, path: str) -> None:
    transport = stage.ask(f"{method} {path} HTTP/1.1", "Content-Length: 4", body=b"abcd")
    status, fields, _ = read(transport)
    assert status == "HTTP/1.1 405 Method Not Allowed"
    assert sorted(fields["allow"].split(", ")) == ["GET", "HEAD"]


@pytest.mark.parametrize("length", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_theContentOfARequestIsNotKept(stage: PageStage, length: str) -> None:
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
def test_bytesThatAreNoRequestEndTheConnection(stage: PageStage, line: str) -> None:
    transport = stage.connect()
    transport.protocol.dataReceived(f"{line}\r\n\r\n".encode())
    assert not transport.isOpen
    assert not stage.pages.channels


def test_nothingRenewsTheTimeLimit(stage: PageStage) -> None:
    transport = stage.connect()
    transport.protocol.dataReceived(b"GET /healthz HTTP/1.1\r\n")
    for _ in range(9):
        stage.clock.advance(TIME_LIMIT / 10)
        transport.protocol.dataReceived(b"X: y\r\n")
    assert transport.isOpen
    stage.clock.advance(TIME_LIMIT / 10)
    assert not transport.isOpen
    assert not stage.pages.channels


def test_aClosedConnectionLeavesNoTimer(stage: PageStage) -> None:
    stage.ask("GET /healthz HTTP/1.1")
    assert not stage.clock.getDelayedCalls()[1:], "more than the clock of the log"
    assert not stage.pages.channels


def test_thereAreFewConnectionsAtOnce(stage: PageStage) -> None:
    first, *_ = [stage.connect() for _ in range(MAX_CONNECTIONS)]
    assert not stage.connect().isOpen
    first.abortConnection()
    assert stage.connect().isOpen


def test_clientsOfAUnixSocketAreAnswered(stage: PageStage) -> None:
    transport = stage.ask(f"GET {ROOMS} HTTP/1.1", peerAddress=UNIXAddress(None))
    assert read(transport)[0] == "HTTP/1.1 200 OK"


def test_requestsAreNotLogged(stage: PageStage) -> None:
    stage.pages.startFactory()
    with capturedLogs() as events:
        for path in ("/metrics", "/healthz", "/nowhere"):
            stage.ask(f"GET {path} HTTP/1.1")
            stage.ask(f"HEAD {path} HTTP/1.1")
        stage.connect()
        stage.clock.advance(TIME_LIMIT)
    stage.pages.stopFactory()
    assert events == []


# The service, at a real port.


class FreePort:
    """
    A free port of 127.0.0.1.
    """

    port: IListeningPort

    def listen(self, factory: Any) -> Deferred[IListeningPort]:
        from twisted.internet import reactor

        endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        listening: Deferred[IListeningPort] = endpoint.listen(factory)
        return listening.addCallback(self._opened)

    def _opened(self, port: IListeningPort) -> IListeningPort:
        self.port = port
        return port


class Request(Protocol):
    """
    A connection that sends one request, if it has a path.

    @ivar answer: Fires with all that came, when the connection is closed.
    """

    def __init__(self, path: str) -> None:
        self.answer: Deferred[str] = Deferred()
        self._path = path
        self._data = b""

    def connectionMade(self) -> None:
        if not self._path:
            return
        request = f"GET {self._path} HTTP/1.1\r\nHost: localhost\r\nAccept: {OPEN_METRICS}\r\n\r\n"
        self.transport.write(request.encode())  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self._data += data

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.answer.callback(self._data.decode())


class MetricsStage:
    """
    The metrics of a service, on a clock of the test.
    """

    def __init__(self, endpoint: Any = None) -> None:
        self.clock = Clock()
        self.endpoint = endpoint or FreePort()
        self.fanOut = FanOut(self.clock.seconds)
        self.isServing = True
        self.metrics = Metrics(
            "9464",
            self.endpoint,
            self._read,
            lambda: self.isServing,
            Distribution(LATENESS_BOUNDS, [0.3]),
            self.fanOut,
            self.clock,
        )

    def _read(self) -> Snapshot:
        return Snapshot(Counters(lines=12), 4, 1, 3, 2, 0, (0, 0, 70_000))

    def start(self) -> MetricsStage:
        self.metrics.privilegedStartService()
        self.metrics.startService()
        return self

    async def get(self, path: str) -> str:
        return await (await self.begin(path)).answer

    async def begin(self, path: str) -> Request:
        from twisted.internet import reactor

        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.endpoint.port.getHost().port)
        request: Request = await connectProtocol(endpoint, Request(path))
        return request


@ensureDeferred
async def test_theMetricsTellWhatWasReadAndTimed() -> None:
    service = MetricsStage().start()
    assert service.fanOut.timed(lambda: 5) == 5
    head, _, content = (await service.get("/metrics")).partition("\r\n\r\n")
    await service.metrics.stopService()
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    samples = samplesOf(content)
    assert samples["tcpchat_rooms"] == 2
    assert samples["tcpchat_lines_received_total"] == 12
    assert samples["tcpchat_waiting_bytes_gsum"] == 70_000
    assert samples["tcpchat_reactor_lateness_seconds_sum"] == pytest.approx(0.3)
    assert samples["tcpchat_fanout_seconds_count"] == 1


@ensureDeferred
async def test_theHealthIsThatOfTheService() -> None:
    service = MetricsStage().start()
    assert (await service.get("/healthz")).endswith("\r\n\r\nok\n")
    service.isServing = False
    assert (await service.get("/healthz")).endswith("\r\n\r\nstopping\n")
    await service.metrics.stopService()


@ensureDeferred
async def test_onceStoppedNothingIsLeft() -> None:
    service = MetricsStage().start()
    silent = await service.begin("")
    silent.transport.write(b"GET / HTTP/1.1\r\n")  # type: ignore[union-attr]
    await service.get("/healthz")
    await service.metrics.stopService()
    await silent.answer
    assert not service.metrics.running
    assert not service.clock.getDelayedCalls()


@ensureDeferred
async def test_stoppingEndsRequestsUnderWay() -> None:
    service = MetricsStage().start()
    clients = [await service.begin("/metrics") for _ in range(20)]
    for client in clients[:10]:
        client.transport.abortConnection()  # type: ignore[union-attr]
    await service.metrics.stopService()
    for client in clients:
        await client.answer
    assert not service.clock.getDelayedCalls()


def test_aTakenPortPreventsTheStart() -> None:
    taken = CannotListenError("", 80, OSError(errno.EADDRINUSE, "Address already in use"))
    with pytest.raises(CannotStart, match="9464: Address already in use"):
        MetricsStage(FixedEndpoint(taken)).start()


@ensureDeferred
async def test_itCanBeStoppedBeforeItHasStarted() -> None:
    await MetricsStage().metrics.stopService()


@ensureDeferred
async def test_theAddressOfThePortIsLogged() -> None:
    with capturedLogs() as events:
        service = MetricsStage().start()
        await service.get("/metrics")
    await service.metrics.stopService()
    [event] = [each for each in events if each["log_namespace"].startswith("chat.")]
    assert event["log_format"] == "metrics on {address}"
    assert "127.0.0.1" in event["address"]
