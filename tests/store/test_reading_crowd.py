"""
How a crowd is answered that asks for the same: L{chat.store.sqlitehistory}.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from chat.interfaces import Extract
from chat.store.reader import MAX_WAITING, WITHIN
from chat.store.sqlitehistory import AT_ONCE
from chat.vocabulary.errors import HistoryUnavailable
from tests.support.stores import ROOM, Stage, ids, now, startedAnew


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with startedAnew(tmp_path / "chat.sqlite3") as stage:
        yield stage


def test_aCrowdAsksTheDiskOnce(stage: Stage) -> None:
    """Each has an answer of his own, also where he asks for less."""
    asked = [stage.history.recent(ROOM, count) for count in (3, 2, *[3] * MAX_WAITING)]
    other = stage.history.recent("#other", 3)
    assert len(set(map(id, asked))) == len(asked)
    assert len(stage.reads.waiting) == 1
    stage.reads.do()()
    assert stage.reads.waiting == []
    assert ids(now(other)) == []
    stage.clock.pump([0] * (len(asked) // AT_ONCE))
    assert [ids(now(each)) for each in asked] == [[8, 9, 10], [9, 10], *[[8, 9, 10]] * MAX_WAITING]


def test_theAnswerToACrowdIsSpreadOverTurns(stage: Stage) -> None:
    """In the order in which they have asked; who comes meanwhile need not wait."""
    answered: list[tuple[int, bool]] = []

    def answer(_: Extract, number: int) -> None:
        clock = stage.clock
        isMoreToCome = any(call.getTime() <= clock.seconds() for call in clock.getDelayedCalls())
        answered.append((number, isMoreToCome))

    for number in range(2 * AT_ONCE + 1):
        stage.history.recent(ROOM, 3).addCallback(answer, number)
    stage.reads.do()()
    assert answered == [(number, True) for number in range(AT_ONCE)]
    assert ids(now(stage.history.recent(ROOM, 3))) == [8, 9, 10]
    stage.clock.advance(0)
    assert answered == [(number, number < 2 * AT_ONCE) for number in range(2 * AT_ONCE + 1)]


def test_whenTheStoreStopsTheRestOfACrowdIsTold(stage: Stage) -> None:
    asked = [stage.history.recent(ROOM, 3) for _ in range(AT_ONCE + 1)]
    stage.reads.do()()
    stage.reads.isPrompt = True
    stage.stop()
    stage.clock.advance(0)
    assert ids(now(asked[0])) == [8, 9, 10]
    with pytest.raises(HistoryUnavailable):
        now(asked[-1])


def test_whatOneOfACrowdSaysIsToldToThoseBehindHim(stage: Stage) -> None:
    """As all that is said before they have their answer."""
    asked = [stage.history.recent(ROOM, 3) for _ in range(3)]
    asked[0].addCallback(lambda found: (stage.say("hello"), found)[1])
    tell = stage.reads.do()
    stage.say("meanwhile")
    tell()
    assert [ids(now(each)) for each in asked] == [[9, 10, 11], *[[10, 11, 12]] * 2]


def test_whenTheDiskFailsAllOfACrowdAreTold(stage: Stage) -> None:
    asked = [stage.history.recent(ROOM, 3) for _ in range(3)]
    with capturedLogs():
        stage.clock.advance(WITHIN)
    for each in asked:
        with pytest.raises(HistoryUnavailable):
            now(each)
    # The next one asks anew.
    further = stage.history.recent(ROOM, 3)
    stage.reads.work()
    assert ids(now(further)) == [8, 9, 10]
