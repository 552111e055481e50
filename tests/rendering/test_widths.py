"""
No line of ours is wider than a terminal of 80 columns, where names are as long as usual.
"""

from collections.abc import Iterator

import pytest
from wcwidth import wcswidth

from chat.rendering.lines import Wording
from chat.rendering.messages import (
    CHOICES,
    CONFIRMATIONS,
    FAREWELLS,
    MAX_WIDTH,
    REFUSALS,
    WARNINGS,
    Sentence,
)
from chat.vocabulary.commands import VERBS
from chat.vocabulary.endings import Ending
from chat.vocabulary.events import (
    Changed,
    Closed,
    Described,
    Done,
    Entered,
    Event,
    Greeted,
    Helped,
    Left,
    Listed,
    Missed,
    ModeSet,
    ModesShown,
    NickAsked,
    Parted,
    Refused,
    RoomRow,
    RoomsListed,
    UserRow,
    Warned,
    Welcomed,
)
from chat.vocabulary.i18n import LANGUAGES
from tests.support.samples import AT, EVENTS

SMALL = 40
"""The columns of a small terminal, as of a telephone."""

_PEOPLE = (
    "bob",
    "carol",
    "dave",
    "小明",
    "eve",
    "frank",
    "grace",
    "heidi",
    "ivan",
    "judy",
    "mallory",
)

# What a code may be about, where that is not a user.
_ABOUTS = {
    "account-guessed": "alice,bob 12/3 192.0.2.7",
    "argument-invalid": "/mute NAME [2h|30d] [WHY]",
    "argument-missing": "/mute NAME [2h|30d] [WHY]",
    "away": "lunch",
    "banned": "spam",
    "changing-too-fast": "590",
    "command-meant": "/register",
    "history-failing": "disk full",
    "history-lost": "1203",
    "idle": "60",
    "is-away": "bob: lunch",
    "joining-too-fast": "590",
    "key-guessed": "#garden 12/3",
    "last-login": "2026-11-21 192.0.2.77",
    "line-endless": "16384",
    "line-too-long": "1024",
    "list-full": "1000",
    "making-rooms-too-fast": "590",
    "muted": "spam",
    "nick-too-long": "20",
    "no-such-session": "3",
    "not-chat": "HTTP",
    "not-read": "the file of bans",
    "operators": "alice, bob",
    "password-changed": "192.0.2.77",
    "password-guessed": "12/3",
    "password-invalid": "8 to 128",
    "registering-too-fast": "590",
    "rehashed": "bans, certificates",
    "renamed": "mallory -> guest17",
    "renaming-too-fast": "590",
    "session-ended": "3",
    "too-many-attempts": "590",
    "too-many-rooms": "20",
    "unknown-command": "/srv/data/x",
    "unknown-format": "text, json",
    "unknown-language": "en, zh_CN",
}
_ABOUT_ROOMS = {
    "deleted",
    "invite-needed",
    "key-needed",
    "no-replay",
    "no-such-room",
    "not-in-room",
    "not-kept",
    "owner-needed",
    "room-confusable",
    "room-invalid",
    "room-open",
}


def _abouts(code: str, sentence: Sentence = "") -> list[str]:
    about = "#garden" if code in _ABOUT_ROOMS else _ABOUTS.get(code, "alice")
    return [about, ""] if isinstance(sentence, tuple) else [about]


def _events() -> Iterator[Event]:
    for code, sentence in REFUSALS.items():
        yield from (Refused(code, about) for about in _abouts(code, sentence))
        yield Refused(code, _abouts(code)[0], by="carol", until=AT)
    for code, sentence in WARNINGS.items():
        yield from (Warned(code, about) for about in _abouts(code, sentence))
    yield Warned("is-away", _ABOUTS["is-away"])
    for code, sentence in CONFIRMATIONS.items():
        yield from (Done(code, about) for about in _abouts(code, sentence))
    yield from (Done(code, choice) for code, choice in CHOICES)
    for by in ("", "carol"):
        for reason in Ending:
            yield from (
                Closed(reason, about, by=by) for about in _abouts(reason, FAREWELLS[reason])
            )
            yield Left("#garden", AT, "alice", reason, "", 12, by)
            yield Parted("#garden", reason, by, "spam")
    for others in (_PEOPLE[:count] for count in range(len(_PEOPLE) + 1)):
        yield Welcomed("#garden", "alice", others)
        yield Welcomed("#garden", "alice", others, 120)
        yield Entered("#garden", others, "Tea at five")
        yield Changed("#garden", AT, others, others[:2], 120, True)
        yield Changed("#garden", AT, others, (), 120, True)
        yield Changed("#garden", AT, (), others, 120, True, 12)
    yield Listed("#garden", tuple(UserRow(nick, 3600, True) for nick in _PEOPLE * 3), 12)
    yield RoomsListed(
        tuple(RoomRow(f"#garden{n}", n, "", True) for n in range(50)),
    )
    for flag in (True, False):
        for topic in ("owner", "all"):
            yield ModesShown("#garden", flag, flag, topic, _PEOPLE[:2])
    for mode in ("on", "off"):
        yield from (ModeSet("#garden", AT, "alice", name, mode) for name in ("key", "private"))
    for mode, value in (
        ("topic", "owner"),
        ("topic", "all"),
        ("op", "bob"),
        ("deop", "bob"),
        ("new", "x"),
    ):
        yield ModeSet("#garden", AT, "alice", mode, value)
    for reason in ("expired", "stopped", "lost"):
        yield Missed("#garden", 12_001, 12_001, reason)
        yield Missed("#garden", 12_001, 14_096, reason)
    rooms = ("#lobby", "#garden", "#dev")
    yield Described("alice", "alice", True, AT, 7200, True, "lunch", rooms, ("192.0.2.7",))
    for verb in VERBS:
        aliases = tuple(f"/{alias}" for alias in verb.aliases)
        yield Helped(f"/{verb.name}", aliases, verb.arguments, verb.help)


@pytest.mark.parametrize("language", LANGUAGES)
def test_noLineIsTooWide(language: str) -> None:
    wording = Wording(language)
    lines = {line for event in (*_events(), *EVENTS) for line in wording.lines(event)}
    assert len(lines) > 300
    assert [line for line in sorted(lines) if wcswidth(line) > MAX_WIDTH] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_theGreetingFitsIntoASmallTerminal(language: str) -> None:
    """Before there is a nickname nothing more is shown."""
    wording = Wording(language)
    for count in (0, 1, 12, 123):
        for line in (*wording.lines(Greeted("tcpchat", count)), *wording.lines(NickAsked())):
            assert wcswidth(line) <= SMALL
