"""
Talk: lines that are said, in a room or in private.
"""

from __future__ import annotations

from chat.core.users import User
from chat.session.context import Context, Handler
from chat.session.signon import requireVoice
from chat.vocabulary.commands import Act, Command, Reply, Say, Tell
from chat.vocabulary.errors import Muted, NoRoom
from chat.vocabulary.events import Warned
from chat.vocabulary.names import roomname


def say(context: Context, command: Say) -> None:
    """
    Say something in a room.

    @raise Muted: when the user may not speak.
    @raise NoRoom: when no room is named and they are in none.
    @raise NotInRoom: when they are not in the room.
    """
    user, room = context.user, context.room
    assert user is not None
    requireVoice(context, user)
    if command.room or not room:
        room = roomMeant(context, command.room)
    context.hub.say(user, room, command.text, context)


def act(context: Context, command: Act) -> None:
    """Do something in a room; as for L{say}."""
    user = context.me
    requireVoice(context, user)
    context.hub.act(user, roomMeant(context, command.room), command.text, context)


def tell(context: Context, command: Tell) -> None:
    """Tell one user something in private."""
    requireVoice(context, context.me)
    _told(context, context.hub.tell(context.me, command.to, command.text))


def reply(context: Context, command: Reply) -> None:
    """Answer the last private message."""
    requireVoice(context, context.me)
    _told(context, context.hub.reply(context.me, command.text))


def roomMeant(context: Context, name: str) -> str:
    """
    @param name: what a command names; nothing for the room in which the user talks.
    @return: the name of the room.
    @raise NoRoom: when there is none.
    """
    room = roomname(name) if name else context.room
    if not room:
        raise NoRoom
    return room


def reasonOf(context: Context, user: User, text: str) -> str:
    """
    @param text: what a user gives as a reason for what they may do in any case.
    @return: what others are told of it: nothing, if the user may not speak.
    """
    try:
        requireVoice(context, user)
    except Muted:
        return ""
    return text


def _told(context: Context, other: User) -> None:
    if other.away is not None:
        about = f"{other.nick}: {other.away}" if other.away else other.nick
        context.hear(Warned("is-away", about))


HANDLERS: dict[type[Command], Handler] = {Say: say, Act: act, Tell: tell, Reply: reply}
