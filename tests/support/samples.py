"""
Events of every kind, how they read, and how to make the bytes of one.
"""

import json
from datetime import UTC, datetime

from chat.rendering.jsonlines import toMapping
from chat.vocabulary import events
from chat.vocabulary.events import Event

AT = datetime(2026, 11, 21, 4, 35, 38, 123456, tzinfo=UTC)

# One sample of each kind, and how it reads in English: lines, perhaps none.
SAMPLES: list[tuple[Event, str]] = [
    (events.Said("#lobby", 42, AT, "alice", "hello"), "alice: hello"),
    (events.Acted("#lobby", 43, AT, "alice", "waves"), " * alice waves"),
    (events.Joined("#lobby", AT, "alice", 3), "--> alice joined #lobby (3 here)"),
    (
        events.Left("#lobby", AT, "alice", events.Ending.CONNECTION_LOST, "", 2),
        "<-- alice left #lobby: connection lost (2 here)",
    ),
    (events.Renamed("#lobby", AT, "alice", "bob"), "--- alice is now bob"),
    (events.Changed("#lobby", AT, ("carol", "dave"), ("bob",), 80), ""),
    (events.TopicSet("#dev", AT, "alice", "Tea"), "--- alice set the topic of #dev: Tea"),
    (events.ModeSet("#dev", AT, "alice", "key", "on"), "--- alice set a key for #dev"),
    (events.Announced(AT, "carol", "Tea at five."), "--- Announcement from carol: Tea at five."),
    (events.Told(AT, "alice", "bob", "hi"), "[alice -> you] hi"),
    (events.Sent(AT, "alice", "bob", "hi"), "[you -> bob] hi"),
    (events.Greeted("tcpchat", 2), "--- Welcome to tcpchat. 2 people here."),
    (events.NickAsked(), "--- Choose a nickname (/quit leaves):"),
    (
        events.PasswordAsked("alice"),
        "--- If it is yours, type your password; otherwise pick another: /nick NAME.",
    ),
    (
        events.DeletionAsked("alice"),
        "--- This deletes your account alice for good.\r\n--- Type /unregister alice to confirm.",
    ),
    (
        events.Welcomed("#lobby", "alice", ("bob", "carol")),
        "--- You are alice, in #lobby with bob, carol. Just type; /help for commands.",
    ),
    (
        events.Entered("#dev", ("bob", "carol"), "Tea"),
        "--- You are in #dev with bob, carol. Topic: Tea",
    ),
    (events.Talking("#dev"), "--- You are now talking in #dev."),
    (events.Parted("#dev", events.Ending.PARTED), "--- You left #dev."),
    (events.SessionsChanged(2), "--- You now have 2 sessions here."),
    (events.Done("banned", "bob"), "--- bob is now banned."),
    (events.Refused("nick-taken", "bob"), "!!! bob is taken; choose another (nick-taken)"),
    (
        events.Warned("idle", "60"),
        "!!! You have been silent; say something within 60 seconds to stay (idle)",
    ),
    (events.Noticed("Tea at five."), "--- Tea at five."),
    (
        events.Listed("#lobby", (events.UserRow("alice", 5), events.UserRow("bob", 300))),
        "--- 2 people in #lobby: alice, bob (idle 5m)",
    ),
    (
        events.RoomsListed(
            (events.RoomRow("#dev", 3, "Tea"), events.RoomRow("#lobby", 12, "", True))
        ),
        "--- #dev (3 here): Tea\r\n--- #lobby (12 here, you too)",
    ),
    (
        events.BansListed(
            (
                events.BanRow("ban", "192.0.2.0/24", "carol", "spam"),
                events.BanRow("mute", "bob", "carol"),
            )
        ),
        "--- 192.0.2.0/24 is banned by carol: spam\r\n--- bob is muted by carol",
    ),
    (
        events.SessionsListed(
            (events.SessionRow(1, "192.0.2.7", AT, 300), events.SessionRow(2, "unix", AT, 0, True))
        ),
        "--- Session 1 from 192.0.2.7 since 2026-11-21 12:35, idle 5m\r\n"
        "--- Session 2 from unix since 2026-11-21 12:35, this one",
    ),
    (events.TopicShown("#dev", "Tea", "alice"), "--- Topic of #dev, set by alice: Tea"),
    (
        events.ModesShown("#dev", True, False, "owner", ("alice", "bob")),
        "--- #dev: has a key; public; owners can set the topic; owners: alice, bob",
    ),
    (
        events.Described(
            "alice", "alice", True, AT, 300, True, "lunch", ("#lobby", "#dev"), ("192.0.2.7",)
        ),
        "--- alice is logged in as alice, an operator\r\n"
        "--- alice has been here since 2026-11-21 12:35, idle for 5m\r\n"
        "--- alice is in #lobby, #dev\r\n"
        "--- alice is connected from 192.0.2.7\r\n"
        "--- alice is away: lunch",
    ),
    (events.Invited("#dev", "bob"), "--- bob invited you to #dev: /join #dev"),
    (
        events.Excerpt("#lobby", "replay", 20, True, 42),
        "--- 20 earlier lines from #lobby; for more, /history 100 in #lobby",
    ),
    (events.Recalled("#lobby", 41, AT, "alice", "hi"), "[2026-11-21 12:35] alice: hi"),
    (events.Missed("#lobby", 6, 40, "expired"), "--- Lines 6 to 40 of #lobby have expired"),
    (events.Stored("#lobby", 42), ""),
    (
        events.Helped("/quit", ("/exit", "/bye"), "[REASON]", "leave"),
        "--- /quit [REASON] (/exit, /bye): leave",
    ),
    (events.Ponged("token"), "--- PONG token"),
    (events.Present(), "--- Yes, still here."),
    (events.Versioned("tcpchat", "1.0"), "--- tcpchat: tcpchat 1.0"),
    (
        events.LanguageSet("en"),
        "--- The language is English; /lang zh_CN switches to Chinese.",
    ),
    (events.FormatSet("text"), "--- The format is text; text is for people, json for programs."),
    (events.Uptime(90_061), "--- The service has been up for 1d 1h."),
    (
        events.Closed(events.Ending.IDLE_TIMEOUT),
        "!!! You have been silent for too long (idle-timeout)",
    ),
]

