"""
Who does not listen to whom.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chat.core.users import User
from chat.vocabulary.errors import ListFull
from chat.vocabulary.names import fold

MAX_IGNORED = 100
"""How many people one may ignore."""


class Ignores:
    """
    Who ignores whom, by the folds of nicknames: somebody is ignored whether he
    is here or not, and under the nicknames that he takes while he is.  Such a
    nickname is ignored only as long as he has it: the next one may be that of
    somebody else.
    """

    def __init__(self) -> None:
        self._deaf: dict[str, set[User]] = {}
        # By the nickname of one who has taken another one: who ignores him, and by
        # which nickname.
        self._followed: dict[str, dict[User, str]] = {}

    def ignore(self, user: User, folded: str) -> None:
        """
        Let a user hear nothing from somebody.

        @raise ListFull: when he ignores as many as he may.
        """
        if len(user.ignored) >= MAX_IGNORED and folded not in user.ignored:
            raise ListFull(str(MAX_IGNORED))
        self._add(user, folded)

    def ignoreAll(self, user: User, folds: Iterable[str]) -> None:
        """Let a user hear nothing from those whom he ignored before."""
        for folded in folds:
            self._add(user, folded)

    def heed(self, user: User, folded: str) -> bool:
        """
        Let a user hear somebody again.

        @return: whether he ignored him.
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
        """Somebody has another nickname, and is ignored under both."""
        if before == after:
            return
        ignoring = self._followed.pop(before, {})
        ignoring.update(dict.fromkeys(self._deaf.get(before, ()), before))
        if ignoring:
            self._followed[after] = ignoring

    def follow(self, user: User, folded: str, other: User) -> None:
        """Somebody whom a user ignores has another nickname at present."""
        self._followed.setdefault(other.fold, {})[user] = folded

    def ignores(self, user: User, other: User) -> bool:
        """Whether a user does not listen to another one."""
        return other.account in user.ignored or self.isDeafTo(user, other.nick)

    def isDeafTo(self, user: User, nick: str) -> bool:
        """Whether a user does not hear what is said under a nickname."""
        return user in self.deafTo(nick)

    def deafTo(self, nick: str) -> Collection[User]:
        """Those who do not listen to somebody."""
        if not self._deaf:
            return ()
        folded = fold(nick)
        deaf, followed = self._deaf.get(folded, ()), self._followed.get(folded)
        return {*deaf, *followed} if followed else deaf

    def _add(self, user: User, folded: str) -> None:
        user.ignored.add(folded)
        self._deaf.setdefault(folded, set()).add(user)

    def _remove(self, user: User, folded: str) -> None:
        deaf = self._deaf[folded]
        deaf.discard(user)
        if not deaf:
            del self._deaf[folded]
