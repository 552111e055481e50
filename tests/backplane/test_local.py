"""Tests for L{chat.backplane.local}, beside those of the contract."""

from __future__ import annotations

from datetime import UTC, datetime

from chat.backplane.local import LocalBackplane
from chat.events import Event, Joined

JOINED = Joined("#lobby", datetime(2026, 11, 21, tzinfo=UTC), "alice")


def test_decidesAtOnce() -> None:
    decided: list[None] = []
    LocalBackplane().claim("alice").addCallback(decided.append)
    assert decided == [None]


def test_arrivesWhileItIsPublished() -> None:
    heard: list[Event] = []
    backplane = LocalBackplane()
    backplane.connect(lambda event, origin: heard.append(event))
    backplane.publish(JOINED)
    assert heard == [JOINED]
