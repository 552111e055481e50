"""
The contract of L{chat.interfaces.Rendering}: every event in every rendering of every language.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import get_args
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.events import (
    Acted,
    Closed,
    Ending,
    Event,
    FormatSet,
    Greeted,
    Helped,
    Joined,
    LanguageSet,
    Left,
    Listed,
    NickAsked,
    Noticed,
    Person,
    Ponged,
    Present,
    Refused,
    Renamed,
    Said,
    Sent,
    Told,
    Versioned,
    Warned,
    Welcomed,
)
from chat.interfaces import Rendering
from chat.languages import LANGUAGES
from chat.participant import FORMATS
from chat.rendering.choice import renderingFor
from chat.text import clean

AT = datetime(2026, 11, 21, 4, 35, 38, 123456, UTC)

# One sample of each kind, and how it reads in English.
SAMPLES: list[tuple[Event, str]] = [
    (Said("#lobby", 42, AT, "alice", "hello"), "alice: hello"),
    (Acted("#lobby", 43, AT, "alice", "waves"), " * alice waves"),
    (Joined("#lobby", AT, "alice", 3), "--> alice joined #lobby (3 here)"),
    (
        Left("#lobby", AT, "alice", Ending.CONNECTION_LOST, "", 2),
        "<-- alice left #lobby: connection lost (2 here)",
    ),
    (Renamed("#lobby", AT, "alice", "bob"), "--- alice is now bob"),
    (Told(AT, "alice", "bob", "hi"), "[alice -> you] hi"),
    (Sent(AT, "alice", "bob", "hi"), "[you -> bob] hi"),
    (Greeted("tcpchat", 2), "--- Welcome to tcpchat. 2 people are here."),
    (NickAsked(), "--- What is your nickname?"),
    (
        Welcomed("#lobby", "alice", ("bob", "carol")),
        "--- You are alice, in #lobby with bob, carol. /help lists the commands.",
    ),
    (Refused("nick-taken", "bob"), "!!! bob is taken, choose another (nick-taken)"),
    (
        Warned("idle", "60"),
        "!!! you have been silent; say something within 60 seconds to stay (idle)",
    ),
    (Noticed("Tea at five."), "--- Tea at five."),
    (
        Listed("#lobby", (Person("alice", 5), Person("bob", 300))),
        "--- 2 people in #lobby: alice, bob (idle 5m)",
    ),
    (
        Helped("/quit", ("/exit", "/bye"), "[REASON]", "leave"),
        "--- /quit [REASON] (/exit, /bye): leave",
    ),
    (Ponged("token"), "--- PONG token"),
    (Present(), "--- Yes, I am here."),
    (Versioned("tcpchat", "1.0"), "--- tcpchat: tcpchat 1.0"),
    (LanguageSet("en"), "--- The language is English. (en)"),
    (FormatSet("text"), "--- The format is text."),
    (
        Closed(Ending.IDLE_TIMEOUT),
        "!!! you have been silent for too long (idle-timeout)",
    ),
]

# Where the Chinese phrases stand that the users of the origin know.
CHINESE: list[tuple[Event, str]] = [
    (Greeted("tcpchat", 2), "--- 欢迎来到 tcpchat。 在线人数: 2"),
    (NickAsked(), "--- 请输入昵称:"),
    (Refused("nick-taken", "bob"), "!!! bob该昵称被占用了,请更换 (nick-taken)"),
    (Joined("#lobby", AT, "alice", 3), "--> 欢迎alice加入 #lobby (在线人数: 3)"),
    (Said("#lobby", 42, AT, "alice", "hello"), "alice 说：hello"),
    (
        Left("#lobby", AT, "alice", Ending.IDLE_TIMEOUT, "", 2),
        "<-- alice离开聊天室 #lobby: 超时了 (在线人数: 2)",
    ),
]

# What stands in column one, the same in every language.
MARKS = {
    Acted: " * ",
    Joined: "--> ",
    Left: "<-- ",
    Told: "[",
    Sent: "[",
    Refused: "!!! ",
    Warned: "!!! ",
    Closed: "!!! ",
}

EVENTS = [event for event, _ in SAMPLES]
KINDS = [type(event).__name__ for event in EVENTS]

RENDERINGS: list[Rendering] = [
    rendering
    for format in FORMATS
    for language in LANGUAGES
    for chosen in [renderingFor(format, language)]
    for rendering in {chosen, chosen.elsewhere}
]
TEXTS = [renderingFor("text", language) for language in LANGUAGES]


def test_oneSampleOfEachKind() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))
    assert len(EVENTS) == len(get_args(Event))


# What holds for every rendering.


def _line(data: bytes) -> str:
    """The one line in C{data}, without its end."""
    text = data.decode()
    assert text.endswith("\r\n")
    line = text.removesuffix("\r\n")
    assert not any(category(char) in ("Cc", "Zl", "Zp") for char in line), line
    return line


@pytest.mark.parametrize("event", EVENTS, ids=KINDS)
@pytest.mark.parametrize("rendering", RENDERINGS)
def test_wholeLinesWithoutControls(rendering: Rendering, event: Event) -> None:
    """Each of these events is one line; a terminal does nothing but show it."""
    line = _line(rendering.render(event))
    assert line == line.rstrip()
    assert line


@pytest.mark.parametrize("event", EVENTS, ids=KINDS)
@pytest.mark.parametrize("rendering", RENDERINGS)
def test_sameEventSameBytes(rendering: Rendering, event: Event) -> None:
    """An audience renders once for all."""
    assert rendering.render(event) == rendering.render(event)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_sameChoiceSameInstance(format: str, language: str) -> None:
    """An audience groups its recipients by it."""
    rendering = renderingFor(format, language)
    assert renderingFor(format, language) is rendering
    assert rendering.elsewhere is rendering.elsewhere
    assert rendering.elsewhere.elsewhere is rendering.elsewhere
    assert rendering.elsewhere.echoes == rendering.echoes


def test_everyChoiceIsAnotherInstance() -> None:
    chosen = {renderingFor(format, language) for format in FORMATS for language in LANGUAGES}
    assert len(chosen) == len(FORMATS) * len(LANGUAGES)


def test_onlyProgramsHearThemselves() -> None:
    for language in LANGUAGES:
        assert not renderingFor("text", language).echoes
        assert renderingFor("json", language).echoes


# What people read.


@pytest.mark.parametrize(("event", "line"), SAMPLES, ids=KINDS)
def test_inEnglish(event: Event, line: str) -> None:
    assert renderingFor("text", "en").render(event) == f"{line}\r\n".encode()


@pytest.mark.parametrize(("event", "line"), CHINESE, ids=lambda value: type(value).__name__)
def test_inChinese(event: Event, line: str) -> None:
    assert renderingFor("text", "zh_CN").render(event) == f"{line}\r\n".encode()


@pytest.mark.parametrize("event", EVENTS, ids=KINDS)
@pytest.mark.parametrize("rendering", TEXTS)
def test_marksInColumnOne(rendering: Rendering, event: Event) -> None:
    mark = "alice" if isinstance(event, Said) else MARKS.get(type(event), "--- ")
    assert _line(rendering.render(event)).startswith(mark)


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("rendering", TEXTS)
def test_lastLineIsNoticeOrWarning(rendering: Rendering, ending: Ending) -> None:
    """A warning has its code; an ending that is nobody's fault has none."""
    line = _line(rendering.render(Closed(ending, "1")))
    if line.startswith("!!! "):
        assert line.endswith(f" ({ending})")
    else:
        assert line.startswith("--- ")
        assert ending in ("quit", "input-closed", "connection-lost", "shutdown")


