"""Tests for L{chat.operations.metricsport}."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock, deferLater
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chat.operations.metricsport import Metrics
from chat.operations.timing import INTERVAL, FanOut
from chat.vocabulary.counters import Counters, Reading
from chat.vocabulary.errors import CannotStart


class Endpoint:
    """
    A port of 127.0.0.1 that is free.
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


class Taken:
    """An endpoint whose port somebody else has."""

    def listen(self, factory: Any) -> Deferred[IListeningPort]:
        return fail(CannotListenError("", 80, OSError(errno.EADDRINUSE, "Address already in use")))


OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


class Client(Protocol):
    """
    One request, which takes what Prometheus takes; or none, if it has no path.

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


class Stage:
    """
    Metrics at a real port, answered by real threads.  Their time is ours.

    @ivar whenRead: Fires when the first request has come.
    """

    def __init__(self, endpoint: Any = None) -> None:
        self.clock = Clock()
        self.endpoint = endpoint or Endpoint()
        self.fanOut = FanOut(self.clock.seconds)
        self.isServing = True
        self.rooms = 3
        self.whenRead: Deferred[None] = Deferred()
        self.metrics = Metrics(
            "9464", self.endpoint, self._read, lambda: self.isServing, self.fanOut, self.clock
        )

    def _read(self) -> Reading:
        if not self.whenRead.called:
            self.whenRead.callback(None)
        return Reading(Counters(lines=12), 4, 1, 3, self.rooms, 0, (0, 0, 70_000))

    def start(self) -> Stage:
        self.metrics.privilegedStartService()
        self.metrics.startService()
        return self

    async def stop(self) -> None:
        from twisted.internet import reactor

        stopping = self.metrics.stopService()
        while not stopping.called:
            self.clock.advance(0)
            await deferLater(reactor, 0)
        await stopping

    async def get(self, path: str) -> str:
        return await (await self.begin(path)).answer

    async def begin(self, path: str) -> Client:
        from twisted.internet import reactor

        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.endpoint.port.getHost().port)
        client: Client = await connectProtocol(endpoint, Client(path))
        return client


def samplesOf(text: str) -> dict[str, float]:
    families = parse(text)
    return {each.name: each.value for family in families for each in family.samples}


@ensureDeferred
async def test_whatThereIsNowIsTold() -> None:
    stage = Stage().start()
    stage.clock.advance(INTERVAL + 0.3)
    assert stage.fanOut.timed(lambda: 5) == 5
    first = await stage.get("/metrics")
    stage.rooms = 8
    second = await stage.get("/metrics?name[]=tcpchat_rooms")
    await stage.stop()
    assert first.startswith("HTTP/1.1 200 OK\r\n")
    [contentType] = [line for line in first.split("\r\n") if line.startswith("Content-Type: ")]
    assert contentType.startswith(f"Content-Type: {OPEN_METRICS}")
    samples = samplesOf(contentOf(first))
    assert samples["tcpchat_rooms"] == 3
    assert samples["tcpchat_lines_received_total"] == 12
    assert samples["tcpchat_waiting_bytes_gsum"] == 70_000
    assert samples["tcpchat_reactor_lateness_seconds_sum"] == pytest.approx(0.3)
    assert samples["tcpchat_fanout_seconds_count"] == 1
    assert samplesOf(contentOf(second)) == {"tcpchat_rooms": 8}


def contentOf(answer: str) -> str:
    head, _, content = answer.partition("\r\n\r\n")
    assert "transfer-encoding: chunked" in head.lower()
    # Everything is written at once: the length, the chunk, and an empty one.
    return content.split("\r\n")[1]


@ensureDeferred
async def test_theHealthIsThatOfTheService() -> None:
    stage = Stage().start()
    assert (await stage.get("/healthz")).endswith("\r\n\r\nok\n")
    stage.isServing = False
    assert (await stage.get("/healthz")).endswith("\r\n\r\nstopping\n")
    await stage.stop()


@ensureDeferred
async def test_onceItIsStoppedNothingIsLeft() -> None:
    stage = Stage().start()
    silent = await stage.begin("")
    silent.transport.write(b"GET / HTTP/1.1\r\n")  # type: ignore[union-attr]
    await stage.get("/healthz")
    await stage.stop()
    await silent.answer
    assert not stage.metrics.running
    assert not stage.clock.getDelayedCalls()


@ensureDeferred
async def test_itStopsWithRequestsUnderWay() -> None:
    """
    A thread that wrote after the reactor has ended would never come back.
    """
    stage = Stage().start()
    clients = [await stage.begin("/metrics") for _ in range(20)]
    for client in clients[:10]:
        client.transport.abortConnection()  # type: ignore[union-attr]
    await stage.whenRead
    await stage.stop()
    for client in clients:
        await client.answer


def test_aPortThatIsTaken() -> None:
    with pytest.raises(CannotStart, match="9464: Address already in use"):
        Stage(Taken()).start()


@ensureDeferred
async def test_itCanBeStoppedBeforeItHasStarted() -> None:
    await Stage().stop()


@ensureDeferred
async def test_whereItListensIsLogged() -> None:
    with capturedLogs() as events:
        stage = Stage().start()
        await stage.get("/metrics")
    await stage.stop()
    [event] = [each for each in events if each["log_namespace"].startswith("chat.")]
    assert event["log_format"] == "metrics at {address}"
    assert "127.0.0.1" in event["address"]
