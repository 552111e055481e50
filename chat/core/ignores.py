"""
Who does not listen to whom.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chat.core.users import Member
from chat.vocabulary.errors import ListFull
from chat.vocabulary.names import fold

MAX_IGNORED = 100
"""How many people one may ignore."""


class Attention:
    """
    Who ignores whom, by the folds of nicknames: somebody is ignored whether he
    is here or not, and under the nicknames that he takes while he is.  Such a
    nickname is ignored only as long as he has it: the next one may be that of
    somebody else.
    """

    def __init__(self) -> None:
        self._deaf: dict[str, set[Member]] = {}
        # By the nickname of one who has taken another one: who ignores him, and by
        # which nickname.
        self._followed: dict[str, dict[Member, str]] = {}

    def ignore(self, member: Member, folded: str) -> None:
        """
        Let a member hear nothing from somebody.

        @raise ListFull: when he ignores as many as he may.
        """
        if len(member.ignored) >= MAX_IGNORED and folded not in member.ignored:
            raise ListFull(str(MAX_IGNORED))
        self._add(member, folded)

    def ignoreAll(self, member: Member, folds: Iterable[str]) -> None:
        """Let a member hear nothing from those whom he ignored before."""
        for folded in folds:
            self._add(member, folded)

    def heed(self, member: Member, folded: str) -> bool:
        """
        Let a member hear somebody again.

        @return: whether he ignored him.
        """
        followed = self._followed.get(folded, {}).pop(member, None)
        if folded not in member.ignored:
            return followed is not None
        member.ignored.discard(folded)
        self._remove(member, folded)
        for ignoring in self._followed.values():
            if ignoring.get(member) == folded:
                del ignoring[member]
        return True

    def left(self, member: Member) -> None:
        """A member has gone."""
        for folded in member.ignored:
            self._remove(member, folded)
        member.ignored.clear()
        self._followed.pop(member.fold, None)
        for ignoring in self._followed.values():
            ignoring.pop(member, None)

    def renamed(self, before: str, after: str) -> None:
        """Somebody has another nickname, and is ignored under both."""
        if before == after:
            return
        ignoring = self._followed.pop(before, {})
        ignoring.update(dict.fromkeys(self._deaf.get(before, ()), before))
        if ignoring:
            self._followed[after] = ignoring

    def follow(self, member: Member, folded: str, other: Member) -> None:
        """Somebody whom a member ignores has another nickname at present."""
        self._followed.setdefault(other.fold, {})[member] = folded

    def ignores(self, member: Member, other: Member) -> bool:
        """Whether a member does not listen to another one."""
        return other.account in member.ignored or self.isDeafTo(member, other.nick)

    def isDeafTo(self, member: Member, nick: str) -> bool:
        """Whether a member does not hear what is said under a nickname."""
        return member in self.deafTo(nick)

    def deafTo(self, nick: str) -> Collection[Member]:
        """Those who do not listen to somebody."""
        if not self._deaf:
            return ()
        folded = fold(nick)
        deaf, followed = self._deaf.get(folded, ()), self._followed.get(folded)
        return {*deaf, *followed} if followed else deaf

    def _add(self, member: Member, folded: str) -> None:
        member.ignored.add(folded)
        self._deaf.setdefault(folded, set()).add(member)

    def _remove(self, member: Member, folded: str) -> None:
        deaf = self._deaf[folded]
        deaf.discard(member)
        if not deaf:
            del self._deaf[folded]
