"""Tests for L{chat.core.room}: a slow reader hears of arrivals and departures later."""

from __future__ import annotations

import gc
from weakref import ref

import pytest

from chat.core.room import COALESCE
from chat.core.users import UserSession
from chat.vocabulary.events import (
    Changed,
    Ending,
    Event,
    Joined,
    Left,
    Listed,
    ModeSet,
    Renamed,
    Said,
    TopicSet,
    UserRow,
)
from tests.support.doubles import ReprRendering
from tests.support.hubs import AT, FOR_PROGRAMS, FOR_USERS, RecordingSession
from tests.support.rooms import RoomStage

SAID = Said("#lobby", 1, AT, "alice", "hi")


def joined(nick: str, count: int) -> str:
    return repr(Joined("#lobby", AT, nick, count))


def left(nick: str, count: int) -> str:
    return repr(Left("#lobby", AT, nick, Ending.QUIT, count=count))


def late(joined: str, left: str, count: int) -> str:
    return repr(Changed("#lobby", AT, tuple(joined.split()), tuple(left.split()), count, True))


@pytest.fixture
def stage() -> RoomStage:
    """A room with alice, bob and a slow reader."""
    return behind(RoomStage())


def behind(stage: RoomStage, rendering: ReprRendering = FOR_USERS) -> RoomStage:
    stage.enter("alice", "bob")
    stage.enter("slow", rendering=rendering)
    for nick in ("alice", "bob", "slow"):
        stage.heard(nick)
    stage.outlets["slow"].busy = True
    return stage


def sessionOf(stage: RoomStage, nick: str) -> UserSession:
    return stage.users[nick].sessions[0]


def relieve(stage: RoomStage) -> None:
    stage.outlets["slow"].busy = False
    stage.room.relieved(sessionOf(stage, "slow"))


def test_othersHearAtOnce(stage: RoomStage) -> None:
    stage.enter("carol")
    stage.leave("bob")
    assert stage.heard("alice") == [joined("carol", 4), left("bob", 3)]
    assert stage.heard("carol") == [left("bob", 3)]


def test_aSlowReaderHearsOfChangesOnceRelieved(stage: RoomStage) -> None:
    stage.enter("carol", "dave")
    stage.leave("bob")
    assert stage.heard("slow") == []
    relieve(stage)
    assert stage.heard("slow") == [late("carol dave", "bob", 4)]
    relieve(stage)
    assert stage.heard("slow") == []


def test_aRelievedReaderHearsOfEachChange(stage: RoomStage) -> None:
    stage.enter("carol")
    relieve(stage)
    stage.heard("slow")
    stage.leave("carol")
    assert stage.heard("slow") == [left("carol", 3)]


@pytest.mark.parametrize(
    "event",
    [
        SAID,
        Renamed("#lobby", AT, "carol", "eve"),
        TopicSet("#lobby", AT, "alice", "tea"),
        ModeSet("#lobby", AT, "alice", "private", "on"),
    ],
)
def test_otherEventsComeAfterTheChanges(stage: RoomStage, event: Event) -> None:
    """A user says nothing before their arrival is told."""
    stage.enter("carol")
    stage.room.arrived(event, None)  # type: ignore[arg-type]
    assert stage.heard("slow") == [late("carol", "", 4), repr(event)]
    stage.leave("bob")
    assert stage.heard("slow") == []
    relieve(stage)
    assert stage.heard("slow") == [late("", "bob", 3)]


def test_changesComeAfterWhatWasHeardBefore(stage: RoomStage) -> None:
    """Even if the reader falls behind in the middle of a turn."""
    stage.outlets["slow"].busy = False
    stage.enter("carol")
    stage.outlets["slow"].busy = True
    stage.leave("carol")
    relieve(stage)
    assert stage.heard("slow") == [joined("carol", 4), late("", "carol", 3)]


