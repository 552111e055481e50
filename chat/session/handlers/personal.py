"""
What somebody chooses for himself, and what he may know of others.
"""

from __future__ import annotations

from typing import assert_never

from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.core.users import Member
from chat.session.context import Core
from chat.session.handlers.talk import reasonOf
from chat.vocabulary.commands import Away, Back, Ignore, PersonalCommand, Unignore, Whois
from chat.vocabulary.errors import YourselfMeant
from chat.vocabulary.events import Described, Done
from chat.vocabulary.names import fold, nickname

_log = Logger()


def carryOutPersonal(core: Core, member: Member, command: PersonalCommand) -> None:
    """
    Do what concerns oneself.

    @raise ChatError: when it cannot be done.
    """
    match command:
        case Ignore(nick):
            _ignore(core, member, nick.strip())
        case Unignore(nick):
            if core.hub.attention.heed(member, fold(nick)):
                keepIgnored(core, member)
            core.hear(Done("unignored", nick))
        case Away(reason):
            member.away = reasonOf(core, member, reason.strip())
            core.hear(Done("away", member.away))
        case Back():
            member.away = None
            core.hear(Done("back"))
        case Whois(nick):
            core.hear(_described(core, member, core.hub.nicknames.named(nick)))
        case _:  # pragma: no cover
            assert_never(command)


def _ignore(core: Core, member: Member, nick: str) -> None:
    if not nick:
        core.hear(Done("ignoring", ", ".join(sorted(member.ignored))))
        return
    # Somebody may be ignored who is not here.
    name = nickname(nick)
    if fold(name) in (member.fold, member.account):
        raise YourselfMeant
    core.hub.attention.ignore(member, fold(name))
    owner = core.hub.nicknames.present(fold(name))
    if owner is not None and owner.fold != fold(name):
        # He whose name that is goes by another one at present.
        core.hub.attention.follow(member, fold(name), owner)
    keepIgnored(core, member)
    core.hear(Done("ignored", name))


def keepIgnored(core: Core, member: Member) -> None:
    """Keep with somebody's account whom he ignores, if he has one."""
    account = core.shared.accountOf(member)
    if account is not None:
        storing = core.shared.accounts.setIgnored(account, tuple(sorted(member.ignored)))
        storing.addErrback(_notKept, account.name)


def _notKept(failure: Failure, name: str) -> None:
    _log.failure("whom {name} ignores was not stored", failure, name=name)


def _described(core: Core, member: Member, other: Member) -> Described:
    account = core.shared.accountOf(other)
    isOperator = core.isOperator
    rooms = tuple(
        name
        for name in other.rooms
        if (room := core.hub.directory.find(name)) is not None
        and core.hub.directory.isVisible(room, member, isOperator)
    )
    addresses: tuple[str, ...] = ()
    if isOperator or other is member:
        addresses = tuple(dict.fromkeys(seat.address() for seat in other.seats))
    return Described(
        other.nick,
        account.name if account is not None else "",
        core.shared.isOperator(other),
        min((seat.since for seat in other.seats), default=core.shared.now()),
        max(0, int(core.hub.seconds() - other.active)),
        other.away is not None,
        other.away or "",
        rooms,
        addresses,
    )
