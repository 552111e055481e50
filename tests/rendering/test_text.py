"""Tests for L{chat.rendering.text}, beside those of the contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chat.rendering.lines import NAMES_IN_WELCOME
from chat.rendering.lists import NAMES_SHOWN, ROOMS_AT_LENGTH
from chat.rendering.text import TextRendering
from chat.vocabulary.events import (
    Acted,
    BanRow,
    BansListed,
    Changed,
    Closed,
    DeletionAsked,
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
    Left,
    Listed,
    Missed,
    ModeSet,
    ModesShown,
    Noticed,
    Parted,
    PasswordAsked,
    Ponged,
    Recalled,
    Refused,
    RoomRow,
    RoomsListed,
    Said,
    SessionsChanged,
    Talking,
    Told,
    TopicSet,
    TopicShown,
    Uptime,
    UserRow,
    Warned,
    Welcomed,
)
from chat.vocabulary.style import Style
from tests.support.samples import AT

SAID = Said("#dev", 1, AT, "alice", "hi")
ACTED = Acted("#dev", 2, AT, "alice", "waves")
RECALLED = Recalled("#dev", 1, AT, "alice", "hi")
TOLD = Told(AT, "alice", "bob", "psst")


def lines(event: Event, language: str = "en") -> list[str]:
    """How an event reads, without line ends."""
    data = TextRendering(Style(language=language)).render(event)
    if not data:
        return []
    assert data.endswith(b"\r\n")
    return data.decode().removesuffix("\r\n").split("\r\n")


@pytest.mark.parametrize(
    ("count", "people"),
    [(0, "Nobody"), (1, "1 person"), (2, "2 people"), (1000, "1000 people")],
)
def test_greetingCountsUsers(count: int, people: str) -> None:
    end = "." if count else " yet."
    assert lines(Greeted("The Lobby", count)) == [f"--- Welcome to The Lobby. {people} here{end}"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        # Nobody, one, and more than are named.
        (
            Welcomed("#lobby", "alice"),
            "--- You are alice, alone in #lobby. Just type; /help for commands.",
        ),
        (
            Welcomed("#dev", "alice", ("bob",), 7),
            "--- You are alice, in #dev with bob and 7 more. Just type; /help for commands.",
        ),
        (Entered("#dev"), "--- You are alone in #dev."),
        (
            Entered("#dev", (), "Tea"),
            "--- You are alone in #dev. Topic: Tea",
        ),
        (Entered("#dev", ("bob",)), "--- You are in #dev with bob."),
        (Entered("#dev", ("bob", "eve"), "", 7), "--- You are in #dev with bob, eve and 7 more."),
        (Talking(""), "--- You are not in any room now; see /rooms, then /join #ROOM."),
        (SessionsChanged(1), "--- You now have 1 session here."),
        (Listed("#dev", ()), "--- 0 people in #dev"),
        (Listed("#dev", (UserRow("alice"),)), "--- 1 person in #dev: alice"),
        # The reason is left out of a list, for it could look like more of the list.
        (
            Listed("#dev", (UserRow("bob", 300, True), UserRow("carol", 0, True))),
            "--- 2 people in #dev: bob (away, idle 5m), carol (away)",
        ),
        (Warned("is-away", "bob: lunch: late"), "--- bob is away: lunch: late"),
        (Warned("is-away", "bob"), "--- bob is away"),
        # Rooms.
        (RoomsListed(()), "--- There are no rooms."),
        (TopicSet("#dev", AT, "alice", ""), "--- alice cleared the topic of #dev"),
        (TopicShown("#dev", ""), "--- #dev has no topic"),
        (TopicShown("#dev", "Tea"), "--- Topic of #dev: Tea"),
        (
            ModesShown("#dev", False, True, "all"),
            "--- #dev: no key; private; anybody can set the topic; no owner",
        ),
        # Why a user left: the reason of the user takes the place of ours.
        (Left("#dev", AT, "bob", Ending.QUIT, "so long", 2), "<-- bob left #dev: so long (2 here)"),
        (Left("#dev", AT, "bob", Ending.QUIT, "", 2), "<-- bob left #dev: quit (2 here)"),
        (Left("#dev", AT, "bob", Ending.INPUT_CLOSED), "<-- bob left #dev: input closed (0 here)"),
        (
            Left("#dev", AT, "bob", Ending.CONNECTION_LOST),
            "<-- bob left #dev: connection lost (0 here)",
        ),
        (Left("#dev", AT, "bob", Ending.IDLE_TIMEOUT), "<-- bob left #dev: timed out (0 here)"),
        (
            Left("#dev", AT, "bob", Ending.TOO_SLOW),
            "<-- bob left #dev: connection too slow (0 here)",
        ),
        # Answers.
        (BansListed(()), "--- Nobody is banned or muted."),
        (Done("ignoring", "bob, eve"), "--- You are ignoring bob, eve."),
        (Done("ignoring"), "--- You are not ignoring anybody."),
        (
            Done("last-login", "2026-11-20 2001:db8::/64"),
            "--- Your last login was on 2026-11-20, from 2001:db8::/64.",
        ),
        (
            Warned("account-guessed", "alice,#den,+2 24/5 192.0.2.7,2001:db8::/64"),
            "!!! Wrong guesses: 24 (alice, #den, +2); addresses: 5 (192.0.2.7, 2001:db8::/64)"
            " (account-guessed)",
        ),
        (
            Warned("key-guessed", "#den 24/5"),
            "!!! Wrong keys for #den: 24 (addresses: 5) (key-guessed)",
        ),
        (
            Warned("password-guessed", "24/5"),
            "!!! Wrong passwords for your account: 24 (addresses: 5) (password-guessed)",
        ),
        (
            Done("bell", "mention"),
            "--- The bell rings when you are mentioned; /bell off silences it.",
        ),
        (
            Helped("/version", (), "", "tell what runs here"),
            "--- /version: tell what runs here",
        ),
        (
            Helped("/who", ("/w", "/在线"), "[#ROOM]", "list who is here"),
            "--- /who [#ROOM] (/w, /在线): list who is here",
        ),
        (Ponged(), "--- PONG"),
        (
            Refused("unknown-command", "/foo"),
            "!!! There is no command /foo; type /help for a list (unknown-command)",
        ),
        # A message of the day may have empty lines.
        (Noticed(""), "--- "),
        # The last line.
        (Closed(Ending.QUIT), "--- Goodbye."),
        (Closed(Ending.SHUTDOWN), "--- Goodbye: the service is shutting down."),
        (
            Closed(Ending.SESSION_ENDED),
            "--- Goodbye: you ended this session.",
        ),
        (
            Closed(Ending.KICKED, "spam", "", "carol"),
            "!!! You have been kicked by carol: spam (kicked)",
        ),
        (Closed(Ending.KICKED, "", "", "carol"), "!!! You have been kicked by carol (kicked)"),
        (Closed(Ending.BANNED, "spam"), "!!! You are banned: spam (banned)"),
        (
            Closed(Ending.BANNED, "spam", by="carol", until=AT),
            "!!! You are banned until 2026-11-21 12:35 (by carol: spam) (banned)",
        ),
        (Refused("banned", by="carol"), "!!! You are banned (by carol) (banned)"),
        (
            Warned("muted", by="carol", until=AT),
            "!!! You are muted until 2026-11-21 12:35 (by carol) (muted)",
        ),
        (Refused("muted", "spam", by="carol"), "!!! You are muted (by carol: spam) (muted)"),
        (
            PasswordAsked("alice", "bob"),
            "--- If it is yours, type your password; to stay bob, type /nick bob.",
        ),
        (Closed(Ending.BANNED), "!!! You are banned (banned)"),
        (
            Closed(Ending.NOT_CHAT, "HTTP"),
            "!!! This is a chat service and does not speak HTTP; try telnet (not-chat)",
        ),
    ],
    ids=repr,
)
def test_eventsReadAccordingToTheirFields(event: Event, line: str) -> None:
    assert lines(event) == [line]


def test_welcomeNamesSomeAndCountsTheOthers() -> None:
    """It is one line, however many are there; what does not fit into it has another."""
    names = tuple(f"n{number}" for number in range(NAMES_IN_WELCOME + 3))
    assert lines(Welcomed("#lobby", "alice", names)) == [
        "--- You are alice, in #lobby with n0, n1, n2, n3, n4, n5, n6, n7 and 5 more.",
        "--- Just type; /help for commands.",
    ]
    assert lines(Welcomed("#lobby", "alice", names[:3])) == [
        "--- You are alice, in #lobby with n0, n1, n2. Just type; /help for commands."
    ]
    shown = ", ".join(names[:NAMES_IN_WELCOME])
    assert lines(Entered("#dev", names)) == [f"--- You are in #dev with {shown} and 3 more."]
    assert lines(Entered("#dev", names, "Tea"))[1:] == ["--- Topic: Tea"]
    assert lines(Entered("#dev", ("n" * 80, "n1"))) == [
        f"--- You are in #dev with {'n' * 80} and 1 more."
    ]


def test_allAreNamedWhereTheyFit() -> None:
    """It needs no room to count some."""
    rooms = ("#one", "#two", "#three")
    head = "--- These rooms and their history are deleted once empty: "
    told = [lines(DeletionAsked("alice", rooms=rooms[:count]))[1] for count in (2, 3)]
    assert told == [head + "#one, #two", head + "#one, #two, #three"]
    further = lines(DeletionAsked("alice", rooms=rooms, more=2))[1]
    assert further == head + "#one, #two and 3 more"


@pytest.mark.parametrize(
    ("parted", "line"),
    [
        (Parted("#dev", Ending.PARTED, "", "enough"), "You left #dev."),
        (Parted("#dev", Ending.KICKED, "carol"), "carol kicked you out of #dev"),
        (Parted("#dev", Ending.KICKED, "carol", "spam"), "carol kicked you out of #dev: spam"),
        (Parted("#dev", Ending.KICKED), "You are no longer in #dev: kicked"),
        (
            Parted("#dev", Ending.BANNED, "carol", "spam"),
            "You are no longer in #dev: banned by carol: spam",
        ),
        (Parted("#dev", Ending.OTHER), "You are no longer in #dev: unknown reason"),
    ],
)
def test_parting(parted: Parted, line: str) -> None:
    assert lines(parted) == [f"--- {line}"]


@pytest.mark.parametrize(
    ("reason", "text", "by", "shown"),
    [
        (Ending.PARTED, "", "", "#dev (2 here)"),
        (Ending.PARTED, "tea", "", "#dev: tea (2 here)"),
        (Ending.KICKED, "", "carol", "#dev: kicked by carol (2 here)"),
        (Ending.KICKED, "spam", "carol", "#dev: kicked by carol: spam (2 here)"),
        (Ending.KICKED, "spam", "", "#dev: kicked: spam (2 here)"),
        (Ending.BANNED, "spam", "carol", "#dev: banned by carol: spam (2 here)"),
        (Ending.BANNED, "", "", "#dev: banned (2 here)"),
    ],
)
def test_departureNamesWhoDidItAndWhy(reason: Ending, text: str, by: str, shown: str) -> None:
    left = Left("#dev", AT, "bob", reason, text, 2, by)
    assert lines(left) == [f"<-- bob left {shown}"]


@pytest.mark.parametrize(
    ("mode", "value", "line"),
    [
        ("key", "on", "alice set a key for #dev"),
        ("key", "off", "alice removed the key of #dev"),
        ("private", "on", "alice made #dev private: unlisted and invite-only"),
        ("private", "off", "alice made #dev public"),
        ("topic", "owner", "alice now lets only owners set the topic of #dev"),
        ("topic", "all", "alice now lets everybody set the topic of #dev"),
        ("op", "bob", "alice made bob an owner of #dev"),
        ("deop", "bob", "alice removed bob as an owner of #dev"),
        ("slow", "5s", "alice changed the settings of #dev: slow 5s"),
    ],
)
def test_modesInWords(mode: str, value: str, line: str) -> None:
    assert lines(ModeSet("#dev", AT, "alice", mode, value)) == [f"--- {line}"]


def test_descriptionIsSilentAboutWhatIsUnknown() -> None:
    """It has no empty lines."""
    assert lines(Described("bob", "", False, AT)) == [
        "--- bob has no account",
        "--- bob has been here since 2026-11-21 12:35",
    ]
    assert lines(Described("bob", "Bob", False, AT))[0] == "--- bob is logged in as Bob"


def test_bansThatEnd() -> None:
    bans = BansListed(
        (BanRow("ban", "bob", "carol", "", AT), BanRow("mute", "eve", "carol", "x", AT))
    )
    assert lines(bans) == [
        "--- bob is banned by carol until 2026-11-21 12:35",
        "--- eve is muted by carol until 2026-11-21 12:35: x",
    ]


def test_manyRoomsShareLines() -> None:
    """Without their topics; the rooms of the user are named at the end."""
    count = ROOMS_AT_LENGTH + 1
    rooms = [RoomRow(f"#r{number}", number, "Tea") for number in range(count)]
    rows = lines(RoomsListed(tuple(rooms)))
    assert all(60 < len(row) <= 79 for row in rows[:-1])
    assert all(row.startswith(f"--- {count} rooms: ") for row in rows)
    names = [name for row in rows for name in row.split(": ")[1].split(", ")]
    assert names == [f"{row.room} ({row.count})" for row in rooms]
    rooms[3] = RoomRow("#r3", 3, "", True)
    assert lines(RoomsListed(tuple(rooms)))[-1] == "--- You are in: #r3"


@pytest.mark.parametrize(
    ("excerpt", "line"),
    [
        (Excerpt("#dev", "replay", 1), "1 earlier line from #dev"),
        (
            Excerpt("#dev", "history", 200, True, 9),
            "200 earlier lines from #dev; for more, /history 400 in #dev",
        ),
        (
            Excerpt("#dev", "history", 1000, True, 9),
            "1000 earlier lines from #dev; there are older ones",
        ),
        (Excerpt("#dev", "after", 3, False, 9), "3 lines from #dev"),
        (
            Excerpt("#dev", "after", 3, True, 9),
            "3 lines from #dev; for newer ones, /history after 9 in #dev",
        ),
        (Excerpt("#dev", "history", 0), "There are no such lines in #dev."),
        (Excerpt("", "search", 0), "Nothing found."),
        (Excerpt("", "search", 1), "1 line found"),
        (
            Excerpt("#dev", "search", 20, True),
            "20 lines found, newest first; there are older ones",
        ),
    ],
)
def test_headsOfThePast(excerpt: Excerpt, line: str) -> None:
    assert lines(excerpt) == [f"--- {line}"]


def test_anEmptyReplayIsNotTold() -> None:
    """The user has not asked for it."""
    assert lines(Excerpt("#dev", "replay", 0)) == []


@pytest.mark.parametrize(
    ("missed", "line"),
    [
        (Missed("#dev", 6, 6, "expired"), "Line 6 of #dev has expired"),
        (
            Missed("#dev", 7, 7, "lost"),
            "1 line of #dev is missing here",
        ),
        (
            Missed("#dev", 43, 45, "lost"),
            "3 lines of #dev are missing here",
        ),
        (
            Missed("#dev", 43, 20042, "stopped"),
            "The service stopped unexpectedly; lines of #dev may be missing here",
        ),
    ],
)
def test_linesThatCannotBeReadAnyMore(missed: Missed, line: str) -> None:
    assert lines(missed) == [f"--- {line}"]


@pytest.mark.parametrize(
    ("seconds", "time"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (61, "1m 1s"),
        (3600, "1h"),
        (3659, "1h"),
        (3660, "1h 1m"),
        (86_400 + 3599, "1d"),
        (10 * 86_400 + 7200, "10d 2h"),
    ],
)
def test_uptimes(seconds: int, time: str) -> None:
    assert lines(Uptime(seconds)) == [f"--- The service has been up for {time}."]


def test_longListIsSeveralLines() -> None:
    """Each of them says where it belongs, and no user is missing."""
    people = tuple(UserRow(f"n{number}") for number in range(41))
    rows = lines(Listed("#dev", people))
    assert len(rows) == 4
    assert all(60 < len(row) <= 79 for row in rows[:-1])
    assert all(row.startswith("--- 41 people in #dev: ") for row in rows)
    names = [name for row in rows for name in row.split(": ")[1].split(", ")]
    assert names == [row.nick for row in people]


def test_veryLongListCountsTheRest() -> None:
    """Both those that it has and those that are only counted."""
    people = tuple(UserRow(f"n{number}") for number in range(NAMES_SHOWN + 5))
    rows = lines(Listed("#dev", people, 7000))
    assert all(row.startswith("--- 7105 people in #dev: ") for row in rows[:-1])
    assert rows[-1] == "--- 7005 more not shown"
    assert lines(Listed("#dev", people[:1], 2)) == [
        "--- 3 people in #dev: n0",
        "--- 2 more not shown",
    ]


_MANY = tuple(f"n{number}" for number in range(NAMES_IN_WELCOME))


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        (
            Changed("#dev", AT, ("bob", "eve"), ("carol",), 7, True),
            "bob, eve joined #dev and carol left (7 here)",
        ),
        (Changed("#dev", AT, ("bob",), (), 7, True), "bob joined #dev (7 here)"),
        (Changed("#dev", AT, (), ("bob", "eve"), 7, True), "bob, eve left #dev (7 here)"),
        (Changed("#dev", AT, _MANY, (), 7, True), "10 people joined #dev (7 here)"),
        (
            Changed("#dev", AT, _MANY, ("bob",), 7, True),
            "10 people joined #dev and 1 person left (7 here)",
        ),
        (Changed("#dev", AT, (), (*_MANY, "bob"), 7, True), "11 people left #dev (7 here)"),
        (
            Changed("#dev", AT, ("bob",), ("eve",), 7, True, 1),
            "3 people joined or left #dev (7 here)",
        ),
    ],
)
def test_joinsAndDeparturesWhileTheRecipientWasBehind(changed: Changed, shown: str) -> None:
    """By name, where they are few."""
    assert lines(changed) == [f"--- While you lagged, {shown}"]


def test_joinsOfACrowdAreNotTold() -> None:
    """Nor is it told that there were none."""
    assert lines(Changed("#dev", AT, ("bob",), ("eve",), 7)) == []
    assert lines(Changed("#dev", AT, (), (), 7, True)) == []


@pytest.mark.parametrize(
    ("idle", "shown"),
    [
        (0, "bob"),
        (59, "bob"),
        (60, "bob (idle 1m)"),
        (1_000_000, "bob (idle 11d)"),
    ],
)
def test_idleTimes(idle: int, shown: str) -> None:
    """Users who wrote within the last minute are not idle."""
    assert lines(Listed("#dev", (UserRow("bob", idle),))) == [f"--- 1 person in #dev: {shown}"]


def test_linesOfOtherRoomsNameTheirRoom() -> None:
    """Only lines that are said: all others name their room anyway, or are private."""
    rendering = TextRendering(Style()).elsewhere
    assert rendering.render(Said("#dev", 1, AT, "alice", "hi")) == b"#dev alice: hi\r\n"
    assert rendering.render(Acted("#dev", 1, AT, "alice", "waves")) == b"#dev  * alice waves\r\n"
    joined = b"--> alice joined #dev (3 here)\r\n"
    assert rendering.render(Joined("#dev", AT, "alice", 3)) == joined
    assert rendering.render(Told(AT, "alice", "bob", "hi")) == b"[alice -> you] hi\r\n"


def rendered(style: Style, event: Event, *, elsewhere: bool = False, ringing: bool = False) -> str:
    """How an event reads, without its line end."""
    rendering = TextRendering(style)
    rendering = rendering.elsewhere if elsewhere else rendering
    rendering = rendering.ringing if ringing else rendering
    return rendering.render(event).decode().removesuffix("\r\n")


def test_linesBeginWithTheirTime() -> None:
    """A line of the past has its own, with the day."""
    style = Style(hasTimes=True)
    assert rendered(style, SAID) == "[12:35] alice: hi"
    assert rendered(style, SAID, elsewhere=True) == "[12:35] #dev alice: hi"
    assert rendered(style, TOLD) == "[12:35] [alice -> you] psst"
    assert rendered(style, Joined("#dev", AT, "bob", 3)) == "[12:35] --> bob joined #dev (3 here)"
    assert rendered(style, RECALLED) == "[2026-11-21 12:35] alice: hi"
    assert rendered(style, RECALLED, elsewhere=True) == "[2026-11-21 12:35] #dev alice: hi"
    assert rendered(style, Talking("#dev")) == "--- You are now talking in #dev."


def test_timesAreLocal(timeZone: Callable[[str], None]) -> None:
    timeZone("NST3:30")
    assert rendered(Style(hasTimes=True), SAID) == "[01:05] alice: hi"
    assert rendered(Style(), RECALLED) == "[2026-11-21 01:05] alice: hi"


def test_timesThatNoClockShows() -> None:
    """They stay as they are."""
    early = datetime(1, 1, 1, tzinfo=UTC)
    rendering = TextRendering(Style(hasTimes=True))
    recalled = Recalled("#dev", 1, datetime.max.replace(tzinfo=UTC), "alice", "hi")
    assert rendering.render(recalled) == b"[9999-12-31 23:59] alice: hi\r\n"
    assert rendering.render(Told(early, "alice", "bob", "hi")).endswith(b"[alice -> you] hi\r\n")


INVITED = Invited("#dev", "bob")


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize(
    ("bell", "ringing", "rung"),
    [
        ("off", False, ()),
        ("off", True, ()),
        ("mention", False, (TOLD, INVITED)),
        ("mention", True, (SAID, ACTED, TOLD, INVITED)),
        ("all", False, (SAID, ACTED, TOLD, INVITED)),
        ("all", True, (SAID, ACTED, TOLD, INVITED)),
    ],
)
def test_bells(bell: str, ringing: bool, elsewhere: bool, rung: tuple[Event, ...]) -> None:
    """At the end of the line; never for the past, nor for joins and departures."""
    events: list[Event] = [SAID, ACTED, TOLD, INVITED, RECALLED, Joined("#dev", AT, "bob", 3)]
    for event in events:
        line = rendered(Style(bell=bell), event, elsewhere=elsewhere, ringing=ringing)
        assert line.endswith("\a") == (event in rung)
        assert line.removesuffix("\a") == rendered(Style(), event, elsewhere=elsewhere)


def test_ringingElsewhere() -> None:
    rendering = TextRendering(Style(hasTimes=True, bell="mention"))
    assert rendering.elsewhere.ringing is rendering.ringing.elsewhere
    assert rendering.elsewhere.ringing.render(SAID) == b"[12:35] #dev alice: hi\a\r\n"
