"""
What can be asked for over HTTP: the metrics, and whether the service is well.

Who asks should be Prometheus and a supervisor, but the port may be open to
others.  So a connection is for one request and a few seconds, there are few at
once, what comes with a request is not kept, and nothing of it is in the log.

The metrics are put together in a thread of the reactor, and that thread waits
for the reactor when it writes: a reactor that ends must not wait for the thread.
So it is known which requests a thread is at work for, and L{Pages.close} waits
for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

from prometheus_client.exposition import choose_encoder
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from twisted.web.http import NOT_ALLOWED, NOT_FOUND, SERVICE_UNAVAILABLE, HTTPChannel
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

MAX_CONNECTIONS = 64
"""How many may be open at once.  Who comes then is not answered."""

TIME_LIMIT = 10.0
"""How many seconds a connection may take."""

_ALLOWED = (b"GET", b"HEAD")


class _Request(Request):
    """
    A request whose answer may be made in a thread.

    @ivar answered: called when that thread is done with it, whether or not
        anybody waits for the answer.
    """

    answered: Callable[[], object] = staticmethod(lambda: None)

    def gotLength(self, length: int | None) -> None:
        # Where what follows would be kept: if it is long, in a file.
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        pass

    def process(self) -> None:
        # WSGI knows no peers but these, and fails at those of a unix socket.
        self.client = _inet(self.client)
        self.host = _inet(self.host)
        super().process()

    # A thread writes once, and then ends the request if the peer is still there. When he has
    # gone nothing tells of its end, but it waits for nobody once it has written.

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.channel is None:
            self.answered()

    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)
        if self.startedWriting:
            self.answered()

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.answered()


def _inet(address: IAddress) -> IAddress:
    if isinstance(address, (IPv4Address, IPv6Address)):
        return address
    return IPv4Address("TCP", "", 0)


class _Channel(HTTPChannel):
    """
    A connection: one request, and not for long.
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


class _Page(Resource):
    """
    What can only be read, and has nothing below it.
    """

    def getChild(self, path: bytes, request: Request) -> Resource:
        return _Nothing()

    def render(self, request: Request) -> Any:
        if request.method in _ALLOWED:
            return super().render(request)
        _plain(request)
        request.setResponseCode(NOT_ALLOWED)
        request.setHeader("allow", b", ".join(_ALLOWED))
        return b"this can only be read\n"


class _Nothing(_Page):
    """What is at every other path."""

    isLeaf = True

    def render(self, request: Request) -> Any:
        _plain(request)
        request.setResponseCode(NOT_FOUND)
        return b"there is nothing here; see /metrics and /healthz\n"


def _plain(request: Request) -> None:
    request.setHeader("content-type", "text/plain; charset=utf-8")


class _Metrics(_Page):
    """
    The metrics, as a resource of prometheus-client serves them at any path and
    for C{GET} alone.

    @ivar underWay: requests that a thread is at work for.
    """

    def __init__(
        self, resource: IResource, prepare: Callable[[], object], clock: IReactorTime
    ) -> None:
        super().__init__()
        self.underWay: set[_Request] = set()
        self._resource = resource
        self._prepare = prepare
        self._clock = clock
        self._whenIdle: list[Deferred[None]] = []

    def render_GET(self, request: _Request) -> Any:
        self._prepare()
        self.underWay.add(request)
        request.answered = partial(self._answered, request)
        return self._resource.render(request)

    def render_HEAD(self, request: _Request) -> bytes:
        _, contentType = choose_encoder(request.getHeader("accept") or "")
        request.setHeader("content-type", contentType)
        return b""

    def whenIdle(self) -> Deferred[None]:
        idle: Deferred[None] = Deferred()
        self._whenIdle.append(idle)
        self._tell()
        return idle

    def _answered(self, request: _Request) -> None:
        self.underWay.discard(request)
        if self._whenIdle:
            # The thread still waits for this very call.
            self._clock.callLater(0, self._tell)

    def _tell(self) -> None:
        if not self.underWay:
            waiting, self._whenIdle = self._whenIdle, []
            for each in waiting:
                each.callback(None)


class _Health(_Page):
    """Whether the service is well."""

    def __init__(self, isServing: Callable[[], bool]) -> None:
        super().__init__()
        self._isServing = isServing

    def render_HEAD(self, request: _Request) -> bytes:
        # Twisted would log that there is none.
        return self.render_GET(request)

    def render_GET(self, request: _Request) -> bytes:
        _plain(request)
        request.setHeader("cache-control", "no-store")
        if self._isServing():
            return b"ok\n"
        request.setResponseCode(SERVICE_UNAVAILABLE)
        return b"stopping\n"


class Pages(Site):
    """
    C{/metrics} and C{/healthz}.

    @ivar channels: the connections that are open.
    """

    noisy = False
    protocol: Any = _Channel

    def __init__(
        self,
        metrics: IResource,
        prepare: Callable[[], object],
        isServing: Callable[[], bool],
        clock: IReactorTime,
    ) -> None:
        """
        @param metrics: answers C{GET} for C{/metrics}.
        @param prepare: called before it is asked.
        @param isServing: whether the service accepts people.
        """
        root = _Page()
        self._metrics = _Metrics(metrics, prepare, clock)
        root.putChild(b"metrics", self._metrics)
        root.putChild(b"healthz", _Health(isServing))
        # The channel has a time limit of its own, which nothing renews.
        super().__init__(root, _Request, timeout=None, reactor=clock, parsePOSTFormSubmission=False)
        self.channels: set[_Channel] = set()

    def buildProtocol(self, address: IAddress | None) -> Any:
        """
        See L{Site.buildProtocol}.
        """
        # A thread may still be at work for one that has gone.
        gone = sum(each.channel is None for each in self._metrics.underWay)
        if len(self.channels) + gone >= MAX_CONNECTIONS:
            return None
        return super().buildProtocol(address)

    def acceptableProtocols(self) -> list[bytes]:
        """
        See L{Site.acceptableProtocols}.
        """
        return [b"http/1.1"]

    def log(self, request: Any) -> None:
        """
        Whoever scrapes would fill the log.
        """

    def close(self) -> Deferred[None]:
        """
        Close all connections.  The port must have been closed before.

        @return: fires when no thread is at work for a request any more.
        """
        busy = {each.channel for each in self._metrics.underWay}
        for channel in self.channels - busy:
            channel.transport.abortConnection()
        return self._metrics.whenIdle().addCallback(self._abortRest)

    def _abortRest(self, _: None) -> None:
        for channel in tuple(self.channels):
            channel.transport.abortConnection()
