"""
What is said, in a room or in private.
"""

from __future__ import annotations

from typing import assert_never

from chat.core.users import Member
from chat.session.context import Core
from chat.vocabulary.commands import Act, Reply, Say, TalkCommand, Tell
from chat.vocabulary.errors import Muted, NoRoom
from chat.vocabulary.events import Warned
from chat.vocabulary.records import SanctionKind


def carryOutTalk(core: Core, member: Member, command: TalkCommand) -> None:
    """
    Let a member say something.

    @raise Muted: when he may not.
    @raise NoRoom: when he is nowhere.
    @raise ChatError: when it cannot be done.
    """
    requireVoice(core, member)
    room = core.participant.room
    match command:
        case Say() | Act() if not room:
            raise NoRoom
        case Say():
            core.hub.say(member, room, command.text, core.recipient)
        case Act():
            core.hub.act(member, room, command.text, core.recipient)
        case Tell(to, text):
            _told(core, core.hub.tell(member, to, text))
        case Reply(text):
            _told(core, core.hub.reply(member, text))
        case _:  # pragma: no cover
            assert_never(command)


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
