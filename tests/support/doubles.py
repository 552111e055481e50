"""
Recording doubles of the ports, and a reactor whose turns a test takes by hand.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from select import select
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chat.backplane.local import LocalBackplane
from chat.delivery.audience import EndOfTurn
from chat.delivery.fanout import Fan
from chat.endpoints.accepted import UNIXServer
from chat.interfaces import Arrived, FrontDoor, Rendering
from chat.vocabulary.addresses import originOf, parseAddress
from chat.vocabulary.events import Event


def endOfTurn(clock: Clock) -> EndOfTurn:
    """
    @return: What ends a turn as soon as the clock advances, be it by nothing.
    """
    return partial(clock.callLater, 0)


class RecordingOutlet:
    """
    An outlet.

    @ivar writes: What was written, one item for each call.
    @ivar busy: Whether what can wait should not be written.
    """

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.busy = False

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def writeLast(self, data: bytes) -> None:
        self.writes.append(data)

    def join(self, fan: Fan) -> None:
        fan.others[self] = None

    def leave(self, fan: Fan) -> None:
        del fan.others[self]

    def take(self) -> list[str]:
        """
        @return: The lines since the last call, however they were written.
        """
        text = b"".join(self.writes).decode()
        self.writes.clear()
        assert not text or text.endswith("\r\n")
        return text.split("\r\n")[:-1]


TRAITS = ("echoesOwn", "listsPeople", "wantsReceipts", "isProgram")
"""What a rendering may need; one for programs needs all."""


class ReprRendering(Rendering):
    """
    A rendering that shows which it is, and the event as Python does.

    @ivar rendered: Every event that it has encoded.
    """

    def __init__(self, name: str = "", *traits: str, silentAbout: tuple[type, ...] = ()) -> None:
        """
        @param traits: The names of those that it has, of L{TRAITS}.
        """
        for trait in TRAITS:
            setattr(self, trait, trait in traits)
        self.elsewhere: Rendering = self
        self.ringing: Rendering = self
        self.rendered: list[Event] = []
        self._name = name
        self._silentAbout = silentAbout

    def render(self, event: Event) -> bytes:
        self.rendered.append(event)
        if isinstance(event, self._silentAbout):
            return b""
        return f"{self._name}{event!r}\r\n".encode()


class RecordingDoor(FrontDoor):
    """
    A front door.

    @ivar calls: What the session asked of it: C{"hold"}, C{"release"}, or C{"close"} and its
        grace.
    """

    maxLine = 0

    def __init__(self, address: str = "192.0.2.1") -> None:
        self.address = address
        parsed = parseAddress(address)
        self.origin = address if parsed is None else originOf(parsed)
        self.calls: list[object] = []

    def named(self, pace: object) -> None:
        pass

    def hold(self) -> None:
        self.calls.append("hold")

    def release(self) -> None:
        self.calls.append("release")

    def close(self, grace: float | None = None) -> None:
        self.calls.append(("close", grace))


class FixedEndpoint:
    """
    An endpoint that opens a port, or fails, or, with a L{KeyError}, cannot even be asked.
    """

    def __init__(self, result: object) -> None:
        self._result = result

    def listen(self, factory: object) -> Deferred[Any]:
        if isinstance(self._result, KeyError):
            raise self._result
        return fail(self._result) if isinstance(self._result, Exception) else succeed(self._result)


class SlowBackplane(LocalBackplane):
    """
    A backplane that decides on claims when it is told to.

    @ivar taken: The folds of the nicknames that are taken.
    @ivar isLate: Whether what is published waits for that, too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.isLate = False
        self._undecided: list[Callable[[], object]] = []

    @property
    def taken(self) -> set[str]:
        return self._claims

    def claim(self, fold: str) -> Deferred[None]:
        decided: Deferred[None] = Deferred()
        self._undecided.append(
            lambda: super(SlowBackplane, self).claim(fold).chainDeferred(decided)
        )
        return decided

    def publish(self, event: Event, origin: object = None) -> None:
        if self.isLate:
            self._undecided.append(lambda: super(SlowBackplane, self).publish(event, origin))
        else:
            super().publish(event, origin)

    def decide(self) -> None:
        """
        Decide on all claims there are, and let all arrive that waits, in their order.
        """
        undecided, self._undecided = self._undecided, []
        for decide in undecided:
            decide()


