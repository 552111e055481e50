"""
The history: earlier lines, and searches in them.
"""

from __future__ import annotations

from datetime import timedelta

from chat.session.context import Context, Handler
from chat.session.handlers.talk import roomMeant
from chat.session.playback import found, recalled, tellAll
from chat.vocabulary.arguments import MAX_HISTORY
from chat.vocabulary.commands import Command, Search, ShowHistory
from chat.vocabulary.names import roomname

HISTORY = 50
"""How many lines C{/history} shows unless told otherwise."""

FOUND = 50
"""How many lines a search finds at the most."""


async def showHistory(context: Context, command: ShowHistory) -> None:
    """
    Show earlier lines of a room.

    @raise NoRoom: when none is named and the user talks in none.
    @raise NotInRoom: when they may not read it.
    """
    history, room = context.server.history, roomMeant(context, command.room)
    if command.room:
        context.hub.directory.readable(context.me, room)
    reason = "after"
    if command.after is not None:
        reading = history.after(room, command.after, MAX_HISTORY)
    elif command.seconds is not None:
        since = context.server.now() - timedelta(seconds=command.seconds)
        reading = history.since(room, since, MAX_HISTORY)
    else:
        reading = history.recent(room, command.count or HISTORY)
        reason = "history"
    extract = await context.outcome(reading)
    await tellAll(context, room, recalled(context, room, reason, extract, reason == "after"))


async def search(context: Context, command: Search) -> None:
    """
    Find lines in a room, or in all rooms of the user.

    @raise NotInRoom: when they may not read it.
    """
    user, room = context.me, roomname(command.room) if command.room else ""
    if room:
        context.hub.directory.readable(user, room)
    rooms = (room,) if room else tuple(user.rooms)
    # One more than is told shows whether there are more.
    lines = await context.outcome(
        context.server.history.search(command.words, rooms, command.nick, FOUND + 1)
    )
    await tellAll(context, "", found(context, room, lines[:FOUND], len(lines) > FOUND))


HANDLERS: dict[type[Command], Handler] = {ShowHistory: showHistory, Search: search}
