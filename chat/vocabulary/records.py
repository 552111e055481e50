"""
Records outlive a restart, as lines do: accounts, rooms, bans and mutes.

A record is a frozen value of plain fields.  A change makes a new record with the
same C{key}, which takes the place of the old one in the
L{Ledger<chat.interfaces.Ledger>}.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DAMAGED = "?"
"""
In the place of what the database cannot tell any more: the owner of a room, or the secret of an
account.  It is nobody's nickname, and the secret of no password.
"""


@dataclass(frozen=True, slots=True)
class Account:
    """
    A nickname that belongs to a user.

    @ivar name: the nickname, as it is shown.
    @ivar fold: of the name; see L{chat.vocabulary.names.fold}.
    @ivar registered: when it was made, in UTC.
    @ivar secret: the hash of the password with its parameters, or nothing where
        another program checks it (C{--auth}).
    @ivar ignored: the folds of the nicknames that the user ignores.
    @ivar origins: from where the user has logged in (L{chat.interfaces.FrontDoor}), each
        with the day of the last login from there (ISO 8601, UTC); the newest is the last.
    """

    name: str
    fold: str
    registered: datetime
    secret: str = field(default="", repr=False)
    isOperator: bool = False
    ignored: tuple[str, ...] = ()
    origins: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def key(self) -> str:
        """Tells this account from all others."""
        return self.fold


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """
    The settings of a room, which it has even when it is empty.

    @ivar name: with its C{#}.
    @ivar topicBy: the nickname of the user who set the topic.
    @ivar password: the key that is needed to enter (C{/mode key}), or nothing.
    @ivar isPrivate: not listed, and by invitation only.
    @ivar isTopicLocked: whether only owners may set the topic.
    @ivar owners: the folds of the accounts that own it.
    @ivar guests: the folds of the accounts that have been invited.
    @ivar made: when it was made, in UTC, if that is known.
    """

    name: str
    topic: str = ""
    topicBy: str = ""
    password: str = field(default="", repr=False)
    isPrivate: bool = False
    isTopicLocked: bool = False
    owners: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()
    made: datetime | None = None

    @property
    def key(self) -> str:
        """Tells this room from all others."""
        return self.name


class SanctionKind(StrEnum):
    """A ban keeps a user out, a mute keeps them silent."""

    BAN = "ban"
    MUTE = "mute"


@dataclass(frozen=True, slots=True)
class Sanction:
    """
    A ban or a mute.

    @ivar target: the fold of a nickname, or an IP network in the notation of CIDR, such
        as C{192.0.2.0/24}.
    @ivar shown: the nickname or network as it is shown.
    @ivar by: the nickname of the operator who imposed it.
    @ivar why: the reason, perhaps nothing.
    @ivar since: when it began, in UTC.
    @ivar until: when it ends, in UTC; L{None} for never.
    """

    kind: SanctionKind
    target: str
    shown: str
    by: str
    since: datetime
    why: str = ""
    until: datetime | None = None

    @property
    def key(self) -> str:
        """Tells this sanction from all others."""
        return f"{self.kind} {self.target}"


Record = Account | RoomRecord | Sanction
