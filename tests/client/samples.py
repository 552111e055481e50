"""
One event of every kind, and how to make the bytes of one.
"""

import json
from datetime import UTC, datetime

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
from chat.jsonevents import toMapping

AT = datetime(2026, 11, 21, 4, 35, 38, 123456, tzinfo=UTC)

EVENTS: list[Event] = [
    Said("#lobby", 42, AT, "bob", "你好, {nobody}"),
    Said("#dev", 7, AT, "bob", "hi"),
    Acted("#lobby", 43, AT, "bob", "waves"),
    Joined("#lobby", AT, "bob", 3),
    Left("#lobby", AT, "bob", Ending.QUIT, "see you", 2),
    *(Left("#lobby", AT, "bob", reason, "", 2) for reason in Ending),
    Renamed("#lobby", AT, "bob", "robert"),
    Told(AT, "bob", "alice", "psst"),
    Sent(AT, "alice", "bob", "psst"),
    Greeted("tcpchat", 1),
    NickAsked(),
    Welcomed("#lobby", "alice"),
    Welcomed("#lobby", "alice", ("bob", "李雷")),
    Welcomed("#lobby", "alice", tuple(f"bot{n}" for n in range(30))),
    Refused("nick-taken", "bob"),
    Warned("idle", "60"),
    Noticed("Be nice."),
    Listed("#lobby", ()),
    Listed(
        "#lobby", (Person("bob", 59), Person("alice", 90), Person("c", 7200), Person("d", 9**6))
    ),
    Listed("#lobby", tuple(Person(f"bot{n}") for n in range(50))),
    Helped("/who", ("/w",), "[ROOM]", "list who is here, and how long they have been silent"),
    Helped("/version", (), "", "tell what runs here"),
    Ponged("token"),
    Ponged(),
    Present(),
    Versioned("tcpchat", "1.2"),
    LanguageSet("en"),
    FormatSet("json"),
    *(Closed(reason) for reason in Ending),
]


def jsonLine(event: Event) -> bytes:
    """An event as it comes from the service."""
    return json.dumps(toMapping(event), ensure_ascii=False).encode() + b"\r\n"
