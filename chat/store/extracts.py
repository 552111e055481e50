"""
Answers, made of what was found and of what has been said since.  These are pure functions,
which all stores share.

The ids of a room count up by one, so an id that is not there is a line that is missing.  Up
to some id all lines have I{expired}: they are older or more than is kept, or the room was
told to forget them.  A line that is missing after that id was I{lost}: it never reached
the disk, or is damaged there.  Where L{RESERVE} ids and more are missing, the service
I{stopped} unexpectedly: the next start goes on behind all ids that could have been given,
and only the last lines that were said before, if any, had not reached the disk.

The order of the lines is that of their ids, and not that of their times: a clock may be set back
and forth.  A time in the future is certainly wrong, so such a line counts as said when the next
line was whose time is not in the future, or just now.  All other times are believed.  So the lines
I{since} a time are all from the first one on that was said then or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chat.interfaces import Extract
from chat.store.numbering import RESERVE
from chat.store.tokens import Phrase, holds, phrases, tokens
from chat.vocabulary.errors import NothingToFind
from chat.vocabulary.events import Line, Missed
from chat.vocabulary.names import fold

MAX_ID = 2**63 - 1
"""The greatest number that SQLite knows."""

EXPIRED = "expired"
LOST = "lost"
STOPPED = "stopped"


First = Callable[[Sequence[Line]], int]
"""
The type of functions that tell with which one of some lines a question begins: its index, or their
number.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """
    Lines of one room, as they were found at some moment.

    @ivar lines: oldest first, without expired ones; one more than was asked for, if there
        are so many.
    @ivar expired: the lines of the room up to this id have expired.
    @ivar expiredAt: when the newest of them was said.
    @ivar last: the greatest id of a damaged line among them, which is left out; 0 if there is none.
    """

    lines: Sequence[Line] = ()
    expired: int = 0
    expiredAt: datetime | None = None
    last: int = 0

    def joined(self, later: Sequence[Line], expired: int, first: First) -> Found:
        """
        @param later: lines that follow those found, in their order; some of them may have
            been found as well.
        @param expired: lines up to this id have expired meanwhile.
        @param first: where the question begins in these, if nothing before them was found.
        @return: all lines together, each once.
        """
        last = max(self.lines[-1].id if self.lines else 0, expired)
        lines = [line for line in self.lines if line.id > expired]
        new = [line for line in later if line.id > last]
        lines += new if self.lines else new[first(new) :]
        return Found(lines, max(self.expired, expired), self.expiredAt, self.last)


def newest(room: str, found: Found, count: int) -> Extract:
    """
    @return: the answer of L{chat.interfaces.History.recent}.
    """
    lines = tuple(found.lines[max(0, len(found.lines) - count) :]) if count > 0 else ()
    more = len(found.lines) > len(lines)
    # Lines before the first of them were not asked for.
    start = lines[0].id - 1 if lines else found.expired
    return Extract(lines, more, missed(room, start, lines, found, count > 0))


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
    return Extract(lines, more, missed(room, id, lines, found, not more))


@dataclass(frozen=True, slots=True)
class Since:
    """
    A time from which on lines are asked for.

    @ivar at: that time.
    @ivar now: the present time: later ones are in the future.
    """

    at: datetime
    now: datetime

    def holds(self, at: datetime | None) -> bool:
        """
        @param at: of a line; L{None} where there is none.
        @return: whether the time is certain not to be before, and not in the future.
        """
        return at is not None and self.at <= at <= self.now

    def first(
        self, lines: Sequence[Line], start: int = 0, places: Iterable[int] | None = None
    ) -> int:
        """
        @param lines: oldest first.
        @param start: the index of the first that can be read.
        @param places: where to look for a line for which this L{holds}; L{None} for everywhere.
        @return: the index of the first line since then, or their number.
        """
        if places is None:
            places = range(start, len(lines))
        first = next((each for each in places if self.holds(lines[each].at)), len(lines))
        while first > start and lines[first - 1].at > self.now:
            first -= 1
        return first


def since(room: str, found: Found, asked: Since, count: int) -> Extract:
    """
    Only the time of the newest expired line is known.  If that line was said since then, all
    expired lines count as missed.

    @return: the answer of L{chat.interfaces.History.since}.
    """
    if asked.holds(found.expiredAt):
        return after(room, found, 0, count)
    start = found.lines[0].id - 1 if found.lines else max(found.expired, found.last - 1)
    return after(room, found, start, count)


def missed(
    room: str, after: int, lines: Sequence[Line], found: Found, isToTheEnd: bool
) -> tuple[Missed, ...]:
    """
    @param after: the question begins after this id.
    @param lines: what can be read of its answer, oldest first.
    @param isToTheEnd: whether the question reaches beyond the last line.
    @return: what is missing between C{after} and the last line, and the expired and damaged lines
        after it.  Lines that were lost after the last one cannot be known before there is
        another.
    """
    gaps: list[Missed] = []
    expected = after + 1
    for line in lines:
        if line.id > expected:
            gaps += _divided(room, expected, line.id - 1, found.expired)
        expected = line.id + 1
    last = max(found.expired, found.last)
    if isToTheEnd and expected <= last:
        gaps += _divided(room, expected, last, found.expired)
    return tuple(gaps)


def _divided(room: str, first: int, last: int, expired: int) -> Iterator[Missed]:
    if first <= expired:
        yield Missed(room, first, min(last, expired), EXPIRED)
    if last > expired:
        first = max(first, expired + 1)
        # So many lines in a row are never lost otherwise: fewer may wait for the disk.
        yield Missed(room, first, last, LOST if last - first + 1 < RESERVE else STOPPED)


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
    @raise NothingToFind: when there is no word.
    """
    asked = phrases(words)
    if not asked:
        raise NothingToFind(words)
    return Query(asked, tuple(dict.fromkeys(rooms)), nick, fold(nick) if nick else "")
