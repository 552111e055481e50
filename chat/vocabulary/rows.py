"""
The rows of the lists among the events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MAX_NAMES = 1000
"""How many nicknames stand in one event."""

MAX_NAMES_SIZE = 16 * 1024
"""
How many bytes of UTF-8 they have together.  A nickname may have up to 320, and a
row of a list has 40 besides: so what is told of a room is less than 64 KiB, a
quarter of what may wait for a reader.
"""


@dataclass(frozen=True, slots=True)
class Person:
    """
    One row of a L{chat.vocabulary.replies.Listed}.

    @ivar idle: whole seconds since the person's last complete line.
    @ivar away: whether he is away.
    """

    nick: str
    idle: int = 0
    away: bool = False


@dataclass(frozen=True, slots=True)
class RoomRow:
    """
    One row of a L{chat.vocabulary.replies.RoomsListed}.

    @ivar count: how many people are there.
    @ivar here: whether the reader is there.
    """

    room: str
    count: int
    topic: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class BanRow:
    """
    One row of a L{chat.vocabulary.replies.BansListed}.

    @ivar kind: C{ban} or C{mute}.
    @ivar name: a nickname, or an IP network.
    @ivar until: when it ends, or L{None}.
    """

    kind: str
    name: str
    by: str
    why: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """
    One row of a L{chat.vocabulary.replies.SessionsListed}.

    @ivar number: by which it can be ended.
    @ivar address: from where it comes.
    @ivar idle: whole seconds since its last complete line.
    @ivar this: whether it is the one that asks.
    """

    number: int
    address: str
    since: datetime
    idle: int = 0
    this: bool = False


def fitting(nicks: Sequence[str], share: int = 1) -> int:
    """
    @param share: how many such events are told at once.
    @return: how many nicknames, from the first on, may stand in one event: one at
        least, if there is one.
    """
    nicks, size = nicks[: max(1, MAX_NAMES // share)], MAX_NAMES_SIZE // share
    if len("".join(nicks).encode()) <= size:
        return len(nicks)
    count = 0
    for nick in nicks:
        size -= len(nick.encode())
        if size < 0:
            break
        count += 1
    return max(1, count)
