"""
Moderation: what operators do, and the owners of rooms.

Each action is logged, with the user who did it, its target and its reason.
"""

from __future__ import annotations

from datetime import timedelta

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chat.core.users import User, UserSession
from chat.session.context import Answer, Context, Handler
from chat.session.handlers.accounts import giveUp, remove, tellStored
from chat.session.handlers.rooms import MAX_ROWS, ownRoom, requireOwner
from chat.session.handlers.talk import reasonOf
from chat.session.signon import nameMeant, requireUnlike
from chat.vocabulary.addresses import (
    covers,
    networkOf,
    originOf,
    parseAddress,
    parseNetwork,
)
from chat.vocabulary.commands import (
    Announce,
    Ban,
    Bans,
    Command,
    Delete,
    Kick,
    Mute,
    Operator,
    Rehash,
    Rename,
    Unban,
    Unmute,
    Unregister,
)
from chat.vocabulary.errors import (
    NickRegistered,
    NoSuchAccount,
    NoSuchNick,
    OperatorFixed,
    OperatorMeant,
    RoomOpen,
    YourselfMeant,
)
from chat.vocabulary.events import Announced, BanRow, BansListed, Done, Ending, Warned
from chat.vocabulary.names import fold, nickname, roomname
from chat.vocabulary.records import Sanction, SanctionKind

_log = Logger()


def _noted(user: User, action: str, whom: str, why: str, seconds: int | None = None) -> None:
    _log.info(
        "{nick} {action} {whom}{span}: {why}",
        event="moderation",
        nick=user.nick,
        action=action,
        whom=whom,
        span="" if seconds is None else f" for {seconds} s",
        why=why,
    )


def _other(context: Context, user: User, nick: str) -> User:
    other = context.hub.nicknames.named(nick)
    if other is user:
        raise YourselfMeant
    return other


# Out.


def kick(context: Context, command: Kick) -> None:
    """
    Put a user out: an operator out of the service, unless they name a room, and an
    owner out of the room.

    @raise ChatError: when there is no such user, or it is not for the asking one.
    """
    if command.room or not context.isOperator:
        _kickFromRoom(context, context.me, command)
        return
    user = context.me
    other = _other(context, user, command.nick)
    _noted(user, "kick", other.nick, command.why)
    room = context.hub.directory.find(context.room)
    if room is not None:
        context.hub.directory.uninvite(room, other)
    _putOut(user, other, Ending.KICKED, command.why)
    context.hear(Done("kicked", other.nick))


def _kickFromRoom(context: Context, user: User, command: Kick) -> None:
    room = ownRoom(context, command.room)
    requireOwner(context, user, room)
    other = _other(context, user, command.nick)
    if room.name not in other.rooms:
        raise NoSuchNick(other.nick)
    _noted(user, f"kick from {room.name}", other.nick, command.why)
    why = reasonOf(context, user, command.why)
    context.hub.directory.uninvite(room, other)
    context.hub.part(other, room.name, Ending.KICKED, why, user.nick)
    context.hear(Done("kicked", other.nick))


def _putOut(user: User, other: User, reason: Ending, why: str) -> None:
    for session in tuple(other.sessions):
        session.end(reason, why, user.nick)


# Bans and mutes.


def ban(context: Context, command: Ban) -> Answer:
    """
    Keep a user, an address or a network out.

    @raise YourselfMeant: when it is the operator who asks, or a session of theirs comes from there.
    """
    sanction, storing = _impose(context, SanctionKind.BAN, command)
    for session in _concerned(context, sanction.target):
        session.end(Ending.BANNED, sanction.why, sanction.by, until=sanction.until)
    return tellStored(context, storing, Done("banned", sanction.shown))


def mute(context: Context, command: Mute) -> Answer:
    """
    Keep a user, or all users of an address or a network, from speaking.

    @raise YourselfMeant: when it is the operator who asks, or a session of theirs comes from there.
    """
    sanction, storing = _impose(context, SanctionKind.MUTE, command)
    for session in _concerned(context, sanction.target):
        session.hear(Warned("muted", sanction.why, by=sanction.by, until=sanction.until))
    return tellStored(context, storing, Done("muted", sanction.shown))


