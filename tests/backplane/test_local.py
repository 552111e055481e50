"""Tests for L{chat.backplane.local} that are not in the contract."""

from __future__ import annotations

from chat.backplane.local import LocalBackplane
from chat.vocabulary.events import Acted, Event, Joined, Said
from tests.support.hubs import AT

JOINED = Joined("#lobby", AT, "alice")


def test_claimsAreDecidedAtOnce() -> None:
    decided: list[None] = []
    LocalBackplane().claim("alice").addCallback(decided.append)
    assert decided == [None]


def test_eventsArriveWhileTheyArePublished() -> None:
    heard: list[Event] = []
    backplane = LocalBackplane()
    backplane.connect(lambda event, origin: heard.append(event))
    backplane.publish(JOINED)
    assert heard == [JOINED]


def test_idsComeFromTheGivenFunction() -> None:
    """0 says that no id can be given."""
    asked: list[str] = []
    numbers = iter([41, 43, 0])

    def nextId(room: str) -> int:
        asked.append(room)
        return next(numbers)

    heard: list[Event] = []
    backplane = LocalBackplane(nextId)
    backplane.connect(lambda event, origin: heard.append(event))
    for event in [
        Said("#lobby", 0, AT, "alice", "one"),
        Acted("#dev", 0, AT, "alice", "two"),
        JOINED,
        Said("#lobby", 0, AT, "alice", "three"),
    ]:
        backplane.publish(event)
    assert heard == [
        Said("#lobby", 41, AT, "alice", "one"),
        Acted("#dev", 43, AT, "alice", "two"),
        JOINED,
        Said("#lobby", 0, AT, "alice", "three"),
    ]
    assert asked == ["#lobby", "#dev", "#lobby"]
