"""
Accounts: registering a nickname, its password, and the sessions of an account.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, TimeoutError

from chat.core.users import User
from chat.session.context import Answer, Context, Handler, requireShare, spendShare
from chat.session.handlers.personal import keepIgnored
from chat.session.signon import identify, requireUnlike, requireVoice
from chat.vocabulary.commands import (
    Command,
    Password,
    Register,
    Sessions,
    Unregister,
)
from chat.vocabulary.errors import (
    AccountNeeded,
    ArgumentInvalid,
    NickUnchanged,
    NoSuchSession,
    PasswordElsewhere,
    RegisteringTooFast,
)
from chat.vocabulary.events import (
    DeletionAsked,
    Done,
    Ending,
    SessionRow,
    SessionsListed,
    Warned,
)
from chat.vocabulary.records import Account
from chat.vocabulary.replies import fitting

STORED_WITHIN = 3.0
"""For how many seconds a user waits until the disk has what they asked for."""


def register(context: Context, command: Register) -> Answer:
    """
    Make an account of the nickname.

    @raise NickUnchanged: when the user has an account.
    @raise NickRegistered: when the nickname is that of another account.
    @raise NickConfusable: when it looks like that of another user or account.
    @raise AccountsFull: when there are as many accounts as there may be.
    @raise RegisteringTooFast: when too many have been registered from where they come from.
    """
    user = context.me
    own = context.server.accountOf(user)
    if own is not None:
        raise NickUnchanged(own.name)
    _requireSpace(context, user)
    return _register(context, user, command.password)


async def _register(context: Context, user: User, password: str) -> None:
    secret = await _secretFor(context, password)
    # Others may have been faster.
    _requireSpace(context, user)
    creating = context.server.accounts.create(user.nick, secret, context.origin)
    spendShare(context, context.server.registrations)
    account = context.server.accounts.named(user.nick)
    assert account is not None
    context.server.guesses.forget(account.fold)
    identify(context, user, account)
    context.hub.directory.registered(user)
    if user.ignored:
        keepIgnored(context, user)
    await tellStored(context, creating, Done("registered", account.name))


def _requireSpace(context: Context, user: User) -> None:
    context.server.accounts.requireSpace(user.nick)
    requireUnlike(context, user.nick, user)
    requireShare(context, context.server.registrations, RegisteringTooFast)


def password(context: Context, command: Password) -> Answer:
    """
    Change the password of the account.

    @raise AccountNeeded: when the user has none.
    @raise PasswordElsewhere: when it is not kept here.
    @raise ChangingTooFast: when it has been changed too often of late.
    """
    account = _accountOf(context, context.me)
    if not account.secret:
        raise PasswordElsewhere
    return _change(context, context.me, command.password)


async def _change(context: Context, user: User, password: str) -> None:
    secret = await _secretFor(context, password)
    changing = context.server.accounts.setSecret(_accountOf(context, user), secret)
    for session in user.sessions:
        if session is not context:
            session.hear(Warned("password-changed", context.address))
    await tellStored(context, changing, Done("password-changed"))


def giveUp(context: Context, command: Unregister) -> Answer | None:
    """
    Remove the account of the user, whose name has to be given; only this session goes on, as a
    guest.  Without a name nothing is removed: the user is told what would be.

    @raise AccountNeeded: when the user has none.
    @raise ArgumentInvalid: when another name is given, which is not for them, or a reason,
        which nobody would read.
    @raise Muted: when the user may not speak: a mute of the account would not hold for
        the guest that they would be.
    """
    user = context.me
    account = _accountOf(context, user)
    isAsking = not command.name
    if not isAsking and (context.server.accounts.named(command.name) != account or command.why):
        raise ArgumentInvalid(command.usage())
    requireVoice(context, user)
    if isAsking:
        context.hear(_atStake(context, account))
        return None
    removing = remove(context, account, Ending.SESSION_ENDED)
    return tellStored(context, removing, Done("unregistered", account.name))


def _atStake(context: Context, account: Account) -> DeletionAsked:
    rooms = sorted(context.hub.directory.ownedAlone(account.fold))
    told = fitting(rooms)
    return DeletionAsked(
        account.name,
        context.server.accounts.isOperator(account),
        tuple(rooms[:told]),
        len(rooms) - told,
    )


def remove(
    context: Context, account: Account, reason: Ending, why: str = "", by: str = ""
) -> Deferred[Account]:
    """
    Remove an account with all that it has, and end the sessions of its user but this one.

    @param reason: of these ends, with C{why} and C{by} as for L{UserSession.end}.
    @return: fires when it is stored no longer.
    """
    removing = context.server.accounts.remove(account)
    context.server.guesses.forget(account.fold)
    user = context.hub.nicknames.present(account.fold)
    if user is not None:
        context.hub.nicknames.identify(user, "")
    context.hub.directory.unregistered(account.fold)
    for session in () if user is None else tuple(user.sessions):
        # A guest has one session.
        if session is not context:
            session.end(reason, why, by)
    return removing


def sessions(context: Context, command: Sessions) -> None:
    """
    List the sessions of the user, or end one.

    @raise NoSuchSession: when there is none of that number.
    """
    user, number, now = context.me, command.end, context.hub.seconds()
    if number is None:
        rows = tuple(
            SessionRow(
                session.number,
                session.address,
                session.since,
                max(0, int(now - session.active)),
                session is context,
            )
            for session in user.sessions
        )
        context.hear(SessionsListed(rows))
        return
    session = next((each for each in user.sessions if each.number == number), None)
    if session is None:
        raise NoSuchSession(str(number))
    session.end(Ending.SESSION_ENDED, "", "")
    if session is not context:
        context.hear(Done("session-ended", str(number)))


async def tellStored(context: Context, storing: Deferred[Any], done: Done) -> None:
    """
    Wait for the disk, though not for ever, since what was asked for has its effect
    already; then tell that it is done, and whether it may still be lost.
    """
    waiting: Deferred[Any] = Deferred()
    waiting.addTimeout(STORED_WITHIN, context.server.clock)
    storing.addCallback(lambda result: None if waiting.called else waiting.callback(result))
    events: list[Done | Warned] = [done]
    try:
        await context.outcome(waiting)
    except TimeoutError:
        context.requireLiving()
        events.append(Warned("not-stored", done.about))
    context.hearAll(events, context.rendering)


async def _secretFor(context: Context, password: str) -> str:
    account = context.me.account
    making = context.server.authenticator.secretFor(password, context.origin, account)
    return await context.outcome(making)


def _accountOf(context: Context, user: User) -> Account:
    account = context.server.accountOf(user)
    if account is None:
        raise AccountNeeded
    return account


HANDLERS: dict[type[Command], Handler] = {
    Register: register,
    Password: password,
    Sessions: sessions,
}
