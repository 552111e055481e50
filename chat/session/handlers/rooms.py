"""
Rooms: coming in, leaving, and how they are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import assert_never

from twisted.internet.defer import Deferred

from chat.core.room import Room
from chat.core.users import Member
from chat.session.context import Answer, Core, requireRate
from chat.session.handlers.talk import reasonOf, requireVoice
from chat.session.playback import replay, warm
from chat.session.signon import tellEntered
from chat.vocabulary.commands import (
    Deop,
    Invite,
    Join,
    Mode,
    Op,
    Part,
    RoomCommand,
    Rooms,
    Switch,
    Topic,
    Who,
)
from chat.vocabulary.errors import JoiningTooFast, NoRoom, NoSuchNick, OwnerNeeded, RoomOpen
from chat.vocabulary.events import (
    Done,
    Invited,
    ModeSet,
    ModesShown,
    RoomsListed,
    TopicSet,
    TopicShown,
)
from chat.vocabulary.names import roomname

NO_TOPIC = "none"
"""What one says to take the topic away."""

MAX_ROWS = 150
"""
How many rooms are listed at once: with the longest topics, it is less than may
wait for a reader.
"""


def carryOutRoom(core: Core, member: Member, command: RoomCommand) -> Answer | None:
    """
    Do what concerns a room.

    @raise ChatError: when it cannot be done.
    """
    directory, isOperator = core.hub.directory, core.isOperator
    match command:
        case Join(name, key):
            room = roomname(name)
            if room in member.rooms:
                _talkIn(core, room)
            else:
                # Also where it comes to nothing, for the key may be a guess.
                rate = core.shared.settings.joinRate
                requireRate(core, rate, member.joinedMark, JoiningTooFast)
                member.joinedMark = rate.spend(member.joinedMark, core.hub.seconds())
                return Deferred.fromCoroutine(_join(core, member, room, key))
        case Part(name, reason):
            core.hub.part(member, _named(core, name), text=reasonOf(core, member, reason))
        case Switch(name):
            room = roomname(name)
            core.hub.requireIn(member, room)
            _talkIn(core, room)
        case Rooms():
            rows = directory.listed(member, isOperator)
            core.hear(RoomsListed(rows[:MAX_ROWS], len(rows[MAX_ROWS:])))
        case Who(name):
            seen = directory.visible(member, _named(core, name), isOperator)
            seen.listTo(core.seat, core.hub.seconds())
        case Topic(text):
            _topic(core, member, text)
        case Invite(nick):
            _invite(core, member, nick)
        case Mode(mode, value):
            _mode(core, member, mode, value)
        case Op(nick):
            _op(core, member, nick, True)
        case Deop(nick):
            _op(core, member, nick, False)
        case _:  # pragma: no cover
            assert_never(command)
    return None


def roomHere(core: Core) -> Room:
    """
    @return: the room in which the participant talks.
    @raise NoRoom: when there is none.
    """
    room = core.hub.directory.find(core.participant.room)
    if room is None:
        raise NoRoom
    return room


def requireOwner(core: Core, member: Member, room: Room) -> None:
    """
    @raise OwnerNeeded: unless a member is an owner of the room, or an operator.
    """
    if not room.owns(member) and not core.isOperator:
        raise OwnerNeeded(room.name)


def _named(core: Core, name: str) -> str:
    return roomname(name) if name else roomHere(core).name


def _talkIn(core: Core, name: str) -> None:
    room = core.hub.directory.find(name)
    assert room is not None
    room.talk(core.seat)


# Coming in.


async def _join(core: Core, member: Member, name: str, key: str) -> Callable[[], None]:
    await warm(core, name)
    core.requireLiving()
    if name in member.rooms:
        # Another session of his was faster.
        return partial(_talkIn, core, name)
    core.hub.directory.admit(member, name, key, core.isOperator)
    room = await core.hub.join(member, name)
    return partial(_joined, core, member, room)


def _joined(core: Core, member: Member, room: Room) -> None:
    for seat in member.seats:
        tellEntered(core, member, room, seat)
    replay(core, room.name)


# How a room is kept.


def _topic(core: Core, member: Member, text: str) -> None:
    room = roomHere(core)
    if not text:
        core.hear(TopicShown(room.name, room.record.topic, room.record.topicBy))
        return
    requireVoice(core, member)
    if room.record.isTopicLocked:
        requireOwner(core, member, room)
    text = "" if text.strip().lower() == NO_TOPIC else text
    core.hub.publish(TopicSet(room.name, core.shared.now(), member.nick, text))
    core.hub.directory.keep(room, replace(room.record, topic=text, topicBy=member.nick))


def _invite(core: Core, member: Member, nick: str) -> None:
    room = roomHere(core)
    requireVoice(core, member)
    isClosed = room.record.isPrivate or room.record.password
    if isClosed:
        requireOwner(core, member, room)
    other = core.hub.nicknames.named(nick)
    # Only an owner lets somebody in, and who is in needs no way in.
    if isClosed and room.name not in other.rooms:
        core.hub.directory.invite(room, other)
    if not core.hub.attention.ignores(other, member):
        other.hear(Invited(room.name, member.nick))
    core.hear(Done("invited", other.nick))


def _mode(core: Core, member: Member, mode: str, value: str) -> None:
    room = roomHere(core)
    record = room.record
    if not mode:
        _showModes(core, room)
        return
    requireOwner(core, member, room)
    shown = value
    match mode:
        case "key":
            isOff = value.lower() == "none"
            record = replace(record, password="" if isOff else value)
            # The key itself is nobody's business who is in already.
            shown = "off" if isOff else "on"
        case "private":
            record = replace(record, isPrivate=value == "on")
        case "topic":
            record = replace(record, isTopicLocked=value == "owner")
        case _:
            raise ValueError(mode)
    if room.name == core.hub.directory.start and mode != "topic":
        raise RoomOpen(room.name)
    core.hub.directory.keep(room, record)
    core.hub.publish(ModeSet(room.name, core.shared.now(), member.nick, mode, shown))


def _showModes(core: Core, room: Room) -> None:
    record = room.record
    topic = "owner" if record.isTopicLocked else "all"
    owners = _owners(core, room)
    core.hear(ModesShown(room.name, bool(record.password), record.isPrivate, topic, owners))


def _op(core: Core, member: Member, nick: str, isOwner: bool) -> None:
    room = roomHere(core)
    requireOwner(core, member, room)
    other = core.hub.nicknames.named(nick)
    if room.name not in other.rooms:
        raise NoSuchNick(other.nick)
    if not isOwner and not room.owns(other):
        # It is so already.
        _showModes(core, room)
        return
    directory = core.hub.directory
    (directory.own if isOwner else directory.disown)(room, other)
    mode = "op" if isOwner else "deop"
    core.hub.publish(ModeSet(room.name, core.shared.now(), member.nick, mode, other.nick))


def _owners(core: Core, room: Room) -> tuple[str, ...]:
    accounts = map(core.shared.accounts.owner, room.record.owners)
    names = [account.name for account in accounts if account is not None]
    return (*names, *(guest.nick for guest in room.guestOwners))
