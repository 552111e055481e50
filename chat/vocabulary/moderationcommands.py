"""
What those can ask for who keep order; see L{chat.vocabulary.commands}, from which all of
these can be had, too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kick:
    """Put C{nick} out."""

    nick: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ban:
    """Let C{target} not be here, for C{seconds} or for ever."""

    target: str
    seconds: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Bans:
    """List who is banned or muted."""


@dataclass(frozen=True, slots=True)
class Unban:
    """Let C{target} be here again."""

    target: str


@dataclass(frozen=True, slots=True)
class Mute:
    """Let C{nick} not speak, for C{seconds} or until unmuted."""

    nick: str
    seconds: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unmute:
    """Let C{nick} speak again."""

    nick: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell everybody something."""

    text: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Give somebody another nickname."""

    nick: str
    name: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Make the account of C{nick} an operator, or no longer; without one, list them."""

    nick: str = ""
    isOn: bool = True


@dataclass(frozen=True, slots=True)
class Rehash:
    """Read again what was read from files."""


ModerationCommand = (
    Kick | Ban | Bans | Unban | Mute | Unmute | Announce | Rename | Operator | Rehash
)
