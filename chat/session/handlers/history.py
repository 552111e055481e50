"""
What has been said before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import assert_never

from twisted.internet.defer import Deferred

from chat.core.users import Member
from chat.session.context import Answer, Core
from chat.session.playback import found, recalled, tellAll
from chat.vocabulary.arguments import MAX_HISTORY
from chat.vocabulary.commands import History, PastCommand, Search
from chat.vocabulary.errors import NoRoom
from chat.vocabulary.names import roomname

HISTORY = 50
"""How many lines C{/history} shows unless told otherwise."""

FOUND = 50
"""How many lines a search finds at the most."""


def carryOutPast(core: Core, member: Member, command: PastCommand) -> Answer:
    """
    Read the past.

    @raise ChatError: when it cannot be read by this member.
    """
    name = command.room
    room = roomname(name) if name else core.participant.room
    if name:
        core.hub.directory.readable(member, room)
    match command:
        case History():
            if not room:
                raise NoRoom
            return Deferred.fromCoroutine(_history(core, room, command))
        case Search(words, _, nick):
            rooms = (room,) if name else tuple(member.rooms)
            return Deferred.fromCoroutine(_search(core, room if name else "", words, rooms, nick))
        case _:  # pragma: no cover
            assert_never(command)


async def _history(core: Core, room: str, command: History) -> Callable[[], None]:
    history = core.shared.history
    reason = "after"
    if command.after is not None:
        extract = await history.after(room, command.after, MAX_HISTORY)
    elif command.seconds is not None:
        since = core.shared.now() - timedelta(seconds=command.seconds)
        extract = await history.since(room, since, MAX_HISTORY)
    else:
        extract = await history.recent(room, command.count or HISTORY)
        reason = "history"
    core.requireLiving()
    await tellAll(core, room, recalled(core, room, reason, extract, reason == "after"))
    return _nothing


async def _search(
    core: Core, room: str, words: str, rooms: tuple[str, ...], nick: str
) -> Callable[[], None]:
    # One more than is told shows whether there are more.
    lines = await core.shared.history.search(words, rooms, nick, FOUND + 1)
    core.requireLiving()
    await tellAll(core, "", found(core, room, lines[:FOUND], len(lines) > FOUND))
    return _nothing


def _nothing() -> None:
    """All has been told."""