# What nobody can forge.


_nicks = st.sampled_from(["alice", "B-o_b1", "李雷", "שלום", "हिन्दी"])
_texts = st.lists(
    st.sampled_from(
        [
            *("--- ", "--> ", "<-- ", "!!! ", " * ", "[alice -> you] ", "alice: ", "#dev "),
            *("\r", "\n", "\r\n", "\x1b[2J", "\x1b[1G", "\x08", "\x85", "\u2028", "\u202e"),
            *("{nick}", "{", "%s", "(quit)", " "),
        ]
    )
    | st.characters(),
    max_size=20,
).map(lambda pieces: clean("".join(pieces)))


@given(_nicks, _texts)
def test_textAlwaysFollowsTheNickname(nick: str, text: str) -> None:
    """So nobody can forge a notice, a join, or what somebody else says."""
    said, acted = Said("#lobby", 1, AT, nick, text), Acted("#lobby", 1, AT, nick, text)
    told, sent = Told(AT, nick, "me", text), Sent(AT, "me", nick, text)
    for language, says, you in [("en", ": ", "you"), ("zh_CN", " 说：", "你")]:
        rendering = renderingFor("text", language)
        expected: list[tuple[Event, str]] = [
            (said, f"{nick}{says}{text}"),
            (acted, f" * {nick} {text}"),
            (told, f"[{nick} -> {you}] {text}"),
            (sent, f"[{you} -> {nick}] {text}"),
        ]
        for event, line in expected:
            assert _line(rendering.render(event)) == line
            elsewhere = f"#lobby {line}" if event in (said, acted) else line
            assert _line(rendering.elsewhere.render(event)) == elsewhere


@given(_nicks, _texts)
def test_reasonsFollowTheNickname(nick: str, text: str) -> None:
    for rendering in TEXTS:
        line = _line(rendering.render(Left("#lobby", AT, nick, Ending.QUIT, text, 2)))
        assert line.startswith(f"<-- {nick}")
        assert text in line


@given(_nicks, _texts)
def test_echoesAreMarked(nick: str, text: str) -> None:
    """What a participant typed is shown to him behind a mark, too."""
    for rendering in TEXTS:
        for event in [Refused("unknown-command", f"/{text}"), Refused("nick-invalid", text)]:
            line = _line(rendering.render(event))
            assert line.startswith("!!! ")
            assert line.endswith(f" ({event.code})")
        assert _line(rendering.render(Ponged(text))).startswith("--- PONG")
        assert _line(rendering.render(Renamed("#lobby", AT, nick, "bob"))).startswith("--- ")


@given(_nicks, _texts)
def test_programsReadWhatWasWritten(nick: str, text: str) -> None:
    for language in LANGUAGES:
        line = _line(renderingFor("json", language).render(Said("#lobby", 1, AT, nick, text)))
        mapping = json.loads(line)
        assert (mapping["event"], mapping["nick"], mapping["text"]) == ("said", nick, text)
