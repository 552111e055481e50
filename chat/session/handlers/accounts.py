"""
Accounts: a nickname that belongs to somebody.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, TimeoutError

from chat.core.users import Member
from chat.session.context import Answer, Core, Handler
from chat.session.handlers.personal import keepIgnored
from chat.session.signon import identify
from chat.vocabulary.commands import (
    Command,
    Password,
    Register,
    Sessions,
    Unregister,
)
from chat.vocabulary.errors import (
    AccountNeeded,
    NickRegistered,
    NickUnchanged,
    NoSuchSession,
    PasswordElsewhere,
)
from chat.vocabulary.events import Done, Ending, SessionRow, SessionsListed, Warned
from chat.vocabulary.records import Account

STORED_WITHIN = 3.0
"""For how many seconds somebody waits until the disk has what he asked for."""


def register(core: Core, command: Register) -> Answer:
    """
    Make an account of the nickname.

    @raise NickUnchanged: when the user has an account.
    @raise NickRegistered: when the nickname is that of another account.
    """
    member = core.me
    own = core.shared.accountOf(member)
    if own is not None:
        raise NickUnchanged(own.name)
    taken = core.shared.accounts.named(member.nick)
    if taken is not None:
        raise NickRegistered(taken.name)
    return _register(core, member, command.password)


async def _register(core: Core, member: Member, password: str) -> None:
    secret = await core.outcome(core.shared.authenticator.secretFor(password))
    creating = core.shared.accounts.create(member.nick, secret)
    account = core.shared.accounts.named(member.nick)
    assert account is not None
    identify(core, member, account)
    core.hub.directory.registered(member)
    if member.ignored:
        keepIgnored(core, member)
    await tellStored(core, creating, Done("registered", account.name))


def password(core: Core, command: Password) -> Answer:
    """
    Change the password of the account.

    @raise AccountNeeded: when the user has none.
    @raise PasswordElsewhere: when it is not kept here.
    """
    account = _accountOf(core, core.me)
    if not account.secret:
        raise PasswordElsewhere
    return _change(core, core.me, command.password)


async def _change(core: Core, member: Member, password: str) -> None:
    secret = await core.outcome(core.shared.authenticator.secretFor(password))
    changing = core.shared.accounts.setSecret(_accountOf(core, member), secret)
    await tellStored(core, changing, Done("password-changed"))


async def unregister(core: Core, command: Unregister) -> None:
    """
    Delete the account; only this session goes on, as a guest.

    @raise AccountNeeded: when the user has none.
    """
    member = core.me
    account = _accountOf(core, member)
    removing = core.shared.accounts.remove(account)
    core.hub.nicknames.identify(member, "")
    core.hub.directory.unregistered(account.fold)
    for seat in tuple(member.seats):
        # A guest has one session.
        if seat is not core.seat:
            seat.end(Ending.SESSION_ENDED, "", "")
    await tellStored(core, removing, Done("unregistered", account.name))


def sessions(core: Core, command: Sessions) -> None:
    """
    List the sessions of the user, or end one.

    @raise NoSuchSession: when there is none of that number.
    """
    member, number, now = core.me, command.end, core.hub.seconds()
    if number is None:
        rows = tuple(
            SessionRow(
                index,
                seat.address(),
                seat.since,
                max(0, int(now - seat.active)),
                seat is core.seat,
            )
            for index, seat in enumerate(member.seats, 1)
        )
        core.hear(SessionsListed(rows))
        return
    if number > len(member.seats):
        raise NoSuchSession(str(number))
    seat = member.seats[number - 1]
    seat.end(Ending.SESSION_ENDED, "", "")
    if seat is not core.seat:
        core.hear(Done("session-ended", str(number)))


async def tellStored(core: Core, storing: Deferred[Any], done: Done) -> None:
    """
    Wait for the disk, though not for ever, since what was asked for has its effect
    already; then tell that it is done, and whether it may still be lost.
    """
    waiting: Deferred[Any] = Deferred()
    waiting.addTimeout(STORED_WITHIN, core.shared.clock)
    storing.addCallbacks(
        lambda result: None if waiting.called else waiting.callback(result),
        lambda failure: None if waiting.called else waiting.errback(failure),
    )
    events: list[Done | Warned] = [done]
    try:
        await core.outcome(waiting)
    except TimeoutError:
        core.requireLiving()
        events.append(Warned("not-stored", done.about))
    core.recipient.hearAll(events, core.recipient.rendering)


def _accountOf(core: Core, member: Member) -> Account:
    account = core.shared.accountOf(member)
    if account is None:
        raise AccountNeeded
    return account


HANDLERS: dict[type[Command], Handler] = {
    Register: register,
    Password: password,
    Unregister: unregister,
    Sessions: sessions,
}
