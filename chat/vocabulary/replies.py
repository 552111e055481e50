"""
What the service tells one participant: answers, and what concerns nobody else.

See L{chat.vocabulary.events}, from which all of these can be had, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chat.vocabulary.endings import Ending
from chat.vocabulary.rows import BanRow, Person, RoomRow, SessionRow

# Coming and going.


@dataclass(frozen=True, slots=True)
class Greeted:
    """The first line of a connection.  C{count} people have a nickname."""

    service: str
    count: int


@dataclass(frozen=True, slots=True)
class NickAsked:
    """The service wants a nickname now."""


@dataclass(frozen=True, slots=True)
class PasswordAsked:
    """The next line is taken for the password of the account C{nick}."""

    nick: str


@dataclass(frozen=True, slots=True)
class Welcomed:
    """
    You have a nickname and are in a room, with C{others}.

    @ivar more: how many further people are there.
    """

    room: str
    nick: str
    others: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Entered:
    """
    You are in another room, too, with C{others}.

    @ivar more: how many further people are there.
    """

    room: str
    others: tuple[str, ...] = ()
    topic: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Talking:
    """What you say from now on is said in C{room}; nowhere, if that is empty."""

    room: str


@dataclass(frozen=True, slots=True)
class Parted:
    """
    You are no longer in a room.

    @ivar by: who has put you out, if somebody has.
    @ivar text: what he gave as a reason.
    """

    room: str
    reason: Ending
    by: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SessionsChanged:
    """You are here in C{count} sessions now: another one has come, or gone."""

    count: int


# Yes and no.


@dataclass(frozen=True, slots=True)
class Done:
    """
    What you asked for was done.  C{code} is stable, C{about} is what it is about
    and C{text} the sentence, as in L{Refused}.
    """

    code: str
    about: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """
    What you asked for was not done; see L{chat.vocabulary.errors}.

    @ivar text: the sentence in the reader's language.  The core leaves it empty;
        renderings for programs fill it in, so that a program need not know
        every code.  The same holds for L{Warned} and L{Closed}.
    """

    code: str
    about: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Warned:
    """
    Something will happen unless you act, or has happened that you should know.
    """

    code: str
    about: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Noticed:
    """A line of free text from the operator of the service: message of the day."""

    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    """
    Who is in a room.

    @ivar more: how many further people are there, who came later.
    """

    room: str
    people: tuple[Person, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class RoomsListed:
    """
    Which rooms there are that you may know of, the fullest first.

    @ivar more: how many further ones there are.
    """

    rooms: tuple[RoomRow, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class BansListed:
    """
    Who may not be here, or may not speak, in the order of their beginning.

    @ivar more: how many earlier ones there are.
    """

    bans: tuple[BanRow, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class SessionsListed:
    """In which sessions you are here."""

    sessions: tuple[SessionRow, ...]


@dataclass(frozen=True, slots=True)
class TopicShown:
    """What a room is about.  C{nick} said so."""

    room: str
    text: str
    nick: str = ""


@dataclass(frozen=True, slots=True)
class ModesShown:
    """
    How a room is kept.

    @ivar key: whether one must know a key to come in.
    @ivar private: whether it is not listed, and by invitation only.
    @ivar topic: who may set the topic: C{owner} or C{all}.
    @ivar owners: their nicknames.
    """

    room: str
    key: bool
    private: bool
    topic: str
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """
    What may be known of somebody.

    @ivar account: the name of his account, or nothing.
    @ivar operator: whether he keeps order here.
    @ivar since: when he came.
    @ivar idle: whole seconds since his last complete line.
    @ivar away: whether he is away.
    @ivar why: what he gave as a reason for that, perhaps nothing.
    @ivar rooms: those of his rooms that the reader may know of.
    @ivar addresses: from where he comes; operators read this of everybody, and
        everybody of himself.
    """

    nick: str
    account: str
    operator: bool
    since: datetime
    idle: int = 0
    away: bool = False
    why: str = ""
    rooms: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invited:
    """C{nick} invites you into a room."""

    room: str
    nick: str


# Other answers.


@dataclass(frozen=True, slots=True)
class Helped:
    """
    One row of the help.  C{text} is the untranslated phrase, by which a
    rendering finds the translation.
    """

    command: str
    aliases: tuple[str, ...]
    arguments: str
    text: str


@dataclass(frozen=True, slots=True)
class Ponged:
    """Everything you asked before has been answered."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """The answer to a telnet client's AYT: yes, I am here."""


@dataclass(frozen=True, slots=True)
class Versioned:
    """What runs here."""

    service: str
    version: str


@dataclass(frozen=True, slots=True)
class LanguageSet:
    """The service speaks this language to you now."""

    language: str


@dataclass(frozen=True, slots=True)
class FormatSet:
    """The service writes to you in this format now."""

    format: str


@dataclass(frozen=True, slots=True)
class Uptime:
    """The service has been running for so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Closed:
    """
    The last line: the service ends this session, and why.

    @ivar by: who has ended it, if a person has.
    """

    reason: Ending
    about: str = ""
    text: str = ""
    by: str = ""