def unban(context: Context, command: Unban) -> Answer:
    """Lift a ban."""
    return _lift(context, SanctionKind.BAN, command.target)


def unmute(context: Context, command: Unmute) -> Answer:
    """Lift a mute."""
    return _lift(context, SanctionKind.MUTE, command.target)


def bans(context: Context, command: Bans) -> None:
    """List the bans and the mutes."""
    rows = tuple(map(_row, context.server.sanctions.active()))
    context.hear(BansListed(rows[-MAX_ROWS:], len(rows[:-MAX_ROWS])))


def _lift(context: Context, kind: SanctionKind, text: str) -> Answer:
    sanctions, other = context.server.sanctions, context.hub.nicknames.holder(fold(text))
    account = "" if other is None else other.account
    meant = list(filter(None, (_placeMeant(text), networkOf(text), fold(text), account)))
    target = next((each for each in meant if sanctions.ofName(kind, each) is not None), meant[0])
    lifting = sanctions.lift(kind, target)
    code = "unbanned" if kind is SanctionKind.BAN else "unmuted"
    _noted(context.me, f"un{kind}", text, "")
    for session in _concerned(context, target) if kind is SanctionKind.MUTE else ():
        session.hear(Done("may-speak"))
    return tellStored(context, lifting, Done(code, text))


def _concerned(context: Context, target: str) -> list[UserSession]:
    """
    @param target: of a sanction.
    @return: the sessions that it concerns: by the nickname or account of their user, or by the
        network they come from.
    """
    nicknames, network = context.hub.nicknames, parseNetwork(target)
    if network is None:
        named = dict.fromkeys((nicknames.holder(target), nicknames.present(target)))
        return [session for other in named if other is not None for session in other.sessions]
    return [
        session
        for other in nicknames.users
        for session in other.sessions
        if (address := parseAddress(session.address)) is not None and address in network
    ]


def _impose(
    context: Context, kind: SanctionKind, command: Ban | Mute
) -> tuple[Sanction, Deferred[None]]:
    user, seconds, why = context.me, command.seconds, command.why
    place = _placeMeant(command.target)
    if place is None:
        sanction = _ofName(context, user, kind, command.target, seconds, why)
    elif any(covers(place, session.address) for session in user.sessions):
        # An operator who locks themselves out could not lift it.
        raise YourselfMeant
    else:
        sanction = _sanction(context, user, kind, place, place, seconds, why)
    _noted(user, str(kind), sanction.shown, why, seconds)
    return sanction, context.server.sanctions.impose(sanction)


def _placeMeant(text: str) -> str | None:
    """
    @return: the network that is meant: of an IPv6 address the /64, in which its subscriber
        has as many as they like; L{None} where the text is neither address nor network.
    """
    address = parseAddress(text)
    return networkOf(text if address is None else originOf(address))


def _ofName(
    context: Context, user: User, kind: SanctionKind, text: str, seconds: int | None, why: str
) -> Sanction:
    name = nameMeant(context, text)
    if fold(name) in (user.fold, user.account):
        raise YourselfMeant
    other = context.hub.nicknames.holder(fold(name))
    account = None if other is None else context.server.accountOf(other)
    # A user with an account may take another nickname, and is meant all the same.
    shown = name if account is None else account.name
    return _sanction(context, user, kind, fold(shown), shown, seconds, why)


def _sanction(
    context: Context,
    user: User,
    kind: SanctionKind,
    target: str,
    shown: str,
    seconds: int | None,
    why: str,
) -> Sanction:
    now = context.server.now()
    until = None if seconds is None else now + timedelta(seconds=seconds)
    return Sanction(kind, target, shown, user.nick, now, why, until)


def _row(sanction: Sanction) -> BanRow:
    return BanRow(str(sanction.kind), sanction.shown, sanction.by, sanction.why, sanction.until)


# The service.


def delete(context: Context, command: Delete) -> None:
    """
    Delete a room: all users leave it, and are told so, and what was said there and how it
    was kept is forgotten.

    @raise NoSuchRoom: when there is none.
    @raise RoomOpen: when all users begin there.
    """
    user, directory = context.me, context.hub.directory
    room = directory.visible(user, roomname(command.room), context.isOperator)
    if room.name == directory.start:
        raise RoomOpen(room.name)
    _noted(user, "delete", room.name, command.why)
    directory.abandon(room)
    for other in room.users:
        # Their departure may be on its way already.
        if room.name in other.rooms:
            context.hub.part(other, room.name, Ending.ROOM_DELETED, command.why, user.nick)
    context.hear(Done("deleted", room.name))


