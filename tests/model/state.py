"""
What the reference knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Line = tuple[int, str, str, bool]
"""
Its id, the nickname, the text, and whether it was acted and not said.
"""


@dataclass(eq=False)
class Session:
    """
    @ivar asked: The registered nickname whose password is expected.
    @ivar heard: All that it is told, each with the room it talks in by then.
    """

    isProgram: bool
    user: User | None = None
    here: str = ""
    asked: str = ""
    isOver: bool = False
    heard: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)

    def hear(self, *fact: object) -> None:
        self.heard.append((self.here, fact))


@dataclass(eq=False)
class User:
    nick: str
    account: str = ""
    sessions: list[Session] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)

    def hear(self, *fact: object) -> None:
        for session in self.sessions:
            session.hear(*fact)


@dataclass(eq=False)
class Room:
    users: list[User] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)
    guests: set[User] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)

    def others(self, user: User) -> list[str]:
        return [each.nick for each in self.users if each is not user]


class No(Exception):
    """A refusal: its code, and what it is about."""
