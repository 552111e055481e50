"""Tests for L{chat.core.room}: a room with so many users that they are not announced one by one."""

from __future__ import annotations

import pytest

from chat.core.room import COALESCE
from chat.vocabulary.events import Changed, Ending, Joined, Left, Renamed, Said
from tests.support.doubles import ReprRendering
from tests.support.hubs import AT, FOR_PROGRAMS
from tests.support.rooms import RoomStage


def changed(joined: str, left: str, count: int) -> str:
    return repr(Changed("#lobby", AT, tuple(joined.split()), tuple(left.split()), count))


@pytest.fixture
def stage() -> RoomStage:
    """A room that announces up to two users, with a user and a program in it."""
    stage = RoomStage(announceLimit=2)
    stage.enter("alice", rendering=ReprRendering(silentAbout=(Changed,)))
    stage.enter("robot", rendering=FOR_PROGRAMS)
    stage.heard("alice")
    stage.heard("robot")
    return stage


def later(stage: RoomStage) -> None:
    stage.clock.advance(COALESCE)


@pytest.mark.parametrize("limit", [0, 10])
def test_belowTheLimitAllUsersAreAnnounced(limit: int) -> None:
    stage = RoomStage(announceLimit=limit)
    stage.enter("alice", "bob", "carol")
    stage.leave("bob")
    assert stage.heard("alice") == [
        repr(Joined("#lobby", AT, "bob", 2)),
        repr(Joined("#lobby", AT, "carol", 3)),
        repr(Left("#lobby", AT, "bob", Ending.QUIT, count=2)),
    ]


def test_theLimitItselfIsStillAnnounced() -> None:
    stage = RoomStage(announceLimit=2)
    stage.enter("alice", "bob")
    assert stage.heard("alice") == [repr(Joined("#lobby", AT, "bob", 2))]
    stage.leave("bob")
    assert stage.heard("alice") == [repr(Left("#lobby", AT, "bob", Ending.QUIT, count=1))]


def test_aboveTheLimitProgramsAreToldOfManyUsersAtOnce(stage: RoomStage) -> None:
    stage.enter("carol", "dave")
    stage.leave("alice")
    assert stage.heard("robot") == []
    later(stage)
    assert stage.heard("robot") == [changed("carol dave", "alice", 3)]
    assert stage.room.nicks == ("robot", "carol", "dave")


def test_aboveTheLimitUsersAreToldNothing(stage: RoomStage) -> None:
    stage.enter("carol", "dave")
    stage.leave("carol")
    stage.leave("robot")
    later(stage)
    assert stage.heard("alice") == []


def test_anArrivalIsAmongTheChangesItsOwnUserIsTold(stage: RoomStage) -> None:
    stage.enter("carol")
    later(stage)
    assert stage.heard("carol") == [changed("carol", "", 3)]


def test_afterASecondTheChangesBeginAnew(stage: RoomStage) -> None:
    stage.enter("carol")
    later(stage)
    later(stage)
    stage.enter("dave")
    later(stage)
    assert stage.heard("robot") == [changed("carol", "", 3), changed("dave", "", 4)]


def test_changesWaitASecondAtMost(stage: RoomStage) -> None:
    """However many come."""
    stage.enter("carol")
    stage.clock.advance(COALESCE / 2)
    stage.enter("dave")
    stage.clock.advance(COALESCE / 2)
    assert stage.heard("robot") == [changed("carol dave", "", 4)]


@pytest.mark.parametrize("isRenamed", [False, True])
def test_otherEventsComeAfterTheChanges(stage: RoomStage, isRenamed: bool) -> None:
    """A user says nothing before their arrival is told."""
    stage.enter("carol")
    if isRenamed:
        stage.rename("carol", "eve")
        event: object = Renamed("#lobby", AT, "carol", "eve")
    else:
        stage.room.arrived(Said("#lobby", 1, AT, "carol", "hi"), None)
        event = Said("#lobby", 1, AT, "carol", "hi")
    assert stage.heard("robot") == [changed("carol", "", 3), repr(event)]
    later(stage)
    assert stage.heard("robot") == []


def test_changesThatCancelOutAreToldToThoseWhoMayKnowOne(stage: RoomStage) -> None:
    """A program that came in between has carol on its list, and dave not."""
    stage.enter("dave")
    later(stage)
    stage.enter("carol")
    stage.leave("dave")
    stage.enter("robot2", rendering=FOR_PROGRAMS)
    stage.leave("carol")
    stage.enter("dave")
    later(stage)
    assert stage.heard("robot2") == [changed("dave robot2", "carol", 4)]


def test_pendingChangesAreToldBeforeTheFirstAnnouncement(stage: RoomStage) -> None:
    stage.enter("carol")
    stage.leave("carol")
    stage.leave("alice")
    assert stage.heard("robot") == [
        changed("", "carol", 2),
        repr(Left("#lobby", AT, "alice", Ending.QUIT, count=1)),
    ]
