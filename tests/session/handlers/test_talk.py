"""Tests for L{chat.session.handlers.talk}."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.vocabulary.events import Acted, Entered, Refused, Said, Sent, Talking, Told, Warned
from tests.support.hubs import AT
from tests.support.sessions import SessionStage

# In a room.


def test_othersHearWhatIsSaid(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    alice.says("hello", "/me waves", "//me is a command")
    heard = [
        Said("#lobby", 1, AT, "alice", "hello"),
        Acted("#lobby", 2, AT, "alice", "waves"),
        Said("#lobby", 3, AT, "alice", "/me is a command"),
    ]
    assert bob.heard() == carol.heard() == heard
    assert alice.heard() == []


def test_onlyThoseInTheRoomHearIt(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    alice.says("/join #dev")
    bob.says("/join #dev")
    stage.forget()
    alice.says("hello")
    assert bob.heard() == [Said("#dev", 1, AT, "alice", "hello")]
    assert carol.heard() == []


def test_linesOfAllJoinedRoomsAreHeard(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("/join #dev")
    stage.forget()
    alice.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "alice", "hello")]


def test_eachRoomCountsItsLines(stage: SessionStage) -> None:
    robot = stage.program("robot")
    robot.says("one", "two", "/join #dev", "three", "/room #lobby", "four")
    said = [event for event in robot.heard() if isinstance(event, Said)]
    assert [(event.room, event.id) for event in said] == [
        ("#lobby", 1),
        ("#lobby", 2),
        ("#dev", 1),
        ("#lobby", 3),
    ]


@pytest.mark.parametrize("line", ["hello", "/me waves"])
def test_aUserInNoRoomCannotTalk(stage: SessionStage, line: str) -> None:
    alice, _ = stage.users("alice", "bob")
    alice.says("/part")
    assert alice.hears(line) == [Refused("no-room")]


# In private.


def test_aPrivateMessageReachesOneUser(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    assert alice.hears("/msg BOB psst") == [Sent(AT, "alice", "bob", "psst")]
    assert bob.heard() == [Told(AT, "alice", "bob", "psst")]
    assert carol.heard() == []


def test_privateMessagesNeedNoRoom(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/part")
    assert alice.hears("/msg bob psst") == [Sent(AT, "alice", "bob", "psst")]
    assert bob.hears("/r yes?") == [Sent(AT, "bob", "alice", "yes?")]
    assert alice.heard() == [Told(AT, "bob", "alice", "yes?")]


def test_usersMayTellThemselves(stage: SessionStage) -> None:
    alice = stage.user("alice")
    assert alice.hears("/msg alice buy milk") == [
        Told(AT, "alice", "alice", "buy milk"),
        Sent(AT, "alice", "alice", "buy milk"),
    ]


def test_anUnknownNicknameIsRefused(stage: SessionStage) -> None:
    alice = stage.user("alice")
    assert alice.hears("/msg bob psst") == [Refused("no-such-nick", "bob")]
    assert alice.hears("/msg bob") == [Refused("argument-missing", "/msg NAME TEXT")]


def test_aReplyGoesToTheLastSender(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    alice.says("/msg bob psst")
    assert alice.hears("/reply hello") == [Refused("nobody-to-reply-to")]
    bob.says("/msg alice one")
    carol.says("/msg alice two")
    assert alice.hears("/reply yes") == [Sent(AT, "alice", "carol", "yes")]


def test_aReplyFollowsTheSenderToANewNickname(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("/msg alice psst", "/nick robert")
    other = stage.user("bob")
    assert alice.hears("/reply yes") == [Sent(AT, "alice", "robert", "yes")]
    assert Told(AT, "alice", "robert", "yes") in bob.heard()
    assert other.heard() == []


def test_aReplyNeverReachesTheNextUserOfTheNickname(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("/msg alice psst", "/quit")
    assert alice.hears("/reply a secret") == [Refused("no-such-nick", "bob")]
    other = stage.user("bob")
    assert alice.hears("/reply a secret") == [Refused("no-such-nick", "bob")]
    assert other.heard() == []


@pytest.mark.parametrize(
    ("line", "about"), [("/away having lunch", "bob: having lunch"), ("/away", "bob")]
)
def test_tellingAnAwayUserIsWarnedOf(stage: SessionStage, line: str, about: str) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says(line)
    assert alice.hears("/msg bob psst") == [
        Sent(AT, "alice", "bob", "psst"),
        Warned("is-away", about),
    ]
    bob.says("/msg alice yes?", "/away")
    assert alice.hears("/reply hello")[-1] == Warned("is-away", "bob")
    bob.says("/back")
    assert alice.hears("/msg bob psst") == [Sent(AT, "alice", "bob", "psst")]


# Muted users.


@pytest.mark.parametrize(
    "line", ["hello", "/me waves", "/msg bob psst", "/reply psst", "/topic spam", "/nick bot"]
)
def test_aMutedUserMayNotSpeak(stage: SessionStage, line: str) -> None:
    alice, bob = stage.users("alice", "bob")
    bob.says("/msg alice psst")
    carol = stage.registered("carol")
    carol.says("/mute alice 1h spam")
    stage.forget()
    until = AT + timedelta(hours=1)
    assert alice.hears(line) == [Refused("muted", "spam", by="carol", until=until)]
    assert bob.heard() == carol.heard() == []
    stage.clock.advance(3600)
    assert all(not isinstance(event, Refused) for event in alice.hears(line))


def test_aMutedUserMayRead(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    stage.registered("carol").says("/mute alice", "/join #dev")
    stage.forget()
    bob.says("hello", "/msg alice psst")
    assert alice.heard() == [
        Said("#lobby", 1, AT, "bob", "hello"),
        Told(AT, "bob", "alice", "psst"),
    ]
    assert alice.hears("/join #dev") == [Entered("#dev", ("carol",)), Talking("#dev")]


def test_anAccountIsMutedWhateverItsNickname(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    alice.says("/nick robert")
    stage.registered("carol").says("/mute alice spam")
    assert alice.hears("hello") == [Refused("muted", "spam", by="carol")]
