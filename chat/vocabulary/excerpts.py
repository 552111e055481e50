"""
What the service tells of the past.

See L{chat.vocabulary.events}, from which all of these can be had, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Excerpt:
    """
    The head of C{count} L{Recalled} that follow.

    @ivar reason: C{replay} on coming in, C{history} for the newest lines, C{after}
        for those after a line or a time, or C{search}.
    @ivar more: whether there are more lines than these: older ones, or, where
        lines after something were asked for, newer ones.
    @ivar last: the id of the last one, 0 if there is none.
    """

    room: str
    reason: str
    count: int
    more: bool = False
    last: int = 0


@dataclass(frozen=True, slots=True)
class Recalled:
    """
    A line of the past.

    @ivar acted: whether it was done (C{/me}) and not said.
    """

    room: str
    id: int
    at: datetime
    nick: str
    text: str
    acted: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """
    The lines C{first} to C{last} of a room cannot be read any more.

    @ivar reason: C{expired}, when they were kept long enough, or C{lost}, when
        they were never stored; some of them may never have been said.
    """

    room: str
    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stored:
    """Every line of the room up to C{id} that is not told to be lost is on the disk."""

    room: str
    id: int
