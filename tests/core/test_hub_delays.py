"""Tests for L{chat.core.hub}, where what is published takes its time to arrive."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from chat.core.users import User
from chat.vocabulary.errors import NickTaken, NotInRoom
from chat.vocabulary.events import Ending, Joined, Left, Parted, Renamed, Said
from tests.support.backplanes import DelayedLog
from tests.support.hubs import AT, LOBBY, HubStage, Tape, now, refusal


class Cluster:
    """
    Two processes of one service whose backplane takes a second, and alice in the first of them.

    @ivar tapes: The recorders of the processes.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.log = DelayedLog(self.clock)
        self.tapes = Tape(), Tape()
        self.stages = [HubStage(self.log.open(), tape, clock=self.clock) for tape in self.tapes]
        self.settle = self.log.settle
        self.enter(0, "alice")

    def enter(self, index: int, nick: str) -> User:
        claim = self.stages[index].claim(nick)
        self.settle()
        for stage in self.stages:
            for outlet in stage.outlets.values():
                outlet.take()
        return now(claim)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_aUserMayActBeforeTheirArrivalHasArrived() -> None:
    """The event is still on its way through the log; in the end nothing is left of the user."""
    clock = Clock()
    log = DelayedLog(clock)
    stage = HubStage(log.open(), clock=clock)
    stage.claim("alice")
    log.settle()

    def hurry(_: User) -> None:
        stage.say("bob", "hello")
        stage.rename("bob", "Bob")
        stage.leave("bob")

    stage.claim("bob").addCallback(hurry)
    log.settle()
    assert stage.heard("alice") == [
        repr(Joined(LOBBY, AT, "bob", 2)),
        repr(Said(LOBBY, 1, AT, "bob", "hello")),
        repr(Renamed(LOBBY, AT, "bob", "Bob")),
        repr(Left(LOBBY, AT, "Bob", Ending.QUIT, count=1)),
    ]
    assert stage.heard("bob") == []
    assert stage.nicks() == ("alice",)
    assert len(stage.hub.nicknames) == 1


def test_oneOfTwoSimultaneousClaimsSucceeds(cluster: Cluster) -> None:
    first, second = cluster.stages[0].claim("bob"), cluster.stages[1].claim("BOB")
    cluster.settle()
    assert now(first).nick == "bob"
    error = refusal(second)
    assert (type(error), str(error)) == (NickTaken, "BOB")


def test_allProcessesRecordTheSameLines(cluster: Cluster) -> None:
    cluster.enter(1, "bob")
    for number in range(10):
        index = number % 3 == 0
        cluster.stages[index].say(("alice", "bob")[index], str(number))
    cluster.settle()
    one, other = (tape.lines for tape in cluster.tapes)
    assert one == other
    assert [(line.id, line.text) for line in one] == [(id, str(id - 1)) for id in range(1, 11)]


def test_aUserIsInARoomOnceTheEventHasArrived(cluster: Cluster) -> None:
    [one, other] = cluster.stages
    alice = one.users["alice"]
    joined = one.hub.join(alice, "#dev")
    assert not joined.called
    assert one.nicks("#dev") == ()
    cluster.settle()
    assert now(joined).nicks == ("alice",)
    assert other.nicks("#dev") == ("alice",)
    assert one.heard("alice") == []


def test_joiningTwiceIsAnsweredTwice(cluster: Cluster) -> None:
    """In two sessions, with a parting in between, before any of it has arrived."""
    hub, alice = cluster.stages[0].hub, cluster.stages[0].users["alice"]
    first = hub.join(alice, "#dev")
    hub.part(alice, "#dev")
    second = hub.join(alice, "#dev")
    cluster.settle()
    assert now(first).name == "#dev"
    assert now(second).nicks == ("alice",)


def test_aUserHearsARoomFromTheirArrivalOn(cluster: Cluster) -> None:
    """Not from their request on."""
    [one, other] = cluster.stages
    bob = cluster.enter(1, "bob")
    other.hub.join(bob, "#dev")
    cluster.settle()
    other.say("bob", "too early", "#dev")
    one.hub.join(one.users["alice"], "#dev")
    other.say("bob", "in time", "#dev")
    cluster.settle()
    assert one.heard("alice") == [repr(Said("#dev", 2, AT, "bob", "in time"))]


