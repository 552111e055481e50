"""
Events for one session: the answers to its requests, and news that concern no other one.

L{chat.vocabulary.events} exports them, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chat.vocabulary.endings import Ending

MAX_NAMES = 1000
"""How many nicknames stand in one event."""

MAX_NAMES_SIZE = 16 * 1024
"""
How many bytes these have together in UTF-8.  One nickname may have up to 320, and its row in
a list has 40 more, so an event about a room has less than 64 KiB: a quarter of what may wait
for a connection.
"""

# Coming and going.


@dataclass(frozen=True, slots=True)
class Greeted:
    """The first line of a connection.  C{count} users are here."""

    service: str
    count: int


@dataclass(frozen=True, slots=True)
class NickAsked:
    """The service wants a nickname now."""


@dataclass(frozen=True, slots=True)
class PasswordAsked:
    """
    The next line is taken for the password of the account C{nick}.

    @ivar own: the nickname that you have so far, or nothing.
    """

    nick: str
    own: str = ""


@dataclass(frozen=True, slots=True)
class DeletionAsked:
    """
    Nothing has been deleted yet: the name of your account has to be typed to confirm that.

    @ivar account: its name.
    @ivar operator: whether the rights of an operator go with it.
    @ivar rooms: those that no other account owns. Each goes with its history once nobody is there.
    @ivar more: how many further ones there are.
    """

    account: str
    operator: bool = False
    rooms: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Welcomed:
    """
    You have a nickname and are in a room, with C{others}.

    @ivar more: how many further users are there.
    """

    room: str
    nick: str
    others: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Entered:
    """
    You are in another room, too, with C{others}.

    @ivar more: how many further users are there.
    """

    room: str
    others: tuple[str, ...] = ()
    topic: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Talking:
    """Your lines are said in C{room} from now on; nowhere, if that is empty."""

    room: str


@dataclass(frozen=True, slots=True)
class Parted:
    """
    You are no longer in a room.

    @ivar by: the nickname of the user who has put you out, or nothing.
    @ivar text: the reason that was given.
    """

    room: str
    reason: Ending
    by: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SessionsChanged:
    """You are here in C{count} sessions now: another session has come, or gone."""

    count: int


# Yes and no.


@dataclass(frozen=True, slots=True)
class Done:
    """
    A request of yours has been carried out.

    @ivar code: stable.
    @ivar about: the subject, such as a nickname.
    @ivar text: the sentence, as in L{Refused}.
    """

    code: str
    about: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """
    A request of yours has not been carried out.

    @ivar code: that of the error; see L{chat.vocabulary.errors}.
    @ivar text: the sentence in the language of the session.  The core leaves it
        empty; renderings for programs fill it in, so that a program need not know
        every code.  The same holds for L{Warned} and L{Closed}.
    @ivar by: the nickname of the operator who has muted or banned you, or nothing.
    @ivar until: when that ends; L{None} for never.
    """

    code: str
    about: str = ""
    text: str = ""
    by: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """
    Something will happen unless you act, or has happened that you should know of.

    @ivar by: as in L{Refused}, and so is C{until}.
    """

    code: str
    about: str = ""
    text: str = ""
    by: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Noticed:
    """A line of free text from the operator of the service: message of the day."""

    text: str


# Lists, and their rows.


@dataclass(frozen=True, slots=True)
class UserRow:
    """
    One row of a L{chat.vocabulary.replies.Listed}.

    @ivar idle: whole seconds since the last complete line of the user.
    """

    nick: str
    idle: int = 0
    away: bool = False


@dataclass(frozen=True, slots=True)
class RoomRow:
    """
    One row of a L{chat.vocabulary.replies.RoomsListed}.

    @ivar count: how many users are there.
    @ivar here: whether you are there.
    """

    room: str
    count: int
    topic: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class BanRow:
    """
    One row of a L{chat.vocabulary.replies.BansListed}.

    @ivar kind: C{ban} or C{mute}.
    @ivar name: a nickname, or an IP network.
    @ivar until: when it ends; L{None} for never.
    """

    kind: str
    name: str
    by: str
    why: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """
    One row of a L{chat.vocabulary.replies.SessionsListed}.

    @ivar number: by which it can be ended.
    @ivar address: from where it comes.
    @ivar idle: whole seconds since its last complete line.
    @ivar this: whether it is the session that asks.
    """

    number: int
    address: str
    since: datetime
    idle: int = 0
    this: bool = False


def fitting(nicks: Sequence[str], share: int = 1) -> int:
    """
    @param share: how many such events are told at once.
    @return: how many nicknames, from the first on, may stand in one event: one at
        least, if there is one.
    """
    nicks, size = nicks[: max(1, MAX_NAMES // share)], MAX_NAMES_SIZE // share
    if len("".join(nicks).encode()) <= size:
        return len(nicks)
    count = 0
    for nick in nicks:
        size -= len(nick.encode())
        if size < 0:
            break
        count += 1
    return max(1, count)


@dataclass(frozen=True, slots=True)
class Listed:
    """
    The users in a room.

    @ivar more: how many further users are there, who came later.
    """

    room: str
    people: tuple[UserRow, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class RoomsListed:
    """
    The rooms that you may know of, the fullest first.

    @ivar more: how many further ones there are.
    """

    rooms: tuple[RoomRow, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class BansListed:
    """
    The bans and mutes, in the order of their beginning.

    @ivar more: how many earlier ones there are.
    """

    bans: tuple[BanRow, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class SessionsListed:
    """The sessions in which you are here."""

    sessions: tuple[SessionRow, ...]


@dataclass(frozen=True, slots=True)
class TopicShown:
    """The topic of a room, which C{nick} has set."""

    room: str
    text: str
    nick: str = ""


@dataclass(frozen=True, slots=True)
class ModesShown:
    """
    The modes of a room.

    @ivar key: whether a key is needed to enter.
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
    All that may be known of a user.

    @ivar account: the name of the account, or nothing.
    @ivar since: when the user came.
    @ivar idle: whole seconds since the last complete line of the user.
    @ivar why: the reason that was given for being away, perhaps nothing.
    @ivar rooms: those that you may know of.
    @ivar addresses: from where the user comes.  Operators are told this of all
        users, and every user of themselves.
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


