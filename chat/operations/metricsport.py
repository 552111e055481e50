"""
The port at which the service tells of itself.

Everything that is told is read in the thread of the reactor, before a request is
handed on to the thread that answers it, so it belongs together and nobody waits
for anybody.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IReactorTime, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.web.resource import IResource

from chat.endpoints.listen import openPort
from chat.operations.metrics import ChatCollector, Snapshot
from chat.operations.pages import Pages
from chat.operations.timing import FanOut, Lateness
from chat.vocabulary.counters import Reading


class Metrics(MultiService):
    """
    Serves the metrics for Prometheus at C{/metrics}, and at C{/healthz} whether
    the service is well, until it is stopped.  It should be stopped after the
    sessions, so that their end can be watched.
    """

    _log = Logger()

    def __init__(
        self,
        description: str,
        endpoint: IStreamServerEndpoint,
        reading: Callable[[], Reading],
        isServing: Callable[[], bool],
        fanOut: FanOut,
        clock: IReactorTime,
    ) -> None:
        """
        @param description: of the endpoint, as the operator gave it.
        @param reading: what there is now.  It is called in the thread of the
            reactor, and what it returns must not change afterwards: another
            thread reads it.
        @param isServing: whether the service accepts people.
        @param fanOut: what times the fan-out.
        """
        super().__init__()
        self._description = description
        self._endpoint = endpoint
        self._reading = reading
        self._isServing = isServing
        self._fanOut = fanOut
        self._clock = clock
        self._lateness = Lateness(clock)
        self._lateness.setServiceParent(self)
        self._collector = ChatCollector()
        self._pages: Pages | None = None
        self._port: IListeningPort | None = None

    def privilegedStartService(self) -> None:
        """
        Open the port.

        @raise CannotStart: when it cannot be opened.
        """
        super().privilegedStartService()
        resource = _resource(registryOf(self._collector))
        self._pages = Pages(resource, self._read, self._isServing, self._clock)
        self._port = openPort(f"--metrics {self._description}", self._endpoint, self._pages)
        self._log.info("metrics at {address}", address=str(self._port.getHost()))

    def stopService(self) -> Deferred[None]:
        """
        @return: fires when the port and all connections are closed, and no thread
            is at work for a request any more.
        """
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)
        if self._pages is not None:
            await self._pages.close()
        await super().stopService()

    def _read(self) -> None:
        self._collector.snapshot = Snapshot(
            self._reading(), self._lateness.seen.copy(), self._fanOut.seen.copy()
        )


def registryOf(collector: ChatCollector) -> CollectorRegistry:
    """
    @return: what tells of the service, of its process and of its Python.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry)
    return registry


def _resource(registry: CollectorRegistry) -> IResource:
    # Not at the top: it imports the reactor, which installs it.
    from prometheus_client.twisted import MetricsResource

    resource: IResource = MetricsResource(registry)
    return resource
