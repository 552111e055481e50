"""
Answers, put together of what was found and of what has been said since.

These are pure functions, and both stores answer by them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chat.interfaces import Extract
from chat.store.tokens import Phrase, holds, tokens
from chat.vocabulary.events import Line, Missed
from chat.vocabulary.names import fold as namefold

MAX_ID = 2**63 - 1
"""The greatest number that SQLite knows."""


@dataclass(frozen=True, slots=True)
class Found:
    """
    Lines of one room, as they were found at some moment.

    @ivar lines: oldest first, without those that have expired; one more than were
        asked for, if there are so many.
    @ivar expired: up to which id the lines of the room have expired.
    @ivar expiredAt: when the newest of them was said.
    """

    lines: Sequence[Line] = ()
    expired: int = 0
    expiredAt: datetime | None = None

    def joined(self, later: Sequence[Line], after: int, expired: int) -> Found:
        """
        @param later: lines that were appended since, and some that perhaps were found,
            in their order.
        @param after: the question begins after this id.
        @param expired: up to which id lines have expired meanwhile.
        @return: all of them.
        """
        last = self.lines[-1].id if self.lines else after
        lines = [line for line in self.lines if line.id > expired]
        lines += [line for line in later if line.id > max(last, expired)]
        return Found(lines, max(self.expired, expired), self.expiredAt)


def newest(room: str, found: Found, count: int) -> Extract:
    """
    See L{chat.interfaces.History.recent}.
    """
    lines = tuple(found.lines[max(0, len(found.lines) - count) :]) if count > 0 else ()
    more = len(found.lines) > len(lines)
    if not lines:
        return Extract(more=more)
    # What lies before the first of them was not asked for.
    return Extract(lines, more, missed(room, lines[0].id - 1, lines, found.expired, False))


def possible(id: int) -> int:
    """
    @param id: any number that somebody asks for.
    @return: the nearest one that may be asked for.
    """
    return min(max(id, 0), MAX_ID)


def after(room: str, found: Found, id: int, count: int) -> Extract:
    """
    See L{chat.interfaces.History.after}.
    """
    lines = tuple(found.lines[: max(0, count)])
    more = len(found.lines) > len(lines)
    return Extract(lines, more, missed(room, id, lines, found.expired, not more))


def since(room: str, found: Found, at: datetime, count: int) -> Extract:
    """
    See L{chat.interfaces.History.since}.  Of lines that have expired only the
    time of the newest one is known; if that was said at C{at} or later, all of
    them are told to be missed.
    """
    if found.expiredAt is not None and found.expiredAt >= at:
        return after(room, found, 0, count)
    start = found.lines[0].id - 1 if found.lines else found.expired
    return after(room, found, start, count)


def matching(
    lines: Sequence[Line], wanted: Collection[Phrase], rooms: Collection[str], fold: str
) -> list[Line]:
    """
    See L{chat.interfaces.History.search}.

    @param fold: see L{chat.vocabulary.names.fold}; empty for anybody.
    @return: those of the lines that are looked for, in the same order.
    """
    return [line for line in lines if isWanted(line, wanted, rooms, fold)]


def isWanted(line: Line, wanted: Collection[Phrase], rooms: Collection[str], fold: str) -> bool:
    """
    @return: whether a line is looked for; see L{matching}.
    """
    return (
        line.room in rooms
        and (not fold or namefold(line.nick) == fold)
        and holds(tokens(line.text), wanted)
    )


EXPIRED = "expired"
LOST = "lost"


def missed(
    room: str, after: int, lines: Sequence[Line], expired: int, isToTheEnd: bool
) -> tuple[Missed, ...]:
    """
    @param after: the question begins after this id.
    @param lines: what can be read of it, oldest first.
    @param expired: up to which id the lines of the room have expired.
    @param isToTheEnd: whether the question reaches beyond the last line.
    @return: what is missing between C{after} and the last line, and after the
        last line what has expired.  Whether more was lost there nobody knows
        before there is another line.
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