def announce(context: Context, command: Announce) -> None:
    """Tell all users something."""
    _noted(context.me, "announce", "everybody", "")
    context.hub.publish(Announced(context.server.now(), context.me.nick, command.text))


async def rename(context: Context, command: Rename) -> None:
    """
    Give a user another nickname.

    @raise NickRegistered: when it is that of another account.
    @raise NickConfusable: when it looks like that of another user or account.
    @raise NickTaken: when another user has it.
    """
    other, nick = context.hub.nicknames.named(command.nick), nickname(command.name)
    account = context.server.accounts.named(nick)
    if account is not None and account.fold != other.account:
        raise NickRegistered(account.name)
    requireUnlike(context, nick, other)
    before, done = other.nick, Done("renamed", f"{other.nick} -> {nick}")
    sanctions = context.server.sanctions
    mute = sanctions.ofName(SanctionKind.MUTE, other.fold)
    _noted(context.me, "rename", before, f"now {nick}")
    await context.outcome(context.hub.rename(other, nick))
    if mute is None or mute.target in (other.account, other.fold):
        context.hear(done)
    else:
        # It was imposed on the user, who has no account, and not on a word.
        moving = sanctions.move(mute, other.fold, nick)
        await tellStored(context, moving, done)


def operator(context: Context, command: Operator) -> Answer | None:
    """
    Make an account an operator, or no longer, or list the operators.

    @raise NoSuchAccount: when there is none of that name.
    @raise OperatorFixed: when it is one by an option of the service.
    """
    accounts, isOn = context.server.accounts, command.isOn
    if not command.nick:
        names = ", ".join(account.name for account in accounts.operators())
        context.hear(Done("operators", names))
        return None
    account = accounts.named(command.nick)
    if account is None:
        raise NoSuchAccount(command.nick)
    if not isOn and account.fold in accounts.appointed:
        raise OperatorFixed(account.name)
    code = "operator-on" if isOn else "operator-off"
    _noted(context.me, code, account.name, "")
    storing = accounts.setOperator(account, isOn)
    other = context.hub.nicknames.present(account.fold)
    if other is not None and other is not context.me:
        other.hear(Done(code, account.name))
    return tellStored(context, storing, Done(code, account.name))


def unregister(context: Context, command: Unregister) -> Answer | None:
    """
    Remove an account: an operator that of another user, who is put out if they are here, and
    every user their own, whose name they have to give.

    @raise NoSuchAccount: when there is none of that name.
    @raise OperatorMeant: when it is that of another operator.
    @raise OperatorFixed: when it is that of one by an option of the service.
    """
    accounts, user = context.server.accounts, context.me
    account = accounts.named(command.name)
    isOwn = not command.name or (account is not None and account.fold == user.account)
    if isOwn or not context.isOperator:
        return giveUp(context, command)
    if account is None:
        raise NoSuchAccount(command.name)
    if account.fold in accounts.appointed:
        raise OperatorFixed(account.name)
    if account.isOperator:
        raise OperatorMeant(account.name)
    _noted(user, "unregister", account.name, command.why)
    removing = remove(context, account, Ending.ACCOUNT_REMOVED, command.why, user.nick)
    return tellStored(context, removing, Done("account-removed", account.name))


async def rehash(context: Context, command: Rehash) -> None:
    """Read again what was read from files."""
    _noted(context.me, "rehash", "files", "")
    failures = await context.outcome(context.server.rehash())
    for failure in failures:
        context.hear(Warned("not-read", failure))
    if not failures:
        context.hear(Done("rehashed"))


HANDLERS: dict[type[Command], Handler] = {
    Kick: kick,
    Ban: ban,
    Bans: bans,
    Unban: unban,
    Mute: mute,
    Unmute: unmute,
    Delete: delete,
    Announce: announce,
    Rename: rename,
    Operator: operator,
    Unregister: unregister,
    Rehash: rehash,
}
