"""
What somebody chooses for himself, and what he may know of others.
"""

from __future__ import annotations

from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.core.users import Member
from chat.session.context import Core, Handler
from chat.session.handlers.talk import reasonOf
from chat.vocabulary.commands import Away, Back, Command, Ignore, Unignore, Whois
from chat.vocabulary.errors import YourselfMeant
from chat.vocabulary.events import Described, Done
from chat.vocabulary.names import fold, nickname

_log = Logger()


def ignore(core: Core, command: Ignore) -> None:
    """
    Hear nothing from a user, be they here or not, or list who is ignored.

    @raise YourselfMeant: when it is the user who asks.
    @raise ListFull: when they ignore as many as they may.
    """
    member, nick = core.me, command.nick.strip()
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


def unignore(core: Core, command: Unignore) -> None:
    """Hear a user again."""
    member = core.me
    if core.hub.attention.heed(member, fold(command.nick)):
        keepIgnored(core, member)
    core.hear(Done("unignored", command.nick))


def away(core: Core, command: Away) -> None:
    """Be away."""
    member = core.me
    member.away = reasonOf(core, member, command.reason.strip())
    core.hear(Done("away", member.away))


def back(core: Core, command: Back) -> None:
    """Be away no longer."""
    core.me.away = None
    core.hear(Done("back"))


def keepIgnored(core: Core, member: Member) -> None:
    """Keep with somebody's account whom he ignores, if he has one."""
    account = core.shared.accountOf(member)
    if account is not None:
        storing = core.shared.accounts.setIgnored(account, tuple(sorted(member.ignored)))
        storing.addErrback(_notKept, account.name)


def _notKept(failure: Failure, name: str) -> None:
    _log.failure("whom {name} ignores was not stored", failure, name=name)


def whois(core: Core, command: Whois) -> None:
    """
    Tell what the user may know of another one.

    @raise NoSuchNick: when nobody has the nickname.
    """
    core.hear(_described(core, core.me, core.hub.nicknames.named(command.nick)))


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


HANDLERS: dict[type[Command], Handler] = {
    Ignore: ignore,
    Unignore: unignore,
    Away: away,
    Back: back,
    Whois: whois,
}
