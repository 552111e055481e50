"""
Everything the service can tell a participant.

An event is a frozen value.  It says what happened and never how it reads: the
renderings do that, and C{match} with C{assert_never} there makes the type
checker name every rendering that misses a new one.

Text in an event has been made safe by L{chat.text.clean}.  C{at} is an aware
time in UTC.  C{id} counts up by one per room and is never given twice; an
event that has not been ordered by the backplane yet has id 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Ending(StrEnum):
    """
    Why a session ended.  The values are stable codes.

    @cvar OTHER: what a reader makes of a code that a later version has added.
    """

    QUIT = "quit"
    INPUT_CLOSED = "input-closed"
    CONNECTION_LOST = "connection-lost"
    REGISTRATION_TIMEOUT = "registration-timeout"
    IDLE_TIMEOUT = "idle-timeout"
    TOO_SLOW = "too-slow"
    LINE_ENDLESS = "line-endless"
    NOT_CHAT = "not-chat"
    INTERNAL_ERROR = "internal-error"
    SHUTDOWN = "shutdown"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Person:
    """
    One row of a L{Listed}.

    @ivar idle: whole seconds since the person's last complete line.
    """

    nick: str
    idle: int = 0


# What happens in a room, heard by everybody in it.


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody said something."""

    room: str
    id: int
    at: datetime
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Acted:
    """Somebody did something (C{/me})."""

    room: str
    id: int
    at: datetime
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody came in.  C{count} is how many are there now, himself included."""

    room: str
    at: datetime
    nick: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody went.  C{text} is what he gave as a reason, if he gave one."""

    room: str
    at: datetime
    nick: str
    reason: Ending
    text: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Renamed:
    """C{nick} is called C{name} from now on."""

    room: str
    at: datetime
    nick: str
    name: str


# Between two people.


@dataclass(frozen=True, slots=True)
class Told:
    """C{nick} told you, C{to}, something in private."""

    at: datetime
    nick: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The receipt of a L{Told}: what you, C{nick}, told C{to} has been delivered."""

    at: datetime
    nick: str
    to: str
    text: str


# Between the service and one participant.


@dataclass(frozen=True, slots=True)
class Greeted:
    """The first line of a connection.  C{count} people have a nickname."""

    service: str
    count: int


@dataclass(frozen=True, slots=True)
class NickAsked:
    """The service wants a nickname now."""


@dataclass(frozen=True, slots=True)
class Welcomed:
    """You have a nickname and are in a room, with C{others}."""

    room: str
    nick: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """
    What you asked for was not done; see L{chat.errors}.

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
    Something will happen unless you act.  The one code so far is C{idle}:
    without a line, the session ends in C{about} seconds.
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
    """Who is in a room."""

    room: str
    people: tuple[Person, ...]


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
class Closed:
    """The last line: the service ends this session, and why."""

    reason: Ending
    about: str = ""
    text: str = ""


RoomEvent = Said | Acted | Joined | Left | Renamed
"""What has a room, and is heard by everybody in it."""

Line = Said | Acted
"""What has an id, and belongs into a history."""

Event = (
    RoomEvent
    | Told
    | Sent
    | Greeted
    | NickAsked
    | Welcomed
    | Refused
    | Warned
    | Noticed
    | Listed
    | Helped
    | Ponged
    | Present
    | Versioned
    | LanguageSet
    | FormatSet
    | Closed
)
