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
    ModeSet,
    Noticed,
    Renamed,
    Said,
    Talking,
    TopicSet,
    UserRow,
)
from chat.vocabulary.records import RoomRecord
from chat.vocabulary.replies import MAX_NAMES
from tests.support.doubles import ReprRendering
from tests.support.hubs import AT, FOR_PROGRAMS, FOR_USERS, RecordingSession
from tests.support.rooms import RoomStage


@pytest.fixture
def stage() -> RoomStage:
    return RoomStage()


def test_theOthersHearWhoComes(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    assert stage.heard("alice") == [repr(Joined("#lobby", AT, "bob", 2))]


@pytest.mark.parametrize("rendering", [FOR_USERS, FOR_PROGRAMS])
def test_whoComesDoesNotHearItHimself(stage: RoomStage, rendering: ReprRendering) -> None:
    stage.enter("alice")
    stage.enter("bob", rendering=rendering)
    assert stage.heard("bob") == []


def test_theOthersHearWhoGoes(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    stage.heard("alice")
    stage.leave("bob")
    assert stage.heard("alice") == [repr(Left("#lobby", AT, "bob", Ending.QUIT, count=1))]


def test_whoGoesHasHeardWhatCameBefore(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    stage.say("before")
    stage.leave("bob")
    stage.say("after")
    assert stage.heard("bob") == [repr(Said("#lobby", 1, AT, "alice", "before"))]


def test_everybodyHearsALineButItsAuthor(stage: RoomStage) -> None:
    [author] = stage.enter("alice").sessions
    stage.enter("bob", "carol")
    stage.heard("alice")
    stage.heard("bob")
    stage.say("hello", author)
    stage.room.arrived(Acted("#lobby", 2, AT, "alice", "waves"), author)
    assert stage.heard("alice") == []
    for nick in ["bob", "carol"]:
        assert stage.heard(nick) == [
            repr(Said("#lobby", 1, AT, "alice", "hello")),
            repr(Acted("#lobby", 2, AT, "alice", "waves")),
        ]


def test_everybodyHearsANewNameHimselfToo(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    stage.heard("alice")
    stage.rename("alice", "carol")
    assert (
        stage.heard("alice")
        == stage.heard("bob")
        == [repr(Renamed("#lobby", AT, "alice", "carol"))]
    )


def test_peopleStandInTheOrderOfTheirComing(stage: RoomStage) -> None:
    stage.enter("bob", "alice", "carol")
    stage.leave("bob")
    stage.enter("bob")
    assert stage.room.nicks == ("alice", "carol", "bob")
    assert len(stage.room) == 3


def test_whoIsRenamedKeepsHisPlace(stage: RoomStage) -> None:
    user = stage.enter("alice")
    stage.enter("bob")
    stage.rename("alice", "Carol")
    user.nick, user.fold = "Carol", "carol"
    assert stage.room.nicks == ("Carol", "bob")
    stage.leave("carol")
    assert stage.room.nicks == ("bob",)


def test_peopleAreIdleInWholeSeconds(stage: RoomStage) -> None:
    stage.enter("alice").active = 10.0
    stage.enter("bob").active = 12.5
    assert stage.room.people(12.4) == (UserRow("alice", 2), UserRow("bob", 0))


def test_allSessionsOfAMemberHear(stage: RoomStage) -> None:
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
    stage.say("nobody hears it")
    stage.clock.advance(0)
    assert outlets[0].take() == outlets[1].take() == []


def test_somebodyElsewhereIsInWithoutHearing(stage: RoomStage) -> None:
    stage.enter("alice")
    stage.room.enter(User("bob", "bob"), Joined("#lobby", AT, "bob"))
    assert stage.heard("alice") == [repr(Joined("#lobby", AT, "bob", 2))]
    stage.leave("bob")
    assert stage.room.nicks == ("alice",)


def test_oneTalksInTheFirstRoomUntilOneLeavesIt(stage: RoomStage) -> None:
    [recipient] = stage.enter("alice").sessions
    first = recipient.here
    second = stage.newRoom("#dev")
    second.enter(stage.users["alice"], Joined("#dev", AT, "alice"))
    assert first is not None
    assert recipient.here is first
    stage.leave("alice")
    assert recipient.here is None


def test_nobodyEntersByAnEventAlone(stage: RoomStage) -> None:
    with pytest.raises(ValueError, match="enters"):
        stage.room.arrived(Joined("#lobby", AT, "alice"), None)


# Sessions.


def test_aSessionIsHereWhereItCameFirst(stage: RoomStage) -> None:
    user = stage.enter("alice")
    [session] = user.sessions
    second = stage.newRoom("#dev")
    second.enter(user, Joined("#dev", AT, "alice"))
    assert session.room == "#lobby"
    assert session.here is stage.room.audience


def test_oneMoreSessionHearsWhatComesFromThenOn(stage: RoomStage) -> None:
    user = stage.enter("alice")
    stage.say("before")
    session = RecordingSession()
    user.sessions.append(session)
    for _ in range(2):
        # It may be let in by the room as well, if all of him comes in meanwhile.
        stage.room.attend(session)
    stage.say("after")
    stage.heard("alice")
    assert session.heard() == [repr(Said("#lobby", 1, AT, "alice", "after"))]
    assert session.room == "#lobby"
    stage.leave("alice")
    assert session not in stage.room.audience


def test_aSessionThatHearsNothingYetMayLeave(stage: RoomStage) -> None:
    user = stage.enter("alice")
    session = RecordingSession()
    user.sessions.append(session)
    stage.leave("alice")
    assert session.heard() == []
    assert stage.room.nicks == ()


def test_whoTalksHereIsTold(stage: RoomStage) -> None:
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


# What is said, and how the room is kept.


def test_whoDoesNotListenHearsItInNoSession(stage: RoomStage) -> None:
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


def test_aTopicIsKeptAndHeardByAll(stage: RoomStage) -> None:
    [author] = stage.enter("alice").sessions
    stage.enter("bob")
    stage.heard("alice")
    topic = TopicSet("#lobby", AT, "alice", "tea at five")
    stage.room.arrived(topic, author)
    assert stage.heard("alice") == stage.heard("bob") == [repr(topic)]
    assert (stage.room.record.topic, stage.room.record.topicBy) == ("tea at five", "alice")


def test_howTheRoomIsKeptIsHeardByAll(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    stage.heard("alice")
    mode = ModeSet("#lobby", AT, "alice", "private", "on")
    stage.room.arrived(mode, None)
    assert stage.heard("alice") == stage.heard("bob") == [repr(mode)]


def test_aGuestOwnsTheRoomAsLongAsHeIsThere(stage: RoomStage) -> None:
    alice, bob = stage.enter("alice"), stage.enter("bob")
    stage.room.guestOwners.add(alice)
    assert stage.room.owns(alice)
    assert not stage.room.owns(bob)
    stage.leave("alice")
    stage.enter("alice")
    assert not stage.room.owns(stage.users["alice"])
    assert not stage.room.owns(alice)


def test_anAccountOwnsTheRoomWhoeverUsesIt(stage: RoomStage) -> None:
    alice = stage.enter("alice")
    stage.room.record = RoomRecord("#lobby", owners=("carol",))
    assert not stage.room.owns(alice)
    alice.account = "carol"
    assert stage.room.owns(alice)


def test_whoIsAwayIsListedSo(stage: RoomStage) -> None:
    """Whether he says why or not."""
    stage.enter("alice").away = "at lunch"
    stage.enter("bob").away = ""
    stage.enter("carol")
    assert stage.room.people(0) == (
        UserRow("alice", 0, True),
        UserRow("bob", 0, True),
        UserRow("carol", 0, False),
    )


def test_theOthersAreAllButOneself(stage: RoomStage) -> None:
    stage.enter("alice", "bob", "carol")
    assert stage.room.others(stage.users["bob"]) == (("alice", "carol"), 0)


def test_ofVeryManyTheFirstAreNamed(stage: RoomStage) -> None:
    """So that whoever comes in is told about as much as where fewer people are."""
    nicks = [f"n{number}" for number in range(MAX_NAMES + 5)]
    stage.enter(*nicks)
    listed = tuple(map(UserRow, nicks[:MAX_NAMES]))
    assert stage.room.people(0) == listed
    assert stage.room.people(0, 4) == listed[: MAX_NAMES // 4]
    assert stage.room.others(stage.users["n1"]) == (
        (nicks[0], *nicks[2 : MAX_NAMES + 1]),
        4,
    )
    assert stage.room.others(stage.users[nicks[-1]], 500) == (("n0", "n1"), MAX_NAMES + 2)
    session = stage.users["n0"].sessions[0]
    stage.heard("n0")
    stage.room.listTo(session, 0)
    assert stage.heard("n0") == [repr(Listed("#lobby", listed, 5))]


# The end.


def test_whoIsPutOutIsNamedWithWhoDidIt(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    stage.heard("alice")
    left = Left("#lobby", AT, "bob", Ending.KICKED, "enough", by="alice")
    stage.room.arrived(left, None)
    assert stage.heard("alice") == [repr(replace(left, count=1))]


def test_whoNeverCameDoesNotLeave(stage: RoomStage) -> None:
    """A process that has come later never saw him come."""
    stage.enter("alice")
    stage.leave("bob")
    assert stage.heard("alice") == []
    assert stage.room.nicks == ("alice",)


def test_whenTheProcessStopsNobodyHearsOfItsPeople(stage: RoomStage) -> None:
    stage.enter("alice", "bob")
    stage.heard("alice")
    stage.room.arrived(Left("#lobby", AT, "bob", Ending.SHUTDOWN), None)
    assert stage.heard("alice") == []
    assert stage.room.nicks == ("alice",)


def test_whenAnotherProcessStopsItsPeopleLeave(stage: RoomStage) -> None:
    stage.enter("alice")
    stage.room.enter(User("bob", "bob"), Joined("#lobby", AT, "bob"))
    stage.heard("alice")
    left = Left("#lobby", AT, "bob", Ending.SHUTDOWN)
    stage.room.arrived(left, None)
    assert stage.heard("alice") == [repr(replace(left, count=1))]
