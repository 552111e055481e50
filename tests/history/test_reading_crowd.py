"""
How a crowd is answered that asks for the same: L{chat.history.sqlitelines}.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from chat.errors import HistoryUnavailable
from chat.history.questions import MAX_WAITING, WITHIN
from tests.history.stages import ROOM, Stage, ids, now, startedAnew


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
    assert [ids(now(each)) for each in asked] == [[8, 9, 10], [9, 10], *[[8, 9, 10]] * MAX_WAITING]


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