EVENTS: list[Event] = [
    *(event for event, _ in SAMPLES),
    events.Said("#lobby", 44, AT, "bob", "你好, {nobody}"),
    events.Said("#dev", 7, AT, "bob", "hi"),
    events.Acted("#lobby", 45, AT, "bob", "waves"),
    events.Left("#lobby", AT, "bob", events.Ending.QUIT, "see you", 2),
    *(events.Left("#lobby", AT, "bob", reason, "", 2) for reason in events.Ending),
    events.ModeSet("#dev", AT, "bob", "private", "on"),
    events.ModeSet("#dev", AT, "bob", "op", "alice"),
    events.Told(AT, "bob", "alice", "psst"),
    events.Welcomed("#lobby", "alice"),
    events.Welcomed("#lobby", "alice", ("bob", "李雷")),
    events.Welcomed("#lobby", "alice", tuple(f"bot{n}" for n in range(30))),
    events.Talking(""),
    *(events.Parted("#dev", reason, "carol", "spam") for reason in events.Ending),
    events.Done("bell", "mention"),
    events.Warned("is-away", "bob: lunch"),
    events.Listed("#lobby", ()),
    *(events.Listed("#lobby", (events.UserRow("bob", idle),)) for idle in (59, 90, 7200, 9**6)),
    events.Listed("#lobby", tuple(events.UserRow(f"bot{n}") for n in range(50))),
    events.Listed("#dev", (events.UserRow("bob", 59, True),)),
    events.BansListed((events.BanRow("mute", "bob", "c", "x", AT),)),
    events.Excerpt("#lobby", "history", 0),
    events.Excerpt("#dev", "search", 3, True, 42),
    events.Recalled("#lobby", 41, AT, "bob", "你好, {nobody}"),
    events.Recalled("#lobby", 42, AT, "bob", "waves", True),
    events.Recalled("#dev", 7, AT, "bob", "hi"),
    events.Missed("#lobby", 43, 43, "lost"),
    events.Helped("/version", (), "", "tell what runs here"),
    events.Ponged(),
    events.FormatSet("json"),
    *(events.Closed(reason) for reason in events.Ending),
]


def jsonLine(event: Event) -> bytes:
    """An event as it comes from the service."""
    return json.dumps(toMapping(event), ensure_ascii=False).encode() + b"\r\n"
