"""Tests for L{chat.core.room}."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.core.users import User
from chat.vocabulary.events import (
    Acted,
    Ending,
    Joined,
    Left,
    Listed,
    Noticed,
    Said,
    Talking,
    UserRow,
)
from chat.vocabulary.replies import MAX_NAMES
from tests.support.doubles import ReprRendering
from tests.support.hubs import AT, FOR_PROGRAMS, FOR_USERS, RecordingSession
from tests.support.rooms import RoomStage


@pytest.fixture
def stage() -> RoomStage:
    return RoomStage()


@pytest.mark.parametrize("rendering", [FOR_USERS, FOR_PROGRAMS])
def test_anArrivalIsNotHeardByItsOwnUser(stage: RoomStage, rendering: ReprRendering) -> None:
    stage.enter("alice")
    stage.enter("bob", rendering=rendering)
    assert stage.heard("bob") == []


def test_aDepartedUserHasHeardWhatCameBefore(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    stage.say("before")
    stage.leave("bob")
    stage.say("after")
    assert stage.heard("bob") == [repr(Said("#lobby", 1, AT, "alice", "before"))]


def test_aLineIsHeardByAllButItsSender(stage: RoomStage) -> None:
    [sender] = stage.enter("alice").sessions
    stage.enter("bob", "carol")
    stage.heard("alice")
    stage.heard("bob")
    stage.say("hello", sender)
    stage.room.arrived(Acted("#lobby", 2, AT, "alice", "waves"), sender)
    assert stage.heard("alice") == []
    for nick in ["bob", "carol"]:
        assert stage.heard(nick) == [
            repr(Said("#lobby", 1, AT, "alice", "hello")),
            repr(Acted("#lobby", 2, AT, "alice", "waves")),
        ]


def test_usersAreInTheOrderOfTheirArrival(stage: RoomStage) -> None:
    stage.enter("bob", "alice", "carol")
    stage.leave("bob")
    stage.enter("bob")
    assert stage.room.nicks == ("alice", "carol", "bob")
    assert len(stage.room) == 3


def test_aRenamedUserKeepsTheirPlace(stage: RoomStage) -> None:
    user = stage.enter("alice")
    stage.enter("bob")
    stage.rename("alice", "Carol")
    user.nick, user.fold = "Carol", "carol"
    assert stage.room.nicks == ("Carol", "bob")
    stage.leave("carol")
    assert stage.room.nicks == ("bob",)


def test_allSessionsOfAUserHear(stage: RoomStage) -> None:
    sessions = [RecordingSession(), RecordingSession()]
    outlets = [session.outlet for session in sessions]
    user = User("alice", "alice", [*sessions])
    stage.room.enter(user, Joined("#lobby", AT, "alice"))
    stage.say("hello", sessions[0])
    user.hear(Noticed("alone"))
    assert outlets[0].take() == [repr(Noticed("alone"))]
    assert outlets[1].take() == [
        repr(Said("#lobby", 1, AT, "alice", "hello")),
        repr(Noticed("alone")),
    ]
    stage.leave("alice")
    stage.say("unheard")
    stage.clock.advance(0)
    assert outlets[0].take() == outlets[1].take() == []


def test_aSessionTalksInTheFirstRoomUntilItLeaves(stage: RoomStage) -> None:
    [recipient] = stage.enter("alice").sessions
    stage.newRoom("#dev").enter(stage.users["alice"], Joined("#dev", AT, "alice"))
    assert recipient.here is stage.room.audience
    assert recipient.room == "#lobby"
    stage.leave("alice")
    assert recipient.here is None


def test_anEventAloneLetsNoUserEnter(stage: RoomStage) -> None:
    with pytest.raises(ValueError, match="enters"):
        stage.room.arrived(Joined("#lobby", AT, "alice"), None)


# Sessions.


def test_anAttendingSessionHearsWhatComesFromThenOn(stage: RoomStage) -> None:
    user = stage.enter("alice")
    stage.say("before")
    session = RecordingSession()
    user.sessions.append(session)
    for _ in range(2):
        # The room lets it attend as well, if its user enters meanwhile.
        stage.room.attend(session)
    stage.say("after")
    stage.heard("alice")
    assert session.heard() == [repr(Said("#lobby", 1, AT, "alice", "after"))]
    assert session.room == "#lobby"
    stage.leave("alice")
    assert session not in stage.room.audience


def test_aSessionThatDoesNotAttendYetMayLeave(stage: RoomStage) -> None:
    user = stage.enter("alice")
    session = RecordingSession()
    user.sessions.append(session)
    stage.leave("alice")
    assert session.heard() == []
    assert stage.room.nicks == ()


def test_talkingHereIsTold(stage: RoomStage) -> None:
    user = stage.enter("alice")
    [session] = user.sessions
    second = stage.newRoom("#dev")
    second.enter(user, Joined("#dev", AT, "alice"))
    second.talk(session)
    assert stage.heard("alice") == [repr(Talking("#dev"))]
    assert session.room == "#dev"
    assert session.here is second.audience
    second.arrived(Left("#dev", AT, "alice", Ending.PARTED), None)
    assert session.here is None
    assert session.room == ""


# Lines, and the list of users.


def test_aDeafUserHearsALineInNoSession(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    carol = stage.enter("carol")
    second = RecordingSession()
    carol.sessions.append(second)
    stage.room.attend(second)
    for nick in ["alice", "bob", "carol"]:
        stage.heard(nick)
    event = Said("#lobby", 1, AT, "alice", "hello")
    stage.room.arrived(event, None, {carol})
    assert stage.heard("bob") == [repr(event)]
    assert stage.heard("carol") == second.heard() == []


def test_theFirstUsersOfACrowdAreNamed(stage: RoomStage) -> None:
    """A user who joins a crowd is told no more than about a room that is just not too full."""
    nicks = [f"n{number}" for number in range(MAX_NAMES + 5)]
    stage.enter(*nicks)
    listed = tuple(map(UserRow, nicks[:MAX_NAMES]))
    assert stage.room.people(0) == listed
    assert stage.room.people(0, 4) == listed[: MAX_NAMES // 4]
    assert stage.room.others(stage.users["n1"]) == ((nicks[0], *nicks[2 : MAX_NAMES + 1]), 4)
    assert stage.room.others(stage.users[nicks[-1]], 500) == (("n0", "n1"), MAX_NAMES + 2)
    session = stage.users["n0"].sessions[0]
    stage.heard("n0")
    stage.room.listTo(session, 0)
    assert stage.heard("n0") == [repr(Listed("#lobby", listed, 5))]


# The end.


def test_aUserWhoNeverCameDoesNotLeave(stage: RoomStage) -> None:
    """A process that started later never saw them come."""
    stage.enter("alice")
    stage.leave("bob")
    assert stage.heard("alice") == []
    assert stage.room.nicks == ("alice",)


def test_departuresAreNotToldWhenTheProcessStops(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    stage.heard("alice")
    stage.room.arrived(Left("#lobby", AT, "bob", Ending.SHUTDOWN), None)
    assert stage.heard("alice") == []
    assert stage.room.nicks == ("alice",)


def test_usersOfAnotherProcessLeaveWhenItStops(stage: RoomStage) -> None:
    stage.enter("alice")
    stage.room.enter(User("bob", "bob"), Joined("#lobby", AT, "bob"))
    stage.heard("alice")
    left = Left("#lobby", AT, "bob", Ending.SHUTDOWN)
    stage.room.arrived(left, None)
    assert stage.heard("alice") == [repr(replace(left, count=1))]
