"""Tests for L{chat.session.handlers.rooms}: joining, switching, parting and lists."""

from __future__ import annotations

import pytest

from chat.interfaces import Extract
from chat.store.memory import MemoryHistory
from chat.vocabulary.events import (
    Changed,
    Ending,
    Entered,
    Excerpt,
    Joined,
    Left,
    Listed,
    Parted,
    Recalled,
    Refused,
    RoomRow,
    RoomsListed,
    Said,
    Talking,
    TopicShown,
    UserRow,
    Welcomed,
)
from tests.support.hubs import AT
from tests.support.service import Service
from tests.support.sessions import SessionStage, SessionUser


def said(user: SessionUser) -> list[str]:
    """
    @return: The texts that a user has heard since the last call.
    """
    return [event.text for event in user.heard() if isinstance(event, Said)]


# Joining.


def test_theFirstUserMakesTheRoom(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    assert alice.hears("/join #dev") == [Entered("#dev"), Talking("#dev")]
    assert bob.heard() == []
    assert alice.hears("/who") == [Listed("#dev", (UserRow("alice"),))]


def test_othersInTheRoomHearWhoJoins(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    alice.says("/join #dev", "/topic tools")
    stage.forget()
    assert bob.hears("/join #dev") == [Entered("#dev", ("alice",), "tools"), Talking("#dev")]
    assert alice.heard() == [Joined("#dev", AT, "bob", 2)]
    assert carol.heard() == []


@pytest.mark.parametrize("name", ["#dev", "dev", "#DEV", "ＤＥＶ"])
def test_aRoomHasOneSpelling(stage: SessionStage, name: str) -> None:
    assert stage.user("alice").hears(f"/join {name}")[0] == Entered("#dev")


@pytest.mark.parametrize("name", ["#", "##", "#1", "#a.b", "#" + "x" * 21])
def test_anInvalidRoomNameIsRefused(stage: SessionStage, name: str) -> None:
    alice = stage.user("alice")
    assert alice.hears(f"/join {name}") == [Refused("room-invalid", name)]
    assert alice.hears("/rooms") == [RoomsListed((RoomRow("#lobby", 1, "", True),))]


def test_aRoomThatLooksLikeAnotherIsNotMade(stage: SessionStage) -> None:
    alice = stage.user("alice", "/join #dev")
    stage.user("bob").says("/join #bob")
    assert alice.hears("/join #b0b") == [Refused("room-confusable", "#b0b")]
    assert alice.hears("/join #d\u0435v") == [Refused("scripts-mixed", "#d\u0435v")]
    assert alice.hears("/room #b0b") == [Refused("not-in-room", "#b0b")]
    assert alice.hears("/join #BOB")[0] == Entered("#bob", ("bob",))


def test_aProgramIsToldWhoIsInTheRoom(stage: SessionStage) -> None:
    stage.user("bob", "/join #dev")
    robot = stage.program("robot")
    assert robot.hears("/join #dev") == [
        Entered("#dev", ("bob",)),
        Talking("#dev"),
        Listed("#dev", (UserRow("bob"), UserRow("robot"))),
    ]


def test_joiningReplaysWhatWasSaidBefore() -> None:
    stage = SessionStage(replay=2)
    bob, alice = stage.users("bob", "alice")
    bob.says("/join #dev", "one", "two", "/me waves")
    assert alice.hears("/join #dev") == [
        Entered("#dev", ("bob",)),
        Talking("#dev"),
        Excerpt("#dev", "replay", 2, True, 3),
        Recalled("#dev", 2, AT, "bob", "two"),
        Recalled("#dev", 3, AT, "bob", "waves", True),
    ]
    bob.says("four")
    assert said(alice) == ["four"]


def test_nothingIsReplayedIfTheOptionSaysSo() -> None:
    stage = SessionStage(replay=0)
    bob, alice = stage.users("bob", "alice")
    bob.says("/join #dev", "one")
    assert alice.hears("/join #dev") == [Entered("#dev", ("bob",)), Talking("#dev")]
    assert isinstance(alice.hears("/history")[0], Excerpt)


@pytest.mark.parametrize("isGone", [False, True])
def test_joiningWaitsForTheHistory(stage: SessionStage, isGone: bool) -> None:
    alice, bob = stage.users("alice", "bob")
    history = stage.slowHistory()
    assert alice.hears("/join #dev", "hello") == []
    if isGone:
        alice.session.end(Ending.SHUTDOWN)
    stage.forget()
    history.isSlow = False
    history.decide()
    assert alice.heard() == ([] if isGone else [Entered("#dev"), Talking("#dev")])
    # A user who has left meanwhile has not made a room.
    assert len(stage.hub.directory) == (1 if isGone else 2)
    assert bob.heard() == []


def test_aUserMayBeInTwentyRooms(stage: SessionStage) -> None:
    alice = stage.user("alice")
    alice.says(*(f"/join #r{number}" for number in range(19)))
    assert alice.hears("/join #another") == [Refused("too-many-rooms", "20")]
    assert alice.hears("/join #r3") == [Talking("#r3")]
    alice.says("/part")
    assert alice.hears("/join #another")[0] == Entered("#another")


def test_anOptionLimitsTheRooms() -> None:
    stage = SessionStage(rooms={"maxRooms": 2, "maxJoined": 0})
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev")
    assert alice.hears("/join #ops") == [Refused("rooms-full", "2")]
    assert bob.hears("/join #dev")[0] == Entered("#dev", ("alice",))
    alice.says("/part #dev")
    bob.says("/part #dev")
    assert alice.hears("/join #ops")[0] == Entered("#ops")


def test_allUsersBeginInTheRoomOfTheOption() -> None:
    stage = SessionStage(rooms={"start": "#hall"})
    assert stage.user().hears("alice") == [Welcomed("#hall", "alice")]


# Switching.


def test_aLineInAnotherRoomNamesIt() -> None:
    service = Service()
    alice, bob = service.connect("alice"), service.connect("bob", "/join #dev")
    service.heard(alice)
    service.say(alice, "hello", "/me waves")
    assert service.heard(bob) == ["#lobby alice: hello", "#lobby  * alice waves"]
    service.say(bob, "/room #lobby")
    service.heard(bob)
    service.say(alice, "hello")
    assert service.heard(bob) == ["alice: hello"]
    service.close()


def test_aUserTalksInTheRoomTheyEnteredLast(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "/join #ops")
    assert alice.hears("/room #lobby") == [Talking("#lobby")]
    assert alice.hears("/join #dev") == [Talking("#dev")]
    bob.says("/join #dev")
    alice.says("hello")
    assert said(bob) == ["hello"]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("/room #dev", Refused("not-in-room", "#dev")),
        ("/part #dev", Refused("not-in-room", "#dev")),
        ("/room #1", Refused("room-invalid", "#1")),
        ("/part #1", Refused("room-invalid", "#1")),
        ("/who #dev", Refused("no-such-room", "#dev")),
        ("/room", Refused("argument-missing", "/room #ROOM")),
        ("/join", Refused("argument-missing", "/join #ROOM [KEY]")),
        ("/join #dev a b", Refused("argument-invalid", "/join #ROOM [KEY]")),
    ],
)
def test_requestsAreRefused(stage: SessionStage, line: str, refusal: object) -> None:
    assert stage.user("alice").hears(line) == [refusal]


