"""Tests for L{chat.store.numbering}."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chat.store import numbering
from chat.store.numbering import RESERVE, Numbers


def test_unknownRoomsBeginBehindTheFloor() -> None:
    numbers = Numbers(100)
    assert numbers.last("#dev") == 100
    assert not numbers.isKnown("#dev")
    assert [numbers.next("#dev"), numbers.next("#dev")] == [101, 102]
    assert numbers.last("#dev") == 102
    assert numbers.isKnown("#dev")
    assert numbers.last("#other") == 100


def test_knownRoomsGoOnBehindTheirLastId() -> None:
    numbers = Numbers(0, {"#dev": (50, 60)})
    assert numbers.last("#dev") == 50
    assert numbers.next("#dev") == 51


def test_noIdIsGivenAboveTheMark() -> None:
    numbers = Numbers(0, {"#dev": (50, 52)})
    assert [numbers.next("#dev") for _ in range(4)] == [51, 52, 0, 0]
    assert numbers.last("#dev") == 52
    numbers.marked("#dev", 52 + RESERVE)
    assert numbers.next("#dev") == 53


def test_unknownRoomsStopAReserveAboveTheFloor() -> None:
    numbers = Numbers(7)
    given = [numbers.next("#dev") for _ in range(RESERVE + 2)]
    assert given == [*range(8, 8 + RESERVE), 0, 0]


def test_droppedRoomsBeginBehindTheFloor() -> None:
    numbers = Numbers()
    for _ in range(5):
        numbers.next("#old")
    numbers.next("#busy")
    numbers.dropped({"#old": 5}, 5)
    assert not numbers.isKnown("#old")
    assert numbers.next("#old") == 6
    assert numbers.next("#new") == 6
    assert numbers.next("#busy") == 2


def test_aRoomSpokenInWhileItIsDroppedGoesOn() -> None:
    numbers = Numbers()
    numbers.next("#old")
    numbers.marked("#old", 1 + RESERVE)
    assert numbers.next("#old") == 2
    numbers.dropped({"#old": 1}, 1)
    assert numbers.next("#old") == 3
    given = [numbers.next("#old") for _ in range(RESERVE)]
    assert max(given) == 1 + RESERVE


def test_endGivesTheLastIdsAndStops() -> None:
    numbers = Numbers(10, {"#dev": (50, 60)})
    numbers.next("#dev")
    numbers.next("#new")
    assert numbers.end() == {"#dev": 51, "#new": 11}
    assert [numbers.next(room) for room in ("#dev", "#new", "#other")] == [0, 0, 0]


FEW = 8


class Restarts(RuleBasedStateMachine):
    """
    A disk that is written some time after ids were given, and a process that is killed at
    any moment.
    """

    ROOMS = st.sampled_from(["#a", "#b", "#c"])

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(numbering, "RESERVE", FEW)
        self.floor = 0
        self.marks: dict[str, int] = {}
        self.given: list[tuple[str, int]] = []
        self.waiting: dict[str, int] = {}
        self._open()

    def _open(self, raised: int = 0) -> None:
        self.floor += raised
        lasts = dict(self.marks)
        self.marks = {room: last + FEW for room, last in lasts.items()}
        marks = {room: (last, last + FEW) for room, last in lasts.items()}
        self.numbers = Numbers(self.floor, marks)
        self.waiting = {}

    @rule(room=ROOMS, count=st.integers(1, FEW))
    def say(self, room: str, count: int) -> None:
        for _ in range(count):
            number = self.numbers.next(room)
            if number:
                self.given.append((room, number))
                self.waiting[room] = number

    @rule()
    def write(self) -> None:
        for room, last in self.waiting.items():
            self.marks[room] = last + FEW
            self.numbers.marked(room, last + FEW)
        self.waiting = {}

    @rule(room=ROOMS, spoken=st.booleans(), killed=st.booleans())
    def drop(self, room: str, spoken: bool, killed: bool) -> None:
        if room in self.waiting or room not in self.marks:
            return
        last = self.numbers.last(room)
        if spoken:
            self.say(room, 1)
        del self.marks[room]
        self.floor = max(self.floor, last)
        if killed:
            self.kill()
        else:
            self.numbers.dropped({room: last}, self.floor)

    @rule()
    def kill(self) -> None:
        self._open(FEW)

    @rule()
    def restart(self) -> None:
        self.write()
        self.marks = self.numbers.end()
        self._open()

    def teardown(self) -> None:
        self.patch.undo()

    @invariant()
    def noneTwice(self) -> None:
        assert len(set(self.given)) == len(self.given)


TestRestarts = Restarts.TestCase
