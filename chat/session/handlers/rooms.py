"""
Rooms: coming in, leaving, and how they are kept.
"""

from __future__ import annotations

from dataclasses import replace

from chat.core.room import Room
from chat.core.users import User
from chat.session.context import Answer, Context, Handler, requireRate
from chat.session.handlers.talk import reasonOf, roomMeant
from chat.session.playback import newest, newestAtHand, replay
from chat.session.signon import admit, requireVoice, tryKey
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
"""The text that clears a topic."""

MAX_ROWS = 150
"""
How many rooms are listed at once: with the longest topics, that is less than may wait for a
connection.
"""


def join(context: Context, command: Join) -> Answer | None:
    """
    Enter a room, or talk there.

    @raise JoiningTooFast: when the user has entered too many of late.
    @raise ChatError: when they may not; see L{Directory.admit}.
    """
    user, room = context.me, roomname(command.room)
    if room in user.rooms:
        _talkIn(context, room)
        return None
    # An attempt that fails counts as well, for the key may be a guess.
    rate = context.server.settings.joinRate
    if rate.interval:
        requireRate(context, rate, user.joinedMark, JoiningTooFast)
        user.joinedMark = rate.spend(user.joinedMark, context.hub.seconds())
    return _join(context, user, room, command.key)


async def _join(context: Context, user: User, name: str, key: str) -> None:
    if key:
        await tryKey(context, user, name, key)
    extract = await context.outcome(newest(context, name))
    if name in user.rooms:
        # Another session of the user was faster.
        _talkIn(context, name)
        return
    admit(context, user, name, key)
    joining = context.hub.join(user, name, context)
    isFresh = joining.called
    room = await context.outcome(joining)
    for session in user.sessions:
        room.tellEntered(user, session, context.hub.seconds())
    # An answer from before has no lines that were said while the event was on its way.
    replay(context, name, extract if isFresh else newestAtHand(context, name))


def part(context: Context, command: Part) -> None:
    """Leave a room."""
    user = context.me
    reason = reasonOf(context, user, command.reason)
    context.hub.part(user, roomMeant(context, command.room), text=reason)


def switch(context: Context, command: Switch) -> None:
    """Talk in another room."""
    room = roomname(command.room)
    context.hub.requireIn(context.me, room)
    _talkIn(context, room)


def listRooms(context: Context, command: Rooms) -> None:
    """List the rooms that the user may know of."""
    rows = context.hub.directory.listed(context.me, context.isOperator)
    context.hear(RoomsListed(rows[:MAX_ROWS], len(rows[MAX_ROWS:])))


def who(context: Context, command: Who) -> None:
    """List the users in a room."""
    name = roomMeant(context, command.room)
    room = context.hub.directory.visible(context.me, name, context.isOperator)
    room.listTo(context, context.hub.seconds())


def ownRoom(context: Context, name: str) -> Room:
    """
    @param name: what a command names; nothing for the room in which the user talks.
    @return: a room in which the user is.
    @raise NoRoom: when none is named and they talk in none.
    @raise NotInRoom: when they are not in it.
    """
    name = roomMeant(context, name)
    context.hub.requireIn(context.me, name)
    room = context.hub.directory.find(name)
    assert room is not None
    return room


def requireOwner(context: Context, user: User, room: Room) -> None:
    """
    @raise OwnerNeeded: unless a user is an owner of the room, or an operator.
    """
    if not room.owns(user) and not context.isOperator:
        raise OwnerNeeded(room.name)


def _talkIn(context: Context, name: str) -> None:
    room = context.hub.directory.find(name)
    assert room is not None
    room.talk(context)


# Topics, modes and owners.


def topic(context: Context, command: Topic) -> None:
    """Set the topic of a room, or show it."""
    user, room, text = context.me, ownRoom(context, command.room), command.text
    if not text:
        context.hear(TopicShown(room.name, room.record.topic, room.record.topicBy))
        return
    requireVoice(context, user)
    if room.record.isTopicLocked:
        requireOwner(context, user, room)
    text = "" if text.strip().lower() == NO_TOPIC else text
    context.hub.publish(TopicSet(room.name, context.server.now(), user.nick, text))
    context.hub.directory.keep(room, replace(room.record, topic=text, topicBy=user.nick))


def invite(context: Context, command: Invite) -> None:
    """Let a user enter a room."""
    user, room = context.me, ownRoom(context, command.room)
    requireVoice(context, user)
    isClosed = room.record.isPrivate or room.record.password
    if isClosed:
        requireOwner(context, user, room)
    other = context.hub.nicknames.named(command.nick)
    # Only an owner lets users in, and a user who is in needs no way in.
    if isClosed and room.name not in other.rooms:
        context.hub.directory.invite(room, other)
    if not context.hub.ignores.ignores(other, user):
        other.hear(Invited(room.name, user.nick))
    context.hear(Done("invited", other.nick))


def mode(context: Context, command: Mode) -> None:
    """Change a setting of a room, or show its settings."""
    user, room = context.me, ownRoom(context, command.room)
    name, value, record = command.mode, command.value, room.record
    if not name:
        _showModes(context, room)
        return
    requireOwner(context, user, room)
    shown = value
    match name:
        case "key":
            isOff = value.lower() == "none"
            record = replace(record, password="" if isOff else value)
            # The key itself is no business of the users who are in already.
            shown = "off" if isOff else "on"
        case "private":
            record = replace(record, isPrivate=value == "on")
        case "topic":
            record = replace(record, isTopicLocked=value == "owner")
        case _:
            raise ValueError(name)
    if room.name == context.hub.directory.start and name != "topic":
        raise RoomOpen(room.name)
    context.hub.directory.keep(room, record)
    context.hub.publish(ModeSet(room.name, context.server.now(), user.nick, name, shown))


def _showModes(context: Context, room: Room) -> None:
    record = room.record
    topic = "owner" if record.isTopicLocked else "all"
    owners = _owners(context, room)
    context.hear(ModesShown(room.name, bool(record.password), record.isPrivate, topic, owners))


def op(context: Context, command: Op) -> None:
    """Make a user an owner of a room."""
    _own(context, ownRoom(context, command.room), command.nick, True)


def deop(context: Context, command: Deop) -> None:
    """Make a user no longer an owner of a room."""
    _own(context, ownRoom(context, command.room), command.nick, False)


def _own(context: Context, room: Room, nick: str, isOwner: bool) -> None:
    user = context.me
    requireOwner(context, user, room)
    other = context.hub.nicknames.named(nick)
    if room.name not in other.rooms:
        raise NoSuchNick(other.nick)
    if not isOwner and not room.owns(other):
        # It is so already.
        _showModes(context, room)
        return
    directory = context.hub.directory
    (directory.own if isOwner else directory.disown)(room, other)
    mode = "op" if isOwner else "deop"
    context.hub.publish(ModeSet(room.name, context.server.now(), user.nick, mode, other.nick))


def _owners(context: Context, room: Room) -> tuple[str, ...]:
    accounts = map(context.server.accounts.owner, room.record.owners)
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
