"""Tests for L{chat.cli.display}."""

import json
import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.cli.display import Display
from chat.cli.input import commandIn
from chat.client.roster import Roster
from chat.rendering.jsonlines import JSONLinesRendering, fromMapping
from chat.rendering.messages import CHOICES
from chat.rendering.text import TextRendering
from chat.vocabulary.events import (
    Acted,
    Closed,
    Done,
    Ending,
    Event,
    Invited,
    LanguageSet,
    NickAsked,
    PasswordAsked,
    Recalled,
    Refused,
    Said,
    Stored,
    Talking,
    Told,
    Welcomed,
)
from chat.vocabulary.i18n import LANGUAGES
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.style import Style
from tests.support.samples import AT, EVENTS


def rosterOf(nick: str = "alice") -> Roster:
    roster = Roster()
    roster.eventReceived(Welcomed("#lobby", nick, ("bob",)))
    return roster


def asked(display: Display, text: str) -> list[str]:
    """What the client itself answers to what was entered."""
    answer = display.asked(commandIn(text))
    assert answer is not None
    return display.lines(answer, rosterOf())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_eventsReadInAPipeAsInTelnet(event: Event, language: str) -> None:
    line = JSONLinesRendering(language).render(event)
    heard = fromMapping(json.loads(line))
    assert heard is not None
    if isinstance(event, LanguageSet):
        # It speaks of the language that is used from then on.
        language = event.language
    rendering = TextRendering(Style(language=language))
    if getattr(event, "room", "#lobby") != "#lobby":
        rendering = rendering.elsewhere
    lines = rendering.render(event).decode().split("\r\n")[:-1]
    if isinstance(event, NickAsked | PasswordAsked):
        # The client asks itself.
        lines = []
    assert Display(language).lines(heard, rosterOf()) == lines


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_coloursChangeNothingElseAndEndWithTheLine(event: Event) -> None:
    plain = Display("en").lines(event, rosterOf())
    painted = Display("en", isColoured=True).lines(event, rosterOf())
    assert [re.sub("\x1b\\[[0-9;]*m", "", line) for line in painted] == plain
    for line in painted:
        assert line.rfind("\x1b") == line.rfind("\x1b[m")


def test_nicknameHasItsOwnColour() -> None:
    """It is always the same, in upper and lower case."""
    display = Display("en", isColoured=True)

    def colour(nick: str) -> str:
        (line,) = display.lines(Said("#lobby", 1, AT, nick, "hi"), rosterOf())
        match = re.match("\x1b\\[([0-9;]+)m" + nick, line)
        assert match
        return match[1]

    assert colour("bob") == colour("BOB")
    assert len({colour(f"nick{n}") for n in range(50)}) > 5
    # The user's own is bold as well.
    assert colour("alice").startswith("1;")


def test_linesHaveTheLocalTimeOfTheirEvent() -> None:
    """An event without a time has the time now."""

    def now() -> datetime:
        return datetime(2026, 11, 21, 3, 4)

    display = Display("en", hasTimes=True, now=now)
    local = f"{AT.astimezone():%H:%M}"
    assert display.lines(Said("#lobby", 1, AT, "bob", "hi"), rosterOf()) == [f"{local} bob: hi"]
    assert display.lines(Refused("x", "y"), rosterOf()) == ["03:04 !!! y (x)"]
    assert display.lines(Done("x", "y"), rosterOf()) == ["03:04 --- y"]
    assert display.notice("hm") == ["03:04 --- hm"]
    assert display.warning("hm") == ["03:04 !!! hm"]
    assert display.verbatim("hm") == ["03:04 hm"]
    early = datetime(1, 1, 1, tzinfo=UTC)
    assert display.lines(Said("#l", 1, early, "bob", "hi"), rosterOf())[1].endswith(" #l bob: hi")


