"""
The line protocol: a chat for telnet, nc and everything with a socket.

A L{LineCodec} takes telnet commands out of the bytes that come (L{chat.protocols.telnet}) and
finds the lines in them (L{chat.protocols.framing}).  Until there is a nickname it also
recognises peers that speak another protocol (L{chat.protocols.sniffing}).  L{LineProtocol}
makes commands of the lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twisted.protocols.basic import LineReceiver

from chat.interfaces import Rendering
from chat.protocols.connection import Connection
from chat.protocols.connections import Connections, DoorFactory, NewSession
from chat.protocols.framing import Broken, LineFramer, countOf
from chat.protocols.intake import TOLL, Aside, DoorCodec
from chat.protocols.sniffing import Sniffer
from chat.protocols.telnet import IAC, TelnetCodec
from chat.vocabulary.commands import Quit
from chat.vocabulary.editingkeys import edited
from chat.vocabulary.errors import ChatError, LineTooLong, NotUTF8
from chat.vocabulary.events import Closed, Ending, Present, Warned
from chat.vocabulary.limits import UNLIMITED, Limits, Pace
from chat.vocabulary.verbs import parse

FOREIGN_GRACE = 0.5
"""How many seconds a peer of another protocol has to hang up."""

COMMANDS = 64
"""How many telnet commands cost as much as a line."""

# Ctrl-C, Ctrl-D and Ctrl-Z.
_INTERRUPTS = b"\x03\x04\x1a"


@dataclass(frozen=True, slots=True)
class Telnet(Aside):
    """
    The peer has sent telnet commands that are to be answered.

    @ivar replies: what is sent back.
    @ivar isAsking: whether the peer asks for a sign of life.
    """

    replies: bytes
    isAsking: bool


@dataclass(frozen=True, slots=True)
class Interrupted(Aside):
    """
    The peer has typed Ctrl-C, Ctrl-D or Ctrl-Z where nothing else was typed: they want to leave.
    """


@dataclass(frozen=True, slots=True)
class Foreign(Aside):
    """
    The peer speaks another protocol.

    @ivar name: of the protocol; see L{Sniffer}.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Endless(Aside):
    """
    More has come without a line end than may, and nothing comes after it.
    """


class LineCodec(LineFramer, DoorCodec):
    """
    The codec of one connection.  Its messages are lines without their ends, and
    L{Broken.TOO_LONG}.
    """

    __slots__ = ("_asides", "_encoded", "_sniffer", "_telnet")

    def __init__(self, limits: Limits) -> None:
        maxUnended = limits.maxUnended
        if limits.maxLine != UNLIMITED:
            # A line that may come must be able to come.
            maxUnended = max(limits.maxLine, maxUnended)
        super().__init__(limits.maxLine, maxUnended)
        # Until there is a nickname.
        self._sniffer: Sniffer | None = Sniffer()
        # There once the peer has spoken telnet.
        self._telnet: TelnetCodec | None = None
        # Bytes in which there may be telnet commands.
        self._encoded = b""
        # Values to return before the next line.
        self._asides: list[object] = []

    def isNamed(self) -> None:
        """
        Stop looking for other protocols: with a nickname, the peer has come to chat.
        """
        self._sniffer = None

    def receive(self, data: bytes) -> None:
        if self._telnet is None and self._sniffer is None and IAC not in data:
            super().receive(data)
        else:
            self._encoded += data

    def next(self) -> Any:
        if self._asides:
            return self._asides.pop(0)
        line = super().next() if self._data or self._dropped else None
        if line is None:
            if self._encoded:
                self._decode()
                return self.next()
            if self._data and self._data[-1] in _INTERRUPTS and _isInterrupted(self.rest):
                self.drop()
                return Interrupted()
        if self._sniffer is not None:
            if line is None:
                foreign = self._sniffer.partialReceived(self.rest)
            else:
                foreign = self._sniffer.frameReceived(line)
            if foreign is not None:
                return Foreign(foreign)
        return Endless() if line is Broken.ENDLESS else line

    @property
    def waiting(self) -> int:
        return self.count + self.weigh(self._encoded)

    def weigh(self, data: bytes) -> int:
        return countOf(data) + data.count(IAC) // COMMANDS

    def _decode(self) -> None:
        """
        Take telnet commands out of some bytes, but no more commands than cost as much as a line.
        """
        data, self._encoded = self._encoded, b""
        count = data.count(IAC)
        if count > COMMANDS:
            end = 0
            for _ in range(COMMANDS):
                end = data.index(IAC, end) + 1
            data, self._encoded = data[:end], data[end:]
        if count >= COMMANDS:
            self._asides.append(TOLL)
        if self._sniffer is not None:
            foreign = self._sniffer.dataReceived(data)
            if foreign is not None:
                self._asides.append(Foreign(foreign))
        if self._telnet is None and count:
            self._telnet = TelnetCodec()
        if self._telnet is not None:
            data = self._telnet.receive(data)
            replies, isAsking = self._telnet.takeReplies(), self._telnet.takeAsked()
            if replies or isAsking:
                self._asides.append(Telnet(replies, isAsking))
            if self._telnet.isEndless:
                self._asides.append(Endless())
        super().receive(data)


