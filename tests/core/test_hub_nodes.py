"""Tests for L{chat.core.hub}, in several processes of one service."""

from __future__ import annotations

import pytest

from chat.vocabulary.errors import NickTaken, NoSuchNick
from chat.vocabulary.events import (
    Acted,
    Announced,
    Ending,
    Joined,
    Left,
    Renamed,
    Said,
    Sent,
    Stored,
    Told,
    TopicSet,
)
from tests.support.doubles import SharedBackplane
from tests.support.hubs import AT, LOBBY, HubStage, now, refusal


@pytest.fixture
def both() -> tuple[HubStage, HubStage]:
    """Two processes of one service, alice in the first and bob in the other."""
    server = SharedBackplane()
    one, other = HubStage(server.end()), HubStage(server.end())
    one.enter("alice")
    other.enter("bob")
    one.heard("alice")
    return one, other


def test_idsCountUpByOneInEachRoom(both: tuple[HubStage, HubStage]) -> None:
    """Across processes; an event that is no line has none."""
    one, other = both
    one.join("alice", "#dev")
    one.say("alice", "1")
    other.tell("bob", "alice", "private")
    other.say("bob", "2")
    one.say("alice", "1", "#dev")
    one.act("alice", "3")
    lines = [line for line in other.heard("bob") if "id=" in line]
    assert lines == [
        repr(Said(LOBBY, 1, AT, "alice", "1")),
        repr(Said(LOBBY, 2, AT, "bob", "2")),
        repr(Acted(LOBBY, 3, AT, "alice", "3")),
    ]
    assert repr(Said("#dev", 1, AT, "alice", "1")) in one.heard("alice")


def test_aLineIsHeardInAllProcesses(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    other.enter("carol")
    assert one.heard("alice") == [repr(Joined(LOBBY, AT, "carol", 3))]
    other.heard("bob")
    one.say("alice", "hello")
    assert one.heard("alice") == other.heard("bob") == [repr(Said(LOBBY, 1, AT, "alice", "hello"))]
    assert isinstance(refusal(other.claim("Alice")), NickTaken)


def test_aUserElsewhereIsToldAndReplies(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    other.tell("bob", "alice", "psst")
    assert one.heard("alice") == [repr(Told(AT, "bob", "alice", "psst"))]
    assert other.heard("bob") == [repr(Sent(AT, "bob", "alice", "psst"))]
    one.reply("alice", "yes?")
    assert other.heard("bob") == [repr(Told(AT, "alice", "bob", "yes?"))]


def test_aUserElsewhereLeavesNothingBehind(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    other.leave("bob")
    assert one.heard("alice") == [repr(Left(LOBBY, AT, "bob", Ending.QUIT, count=1))]
    assert len(one.hub.nicknames) == 1
    with pytest.raises(NoSuchNick):
        one.tell("alice", "bob", "too late")
    one.enter("bob")
    assert one.nicks() == other.nicks() == ("alice", "bob")


def test_aUserElsewhereIsRenamed(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    now(other.rename("bob", "carol"))
    assert one.heard("alice") == [repr(Renamed(LOBBY, AT, "bob", "carol"))]
    assert one.nicks() == other.nicks() == ("alice", "carol")
    one.tell("alice", "carol", "psst")
    assert repr(Told(AT, "alice", "carol", "psst")) in other.heard("bob")
    with pytest.raises(NoSuchNick):
        one.tell("alice", "bob", "who?")
    other.leave("bob")
    assert len(one.hub.nicknames) == 1


def test_aUserElsewhereIsInTheirRooms(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    one.join("alice", "#dev")
    other.join("bob", "#dev")
    bob = one.hub.nicknames.named("bob")
    assert bob.rooms == [LOBBY, "#dev"]
    assert list(bob.sessions) == []
    one.heard("alice")
    other.hub.part(other.users["bob"], LOBBY)
    assert one.heard("alice") == [repr(Left(LOBBY, AT, "bob", Ending.PARTED, count=1))]
    assert (one.nicks(), one.nicks("#dev")) == (("alice",), ("alice", "bob"))
    assert one.hub.nicknames.named("bob") is bob


def test_aRoomIsForgottenInAllProcesses(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    one.join("alice", "#dev")
    assert other.nicks("#dev") == ("alice",)
    one.hub.part(one.users["alice"], "#dev")
    for stage in both:
        assert stage.directory.find("#dev") is None
        assert stage.forgotten == ["#dev"]


def test_anAnnouncementIsHeardInAllProcesses(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    event = Announced(AT, "carol", "tea at five")
    one.hub.publish(event)
    assert one.heard("alice") == other.heard("bob") == [repr(event)]


def test_aTopicIsKnownInAllProcesses(both: tuple[HubStage, HubStage]) -> None:
    one, _ = both
    one.hub.publish(TopicSet(LOBBY, AT, "alice", "tea"))
    for stage in both:
        assert stage.directory.open(LOBBY).record.topic == "tea"


def test_aUserElsewhereIsIgnored(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    one.hub.ignores.ignore(one.users["alice"], "bob")
    other.say("bob", "hello")
    assert one.heard("alice") == []


def test_onlyTheSenderGetsAReceipt(both: tuple[HubStage, HubStage]) -> None:
    one, other = both
    one.say("alice", "hello")
    one.heard("alice")
    other.heard("bob")
    for stage in both:
        stage.hub.receipts.stored(LOBBY, 1)
    assert one.heard("alice") == [repr(Stored(LOBBY, 1))]
    assert other.heard("bob") == []
