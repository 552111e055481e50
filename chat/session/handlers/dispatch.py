"""
Which module carries out which command.
"""

from __future__ import annotations

from typing import assert_never

from chat.session.context import Answer, Core
from chat.session.handlers.accounts import carryOutAccount
from chat.session.handlers.general import carryOutGeneral
from chat.session.handlers.history import carryOutPast
from chat.session.handlers.moderation import carryOutModeration
from chat.session.handlers.personal import carryOutPersonal
from chat.session.handlers.rooms import carryOutRoom
from chat.session.handlers.talk import carryOutTalk
from chat.vocabulary.commands import (
    AccountCommand,
    Command,
    GeneralCommand,
    ModerationCommand,
    PastCommand,
    PersonalCommand,
    RoomCommand,
    StateCommand,
    TalkCommand,
)
from chat.vocabulary.errors import NickNeeded


def carryOut(core: Core, command: Command) -> Answer | None:
    """
    Do what a participant asks for.

    @return: the answer to what takes time; nothing where all is done.
    @raise NickNeeded: when it takes a nickname and he has none.
    @raise ChatError: when it cannot be done.
    """
    member = core.member
    # The first is what is asked for most.
    if member is not None and isinstance(command, TalkCommand):
        carryOutTalk(core, member, command)
        return None
    if isinstance(command, GeneralCommand):
        carryOutGeneral(core, command)
        return None
    if member is None:
        raise NickNeeded
    if isinstance(command, RoomCommand):
        return carryOutRoom(core, member, command)
    if isinstance(command, PastCommand):
        return carryOutPast(core, member, command)
    if isinstance(command, AccountCommand):
        return carryOutAccount(core, member, command)
    if isinstance(command, PersonalCommand):
        carryOutPersonal(core, member, command)
        return None
    if isinstance(command, ModerationCommand):
        return carryOutModeration(core, member, command)
    if isinstance(command, StateCommand | TalkCommand):
        raise ValueError(f"for the lifecycle: {command!r}")
    assert_never(command)  # pragma: no cover
