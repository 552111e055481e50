"""
Keeping order: what operators do, and owners of rooms.

Each action is logged: who did it, to whom, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import assert_never

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chat.core.users import Member
from chat.session.context import Answer, Core
from chat.session.handlers.accounts import stored
from chat.session.handlers.rooms import MAX_ROWS, requireOwner, roomHere
from chat.session.handlers.talk import reasonOf
from chat.vocabulary.addresses import covers, networkOf
from chat.vocabulary.commands import (
    Announce,
    Ban,
    Bans,
    Kick,
    ModerationCommand,
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
    OperatorNeeded,
    YourselfMeant,
)
from chat.vocabulary.events import Announced, BanRow, BansListed, Done, Ending, Warned
from chat.vocabulary.names import fold, nickname
from chat.vocabulary.records import Sanction, SanctionKind

_log = Logger()


def carryOutModeration(core: Core, member: Member, command: ModerationCommand) -> Answer | None:
    """
    Keep order.

    @raise OperatorNeeded: when he may not.
    @raise ChatError: when it cannot be done.
    """
    if isinstance(command, Kick) and not core.isOperator:
        _kickFromRoom(core, member, command)
        return None
    if not core.isOperator:
        raise OperatorNeeded
    match command:
        case Kick(nick, why):
            other = _other(core, member, nick)
            _noted(member, "kick", other.nick, why)
            room = core.hub.directory.find(core.participant.room)
            if room is not None:
                core.hub.directory.uninvite(room, other)
            _putOut(member, other, Ending.KICKED, why)
            core.hear(Done("kicked", other.nick))
        case Ban(target, seconds, why):
            return _ban(core, member, target, seconds, why)
        case Mute(nick, seconds, why):
            return _mute(core, member, nick, seconds, why)
        case Unban(target):
            return _lift(core, member, SanctionKind.BAN, target)
        case Unmute(nick):
            return _lift(core, member, SanctionKind.MUTE, nick)
        case Bans():
            rows = tuple(map(_row, core.shared.sanctions.active()))
            core.hear(BansListed(rows[-MAX_ROWS:], len(rows[:-MAX_ROWS])))
        case Announce(text):
            _noted(member, "announce", "everybody", "")
            core.hub.publish(Announced(core.shared.now(), member.nick, text))
        case Rename(nick, name):
            return _rename(core, member, core.hub.nicknames.named(nick), name)
        case Operator(nick, isOn):
            return _operator(core, member, nick, isOn)
        case Rehash():
            _noted(member, "rehash", "files", "")
            return core.shared.rehash().addCallback(partial(_rehashed, core))
        case _:  # pragma: no cover
            assert_never(command)
    return None


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


def _kickFromRoom(core: Core, member: Member, command: Kick) -> None:
    room = roomHere(core)
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


def _ban(core: Core, member: Member, target: str, seconds: int | None, why: str) -> Answer:
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
    done = Done("banned", sanction.shown)
    return Deferred.fromCoroutine(stored(core, storing, done))


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


def _mute(core: Core, member: Member, nick: str, seconds: int | None, why: str) -> Answer:
    sanction = _ofName(core, member, SanctionKind.MUTE, nick, seconds, why)
    _noted(member, "mute", sanction.shown, why, seconds)
    storing = core.shared.sanctions.impose(sanction)
    other = _silenced(core, sanction.target)
    if other is not None:
        other.hear(Warned("muted", why))
    return Deferred.fromCoroutine(stored(core, storing, Done("muted", sanction.shown)))


def _lift(core: Core, member: Member, kind: SanctionKind, text: str) -> Answer:
    target = networkOf(text) or fold(text)
    other = core.hub.nicknames.holder(target)
    if other is not None and core.shared.sanctions.ofName(kind, target) is None:
        # It may be his account that is meant.
        target = other.account or target
    lifting = core.shared.sanctions.lift(kind, target)
    code = "unbanned" if kind is SanctionKind.BAN else "unmuted"
    _noted(member, f"un{kind}", text, "")
    silenced = _silenced(core, target)
    if silenced is not None and kind is SanctionKind.MUTE:
        silenced.hear(Done("may-speak"))
    return Deferred.fromCoroutine(stored(core, lifting, Done(code, text)))


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


# Names.


def _rename(core: Core, member: Member, other: Member, name: str) -> Answer:
    nick = nickname(name)
    account = core.shared.accounts.named(nick)
    if account is not None and account.fold != other.account:
        raise NickRegistered(account.name)
    before = other.nick
    _noted(member, "rename", before, f"now {nick}")

    def renamed(_: Member) -> Callable[[], None]:
        return partial(core.hear, Done("renamed", f"{before} -> {nick}"))

    return core.hub.rename(other, nick).addCallback(renamed)


def _operator(core: Core, member: Member, nick: str, isOn: bool) -> Answer | None:
    accounts = core.shared.accounts
    if not nick:
        names = ", ".join(account.name for account in accounts.operators())
        core.hear(Done("operators", names))
        return None
    account = accounts.named(nick)
    if account is None:
        raise NoSuchAccount(nick)
    if not isOn and account.fold in accounts.appointed:
        raise OperatorFixed(account.name)
    code = "operator-on" if isOn else "operator-off"
    _noted(member, code, account.name, "")
    storing = accounts.setOperator(account, isOn)
    other = core.hub.nicknames.present(account.fold)
    if other is not None and other is not member:
        other.hear(Done(code, account.name))
    return Deferred.fromCoroutine(stored(core, storing, Done(code, account.name)))


def _rehashed(core: Core, failures: tuple[str, ...]) -> Callable[[], None]:
    def tell() -> None:
        for failure in failures:
            core.hear(Warned("not-read", failure))
        if not failures:
            core.hear(Done("rehashed"))

    return tell
