"""
Which user has which nickname, here and in other processes of the same service.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from chat.core.lookalikes import Lookalikes
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
        # Those that are being claimed, too: two that look alike may be at the same time.
        self._lookalikes = Lookalikes()

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

    def like(self, nick: str) -> tuple[str, ...]:
        """
        @param nick: as it is spelled.
        @return: the folds of the nicknames that it looks like, its own among them.
        """
        return self._lookalikes.of(nick)

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
        user = User(nick, fold(nick), active=self._seconds())
        user.begin(session)

        def claimed(_: None) -> User:
            self._hold(user)
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
            self._drop(user)
            user.called(nick, folded)
            self._hold(user)
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
            self._drop(user)
            self._backplane.release(user.fold)

    # Users whose sessions are in other processes.

    def joinedElsewhere(self, event: Joined) -> User:
        """
        @return: the user who has come into a room.
        """
        user = self._elsewhere(event.nick)
        if user is None:
            user = User(event.nick, fold(event.nick), active=self._seconds())
            self._hold(user)
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
                self._drop(user)

    def renamedElsewhere(self, event: Renamed) -> None:
        """
        A user has another nickname; note it if their sessions are elsewhere.
        """
        user = self._elsewhere(event.nick)
        if user is not None:
            self._drop(user)
            user.called(event.name, fold(event.name))
            self._hold(user)

    # Helpers.

    def _elsewhere(self, nick: str) -> User | None:
        user = self._users.get(fold(nick))
        return None if user is None or user.sessions else user

    def _hold(self, user: User) -> None:
        before = self._users.get(user.fold)
        if before is not None:
            self._drop(before)
        self._users[user.fold] = user
        self._lookalikes.add(user.fold, user.nick)

    def _drop(self, user: User) -> None:
        del self._users[user.fold]
        self._lookalikes.remove(user.fold, user.nick)

    def _claimed(self, folded: str, nick: str) -> Deferred[None]:
        self._lookalikes.add(folded, nick)

        def given(_: None) -> None:
            self._lookalikes.remove(folded, nick)

        def taken(failure: Failure) -> None:
            self._lookalikes.remove(folded, nick)
            failure.trap(NickTaken)
            raise NickTaken(nick)

        return self._backplane.claim(folded).addCallbacks(given, taken)

    def _forgetAccount(self, user: User) -> None:
        if self._byAccount.get(user.account) is user:
            del self._byAccount[user.account]
