"""
Keeping order: what operators do, and owners of rooms.

Each action is logged: who did it, to whom, and why.
"""

from __future__ import annotations

from datetime import timedelta

from twisted.logger import Logger

from chat.core.users import Member
from chat.session.context import Answer, Core, Handler
from chat.session.handlers.accounts import tellStored
from chat.session.handlers.rooms import MAX_ROWS, ownRoom, requireOwner
from chat.session.handlers.talk import reasonOf
from chat.vocabulary.addresses import covers, networkOf
from chat.vocabulary.commands import (
    Announce,
    Ban,
    Bans,
    Command,
    Kick,
    Mute,
    Operator,
    Rehash,
    Rename,
    Unban,
    Unmute,
)
from chat.vocabulary.errors import (
    NickRegistered,
    NoSuchAccount,
    NoSuchNick,
    OperatorFixed,
    YourselfMeant,
)
from chat.vocabulary.events import Announced, BanRow, BansListed, Done, Ending, Warned
from chat.vocabulary.names import fold, nickname
from chat.vocabulary.records import Sanction, SanctionKind

_log = Logger()


def _noted(member: Member, action: str, whom: str, why: str, seconds: int | None = None) -> None:
    _log.info(
        "{nick} {action} {whom}{span}: {why}",
        nick=member.nick,
        action=action,
        whom=whom,
        span="" if seconds is None else f" for {seconds} s",
        why=why,
    )


def _other(core: Core, member: Member, nick: str) -> Member:
    other = core.hub.nicknames.named(nick)
    if other is member:
        raise YourselfMeant
    return other


# Out.


def kick(core: Core, command: Kick) -> None:
    """
    Put a user out: an operator out of the service, unless they name a room, and an
    owner out of the room.

    @raise ChatError: when there is no such user, or it is not for the asking one.
    """
    if command.room or not core.isOperator:
        _kickFromRoom(core, core.me, command)
        return
    member = core.me
    other = _other(core, member, command.nick)
    _noted(member, "kick", other.nick, command.why)
    room = core.hub.directory.find(core.participant.room)
    if room is not None:
        core.hub.directory.uninvite(room, other)
    _putOut(member, other, Ending.KICKED, command.why)
    core.hear(Done("kicked", other.nick))


def _kickFromRoom(core: Core, member: Member, command: Kick) -> None:
    room = ownRoom(core, command.room)
    requireOwner(core, member, room)
    other = _other(core, member, command.nick)
    if room.name not in other.rooms:
        raise NoSuchNick(other.nick)
    _noted(member, f"kick from {room.name}", other.nick, command.why)
    why = reasonOf(core, member, command.why)
    core.hub.directory.uninvite(room, other)
    core.hub.part(other, room.name, Ending.KICKED, why, member.nick)
    core.hear(Done("kicked", other.nick))


def _putOut(member: Member, other: Member, reason: Ending, why: str) -> None:
    for seat in tuple(other.seats):
        seat.end(reason, why, member.nick)


# Bans and mutes.


def ban(core: Core, command: Ban) -> Answer:
    """
    Keep a user, an address or a network out.

    @raise YourselfMeant: when it is the operator who asks.
    """
    member, target, seconds, why = core.me, command.target, command.seconds, command.why
    network = networkOf(target)
    if network is not None:
        if covers(network, core.door.address):
            # Who cannot come back cannot mend it.
            raise YourselfMeant
        sanction = _sanction(core, member, SanctionKind.BAN, network, network, seconds, why)
    else:
        sanction = _ofName(core, member, SanctionKind.BAN, target, seconds, why)
    _noted(member, "ban", sanction.shown, why, seconds)
    storing = core.shared.sanctions.impose(sanction)
    if network is None:
        _putOutNamed(core, member, sanction)
    else:
        _putOutFrom(core, member, sanction)
    return tellStored(core, storing, Done("banned", sanction.shown))


def _putOutNamed(core: Core, member: Member, sanction: Sanction) -> None:
    nicknames, target = core.hub.nicknames, sanction.target
    for other in (nicknames.holder(target), nicknames.present(target)):
        if other is not None:
            _putOut(member, other, Ending.BANNED, sanction.why)


def _putOutFrom(core: Core, member: Member, sanction: Sanction) -> None:
    for other in core.hub.nicknames.members:
        for seat in () if other is member else tuple(other.seats):
            if core.shared.sanctions.ofAddress(seat.address()) is not None:
                seat.end(Ending.BANNED, sanction.why, member.nick)


def mute(core: Core, command: Mute) -> Answer:
    """
    Keep a user from speaking.

    @raise YourselfMeant: when it is the operator who asks.
    """
    member, seconds, why = core.me, command.seconds, command.why
    sanction = _ofName(core, member, SanctionKind.MUTE, command.nick, seconds, why)
    _noted(member, "mute", sanction.shown, why, seconds)
    storing = core.shared.sanctions.impose(sanction)
    other = _silenced(core, sanction.target)
    if other is not None:
        other.hear(Warned("muted", why))
    return tellStored(core, storing, Done("muted", sanction.shown))