def test_recalledLineHasItsOwnTimeInAPipe() -> None:
    """It names its room unless the user talks there."""
    recalled = Recalled("#lobby", 1, AT, "bob", "hi] hi")
    day = f"{AT.astimezone():%Y-%m-%d %H:%M}"
    assert Display("en").lines(recalled, rosterOf()) == [f"[{day}] bob: hi] hi"]
    there = replace(recalled, room="#dev", acted=True)
    assert Display("en").lines(there, rosterOf()) == [f"[{day}] #dev * bob hi] hi"]
    (painted,) = Display("en", isColoured=True).lines(recalled, rosterOf())
    assert painted.startswith(f"\x1b[2m[{day}]\x1b[m \x1b[")


@pytest.mark.parametrize("room", ["#lobby", "#dev"])
@pytest.mark.parametrize("isActed", [False, True])
def test_linesOfThePastReadOnAScreenAsThoseOfNow(room: str, isActed: bool) -> None:
    """With their time even where lines of now have none."""
    display = Display("en", isColoured=True, hasTimes=True, now=lambda: AT)
    line = Acted if isActed else Said
    now = display.lines(line(room, 1, AT, "bob", "hi alice"), rosterOf())
    past = Recalled(room, 1, AT, "bob", "hi alice", isActed)
    assert display.lines(past, rosterOf()) == now
    display.lines(Done("timestamps", "off"), rosterOf())
    assert display.lines(past, rosterOf()) == now


def test_anotherDayBeginsWithALineOnAScreen() -> None:
    today = [AT.astimezone()]
    display = Display("en", hasTimes=True, now=lambda: today[0])

    def days(lines: list[str]) -> list[str]:
        return [line for line in lines if line.startswith("---")]

    def recall(at: datetime) -> list[str]:
        return days(display.lines(Recalled("#lobby", 1, at, "bob", "hi"), rosterOf()))

    noon = today[0].replace(hour=12)
    assert days(display.notice("hm")) == []
    assert recall(noon - timedelta(days=2)) == ["--- 2026-11-19 ---"]
    assert recall(noon - timedelta(days=2, hours=1)) == []
    assert recall(noon - timedelta(days=1)) == ["--- 2026-11-20 ---"]
    assert recall(noon) == ["--- 2026-11-21 ---"]
    today[0] += timedelta(days=1)
    assert days(display.lines(Stored("#lobby", 1), rosterOf())) == []
    assert days(display.warning("hm")) == ["--- 2026-11-22 ---"]
    assert days(display.verbatim("hm")) == []
    # In a pipe a line of the past has its day itself.
    pipe = Display("en", now=lambda: AT)
    assert len(pipe.lines(Recalled("#lobby", 1, AT - timedelta(days=9), "b", ""), rosterOf())) == 1


def test_longLinesGoOnBehindTheMark() -> None:
    display = Display("en", hasTimes=True)
    assert display.indent == len("12:35 --- ")
    display.lines(Done("timestamps", "off"), rosterOf())
    assert display.indent == len("--- ")


def test_everyLineNamesItsRoomWhileTheUserTalksNowhere() -> None:
    roster = rosterOf()
    roster.eventReceived(Talking(""))
    assert Display("en").lines(Said("#lobby", 1, AT, "bob", "hi"), roster) == ["#lobby bob: hi"]
    assert Display("en").lines(Told(AT, "bob", "alice", "hi"), roster) == ["[bob -> you] hi"]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("alice: hi", True),
        ("hi ALICE!", True),
        ("你好alice你好", True),
        ("malice", False),
        ("alice2", False),
        ("", False),
    ],
)
def test_lineCallsTheUserByNicknameAsAWord(text: str, calls: bool) -> None:
    display = Display("en")
    assert display.calls(Said("#lobby", 1, AT, "bob", text), rosterOf()) is calls
    assert display.calls(Acted("#lobby", 1, AT, "bob", text), rosterOf()) is calls
    # Nobody calls themselves, or a user without a nickname.
    assert not display.calls(Said("#lobby", 1, AT, "alice", text), rosterOf())
    assert not display.calls(Said("#lobby", 1, AT, "bob", text), Roster())


