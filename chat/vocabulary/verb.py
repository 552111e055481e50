"""
What a verb is; they stand in L{chat.vocabulary.verbs}.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chat.vocabulary.commands import Command


@dataclass(frozen=True, slots=True)
class Verb:
    """
    One row of the table.

    @ivar name: how it is typed, after the slash.
    @ivar aliases: other names, Chinese ones among them.
    @ivar arguments: how its arguments are shown; C{[…]} may be left out.
    @ivar needsNick: whether a nickname is needed first.
    @ivar help: one line of explanation, to be translated.
    @ivar build: makes the command of the cleaned rest of the line.
    """

    name: str
    aliases: tuple[str, ...]
    arguments: str
    needsNick: bool
    help: str
    build: Callable[[str], Command]

    @property
    def usage(self) -> str:
        """How it is typed, with its arguments."""
        return f"/{self.name} {self.arguments}".rstrip()
