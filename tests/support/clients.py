"""
A reactor and the far end of connections for clients, without a network.
"""

from collections.abc import Callable
from queue import Queue
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from zope.interface import directlyProvides

from chat.client.protocol import ChatClient
from chat.vocabulary.events import Event
from tests.support.samples import jsonLine

WITHIN = 10.0
"""Seconds for anything a thread does."""


class Transport(StringTransport):
    """
    Remembers whether it was half-closed or aborted, and takes the options of TCP.
    """

    halfClosed = False
    keepAlive = False
    aborted = False

    def __init__(self, *interfaces: Any) -> None:
        """
        @param interfaces: what it claims to provide.
        """
        super().__init__()
        directlyProvides(self, *interfaces)

    def loseWriteConnection(self) -> None:
        self.halfClosed = True

    def abortConnection(self) -> None:
        self.aborted = True

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.keepAlive = enabled

    def lines(self) -> list[str]:
        """The lines that were sent since the last call."""
        text = self.value().decode()
        self.clear()
        assert not text or text.endswith("\n")
        return text.split("\n")[:-1]


class Link:
    """
    One connection of a client, from the side of the service.
    """

    def __init__(self, client: ChatClient, wrapper: Any) -> None:
        self.client = client
        self.transport: Transport = wrapper.transport
        self._wrapper = wrapper

    def send(self, *events: Event | bytes) -> None:
        """Let the client read events, or bytes."""
        for event in events:
            data = event if isinstance(event, bytes) else jsonLine(event)
            self._wrapper.dataReceived(data)

    def lose(self, error: Exception | None = None) -> None:
        """End the connection."""
        self._wrapper.connectionLost(Failure(error or ConnectionDone()))


class Turns:
    """A reactor whose turns a test takes one by one."""

    def __init__(self) -> None:
        self._calls: Queue[tuple[Callable[..., object], tuple[object, ...]]] = Queue()

    def callFromThread(self, do: Callable[..., object], *args: object) -> None:
        self._calls.put((do, args))

    def next(self) -> None:
        """Wait for a thread to ask for a call, and make it."""
        do, args = self._calls.get(timeout=WITHIN)
        do(*args)

    def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.next()

    @property
    def isQuiet(self) -> bool:
        return self._calls.empty()


class World(Turns, MemoryReactorClock):
    """
    A reactor in which nothing happens by itself.
    """

    def __init__(self) -> None:
        Turns.__init__(self)
        MemoryReactorClock.__init__(self)

    def accept(self) -> Link:
        """Let the newest attempt succeed."""
        factory = self._lastFactory()
        wrapper = factory.buildProtocol(UNIXAddress(b"/socket"))
        wrapper.makeConnection(Transport())
        client: Any = wrapper
        while not isinstance(client, ChatClient):
            # That of an endpoint, or that of a ClientService.
            client = vars(client).get("_wrappedProtocol") or client._protocol
        return Link(client, wrapper)

    def refuse(self, error: Exception) -> None:
        """Let the newest attempt fail."""
        self._lastFactory().clientConnectionFailed(None, Failure(error))

    @property
    def attempts(self) -> int:
        """How many have been made."""
        return len(self.tcpClients) + len(self.unixClients)

    def _lastFactory(self) -> Any:
        return (self.tcpClients or self.unixClients)[-1][1 + bool(self.tcpClients)]