def test_changesAreGatheredUntilTheReaderIsRelieved(stage: RoomStage) -> None:
    """Even if the outlet is free again: a departure must not be told before its arrival."""
    stage.enter("carol")
    stage.outlets["slow"].busy = False
    stage.leave("carol")
    stage.leave("bob")
    assert stage.heard("slow") == []
    relieve(stage)
    assert stage.heard("slow") == [late("", "bob", 2)]


def test_changesThatCancelOutAreNotTold(stage: RoomStage) -> None:
    stage.enter("carol")
    stage.leave("carol")
    relieve(stage)
    stage.room.arrived(SAID, None)
    assert stage.heard("slow") == [repr(SAID)]


def test_aSlowReaderWhoLeavesIsToldNothing(stage: RoomStage) -> None:
    """Not even after returning."""
    slow = stage.users["slow"]
    stage.enter("carol")
    stage.leave("slow")
    stage.room.enter(slow, Joined("#lobby", AT, "slow"))
    stage.room.relieved(slow.sessions[0])
    assert stage.heard("slow") == []


def test_oneOfTwoSessionsMayBeSlow(stage: RoomStage) -> None:
    quick = RecordingSession()
    stage.users["slow"].sessions.append(quick)
    stage.room.attend(quick)
    stage.enter("carol")
    assert stage.heard("slow") == []
    assert quick.heard() == [joined("carol", 4)]


def test_aSessionThatDoesNotAttendYetIsToldNothing(stage: RoomStage) -> None:
    session = RecordingSession()
    session.outlet.busy = True
    stage.users["alice"].sessions.append(session)
    stage.enter("carol")
    stage.room.attend(session)
    stage.room.relieved(session)
    assert session.heard() == []


def test_anEndedSessionIsToldNothing(stage: RoomStage) -> None:
    """The user has another session, so they have not left the room."""
    stage.enter("carol")
    slow = stage.users["slow"]
    slow.sessions.append(RecordingSession())
    slow.sessions.pop(0).withdraw()
    stage.room.arrived(SAID, None)
    assert stage.heard("slow") == []


def test_anEndedSessionIsNotKeptAlive(stage: RoomStage) -> None:
    stage.enter("carol")
    slow = stage.users["slow"]
    slow.sessions.append(RecordingSession())
    ended = ref(slow.sessions[0])
    slow.sessions.pop(0).withdraw()
    stage.heard("alice")
    gc.collect()
    assert ended() is None


def test_theListOfUsersComesAfterTheChanges() -> None:
    """A program that got the list first would miss a departure after it."""
    stage = behind(RoomStage(), FOR_PROGRAMS)
    stage.enter("carol")
    stage.room.listTo(sessionOf(stage, "slow"), 0)
    users = tuple(map(UserRow, ("alice", "bob", "slow", "carol")))
    assert stage.heard("slow") == [late("carol", "", 4), repr(Listed("#lobby", users))]
    stage.leave("carol")
    relieve(stage)
    assert stage.heard("slow") == [late("", "carol", 3)]


# In a crowd.


def test_aSlowProgramIsToldOfACrowdLater() -> None:
    stage = RoomStage(announceLimit=2)
    stage.enter("alice", "bob")
    stage.enter("slow", rendering=FOR_PROGRAMS)
    stage.clock.advance(COALESCE)
    stage.heard("slow")
    stage.outlets["slow"].busy = True
    for nick in ("carol", "dave"):
        stage.enter(nick)
        stage.clock.advance(COALESCE)
    stage.leave("carol")
    stage.clock.advance(COALESCE)
    assert stage.heard("slow") == []
    relieve(stage)
    # In a crowd, not each change is told anyway.
    assert stage.heard("slow") == [repr(Changed("#lobby", AT, ("dave",), ("carol",), 4))]


def test_aSlowUserIsToldNothingOfACrowd() -> None:
    silent = ReprRendering(silentAbout=(Changed,))
    stage = behind(RoomStage(announceLimit=2), silent)
    stage.enter("carol")
    stage.clock.advance(COALESCE)
    relieve(stage)
    stage.room.arrived(SAID, None)
    assert stage.heard("slow") == [repr(SAID)]
    assert len([event for event in silent.rendered if isinstance(event, Changed)]) == 1
