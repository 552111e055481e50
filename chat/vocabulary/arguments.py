"""
The arguments of verbs: each function makes the fields of a command of the text behind its
verb.

That text has been cleaned.  The functions raise L{chat.vocabulary.errors.ArgumentMissing} or
L{chat.vocabulary.errors.ArgumentInvalid} without saying how the verb is used:
L{chat.vocabulary.verbs.parse} knows that.  Of a time span they raise
L{chat.vocabulary.errors.UnitMissing}, too.
"""

from __future__ import annotations

import re

from chat.vocabulary.errors import ArgumentInvalid, ArgumentMissing, UnitMissing
from chat.vocabulary.names import ROOM_MARKS

MAX_HISTORY = 1000
"""How many lines of history can be asked for at once."""

LONGEST = 100 * 366 * 86400
"""The longest time span that is understood, in seconds."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DIGITS = 9
_SPAN = re.compile(rf"(?:[0-9]{{1,{_DIGITS}}}[smhdw])+", re.ASCII)
_PART = re.compile(r"([0-9]+)([smhdw])", re.ASCII)


def cut(text: str) -> tuple[str, str]:
    """The first word and the rest; any white space parts them, U+3000 of Chinese too."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].rstrip() if rest else ""


def nothing(rest: str) -> tuple[()]:
    """No argument: one that were ignored might be what the command is meant for."""
    if rest:
        raise ArgumentInvalid
    return ()


def anything(rest: str) -> tuple[str]:
    """All of it, and it may be left out."""
    return (rest,)


def needed(rest: str) -> tuple[str]:
    """All of it, and it may not be left out."""
    return (_needed(rest),)


def oneWord(rest: str) -> tuple[str]:
    """Exactly one word."""
    word, more = cut(rest)
    if more:
        raise ArgumentInvalid
    return (_needed(word),)


def twoWords(rest: str) -> tuple[str, str]:
    """A word, and something more."""
    word, more = cut(rest)
    return word, _needed(more)


def withReason(rest: str) -> tuple[str, str]:
    """A word, and a reason that may be left out."""
    word, reason = cut(rest)
    return _needed(word), reason


def seconds(text: str) -> int | None:
    """
    A time span as it is typed: C{90s}, C{10m}, C{2h}, C{30d}, C{1h30m}.

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


def join(rest: str) -> tuple[str, str]:
    """C{#ROOM [KEY]}"""
    room, key = cut(rest)
    if " " in key:
        raise ArgumentInvalid
    return _needed(room), key


def part(rest: str) -> tuple[str, str]:
    """C{[#ROOM] [REASON]}"""
    room, reason = cut(rest)
    return (room, reason) if room.startswith(ROOM_MARKS) else ("", rest.strip())


def mode(rest: str) -> tuple[()] | tuple[str, str]:
    """C{[key KEY|none, private on|off, topic owner|all]}"""
    word, value = cut(rest)
    name = word.lower()
    match name:
        case "":
            return ()
        case "key":
            return name, *oneWord(value)
        case "private":
            return name, _oneOf(value, "on", "off")
        case "topic":
            return name, _oneOf(value, "owner", "all")
        case _:
            raise ArgumentInvalid


def history(rest: str) -> tuple[int, int | None, int | None, str]:
    """C{[N | after ID | since 2h] [in #ROOM]}"""
    words = rest.split()
    room = ""
    if len(words) >= 2 and words[-2].lower() == "in" and words[-1].startswith(ROOM_MARKS):
        room = words[-1]
        del words[-2:]
    match [word.lower() for word in words]:
        case []:
            return 0, None, None, room
        case [number]:
            return min(_number(number, 1), MAX_HISTORY), None, None, room
        case ["after", number]:
            return 0, _number(number, 0), None, room
        case ["since", text]:
            return 0, None, _span(text), room
        case _:
            raise ArgumentInvalid


def search(rest: str) -> tuple[str, str, str]:
    """C{WORDS [in #ROOM] [from NAME]}"""
    words = rest.split()
    room = nick = ""
    while len(words) > 2:
        word, value = words[-2].lower(), words[-1]
        if word == "in" and value.startswith(ROOM_MARKS) and not room:
            room = value
        elif word == "from" and not nick:
            nick = value
        else:
            break
        del words[-2:]
    return _needed(" ".join(words)), room, nick


def login(rest: str) -> tuple[str, str]:
    """C{[NAME] PASSWORD}"""
    first, second = cut(rest)
    if not second:
        return "", _needed(first)
    return first, *oneWord(second)


def sessions(rest: str) -> tuple[()] | tuple[int]:
    """C{[end N]}"""
    word, number = cut(rest)
    if not word:
        return ()
    if word.lower() != "end":
        raise ArgumentInvalid
    return (_number(_needed(number), 1),)


def operator(rest: str) -> tuple[str, bool]:
    """C{[NAME [on|off]]}"""
    name, choice = cut(rest)
    return name, _oneOf(choice or "on", "on", "off") == "on"


def sanction(rest: str) -> tuple[str, int | None, str]:
    """C{TARGET [2h|30d] [REASON]}"""
    target, more = cut(rest)
    word, why = cut(more)
    if word[:1].isdigit():
        # A mistyped time span is no reason: the sanction would never end.
        return _needed(target), _span(word), why
    return _needed(target), None, more


def _needed(argument: str) -> str:
    if not argument:
        raise ArgumentMissing
    return argument


def _oneOf(value: str, *choices: str) -> str:
    choice = _needed(value).lower()
    if choice not in choices:
        raise ArgumentInvalid
    return choice


def _span(text: str) -> int:
    """See L{seconds}."""
    span = seconds(text)
    if span is None:
        raise UnitMissing(text) if text.isdecimal() and len(text) <= _DIGITS else ArgumentInvalid
    return span


def _number(text: str, least: int) -> int:
    """A number of ASCII digits that SQL and JSON can hold."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15 and int(text) >= least):
        raise ArgumentInvalid
    return int(text)
