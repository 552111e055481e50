"""
Which module carries out which command.
"""

from __future__ import annotations

from typing import assert_never

from chat.commands import (
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
from chat.core import Answer, Core
from chat.errors import NickNeeded
from chat.requests.accounts import carryOutAccount
from chat.requests.general import carryOutGeneral
from chat.requests.moderation import carryOutModeration
from chat.requests.past import carryOutPast
from chat.requests.personal import carryOutPersonal
from chat.requests.rooms import carryOutRoom
from chat.requests.talk import carryOutTalk


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
