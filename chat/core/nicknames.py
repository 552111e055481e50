"""
Which user has which nickname, here and in other processes of the same service.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from chat.core.users import User, UserSession
from chat.interfaces import Backplane
from chat.vocabulary.errors import NickTaken, NickUnchanged, NoSuchNick
from chat.vocabulary.events import Joined, Left, Renamed
from chat.vocabulary.names import fold


class Nicknames:
    """
    All users, by the folds of their nicknames and of their accounts.
    """

    def __init__(self, backplane: Backplane, seconds: Callable[[], float]) -> None:
        """
        @param seconds: a clock for durations.
        """
        self._backplane = backplane
        self._seconds = seconds
        self._users: dict[str, User] = {}
        self._byAccount: dict[str, User] = {}

    def __len__(self) -> int:
        """How many users there are."""
        return len(self._users)

    @property
    def users(self) -> tuple[User, ...]:
        """All users."""
        return tuple(self._users.values())

    def named(self, nick: str) -> User:
        """
        @param nick: in any spelling.
        @raise NoSuchNick: when no user has it.
        """
        user = self._users.get(fold(nick))
        if user is None:
            raise NoSuchNick(nick)
        return user

    def holder(self, folded: str) -> User | None:
        """The user who has a nickname, by its fold."""
        return self._users.get(folded)

    def present(self, account: str) -> User | None:
        """The user in this process whose account it is, by its fold."""
        return self._byAccount.get(account)

    def claim(self, nick: str, session: UserSession) -> Deferred[User]:
        """
        Give a session a nickname.

        @param nick: from L{chat.vocabulary.names.nickname}.
        @return: fires with the user, who is in no room yet; fails with
            L{NickTaken}.
        """
        user = User(nick, fold(nick), [session], active=self._seconds())

        def claimed(_: None) -> User:
            self._users[user.fold] = user
            user.called(nick, user.fold)
            return user

        return self._claimed(user.fold, nick).addCallback(claimed)

    def rename(self, user: User, nick: str, renamed: Callable[[str, str], None]) -> Deferred[User]:
        """
        Give a user another nickname.

        @param renamed: called with the nickname and the fold that the user had, before
            another user can have them.
        @return: fires with the user; fails with L{NickTaken}, also when the user has
            gone in the meantime, or with L{NickUnchanged} when they have it already.
        """
        if nick == user.nick:
            return fail(NickUnchanged(nick))
        folded = fold(nick)

        def claimed(_: None) -> User:
            if self._users.get(user.fold) is not user:
                self._backplane.release(folded)
                raise NickTaken(nick)
            before, free = user.nick, user.fold
            del self._users[free]
            user.called(nick, folded)
            self._users[folded] = user
            renamed(before, free)
            if folded != free:
                self._backplane.release(free)
            return user

        if folded == user.fold:
            claim: Deferred[None] = succeed(None)
        else:
            claim = self._claimed(folded, nick)
        return claim.addCallback(claimed)

    def identify(self, user: User, account: str) -> None:
        """
        Note that a user has proven to own an account.

        @param account: its fold, or nothing when they have it no longer.
        """
        self._forgetAccount(user)
        user.account = account
        if account:
            self._byAccount[account] = user

    def free(self, user: User) -> None:
        """
        Let others have the nickname of a user who goes.
        """
        self._forgetAccount(user)
        if self._users.get(user.fold) is user:
            del self._users[user.fold]
            self._backplane.release(user.fold)

    # Users whose sessions are in other processes.

    def joinedElsewhere(self, event: Joined) -> User:
        """
        @return: the user who has come into a room.
        """
        user = self._elsewhere(event.nick)
        if user is None:
            folded = fold(event.nick)
            user = self._users[folded] = User(event.nick, folded, active=self._seconds())
        user.rooms.append(event.room)
        return user

    def leftElsewhere(self, event: Left) -> None:
        """
        A user has left a room; note it if their sessions are elsewhere.
        """
        user = self._elsewhere(event.nick)
        if user is not None and event.room in user.rooms:
            user.rooms.remove(event.room)
            if not user.rooms:
                del self._users[user.fold]

    def renamedElsewhere(self, event: Renamed) -> None:
        """
        A user has another nickname; note it if their sessions are elsewhere.
        """
        user = self._elsewhere(event.nick)
        if user is not None:
            del self._users[user.fold]
            user.called(event.name, fold(event.name))
            self._users[user.fold] = user

    # Helpers.

    def _elsewhere(self, nick: str) -> User | None:
        user = self._users.get(fold(nick))
        return None if user is None or user.sessions else user

    def _claimed(self, folded: str, nick: str) -> Deferred[None]:
        def taken(failure: Failure) -> None:
            failure.trap(NickTaken)
            raise NickTaken(nick)

        return self._backplane.claim(folded).addErrback(taken)

    def _forgetAccount(self, user: User) -> None:
        if self._byAccount.get(user.account) is user:
            del self._byAccount[user.account]