def test_aUserHearsARoomUntilTheirPartingHasArrived(cluster: Cluster) -> None:
    [one, other] = cluster.stages
    bob = cluster.enter(1, "bob")
    for stage, user in [(one, one.users["alice"]), (other, bob)]:
        stage.hub.join(user, "#dev")
    cluster.settle()
    one.heard("alice")
    other.say("bob", "still there?", "#dev")
    one.hub.part(one.users["alice"], "#dev")
    with pytest.raises(NotInRoom):
        one.say("alice", "yes", "#dev")
    other.say("bob", "gone", "#dev")
    cluster.settle()
    assert one.heard("alice") == [
        repr(Said("#dev", 1, AT, "bob", "still there?")),
        repr(Parted("#dev", Ending.PARTED)),
    ]
    assert one.nicks("#dev") == other.nicks("#dev") == ("bob",)


def test_aUserWhoPartsAndReturnsIsInTheRoom(cluster: Cluster) -> None:
    [one, other] = cluster.stages
    alice = one.users["alice"]
    one.hub.part(alice, LOBBY)
    joined = one.hub.join(alice, LOBBY)
    cluster.settle()
    assert now(joined).nicks == ("alice",)
    assert other.nicks() == ("alice",)
    assert alice.rooms == [LOBBY]
    assert alice.sessions[0].room == LOBBY


def test_aUserKickedOnTheWayInIsOut(cluster: Cluster) -> None:
    [one, other] = cluster.stages
    alice = one.users["alice"]
    joined = one.hub.join(alice, "#dev")
    one.hub.part(alice, "#dev", Ending.KICKED, "", "bob")
    cluster.settle()
    now(joined)
    assert one.nicks("#dev") == other.nicks("#dev") == ()
    assert one.heard("alice") == [repr(Parted("#dev", Ending.KICKED, "bob"))]
    assert alice.sessions[0].room == LOBBY


def test_partingSwitchesToTheRoomBeingJoined(cluster: Cluster) -> None:
    one = cluster.stages[0]
    alice = one.users["alice"]
    one.hub.part(alice, LOBBY)
    one.hub.join(alice, "#dev")
    cluster.settle()
    assert alice.sessions[0].room == "#dev"
    assert alice.sessions[0] in one.directory.open("#dev").audience
    one.say("alice", "hello", "#dev")
    cluster.settle()
    heard = one.heard("alice")
    assert heard[:1] == [repr(Parted(LOBBY, Ending.PARTED))]
    assert heard[-1:] == [repr(Said("#dev", 1, AT, "alice", "hello"))]


def test_aUserWhoLeavesOnTheWayInLeavesNothingBehind(cluster: Cluster) -> None:
    [one, other] = cluster.stages
    bob = cluster.enter(0, "bob")
    joined = one.hub.join(bob, "#dev")
    one.hub.leave(bob, Ending.QUIT)
    cluster.settle()
    assert joined.called
    for stage in cluster.stages:
        assert stage.directory.find("#dev") is None
        assert stage.nicks() == ("alice",)
        assert len(stage.hub.nicknames) == 1
    assert other.forgotten == ["#dev"]


def test_aSessionAttachedOnTheWayInHearsEverythingOnce(cluster: Cluster) -> None:
    one = cluster.stages[0]
    alice = one.users["alice"]
    joined = one.hub.join(alice, "#dev")
    second = one.attach("alice")
    cluster.settle()
    now(joined)
    one.heard("alice")
    second.heard()
    one.say("alice", "hello", "#dev")
    cluster.settle()
    assert len(one.heard("alice")) == len(second.heard()) == 1
    one.leave("alice")
    cluster.settle()
    assert one.nicks("#dev") == ()


def test_linesBeforeARenamingCarryTheOldNickname(cluster: Cluster) -> None:
    """What is said before the renaming is decided arrives before it."""
    one = cluster.stages[0]
    cluster.enter(1, "bob")
    one.rename("alice", "carol")
    one.say("alice", "who am I?")
    cluster.settle()
    assert cluster.stages[1].heard("bob") == [
        repr(Said(LOBBY, 1, AT, "alice", "who am I?")),
        repr(Renamed(LOBBY, AT, "alice", "carol")),
    ]


def test_aProcessThatStartsLaterKnowsNoEarlierUsers(cluster: Cluster) -> None:
    """They leave, or are renamed, without being known to it."""
    [one, *_] = cluster.stages
    late = HubStage(cluster.log.open(), clock=cluster.clock)
    cluster.stages.append(late)
    cluster.enter(2, "bob")
    one.say("alice", "you do not know me")
    one.rename("alice", "carol")
    cluster.settle()
    one.leave("alice")
    cluster.settle()
    assert late.heard("bob") == [
        repr(Said(LOBBY, 1, AT, "alice", "you do not know me")),
        repr(Renamed(LOBBY, AT, "alice", "carol")),
    ]
    assert late.nicks() == ("bob",)
    assert len(late.hub.nicknames) == 1