def unban(core: Core, command: Unban) -> Answer:
    """Lift a ban."""
    return _lift(core, SanctionKind.BAN, command.target)


def unmute(core: Core, command: Unmute) -> Answer:
    """Lift a mute."""
    return _lift(core, SanctionKind.MUTE, command.nick)


def bans(core: Core, command: Bans) -> None:
    """List the bans and the mutes."""
    rows = tuple(map(_row, core.shared.sanctions.active()))
    core.hear(BansListed(rows[-MAX_ROWS:], len(rows[:-MAX_ROWS])))


def _lift(core: Core, kind: SanctionKind, text: str) -> Answer:
    target = networkOf(text) or fold(text)
    other = core.hub.nicknames.holder(target)
    if other is not None and core.shared.sanctions.ofName(kind, target) is None:
        # It may be his account that is meant.
        target = other.account or target
    lifting = core.shared.sanctions.lift(kind, target)
    code = "unbanned" if kind is SanctionKind.BAN else "unmuted"
    _noted(core.me, f"un{kind}", text, "")
    silenced = _silenced(core, target)
    if silenced is not None and kind is SanctionKind.MUTE:
        silenced.hear(Done("may-speak"))
    return tellStored(core, lifting, Done(code, text))


def _silenced(core: Core, target: str) -> Member | None:
    """Whom a mute is about: who has the nickname, or the account."""
    nicknames = core.hub.nicknames
    return nicknames.holder(target) or nicknames.present(target)


def _ofName(
    core: Core, member: Member, kind: SanctionKind, text: str, seconds: int | None, why: str
) -> Sanction:
    name = nickname(text)
    if fold(name) in (member.fold, member.account):
        raise YourselfMeant
    other = core.hub.nicknames.holder(fold(name))
    account = None if other is None else core.shared.accountOf(other)
    # Who has an account may take another nickname, and is meant all the same.
    shown = name if account is None else account.name
    return _sanction(core, member, kind, fold(shown), shown, seconds, why)


def _sanction(
    core: Core,
    member: Member,
    kind: SanctionKind,
    target: str,
    shown: str,
    seconds: int | None,
    why: str,
) -> Sanction:
    now = core.shared.now()
    until = None if seconds is None else now + timedelta(seconds=seconds)
    return Sanction(kind, target, shown, member.nick, now, why, until)


def _row(sanction: Sanction) -> BanRow:
    return BanRow(str(sanction.kind), sanction.shown, sanction.by, sanction.why, sanction.until)


# The service.


def announce(core: Core, command: Announce) -> None:
    """Tell everybody something."""
    _noted(core.me, "announce", "everybody", "")
    core.hub.publish(Announced(core.shared.now(), core.me.nick, command.text))


async def rename(core: Core, command: Rename) -> None:
    """
    Give a user another nickname.

    @raise NickRegistered: when it is that of another account.
    @raise NickTaken: when another user has it.
    """
    other, nick = core.hub.nicknames.named(command.nick), nickname(command.name)
    account = core.shared.accounts.named(nick)
    if account is not None and account.fold != other.account:
        raise NickRegistered(account.name)
    before = other.nick
    _noted(core.me, "rename", before, f"now {nick}")
    await core.outcome(core.hub.rename(other, nick))
    core.hear(Done("renamed", f"{before} -> {nick}"))


def operator(core: Core, command: Operator) -> Answer | None:
    """
    Make an account an operator, or no longer, or list the operators.

    @raise NoSuchAccount: when there is none of that name.
    @raise OperatorFixed: when it is one by an option of the service.
    """
    accounts, isOn = core.shared.accounts, command.isOn
    if not command.nick:
        names = ", ".join(account.name for account in accounts.operators())
        core.hear(Done("operators", names))
        return None
    account = accounts.named(command.nick)
    if account is None:
        raise NoSuchAccount(command.nick)
    if not isOn and account.fold in accounts.appointed:
        raise OperatorFixed(account.name)
    code = "operator-on" if isOn else "operator-off"
    _noted(core.me, code, account.name, "")
    storing = accounts.setOperator(account, isOn)
    other = core.hub.nicknames.present(account.fold)
    if other is not None and other is not core.me:
        other.hear(Done(code, account.name))
    return tellStored(core, storing, Done(code, account.name))


async def rehash(core: Core, command: Rehash) -> None:
    """Read again what was read from files."""
    _noted(core.me, "rehash", "files", "")
    failures = await core.outcome(core.shared.rehash())
    for failure in failures:
        core.hear(Warned("not-read", failure))
    if not failures:
        core.hear(Done("rehashed"))


HANDLERS: dict[type[Command], Handler] = {
    Kick: kick,
    Ban: ban,
    Bans: bans,
    Unban: unban,
    Mute: mute,
    Unmute: unmute,
    Announce: announce,
    Rename: rename,
    Operator: operator,
    Rehash: rehash,
}
