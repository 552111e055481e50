"""
Ignoring: a user does not hear what is said under a nickname.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chat.core.users import User
from chat.vocabulary.errors import ListFull
from chat.vocabulary.names import fold

MAX_IGNORED = 100
"""How many nicknames a user may ignore."""


class Ignores:
    """
    Which users ignore which nicknames, by their folds.  A user is ignored whether they
    are here or not, and under the nicknames that they take while they are.  Such a
    nickname is ignored only as long as they have it, since the next user who takes it
    may be another one.

    @ivar deaf: the users that ignore a nickname, by its fold; to be read only.
    """

    def __init__(self) -> None:
        self.deaf: dict[str, set[User]] = {}
        # By the present nickname of a user who is ignored under an earlier one: the users
        # that ignore them, each with that earlier nickname.
        self._followed: dict[str, dict[User, str]] = {}

    def ignore(self, user: User, folded: str) -> None:
        """
        Let a user hear nothing from a nickname.

        @raise ListFull: when they ignore as many as they may.
        """
        if len(user.ignored) >= MAX_IGNORED and folded not in user.ignored:
            raise ListFull(str(MAX_IGNORED))
        self._add(user, folded)

    def ignoreAll(self, user: User, folds: Iterable[str]) -> None:
        """Let a user hear nothing from the nicknames that they ignored before."""
        for folded in folds:
            self._add(user, folded)

    def heed(self, user: User, folded: str) -> bool:
        """
        Let a user hear a nickname again.

        @return: whether they ignored it.
        """
        followed = self._followed.get(folded, {}).pop(user, None)
        if folded not in user.ignored:
            return followed is not None
        user.ignored.discard(folded)
        self._remove(user, folded)
        for ignoring in self._followed.values():
            if ignoring.get(user) == folded:
                del ignoring[user]
        return True

    def left(self, user: User) -> None:
        """A user has gone."""
        for folded in user.ignored:
            self._remove(user, folded)
        user.ignored.clear()
        self._followed.pop(user.fold, None)
        for ignoring in self._followed.values():
            ignoring.pop(user, None)

    def renamed(self, before: str, after: str) -> None:
        """A user has another nickname, and is ignored under both."""
        if before == after:
            return
        ignoring = self._followed.pop(before, {})
        ignoring.update(dict.fromkeys(self.deaf.get(before, ()), before))
        if ignoring:
            self._followed[after] = ignoring

    def moved(self, before: User, after: User) -> None:
        """
        A session of a user goes on as one of another user, who is ignored as well from
        now on, as long as they are here.
        """
        ignoring = dict.fromkeys(self.deaf.get(before.fold, ()), before.fold)
        ignoring |= self._followed.get(before.fold, {})
        # Nobody is deaf to themselves.
        ignoring.pop(after, None)
        if ignoring:
            self._followed[after.fold] = ignoring | self._followed.get(after.fold, {})

    def follow(self, user: User, folded: str, other: User) -> None:
        """A user who is ignored under one nickname has another one at present."""
        self._followed.setdefault(other.fold, {})[user] = folded

    def ignores(self, user: User, other: User) -> bool:
        """Whether a user ignores another one, under a nickname or by their account."""
        return other.account in user.ignored or self.isDeafTo(user, other.nick)

    def isDeafTo(self, user: User, nick: str) -> bool:
        """Whether a user does not hear what is said under a nickname."""
        return user in self.deafTo(nick)

    def deafTo(self, nick: str) -> Collection[User]:
        """The users who do not hear what is said under a nickname."""
        if not self.deaf:
            return ()
        folded = fold(nick)
        deaf, followed = self.deaf.get(folded, ()), self._followed.get(folded)
        return {*deaf, *followed} if followed else deaf

    def _add(self, user: User, folded: str) -> None:
        user.ignored.add(folded)
        self.deaf.setdefault(folded, set()).add(user)

    def _remove(self, user: User, folded: str) -> None:
        deaf = self.deaf[folded]
        deaf.discard(user)
        if not deaf:
            del self.deaf[folded]
