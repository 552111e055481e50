"""
What outlives a restart besides the lines that are said: accounts, rooms, and
who may not be here or may not speak.

A record is a frozen value of plain fields.  A change makes a new one with the
same C{key}, which takes the place of the old one in the ledger; see
L{chat.interfaces.Ledger}.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Account:
    """
    A nickname that belongs to somebody.

    @ivar name: the nickname, as it is shown.
    @ivar fold: see L{chat.vocabulary.names.fold}.
    @ivar registered: when it was made, in UTC.
    @ivar secret: the hash of the password with its parameters, or nothing where
        somebody else checks the password (C{--auth}).
    @ivar ignored: the folds of those to whom he does not listen.
    """

    name: str
    fold: str
    registered: datetime
    secret: str = field(default="", repr=False)
    isOperator: bool = False
    ignored: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What tells this account from all others."""
        return self.fold


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """
    What is known of a room when nobody is in it.

    @ivar name: with its C{#}.
    @ivar topicBy: the nickname of who set the topic.
    @ivar password: what one must know to come in (C{/mode key}), or nothing.
    @ivar isPrivate: not listed, and by invitation only.
    @ivar isTopicLocked: whether only owners may set the topic.
    @ivar owners: the folds of the accounts that own it.
    @ivar guests: the folds of the accounts that have been invited.
    """

    name: str
    topic: str = ""
    topicBy: str = ""
    password: str = field(default="", repr=False)
    isPrivate: bool = False
    isTopicLocked: bool = False
    owners: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What tells this room from all others."""
        return self.name


class SanctionKind(StrEnum):
    """What somebody may not do."""

    BAN = "ban"
    MUTE = "mute"


@dataclass(frozen=True, slots=True)
class Sanction:
    """
    Somebody may not be here, or may not speak.

    @ivar target: the fold of a nickname, or (bans) an IP network in the notation
        of CIDR, such as C{192.0.2.0/24}.
    @ivar shown: the nickname or network as it is shown.
    @ivar by: the nickname of who said so.
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
        """What tells this sanction from all others."""
        return f"{self.kind} {self.target}"


Record = Account | RoomRecord | Sanction
