"""
How commands are typed: L{parse} makes a L{Command} of a line.

The verbs stand with their commands, in L{chat.vocabulary.commands}.
"""

from __future__ import annotations

from chat.vocabulary.arguments import cut
from chat.vocabulary.commands import VERBS as VERBS
from chat.vocabulary.commands import Command, Say
from chat.vocabulary.commands import Verb as Verb
from chat.vocabulary.errors import ArgumentInvalid, ArgumentMissing, UnknownCommand
from chat.vocabulary.sanitizing import clean

_WIDE_SLASH, _SLASH_KEY = "\uff0f", "\u3001"
_SLASHES = ("/", _WIDE_SLASH, _SLASH_KEY)

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


def verbIn(text: str) -> Verb | None:
    """
    @return: the verb of a command; L{None} where the text is none, or its verb is unknown.
    """
    try:
        return verbNamed(cut(_withSlash(text))[0]) if isCommand(text) else None
    except UnknownCommand:
        return None


def parse(line: str, isSecret: bool = False) -> Command | None:
    """
    Make a command of a line.

    A line that begins with a slash is a command; one that begins with two is said
    with one of them; every other line is said as it is.  A slip of the fingers must
    not make a private message public: spaces before the slash do not matter, the
    fullwidth slash of a Chinese keyboard counts as one, and so does the mark that
    such a keyboard has in its place (C{、}), where a verb follows.  All text in the
    command has been made safe.

    @param line: without its line end.
    @param isSecret: whether it may be a password, which may begin with a slash: then a
        line with an unknown verb is said, so that no refusal repeats it.
    @return: the command, or L{None} for a line with nothing in it.
    @raise UnknownCommand: when there is no such verb.
    @raise ArgumentMissing: when the verb needs an argument.
    @raise ArgumentInvalid: when it cannot be understood.
    """
    text = clean(line)
    if text[:1].isalnum():
        # Most lines begin like this, with neither a slash nor a space.
        return Say(text)
    text = _withSlash(text)
    if not text.startswith("/"):
        return Say(text) if text and not text.isspace() else None
    if text[1:2] in _SLASHES:
        return Say(text[1:])
    name, rest = cut(text)
    try:
        verb = verbNamed(name)
    except UnknownCommand:
        if isSecret:
            return Say(clean(line))
        raise
    try:
        return verb.command(*verb.reads(rest))
    except (ArgumentMissing, ArgumentInvalid) as error:
        raise type(error)(verb.usage) from None


def isCommand(text: str) -> bool:
    """
    @return: whether a text is a command, known or not, and not something to say.
    """
    slashed = _withSlash(text)
    return slashed.startswith("/") and slashed[1:2] not in _SLASHES


def literally(text: str) -> str:
    """
    @return: the line that says a text, whatever it begins with; only spaces before
        a slash are lost.
    """
    return "/" + text.lstrip() if _withSlash(text).startswith("/") else text


def _withSlash(text: str) -> str:
    stripped = text.lstrip()
    if stripped.startswith("/"):
        return stripped
    if stripped.startswith(_WIDE_SLASH):
        return "/" + stripped[1:]
    if stripped.startswith(_SLASH_KEY) and cut(stripped)[0][1:].lower() in _BY_NAME:
        return "/" + stripped[1:]
    return text
