"""Tests for L{chat.rendering.text}, beside those of the contract."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chat.events import (
    Acted,
    Closed,
    Ending,
    Event,
    Greeted,
    Helped,
    Joined,
    Left,
    Listed,
    Noticed,
    Person,
    Ponged,
    Refused,
    Said,
    Told,
    Welcomed,
)
from chat.rendering.text import TextRendering
from chat.wording import NAMES_IN_WELCOME, NAMES_PER_LINE

AT = datetime(2026, 11, 21, 4, 35, 38, 123456, UTC)


def lines(event: Event, language: str = "en") -> list[str]:
    """How an event reads, without line ends."""
    data = TextRendering(language).render(event)
    assert data.endswith(b"\r\n")
    return data.decode().removesuffix("\r\n").split("\r\n")


@pytest.mark.parametrize(
    ("count", "people"),
    [(0, "0 people are"), (1, "1 person is"), (2, "2 people are"), (1000, "1000 people are")],
)
def test_greetingCounts(count: int, people: str) -> None:
    assert lines(Greeted("The Lobby", count)) == [f"--- Welcome to The Lobby. {people} here."]


def test_welcomeAlone() -> None:
    assert lines(Welcomed("#lobby", "alice")) == [
        "--- You are alice, in #lobby, where nobody else is yet. /help lists the commands."
    ]


def test_welcomeNamesSomeAndCountsTheOthers() -> None:
    """It is one line, however many are there."""
    names = tuple(f"n{number}" for number in range(NAMES_IN_WELCOME + 3))
    shown = ", ".join(names[:NAMES_IN_WELCOME])
    assert lines(Welcomed("#lobby", "alice", names)) == [
        f"--- You are alice, in #lobby with {shown} and 3 more. /help lists the commands."
    ]
    assert "more" not in lines(Welcomed("#lobby", "alice", names[:NAMES_IN_WELCOME]))[0]


def test_listOfNobody() -> None:
    assert lines(Listed("#dev", ())) == ["--- 0 people in #dev"]


def test_listOfOne() -> None:
    assert lines(Listed("#dev", (Person("alice"),))) == ["--- 1 person in #dev: alice"]


def test_longListIsSeveralLines() -> None:
    """Each of them says where it belongs, and nobody is missing."""
    people = tuple(Person(f"n{number}") for number in range(2 * NAMES_PER_LINE + 1))
    rows = lines(Listed("#dev", people))
    assert len(rows) == 3
    assert all(row.startswith("--- 41 people in #dev: ") for row in rows)
    names = [name for row in rows for name in row.split(": ")[1].split(", ")]
    assert names == [person.nick for person in people]


@pytest.mark.parametrize(
    ("idle", "shown"),
    [
        (0, "bob"),
        (59, "bob"),
        (60, "bob (idle 1m)"),
        (3599, "bob (idle 59m)"),
        (3600, "bob (idle 1h)"),
        (86399, "bob (idle 23h)"),
        (86400, "bob (idle 1d)"),
        (1_000_000, "bob (idle 11d)"),
    ],
)
def test_idleTimes(idle: int, shown: str) -> None:
    """Whoever wrote within the last minute is not idle."""
    assert lines(Listed("#dev", (Person("bob", idle),))) == [f"--- 1 person in #dev: {shown}"]


def test_hisOwnReasonInsteadOfOurs() -> None:
    assert lines(Left("#lobby", AT, "bob", Ending.QUIT, "so long", 2)) == [
        "<-- bob left #lobby: so long (2 here)"
    ]
    assert lines(Left("#lobby", AT, "bob", Ending.QUIT, "", 2)) == [
        "<-- bob left #lobby: quit (2 here)"
    ]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Ending.INPUT_CLOSED, "input closed"),
        (Ending.CONNECTION_LOST, "connection lost"),
        (Ending.IDLE_TIMEOUT, "timed out"),
        (Ending.TOO_SLOW, "too slow"),
    ],
)
def test_reasonsOfTheProtocol(ending: Ending, reason: str) -> None:
    assert lines(Left("#lobby", AT, "bob", ending)) == [f"<-- bob left #lobby: {reason} (0 here)"]


def test_helpWithoutArgumentsOrAliases() -> None:
    assert lines(Helped("/version", (), "", "tell what runs here")) == [
        "--- /version: tell what runs here"
    ]


def test_pongWithoutToken() -> None:
    assert lines(Ponged()) == ["--- PONG"]


def test_goodbye() -> None:
    assert lines(Closed(Ending.QUIT)) == ["--- Goodbye."]
    assert lines(Closed(Ending.SHUTDOWN)) == ["--- Goodbye: the service stops."]


def test_otherProtocol() -> None:
    assert lines(Closed(Ending.NOT_CHAT, "HTTP")) == [
        "!!! this is a chat service and does not speak HTTP; try telnet (not-chat)"
    ]


def test_unknownCommand() -> None:
    assert lines(Refused("unknown-command", "/foo")) == [
        "!!! no command /foo; /help lists them (unknown-command)"
    ]


def test_emptyNotice() -> None:
    """An empty line of the message of the day is one."""
    assert lines(Noticed("")) == ["--- "]


def test_elsewhere() -> None:
    """What is said in another room names it first; the rest names it anyway, or is private."""
    rendering = TextRendering("en").elsewhere
    assert rendering.render(Said("#dev", 1, AT, "alice", "hi")) == b"#dev alice: hi\r\n"
    assert rendering.render(Acted("#dev", 1, AT, "alice", "waves")) == b"#dev  * alice waves\r\n"
    joined = b"--> alice joined #dev (3 here)\r\n"
    assert rendering.render(Joined("#dev", AT, "alice", 3)) == joined
    assert rendering.render(Told(AT, "alice", "bob", "hi")) == b"[alice -> you] hi\r\n"


@pytest.mark.parametrize("text", ["{nick}", "{", "}", "{0}", "%s", "%(nick)s", "{text!r}"])
def test_textIsNoTemplate(text: str) -> None:
    assert lines(Said("#lobby", 1, AT, "alice", text)) == [f"alice: {text}"]
    assert lines(Left("#lobby", AT, "bob", Ending.QUIT, text, 1)) == [
        f"<-- bob left #lobby: {text} (1 here)"
    ]
    assert lines(Refused("nick-taken", text)) == [
        f"!!! {text} is taken, choose another (nick-taken)"
    ]
