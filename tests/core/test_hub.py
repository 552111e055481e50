"""Tests for L{chat.core.hub}, in one process."""

from __future__ import annotations

import pytest

from chat.backplane.local import LocalBackplane
from chat.vocabulary.errors import NickTaken, NotInRoom
from chat.vocabulary.events import (
    Acted,
    Announced,
    Ending,
    Left,
    Noticed,
    Parted,
    Renamed,
    Said,
    Sent,
    SessionsChanged,
    Talking,
    Told,
)
from tests.support.doubles import SlowBackplane
from tests.support.hubs import AT, LOBBY, HubStage, RecordingSession, Tape, now, refusal


@pytest.fixture
def stage() -> HubStage:
    return HubStage(LocalBackplane())


@pytest.fixture
def slow() -> SlowBackplane:
    return SlowBackplane()


# Nicknames.


def test_leavingTwiceDoesNotFreeANicknameThatIsTakenAgain(stage: HubStage) -> None:
    stage.enter("alice")
    gone = stage.users["alice"]
    stage.leave("alice")
    stage.enter("alice")
    stage.hub.leave(gone, Ending.QUIT)
    assert stage.nicks() == ("alice",)
    assert isinstance(refusal(stage.claim("alice")), NickTaken)


def test_aUserWhoNeverJoinedLeavesUnheard(slow: SlowBackplane) -> None:
    """Their connection may be lost before the claim is decided."""
    stage = HubStage(slow)
    stage.claim("bob")
    slow.decide()
    claim = stage.hub.nicknames.claim("alice", RecordingSession())
    slow.decide()
    stage.heard("bob")
    stage.hub.leave(now(claim), Ending.CONNECTION_LOST)
    assert stage.heard("bob") == []
    assert slow.taken == {"bob"}
    assert len(stage.hub.nicknames) == 1


def test_anotherSpellingOfTheNicknameIsDecidedAtOnce(slow: SlowBackplane) -> None:
    stage = HubStage(slow)
    stage.claim("alice")
    slow.decide()
    now(stage.rename("alice", "Alice"))
    assert stage.nicks() == ("Alice",)
    assert slow.taken == {"alice"}


def test_oneOfTwoUsersGetsTheNicknameThatBothWant(slow: SlowBackplane) -> None:
    stage = HubStage(slow)
    for nick in ["alice", "bob"]:
        stage.claim(nick)
    slow.decide()
    first, second = stage.rename("bob", "carol"), stage.rename("alice", "carol")
    slow.decide()
    assert now(first) is stage.users["bob"]
    assert isinstance(refusal(second), NickTaken)
    assert stage.nicks() == ("alice", "carol")
    assert slow.taken == {"alice", "carol"}


def test_theOldNicknameIsKeptUntilTheNewOneIsDecided(slow: SlowBackplane) -> None:
    stage = HubStage(slow)
    stage.claim("alice")
    slow.decide()
    stage.rename("alice", "bob")
    late = stage.claim("alice")
    stage.say("alice", "still here")
    slow.decide()
    now(late)
    assert stage.nicks() == ("bob", "alice")


def test_aNewNicknameIsToldInEachRoomOrAloneWithoutAny(stage: HubStage) -> None:
    stage.enter("alice")
    stage.join("alice", "#dev")
    now(stage.rename("alice", "bob"))
    assert stage.heard("alice") == [
        repr(Renamed(LOBBY, AT, "alice", "bob")),
        repr(Renamed("#dev", AT, "alice", "bob")),
    ]
    for room in [LOBBY, "#dev"]:
        stage.hub.part(stage.users["alice"], room)
    stage.heard("alice")
    now(stage.rename("alice", "carol"))
    assert stage.heard("alice") == [repr(Renamed("", AT, "bob", "carol"))]


# Rooms.


@pytest.mark.parametrize("room", ["#dev", "#nowhere"])
def test_aUserTalksInAndPartsFromTheirRoomsOnly(stage: HubStage, room: str) -> None:
    stage.enter("alice", "bob")
    stage.join("bob", "#dev")
    stage.heard("bob")
    with pytest.raises(NotInRoom):
        stage.say("alice", "hello", room)
    with pytest.raises(NotInRoom):
        stage.act("alice", "waves", room)
    with pytest.raises(NotInRoom):
        stage.hub.part(stage.users["alice"], room)
    assert stage.heard("bob") == []
    assert stage.nicks("#dev") == ("bob",)


def test_partingFromWhereAUserTalksSwitchesToTheRoomJoinedLast(stage: HubStage) -> None:
    stage.enter("alice")
    for room in ["#dev", "#ops"]:
        stage.join("alice", room)
    stage.hub.part(stage.users["alice"], LOBBY)
    assert stage.heard("alice") == [repr(Parted(LOBBY, Ending.PARTED)), repr(Talking("#ops"))]
    assert stage.users["alice"].sessions[0].room == "#ops"


# Several sessions of a user.


