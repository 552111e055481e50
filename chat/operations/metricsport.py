"""
The port for Prometheus and supervisors: HTTP with C{/metrics}, and with C{/healthz}, which says
whether the service is well.

The port may be open to others as well. So there are few connections at once, each is for one
request and a few seconds, what comes with a request is not kept, and no request is logged.

The metrics are read, put into text and written within one call in the thread of the reactor. They
therefore belong to one moment, no lock is needed, and no answer is under way when the port closes.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder, gzip_accepted
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IListeningPort,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import NOT_ALLOWED, NOT_FOUND, SERVICE_UNAVAILABLE, HTTPChannel
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from chat.endpoints.listen import closePort, openPort, placeOf
from chat.operations.metrics import ChatCollector
from chat.operations.timing import Distribution, FanOut
from chat.vocabulary.counters import Snapshot

MAX_CONNECTIONS = 64
"""How many may be open at once. Connections beyond that are closed without an answer."""

TIME_LIMIT = 10.0
"""How many seconds a connection may take."""

_ALLOWED = (b"GET", b"HEAD")


class Metrics(MultiService):
    """
    Opens the port and answers there until it is stopped. Stop it after the sessions, so that their
    end can be watched.
    """

    _log = Logger()

    def __init__(
        self,
        description: str,
        endpoint: IStreamServerEndpoint,
        read: Callable[[], Snapshot],
        isServing: Callable[[], bool],
        lateness: Distribution,
        fanOut: FanOut,
        clock: IReactorTime,
    ) -> None:
        """
        @param description: The endpoint, as the operator gave it.
        @param read: Returns what there is now.
        @param isServing: Whether the service accepts connections.
        @param lateness: How late the reactor was, in seconds.
        @param fanOut: What times the fan-out.
        """
        super().__init__()
        self._description = description
        self._endpoint = endpoint
        registry = registryOf(ChatCollector(read, lateness, fanOut.seen))
        self._pages = Pages(registry, isServing, clock)
        self._port: IListeningPort | None = None

    def privilegedStartService(self) -> None:
        """
        Open the port.

        @raise CannotStart: When it cannot be opened.
        """
        super().privilegedStartService()
        self._port = openPort(f"--metrics {self._description}", self._endpoint, self._pages)
        self._log.info(
            "metrics on {address}", event="metrics-listening", address=placeOf(self._port)
        )

    def stopService(self) -> Deferred[None]:
        """
        @return: Fires when the port and all connections are closed.
        """
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            await closePort(port)
        self._pages.abortAll()
        await super().stopService()


def registryOf(collector: ChatCollector) -> CollectorRegistry:
    """
    @return: The families of the service, of its process and of its Python.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry)
    return registry


class _MetricsRequest(Request):
    """
    A request whose content is thrown away. Twisted would keep it, in a file if it is long.
    """

    def gotLength(self, length: int | None) -> None:
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        pass


class _Channel(HTTPChannel):
    """
    A connection for one request, which nothing keeps open beyond L{TIME_LIMIT}.
    """

    factory: Pages
    transport: Any
    _end: IDelayedCall | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self.factory.channels.add(self)
        self._end = self.callLater(TIME_LIMIT, self.transport.abortConnection)

    def checkPersistence(self, request: Request, version: bytes) -> bool:
        request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        return False

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        super().connectionLost(reason)
        self.factory.channels.discard(self)
        if self._end is not None and self._end.active():
            self._end.cancel()


class Pages(Site):
    """
    C{/metrics} and C{/healthz}, over HTTP/1.1.

    @ivar channels: The connections that are open.
    """

    noisy = False
    protocol: Any = _Channel

    def __init__(
        self, registry: CollectorRegistry, isServing: Callable[[], bool], clock: IReactorTime
    ) -> None:
        """
        @param registry: What C{/metrics} shows.
        @param isServing: Whether C{/healthz} says that all is well.
        """
        root = _Root(registry, isServing)
        # The channel has a time limit of its own, which nothing renews.
        super().__init__(
            root, _MetricsRequest, timeout=None, reactor=clock, parsePOSTFormSubmission=False
        )
        self.channels: set[_Channel] = set()

    def buildProtocol(self, address: IAddress | None) -> Any:
        return super().buildProtocol(address) if len(self.channels) < MAX_CONNECTIONS else None

    def acceptableProtocols(self) -> list[bytes]:
        # Twisted would offer HTTP/2 as well, where it can.
        return [b"http/1.1"]

    def log(self, request: Any) -> None:
        # Regular scrapes would fill the log.
        pass

    def abortAll(self) -> None:
        """
        Close all connections now.
        """
        for channel in tuple(self.channels):
            channel.transport.abortConnection()


class _Root(Resource):
    """
    Answers the requests for all paths.
    """

    isLeaf = True

    def __init__(self, registry: CollectorRegistry, isServing: Callable[[], bool]) -> None:
        super().__init__()
        self._registry = registry
        self._isServing = isServing

    def render(self, request: Any) -> Any:
        request.setHeader("content-type", "text/plain; charset=utf-8")
        content = self._contentFor(request)
        request.setHeader("content-length", str(len(content)))
        # Content that is returned instead is logged where HEAD leaves it out.
        request.write(content)
        request.finish()
        return NOT_DONE_YET

    def _contentFor(self, request: Request) -> bytes:
        match request.postpath:
            case [b"metrics"]:
                answer = self._metrics
            case [b"healthz"]:
                answer = self._health
            case _:
                request.setResponseCode(NOT_FOUND)
                return b"there is nothing here; see /metrics and /healthz\n"
        if request.method not in _ALLOWED:
            request.setResponseCode(NOT_ALLOWED)
            request.setHeader("allow", b", ".join(_ALLOWED))
            return b"this can only be read\n"
        return answer(request)

    def _metrics(self, request: Request) -> bytes:
        encode, contentType = choose_encoder(_field(request, b"accept"))
        request.setHeader("content-type", contentType)
        # A client may ask for some time series only.
        registry: Any = self._registry
        names = parse_qs(request.uri.partition(b"?")[2].decode("latin-1")).get("name[]")
        content: bytes = encode(registry.restricted_registry(names) if names else registry)
        if gzip_accepted(_field(request, b"accept-encoding")):
            request.setHeader("content-encoding", "gzip")
            content = gzip.compress(content)
        return content

    def _health(self, request: Request) -> bytes:
        request.setHeader("cache-control", "no-store")
        if self._isServing():
            return b"ok\n"
        request.setResponseCode(SERVICE_UNAVAILABLE)
        return b"stopping\n"


def _field(request: Request, name: bytes) -> str:
    """
    @return: The values of a header field as one list, whatever bytes they consist of.
    """
    return b",".join(request.requestHeaders.getRawHeaders(name, [])).decode("latin-1")