def _isInterrupted(typed: bytes) -> bool:
    """
    @param typed: a line that has begun, and ends with one of these keys so far.
    @return: whether there is nothing else in it, or it was erased before by Ctrl-U or Ctrl-C.
    """
    text = typed.rstrip(_INTERRUPTS)
    return not text or text.endswith(b"\x15") or b"\x03" in typed[len(text) : -1]


class LineProtocol(Connection, LineReceiver):
    """
    One connection.

    It has the interface of L{LineReceiver}, but L{LineFramer} splits the lines: that is linear,
    and knows the line ends of telnet.
    """

    delimiter = b"\r\n"
    _codec: LineCodec
    # How many lines had come before the last Ctrl-C; another one after as many leaves.
    _interruptedAfter = -1

    @property
    def maxLine(self) -> int:
        limit = self.factory.connections.limits.maxLine
        return 0 if limit == UNLIMITED else int(limit)

    def newCodec(self) -> LineCodec:
        self._codec = LineCodec(self.factory.connections.limits)
        return self._codec

    def named(self, pace: Pace) -> None:
        super().named(pace)
        self._codec.isNamed()

    def received(self, value: Any) -> None:
        if isinstance(value, bytes):
            self.lineReceived(value)
            return
        limits = self.factory.connections.limits
        match value:
            case Telnet(replies, isAsking):
                if replies:
                    self.outlet.write(replies)
                if isAsking:
                    self.session.hear(Present())
            case Interrupted():
                self._interrupted()
            case Foreign(name):
                self.session.end(Ending.NOT_CHAT, name, grace=FOREIGN_GRACE)
            case Endless():
                self.session.end(Ending.LINE_ENDLESS, str(limits.maxUnended))
            case Broken.TOO_LONG:
                self.session.refuse(LineTooLong(str(limits.maxLine)))

    def _interrupted(self) -> None:
        if self._interruptedAfter == self.lines:
            self.session.perform(Quit())
        else:
            self._interruptedAfter = self.lines
            self.session.touch()
            self.session.hear(Warned("interrupted"))

    def lineReceived(self, line: bytes) -> None:
        """
        Do what a complete line asks for.

        @param line: without its end.
        """
        session = self.session
        try:
            text = line.decode("utf-8")
            if not text.isprintable():
                # With controls, perhaps: most lines have none.
                text = edited(text)
            command = parse(text, session.asked != "")
        except UnicodeDecodeError:
            session.refuse(NotUTF8())
        except ChatError as error:
            session.touch()
            session.refuse(error)
        else:
            if command is None:
                session.touch()
            else:
                session.perform(command)


class LineFactory(DoorFactory):
    """
    The door of the line protocol.
    """

    door = "line"
    protocol = LineProtocol  # type: ignore[assignment]

    def __init__(
        self, connections: Connections, newSession: NewSession, rendering: Rendering
    ) -> None:
        """
        @param rendering: renders the refusals.
        """
        super().__init__(connections, newSession)
        self._rendering = rendering

    def refusalOf(self, reason: Ending) -> bytes:
        return self._rendering.render(Closed(reason, ""))
