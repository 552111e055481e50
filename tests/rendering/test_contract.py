"""
The contract of L{chat.interfaces.Rendering}: every event in every rendering of every language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import get_args
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.interfaces import Rendering
from chat.rendering import renderingFor
from chat.rendering.messages import PEACEFUL
from chat.vocabulary.events import (
    Acted,
    Announced,
    BanRow,
    BansListed,
    Changed,
    Closed,
    Ending,
    Entered,
    Event,
    Greeted,
    Joined,
    Left,
    NickAsked,
    Parted,
    PasswordAsked,
    Ponged,
    Recalled,
    Refused,
    Renamed,
    RoomRow,
    RoomsListed,
    Said,
    Sent,
    Stored,
    Told,
    TopicSet,
    TopicShown,
    Warned,
)
from chat.vocabulary.i18n import LANGUAGES
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.style import BELLS, Style
from tests.support.doubles import TRAITS
from tests.support.samples import AT, SAMPLES

# The Chinese phrases that users of the original service know.
CHINESE: list[tuple[Event, str]] = [
    (Greeted("tcpchat", 2), "--- 欢迎来到 tcpchat。当前 2 人在线。"),
    (NickAsked(), "--- 请输入昵称（输入 /退出 离开）："),
    (PasswordAsked("alice"), "--- 如果这是你的昵称，请输入密码；否则请用 /昵称 换一个。"),
    (Refused("nick-taken", "bob"), "!!! 昵称“bob”已被占用，请换一个 (nick-taken)"),
    (Joined("#lobby", AT, "alice", 3), "--> 欢迎 alice 加入 #lobby（在线人数：3）"),
    (Said("#lobby", 42, AT, "alice", "hello"), "alice：hello"),
    (
        Left("#lobby", AT, "alice", Ending.IDLE_TIMEOUT, "", 2),
        "<-- alice 离开聊天室 #lobby：超时（在线人数：2）",
    ),
]

# Marks in column one, the same in every language.
MARKS = {
    Acted: " * ",
    Joined: "--> ",
    Left: "<-- ",
    Told: "[alice",
    Sent: "[",
    Recalled: "[2026-",
    Refused: "!!! ",
    Warned: "!!! ",
    Closed: "!!! ",
}

EVENTS = [event for event, _ in SAMPLES]
KINDS = [type(event).__name__ for event in EVENTS]
# Events that only some renderings need.
NEEDED: dict[type, Callable[[Rendering], bool]] = {
    Changed: attrgetter("listsPeople"),
    Stored: attrgetter("wantsReceipts"),
}

STYLES = [
    *(Style("json", language) for language in LANGUAGES),
    *(
        Style("text", language, hasTimes, bell)
        for language in LANGUAGES
        for hasTimes in (False, True)
        for bell in BELLS
    ),
]
RENDERINGS = {
    rendering
    for chosen in map(renderingFor, STYLES)
    for here in (chosen, chosen.elsewhere)
    for rendering in (here, here.ringing)
}
traits = attrgetter(*TRAITS)
TEXTS = [renderingFor(Style(language=language)) for language in LANGUAGES]


def test_everyKindHasOneSample() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))
    assert len(EVENTS) == len(get_args(Event))


# What holds for every rendering.


def _lines(data: bytes) -> list[str]:
    """The lines in C{data}, without their ends, and without the bell behind the last."""
    text = data.decode()
    assert text == "" or text.endswith("\r\n")
    lines = text.removesuffix("\r\n").removesuffix("\a").split("\r\n") if text else []
    assert not any(category(char) in ("Cc", "Zl", "Zp") for line in lines for char in line), lines
    return lines


def _line(data: bytes) -> str:
    """The one line in C{data}."""
    [line] = _lines(data)
    return line


@pytest.mark.parametrize("event", EVENTS, ids=KINDS)
def test_rendersWholeLinesWithoutControls(event: Event) -> None:
    """A terminal does nothing but show them, and ring a bell."""
    for rendering in RENDERINGS:
        lines = _lines(rendering.render(event))
        assert lines == [line.rstrip() for line in lines]
        assert all(lines)
        isNeeded = NEEDED.get(type(event), lambda rendering: True)(rendering)
        assert bool(lines) == isNeeded


@pytest.mark.parametrize("event", EVENTS, ids=KINDS)
def test_theSameEventGivesTheSameBytes(event: Event) -> None:
    """An audience renders once for all its recipients."""
    for rendering in RENDERINGS:
        assert rendering.render(event) == rendering.render(event)


@pytest.mark.parametrize("style", STYLES, ids=repr)
def test_theSameStyleGivesTheSameInstance(style: Style) -> None:
    """An audience groups its recipients by it."""
    rendering = renderingFor(style)
    assert renderingFor(replace(style)) is rendering
    elsewhere, ringing = rendering.elsewhere, rendering.ringing
    assert (elsewhere, ringing) == (rendering.elsewhere, rendering.ringing)
    assert elsewhere.elsewhere is elsewhere
    assert ringing.ringing is ringing
    assert elsewhere.ringing is ringing.elsewhere
    assert elsewhere.ringing.ringing is elsewhere.ringing
    for other in (elsewhere, ringing, elsewhere.ringing):
        assert traits(other) == traits(rendering)


def test_everyStyleHasItsOwnInstance() -> None:
    assert len({renderingFor(style) for style in STYLES}) == len(STYLES)


def test_programsHaveNoUseForTimesAndBells() -> None:
    """So a program that asks for them shares its bytes with the others."""
    assert renderingFor(Style("json", hasTimes=True, bell="all")) is renderingFor(Style("json"))


def test_onlyProgramsNeedEchoListAndReceipts() -> None:
    for style in STYLES:
        assert set(traits(renderingFor(style))) == {style.format == "json"}


# For people.


@pytest.mark.parametrize(("event", "lines"), SAMPLES, ids=KINDS)
def test_inEnglish(event: Event, lines: str) -> None:
    expected = f"{lines}\r\n" if lines else ""
    assert renderingFor(Style()).render(event).decode() == expected


@pytest.mark.parametrize(("event", "line"), CHINESE, ids=lambda value: type(value).__name__)
def test_inChinese(event: Event, line: str) -> None:
    assert renderingFor(Style(language="zh_CN")).render(event) == f"{line}\r\n".encode()


@pytest.mark.parametrize("event", EVENTS, ids=KINDS)
@pytest.mark.parametrize("rendering", TEXTS)
def test_marksInColumnOne(rendering: Rendering, event: Event) -> None:
    mark = "alice" if isinstance(event, Said) else MARKS.get(type(event), "--- ")
    for line in _lines(rendering.render(event)):
        assert line.startswith(mark)


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("rendering", TEXTS)
def test_lastLineIsNoticeOrWarning(rendering: Rendering, ending: Ending) -> None:
    """A warning has its code; a peaceful ending has none."""
    line = _line(rendering.render(Closed(ending, "1")))
    if line.startswith("!!! "):
        assert line.endswith(f" ({ending})")
    else:
        assert line.startswith("--- ")
        assert ending in PEACEFUL


# No forgeries.


_nicks = st.sampled_from(["alice", "B-o_b1", "李雷", "שלום", "हिन्दी"])
_texts = st.lists(
    st.sampled_from(
        [
            *("--- ", "--> ", "<-- ", "!!! ", " * ", "[alice -> you] ", "alice: ", "#dev "),
            *("\r", "\n", "\r\n", "\x1b[2J", "\x1b[1G", "\x08", "\x85", "\u2028", "\u202e"),
            *("{nick}", "{", "}", "{0}", "{text!r}", "%s", "%(nick)s", "(quit)", " "),
        ]
    )
    | st.characters(),
    max_size=20,
).map(lambda pieces: clean("".join(pieces)))


@given(_nicks, _texts)
def test_textAlwaysFollowsTheNickname(nick: str, text: str) -> None:
    """So no user can forge a notice, a join, or a line of another user."""
    said, acted = Said("#lobby", 1, AT, nick, text), Acted("#lobby", 1, AT, nick, text)
    told, sent = Told(AT, nick, "me", text), Sent(AT, "me", nick, text)
    for language, says, you in [("en", ": ", "you"), ("zh_CN", "：", "你")]:
        rendering = renderingFor(Style(language=language))
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
def test_ownInputIsShownBehindAMark(nick: str, text: str) -> None:
    """Text that a user typed is shown to the same user behind a mark, too."""
    for rendering in TEXTS:
        for event in [Refused("unknown-command", f"/{text}"), Refused("nick-invalid", text)]:
            line = _line(rendering.render(event))
            assert line.startswith("!!! ")
            assert line.endswith(f" ({event.code})")
        assert _line(rendering.render(Ponged(text))).startswith("--- PONG")
        assert _line(rendering.render(Renamed("#lobby", AT, nick, "bob"))).startswith("--- ")


@given(_nicks, _texts)
def test_noLineOfThePastCanBeForged(nick: str, text: str) -> None:
    """The time at its beginning stands where a private message has a nickname."""
    recalled = Recalled("#lobby", 1, AT, nick, text)
    for language, says in [("en", ": "), ("zh_CN", "：")]:
        rendering = renderingFor(Style(language=language))
        time = "[2026-11-21 12:35] "
        assert _line(rendering.render(recalled)) == f"{time}{nick}{says}{text}"
        assert _line(rendering.elsewhere.render(recalled)) == f"{time}#lobby {nick}{says}{text}"
        acted = _line(rendering.render(replace(recalled, acted=True)))
        assert acted == f"{time}* {nick} {text}"
        others: list[Event] = [Told(AT, nick, "me", text), Said("#lobby", 1, AT, nick, text)]
        for event in others:
            assert not re.match(r"\[[0-9]", _line(rendering.render(event)))


@given(_nicks, _texts)
def test_textOfOthersStandsBehindAMark(nick: str, text: str) -> None:
    """Topics, reasons and announcements come last, behind the nickname of their author."""
    events: list[Event] = [
        TopicSet("#dev", AT, nick, f"x{text}"),
        TopicShown("#dev", f"x{text}", nick),
        Announced(AT, nick, text),
        Parted("#dev", Ending.KICKED, nick, f"x{text}"),
        Entered("#dev", (nick,), f"x{text}"),
        RoomsListed((RoomRow("#dev", 1, f"x{text}"),)),
        BansListed((BanRow("ban", "bob", nick, f"x{text}"),)),
        Warned("is-away", f"{nick}: x{text}"),
    ]
    for rendering in TEXTS:
        for event in events:
            found = _lines(rendering.render(event))
            assert all(line.startswith("--- ") for line in found)
            assert found[-1].endswith(text)


@given(_nicks, _texts)
def test_programsGetTextAsItWasWritten(nick: str, text: str) -> None:
    for language in LANGUAGES:
        line = _line(
            renderingFor(Style("json", language)).render(Said("#lobby", 1, AT, nick, text))
        )
        mapping = json.loads(line)
        assert (mapping["event"], mapping["nick"], mapping["text"]) == ("said", nick, text)
