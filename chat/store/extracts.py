"""
Answers, made of what was found and of what has been said since.  These are pure functions,
which all stores share.

The ids of a room count up by one, so an id that is not there is a line that is missing.  Up
to some id all lines have I{expired}: they are older or more than is kept, or the room was
told to forget them.  A line that is missing after that id was I{lost}: it never reached
the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chat.interfaces import Extract
from chat.store.tokens import Phrase, holds, phrases, tokens
from chat.vocabulary.events import Line, Missed
from chat.vocabulary.names import fold

MAX_ID = 2**63 - 1
"""The greatest number that SQLite knows."""

EXPIRED = "expired"
LOST = "lost"


@dataclass(frozen=True, slots=True)
class Found:
    """
    Lines of one room, as they were found at some moment.

    @ivar lines: oldest first, without expired ones; one more than was asked for, if there
        are so many.
    @ivar expired: the lines of the room up to this id have expired.
    @ivar expiredAt: when the newest of them was said.
    """

    lines: Sequence[Line] = ()
    expired: int = 0
    expiredAt: datetime | None = None

    def joined(self, later: Sequence[Line], expired: int, belongs: Callable[[Line], bool]) -> Found:
        """
        @param later: lines that follow those found, in their order; some of them may have
            been found as well.
        @param expired: lines up to this id have expired meanwhile.
        @param belongs: whether a line is asked for, though nothing before it was found.
        @return: all lines together, each once.
        """
        last = max(self.lines[-1].id if self.lines else 0, expired)
        lines = [line for line in self.lines if line.id > expired]
        lines += [line for line in later if line.id > last and (self.lines or belongs(line))]
        return Found(lines, max(self.expired, expired), self.expiredAt)


def newest(room: str, found: Found, count: int) -> Extract:
    """
    @return: the answer of L{chat.interfaces.History.recent}.
    """
    lines = tuple(found.lines[max(0, len(found.lines) - count) :]) if count > 0 else ()
    more = len(found.lines) > len(lines)
    if not lines:
        return Extract(more=more)
    # Lines before the first of them were not asked for.
    return Extract(lines, more, missed(room, lines[0].id - 1, lines, found.expired, False))


def possible(id: int) -> int:
    """
    @param id: any number a client may ask for.
    @return: the nearest one that the database can compare.
    """
    return min(max(id, 0), MAX_ID)


def after(room: str, found: Found, id: int, count: int) -> Extract:
    """
    @return: the answer of L{chat.interfaces.History.after}.
    """
    lines = tuple(found.lines[: max(0, count)])
    more = len(found.lines) > len(lines)
    return Extract(lines, more, missed(room, id, lines, found.expired, not more))


def since(room: str, found: Found, at: datetime, count: int) -> Extract:
    """
    Only the time of the newest expired line is known.  If that line was said at C{at} or
    later, all expired lines count as missed.

    @return: the answer of L{chat.interfaces.History.since}.
    """
    if found.expiredAt is not None and found.expiredAt >= at:
        return after(room, found, 0, count)
    start = found.lines[0].id - 1 if found.lines else found.expired
    return after(room, found, start, count)


def missed(
    room: str, after: int, lines: Sequence[Line], expired: int, isToTheEnd: bool
) -> tuple[Missed, ...]:
    """
    @param after: the question begins after this id.
    @param lines: what can be read of its answer, oldest first.
    @param expired: the lines of the room up to this id have expired.
    @param isToTheEnd: whether the question reaches beyond the last line.
    @return: what is missing between C{after} and the last line, and the expired lines after
        it.  Lines that were lost after the last one cannot be known before there is
        another.
    """
    found: list[Missed] = []
    expected = after + 1
    for line in lines:
        if line.id > expected:
            found += _divided(room, expected, line.id - 1, expired)
        expected = line.id + 1
    if isToTheEnd and expected <= expired:
        found.append(Missed(room, expected, expired, EXPIRED))
    return tuple(found)


def _divided(room: str, first: int, last: int, expired: int) -> Iterator[Missed]:
    if first <= expired:
        yield Missed(room, first, min(last, expired), EXPIRED)
    if last > expired:
        yield Missed(room, max(first, expired + 1), last, LOST)


@dataclass(frozen=True, slots=True)
class Query:
    """
    The terms of a search; see L{chat.interfaces.History.search}.

    @ivar phrases: a line holds all of them.
    @ivar rooms: where to look, each once.
    @ivar nick: of the sender, in any spelling; empty for any sender.
    @ivar fold: the fold of the nickname; see L{chat.vocabulary.names.fold}.
    """

    phrases: tuple[Phrase, ...]
    rooms: tuple[str, ...]
    nick: str
    fold: str

    def matches(self, line: Line) -> bool:
        """
        @return: whether a line is looked for.
        """
        return (
            line.room in self.rooms
            and (not self.fold or fold(line.nick) == self.fold)
            and holds(tokens(line.text), self.phrases)
        )


def query(words: str, rooms: Sequence[str], nick: str) -> Query:
    """
    @return: the query that the parameters of L{chat.interfaces.History.search} make.
    """
    return Query(phrases(words), tuple(dict.fromkeys(rooms)), nick, fold(nick) if nick else "")
