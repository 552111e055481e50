"""
Personal commands: whom a user ignores, whether they are away, what they may know of others.
"""

from __future__ import annotations

from chat.core.users import User
from chat.session.context import Context, Handler
from chat.session.handlers.talk import reasonOf
from chat.session.signon import nameMeant
from chat.vocabulary.commands import Away, Back, Command, Ignore, Unignore, Whois
from chat.vocabulary.errors import YourselfMeant
from chat.vocabulary.events import Described, Done
from chat.vocabulary.names import fold


def ignore(context: Context, command: Ignore) -> None:
    """
    Hear nothing from a user, be they here or not, or list who is ignored.

    @raise YourselfMeant: when it is the user who asks.
    @raise ListFull: when they ignore as many as they may.
    """
    user, nick = context.me, command.nick.strip()
    if not nick:
        context.hear(Done("ignoring", ", ".join(sorted(user.ignored))))
        return
    # The user need not be here, so any nickname will do.
    name = nameMeant(context, nick)
    if fold(name) in (user.fold, user.account):
        raise YourselfMeant
    context.hub.ignores.ignore(user, fold(name))
    context.hub.followIgnored(user, [fold(name)])
    keepIgnored(context, user)
    context.hear(Done("ignored", name))


def unignore(context: Context, command: Unignore) -> None:
    """Hear a user again."""
    user = context.me
    if context.hub.ignores.heed(user, fold(command.nick)):
        keepIgnored(context, user)
    context.hear(Done("unignored", command.nick))


def away(context: Context, command: Away) -> None:
    """Be away."""
    user = context.me
    user.away = reasonOf(context, user, command.reason.strip())
    context.hear(Done("away", user.away))


def back(context: Context, command: Back) -> None:
    """Be away no longer."""
    context.me.away = None
    context.hear(Done("back"))


def keepIgnored(context: Context, user: User) -> None:
    """Keep with the account of a user, if they have one, which nicknames they ignore."""
    account = context.server.accountOf(user)
    if account is not None:
        context.server.accounts.setIgnored(account, tuple(sorted(user.ignored)))


def whois(context: Context, command: Whois) -> None:
    """
    Tell what the user may know of another one.

    @raise NoSuchNick: when no user has the nickname.
    """
    context.hear(_described(context, context.me, context.hub.nicknames.named(command.nick)))


def _described(context: Context, user: User, other: User) -> Described:
    account = context.server.accountOf(other)
    isOperator = context.isOperator
    rooms = tuple(
        name
        for name in other.rooms
        if (room := context.hub.directory.find(name)) is not None
        and context.hub.directory.isVisible(room, user, isOperator)
    )
    addresses: tuple[str, ...] = ()
    if isOperator or other is user:
        addresses = tuple(dict.fromkeys(session.address for session in other.sessions))
    return Described(
        other.nick,
        account.name if account is not None else "",
        context.server.isOperator(other),
        min((session.since for session in other.sessions), default=context.server.now()),
        max(0, int(context.hub.seconds() - other.active)),
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
