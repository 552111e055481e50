"""Tests for L{chat.core.presence}: what is gathered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chat.core.presence import PresenceChanges
from chat.vocabulary.events import Changed, Ending, Joined, Left
from chat.vocabulary.replies import MAX_NAMES, MAX_NAMES_SIZE
from tests.support.hubs import AT


def joined(nick: str) -> Joined:
    return Joined("#lobby", AT, nick)


def left(nick: str) -> Left:
    return Left("#lobby", AT, nick, Ending.QUIT)


def gathered(*events: Joined | Left) -> Changed:
    comings = PresenceChanges()
    for event in events:
        comings.note(event)
    return comings.changed("#lobby", 9)


def gatheredUnsure(*events: Joined | Left) -> Changed:
    comings = PresenceChanges()
    for event in events:
        comings.noteUnsure(event)
    return comings.changed("#lobby", 9)


def test_nothing() -> None:
    assert not PresenceChanges()
    assert not [*gathered().joined, *gathered().left]


def test_whoComesAndWhoGoes() -> None:
    """In their order, with the time of the last."""
    comings = PresenceChanges()
    events: list[Joined | Left] = [joined("alice"), left("bob"), joined("carol")]
    for number, event in enumerate(events):
        comings.note(replace(event, at=AT + timedelta(seconds=number)))
    assert comings
    expected = Changed("#lobby", AT + timedelta(seconds=2), ("alice", "carol"), ("bob",), 9, True)
    assert comings.changed("#lobby", 9) == expected


def test_whoComesAndGoesAgainMakesNoDifference() -> None:
    comings = PresenceChanges()
    for event in (joined("alice"), left("alice"), left("bob"), joined("bob")):
        comings.note(event)
    assert not comings


def test_whoComesGoesAndComes() -> None:
    assert gathered(joined("alice"), left("alice"), joined("alice")).joined == ("alice",)
    assert gathered(left("alice"), joined("alice"), left("alice")).left == ("alice",)


def test_whoComesBackInAnotherSpelling() -> None:
    """The one name goes, and the other one comes."""
    changed = gathered(left("Alice"), joined("alice"))
    assert (changed.joined, changed.left) == (("alice",), ("Alice",))


def test_whereSomeMayKnowTheLastCounts() -> None:
    """Of a crowd: a program that came in between knows only the one."""
    changed = gatheredUnsure(joined("alice"), left("alice"), left("bob"), joined("bob"))
    assert changed == Changed("#lobby", AT, ("bob",), ("alice",), 9)


def test_whatWasGatheredIsGatheredAgain() -> None:
    comings = PresenceChanges()
    comings.noteAll(Changed("#lobby", AT, ("alice", "bob"), ("carol",), 9, more=3))
    comings.noteAll(Changed("#lobby", AT, ("carol",), ("alice",), 9, more=4))
    assert comings.changed("#lobby", 9) == Changed(
        "#lobby", AT, ("bob", "carol"), ("alice",), 9, more=7
    )


def test_certainAfterUnsure() -> None:
    """Who may be known already, and goes, is told of."""
    comings = PresenceChanges()
    comings.noteAll(Changed("#lobby", AT, ("alice",), (), 9))
    comings.note(left("alice"))
    assert comings.changed("#lobby", 9) == Changed("#lobby", AT, (), ("alice",), 9, True)


def test_veryManyAreCounted() -> None:
    nicks = [f"n{number}" for number in range(MAX_NAMES + 5)]
    changed = gathered(*map(joined, nicks))
    assert changed.joined == tuple(nicks[:MAX_NAMES])
    assert changed.more == 5


def test_longNamesAreCountedSooner() -> None:
    nicks = [f"n{number:0319}" for number in range(MAX_NAMES)]
    changed = gathered(*map(joined, nicks))
    assert len(changed.joined) == MAX_NAMES_SIZE // 320
    assert len(changed.joined) + changed.more == MAX_NAMES


def test_whoComesAndGoesAgainTakesNoRoom() -> None:
    """However often: somebody could do nothing else."""
    nicks = [f"n{number:0319}" for number in range(MAX_NAMES)]
    events = [make(nick) for nick in nicks for make in (joined, left)]
    assert gathered(*events, joined("alice")) == Changed("#lobby", AT, ("alice",), (), 9, True)