# Parting.


def test_partingSwitchesToAnotherRoom(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev")
    bob.says("/join #dev")
    stage.forget()
    assert alice.hears("/part #dev bye all") == [
        Parted("#dev", Ending.PARTED, "", "bye all"),
        Talking("#lobby"),
    ]
    assert bob.heard() == [Left("#dev", AT, "alice", Ending.PARTED, "bye all", 1)]
    bob.says("hello")
    assert alice.heard() == []


def test_partingFromAnotherRoomSwitchesNothing(stage: SessionStage) -> None:
    alice = stage.user("alice")
    alice.says("/join #dev")
    assert alice.hears("/part #lobby") == [Parted("#lobby", Ending.PARTED)]
    assert alice.hears("/who") == [Listed("#dev", (UserRow("alice"),))]


def test_partingWithoutANameLeavesTheCurrentRoom(stage: SessionStage) -> None:
    alice = stage.user("alice")
    alice.says("/join #dev")
    assert alice.hears("/part gone fishing")[0] == Parted("#dev", Ending.PARTED, "", "gone fishing")


def test_aUserMayBeInNoRoom(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    assert alice.hears("/part") == [Parted("#lobby", Ending.PARTED), Talking("")]
    assert bob.heard() == [Left("#lobby", AT, "alice", Ending.PARTED, "", 1)]
    for line in ("/part", "/who", "/topic", "/mode", "/invite bob", "/op bob", "/history"):
        assert alice.hears(line) == [Refused("no-room")]
    assert alice.hears("/who #lobby") == [Listed("#lobby", (UserRow("bob"),))]
    assert alice.hears("/join #lobby") == [Entered("#lobby", ("bob",)), Talking("#lobby")]


def test_nothingIsHeardAfterParting(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("/join #dev", "/part #lobby")
    stage.forget()
    alice.says("hello")
    assert bob.heard() == []


def test_quittingLeavesAllRooms(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    for each in (alice, bob):
        each.says("/join #dev")
    stage.forget()
    alice.says("/quit bye")
    assert bob.heard() == [
        Left("#lobby", AT, "alice", Ending.QUIT, "bye", 2),
        Left("#dev", AT, "alice", Ending.QUIT, "bye", 1),
    ]
    assert carol.heard() == [Left("#lobby", AT, "alice", Ending.QUIT, "bye", 2)]


# Forgotten rooms.


def test_anEmptyRoomIsForgottenWithItsLines(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "/topic secrets", "a secret", "/part")
    assert bob.hears("/rooms") == [RoomsListed((RoomRow("#lobby", 2, "", True),))]
    assert bob.hears("/join #dev") == [Entered("#dev"), Talking("#dev")]
    assert bob.hears("/history") == [Excerpt("#dev", "history", 0)]
    assert bob.hears("/search secret") == [Excerpt("", "search", 0)]
    assert bob.hears("/mode topic owner") != [Refused("owner-needed", "#dev")]


def test_theIdsOfAForgottenRoomGoOn(stage: SessionStage) -> None:
    robot = stage.program("robot")
    robot.says("/join #dev", "one", "/part", "/join #dev")
    assert robot.hears("two") == [Said("#dev", 2, AT, "robot", "two")]


def test_theStartRoomIsNotForgotten(stage: SessionStage) -> None:
    stage.user("alice", "hello", "/topic manners", "/quit")
    assert stage.user().hears("bob") == [
        Welcomed("#lobby", "bob"),
        TopicShown("#lobby", "manners", "alice"),
        Excerpt("#lobby", "replay", 1, False, 1),
        Recalled("#lobby", 1, AT, "alice", "hello"),
    ]


def test_aRoomThatAnAccountOwnsIsNotForgotten(stage: SessionStage) -> None:
    stage.registered("alice").says("/join #dev", "/topic tools", "hello", "/quit")
    assert stage.user("bob").hears("/join #dev") == [
        Entered("#dev", (), "tools"),
        Talking("#dev"),
        Excerpt("#dev", "replay", 1, False, 1),
        Recalled("#dev", 1, AT, "alice", "hello"),
    ]


def test_aRoomIsForgottenWhenItsOwnerGivesTheAccountUp(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    alice.says("/join #dev", "a secret", "/part", "/unregister alice")
    bob = stage.user("bob")
    assert bob.hears("/join #dev") == [Entered("#dev"), Talking("#dev")]
    assert bob.hears("/history") == [Excerpt("#dev", "history", 0)]


def test_nothingIsForgottenWhenTheServiceStops(stage: SessionStage) -> None:
    alice = stage.user("alice")
    alice.says("/join #dev", "hello")
    alice.session.end(Ending.SHUTDOWN)
    history = stage.server.history
    assert isinstance(history, MemoryHistory)
    told: list[Extract] = []
    history.recent("#dev", 1).addCallback(told.append)
    assert [line.text for line in told[0].lines] == ["hello"]


# Lists.


def test_usersAreListedWithIdleTimesAndAbsence(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("/away at lunch")
    stage.clock.advance(90.5)
    assert alice.hears("/who") == [Listed("#lobby", (UserRow("alice"), UserRow("bob", 90, True)))]


# A crowd.


def test_changesInACrowdAreToldToProgramsTogether() -> None:
    crowd = SessionStage(rooms={"announceLimit": 3})
    alice, bob = crowd.users("alice", "bob")
    robot = crowd.program("robot")
    dave, erin = crowd.user("dave"), crowd.user("erin")
    dave.says("/quit")
    alice.says("/quit")
    assert robot.heard() == bob.heard() == []
    crowd.clock.advance(1)
    assert robot.heard() == [Changed("#lobby", AT, ("erin",), ("dave", "alice"), 3)]
    assert bob.heard() == erin.heard() == []
