"""
The rows of the lists among the events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """
    One row of a L{chat.answers.Listed}.

    @ivar idle: whole seconds since the person's last complete line.
    @ivar away: whether he is away.
    """

    nick: str
    idle: int = 0
    away: bool = False


@dataclass(frozen=True, slots=True)
class RoomRow:
    """
    One row of a L{chat.answers.RoomsListed}.

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
    One row of a L{chat.answers.BansListed}.

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
    One row of a L{chat.answers.SessionsListed}.

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
