"""
What stands behind a verb, made into a command.

Each function takes the cleaned rest of a line.  It raises
L{chat.vocabulary.errors.ArgumentMissing} or
L{chat.vocabulary.errors.ArgumentInvalid}, without saying how the verb is used:
L{chat.vocabulary.verbs.parse} knows that.
"""

from __future__ import annotations

import re

from chat.vocabulary.commands import (
    Ban,
    History,
    Join,
    Login,
    Mode,
    Mute,
    Operator,
    Part,
    Search,
    Sessions,
)
from chat.vocabulary.errors import ArgumentInvalid, ArgumentMissing
from chat.vocabulary.names import ROOM_MARK

MAX_HISTORY = 1000
"""How many lines of history can be asked for at once."""

LONGEST = 100 * 366 * 86400
"""The longest time span that is understood, in seconds."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN = re.compile(r"(?:[0-9]{1,9}[smhdw])+", re.ASCII)
_PART = re.compile(r"([0-9]+)([smhdw])", re.ASCII)


def cut(text: str) -> tuple[str, str]:
    """The first word and the rest; any space parts them, U+3000 of Chinese too."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].rstrip() if rest else ""


def needed(argument: str) -> str:
    """An argument that may not be left out."""
    if not argument:
        raise ArgumentMissing
    return argument


def oneWord(rest: str) -> str:
    """Exactly one word."""
    word, more = cut(rest)
    if more:
        raise ArgumentInvalid
    return needed(word)


def twoWords(rest: str) -> tuple[str, str]:
    """A word, and something more."""
    word, more = cut(rest)
    return word, needed(more)


def withReason(rest: str) -> tuple[str, str]:
    """A word, and a reason that may be left out."""
    word, reason = cut(rest)
    return needed(word), reason


def seconds(text: str) -> int | None:
    """
    A time span as people type it: C{90s}, C{10m}, C{2h}, C{30d}, C{1h30m}.

    @param text: numbers, each with its unit: seconds, minutes, hours, days or
        weeks, by their first letter in either case.
    @return: how many seconds that is, or L{None} where it is no time span, or
        0, or longer than L{LONGEST}.
    """
    plain = text.lower()
    if not _SPAN.fullmatch(plain):
        return None
    span = sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(plain))
    return span if 0 < span <= LONGEST else None


def join(rest: str) -> Join:
    """C{#ROOM [KEY]}"""
    room, key = cut(rest)
    if " " in key:
        raise ArgumentInvalid
    return Join(needed(room), key)


def part(rest: str) -> Part:
    """C{[#ROOM] [REASON]}"""
    room, reason = cut(rest)
    return Part(room, reason) if room.startswith(ROOM_MARK) else Part("", rest.strip())


def mode(rest: str) -> Mode:
    """C{[key KEY|none, private on|off, topic owner|all]}"""
    word, value = cut(rest)
    name = word.lower()
    match name:
        case "":
            return Mode()
        case "key":
            return Mode(name, oneWord(value))
        case "private":
            return Mode(name, _oneOf(value, "on", "off"))
        case "topic":
            return Mode(name, _oneOf(value, "owner", "all"))
        case _:
            raise ArgumentInvalid


def history(rest: str) -> History:
    """C{[N | after ID | since 2h] [in #ROOM]}"""
    words = rest.split()
    room = ""
    if len(words) >= 2 and words[-2].lower() == "in" and words[-1].startswith(ROOM_MARK):
        room = words[-1]
        del words[-2:]
    match [word.lower() for word in words]:
        case []:
            return History(room=room)
        case [number]:
            return History(min(_number(number, 1), MAX_HISTORY), room=room)
        case ["after", number]:
            return History(after=_number(number, 0), room=room)
        case ["since", text]:
            span = seconds(text)
            if span is None:
                raise ArgumentInvalid
            return History(seconds=span, room=room)
        case _:
            raise ArgumentInvalid


def search(rest: str) -> Search:
    """C{WORDS [in #ROOM] [from NAME]}"""
    words = rest.split()
    room = nick = ""
    while len(words) > 2:
        word, value = words[-2].lower(), words[-1]
        if word == "in" and value.startswith(ROOM_MARK) and not room:
            room = value
        elif word == "from" and not nick:
            nick = value
        else:
            break
        del words[-2:]
    return Search(needed(" ".join(words)), room, nick)


def login(rest: str) -> Login:
    """C{[NAME] PASSWORD}"""
    first, second = cut(rest)
    if not second:
        return Login("", needed(first))
    return Login(first, oneWord(second))


def sessions(rest: str) -> Sessions:
    """C{[end N]}"""
    word, number = cut(rest)
    if not word:
        return Sessions()
    if word.lower() != "end":
        raise ArgumentInvalid
    return Sessions(_number(needed(number), 1))


def ban(rest: str) -> Ban:
    """C{NAME|ADDRESS|CIDR [2h|30d] [WHY]}"""
    return Ban(*_sanction(rest))


def mute(rest: str) -> Mute:
    """C{NAME [2h|30d] [WHY]}"""
    return Mute(*_sanction(rest))


def operator(rest: str) -> Operator:
    """C{[NAME [on|off]]}"""
    name, choice = cut(rest)
    return Operator(name, _oneOf(choice or "on", "on", "off") == "on")


def _sanction(rest: str) -> tuple[str, int | None, str]:
    target, more = cut(rest)
    word, why = cut(more)
    span = seconds(word)
    if span is None and word[:1].isdigit():
        # It was meant for a time, and without one this would be for ever.
        raise ArgumentInvalid
    return needed(target), span, more if span is None else why


def _oneOf(value: str, *choices: str) -> str:
    choice = needed(value).lower()
    if choice not in choices:
        raise ArgumentInvalid
    return choice


def _number(text: str, least: int) -> int:
    """A number of ASCII digits that SQL and JSON can hold."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15 and int(text) >= least):
        raise ArgumentInvalid
    return int(text)
