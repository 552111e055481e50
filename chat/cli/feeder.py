"""
What a pipe or a file says, given to the service line by line.

Until there is a nickname each line may be one, so it is followed by a ping, and
the next line waits for the answer: a refused nickname must not make a nickname
of what was to be said.  After that a line is sent as soon as there is room for
it, on the connection and on the way (see L{chat.client.lines}); meanwhile no
more is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.cli.streams import PIECE, InputStream
from chat.client.protocol import ChatClient


class _Wait(Enum):
    """What is waited for before another line is sent."""

    CONNECTION = auto()
    # What the service makes of what may be a nickname.
    DECISION = auto()
    # Room on the way.
    WINDOW = auto()
    # Room in the transport.
    TRANSPORT = auto()


@implementer(IPushProducer)
class Feeder:
    """
    Reads from a descriptor, and sends what it reads, until its end.
    """

    def __init__(self, reactor: Any, descriptor: int, decided: Callable[[], None]) -> None:
        """
        @param descriptor: stays open.
        @param decided: called when the service has answered what may have been a
            nickname, before anything else is sent; it may call L{stop}.
        """
        self._input = InputStream(reactor, descriptor, self._received, self._inputEnded)
        self._decided = decided
        self._waits = {_Wait.CONNECTION}
        self._lines: deque[bytes] = deque()
        # What has been read of a line that has no end yet.
        self._rest = b""
        # Whether the beginning of that line has been sent.
        self._isCut = False
        self._hasEnded = False

    @property
    def isFinished(self) -> bool:
        """Whether everything has been sent."""
        return self._hasEnded and not self._lines

    def start(self, client: ChatClient, hasAsked: bool) -> None:
        """
        Begin.

        @param hasAsked: whether the client has asked for a nickname.
        """
        self._client = client
        self._waits.remove(_Wait.CONNECTION)
        client.transport.registerProducer(self, True)
        if hasAsked:
            self._awaitDecision()
        self._feed()
        self._input.start()

    def stop(self) -> None:
        """
        Send nothing more.
        """
        self._waits.add(_Wait.CONNECTION)
        self._input.stopProducing()

    # What the transport asks for.

    def pauseProducing(self) -> None:
        """Send nothing for now."""
        self._waits.add(_Wait.TRANSPORT)
        self._input.pauseProducing()

    def resumeProducing(self) -> None:
        """Send on."""
        self._goOn(_Wait.TRANSPORT)

    def stopProducing(self) -> None:
        """The connection is no more."""
        self.stop()

    # What is read.

    def _received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines.extend(lines)
        self._isCut = self._isCut and not lines
        self._feed()

    def _inputEnded(self) -> None:
        self._hasEnded = True
        if self._rest or self._isCut:
            # The last line is one, although it has no end.
            self._lines.append(self._rest)
        self._feed()

    # What is sent.

    def _feed(self) -> None:
        """Send what there is, as long as nothing has to be waited for."""
        while self._lines and not self._waits:
            self._client.sendLine(self._lines.popleft())
            if not self._client.isRegistered:
                self._awaitDecision()
            elif self._client.held:
                self._waits.add(_Wait.WINDOW)
                self._client.whenSent().addCallbacks(lambda _: self._goOn(_Wait.WINDOW), _ignore)
        if self._waits:
            self._input.pauseProducing()
        elif self._hasEnded:
            self.stop()
            self._client.transport.unregisterProducer()
            self._client.closeInput()
        else:
            self._input.resumeProducing()
            if len(self._rest) >= PIECE:
                # No service takes that for a line, and this one may say so now.
                rest, self._rest = self._rest, b""
                self._isCut = True
                self._client.transport.write(rest)

    def _goOn(self, wait: _Wait) -> None:
        self._waits.discard(wait)
        self._feed()

    def _awaitDecision(self) -> None:
        self._waits.add(_Wait.DECISION)
        self._client.ping().addCallbacks(self._answered, _ignore)

    def _answered(self, token: str) -> None:
        self._decided()
        self._goOn(_Wait.DECISION)


def _ignore(failure: Failure) -> None:
    """The connection has ended, and that is told elsewhere."""
