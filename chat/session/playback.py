"""
Playback: lines of the past, told to one session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from chat.interfaces import Extract, Rendering
from chat.session.context import Context
from chat.vocabulary.errors import HistoryUnavailable, TryLater
from chat.vocabulary.events import Acted, Event, Excerpt, Line, Missed, Recalled, Warned

MAX_BYTES = 188 * 1024
"""
How many bytes of earlier lines one answer has at the most: together with what may
wait for a session before its commands wait, they stay below what may wait at all.
"""

EVENTS_PER_TURN = 200
"""How many lines are written in one turn of the reactor."""

# What a line takes besides its text, in JSON.
_OVERHEAD = 125


async def newest(context: Context, room: str) -> Extract | None:
    """
    Read what L{replay} tells of a room, before its user hears what happens there.

    @return: L{None} if that is turned off, or the history cannot be read.
    """
    if context.server.settings.replay:
        with suppress(HistoryUnavailable, TryLater):
            return await context.server.history.recent(room, context.server.settings.replay)
    return None


def newestAtHand(context: Context, room: str) -> Extract | None:
    """
    Read the same without waiting, once L{newest} has been asked for.
    """
    reading = Deferred.fromCoroutine(newest(context, room))
    return reading.result if reading.called and isinstance(reading.result, Extract) else None


def replay(context: Context, room: str, extract: Extract | None) -> None:
    """
    Tell a user who has just entered a room what was said there before, if that is at
    hand: later it would come in the middle of what is said then, and again.
    """
    if not context.server.settings.replay:
        return
    if extract is None:
        context.hear(Warned("no-replay", room))
        return
    rendering = _renderingOf(context, room)
    if not extract.lines and not extract.missed:
        return

    def render() -> bytes:
        events = recalled(context, room, "replay", extract)
        return b"".join(map(rendering.render, events)) if len(events) > 1 else b""

    if _ignoresSome(context, extract.lines):
        context.take(render())
    else:
        # The same for all of a crowd.
        context.take(context.server.replays.bytesOf(rendering, room, extract, render))


def recalled(
    context: Context, room: str, reason: str, extract: Extract, isForward: bool = False
) -> list[Event]:
    """
    Make the events that tell an extract, its head first.

    @param reason: C{replay}, C{history} or C{after}.
    @param isForward: whether it was read forward from a beginning.  If it is too much,
        the newest lines are left out then, otherwise the oldest.
    """
    lines = extract.lines
    fitting = _fitting(lines if isForward else reversed(lines))
    if fitting < len(lines):
        lines = lines[:fitting] if isForward else lines[-fitting:]
        extract = Extract(lines, True, _within(extract.missed, lines, isForward))
    last = lines[-1].id if lines else 0
    told = [line for line in lines if not _isIgnored(context, line)]
    head = Excerpt(room, reason, len(told), extract.more, last)
    return [head, *_inOrder(told, extract.missed)]


def found(context: Context, room: str, lines: Sequence[Line], isMore: bool) -> list[Event]:
    """
    Make the events that tell the lines that a search has found.

    @param isMore: whether there are older ones.
    """
    told = [line for line in lines if not _isIgnored(context, line)]
    return [Excerpt(room, "search", len(told), isMore), *map(_recalled, told)]


async def tellAll(context: Context, room: str, events: Iterable[Event]) -> None:
    """
    Tell many events, some in each turn of the reactor.

    @param room: that they are about, if they are about one.
    """
    user, rest = context.user, iter(events)
    while part := list(islice(rest, EVENTS_PER_TURN)):
        if context.user is not user:
            return
        _write(context, room, part)
        if len(part) == EVENTS_PER_TURN:
            await deferLater(context.server.clock, 0)


def _write(context: Context, room: str, events: Sequence[Event]) -> None:
    context.hearAll(events, _renderingOf(context, room))


def _renderingOf(context: Context, room: str) -> Rendering:
    """How lines of a room, or of several, read in this session."""
    rendering = context.rendering
    isHere = room != "" and room == context.room
    return rendering if isHere else rendering.elsewhere


def _fitting(lines: Iterable[Line]) -> int:
    """How many of the lines, from the first on, are not too much; one at least."""
    size = count = 0
    for line in lines:
        size += len(line.text.encode()) + _OVERHEAD
        if count and size > MAX_BYTES:
            break
        count += 1
    return count


def _within(missed: Sequence[Missed], lines: Sequence[Line], isForward: bool) -> tuple[Missed, ...]:
    """The gaps that still lie between the lines, or before them where it begins."""
    if isForward:
        return tuple(gap for gap in missed if gap.first < lines[-1].id)
    return tuple(gap for gap in missed if gap.first > lines[0].id)


def _inOrder(lines: Iterable[Line], missed: Iterable[Missed]) -> Iterator[Event]:
    gaps = list(missed)
    for line in lines:
        while gaps and gaps[0].first < line.id:
            yield gaps.pop(0)
        yield _recalled(line)
    yield from gaps


def _recalled(line: Line) -> Recalled:
    acted = isinstance(line, Acted)
    return Recalled(line.room, line.id, line.at, line.nick, line.text, acted)


def _ignoresSome(context: Context, lines: Iterable[Line]) -> bool:
    """Whether the user ignores any of their senders."""
    user, isDeafTo = context.user, context.hub.ignores.isDeafTo
    return user is not None and any(isDeafTo(user, nick) for nick in {one.nick for one in lines})


def _isIgnored(context: Context, line: Line) -> bool:
    user = context.user
    return user is not None and context.hub.ignores.isDeafTo(user, line.nick)
