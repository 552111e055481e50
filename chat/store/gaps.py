"""
Which lines cannot be read any more.

The ids of a room count up by one, so an id that is not there is a line that is
missed.  Up to some id everything has I{expired}: it was kept as long as it was to
be kept, or the room was told to forget it.  An id that is missing after that was
I{lost}: it never came to the disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chat.vocabulary.events import Line, Missed

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
