"""
The contract of L{chat.interfaces.Backplane}; C{core/test_hub_nodes.py} has hubs that share one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chat.backplane.local import LocalBackplane
from chat.interfaces import Backplane
from chat.vocabulary.errors import NickTaken
from chat.vocabulary.events import Acted, Ending, Event, Joined, Left, Line, Renamed, Said, Told
from tests.support.backplanes import DelayedLog
from tests.support.hubs import AT


@dataclass
class End:
    """
    One end of a backplane, which records what arrives.

    @ivar settle: Makes the backplane do everything it was asked for.
    @ivar react: Called after each event.
    """

    backplane: Backplane
    settle: Callable[[], None]
    heard: list[tuple[Event, object]] = field(default_factory=list)
    react: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.backplane.connect(self.arrived)

    def arrived(self, event: Event, origin: object) -> None:
        self.heard.append((event, origin))
        self.react()

    @property
    def events(self) -> list[Event]:
        return [event for event, _ in self.heard]

    def claim(self, fold: str) -> list[object]:
        """
        @return: A list that gets the decision as soon as there is one.
        """
        outcome: list[object] = []
        self.backplane.claim(fold).addCallbacks(
            lambda _: outcome.append("ours"),
            lambda failure: outcome.append(type(failure.value)),
        )
        return outcome


def _local() -> End:
    return End(LocalBackplane(), lambda: None)


def _delayed() -> End:
    log = DelayedLog(Clock())
    return End(log.open(), log.settle)


ENDS = [_local, _delayed]


@pytest.fixture(params=ENDS, ids=["local", "delayed"])
def end(request: pytest.FixtureRequest) -> End:
    """An end of each kind of backplane."""
    made: End = request.param()
    return made


# Nicknames.


def test_aFreeNicknameCanBeClaimed(end: End) -> None:
    claim = end.claim("alice")
    end.settle()
    assert claim == ["ours"]


def test_aTakenNicknameCannotBeClaimed(end: End) -> None:
    """Whether the first claim has been decided or not."""
    first, second = end.claim("alice"), end.claim("alice")
    end.settle()
    third = end.claim("alice")
    end.settle()
    assert (first, second, third) == (["ours"], [NickTaken], [NickTaken])


def test_aClaimTakesNoOtherNickname(end: End) -> None:
    claims = [end.claim("alice"), end.claim("bob")]
    end.settle()
    assert claims == [["ours"], ["ours"]]


def test_aReleasedNicknameIsFreeAtOnce(end: End) -> None:
    end.claim("alice")
    end.settle()
    end.backplane.release("alice")
    claim = end.claim("alice")
    end.settle()
    assert claim == ["ours"]


def test_aReleaseFreesNoOtherNickname(end: End) -> None:
    end.claim("alice")
    end.settle()
    end.backplane.release("bob")
    claim = end.claim("alice")
    end.settle()
    assert claim == [NickTaken]


def test_claimsAreNoEvents(end: End) -> None:
    end.claim("alice")
    end.settle()
    end.backplane.release("alice")
    end.settle()
    assert end.heard == []


# Events.


def _said(text: str, room: str = "#lobby") -> Said:
    return Said(room, 0, AT, "alice", text)


def test_linesGetIds(end: End) -> None:
    """From one, by one, whatever kind of line it is; the rest of the line stays."""
    acted = Acted("#lobby", 0, AT, "alice", "two")
    events: list[Event] = [_said("one"), acted, _said("three")]
    for event in events:
        end.backplane.publish(event)
    end.settle()
    assert end.events == [
        Said("#lobby", 1, AT, "alice", "one"),
        Acted("#lobby", 2, AT, "alice", "two"),
        Said("#lobby", 3, AT, "alice", "three"),
    ]


def test_eachRoomHasItsOwnIds(end: End) -> None:
    for room in ["#lobby", "#dev", "#lobby", "#dev", "#dev"]:
        end.backplane.publish(_said("hi", room))
    end.settle()
    assert [(event.room, event.id) for event in end.events if isinstance(event, Line)] == [
        ("#lobby", 1),
        ("#dev", 1),
        ("#lobby", 2),
        ("#dev", 2),
        ("#dev", 3),
    ]


def test_otherEventsArriveUnchanged(end: End) -> None:
    """And take no id."""
    events: list[Event] = [
        Joined("#lobby", AT, "alice"),
        Renamed("#lobby", AT, "alice", "carol"),
        Told(AT, "carol", "bob", "hi"),
        Left("#lobby", AT, "carol", Ending.QUIT, "so long"),
    ]
    for event in events:
        end.backplane.publish(event)
    end.backplane.publish(_said("hi"))
    end.settle()
    assert end.events == [*events, Said("#lobby", 1, AT, "alice", "hi")]


def test_theOriginComesBack(end: End) -> None:
    """The same object, or none."""
    origin = object()
    end.backplane.publish(_said("one"), origin)
    end.backplane.publish(_said("two"))
    end.settle()
    assert [origin for _, origin in end.heard] == [origin, None]


def test_anEventPublishedOnArrivalComesAfterwards(end: End) -> None:
    """Its id comes afterwards as well."""

    def answer() -> None:
        if len(end.heard) < 3:
            end.backplane.publish(_said(f"answer {len(end.heard)}"))

    end.react = answer
    end.backplane.publish(_said("question"))
    end.settle()
    assert [(event.id, event.text) for event in end.events if isinstance(event, Said)] == [
        (1, "question"),
        (2, "answer 1"),
        (3, "answer 2"),
    ]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["#lobby", "#dev"]), max_size=20))
def test_eventsArriveInTheOrderOfPublishing(rooms: list[str]) -> None:
    """Each arrives once, and the ids of a room have no gap."""
    for make in ENDS:
        end = make()
        for number, room in enumerate(rooms):
            end.backplane.publish(_said(str(number), room))
        end.settle()
        lines = [event for event in end.events if isinstance(event, Said)]
        assert [line.text for line in lines] == [str(number) for number in range(len(rooms))]
        for room in set(rooms):
            numbers = [line.id for line in lines if line.room == room]
            assert numbers == list(range(1, len(numbers) + 1))
