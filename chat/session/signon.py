"""
Signing on: how a session gets a nickname, and how its user comes in.
"""

from __future__ import annotations

from chat.core.room import Room
from chat.core.users import User
from chat.session.context import Context, requireShare, spendShare
from chat.session.playback import newest, newestAtHand, replay
from chat.vocabulary.addresses import sharedOrigin
from chat.vocabulary.errors import (
    Banned,
    ChatError,
    KeyNeeded,
    MakingRoomsTooFast,
    Muted,
    NickConfusable,
    NickRegistered,
    NickReserved,
    NoSuchAccount,
    WrongPassword,
)
from chat.vocabulary.events import Done, Ending, Entered, TopicShown, Warned, Welcomed
from chat.vocabulary.names import fold, nickname
from chat.vocabulary.records import Account, SanctionKind


def mayBeHere(context: Context, nick: str = "") -> None:
    """
    See whether the user may be here.

    @param nick: the nickname they want, or nothing.
    @raise Banned: when they may not, under this nickname or from this address.
    """
    sanctions = context.server.sanctions
    ban = sanctions.ofAddress(context.door.address)
    if ban is None and nick:
        ban = sanctions.ofName(SanctionKind.BAN, fold(nick))
    if ban is not None:
        raise Banned(ban.why, ban.by, ban.until)


def requireVoice(context: Context, user: User) -> None:
    """
    See whether the user may speak, here and now.  What would make another user of a muted
    one, who may, is asked for in the same way.

    @raise Muted: when they may not, under their nickname, under their account or from the
        address of this session.
    """
    sanctions = context.server.sanctions
    if not sanctions.all:
        return
    mute = sanctions.ofName(SanctionKind.MUTE, user.fold)
    if mute is None and user.account:
        mute = sanctions.ofName(SanctionKind.MUTE, user.account)
    if mute is None:
        mute = sanctions.ofAddress(context.door.address, SanctionKind.MUTE)
    if mute is not None:
        raise Muted(mute.why, mute.by, mute.until)


def mayBeCalled(context: Context, text: str) -> str:
    """
    @param text: what was typed for a nickname.
    @return: the nickname.
    @raise ChatError: when it cannot be one, or is not for this user.
    """
    text, user = text.strip(), context.user
    mayBeHere(context, text)
    account = context.server.accounts.named(text)
    if account is not None and account.fold != (user.account if user else ""):
        raise NickRegistered(account.name)
    # An account keeps its name, even one that could not be taken any more.
    nick = text if account is not None and account.name == text else nickname(text)
    if account is None and context.server.isReserved(nick) and not context.isOperator:
        raise NickReserved(nick)
    requireUnlike(context, nick, user)
    return nick


def isAccountMeant(context: Context, word: str) -> bool:
    """
    @param word: the only one behind C{/login}.
    @return: whether it is no password, but the name of an account, whose password is still to
        come: there is no account here that it could be the password of, but for one that has
        logged in already.
    """
    account, user = context.server.accounts.named(word), context.user
    if account is None or user is None:
        return account is not None
    own = context.server.accounts.named(user.nick)
    return account.fold != user.account and (own is None or own.fold == user.account)


def requireUnlike(context: Context, nick: str, user: User | None) -> None:
    """
    See that a nickname is not mistaken for that of another user or account.

    @param nick: as it is to be shown.
    @param user: the user who is to have it, if they have another one so far.
    @raise NickConfusable: when it looks like one.
    """
    own = {fold(nick)}
    if user is not None:
        account = context.server.accountOf(user)
        if account is not None and account.name == nick:
            # It is theirs, whatever it looks like.
            return
        own |= {user.fold, user.account}
    like = {*context.hub.nicknames.like(nick), *context.server.accounts.like(nick)}
    if like - own:
        raise NickConfusable(nick)


def nameMeant(context: Context, text: str) -> str:
    """
    @param text: what was typed to name a user, who need not be here.
    @return: the nickname.  An account may have one that could not be taken any more.
    @raise ChatError: when there can be no user of that name.
    """
    try:
        return nickname(text)
    except ChatError:
        account = context.server.accounts.named(text)
        if account is None:
            raise
        return account.name


