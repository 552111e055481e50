"""
What a session has been told, and what the reference says, in one form.

A line of JSON becomes a tuple again. For a session that reads text, the tuple of the reference
becomes a line.
"""

from __future__ import annotations

import json
from datetime import datetime

Fact = tuple[object, ...]

FIELDS = {
    "acted": "room id nick text",
    "closed": "reason about by",
    "done": "code about",
    "entered": "room others",
    "excerpt": "room reason count more last",
    "joined": "room nick count",
    "left": "room nick reason text count by",
    "listed": "room people",
    "missed": "room first last reason",
    "parted": "room reason by text",
    "passwordasked": "nick own",
    "recalled": "room id nick text acted",
    "refused": "code about",
    "renamed": "room nick name",
    "said": "room id nick text",
    "sent": "to text",
    "sessionschanged": "count",
    "talking": "room",
    "told": "nick text",
    "warned": "code about",
    "welcomed": "room nick others",
}

_REFUSALS = {
    "argument-invalid": "Usage: {}",
    "nick-needed": "Choose a nickname first: type it and press Enter",
    "nick-invalid": "Use only letters, digits, _ and -, beginning with a letter",
    "nick-too-long": "Too long: at most {} characters (Chinese ones count double)",
    "nick-taken": "{} is taken; choose another",
    "nick-unchanged": "You are already {}",
    "nick-registered": "{0} is registered",
    "wrong-password": "Wrong password for {}",
    "account-needed": "You need an account for that: /register PASSWORD or /login",
    "no-such-nick": "Nobody called {} is here",
    "no-room": "You are not in any room; see /rooms, then /join #ROOM",
    "not-in-room": "You are not in {0}; /join {0} first",
    "too-many-rooms": "You are in {} rooms, the limit; leave one first with /part",
    "rooms-full": "There are too many rooms already; /rooms lists them",
    "owner-needed": "Only an owner of {} can do that",
    "no-such-account": "There is no account {}",
    "yourself": "You cannot do that to yourself",
}
_DONE = {
    "logged-in": "You are logged in as {}.",
    "nick-kept": "You are still {}.",
    "registered": "{0} is now registered to you; next time, /login {0} PASSWORD.",
    "unregistered": "Your account {} has been deleted.",
    "account-removed": "The account {} has been deleted.",
    "kicked": "{} has been kicked.",
}
_LEFT = {
    "quit": "quit",
    "input-closed": "input closed",
    "connection-lost": "connection lost",
    "moved": "continues under another nickname",
}
_CLOSED = {
    "quit": "--- Goodbye.",
    "input-closed": "--- Goodbye: end of input.",
    "session-ended": "--- Goodbye: you ended this session.",
}


_HINT = "Just type; /help for commands."


def fact(line: str) -> Fact:
    """
    What a line of JSON says.
    """
    mapping = json.loads(line)
    if mapping["event"] == "listed":
        mapping["people"] = [person["nick"] for person in mapping["people"]]
    return (mapping["event"], *(mapping[name] for name in FIELDS[mapping["event"]].split()))


def joined(lines: list[str]) -> list[str]:
    """
    @return: the lines, a welcome of two lines as one.
    """
    whole: list[str] = []
    for line in lines:
        if line == f"--- {_HINT}":
            whole[-1] += f" {_HINT}"
        else:
            whole.append(line)
    return whole


def text(here: str, fact: Fact, at: datetime) -> str:
    """
    How something reads as text.

    @param here: The room in which the session talks.
    @param at: When everything is said.
    """
    kind, *values = fact
    room = "" if not values or values[0] == here else f"{values[0]} "
    match kind, *values:
        case "said", _, _, nick, words:
            return f"{room}{nick}: {words}"
        case "acted", _, _, nick, words:
            return f"{room} * {nick} {words}"
        case "recalled", _, _, nick, words, isActed:
            time = f"{at.astimezone():%Y-%m-%d %H:%M}"
            return f"[{time}] {room}" + (f"* {nick} {words}" if isActed else f"{nick}: {words}")
        case "told", nick, words:
            return f"[{nick} -> you] {words}"
        case "sent", nick, words:
            return f"[you -> {nick}] {words}"
        case "refused", str(code), about:
            return f"!!! {_REFUSALS[code].format(about)} ({code})"
        case "done", str(code), about:
            return "--- " + _DONE[code].format(about)
        case "warned", "said-aloud", _:
            words = "Your next line goes to the room; use /login NAME PASSWORD"
            return f"!!! {words} (said-aloud)"
        case "passwordasked", nick, "":
            return "--- If it is yours, type your password; otherwise pick another: /nick NAME."
        case "passwordasked", nick, own:
            return f"--- If it is yours, type your password; to stay {own}, type /nick {own}."
        case "joined", name, nick, count:
            return f"--> {nick} joined {name} ({count} here)"
        case "left", name, nick, "account-removed", _, count, by:
            return f"<-- {nick} left {name}: {by} deleted the account ({count} here)"
        case "left", name, nick, str(reason), words, count, by:
            why = f": kicked by {by}: {words}" if by else f": {words or _LEFT.get(reason)}"
            return f"<-- {nick} left {name}{'' if reason == 'parted' else why} ({count} here)"
        case "renamed", _, nick, name:
            return f"--- {nick} is now {name}"
        case "parted", name, "parted", *_:
            return f"--- You left {name}."
        case "parted", name, "kicked", by, why:
            return f"--- {by} kicked you out of {name}: {why}"
        case "talking", "":
            return "--- You are not in any room now; see /rooms, then /join #ROOM."
        case "talking", name:
            return f"--- You are now talking in {name}."
        case "welcomed", name, nick, others:
            start = f"--- You are {nick}, {_with(name, others)}"
            return f"{start} {_HINT}"
        case "entered", name, others:
            return f"--- You are {_with(name, others)}"
        case "listed", name, people:
            assert isinstance(people, list)
            noun = "person" if len(people) == 1 else "people"
            return f"--- {len(people)} {noun} in {name}: {', '.join(people)}"
        case "sessionschanged", count:
            return f"--- You now have {count} session{'' if count == 1 else 's'} here."
        case "excerpt", name, reason, count, more, _:
            return _excerpt(name, str(reason), count, more)
        case "missed", name, first, last, _ if first == last:
            return f"--- Line {first} of {name} has expired"
        case "missed", name, first, last, _:
            return f"--- Lines {first} to {last} of {name} have expired"
        case "closed", "kicked", why, by:
            return f"!!! You have been kicked by {by}: {why} (kicked)"
        case "closed", "account-removed", _, by:
            return f"!!! {by} has deleted your account (account-removed)"
        case "closed", str(reason), _, _:
            return _CLOSED[reason]
    raise ValueError(fact)


def _with(room: object, others: object) -> str:
    assert isinstance(others, list)
    return f"in {room} with {', '.join(others)}." if others else f"alone in {room}."


def _excerpt(room: object, reason: str, count: object, more: object) -> str:
    if not count:
        return f"--- There are no such lines in {room}."
    kind = "" if reason == "after" else " earlier"
    further = f"; for more, /history 100 in {room}" if more else ""
    return f"--- {count}{kind} line{'' if count == 1 else 's'} from {room}{further}"
