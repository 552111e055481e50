"""
Who has which nickname, here and in other processes of the same service.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from chat.core.users import Member, Seat
from chat.interfaces import Backplane
from chat.vocabulary.errors import NickTaken, NickUnchanged, NoSuchNick
from chat.vocabulary.events import Joined, Left, Renamed
from chat.vocabulary.names import fold


class Nicknames:
    """
    Everybody who has a nickname, by its fold and by his account.
    """

    def __init__(self, backplane: Backplane, seconds: Callable[[], float]) -> None:
        """
        @param seconds: a clock for durations.
        """
        self._backplane = backplane
        self._seconds = seconds
        self._members: dict[str, Member] = {}
        self._byAccount: dict[str, Member] = {}

    def __len__(self) -> int:
        """How many people have a nickname."""
        return len(self._members)

    @property
    def members(self) -> tuple[Member, ...]:
        """Everybody who has a nickname."""
        return tuple(self._members.values())

    def named(self, nick: str) -> Member:
        """
        @param nick: in any spelling.
        @raise NoSuchNick: when nobody has it.
        """
        member = self._members.get(fold(nick))
        if member is None:
            raise NoSuchNick(nick)
        return member

    def holder(self, folded: str) -> Member | None:
        """Who has a nickname, by its fold."""
        return self._members.get(folded)

    def present(self, account: str) -> Member | None:
        """The member in this process whose account it is, by its fold."""
        return self._byAccount.get(account)

    def claim(self, nick: str, seat: Seat) -> Deferred[Member]:
        """
        Give somebody a nickname.

        @param nick: from L{chat.vocabulary.names.nickname}.
        @return: fires with the member, who is in no room yet; fails with
            L{NickTaken}.
        """
        member = Member(nick, fold(nick), [seat], active=self._seconds())

        def claimed(_: None) -> Member:
            self._members[member.fold] = member
            member.called(nick, member.fold)
            return member

        return self._claimed(member.fold, nick).addCallback(claimed)

    def rename(
        self, member: Member, nick: str, renamed: Callable[[str, str], None]
    ) -> Deferred[Member]:
        """
        Give a member another nickname.

        @param renamed: called with the nickname and the fold that he had, before
            somebody else can have them.
        @return: fires with the member; fails with L{NickTaken}, also when the
            member has gone in the meantime, or with L{NickUnchanged} when it is
            his already.
        """
        if nick == member.nick:
            return fail(NickUnchanged(nick))
        folded = fold(nick)

        def claimed(_: None) -> Member:
            if self._members.get(member.fold) is not member:
                self._backplane.release(folded)
                raise NickTaken(nick)
            before, free = member.nick, member.fold
            del self._members[free]
            member.called(nick, folded)
            self._members[folded] = member
            renamed(before, free)
            if folded != free:
                self._backplane.release(free)
            return member

        if folded == member.fold:
            claim: Deferred[None] = succeed(None)
        else:
            claim = self._claimed(folded, nick)
        return claim.addCallback(claimed)

    def identify(self, member: Member, account: str) -> None:
        """
        Note that a member has proven an account to be his.

        @param account: its fold, or nothing when he has it no longer.
        """
        self._forgetAccount(member)
        member.account = account
        for seat in member.seats:
            seat.participant.account = account
        if account:
            self._byAccount[account] = member

    def free(self, member: Member) -> None:
        """
        Let others have the nickname of a member who goes.
        """
        self._forgetAccount(member)
        if self._members.get(member.fold) is member:
            del self._members[member.fold]
            self._backplane.release(member.fold)

    # Members whose sessions are in other processes.

    def joinedElsewhere(self, event: Joined) -> Member:
        """
        @return: who has come into a room.
        """
        member = self._elsewhere(event.nick)
        if member is None:
            folded = fold(event.nick)
            member = self._members[folded] = Member(event.nick, folded, active=self._seconds())
        member.rooms.append(event.room)
        return member

    def leftElsewhere(self, event: Left) -> None:
        """
        Somebody has left a room, perhaps one who is elsewhere.
        """
        member = self._elsewhere(event.nick)
        if member is not None and event.room in member.rooms:
            member.rooms.remove(event.room)
            if not member.rooms:
                del self._members[member.fold]

    def renamedElsewhere(self, event: Renamed) -> None:
        """
        Somebody has another nickname, perhaps one who is elsewhere.
        """
        member = self._elsewhere(event.nick)
        if member is not None:
            del self._members[member.fold]
            member.called(event.name, fold(event.name))
            self._members[member.fold] = member

    # Helpers.

    def _elsewhere(self, nick: str) -> Member | None:
        member = self._members.get(fold(nick))
        return None if member is None or member.seats else member

    def _claimed(self, folded: str, nick: str) -> Deferred[None]:
        def taken(failure: Failure) -> None:
            failure.trap(NickTaken)
            raise NickTaken(nick)

        return self._backplane.claim(folded).addErrback(taken)

    def _forgetAccount(self, member: Member) -> None:
        if self._byAccount.get(member.account) is member:
            del self._byAccount[member.account]
