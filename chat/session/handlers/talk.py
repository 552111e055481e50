"""
What is said, in a room or in private.
"""

from __future__ import annotations

from chat.core.users import Member
from chat.session.context import Core, Handler
from chat.vocabulary.commands import Act, Command, Reply, Say, Tell
from chat.vocabulary.errors import Muted, NoRoom
from chat.vocabulary.events import Warned
from chat.vocabulary.names import roomname
from chat.vocabulary.records import SanctionKind


def say(core: Core, command: Say) -> None:
    """
    Say something in a room.

    @raise Muted: when the user may not speak.
    @raise NoRoom: when no room is named and they are in none.
    @raise NotInRoom: when they are not in the room.
    """
    member, room = core.me, core.participant.room
    requireVoice(core, member)
    if command.room or not room:
        room = roomMeant(core, command.room)
    core.hub.say(member, room, command.text, core.recipient)


def act(core: Core, command: Act) -> None:
    """Do something in a room; as for L{say}."""
    member = core.me
    requireVoice(core, member)
    core.hub.act(member, roomMeant(core, command.room), command.text, core.recipient)


def tell(core: Core, command: Tell) -> None:
    """Tell one user something in private."""
    requireVoice(core, core.me)
    _told(core, core.hub.tell(core.me, command.to, command.text))


def reply(core: Core, command: Reply) -> None:
    """Answer the last private message."""
    requireVoice(core, core.me)
    _told(core, core.hub.reply(core.me, command.text))


def roomMeant(core: Core, name: str) -> str:
    """
    @param name: what a command names; nothing for the room in which the user talks.
    @return: the name of the room.
    @raise NoRoom: when there is none.
    """
    room = roomname(name) if name else core.participant.room
    if not room:
        raise NoRoom
    return room


def requireVoice(core: Core, member: Member) -> None:
    """
    @raise Muted: when a member may not speak.
    """
    sanctions = core.shared.sanctions
    mute = sanctions.ofName(SanctionKind.MUTE, member.fold)
    if mute is None and member.account:
        mute = sanctions.ofName(SanctionKind.MUTE, member.account)
    if mute is not None:
        raise Muted(mute.why)


def reasonOf(core: Core, member: Member, text: str) -> str:
    """
    @param text: what a member gives as a reason for what he may do in any case.
    @return: what others are told of it: nothing, if he may not speak.
    """
    try:
        requireVoice(core, member)
    except Muted:
        return ""
    return text


def _told(core: Core, other: Member) -> None:
    if other.away is not None:
        about = f"{other.nick}: {other.away}" if other.away else other.nick
        core.hear(Warned("is-away", about))


HANDLERS: dict[type[Command], Handler] = {Say: say, Act: act, Tell: tell, Reply: reply}
