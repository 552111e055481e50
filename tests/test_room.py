"""Tests for L{chat.room}."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from twisted.internet.task import Clock

from chat.audience import Recipient
from chat.events import Acted, Ending, Joined, Left, Noticed, Person, Renamed, Said
from chat.names import fold
from chat.room import Member, Room
from tests.doubles import RecordingOutlet, ReprRendering, endOfTurn

AT = datetime(2026, 11, 21, tzinfo=UTC)
RENDERING = ReprRendering()
ECHOING = ReprRendering(echoes=True)


class Stage:
    """
    A room, and the people in it.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.room = Room("#lobby", endOfTurn(self.clock))
        self.outlets: dict[str, RecordingOutlet] = {}
        self.members: dict[str, Member] = {}

    def enter(self, *nicks: str, rendering: ReprRendering = RENDERING) -> Member:
        for nick in nicks:
            self.outlets[nick] = RecordingOutlet()
            recipient = Recipient(self.outlets[nick], rendering)
            self.members[nick] = Member(nick, fold(nick), [recipient])
            self.room.enter(self.members[nick], Joined("#lobby", AT, nick))
        return self.members[nicks[-1]]

    def leave(self, nick: str) -> None:
        self.room.arrived(Left("#lobby", AT, nick, Ending.QUIT), None)

    def rename(self, nick: str, name: str) -> None:
        self.room.arrived(Renamed("#lobby", AT, nick, name), None)

    def say(self, text: str, author: Recipient | None = None) -> None:
        self.room.arrived(Said("#lobby", 1, AT, "alice", text), author)

    def heard(self, nick: str) -> list[str]:
        """
        @return: What somebody has heard since the last time.
        """
        self.clock.advance(0)
        return self.outlets[nick].take()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_theOthersHearWhoComes(stage: Stage) -> None:
    stage.enter("alice", "bob")
    assert stage.heard("alice") == [repr(Joined("#lobby", AT, "bob", 2))]


@pytest.mark.parametrize("rendering", [RENDERING, ECHOING])
def test_whoComesDoesNotHearItHimself(stage: Stage, rendering: ReprRendering) -> None:
    stage.enter("alice")
    stage.enter("bob", rendering=rendering)
    assert stage.heard("bob") == []


def test_theOthersHearWhoGoes(stage: Stage) -> None:
    stage.enter("alice", "bob")
    stage.heard("alice")
    stage.leave("bob")
    assert stage.heard("alice") == [repr(Left("#lobby", AT, "bob", Ending.QUIT, count=1))]


def test_whoGoesHasHeardWhatCameBefore(stage: Stage) -> None:
    stage.enter("alice", "bob")
    stage.say("before")
    stage.leave("bob")
    stage.say("after")
    assert stage.heard("bob") == [repr(Said("#lobby", 1, AT, "alice", "before"))]


def test_everybodyHearsALineButItsAuthor(stage: Stage) -> None:
    [author] = stage.enter("alice").recipients
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


def test_everybodyHearsANewNameHimselfToo(stage: Stage) -> None:
    stage.enter("alice", "bob")
    stage.heard("alice")
    stage.rename("alice", "carol")
    assert (
        stage.heard("alice")
        == stage.heard("bob")
        == [repr(Renamed("#lobby", AT, "alice", "carol"))]
    )


def test_peopleStandInTheOrderOfTheirComing(stage: Stage) -> None:
    stage.enter("bob", "alice", "carol")
    stage.leave("bob")
    stage.enter("bob")
    assert stage.room.nicks == ("alice", "carol", "bob")
    assert len(stage.room) == 3


def test_whoIsRenamedKeepsHisPlace(stage: Stage) -> None:
    member = stage.enter("alice")
    stage.enter("bob")
    stage.rename("alice", "Carol")
    member.nick, member.fold = "Carol", "carol"
    assert stage.room.nicks == ("Carol", "bob")
    stage.leave("carol")
    assert stage.room.nicks == ("bob",)


def test_peopleAreIdleInWholeSeconds(stage: Stage) -> None:
    stage.enter("alice").active = 10.0
    stage.enter("bob").active = 12.5
    assert stage.room.people(12.4) == (Person("alice", 2), Person("bob", 0))


def test_allSessionsOfAMemberHear(stage: Stage) -> None:
    outlets = [RecordingOutlet(), RecordingOutlet()]
    recipients = [Recipient(outlet, RENDERING) for outlet in outlets]
    member = Member("alice", "alice", recipients)
    stage.room.enter(member, Joined("#lobby", AT, "alice"))
    stage.say("hello", recipients[0])
    member.hear(Noticed("alone"))
    assert outlets[0].take() == [repr(Noticed("alone"))]
    assert outlets[1].take() == [
        repr(Said("#lobby", 1, AT, "alice", "hello")),
        repr(Noticed("alone")),
    ]
    stage.leave("alice")
    stage.say("nobody hears it")
    stage.clock.advance(0)
    assert outlets[0].take() == outlets[1].take() == []


def test_somebodyElsewhereIsInWithoutHearing(stage: Stage) -> None:
    stage.enter("alice")
    stage.room.enter(Member("bob", "bob"), Joined("#lobby", AT, "bob"))
    assert stage.heard("alice") == [repr(Joined("#lobby", AT, "bob", 2))]
    stage.leave("bob")
    assert stage.room.nicks == ("alice",)


def test_oneTalksInTheFirstRoomUntilOneLeavesIt(stage: Stage) -> None:
    [recipient] = stage.enter("alice").recipients
    first = recipient.here
    second = Room("#dev", endOfTurn(stage.clock))
    second.enter(stage.members["alice"], Joined("#dev", AT, "alice"))
    assert first is not None
    assert recipient.here is first
    stage.leave("alice")
    assert recipient.here is None


def test_nobodyEntersByAnEventAlone(stage: Stage) -> None:
    with pytest.raises(ValueError, match="enters"):
        stage.room.arrived(Joined("#lobby", AT, "alice"), None)
