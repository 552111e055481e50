"""
A front door that shows how little one is: netstrings (U{https://cr.yp.to/proto/netstrings.txt}).

A message is the name of a command and its fields, separated by tabs: C{14:Say<tab>hi<tab>#garden,}.
This is the part that stands in C{chat/protocols}.  Admission, the limits of an address, rates, slow
readers, proxies, metrics, the log and the graceful stop need no line here.
"""

from __future__ import annotations

from typing import Any

from chat.protocols.connection import Connection
from chat.protocols.connections import DoorFactory
from chat.protocols.intake import Aside, DoorCodec
from chat.vocabulary import commands
from chat.vocabulary.endings import Ending
from chat.vocabulary.errors import UnknownCommand
from chat.vocabulary.events import Closed
from chat.vocabulary.sanitizing import clean
from tests.support.netstringrendering import RENDERING, netstringRenderingFor

COMMANDS = {kind.__name__: kind for kind in (commands.Nick, commands.Say, commands.Join)} | {
    kind.__name__: kind for kind in (commands.Ping, commands.Quit, commands.Help)
}


class Malformed(Aside):
    """What has come is no netstring, or too long a one."""


class NetstringCodec(DoorCodec):
    """
    Netstrings in, their contents out.
    """

    def __init__(self, maxLength: float) -> None:
        self._maxLength = maxLength
        self._data = b""

    def receive(self, data: bytes) -> None:
        self._data += data

    def next(self) -> bytes | Malformed | None:
        digits, colon, rest = self._data.partition(b":")
        if digits and not (digits.isdigit() and len(digits) < 6 and int(digits) <= self._maxLength):
            return Malformed()
        if not colon or len(rest) <= int(digits):
            return None
        content, comma, self._data = rest[: int(digits)], rest[int(digits)], rest[int(digits) + 1 :]
        return content if comma == ord(",") else Malformed()

    def weigh(self, data: bytes) -> int:
        return data.count(b",")

    @property
    def waiting(self) -> int:
        return self.weigh(self._data)


class NetstringProtocol(Connection):
    """
    One connection.
    """

    renderings = staticmethod(netstringRenderingFor)

    def newCodec(self) -> NetstringCodec:
        return NetstringCodec(self.factory.connections.limits.maxLine)

    def received(self, value: Any) -> None:
        if isinstance(value, Malformed):
            self.session.end(Ending.NOT_CHAT)
            return
        name, *values = value.decode("utf-8", "replace").split("\t")
        if name in COMMANDS:
            command: Any = COMMANDS[name]
            self.session.perform(command(*map(clean, values)))
        else:
            self.session.refuse(UnknownCommand(clean(name)))


class NetstringFactory(DoorFactory):
    """
    The door.
    """

    door = "netstring"
    protocol = NetstringProtocol  # type: ignore[assignment]

    def refusalOf(self, reason: Ending) -> bytes:
        return RENDERING.render(Closed(reason, ""))
