"""Tests for guesses at the keys of rooms, in L{chat.session.handlers.rooms}."""

from __future__ import annotations

import pytest
from twisted.logger import capturedLogs, eventAsText

from chat.core.guesses import AGAIN_AFTER, MANY
from chat.core.throttle import KEY_ORIGINS
from chat.vocabulary.addresses import strange
from chat.vocabulary.endings import Ending
from chat.vocabulary.events import Refused, Talking, Warned
from chat.vocabulary.limits import perMinute
from tests.support.sessions import SessionStage, SessionUser

WRONG, WAIT = Refused("key-needed", "#dev"), Refused("too-many-attempts", "20")


@pytest.fixture
def stage() -> SessionStage:
    return SessionStage(operators=["carol"], keyRate=perMinute(3), replay=0)


@pytest.fixture
def alice(stage: SessionStage) -> SessionUser:
    """The owner of two rooms with a key."""
    alice = stage.registered("alice")
    alice.says("/join #ops", "/mode key hunter2", "/join #dev", "/mode key hunter2")
    return alice


def tries(user: SessionUser, key: str, room: str = "#dev") -> Refused | None:
    """
    @return: How a user is refused who goes into a room and out again.
    """
    heard = user.hears(f"/join {room} {key}")
    user.says(f"/part {room}")
    return next((event for event in heard if isinstance(event, Refused)), None)


def guesses(stage: SessionStage, count: int) -> None:
    """Many users, each from another network, who try three wrong keys each."""
    for number in range(count):
        user = stage.user(f"guesser{number}", address=f"10.{number}.0.1")
        assert user.hears(*["/join #dev wrong"] * 3) == [WRONG] * 3


def test_keysAreGuessedAFewTimesAMinuteFromOnePlace(
    stage: SessionStage, alice: SessionUser
) -> None:
    bob, dave = stage.user("bob"), stage.user("dave", address="192.0.2.2")
    # Neither the right key nor none at all is a guess.
    assert [tries(bob, key) for key in ("hunter2", "", "one", "hunter2", "two", "three")] == [
        *(None, WRONG, WRONG, None, WRONG, WRONG)
    ]
    # From now on the right one is no better, or it would show that it is.
    assert tries(bob, "four") == tries(bob, "hunter2") == WAIT
    assert tries(bob, "") == WRONG
    assert tries(dave, "hunter2") is tries(bob, "hunter2", "#ops") is None
    stage.clock.advance(20)
    assert tries(bob, "hunter2") is None
    assert [tries(bob, "five"), tries(bob, "hunter2")] == [WRONG, WAIT]


def test_keysAreNotGuessedMoreOftenByConnectingAgain(
    stage: SessionStage, alice: SessionUser
) -> None:
    """Where nothing is known of a peer, as at some unix sockets, each connection is another one."""
    refusals = []
    for number in range(4):
        user = stage.connect("unix")
        user.origin = strange(number)
        user.session.opened()
        user.says(f"nick{number}")
        refusals.append(tries(user, "wrong"))
    assert refusals == [WRONG] * 3 + [WAIT]


def test_fromMoreAndMorePlacesKeysWaitForTheirTurn(stage: SessionStage, alice: SessionUser) -> None:
    """
    So guessing gets no faster, and users who know the key come in all the same; those who need
    none do not wait.
    """
    alice.says("/invite friend")
    guesses(stage, KEY_ORIGINS)
    bob, friend = stage.user("bob", address="192.0.2.7"), stage.user("friend")
    alice.says("/invite friend")
    assert bob.hears("/join #dev hunter2") == []
    assert stage.server.counters.delays["key"] == 1
    assert tries(friend, "hunter2") is None
    assert tries(bob, "hunter2", "#ops") is None
    stage.clock.advance(1)
    assert Talking("#dev") in bob.heard()


def test_anAttemptThatWaitsIsGivenUpWithItsSession(stage: SessionStage, alice: SessionUser) -> None:
    guesses(stage, KEY_ORIGINS)
    bob, dave = (stage.user(nick, address="192.0.2.7") for nick in ("bob", "dave"))
    bob.says("/join #dev hunter2")
    bob.session.gone(Ending.CONNECTION_LOST)
    dave.says("/join #dev hunter2")
    stage.clock.advance(1)
    assert Talking("#dev") in dave.heard()
    assert stage.server.counters.faults == 0


def test_ownersInvitedUsersAndOperatorsWaitForNobodysGuesses(
    stage: SessionStage, alice: SessionUser
) -> None:
    bob, carol, dave = stage.user("bob"), stage.registered("carol"), stage.user("dave")
    alice.says("/invite bob")
    assert [tries(dave, "wrong") for _ in range(4)] == [*[WRONG] * 3, WAIT]
    for user in (bob, carol, alice):
        assert tries(user, "wrong") is None


def test_wrongKeysAreLogged(stage: SessionStage, alice: SessionUser) -> None:
    """The room and from where, but neither the key nor that there was none."""
    bob = stage.user("bob", address="192.0.2.7")
    with capturedLogs() as logged:
        for key in ("", "xyzzy", "hunter2"):
            tries(bob, key)
    (event,) = logged
    assert eventAsText(event, includeTimestamp=False, includeSystem=False) == (
        "wrong key for #dev from 192.0.2.7"
    )
    assert "xyzzy" not in str(event)


def test_ownersAndOperatorsAreToldThatSomebodyGuesses(
    stage: SessionStage, alice: SessionUser
) -> None:
    carol, guest = stage.registered("carol"), stage.user("guest")
    alice.says("/part #dev")
    stage.forget()
    room = stage.hub.directory.find("#dev")
    assert room is not None
    for _ in range(MANY - 1):
        stage.server.keyGuessed(room, "192.0.2.7")
    assert alice.heard() == carol.heard() == []
    for _ in range(3):
        stage.server.keyGuessed(room, "192.0.2.8")
    assert alice.heard() == [Warned("key-guessed", "#dev 10/2")]
    assert carol.heard() == [Warned("account-guessed", "#dev 10/2 192.0.2.7,192.0.2.8")]
    stage.clock.advance(AGAIN_AFTER)
    stage.server.keyGuessed(room, "192.0.2.8")
    assert alice.heard() == [Warned("key-guessed", "#dev 13/2")]
    assert guest.heard() == []


def test_aGuestWhoOwnsTheRoomIsTold(stage: SessionStage) -> None:
    bob = stage.user("bob")
    bob.says("/join #tea", "/mode key earl-grey")
    bob.heard()
    room = stage.hub.directory.find("#tea")
    assert room is not None
    for _ in range(MANY):
        stage.server.keyGuessed(room, "192.0.2.7")
    assert bob.heard() == [Warned("key-guessed", "#tea 10/1")]
