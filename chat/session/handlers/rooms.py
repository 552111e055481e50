"""
Rooms: coming in, leaving, and how they are kept.
"""

from __future__ import annotations

from dataclasses import replace

from chat.core.room import Room
from chat.core.users import Member
from chat.session.context import Answer, Core, Handler, requireRate
from chat.session.handlers.talk import reasonOf, requireVoice, roomMeant
from chat.session.playback import newest, newestAtHand, replay
from chat.session.signon import tellEntered
from chat.vocabulary.commands import (
    Command,
    Deop,
    Invite,
    Join,
    Mode,
    Op,
    Part,
    Rooms,
    Switch,
    Topic,
    Who,
)
from chat.vocabulary.errors import JoiningTooFast, NoSuchNick, OwnerNeeded, RoomOpen
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


def join(core: Core, command: Join) -> Answer | None:
    """
    Enter a room, or talk there.

    @raise JoiningTooFast: when the user has entered too many of late.
    @raise ChatError: when they may not; see L{Directory.admit}.
    """
    member, room = core.me, roomname(command.room)
    if room in member.rooms:
        _talkIn(core, room)
        return None
    # An attempt that fails counts as well, for the key may be a guess.
    rate = core.shared.settings.joinRate
    requireRate(core, rate, member.joinedMark, JoiningTooFast)
    member.joinedMark = rate.spend(member.joinedMark, core.hub.seconds())
    return _join(core, member, room, command.key)


async def _join(core: Core, member: Member, name: str, key: str) -> None:
    extract = await core.outcome(newest(core, name))
    if name in member.rooms:
        # Another session of the user was faster.
        _talkIn(core, name)
        return
    core.hub.directory.admit(member, name, key, core.isOperator)
    joining = core.hub.join(member, name)
    isFresh = joining.called
    room = await core.outcome(joining)
    for seat in member.seats:
        tellEntered(core, member, room, seat)
    # What was said while the event was on its way is in no answer from before.
    replay(core, name, extract if isFresh else newestAtHand(core, name))


def part(core: Core, command: Part) -> None:
    """Leave a room."""
    member = core.me
    reason = reasonOf(core, member, command.reason)
    core.hub.part(member, roomMeant(core, command.room), text=reason)


def switch(core: Core, command: Switch) -> None:
    """Talk in another room."""
    room = roomname(command.room)
    core.hub.requireIn(core.me, room)
    _talkIn(core, room)


def listRooms(core: Core, command: Rooms) -> None:
    """List the rooms that the user may know of."""
    rows = core.hub.directory.listed(core.me, core.isOperator)
    core.hear(RoomsListed(rows[:MAX_ROWS], len(rows[MAX_ROWS:])))


def who(core: Core, command: Who) -> None:
    """List the users in a room."""
    name = roomMeant(core, command.room)
    room = core.hub.directory.visible(core.me, name, core.isOperator)
    room.listTo(core.seat, core.hub.seconds())


def ownRoom(core: Core, name: str) -> Room:
    """
    @param name: what a command names; nothing for the room in which the user talks.
    @return: a room in which the user is.
    @raise NoRoom: when none is named and they talk in none.
    @raise NotInRoom: when they are not in it.
    """
    name = roomMeant(core, name)
    core.hub.requireIn(core.me, name)
    room = core.hub.directory.find(name)
    assert room is not None
    return room


def requireOwner(core: Core, member: Member, room: Room) -> None:
    """
    @raise OwnerNeeded: unless a member is an owner of the room, or an operator.
    """
    if not room.owns(member) and not core.isOperator:
        raise OwnerNeeded(room.name)


def _talkIn(core: Core, name: str) -> None:
    room = core.hub.directory.find(name)
    assert room is not None
    room.talk(core.seat)


# Coming in.


# How a room is kept.


def topic(core: Core, command: Topic) -> None:
    """Set the topic of a room, or show it."""
    member, room, text = core.me, ownRoom(core, command.room), command.text
    if not text:
        core.hear(TopicShown(room.name, room.record.topic, room.record.topicBy))
        return
    requireVoice(core, member)
    if room.record.isTopicLocked:
        requireOwner(core, member, room)
    text = "" if text.strip().lower() == NO_TOPIC else text
    core.hub.publish(TopicSet(room.name, core.shared.now(), member.nick, text))
    core.hub.directory.keep(room, replace(room.record, topic=text, topicBy=member.nick))


def invite(core: Core, command: Invite) -> None:
    """Let a user enter a room."""
    member, room = core.me, ownRoom(core, command.room)
    requireVoice(core, member)
    isClosed = room.record.isPrivate or room.record.password
    if isClosed:
        requireOwner(core, member, room)
    other = core.hub.nicknames.named(command.nick)
    # Only an owner lets somebody in, and who is in needs no way in.
    if isClosed and room.name not in other.rooms:
        core.hub.directory.invite(room, other)
    if not core.hub.attention.ignores(other, member):
        other.hear(Invited(room.name, member.nick))
    core.hear(Done("invited", other.nick))


def mode(core: Core, command: Mode) -> None:
    """Change a setting of a room, or show its settings."""
    member, room = core.me, ownRoom(core, command.room)
    name, value, record = command.mode, command.value, room.record
    if not name:
        _showModes(core, room)
        return
    requireOwner(core, member, room)
    shown = value
    match name:
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
            raise ValueError(name)
    if room.name == core.hub.directory.start and name != "topic":
        raise RoomOpen(room.name)
    core.hub.directory.keep(room, record)
    core.hub.publish(ModeSet(room.name, core.shared.now(), member.nick, name, shown))


def _showModes(core: Core, room: Room) -> None:
    record = room.record
    topic = "owner" if record.isTopicLocked else "all"
    owners = _owners(core, room)
    core.hear(ModesShown(room.name, bool(record.password), record.isPrivate, topic, owners))


def op(core: Core, command: Op) -> None:
    """Make a user an owner of a room."""
    _own(core, ownRoom(core, command.room), command.nick, True)


def deop(core: Core, command: Deop) -> None:
    """Make a user no longer an owner of a room."""
    _own(core, ownRoom(core, command.room), command.nick, False)


def _own(core: Core, room: Room, nick: str, isOwner: bool) -> None:
    member = core.me
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


HANDLERS: dict[type[Command], Handler] = {
    Join: join,
    Part: part,
    Switch: switch,
    Rooms: listRooms,
    Who: who,
    Topic: topic,
    Invite: invite,
    Mode: mode,
    Op: op,
    Deop: deop,
}