async def claim(context: Context, nick: str) -> User:
    """
    Take a nickname as a guest.

    @raise NickTaken: when another user has it.
    """
    await context.outcome(newest(context, firstRoom(context, None)))
    # It may have been registered in the meantime.
    return await context.hub.nicknames.claim(mayBeCalled(context, nick), context)


async def login(context: Context, name: str, password: str) -> User:
    """
    Take the nickname of an account.  A user who has it without the account has to go; a
    user who has it with the account gets one more session.

    @raise ChatError: when the account is not theirs, or they may not be here.
    """
    return await _attached(context, await _proven(context, name, password))


async def vouched(context: Context, name: str) -> User:
    """
    Take the nickname of an account that the user has proven to the front door to be
    theirs; see L{login}.

    @raise ChatError: when there is no such account, or they may not be here.
    """
    mayBeHere(context, name)
    account = context.server.accounts.named(name)
    if account is None:
        raise NoSuchAccount(name)
    return await _attached(context, await _prepared(context, account))


async def change(context: Context, user: User, name: str, password: str) -> User:
    """
    Become another user by proving to own an account.

    @return: the user from now on: the same with another name, or the user who was here
        with the account already.
    @raise ChatError: when the account is not theirs, they may not be here, or they are
        muted.
    """
    account = await _proven(context, name, password)
    if account.fold == user.account:
        _tellLoggedIn(context, user, account)
        return user
    # They may have been muted while the password was looked at.
    requireVoice(context, user)
    nicknames = context.hub.nicknames
    if user.account or nicknames.present(account.fold) is not None:
        other = await _attached(context, account)
        context.hub.ignores.moved(user, other)
        context.hub.detach(user, context, Ending.MOVED, "")
        return other
    if nicknames.holder(account.fold) is not user:
        _evict(context, account)
        await context.hub.rename(user, account.name)
    identify(context, user, account)
    context.hub.directory.registered(user)
    _tellLoggedIn(context, user, account)
    return user


async def comeIn(context: Context, user: User) -> Room:
    """
    Let a session hear what its user hears; a user who is in no room enters the one in
    which the session begins.

    @return: the room in which the session talks.
    """
    hub = context.hub
    name = _admitted(context, user)
    if name in user.rooms:
        first = hub.directory.open(name)
        first.attend(context)
    else:
        first = await hub.join(user, name, context)
        for session in user.sessions:
            if session is not context:
                first.tellEntered(user, session, hub.seconds())
    for other in _others(context, user, first):
        other.attend(context)
    # The user may have entered another one while this session waited.
    return hub.directory.find(context.room) or first


def welcome(context: Context, user: User, room: Room) -> None:
    """
    Tell a user who has come in their nickname and rooms, and what was said there.
    """
    account = context.server.accountOf(user)
    if account is not None:
        _tellLoggedIn(context, user, account)
    # All of it is told at once, so many rooms share what one event may name.
    share = len(user.rooms) or 1
    others, more = room.others(user, share)
    context.hear(Welcomed(room.name, user.nick, others, more))
    if room.topicFor(user):
        context.hear(TopicShown(room.name, room.record.topic, room.record.topicBy))
    listPeople(context, room, share=share)
    for other in _others(context, user, room):
        others, more = other.others(user, share)
        context.hear(Entered(other.name, others, other.topicFor(user), more))
        listPeople(context, other, share=share)
    replay(context, room.name, newestAtHand(context, room.name))


def admit(context: Context, user: User, name: str, key: str = "") -> None:
    """
    See whether a user may enter a room, and make it if there is none.

    @param key: what the user says is the key.
    @raise Muted: when they would make it, and may not speak: others read its name.
    @raise MakingRoomsTooFast: when too many have been made from where they come from.
    @raise ChatError: as L{Directory.admit<chat.core.rooms.Directory.admit>} does.
    """
    directory, made = context.hub.directory, context.server.roomsMade
    isNew = directory.find(name) is None
    if isNew:
        requireVoice(context, user)
        requireShare(context, made, MakingRoomsTooFast)
    directory.admit(user, name, key, lambda: context.isOperator)
    if isNew:
        spendShare(context, made)
        if user.account and not directory.open(name).record.owners:
            context.hear(Warned("not-kept", name))


