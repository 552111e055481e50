"""
Accounts: a nickname that belongs to somebody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, assert_never

from twisted.internet.defer import Deferred, TimeoutError

from chat.core.users import Member
from chat.session.context import Answer, Core
from chat.session.handlers.personal import keepIgnored
from chat.session.signon import identify
from chat.vocabulary.commands import (
    AccountCommand,
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


def carryOutAccount(core: Core, member: Member, command: AccountCommand) -> Answer | None:
    """
    Do what concerns an account.

    @raise ChatError: when it cannot be done.
    """
    match command:
        case Register(password):
            own = core.shared.accountOf(member)
            if own is not None:
                raise NickUnchanged(own.name)
            taken = core.shared.accounts.named(member.nick)
            if taken is not None:
                raise NickRegistered(taken.name)
            return Deferred.fromCoroutine(_register(core, member, password))
        case Password(password):
            account = _accountOf(core, member)
            if not account.secret:
                raise PasswordElsewhere
            return Deferred.fromCoroutine(_change(core, member, password))
        case Unregister():
            return Deferred.fromCoroutine(_unregister(core, member))
        case Sessions(number):
            _sessions(core, member, number)
        case _:  # pragma: no cover
            assert_never(command)
    return None


async def stored(core: Core, storing: Deferred[Any], done: Done) -> Callable[[], None]:
    """
    Wait for the disk, but not for ever: what is asked for has its effect already.

    @return: what tells that it is done, and whether it may still be lost.
    """
    waiting: Deferred[Any] = Deferred()
    waiting.addTimeout(STORED_WITHIN, core.shared.clock)
    storing.addCallbacks(
        lambda result: None if waiting.called else waiting.callback(result),
        lambda failure: None if waiting.called else waiting.errback(failure),
    )
    events: list[Done | Warned] = [done]
    try:
        await waiting
    except TimeoutError:
        events.append(Warned("not-stored", done.about))
    return partial(core.recipient.hearAll, events, core.recipient.rendering)


async def _register(core: Core, member: Member, password: str) -> Callable[[], None]:
    secret = await core.shared.authenticator.secretFor(password)
    core.requireLiving()
    creating = core.shared.accounts.create(member.nick, secret)
    account = core.shared.accounts.named(member.nick)
    assert account is not None
    identify(core, member, account)
    core.hub.directory.registered(member)
    if member.ignored:
        keepIgnored(core, member)
    return await stored(core, creating, Done("registered", account.name))


async def _change(core: Core, member: Member, password: str) -> Callable[[], None]:
    secret = await core.shared.authenticator.secretFor(password)
    core.requireLiving()
    changing = core.shared.accounts.setSecret(_accountOf(core, member), secret)
    return await stored(core, changing, Done("password-changed"))


async def _unregister(core: Core, member: Member) -> Callable[[], None]:
    account = _accountOf(core, member)
    removing = core.shared.accounts.remove(account)
    core.hub.nicknames.identify(member, "")
    core.hub.directory.unregistered(account.fold)
    for seat in tuple(member.seats):
        # A guest has one session.
        if seat is not core.seat:
            seat.end(Ending.SESSION_ENDED, "", "")
    return await stored(core, removing, Done("unregistered", account.name))


def _sessions(core: Core, member: Member, number: int | None) -> None:
    now = core.hub.seconds()
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


def _accountOf(core: Core, member: Member) -> Account:
    account = core.shared.accountOf(member)
    if account is None:
        raise AccountNeeded
    return account
