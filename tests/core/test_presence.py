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
    changes = PresenceChanges()
    for event in events:
        changes.note(event)
    return changes.changed("#lobby", 9)


def gatheredUnsure(*events: Joined | Left) -> Changed:
    changes = PresenceChanges()
    for event in events:
        changes.noteUnsure(event)
    return changes.changed("#lobby", 9)


def test_nothingIsGatheredAtFirst() -> None:
    assert not PresenceChanges()
    assert not [*gathered().joined, *gathered().left]


def test_arrivalsAndDeparturesAreGathered() -> None:
    """In their order, with the time of the last."""
    changes = PresenceChanges()
    events: list[Joined | Left] = [joined("alice"), left("bob"), joined("carol")]
    for number, event in enumerate(events):
        changes.note(replace(event, at=AT + timedelta(seconds=number)))
    assert changes
    expected = Changed("#lobby", AT + timedelta(seconds=2), ("alice", "carol"), ("bob",), 9, True)
    assert changes.changed("#lobby", 9) == expected


def test_anArrivalAndItsDepartureCancelOut() -> None:
    changes = PresenceChanges()
    for event in (joined("alice"), left("alice"), left("bob"), joined("bob")):
        changes.note(event)
    assert not changes


def test_theLastOfThreeChangesCounts() -> None:
    assert gathered(joined("alice"), left("alice"), joined("alice")).joined == ("alice",)
    assert gathered(left("alice"), joined("alice"), left("alice")).left == ("alice",)


def test_anotherSpellingIsADepartureAndAnArrival() -> None:
    changed = gathered(left("Alice"), joined("alice"))
    assert (changed.joined, changed.left) == (("alice",), ("Alice",))


def test_unsureChangesKeepTheLast() -> None:
    """In a crowd, a program that came in between knows only one of the two."""
    changed = gatheredUnsure(joined("alice"), left("alice"), left("bob"), joined("bob"))
    assert changed == Changed("#lobby", AT, ("bob",), ("alice",), 9)


def test_gatheredChangesAreGatheredAgain() -> None:
    changes = PresenceChanges()
    changes.noteAll(Changed("#lobby", AT, ("alice", "bob"), ("carol",), 9, more=3))
    changes.noteAll(Changed("#lobby", AT, ("carol",), ("alice",), 9, more=4))
    assert changes.changed("#lobby", 9) == Changed(
        "#lobby", AT, ("bob", "carol"), ("alice",), 9, more=7
    )


def test_aDepartureAfterAnUnsureArrivalIsTold() -> None:
    """Some recipients may know of the arrival already."""
    changes = PresenceChanges()
    changes.noteAll(Changed("#lobby", AT, ("alice",), (), 9))
    changes.note(left("alice"))
    assert changes.changed("#lobby", 9) == Changed("#lobby", AT, (), ("alice",), 9, True)


def test_changesBeyondTheLimitAreCounted() -> None:
    nicks = [f"n{number}" for number in range(MAX_NAMES + 5)]
    changed = gathered(*map(joined, nicks))
    assert changed.joined == tuple(nicks[:MAX_NAMES])
    assert changed.more == 5


def test_longNicknamesAreCountedSooner() -> None:
    nicks = [f"n{number:0319}" for number in range(MAX_NAMES)]
    changed = gathered(*map(joined, nicks))
    assert len(changed.joined) == MAX_NAMES_SIZE // 320
    assert len(changed.joined) + changed.more == MAX_NAMES


def test_changesThatCancelOutTakeNoSpace() -> None:
    """Otherwise a user who keeps coming and going could fill it."""
    nicks = [f"n{number:0319}" for number in range(MAX_NAMES)]
    events = [make(nick) for nick in nicks for make in (joined, left)]
    assert gathered(*events, joined("alice")) == Changed("#lobby", AT, ("alice",), (), 9, True)