def test_whatElseCallsTheUser() -> None:
    """These are a nickname in any script, a private message and an invitation."""
    display = Display("en")
    assert display.calls(Said("#lobby", 1, AT, "bob", "李雷你好"), rosterOf("李雷"))
    assert display.calls(Told(AT, "bob", "alice", "psst"), rosterOf())
    assert display.calls(Invited("#dev", "bob"), rosterOf())
    assert not display.calls(Recalled("#lobby", 1, AT, "bob", "alice: hi"), rosterOf())
    assert not display.calls(Closed(Ending.QUIT), rosterOf())


def spoil(value: Any, text: str) -> Any:
    """@return: an event, or a part of one, with a text in place of all text in it."""
    if isinstance(value, str) and not isinstance(value, Ending):
        return text
    if isinstance(value, tuple):
        return tuple(spoil(item, text) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    names = [field.name for field in fields(value)]
    return replace(value, **{name: spoil(getattr(value, name), text) for name in names})


@given(st.sampled_from(EVENTS), st.text())
def test_hostileServiceCannotControlTheTerminal(event: Event, text: str) -> None:
    display = Display("en")
    text = f"\x1b]0;evil\x07{text}\n\x9b2J\u202e"
    for line in display.lines(spoil(event, text), rosterOf()):
        assert clean(line) == line
    for line in [*display.notice(text), *display.warning(text), *display.verbatim(text)]:
        assert clean(line) == line


# What the user chooses.


def test_timesFollowTheAnswer() -> None:
    """The service answers in a pipe, the client itself on a terminal."""
    display, roster = Display("en", now=lambda: AT), rosterOf()
    said = Said("#lobby", 1, AT, "bob", "hi")
    assert display.lines(said, roster) == ["bob: hi"]
    [answer] = display.lines(
        Done("timestamps", "on", "Lines show their time; /timestamps off hides it."), roster
    )
    assert answer == "--- Lines show their time; /timestamps off hides it."
    [line] = display.lines(said, roster)
    assert re.fullmatch(r"\[\d\d:\d\d\] bob: hi", line)
    assert asked(display, "/timestamps") == ["--- Lines show their time; /timestamps off hides it."]
    assert asked(display, "/TIMESTAMPS off") == ["--- Lines show no time; /timestamps on shows it."]
    assert display.lines(said, roster) == ["bob: hi"]


def test_languageFollowsItsCommand() -> None:
    """The answer comes in the new language."""
    display = Display("en")
    assert asked(display, "/lang") == [
        "--- The language is English; /lang zh_CN switches to Chinese."
    ]
    [answer] = asked(display, "/lang zh")
    assert answer == "--- 语言已切换为简体中文。"
    assert asked(display, "/语言") == ["--- 当前语言为简体中文；输入 /语言 en 可切换为英文。"]
    assert asked(display, "/lang klingon") == ["!!! 可选的语言：en、zh_CN (unknown-language)"]


def test_formatIsNotTheServices() -> None:
    line = "--- This client shows lines in its own way; /format has no effect."
    for text in ("/format", "/format text", "/格式 json"):
        assert asked(Display("en"), text) == [line]


@pytest.mark.parametrize("text", ["/timestamps soon", "/bell loud", "hello", "/nothing", "/who"])
def test_otherCommandsAreForTheService(text: str) -> None:
    assert Display("en").asked(commandIn(text)) is None


def test_bellFollowsItsCommand() -> None:
    display, roster = Display("en"), rosterOf()
    line = Said("#lobby", 1, AT, "bob", "hi")
    call = Said("#lobby", 2, AT, "bob", f"hi {roster.nick}")
    own = Said("#lobby", 3, AT, roster.nick or "", "me")
    told = Told(AT, "bob", roster.nick or "", "psst")
    events = [line, call, own, told]

    def rung(choice: str) -> list[bool]:
        assert asked(display, f"/bell {choice}") == ["--- " + CHOICES["bell", choice]]
        return [display.rings(event, roster) for event in events]

    assert [display.rings(event, roster) for event in events] == [False] * 4
    assert rung("mention") == [False, True, False, True]
    assert rung("all") == [True, True, False, True]
    assert rung("off") == [False] * 4
    assert asked(display, "/铃声") == [
        "--- The bell is off; /bell mention or /bell all turns it on."
    ]
