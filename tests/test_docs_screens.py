"""
Comparisons of the screens in the documentation with what the program shows.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from chat.rendering import renderingFor
from chat.vocabulary.events import (
    Acted,
    BanRow,
    BansListed,
    Closed,
    Described,
    Done,
    Ending,
    Entered,
    Event,
    Excerpt,
    Greeted,
    Helped,
    Invited,
    Joined,
    LanguageSet,
    Left,
    Listed,
    ModeSet,
    NickAsked,
    Recalled,
    Refused,
    Renamed,
    RoomRow,
    RoomsListed,
    Said,
    Sent,
    Talking,
    Told,
    TopicSet,
    UserRow,
    Warned,
    Welcomed,
)
from chat.vocabulary.style import Style
from chat.vocabulary.verbs import VERBS
from tests.support.pages import DOCS, ROOT, fences, literals, page, rows, section

NOW = datetime(2026, 11, 21, tzinfo=UTC)

LOCAL = datetime(2026, 11, 21, 14, 20).astimezone()
"""A time that reads the same wherever the tests run."""


_TUTORIAL = (
    Greeted("tcpchat", 0),
    Greeted("tcpchat", 1),
    NickAsked(),
    LanguageSet("en", True),
    LanguageSet("zh_CN", True),
    Closed(Ending.QUIT),
    Closed(Ending.SHUTDOWN),
)
_ENGLISH = (
    Welcomed("#lobby", "alice"),
    Welcomed("#lobby", "bob", ("alice",)),
    Refused("nick-taken", "alice"),
    Refused("unknown-command", "/foo"),
    Refused("no-such-nick", "carol"),
    Joined("#lobby", NOW, "bob", 2),
    Said("#lobby", 1, NOW, "alice", "hello, bob"),
    Acted("#lobby", 1, NOW, "alice", "waves"),
    Told(NOW, "bob", "alice", "shall we have lunch?"),
    Sent(NOW, "bob", "alice", "shall we have lunch?"),
    Listed("#lobby", (UserRow("alice"), UserRow("bob"))),
    Renamed("#lobby", NOW, "bob", "robert"),
    Left("#lobby", NOW, "bot", Ending.INPUT_CLOSED, "", 1),
    # Accounts and operators.
    Done("registered", "alice"),
    Refused("nick-registered", "alice"),
    Done("logged-in", "alice"),
    Excerpt("#lobby", "replay", 4),
    Recalled("#lobby", 1, LOCAL, "alice", "hello, bob"),
    Recalled("#lobby", 3, LOCAL, "alice", "waves", True),
    Described("alice", "alice", True, LOCAL, 0, False, "", ("#lobby",), ("::1",)),
    # Rooms.
    Entered("#garden"),
    Entered("#garden", ("alice",), "Tomatoes and other fruit"),
    Entered("#garden", (), "Tomatoes and other fruit"),
    Talking("#garden"),
    TopicSet("#garden", NOW, "alice", "Tomatoes and other fruit"),
    ModeSet("#garden", NOW, "alice", "private", "on"),
    Done("invited", "bob"),
    Invited("#garden", "alice"),
    RoomsListed((RoomRow("#garden", 2, "Tomatoes and other fruit", True),)),
    # Order.
    Done("muted", "mallory"),
    Warned("muted", "not here", by="alice", until=LOCAL),
    Refused("muted", "not here", by="alice", until=LOCAL),
    Left("#lobby", NOW, "mallory", Ending.KICKED, "enough", 2, "alice"),
    Done("kicked", "mallory"),
    Done("banned", "mallory"),
    BansListed((BanRow("ban", "mallory", "alice", "enough", LOCAL),)),
    Refused("banned", "enough", by="alice", until=LOCAL),
    Done("unbanned", "mallory"),
    # The past.
    Excerpt("#garden", "history", 2),
    Excerpt("", "search", 1),
)
_CHINESE = (
    Welcomed("#lobby", "小红"),
    Welcomed("#lobby", "小明", ("小红",)),
    Refused("nick-taken", "小红"),
    Joined("#lobby", NOW, "小明", 2),
    Said("#lobby", 1, NOW, "小红", "你好，小明"),
    Acted("#lobby", 1, NOW, "小红", "挥挥手"),
    Told(NOW, "小明", "小红", "中午一起吃饭？"),
    Sent(NOW, "小明", "小红", "中午一起吃饭？"),
    Listed("#lobby", (UserRow("小红"), UserRow("小明"))),
    Renamed("#lobby", NOW, "小明", "大明"),
    Left("#lobby", NOW, "小明", Ending.QUIT, "回头见", 1),
    # Accounts and operators.
    Done("registered", "小红"),
    Refused("nick-registered", "小红"),
    Done("logged-in", "小红"),
    Excerpt("#lobby", "replay", 3),
    Recalled("#lobby", 1, LOCAL, "小红", "你好，小明"),
    Described("小红", "小红", True, LOCAL, 0, False, "", ("#lobby",), ("::1",)),
    # Rooms.
    Entered("#菜园"),
    Entered("#菜园", ("小红",), "番茄和其他蔬果"),
    Talking("#菜园"),
    TopicSet("#菜园", NOW, "小红", "番茄和其他蔬果"),
    ModeSet("#菜园", NOW, "小红", "private", "on"),
    Done("invited", "小明"),
    Invited("#菜园", "小红"),
    RoomsListed((RoomRow("#菜园", 2, "番茄和其他蔬果", True),)),
    # Order.
    Done("muted", "捣蛋鬼"),
    Warned("muted", "这里不发广告", by="小红", until=LOCAL),
    Refused("muted", "这里不发广告", by="小红", until=LOCAL),
    Left("#lobby", NOW, "捣蛋鬼", Ending.KICKED, "够了", 2, "小红"),
    Done("kicked", "捣蛋鬼"),
    BansListed((BanRow("ban", "捣蛋鬼", "小红", "够了", LOCAL),)),
    Refused("banned", "够了", by="小红", until=LOCAL),
    Done("unbanned", "捣蛋鬼"),
    # The past.
    Excerpt("#菜园", "history", 2),
    Excerpt("", "search", 1),
)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


def _shown(events: tuple[Event, ...], language: str) -> list[str]:
    """
    @return: The lines as a page has them, without blanks at their end.
    """
    text = renderingFor(Style(language=language)).render
    return [shown.rstrip() for event in events for shown in text(event).decode().splitlines()]


def _timeless(line: str) -> str:
    return _MOMENT.sub("…", line)


def _linesOf(name: str) -> list[str]:
    return [_timeless(line) for line in page(name).splitlines()]


@pytest.mark.parametrize(
    ("name", "language", "events"),
    [
        ("tutorial.md", "en", _TUTORIAL[:4] + _TUTORIAL[5:] + _ENGLISH),
        ("tutorial.md", "zh_CN", _TUTORIAL[4:5]),
        ("tutorial.zh_CN.md", "zh_CN", _TUTORIAL[:3] + _TUTORIAL[4:] + _CHINESE),
        ("tutorial.zh_CN.md", "en", _TUTORIAL[3:4]),
    ],
)
def test_tutorials(name: str, language: str, events: tuple[Event, ...]) -> None:
    """
    A user who follows the tutorial sees the lines that it shows.
    """
    lines = _linesOf(name)
    assert [shown for shown in _shown(events, language) if _timeless(shown) not in lines] == []


@pytest.mark.parametrize(
    ("name", "language"), [("tutorial.md", "en"), ("tutorial.zh_CN.md", "zh_CN")]
)
def test_helpInTutorials(name: str, language: str) -> None:
    """
    A tutorial shows the essential verbs, one after the other.
    """
    help = _shown(
        tuple(
            Helped(
                "/" + verb.name,
                tuple("/" + other for other in verb.aliases),
                verb.arguments,
                verb.help,
            )
            for verb in VERBS
            if verb.isEssential
        ),
        language,
    )
    groups = groupby(_linesOf(name), lambda line: line.startswith("--- /"))
    screens = [list(lines) for isHelp, lines in groups if isHelp]
    assert screens == [list(help)]


@pytest.mark.parametrize(
    ("name", "language", "alice", "bob", "garden", "said"),
    [
        ("README.md", "en", "alice", "bob", "#garden", "the tomatoes are ripe"),
        ("README.zh_CN.md", "zh_CN", "小红", "小明", "#菜园", "番茄熟了"),
    ],
)
def test_readmes(name: str, language: str, alice: str, bob: str, garden: str, said: str) -> None:
    """
    The first user reads what the README shows, in this order, and nothing else.
    """
    expected = _shown(
        (
            Greeted("tcpchat", 0),
            NickAsked(),
            Welcomed("#lobby", alice),
            Joined("#lobby", NOW, bob, 2),
            Done("registered", alice),
            Entered(garden),
            Talking(garden),
            Done("invited", bob),
            Joined(garden, NOW, bob, 2),
            Said(garden, 1, NOW, bob, said),
            Excerpt("", "search", 1),
        ),
        language,
    )
    found = renderingFor(Style(language=language)).elsewhere.render(
        Recalled(garden, 1, LOCAL, bob, said)
    )
    text = (ROOT / name).read_text(encoding="utf-8")
    heard = re.findall(r"^(?:---|-->|\[|\w+[:：] ?\w).*", "".join(fences(text)), re.MULTILINE)
    assert list(map(_timeless, heard)) == [*expected, _timeless(found.decode().rstrip())]


def test_chinese() -> None:
    """
    The table of the protocol shows the same events in both languages.
    """
    events: tuple[Event, ...] = (
        Greeted("tcpchat", 1),
        NickAsked(),
        Refused("nick-taken", "bob"),
        Joined("#lobby", NOW, "bob", 2),
        Said("#lobby", 1, NOW, "bob", "hello"),
        Told(NOW, "bob", "alice", "hi"),
        Left("#lobby", NOW, "bob", Ending.IDLE_TIMEOUT, "", 1),
        Entered("#garden", ("bob",), "tomatoes"),
        Talking("#garden"),
        Recalled("#lobby", 1, LOCAL, "bob", "hello"),
        Excerpt("", "search", 2),
    )
    documented = [
        (literals(english)[0], literals(chinese)[0])
        for english, chinese in rows(section(page("protocol.md"), "Chinese"))
    ]
    expected = list(zip(_shown(events, "en"), _shown(events, "zh_CN"), strict=True))
    assert documented == expected


@pytest.mark.parametrize("name", sorted(path.name for path in DOCS.glob("*.md")))
def test_notices(name: str) -> None:
    """
    Every notice on a page is worded as the catalogue has it, in one of the languages.
    """
    assert [notice for notice in _notices(name) if not _isWorded(notice)] == []


def _notices(name: str) -> Iterator[str]:
    """
    @return: What the service and the client say in examples, without marks, time and code. The help
        for commands is left to L{test_helpInTutorials}.
    """
    for example in fences(page(name)):
        # A line that goes on below, in a narrow terminal.
        for line in re.sub(r"\n {10}(?=\S)", "", example).splitlines():
            notice = re.fullmatch(
                r"(?:\d\d:\d\d )?(?:---|!!!|-->|<--|tcpchat:) ([^/\d].*?)(?: \([a-z0-9-]+\))?", line
            )
            if notice:
                yield notice[1]


def _isWorded(notice: str) -> bool:
    first, *others = re.split(r"(?<=\.) +|(?<=。)(?=.)", notice)
    if others and _isWorded(first):
        return all(map(_isWorded, others))
    # A user's own words, or a list, may follow.
    beginnings = notice, re.split(": |：", notice)[0]
    return any(phrase.fullmatch(each) for phrase in _phrases() for each in beginnings)


@cache
def _phrases() -> tuple[re.Pattern[str], ...]:
    """
    @return: What matches the phrases of the catalogue, those without words excepted.
    """
    with (ROOT / "chat/locale/zh_CN/LC_MESSAGES/tcpchat.po").open("rb") as stream:
        messages = [message for message in read_po(stream) if message.id]
    texts = {
        text
        for message in messages
        for phrase in (message.id, message.string)
        for text in ([phrase] if isinstance(phrase, str) else phrase)
    }
    found = []
    for text in texts:
        parts = [(literal, name) for literal, name, _, _ in Formatter().parse(text)]
        if re.search(r"[a-z]{2}|[\u4e00-\u9fff]", "".join(literal for literal, _ in parts)):
            found.append(
                re.compile(
                    "".join(
                        re.escape(literal) + _inserted(literal, name) for literal, name in parts
                    )
                )
            )
    return tuple(found)


def _inserted(before: str, name: str | None) -> str:
    """
    @return: What matches anything that is inserted there: whatever there is behind a colon, and
        else names or a time.
    """
    if name is None:
        return ""
    if name in ("time", "until") or before.endswith((": ", "：")):
        return ".+"
    return r"\S+(?:(?:, | and )\S+)*"
