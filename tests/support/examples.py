"""
Every message that there is, with examples filled in.
"""

from collections.abc import Iterator
from datetime import datetime

from chat.rendering.messages import (
    CHOICES,
    CONFIRMATIONS,
    FAREWELLS,
    REFUSALS,
    WARNINGS,
    Sentence,
)
from chat.vocabulary.commands import VERBS, Subject
from chat.vocabulary.endings import Ending
from chat.vocabulary.events import (
    BanRow,
    BansListed,
    Changed,
    Closed,
    DeletionAsked,
    Described,
    Done,
    Entered,
    Event,
    Excerpt,
    Greeted,
    Helped,
    LanguageSet,
    Left,
    Listed,
    Missed,
    ModeSet,
    ModesShown,
    Parted,
    PasswordAsked,
    Refused,
    RoomRow,
    RoomsListed,
    SessionsChanged,
    TopicSet,
    TopicShown,
    UserRow,
    Warned,
    Welcomed,
)
from tests.support.samples import AT, EVENTS

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
    "argument-invalid": "/mode [key KEY, private on|off, topic owner|all]",
    "argument-missing": "/ban NAME|ADDRESS|CIDR [2h|30d] [REASON]",
    "away": "lunch",
    "changing-too-fast": "590",
    "command-meant": "/register",
    "slash-missing": "/register",
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
    "help-subjects": ",".join(subject.value[0] for subject in Subject),
    "nick-invalid": "1abc",
    "nick-too-long": "20",
    "nothing-to-find": "🍐",
    "no-such-session": "3",
    "not-chat": "HTTP",
    "not-read": "the file of bans",
    "operators": "alice, bob",
    "password-changed": "192.0.2.77",
    "password-guessed": "12/3",
    "password-invalid": "8–128",
    "registering-too-fast": "590",
    "rehashed": "bans, certificates",
    "renamed": "mallory -> guest17",
    "renaming-too-fast": "590",
    "session-ended": "3",
    "too-many-attempts": "590",
    "too-many-rooms": "20",
    "unit-missing": "10",
    "unknown-command": "/dance",
    "unknown-format": "text, json",
    "unknown-language": "en, zh_CN",
}
# What the user is told for whom it is done; the user who does it is told of whom.
_WHYS = {"account-removed", "banned", "kicked", "muted"}
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


def _about(code: str) -> str:
    return "#garden" if code in _ABOUT_ROOMS else _ABOUTS.get(code, "alice")


def _abouts(code: str, sentence: Sentence) -> list[str]:
    about = "spam" if code in _WHYS else _about(code)
    return [about, ""] if isinstance(sentence, tuple) else [about]


def examples() -> Iterator[Event]:
    """
    @return: events that show every phrase, the samples among them.  Many differ only in names and
        numbers.
    """
    yield from (event for event in EVENTS if not isinstance(event, Helped))
    for verb in VERBS:
        aliases = tuple(f"/{alias}" for alias in verb.aliases)
        yield Helped(f"/{verb.name}", aliases, verb.arguments, verb.help)
    yield from _answers()
    yield from _comings()
    yield from _lists()


def _answers() -> Iterator[Event]:
    decrees: list[tuple[str, datetime | None]] = [("", None), ("carol", None), ("carol", AT)]
    for by, until in decrees:
        for code, sentence in REFUSALS.items():
            for about in _abouts(code, sentence):
                yield Refused(code, about, by=by, until=until)
        for code, sentence in WARNINGS.items():
            for about in _abouts(code, sentence):
                yield Warned(code, about, by=by, until=until)
        for reason, sentence in FAREWELLS.items():
            for about in _abouts(reason, sentence):
                yield Closed(reason, about, by=by, until=until)
    yield Refused("unknown-command", "/srv/data/x")
    yield Warned("is-away", _ABOUTS["is-away"])
    for code, sentence in CONFIRMATIONS.items():
        yield Done(code, _about(code))
        if isinstance(sentence, tuple):
            yield Done(code)
    yield from (Done(code, choice) for code, choice in CHOICES)
    yield PasswordAsked("alice", "bob")
    for count in (0, 2, 20):
        yield DeletionAsked("alice", True, tuple(f"#garden{n}" for n in range(count)), count // 20)
    yield SessionsChanged(1)
    yield LanguageSet("en", True)


def _comings() -> Iterator[Event]:
    yield from (Greeted("tcpchat", count) for count in (0, 1))
    for by in ("", "carol"):
        for reason in Ending:
            yield Left("#garden", AT, "alice", reason, "", 12, by)
            yield from (Parted("#garden", reason, by, why) for why in ("", "spam"))
    for others in (_PEOPLE[:count] for count in range(len(_PEOPLE) + 1)):
        yield Welcomed("#garden", "alice", others)
        yield Welcomed("#garden", "alice", others, 120)
        yield Entered("#garden", others, "Tea at five")
        yield Changed("#garden", AT, others, others[:2], 120, True)
        yield Changed("#garden", AT, others, (), 120, True)
        yield Changed("#garden", AT, (), others, 120, True)
        yield Changed("#garden", AT, (), others, 120, True, 12)


def _lists() -> Iterator[Event]:
    yield Listed("#garden", tuple(UserRow(nick, 3600, True) for nick in _PEOPLE), 12)
    yield RoomsListed(tuple(RoomRow(f"#garden{n}", n, "", n < 12) for n in range(50)), 1)
    yield from (RoomsListed(()), BansListed(()))
    yield BansListed((BanRow("ban", "bob", "carol", "spam", AT),))
    yield TopicSet("#garden", AT, "alice", "")
    yield from (TopicShown("#garden", text, "") for text in ("", "Tea"))
    for flag in (True, False):
        for topic in ("owner", "all"):
            yield ModesShown("#garden", flag, flag, topic, _PEOPLE[:2])
    yield ModesShown("#garden", False, False, "all", ())
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
    yield from (Described("alice", account, False, AT, 5) for account in ("", "alice"))
    for reason in ("replay", "history", "after", "search"):
        yield from (Excerpt("#garden", reason, count) for count in (0, 1))
        yield from (Excerpt("#garden", reason, count, True, 42) for count in (20, 120))
