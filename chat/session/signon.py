"""
How somebody comes to have a nickname, and how he comes in.
"""

from __future__ import annotations

from chat.core.room import Room
from chat.core.users import Member, Seat
from chat.session.context import Core
from chat.session.playback import newest, newestAtHand, replay
from chat.vocabulary.errors import Banned, ChatError, NickRegistered, NoSuchAccount, WrongPassword
from chat.vocabulary.events import Done, Ending, Entered, TopicShown, Welcomed
from chat.vocabulary.names import fold, nickname
from chat.vocabulary.records import Account, SanctionKind


def mayBeHere(core: Core, nick: str = "") -> None:
    """
    @param nick: as whom; nothing for anybody.
    @raise Banned: when he may not, as this person or from this address.
    """
    sanctions = core.shared.sanctions
    ban = sanctions.ofAddress(core.door.address)
    if ban is None and nick:
        ban = sanctions.ofName(SanctionKind.BAN, fold(nick))
    if ban is not None:
        raise Banned(ban.why)


def mayBeCalled(core: Core, text: str) -> str:
    """
    @param text: what somebody typed for a nickname.
    @return: the nickname.
    @raise ChatError: when it cannot be one, or is not for him.
    """
    nick = nickname(text.strip())
    mayBeHere(core, nick)
    account = core.shared.accounts.named(nick)
    if account is not None and account.fold != core.participant.account:
        raise NickRegistered(account.name)
    return nick


async def claim(core: Core, nick: str) -> Member:
    """
    Have a nickname as a guest.

    @raise NickTaken: when somebody has it.
    """
    await core.outcome(newest(core, firstRoom(core, None)))
    # It may have become somebody's in the meantime.
    return await core.hub.nicknames.claim(mayBeCalled(core, nick), core.seat)


async def login(core: Core, name: str, password: str) -> Member:
    """
    Have the nickname of one's account.  Who has it without the account has to go;
    who has it with the account is joined.

    @raise ChatError: when it is not his, or he may not be here.
    """
    return await _takeSeat(core, await _proven(core, name, password))


async def vouched(core: Core, name: str) -> Member:
    """
    Have the nickname of an account that the user has proven to the front door to be
    theirs; see L{login}.

    @raise ChatError: when there is no such account, or they may not be here.
    """
    mayBeHere(core, name)
    account = core.shared.accounts.named(name)
    if account is None:
        raise NoSuchAccount(name)
    return await _takeSeat(core, await _prepared(core, account))


async def change(core: Core, member: Member, name: str, password: str) -> Member:
    """
    Be somebody else: a member proves that an account is his.

    @return: who he is now: the same with another name, or one who was here.
    @raise ChatError: when it is not his, or he may not be here.
    """
    account = await _proven(core, name, password)
    if account.fold == member.account:
        core.hear(Done("logged-in", account.name))
        return member
    nicknames = core.hub.nicknames
    if member.account or nicknames.present(account.fold) is not None:
        other = await _takeSeat(core, account)
        core.hub.detach(member, core.seat, Ending.MOVED, "")
        return other
    if nicknames.holder(account.fold) is not member:
        _evict(core, account)
        await core.hub.rename(member, account.name)
    identify(core, member, account)
    core.hub.directory.registered(member)
    core.hear(Done("logged-in", account.name))
    return member


async def comeIn(core: Core, member: Member) -> Room:
    """
    Let a session hear what its member hears; a member who is nowhere comes into
    the room in which everybody begins.

    @return: the room in which he talks.
    """
    hub = core.hub
    name = _admitted(core, member)
    if name in member.rooms:
        first = hub.directory.open(name)
        first.attend(core.seat)
    else:
        first = await hub.join(member, name)
        for seat in member.seats:
            if seat is not core.seat:
                tellEntered(core, member, first, seat)
    for other in _others(core, member, first):
        other.attend(core.seat)
    # He may have come into another one while this session waited.
    return hub.directory.find(core.participant.room) or first


