"""Tests for how often users may change their nickname and enter rooms."""

from __future__ import annotations

from typing import Any

import pytest

from chat.vocabulary.events import Refused
from chat.vocabulary.limits import UNRESTRICTED, Limits, Rate, perMinute
from tests.support.sessions import PASSWORD, SessionStage, SessionUser

NICKS = perMinute(Limits.nickRate)
JOINS = perMinute(Limits.joinRate)


def refusal(user: SessionUser, line: str) -> tuple[str, str] | None:
    """
    @return: How a request is refused, and what that is about.
    """
    for event in user.hears(line):
        if isinstance(event, Refused):
            return event.code, event.about
    return None


@pytest.mark.parametrize(
    ("settings", "line", "count", "code", "wait"),
    [
        ({"nickRate": NICKS}, "/nick bob{}", 3, "renaming-too-fast", 20),
        ({"joinRate": JOINS}, "/join #room{}", 10, "joining-too-fast", 6),
    ],
)
def test_requestsBeyondTheRateHaveToWait(
    settings: dict[str, Any], line: str, count: int, code: str, wait: int
) -> None:
    stage = SessionStage(**settings)
    bob = stage.user("bob")
    stage.clock.advance(1000)
    for number in range(count):
        assert refusal(bob, line.format(number)) is None
    assert refusal(bob, line.format(count)) == (code, str(wait))
    stage.clock.advance(wait - 0.5)
    assert refusal(bob, line.format(count)) == (code, "1")
    stage.clock.advance(0.5)
    assert refusal(bob, line.format(count)) is None
    assert refusal(bob, line.format(count + 1)) == (code, str(wait))
    assert stage.server.counters.refusals == {code: 3}


def test_theFirstNicknameIsNoChange() -> None:
    """Nor is a nickname that is refused."""
    stage = SessionStage(nickRate=Rate(1, 60))
    stage.user("alice")
    bob = stage.user("bob")
    assert refusal(bob, "/nick alice") == ("nick-taken", "alice")
    assert refusal(bob, "/nick b b") == ("nick-invalid", "b b")
    assert refusal(bob, "/nick Robert") is None
    assert refusal(bob, "/nick bob") == ("renaming-too-fast", "60")


def test_goingOnAsAnotherAccountIsAChangeOfNickname() -> None:
    stage = SessionStage(nickRate=Rate(2, 60))
    for nick in ("alice", "carol"):
        stage.registered(nick).says("/quit")
    bob = stage.user("bob")
    assert refusal(bob, f"/login alice {PASSWORD}") is None
    assert refusal(bob, "/login carol wrong-one") == ("wrong-password", "carol")
    assert refusal(bob, f"/login carol {PASSWORD}") is None
    for line in (f"/login alice {PASSWORD}", "/nick caroline"):
        assert refusal(bob, line) == ("renaming-too-fast", "60")


def test_whatIsUsedUpIsSoForTheNextAccountAsWell() -> None:
    stage = SessionStage(joinRate=Rate(1, 60))
    stage.registered("alice").says("/quit")
    bob = stage.registered("bob")
    pace = bob.session.me.pace
    pace.mark = 7.0
    assert refusal(bob, "/join #dev") is None
    assert refusal(bob, f"/login alice {PASSWORD}") is None
    assert bob.session.me.pace is not pace
    assert bob.session.me.pace.mark == 7.0
    assert refusal(bob, "/join #ops") == ("joining-too-fast", "60")


def test_eachUserHasTheirOwnRate() -> None:
    stage = SessionStage(nickRate=Rate(1, 60))
    for nick in ("alice", "bob"):
        assert refusal(stage.user(nick), f"/nick {nick}2") is None


def test_reenteringARoomCounts() -> None:
    stage = SessionStage(joinRate=JOINS)
    bob = stage.user("bob")
    for _ in range(10):
        assert refusal(bob, "/join #dev") is None
        assert refusal(bob, "/part #dev") is None
    assert refusal(bob, "/join #dev") == ("joining-too-fast", "6")


def test_switchingBetweenJoinedRoomsDoesNotCount() -> None:
    stage = SessionStage(joinRate=Rate(1, 60))
    bob = stage.user("bob")
    assert refusal(bob, "/join #dev") is None
    for _ in range(10):
        assert refusal(bob, "/join #lobby") is None
        assert refusal(bob, "/join #dev") is None


def test_wrongKeysCount() -> None:
    """So a key cannot be guessed."""
    stage = SessionStage(joinRate=Rate(3, 60))
    alice, bob = stage.user("alice"), stage.user("bob")
    alice.says("/join #dev", "/mode key sesame")
    for guess in ("one", "two", "three"):
        code, _ = refusal(bob, f"/join #dev {guess}") or ("", "")
        assert code == "key-needed"
    assert refusal(bob, "/join #dev sesame") == ("joining-too-fast", "60")


@pytest.mark.parametrize("settings", [{}, {"nickRate": UNRESTRICTED, "joinRate": UNRESTRICTED}])
def test_withoutARateThereIsNoLimit(settings: dict[str, Any]) -> None:
    stage = SessionStage(rooms={"maxJoined": 0, "maxRooms": 0}, **settings)
    bob = stage.user("bob")
    for number in range(50):
        assert refusal(bob, f"/nick bob{number}") is None
        assert refusal(bob, f"/join #room{number}") is None