async def tryKey(context: Context, user: User, name: str, key: str) -> None:
    """
    See whether the key of a room is right, if the user needs one; where many others are wrong,
    when its turn has come.

    @raise KeyNeeded: when it is wrong, which is counted.
    @raise TooManyAttempts: when too many from there were wrong of late, or too many wait.
    """
    directory, server, origin = context.hub.directory, context.server, sharedOrigin(context.origin)

    def isRefused(key: str) -> bool:
        return directory.lacksKey(user, name, key, lambda: context.isOperator)

    if not isRefused(""):
        return
    begun = server.keys.begin(origin, name)
    if not begun.called:
        server.counters.delays["key"] += 1
    attempt = await context.attempted(begun)
    isWrong = isRefused(key)
    attempt.end(isWrong)
    if isWrong:
        server.keyGuessed(directory.open(name), origin)
        raise KeyNeeded(name)


def listPeople(context: Context, room: Room, share: int = 1) -> None:
    """
    Tell a program which users are in a room, so that it can follow the changes.

    @param share: of how many rooms it is told at once.
    """
    if context.rendering.listsPeople:
        room.listTo(context, context.hub.seconds(), share)


def identify(context: Context, user: User, account: Account) -> None:
    """Let a user have an account that they have proven to own."""
    context.hub.nicknames.identify(user, account.fold)
    context.hub.ignores.ignoreAll(user, account.ignored)
    context.hub.followIgnored(user, account.ignored)


def firstRoom(context: Context, user: User | None) -> str:
    """The name of the room in which a session begins."""
    rooms, start = () if user is None else user.rooms, context.hub.directory.start
    return context.wanted or (start if start in rooms or not rooms else rooms[0])


def _tellLoggedIn(context: Context, user: User, account: Account) -> None:
    """
    Confirm a login, and keep it; tell from where the last one was, unless that was today and
    from here, and of wrong passwords: for the account, and an operator of all.
    """
    context.hear(Done("logged-in", account.name))
    today = context.server.now().date().isoformat()
    for origin, day in account.origins[-1:]:
        if (origin, day) != (context.origin, today):
            context.hear(Done("last-login", f"{day} {origin}"))
    context.server.accounts.loggedIn(account, context.origin)
    tally = context.server.guesses.loggedIn(user.account, context.origin)
    if tally is not None:
        context.hear(Warned("password-guessed", str(tally)))
    if context.server.isOperator(user):
        context.server.tellAlarm(context)


def _admitted(context: Context, user: User) -> str:
    """
    @return: the room in which a session begins: another one than it wants where the
        user may not enter that.
    """
    name = firstRoom(context, user)
    if context.wanted and name not in user.rooms:
        try:
            admit(context, user, name)
        except ChatError as error:
            context.refuse(error)
            context.wanted = ""
            return firstRoom(context, user)
    return name


async def _proven(context: Context, name: str, password: str) -> Account:
    mayBeHere(context, name)
    address, origin = context.door.address, context.origin
    attempt = context.server.authenticator.login(name, password, address, origin)
    return await _prepared(context, await context.attempted(attempt))


async def _prepared(context: Context, account: Account) -> Account:
    """Have the replay at hand, and see again whether the user may be here."""
    present = context.hub.nicknames.present(account.fold)
    await context.outcome(newest(context, firstRoom(context, present)))
    # Nothing can change any more: the user comes in in the same turn.
    mayBeHere(context, account.name)
    if context.server.accounts.current(account) is None:
        raise WrongPassword(account.name)
    return account


async def _attached(context: Context, account: Account) -> User:
    """Give a user who is here one more session, or make it the first one of a user."""
    user = context.hub.nicknames.present(account.fold)
    if user is None:
        _evict(context, account)
        user = await context.hub.nicknames.claim(account.name, context)
        identify(context, user, account)
    else:
        context.hub.attach(user, context)
    return user


def _evict(context: Context, account: Account) -> None:
    """Send a user away who has the nickname of an account that is not theirs."""
    holder = context.hub.nicknames.holder(account.fold)
    if holder is not None and holder is not context.user:
        for session in tuple(holder.sessions):
            session.end(Ending.EVICTED, "", account.name)
        context.hear(Done("took-over", account.name))


def _others(context: Context, user: User, first: Room) -> list[Room]:
    rooms = map(context.hub.directory.find, user.rooms)
    return [room for room in rooms if room is not None and room is not first]
