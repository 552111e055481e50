"""
Everything a participant can ask for.

A command is a frozen value of what was asked, made by L{chat.vocabulary.verbs.parse} of a
line.  All text in it has been made safe.

The commands of those who keep order stand in L{chat.vocabulary.moderationcommands}; they can
be had from here, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chat.vocabulary.moderationcommands import Announce as Announce
from chat.vocabulary.moderationcommands import Ban as Ban
from chat.vocabulary.moderationcommands import Bans as Bans
from chat.vocabulary.moderationcommands import Kick as Kick
from chat.vocabulary.moderationcommands import ModerationCommand as ModerationCommand
from chat.vocabulary.moderationcommands import Mute as Mute
from chat.vocabulary.moderationcommands import Operator as Operator
from chat.vocabulary.moderationcommands import Rehash as Rehash
from chat.vocabulary.moderationcommands import Rename as Rename
from chat.vocabulary.moderationcommands import Unban as Unban
from chat.vocabulary.moderationcommands import Unmute as Unmute

# For everybody.


@dataclass(frozen=True, slots=True)
class Help:
    """Explain C{command}, or list all commands."""

    command: str = ""


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer when everything before has been answered."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Lang:
    """Speak C{language} to me, or tell which it is."""

    language: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """Write to me in C{format}, or tell which it is."""

    format: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """Tell what runs here."""


@dataclass(frozen=True, slots=True)
class Timestamps:
    """Begin each line with its time, or do not, or tell which it is."""

    choice: str = ""


@dataclass(frozen=True, slots=True)
class Bell:
    """Ring when I am meant, always, or never, or tell which it is."""

    choice: str = ""


@dataclass(frozen=True, slots=True)
class Motd:
    """Show the message of the day."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """Tell for how long this has been running."""


# What may change the state of a session.


@dataclass(frozen=True, slots=True)
class Nick:
    """Be called C{name}."""

    name: str


@dataclass(frozen=True, slots=True)
class Login:
    """Be who C{name} is, by a password; without a name, the one just asked for."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave, with a reason or without."""

    reason: str = ""


# Talk.


@dataclass(frozen=True, slots=True)
class Say:
    """Say C{text} in the room one talks in; before that, it is the nickname."""

    text: str


@dataclass(frozen=True, slots=True)
class Act:
    """Do C{text}."""

    text: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell C{to} something in private."""

    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Tell C{text} to the last one who told you something."""

    text: str


# Rooms.


@dataclass(frozen=True, slots=True)
class Join:
    """Come into C{room}, or talk there."""

    room: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Leave C{room}, or the room one talks in."""

    room: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """Talk in C{room}, in which one is already."""

    room: str


@dataclass(frozen=True, slots=True)
class Rooms:
    """List the rooms."""


@dataclass(frozen=True, slots=True)
class Who:
    """List who is in C{room}, or in the room one talks in."""

    room: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """Say what the room is about, or ask."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Invite:
    """Let C{nick} come into the room one talks in."""

    nick: str


@dataclass(frozen=True, slots=True)
class Mode:
    """Change how the room is kept, or ask."""

    mode: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Op:
    """Make C{nick} an owner of the room."""

    nick: str


@dataclass(frozen=True, slots=True)
class Deop:
    """Make C{nick} no owner of the room any more."""

    nick: str


# The past.


@dataclass(frozen=True, slots=True)
class History:
    """
    Show the newest C{count} lines of C{room}, or of the room one talks in; or those
    after the line C{after}, or those of the last C{seconds}.
    """

    count: int = 0
    after: int | None = None
    seconds: int | None = None
    room: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Find lines with all of C{words}."""

    words: str
    room: str = ""
    nick: str = ""


# Accounts.


@dataclass(frozen=True, slots=True)
class Register:
    """Make the nickname one has one's own."""

    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Password:
    """Have another password."""

    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unregister:
    """Give the account up."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """List one's own sessions, or end the one of that number."""

    end: int | None = None


# What concerns oneself.


@dataclass(frozen=True, slots=True)
class Ignore:
    """Hear nothing from C{nick}; without one, list whom one ignores."""

    nick: str = ""


@dataclass(frozen=True, slots=True)
class Unignore:
    """Hear C{nick} again."""

    nick: str


@dataclass(frozen=True, slots=True)
class Away:
    """Be away, and say why."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    """Be back."""


@dataclass(frozen=True, slots=True)
class Whois:
    """Tell what may be known of C{nick}."""

    nick: str


GeneralCommand = Help | Ping | Lang | Format | Version | Timestamps | Bell | Motd | Uptime

StateCommand = Nick | Login | Quit

TalkCommand = Say | Act | Tell | Reply

RoomCommand = Join | Part | Switch | Rooms | Who | Topic | Invite | Mode | Op | Deop

PastCommand = History | Search

AccountCommand = Register | Password | Unregister | Sessions

PersonalCommand = Ignore | Unignore | Away | Back | Whois

Command = (
    GeneralCommand
    | StateCommand
    | TalkCommand
    | RoomCommand
    | PastCommand
    | AccountCommand
    | PersonalCommand
    | ModerationCommand
)
