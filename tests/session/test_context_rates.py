"""
Tests for how often users may change their nickname, enter rooms and make them, and register.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from chat.core.accounts import Accounts
from chat.store.memory import MemoryLedger
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


def test_aKeyIsNotGuessedByComingBack() -> None:
    """Guesses count for the room and where they come from, and not for a user."""
    stage = SessionStage(keyRate=perMinute(3))
    stage.user("alice").says("/join #dev", "/mode key sesame")

    def tries(key: str, address: str) -> tuple[str, str] | None:
        bob = stage.user("bob", address=address)
        try:
            return refusal(bob, f"/join #dev {key}")
        finally:
            bob.says("/quit")

    there = [f"2001:db8::{number}" for number in range(1, 5)]
    assert [tries("guess", address) for address in there] == [
        *[("key-needed", "#dev")] * 3,
        ("too-many-attempts", "20"),
    ]
    assert tries("sesame", there[0]) == ("too-many-attempts", "20")
    assert tries("sesame", "2001:db8:0:1::1") is None
    stage.clock.advance(20)
    assert tries("sesame", there[0]) is None


def test_theRoomsMadeFromOneAddressAreLimited() -> None:
    stage = SessionStage(roomRate=Rate(2, 3600))
    alice, bob = stage.user("alice"), stage.user("bob")
    assert refusal(alice, "/join #one") is None
    assert refusal(bob, "/join #two") is None
    assert refusal(bob, "/join #Two") is None
    for user in (alice, bob):
        assert refusal(user, "/join #three") == ("making-rooms-too-fast", "3600")
    assert stage.hub.directory.find("#three") is None
    # Rooms that are there may be entered, and others may make more.
    assert refusal(bob, "/join #one") is None
    assert refusal(stage.user("carol", address="192.0.2.2"), "/join #four") is None
    stage.clock.advance(3600)
    assert refusal(alice, "/join #three") is None


def test_aRoomThatIsNotMadeDoesNotCount() -> None:
    stage = SessionStage(roomRate=Rate(1, 3600), rooms={"maxRooms": 1})
    alice = stage.user("alice")
    for _ in range(2):
        assert refusal(alice, "/join #one") == ("rooms-full", "1")


def test_theRoomThatTheDoorWantsIsCounted() -> None:
    stage = SessionStage(roomRate=Rate(1, 3600))
    stage.connect(room="#one").opens(nick="alice")
    heard = stage.connect(room="#two").opens(nick="bob")
    assert Refused("making-rooms-too-fast", "3600") in heard
    assert stage.nicks("#one") == ("alice",)


def test_theAccountsRegisteredFromOneAddressAreLimited() -> None:
    stage = SessionStage(accountRate=Rate(2, 3600))
    register = f"/register {PASSWORD}"
    for nick in ("alice", "bob"):
        user = stage.user(nick)
        assert refusal(user, "/register short") == ("password-invalid", "8–128")
        assert refusal(user, register) is None
    # To give one up makes no room for another.
    assert refusal(user, "/unregister bob") is None
    assert refusal(user, register) == ("registering-too-fast", "3600")
    assert refusal(stage.user("carol", address="192.0.2.2"), register) is None
    stage.clock.advance(3600)
    assert refusal(user, register) is None


def test_manyRegistrationsAtOnceAreCountedAsWell() -> None:
    stage = SessionStage(accountRate=Rate(2, 3600))
    stage.authenticator.isSlow = True
    users = stage.users("alice", "bob", "carol", "dave")
    for user in users:
        user.says(f"/register {PASSWORD}")
    stage.authenticator.decide()
    assert len(stage.server.accounts) == 2
    assert Refused("registering-too-fast", "3600") in users[-1].heard()


@pytest.mark.parametrize("address", ["unix", "198.51.100.7"])
def test_usersWithoutAnAddressAndTrustedOnesAreNotCounted(address: str) -> None:
    stage = SessionStage(
        roomRate=Rate(1, 3600),
        accountRate=Rate(1, 3600),
        trusted=(IPv4Network("198.51.100.0/24"),),
    )
    for nick in ("alice", "bob", "carol"):
        user = stage.user(nick, address=address)
        assert refusal(user, f"/register {PASSWORD}") is None
        assert refusal(user, f"/join #of-{nick}") is None


def test_noPasswordIsHashedWhereNoAccountCanBe() -> None:
    stage = SessionStage()
    stage.server.accounts = Accounts(MemoryLedger(), lambda: stage.now, maxAccounts=1)
    hashed = stage.authenticator.secretFor
    stage.authenticator.secretFor = None  # type: ignore[method-assign, assignment]
    stage.server.accounts.create("somebody", "secret")
    alice = stage.user("alice")
    assert refusal(alice, f"/register {PASSWORD}") == ("accounts-full", "1")
    stage.authenticator.secretFor = hashed  # type: ignore[method-assign]


@pytest.mark.parametrize("settings", [{}, {"nickRate": UNRESTRICTED, "joinRate": UNRESTRICTED}])
def test_withoutARateThereIsNoLimit(settings: dict[str, Any]) -> None:
    stage = SessionStage(rooms={"maxJoined": 0, "maxRooms": 0}, **settings)
    bob = stage.user("bob")
    for number in range(50):
        assert refusal(bob, f"/nick bob{number}") is None
        assert refusal(bob, f"/join #room{number}") is None