def welcome(core: Core, member: Member, room: Room) -> None:
    """
    Tell somebody who has come in who he is and where, and what was said there.
    """
    if member.account:
        account = core.shared.accountOf(member)
        core.hear(Done("logged-in", member.nick if account is None else account.name))
    # All of it is told at once, so many rooms share what one event may name.
    share = len(member.rooms) or 1
    others, more = room.others(member, share)
    core.hear(Welcomed(room.name, member.nick, others, more))
    if room.record.topic:
        core.hear(TopicShown(room.name, room.record.topic, room.record.topicBy))
    listPeople(core, room, share=share)
    for other in _others(core, member, room):
        others, more = other.others(member, share)
        core.hear(Entered(other.name, others, other.record.topic, more))
        listPeople(core, other, share=share)
    replay(core, room.name, newestAtHand(core, room.name))


def tellEntered(core: Core, member: Member, room: Room, seat: Seat) -> None:
    """
    Tell a session of a member that he has come into a room.
    """
    others, more = room.others(member)
    seat.recipient.hear(Entered(room.name, others, room.record.topic, more))
    # Where it was nowhere before, it talks there now.
    if seat is core.seat or seat.recipient.here is room.audience:
        room.talk(seat)
    listPeople(core, room, seat)


def listPeople(core: Core, room: Room, seat: Seat | None = None, share: int = 1) -> None:
    """
    Tell a program who is in a room, so that it can follow the changes.

    @param seat: the session that has come in, if it is another one of his.
    @param share: of how many rooms it is told at once.
    """
    seat = seat or core.seat
    if seat.recipient.rendering.listsPeople:
        room.listTo(seat, core.hub.seconds(), share)


def identify(core: Core, member: Member, account: Account) -> None:
    """Let a member be the one whose account it is."""
    core.hub.nicknames.identify(member, account.fold)
    core.hub.attention.ignoreAll(member, account.ignored)


def firstRoom(core: Core, member: Member | None) -> str:
    """In which room a session begins."""
    rooms, start = () if member is None else member.rooms, core.hub.directory.start
    return core.wanted or (start if start in rooms or not rooms else rooms[0])


def _admitted(core: Core, member: Member) -> str:
    """
    @return: the room in which a session begins: another one than it wants where the
        user may not enter that.
    """
    name = firstRoom(core, member)
    if core.wanted and name not in member.rooms:
        try:
            core.hub.directory.admit(member, name, "", core.isOperator)
        except ChatError as error:
            core.refuse(error)
            core.wanted = ""
            return firstRoom(core, member)
    return name


async def _proven(core: Core, name: str, password: str) -> Account:
    mayBeHere(core, name)
    authenticator = core.shared.authenticator
    return await _prepared(core, await authenticator.login(name, password, core.door.address))


async def _prepared(core: Core, account: Account) -> Account:
    """Have at hand what is told on coming in, and see again whether they may be here."""
    present = core.hub.nicknames.present(account.fold)
    await core.outcome(newest(core, firstRoom(core, present)))
    # Whatever could change has changed by now: he comes in in the same turn.
    mayBeHere(core, account.name)
    if core.shared.accounts.current(account) is None:
        raise WrongPassword(account.name)
    return account


async def _takeSeat(core: Core, account: Account) -> Member:
    """One more session of somebody who is here, or the first one."""
    member = core.hub.nicknames.present(account.fold)
    if member is None:
        _evict(core, account)
        member = await core.hub.nicknames.claim(account.name, core.seat)
        identify(core, member, account)
    else:
        core.hub.attach(member, core.seat)
    return member


def _evict(core: Core, account: Account) -> None:
    """Let somebody go who has the nickname of an account that is not his."""
    ghost = core.hub.nicknames.holder(account.fold)
    if ghost is not None and ghost is not core.member:
        for seat in tuple(ghost.seats):
            seat.end(Ending.EVICTED, "", account.name)
        core.hear(Done("took-over", account.name))


def _others(core: Core, member: Member, first: Room) -> list[Room]:
    rooms = map(core.hub.directory.find, member.rooms)
    return [room for room in rooms if room is not None and room is not first]
