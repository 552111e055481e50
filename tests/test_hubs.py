"""Tests for L{chat.hub}, in several processes of one service."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chat.audience import Recipient
from chat.errors import NickTaken, NickUnchanged, NoSuchNick
from chat.events import Acted, Ending, Joined, Left, Renamed, Said, Sent, Told
from chat.hub import LOBBY, Hub
from chat.room import Member
from tests.doubles import RecordingOutlet, SharedBackplane
from tests.doubles_backplane import DelayedLog
from tests.hubs import AT, RENDERING, Stage, now, refusal


@pytest.fixture
def both() -> tuple[Stage, Stage]:
    """Two processes of one service."""
    shared = SharedBackplane()
    return Stage(shared.end()), Stage(shared.end())


def test_idsCountUpByOneInEachRoom(both: tuple[Stage, Stage]) -> None:
    """Across processes, and whatever is not a line has none."""
    one, other = both
    one.enter("alice")
    other.enter("bob")
    one.heard("alice")
    one.hub.join(one.members["alice"], "#dev")
    one.say("alice", "1")
    other.tell("bob", "alice", "private")
    other.say("bob", "2")
    one.hub.say(one.members["alice"], "#dev", "1", one.author("alice"))
    one.hub.act(one.members["alice"], LOBBY, "3", one.author("alice"))
    lines = [line for line in other.heard("bob") if "id=" in line]
    assert lines == [
        repr(Said(LOBBY, 1, AT, "alice", "1")),
        repr(Said(LOBBY, 2, AT, "bob", "2")),
        repr(Acted(LOBBY, 3, AT, "alice", "3")),
    ]
    assert repr(Said("#dev", 1, AT, "alice", "1")) in one.heard("alice")


def test_whatOneSaysIsHeardInAllProcesses(both: tuple[Stage, Stage]) -> None:
    one, other = both
    one.enter("alice")
    other.enter("bob")
    assert one.heard("alice") == [repr(Joined(LOBBY, AT, "bob", 2))]
    one.say("alice", "hello")
    assert one.heard("alice") == other.heard("bob") == [repr(Said(LOBBY, 1, AT, "alice", "hello"))]
    assert isinstance(refusal(other.claim("Alice")), NickTaken)


def test_somebodyElsewhereCanBeToldAndReplies(both: tuple[Stage, Stage]) -> None:
    one, other = both
    one.enter("alice")
    other.enter("bob")
    one.heard("alice")
    other.tell("bob", "alice", "psst")
    assert one.heard("alice") == [repr(Told(AT, "bob", "alice", "psst"))]
    assert other.heard("bob") == [repr(Sent(AT, "bob", "alice", "psst"))]
    one.reply("alice", "yes?")
    assert other.heard("bob") == [repr(Told(AT, "alice", "bob", "yes?"))]


def test_somebodyElsewhereLeavesNothingBehind(both: tuple[Stage, Stage]) -> None:
    one, other = both
    one.enter("alice")
    other.enter("bob")
    one.heard("alice")
    other.leave("bob")
    assert one.heard("alice") == [repr(Left(LOBBY, AT, "bob", Ending.QUIT, count=1))]
    assert len(one.hub) == 1
    with pytest.raises(NoSuchNick):
        one.tell("alice", "bob", "too late")
    one.enter("bob")
    assert one.hub.nicks(LOBBY) == other.hub.nicks(LOBBY) == ("alice", "bob")


def test_somebodyElsewhereIsRenamed(both: tuple[Stage, Stage]) -> None:
    one, other = both
    one.enter("alice")
    other.enter("bob")
    one.heard("alice")
    now(other.rename("bob", "carol"))
    assert one.heard("alice") == [repr(Renamed(LOBBY, AT, "bob", "carol"))]
    assert one.hub.nicks(LOBBY) == other.hub.nicks(LOBBY) == ("alice", "carol")
    one.tell("alice", "carol", "psst")
    assert repr(Told(AT, "alice", "carol", "psst")) in other.heard("bob")
    with pytest.raises(NoSuchNick):
        one.tell("alice", "bob", "who?")
    other.leave("bob")
    assert len(one.hub) == 1


def test_whoHasHardlyComeMaySpeakAndBeRenamedAndLeave() -> None:
    """While the event of his coming is on its way through the log, and nothing is left of him."""
    clock = Clock()
    log = DelayedLog(clock)
    stage = Stage(log.open(), clock=clock)
    stage.claim("alice")
    log.settle()

    def hurry(_: Member) -> None:
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
    assert stage.hub.nicks(LOBBY) == ("alice",)
    assert len(stage.hub) == 1


NAMES = st.sampled_from(["alice", "Alice", "bob", "carol"])
STEPS = st.lists(
    st.tuples(st.just("enter"), st.integers(0, 1), NAMES)
    | st.tuples(st.just("rename"), st.integers(0, 5), NAMES)
    | st.tuples(st.sampled_from(["say", "leave"]), st.integers(0, 5), st.just(""))
    | st.tuples(st.just("wait"), st.integers(1, 3), st.just("")),
    max_size=30,
)


class People:
    """
    Everybody who has entered through one of several hubs.

    @ivar present: Those who have not left, each with his hub and what he hears.
    @ivar gone: What the others have heard.
    """

    def __init__(self) -> None:
        self.present: list[tuple[Hub, Member, RecordingOutlet]] = []
        self.gone: list[RecordingOutlet] = []

    def enter(self, hub: Hub, nick: str) -> None:
        outlet = RecordingOutlet()

        def claimed(member: Member) -> None:
            hub.join(member, LOBBY)
            self.present.append((hub, member, outlet))

        claim = hub.claim(nick, Recipient(outlet, RENDERING)).addCallback(claimed)
        claim.addErrback(lambda failure: failure.trap(NickTaken) and None)

    def act(self, step: str, number: int, name: str) -> None:
        if not self.present:
            return
        person = self.present[number % len(self.present)]
        hub, member, outlet = person
        if step == "say":
            hub.say(member, LOBBY, "hello", member.recipients[0])
        elif step == "rename":
            renaming = hub.rename(member, name)
            renaming.addErrback(lambda failure: failure.trap(NickTaken, NickUnchanged) and None)
        else:
            hub.leave(member, Ending.QUIT)
            self.present.remove(person)
            self.gone.append(outlet)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_allProcessesSeeTheSame(steps: list[tuple[str, int, str]]) -> None:
    """However claims, events and the decisions about them overtake each other."""
    clock = Clock()
    log = DelayedLog(clock)
    stages = [Stage(log.open(), clock=clock) for _ in range(3)]
    witness = stages[-1]
    witness.claim("witness")
    log.settle()
    people = People()
    for step, number, name in steps:
        if step == "wait":
            clock.advance(number / 2)
        elif step == "enter":
            people.enter(stages[number].hub, name)
        else:
            people.act(step, number, name)
    log.settle()

    everything = witness.heard("witness")
    for stage in stages:
        assert stage.hub.nicks(LOBBY) == witness.hub.nicks(LOBBY)
        assert len(stage.hub) == len(people.present) + 1
    nicks = {member.nick for _, member, _ in people.present}
    assert set(witness.hub.nicks(LOBBY)) == nicks | {"witness"}
    for _, _, outlet in people.present:
        heard = outlet.take()
        assert heard == everything[len(everything) - len(heard) :]
    for outlet in people.gone:
        heard = outlet.take()
        starts = range(len(everything) - len(heard) + 1)
        assert any(everything[start : start + len(heard)] == heard for start in starts)
    ids = re.findall(r"id=(\d+)", " ".join(everything))
    assert ids == [str(number) for number in range(1, len(ids) + 1)]
