"""
Everything that the service can tell a user.

An event is a frozen value.  It says what happened and never how it reads: the
renderings do that, and C{match} with C{assert_never} there makes the type
checker name every rendering that misses a new one.

Events that several users hear stand here.  Those for one session stand in
L{chat.vocabulary.replies}, and are exported from here, too.

Text in an event has been made safe by L{chat.vocabulary.sanitizing.clean}.
C{at} is an aware time in UTC.  C{id} counts up by one per room and is never given
twice.  It is 0 as long as the backplane has not ordered the event, and for a line
that cannot be kept because the disk has failed for too long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chat.vocabulary.endings import Ending as Ending
from chat.vocabulary.replies import BanRow as BanRow
from chat.vocabulary.replies import BansListed as BansListed
from chat.vocabulary.replies import Closed as Closed
from chat.vocabulary.replies import DeletionAsked as DeletionAsked
from chat.vocabulary.replies import Described as Described
from chat.vocabulary.replies import Done as Done
from chat.vocabulary.replies import Entered as Entered
from chat.vocabulary.replies import Excerpt as Excerpt
from chat.vocabulary.replies import FormatSet as FormatSet
from chat.vocabulary.replies import Greeted as Greeted
from chat.vocabulary.replies import Helped as Helped
from chat.vocabulary.replies import Invited as Invited
from chat.vocabulary.replies import LanguageSet as LanguageSet
from chat.vocabulary.replies import Listed as Listed
from chat.vocabulary.replies import Missed as Missed
from chat.vocabulary.replies import ModesShown as ModesShown
from chat.vocabulary.replies import NickAsked as NickAsked
from chat.vocabulary.replies import Noticed as Noticed
from chat.vocabulary.replies import Parted as Parted
from chat.vocabulary.replies import PasswordAsked as PasswordAsked
from chat.vocabulary.replies import Ponged as Ponged
from chat.vocabulary.replies import Present as Present
from chat.vocabulary.replies import Recalled as Recalled
from chat.vocabulary.replies import Refused as Refused
from chat.vocabulary.replies import RoomRow as RoomRow
from chat.vocabulary.replies import RoomsListed as RoomsListed
from chat.vocabulary.replies import SessionRow as SessionRow
from chat.vocabulary.replies import SessionsChanged as SessionsChanged
from chat.vocabulary.replies import SessionsListed as SessionsListed
from chat.vocabulary.replies import Stored as Stored
from chat.vocabulary.replies import Talking as Talking
from chat.vocabulary.replies import TopicShown as TopicShown
from chat.vocabulary.replies import Uptime as Uptime
from chat.vocabulary.replies import UserRow as UserRow
from chat.vocabulary.replies import Versioned as Versioned
from chat.vocabulary.replies import Warned as Warned
from chat.vocabulary.replies import Welcomed as Welcomed

# In a room, heard by all users in it.


@dataclass(frozen=True, slots=True)
class Said:
    """C{nick} said something."""

    room: str
    id: int
    at: datetime
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Acted:
    """C{nick} did something (C{/me})."""

    room: str
    id: int
    at: datetime
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Joined:
    """C{nick} came in.  C{count} is how many users are there now, this one included."""

    room: str
    at: datetime
    nick: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """
    C{nick} went.

    @ivar text: the reason that was given, perhaps nothing.
    @ivar count: how many users are still there.
    @ivar by: the nickname of the user who has put this one out, or nothing.
    """

    room: str
    at: datetime
    nick: str
    reason: Ending
    text: str = ""
    count: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Renamed:
    """C{nick} is called C{name} from now on."""

    room: str
    at: datetime
    nick: str
    name: str


@dataclass(frozen=True, slots=True)
class Changed:
    """
    Several users came and went, which is told at once: to programs, where so many are
    in the room that single joins and departures are not announced, and to a recipient
    that was behind.

    @ivar count: how many users are there now.
    @ivar late: whether it is told to a recipient that was behind, who would otherwise
        have been told of each.
    @ivar more: how many further joins and departures there were, which are only
        counted.
    """

    room: str
    at: datetime
    joined: tuple[str, ...]
    left: tuple[str, ...]
    count: int
    late: bool = False
    more: int = 0


@dataclass(frozen=True, slots=True)
class TopicSet:
    """C{nick} sets the topic of the room, or clears it if C{text} is empty."""

    room: str
    at: datetime
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class ModeSet:
    """
    C{nick} changes a mode of the room, or its owners.

    @ivar mode: C{key} (C{value} is C{on} or C{off}, never the key), C{private}
        (C{on}, C{off}), C{topic} (C{owner}, C{all}), C{op} or C{deop} (C{value}
        is a nickname).
    """

    room: str
    at: datetime
    nick: str
    mode: str
    value: str


# In all rooms.


@dataclass(frozen=True, slots=True)
class Announced:
    """An operator tells all users something."""

    at: datetime
    nick: str
    text: str


# Between two users.


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


RoomEvent = Said | Acted | Joined | Left | Renamed | Changed | TopicSet | ModeSet
"""Events that have a room, and are heard by all users in it."""

Line = Said | Acted
"""Events that have an id, and belong in the history."""

Answer = (
    Greeted
    | NickAsked
    | PasswordAsked
    | DeletionAsked
    | Welcomed
    | Entered
    | Talking
    | Parted
    | SessionsChanged
    | Done
    | Refused
    | Warned
    | Noticed
    | Listed
    | RoomsListed
    | BansListed
    | SessionsListed
    | TopicShown
    | ModesShown
    | Described
    | Invited
    | Excerpt
    | Recalled
    | Missed
    | Stored
    | Helped
    | Ponged
    | Present
    | Versioned
    | LanguageSet
    | FormatSet
    | Uptime
    | Closed
)
"""Events that one session hears."""

Event = RoomEvent | Announced | Told | Sent | Answer
