"""Tests for L{chat.core.room}: a reader who is behind hears of comings and goings later."""

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
    """A room with alice, bob, and one who is behind."""
    return behind(RoomStage())


def behind(stage: RoomStage, rendering: ReprRendering = FOR_USERS) -> RoomStage:
    stage.enter("alice", "bob")
    stage.enter("slow", rendering=rendering)
    for nick in ("alice", "bob", "slow"):
        stage.heard(nick)
    stage.outlets["slow"].busy = True
    return stage


def seatOf(stage: RoomStage, nick: str) -> UserSession:
    return stage.users[nick].sessions[0]


def relieve(stage: RoomStage) -> None:
    stage.outlets["slow"].busy = False
    stage.room.relieved(seatOf(stage, "slow"))


def test_othersHearAtOnce(stage: RoomStage) -> None:
    stage.enter("carol")
    stage.leave("bob")
    assert stage.heard("alice") == [joined("carol", 4), left("bob", 3)]
    assert stage.heard("carol") == [left("bob", 3)]


def test_whoIsBehindHearsWhenNothingWaitsAnyMore(stage: RoomStage) -> None:
    stage.enter("carol", "dave")
    stage.leave("bob")
    assert stage.heard("slow") == []
    relieve(stage)
    assert stage.heard("slow") == [late("carol dave", "bob", 4)]
    relieve(stage)
    assert stage.heard("slow") == []


def test_afterwardsHeHearsOfEach(stage: RoomStage) -> None:
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
def test_whatElseHappensComesAfterIt(stage: RoomStage, event: Event) -> None:
    """Nobody says anything before he has come."""
    stage.enter("carol")
    stage.room.arrived(event, None)  # type: ignore[arg-type]
    assert stage.heard("slow") == [late("carol", "", 4), repr(event)]
    stage.leave("bob")
    assert stage.heard("slow") == []
    relieve(stage)
    assert stage.heard("slow") == [late("", "bob", 3)]


def test_whatHeHeardBeforeComesBefore(stage: RoomStage) -> None:
    """Also when he falls behind in the middle of a turn."""
    stage.outlets["slow"].busy = False
    stage.enter("carol")
    stage.outlets["slow"].busy = True
    stage.leave("carol")
    relieve(stage)
    assert stage.heard("slow") == [joined("carol", 4), late("", "carol", 3)]


def test_untilNothingWaitsItIsGathered(stage: RoomStage) -> None:
    """Not only while he is busy: else he would hear of one who goes before he came."""
    stage.enter("carol")
    stage.outlets["slow"].busy = False
    stage.leave("carol")
    stage.leave("bob")
    assert stage.heard("slow") == []
    relieve(stage)
    assert stage.heard("slow") == [late("", "bob", 2)]


def test_whoCameAndWentAgainIsNotToldOf(stage: RoomStage) -> None:
    stage.enter("carol")
    stage.leave("carol")
    relieve(stage)
    stage.room.arrived(SAID, None)
    assert stage.heard("slow") == [repr(SAID)]


def test_whoLeavesIsToldNothing(stage: RoomStage) -> None:
    """Not even when he comes back."""
    slow = stage.users["slow"]
    stage.enter("carol")
    stage.leave("slow")
    stage.room.enter(slow, Joined("#lobby", AT, "slow"))
    stage.room.relieved(slow.sessions[0])
    assert stage.heard("slow") == []


def test_oneSessionIsBehindAndTheOtherIsNot(stage: RoomStage) -> None:
    quick = RecordingSession()
    stage.users["slow"].sessions.append(quick)
    stage.room.attend(quick)
    stage.enter("carol")
    assert stage.heard("slow") == []
    assert quick.heard() == [joined("carol", 4)]


def test_aSessionThatDoesNotListenYetIsToldNothing(stage: RoomStage) -> None:
    session = RecordingSession()
    session.outlet.busy = True
    stage.users["alice"].sessions.append(session)
    stage.enter("carol")
    stage.room.attend(session)
    stage.room.relieved(session)
    assert session.heard() == []


def test_aSessionThatHasEndedIsToldNothing(stage: RoomStage) -> None:
    """He has another one, so he has not left the room."""
    stage.enter("carol")
    slow = stage.users["slow"]
    slow.sessions.append(RecordingSession())
    slow.sessions.pop(0).withdraw()
    stage.room.arrived(SAID, None)
    assert stage.heard("slow") == []


def test_aSessionThatHasEndedIsNotKept(stage: RoomStage) -> None:
    stage.enter("carol")
    slow = stage.users["slow"]
    slow.sessions.append(RecordingSession())
    ended = ref(slow.sessions[0])
    slow.sessions.pop(0).withdraw()
    stage.heard("alice")
    gc.collect()
    assert ended() is None


def test_whoIsToldWhoIsHereHearsOfTheChangesBefore() -> None:
    """A program that took the list first would miss who goes after it."""
    stage = behind(RoomStage(), FOR_PROGRAMS)
    stage.enter("carol")
    stage.room.listTo(seatOf(stage, "slow"), 0)
    people = tuple(map(UserRow, ("alice", "bob", "slow", "carol")))
    assert stage.heard("slow") == [late("carol", "", 4), repr(Listed("#lobby", people))]
    stage.leave("carol")
    relieve(stage)
    assert stage.heard("slow") == [late("", "carol", 3)]


# In a crowd.


def test_aProgramIsToldOfACrowdLater() -> None:
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
    # It would not have been told of each in any case.
    assert stage.heard("slow") == [repr(Changed("#lobby", AT, ("dave",), ("carol",), 4))]


def test_aPersonIsToldNothingOfACrowd() -> None:
    silent = ReprRendering(silentAbout=(Changed,))
    stage = behind(RoomStage(announceLimit=2), silent)
    stage.enter("carol")
    stage.clock.advance(COALESCE)
    relieve(stage)
    stage.room.arrived(SAID, None)
    assert stage.heard("slow") == [repr(SAID)]
    assert len([event for event in silent.rendered if isinstance(event, Changed)]) == 1
