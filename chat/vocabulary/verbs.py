"""
How commands are typed: L{parse} makes a L{Command} of a line.

The verbs stand with their commands, in L{chat.vocabulary.commands}.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from chat.vocabulary.arguments import cut
from chat.vocabulary.commands import VERBS as VERBS
from chat.vocabulary.commands import Command, Say, Subject
from chat.vocabulary.commands import Verb as Verb
from chat.vocabulary.errors import (
    ArgumentInvalid,
    ArgumentMissing,
    CommandMeant,
    UnknownCommand,
)
from chat.vocabulary.limits import MIN_PASSWORD
from chat.vocabulary.reserved import COMMANDS
from chat.vocabulary.sanitizing import clean

_WIDE_SLASH, _SLASH_KEY = "\uff0f", "\u3001"
_SLASHES = ("/", _WIDE_SLASH)

# What keys give that are meant for the slash: its own key in the state of an input method for
# Chinese or Japanese, or on another keyboard; backslashes, which share their key with a sign of a
# currency; and what looks like a slash.  Spaces may follow.
_MARKS = "、､・･·÷\\\\＼﹨¥￥₩￦⁄∕⧸"
# Its neighbours, and its key with Shift.
_NEIGHBOURS = ".．。｡,，?？!！:：;；"
# What a dead key leaves before the slash, as in C{'/login}, or a finger that has hit two keys.
_BEFORE_SLASH = r"[^\w\s/／]{1,2}[/／]+"
_TWICE = "[/／]{2,}"
_SLIP = re.compile(
    rf"\s*(?:[{_MARKS}][{_MARKS}/／\s]*|[{_NEIGHBOURS}][/／]?|{_BEFORE_SLASH}|{_TWICE})(\w.*)",
    re.DOTALL,
)

_BY_NAME = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}
_SUBJECTS = {name: subject for subject in Subject for name in subject.value}


def verbNamed(name: str) -> Verb:
    """
    @param name: a name or an alias, in any case and width, with its slash or without.
    @raise UnknownCommand: when there is no such verb.
    """
    plain = clean(name).removeprefix("/")
    try:
        return _BY_NAME[_folded(plain)]
    except KeyError:
        raise UnknownCommand("/" + plain) from None


def subjectNamed(name: str) -> Subject | None:
    """
    @param name: a name of a subject, in any case and width.
    """
    return _SUBJECTS.get(_folded(clean(name)))


def verbIn(text: str) -> tuple[Verb, str] | None:
    """
    @return: the verb of a command, also of one whose slash is mistyped, and what stands behind
        it, without white space at its ends; L{None} where the text is none, or its verb is
        unknown.
    """
    slashed = _withSlash(text)
    if not _isSlashed(slashed):
        return _mistyped(slashed)
    name, rest = cut(slashed)
    try:
        return verbNamed(name), rest
    except UnknownCommand:
        return None


def parse(line: str, isSecret: bool = False) -> Command | None:
    """
    Make a command of a line.

    A line that begins with a slash is a command; one that begins with two is said with
    one of them; every other line is said as it is. A slip of the fingers must not make
    a secret public: spaces before the slash do not matter, the fullwidth slash of a
    Chinese keyboard counts as one, and so does the mark that such a keyboard has in its
    place (C{、}), where a verb follows. After two slashes, after other marks, or with a
    space behind the mark, it is less certain that a command is meant, so where the verb
    has a secret, the line is refused, and so is one that is nothing but a word that newcomers take
    for a command (L{chat.vocabulary.reserved}). All text in the command has been made safe.

    @param line: without its line end.
    @param isSecret: whether the line answers the question for a password: then a password
        (L{isPassword}) is said as it is.
    @return: the command, or L{None} for a line with nothing in it.
    @raise UnknownCommand: when there is no such verb.
    @raise CommandMeant: when it looks like a command with a secret, or is such a word, and has
        no slash.
    @raise ArgumentMissing: when the verb needs an argument.
    @raise ArgumentInvalid: when it cannot be understood.
    @raise UnitMissing: when all that is wrong is a time span without its unit.
    """
    text = clean(line)
    if text[:1].isalnum() and text not in COMMANDS:
        # Most lines begin like this, with neither a slash nor a space.
        return Say(text)
    if text in COMMANDS:
        raise CommandMeant("/" + COMMANDS[text].name)
    if isSecret and isPassword(text):
        return Say(text) if text and not text.isspace() else None
    text = _withSlash(text)
    if not _isSlashed(text):
        if (meant := _mistyped(text)) is not None:
            raise CommandMeant("/" + meant[0].name)
        if text.startswith("/"):
            return Say(text[1:])
        return Say(text) if text and not text.isspace() else None
    name, rest = cut(text)
    verb = verbNamed(name)
    try:
        return verb.command(*verb.reads(rest))
    except (ArgumentMissing, ArgumentInvalid) as error:
        raise type(error)(verb.usage) from None


def isCommand(text: str) -> bool:
    """
    @return: whether a text is a command, known or not, or looks like one, and is not
        something to say.
    """
    slashed = _withSlash(text)
    return _isSlashed(slashed) or _mistyped(slashed) is not None or text in COMMANDS


def isPassword(text: str) -> bool:
    """
    Tell a password from the commands that may be typed in its place, such as C{/nick OTHER}.

    One word of L{MIN_PASSWORD} characters or more is a password, though it be the name of a
    command, and so is every text that is no known command, with its slash or, as C{quit},
    without.  No other command can be a password that is kept here: it is too short, or has a
    space.

    @param text: what was typed when a password was asked for, perhaps not all of it yet.
    """
    stripped = text.strip()
    isWord = len(stripped.split()) == 1 and len(stripped) >= MIN_PASSWORD
    return isWord or (verbIn(stripped) is None and text not in COMMANDS)


def literally(text: str) -> str:
    """
    @return: the line that says a text, whatever it begins with; only spaces before
        a slash are lost.
    """
    stripped = text.lstrip()
    line = "/" + stripped if stripped.startswith(_SLASHES) else text
    return f"/{Say.verb.name} {stripped}" if isCommand(line) else line


def _withSlash(text: str) -> str:
    stripped = text.lstrip()
    if stripped.startswith("/"):
        return stripped
    if stripped.startswith(_WIDE_SLASH):
        return "/" + stripped[1:]
    if stripped.startswith(_SLASH_KEY) and _folded(cut(stripped)[0][1:]) in _BY_NAME:
        return "/" + stripped[1:]
    return text


def _isSlashed(text: str) -> bool:
    return text.startswith("/") and text[1:2] not in _SLASHES


def _mistyped(text: str) -> tuple[Verb, str] | None:
    """
    @return: the verb with a secret that a text without one slash seems to be meant for, and
        what stands behind it.
    """
    slip = _SLIP.match(text)
    if slip is None:
        return None
    name, rest = cut(slip[1])
    verb = _BY_NAME.get(_folded(name))
    if verb is None or not verb.secret or len(rest.split(maxsplit=verb.secret)) < verb.secret:
        return None
    return verb, rest


def _folded(name: str) -> str:
    """Names are found in any case, and in the wide letters of a Chinese keyboard."""
    return normalize("NFKC", name).lower()