# The past.


@dataclass(frozen=True, slots=True)
class Excerpt:
    """
    The head of C{count} L{Recalled} that follow.

    @ivar reason: C{replay} on entering, C{history} for the newest lines, C{after}
        for those after a line or a time, or C{search}.
    @ivar more: whether there are more lines than these: older ones, or, where
        lines after something were asked for, newer ones.
    @ivar last: the id of the last line, 0 if there is none.
    """

    room: str
    reason: str
    count: int
    more: bool = False
    last: int = 0


@dataclass(frozen=True, slots=True)
class Recalled:
    """
    A line of the past.

    @ivar acted: whether it was done (C{/me}) and not said.
    """

    room: str
    id: int
    at: datetime
    nick: str
    text: str
    acted: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """
    The lines C{first} to C{last} of a room cannot be read any more.

    @ivar reason: C{expired}, when they were kept long enough, C{lost}, when they were
        never stored or are damaged, or C{stopped}, when the service stopped unexpectedly:
        few of the ids belong to lines then, or none.
    """

    room: str
    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stored:
    """Every line of the room up to C{id} is on the disk, but for those that L{Missed} names."""

    room: str
    id: int


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
    """The name of the service, and the version of tcpchat."""

    service: str
    version: str


@dataclass(frozen=True, slots=True)
class LanguageSet:
    """
    The service speaks this language to you.

    @ivar changed: whether you have just chosen it.
    """

    language: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class FormatSet:
    """
    The service writes to you in this format now, one of L{chat.vocabulary.style.FORMATS}.

    @ivar limit: bytes that a line to the service may have, its end included; 0 where there is
        no limit, and where an older service does not tell it.
    """

    format: str
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Uptime:
    """The service has been running for so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Closed:
    """
    The last event of a session, which the service ends.

    @ivar by: the nickname of the user who has ended it, or nothing.
    @ivar until: when a ban ends; L{None} for never.
    """

    reason: Ending
    about: str = ""
    text: str = ""
    by: str = ""
    until: datetime | None = None
