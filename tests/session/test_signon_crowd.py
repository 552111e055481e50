"""Tests for L{chat.session.signon}: coming into rooms with very many users."""

from __future__ import annotations

import pytest

from chat.core.users import User
from chat.rendering import renderingFor
from chat.session.server import Server
from chat.vocabulary.events import Changed, Done, Entered, Joined, Listed, Said, UserRow, Welcomed
from chat.vocabulary.names import fold
from chat.vocabulary.replies import MAX_NAMES
from tests.support.hubs import AT, LOBBY, now
from tests.support.sessions import PASSWORD, SessionStage

NICKS = [f"n{number}" for number in range(MAX_NAMES + 5)]
CROWD = [User(nick, fold(nick)) for nick in NICKS]


def crowd(server: Server, *rooms: str) -> None:
    """
    Let very many users of another process join rooms.
    """
    for name in rooms:
        room = server.hub.directory.open(name)
        for user in CROWD:
            room.enter(user, Joined(name, AT, user.nick))


@pytest.fixture
def stage() -> SessionStage:
    return SessionStage(replay=0, rooms={"announceLimit": 50})


def test_aNewUserIsToldOfTheFirstUsersOfACrowd(stage: SessionStage) -> None:
    crowd(stage.server, LOBBY)
    first = tuple(NICKS[:MAX_NAMES])
    user = stage.user("/format json")
    assert user.hears("alice") == [
        Welcomed(LOBBY, "alice", first, 5),
        Listed(LOBBY, tuple(map(UserRow, first)), 6),
    ]
    assert user.hears("/who") == [Listed(LOBBY, tuple(map(UserRow, first)), 6)]


def test_aUserWhoJoinsIsToldOfTheFirstUsersOfACrowd(stage: SessionStage) -> None:
    alice = stage.user("alice")
    crowd(stage.server, "#dev")
    assert alice.hears("/join #dev")[0] == Entered("#dev", tuple(NICKS[:MAX_NAMES]), "", 5)


def test_severalRoomsShareWhatOneEventMayName(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    alice.says("/join #dev")
    crowd(stage.server, LOBBY, "#dev")
    half = ("alice", *NICKS[: MAX_NAMES // 2 - 1])
    second = stage.user("/format json")
    heard = second.hears(f"/login alice {PASSWORD}")
    others, listed = tuple(NICKS[: MAX_NAMES // 2]), tuple(map(UserRow, half))
    more = len(NICKS) - MAX_NAMES // 2
    assert heard == [
        Done("logged-in", "alice"),
        Welcomed(LOBBY, "alice", others, more),
        Listed(LOBBY, listed, more + 1),
        Entered("#dev", others, "", more),
        Listed("#dev", listed, more + 1),
    ]


@pytest.mark.parametrize("format", ["text", "json"])
def test_theWelcomeIntoManyCrowdsIsBounded(format: str) -> None:
    """Even for all rooms of a user at once, it is less than may wait for a slow reader."""
    stage = SessionStage(replay=0, rooms={"announceLimit": 50}, renderings=renderingFor)
    rooms = [f"#room{number}" for number in range(19)]
    crowd(stage.server, LOBBY, *rooms)
    alice = stage.connect()
    alice.says(f"/format {format}", "alice")
    stage.clock.advance(1)
    user = stage.server.hub.nicknames.named("alice")
    for room in rooms:
        now(stage.server.hub.join(user, room))
    alice.says("/format text", "/format json")
    told = sum(map(len, alice.outlet.writes))
    assert len(rooms) * 1024 < told < 128 * 1024


# A slow reader.


def test_aSlowReaderHearsOfAllTheirRoomsOnceRelieved() -> None:
    stage = SessionStage(replay=0)
    alice, bob = stage.users("alice", "bob")
    for user in (alice, bob):
        user.says("/join #dev")
    stage.forget()
    alice.outlet.busy = True
    bob.says("/part #dev", "/quit")
    stage.users("carol")
    assert alice.heard() == []
    alice.outlet.busy = False
    alice.session.relieved()
    assert alice.heard() == [
        Changed(LOBBY, AT, ("carol",), ("bob",), 2, True),
        Changed("#dev", AT, (), ("bob",), 1, True),
    ]


def test_aRelievedSessionWithoutANicknameIsToldNothing() -> None:
    stage = SessionStage(replay=0)
    user = stage.user()
    user.session.relieved()
    assert user.heard() == []
    user.says("alice", "/quit").heard()
    user.session.relieved()
    assert user.heard() == []


def test_theListOfUsersComesAfterTheChangesBeforeIt() -> None:
    stage = SessionStage(replay=0)
    alice = stage.user("alice")
    alice.outlet.busy = True
    bob = stage.user("bob")
    assert alice.hears("/who") == [
        Changed(LOBBY, AT, ("bob",), (), 2, True),
        Listed(LOBBY, (UserRow("alice"), UserRow("bob"))),
    ]
    bob.says("hello")
    assert alice.heard() == [Said(LOBBY, 1, AT, "bob", "hello")]