class SharedBackplane(LocalBackplane):
    """
    A backplane between several hubs, each of which connects to an end of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ends: list[_End] = []
        self.connect(self._arrivedAtAll)

    def end(self) -> _End:
        """
        @return: What one hub takes for the backplane.
        """
        self._ends.append(_End(self))
        return self._ends[-1]

    def _arrivedAtAll(self, event: Event, publication: object) -> None:
        assert isinstance(publication, tuple)
        publisher, origin = publication
        for end in self._ends:
            end.arrived(event, origin if end is publisher else None)


class _End:
    def __init__(self, shared: SharedBackplane) -> None:
        self.claim, self.release = shared.claim, shared.release
        self._publish = shared.publish

    def connect(self, arrived: Arrived) -> None:
        self.arrived = arrived

    def publish(self, event: Event, origin: object = None) -> None:
        self._publish(event, (self, origin))


class HandReactor(Clock):
    """
    A reactor for the transports of Twisted, which takes a turn when it is told to.  Like the real
    one it has no mercy on a transport without a file descriptor; an exception fails the test.
    """

    def __init__(self) -> None:
        super().__init__()
        self._readers: list[Any] = []
        self._writers: list[Any] = []
        self._sockets: list[socket.socket] = []

    def connect(
        self, protocol: Protocol, address: IAddress | None = None, room: int = 4096
    ) -> HandPeer:
        """
        Connect a protocol by a unix socket.

        @param address: From where the peer seems to come.
        @param room: How many bytes the kernel keeps for a peer that does not read.  It rounds up.
        @return: The other end.
        """
        ours, theirs = socket.socketpair()
        self._sockets += ours, theirs
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        transport = HandTransport(ours, protocol, "", None, 0, self)
        transport.repstr = "<the transport of the test>"
        if address is not None:
            transport.getPeer = lambda: address
        protocol.makeConnection(transport)
        return HandPeer(theirs, transport)

    def close(self) -> None:
        """
        Close what a test has left open.
        """
        for each in self._sockets:
            each.close()

    @property
    def isReading(self) -> bool:
        """Whether any connection is to be read from."""
        return bool(self._readers)

    @property
    def isWriting(self) -> bool:
        """Whether anything waits for a socket to take it."""
        return bool(self._writers)

    def turn(self, seconds: float = 0) -> None:
        """
        Take one turn: first what is due after so many seconds, then what can be read or written.
        What is to be called later, though at once, is called in the next one.
        """
        self.rightNow += seconds
        for call in [call for call in self.getDelayedCalls() if call.getTime() <= self.rightNow]:
            if call.active():
                self.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)
        readable, writable, _ = select(self._readers, self._writers, [], 0)
        for reader in readable:
            if reader in self._readers:
                self._acted(reader, reader.doRead(), True)
        for writer in writable:
            if writer in self._writers:
                self._acted(writer, writer.doWrite(), False)

    def _acted(self, descriptor: Any, why: Exception | None, isRead: bool) -> None:
        if why is None:
            return
        self.removeReader(descriptor)
        if isRead and isinstance(why, ConnectionDone):
            descriptor.readConnectionLost(Failure(why))
        else:
            self.removeWriter(descriptor)
            descriptor.connectionLost(Failure(why))

    def addReader(self, reader: Any) -> None:
        _add(self._readers, reader)

    def addWriter(self, writer: Any) -> None:
        _add(self._writers, writer)

    def removeReader(self, reader: Any) -> None:
        if reader in self._readers:
            self._readers.remove(reader)

    def removeWriter(self, writer: Any) -> None:
        if writer in self._writers:
            self._writers.remove(writer)


def _add(descriptors: list[Any], descriptor: Any) -> None:
    assert descriptor.fileno() >= 0
    if descriptor not in descriptors:
        descriptors.append(descriptor)


class HandTransport(UNIXServer):
    """
    A unix socket that passes for a TCP connection: what the peer sent is whole after FIN alone.

    @ivar isFinished: Whether the peer has sent FIN.
    """

    isFinished = False

    def _hasEnded(self) -> bool | None:
        return self.isFinished or None


class HandPeer:
    """
    The other end of a connection of L{HandReactor}.  It reads when it is told to.

    @ivar transport: The one of the protocol under test.
    @ivar received: What it has read.
    @ivar isEnded: Whether it has read the end.
    """

    def __init__(self, connection: socket.socket, transport: Any) -> None:
        connection.setblocking(False)
        self._connection = connection
        self.transport = transport
        self.received = b""
        self.isEnded = False

    def send(self, data: bytes) -> None:
        assert self._connection.send(data) == len(data)

    def offer(self, data: bytes) -> bool:
        """
        Send as much as there is room for, if the other end is still open.

        @return: Whether that was all.
        """
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            return self._connection.send(data) == len(data)
        return False

    def read(self, size: int = 1 << 20) -> bytes:
        """
        @return: What has come, at most C{size} bytes.
        """
        try:
            data = self._connection.recv(size)
        except BlockingIOError:
            return b""
        self.isEnded = not data
        self.received += data
        return data

    def take(self) -> list[str]:
        """
        @return: The whole lines that have come since the last call.
        """
        while self.read():
            pass
        lines, end, rest = self.received.rpartition(b"\r\n")
        self.received = rest
        assert not (rest and self.isEnded), "it ended within a line"
        return lines.decode().split("\r\n") if end else []

    def finish(self) -> None:
        """Half-close."""
        self.transport.isFinished = True
        self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close; if anything is unread, it is a reset for the other end."""
        self._connection.close()
