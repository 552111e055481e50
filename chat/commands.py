"""
Everything a participant can ask for, and the one table of its verbs.

L{parse} makes a L{Command} of a line.  The table L{VERBS} is the only place
that knows names, aliases and arguments: C{/help}, the completion of the client
and the documentation are generated from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chat.errors import ArgumentMissing, UnknownCommand
from chat.languages import N_
from chat.text import clean


@dataclass(frozen=True, slots=True)
class Say:
    """Say C{text} in the room one talks in; before that, it is the nickname."""

    text: str


@dataclass(frozen=True, slots=True)
class Nick:
    """Be called C{name}."""

    name: str


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


@dataclass(frozen=True, slots=True)
class Who:
    """List who is in C{room}, or in the room one talks in."""

    room: str = ""


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer when everything before has been answered."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """Explain C{command}, or list all commands."""

    command: str = ""


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
class Quit:
    """Leave, with a reason or without."""

    reason: str = ""


Command = Say | Nick | Act | Tell | Reply | Who | Ping | Help | Lang | Format | Version | Quit


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


def _tell(rest: str) -> Tell:
    to, text = _cut(rest)
    return Tell(to, _needed(text))


def _cut(text: str) -> tuple[str, str]:
    """The first word and the rest; any space parts them, U+3000 of Chinese too."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].rstrip() if rest else ""


def _needed(argument: str) -> str:
    if not argument:
        raise ArgumentMissing
    return argument


VERBS: tuple[Verb, ...] = (
    Verb("help", ("?", "帮助"), "[COMMAND]", False, N_("list the commands"), Help),
    Verb(
        "nick",
        ("name", "昵称"),
        "NAME",
        False,
        N_("take a nickname, or change it"),
        lambda rest: Nick(_needed(rest)),
    ),
    Verb(
        "who",
        ("names", "users", "w", "在线"),
        "[ROOM]",
        True,
        N_("list who is here, and how long they have been silent"),
        Who,
    ),
    Verb(
        "me",
        ("emote", "动作"),
        "TEXT",
        True,
        N_("say what you do: /me waves"),
        lambda rest: Act(_needed(rest)),
    ),
    Verb(
        "msg",
        ("tell", "m", "私聊"),
        "NAME TEXT",
        True,
        N_("tell one person something in private"),
        _tell,
    ),
    Verb(
        "reply",
        ("r", "回复"),
        "TEXT",
        True,
        N_("answer the last private message"),
        lambda rest: Reply(_needed(rest)),
    ),
    Verb("ping", (), "[TOKEN]", False, N_("answered when all before it is answered"), Ping),
    Verb("lang", ("语言",), "[en|zh_CN]", False, N_("choose your language"), Lang),
    Verb("format", ("格式",), "[text|json]", False, N_("choose text, or JSON lines"), Format),
    Verb("version", ("版本",), "", False, N_("tell what runs here"), lambda rest: Version()),
    Verb("quit", ("exit", "bye", "退出"), "[REASON]", False, N_("leave"), Quit),
)

_BY_NAME = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}


def verbNamed(name: str) -> Verb:
    """
    @param name: a name or an alias, in any case, with its slash or without.
    @raise UnknownCommand: when there is no such verb.
    """
    plain = clean(name).removeprefix("/")
    try:
        return _BY_NAME[plain.lower()]
    except KeyError:
        raise UnknownCommand("/" + plain) from None


def parse(line: str) -> Command | None:
    """
    Make a command of a line.

    A line that begins with a slash is a command, with two slashes it says the
    rest with one; every other line is said as it is.  All text in the command
    has been made safe.

    @param line: without its line end.
    @return: the command, or L{None} for a line with nothing in it.
    @raise UnknownCommand: when there is no such verb.
    @raise ArgumentMissing: when the verb needs an argument.
    """
    text = clean(line)
    if not text.startswith("/"):
        return Say(text) if text and not text.isspace() else None
    if text.startswith("//"):
        return Say(text[1:])
    name, rest = _cut(text)
    verb = verbNamed(name)
    try:
        return verb.build(rest)
    except ArgumentMissing:
        raise ArgumentMissing(verb.usage) from None