def test_theOtherSessionsAreToldHowManyThereAre(stage: HubStage) -> None:
    stage.enter("alice")
    second, third = stage.attach("alice"), stage.attach("alice")
    assert stage.heard("alice") == [repr(SessionsChanged(2)), repr(SessionsChanged(3))]
    assert second.heard() == [repr(SessionsChanged(3))]
    stage.hub.detach(stage.users["alice"], second, Ending.QUIT, "")
    assert stage.heard("alice") == third.heard() == [repr(SessionsChanged(2))]
    assert second.heard() == []


def test_everySessionHearsEverything(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.join("alice", "#dev")
    second = stage.attach("alice")
    stage.heard("alice")
    stage.say("bob", "hello")
    stage.tell("bob", "alice", "psst")
    stage.say("alice", "to all", "#dev")
    stage.reply("alice", "yes?")
    now(stage.rename("alice", "carol"))
    heard = stage.heard("alice")
    assert heard == second.heard()
    assert heard == [
        repr(Said(LOBBY, 1, AT, "bob", "hello")),
        repr(Told(AT, "bob", "alice", "psst")),
        repr(Said("#dev", 1, AT, "alice", "to all")),
        repr(Sent(AT, "alice", "bob", "yes?")),
        repr(Renamed(LOBBY, AT, "alice", "carol")),
        repr(Renamed("#dev", AT, "alice", "carol")),
    ]
    assert second.nick == "carol"


def test_everySessionComesIntoARoom(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    second = stage.attach("alice")
    stage.join("bob", "#dev")
    stage.join("alice", "#dev")
    stage.heard("alice")
    stage.say("bob", "hello", "#dev")
    assert stage.heard("alice") == second.heard()
    assert second.room == LOBBY


def test_aUserStaysWhenOneOfTwoSessionsEnds(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    alice, second = stage.users["alice"], stage.attach("alice")
    stage.heard("alice")
    first = alice.sessions[0]
    stage.hub.detach(alice, first, Ending.QUIT, "bye")
    assert stage.heard("bob") == []
    stage.say("bob", "still there?")
    stage.tell("bob", "alice", "psst")
    assert stage.heard("alice") == []
    assert len(second.heard()) == 3
    assert stage.nicks() == ("alice", "bob")
    # To detach the same session again changes nothing.
    stage.hub.detach(alice, first, Ending.QUIT, "bye")
    assert alice.sessions == [second]


def test_aUserLeavesWhenTheLastSessionEnds(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    alice, second = stage.users["alice"], stage.attach("alice")
    stage.hub.detach(alice, alice.sessions[0], Ending.QUIT, "")
    stage.hub.detach(alice, second, Ending.KICKED, "enough", "bob")
    left = Left(LOBBY, AT, "alice", Ending.KICKED, "enough", 1, by="bob")
    assert stage.heard("bob") == [repr(left)]
    assert len(stage.hub.nicknames) == 1
    assert second.here is None


def test_anAnnouncementIsHeardOnceInEachSession(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.join("alice", "#dev")
    second = stage.attach("alice")
    stage.hub.part(stage.users["bob"], LOBBY)
    for nick in ["alice", "bob"]:
        stage.heard(nick)
    second.heard()
    event = Announced(AT, "carol", "tea at five")
    stage.hub.publish(event)
    assert stage.heard("alice") == stage.heard("bob") == second.heard() == [repr(event)]


# Recording.


def test_everyRecorderGetsEveryLineWithItsId() -> None:
    tapes = Tape(), Tape()
    stage = HubStage(LocalBackplane(), *tapes)
    stage.enter("alice", "bob")
    stage.say("alice", "one")
    stage.tell("alice", "bob", "private")
    stage.act("bob", "two")
    for tape in tapes:
        assert tape.lines == [Said(LOBBY, 1, AT, "alice", "one"), Acted(LOBBY, 2, AT, "bob", "two")]


def test_aLineWithoutAnIdIsHeardAllTheSame() -> None:
    """The disk may have failed for so long that no id is left that is safe to give."""
    tape = Tape()
    stage = HubStage(LocalBackplane(lambda room: 0), tape)
    stage.enter("alice", "bob")
    stage.say("alice", "hello")
    assert stage.heard("bob") == [repr(Said(LOBBY, 0, AT, "alice", "hello"))]
    assert [line.id for line in tape.lines] == [0]


def test_anEventForOneRecipientIsNotPublished(stage: HubStage) -> None:
    with pytest.raises(ValueError, match="not for publishing"):
        stage.hub.arrived(Noticed("hello"), None)


def test_aDepartedUserKeepsNoOtherUserAlive(stage: HubStage) -> None:
    """Otherwise all users who have ever told each other something would form a chain."""
    stage.enter("alice", "bob")
    stage.tell("alice", "bob", "hello")
    bob = stage.users["bob"]
    assert bob.teller is stage.users["alice"]
    stage.leave("bob")
    assert bob.teller is None
