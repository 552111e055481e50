"""Tests for L{chat.store.extracts}: what is missing, and what is joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat.store.extracts import Found, missed
from chat.vocabulary.events import Missed, Said
from tests.support.stores import AT, lines
from tests.support.stores import ids as idsOf


def gaps(
    after: int, ids: list[int], expired: int = 0, isToTheEnd: bool = True, damaged: int = 0
) -> list[tuple[int, int, str]]:
    lines = [Said("#dev", id, AT, "alice", "hi") for id in ids]
    there = Found(lines, expired, last=damaged)
    found = missed("#dev", after, lines, there, isToTheEnd)
    assert all(isinstance(each, Missed) and each.room == "#dev" for each in found)
    return [(each.first, each.last, each.reason) for each in found]


def test_nothingIsMissing() -> None:
    assert gaps(0, []) == []
    assert gaps(7, []) == []
    assert gaps(0, [1, 2, 3]) == []
    assert gaps(2, [3, 4]) == []


def test_linesBeforeTheFirstHaveExpired() -> None:
    assert gaps(5, [41, 42], expired=40) == [(6, 40, "expired")]
    assert gaps(40, [41, 42], expired=40) == []
    assert gaps(100, [101], expired=40) == []


def test_allLinesHaveExpired() -> None:
    """Nothing can be read, but that is told."""
    assert gaps(5, [], expired=40) == [(6, 40, "expired")]
    assert gaps(40, [], expired=40) == []
    assert gaps(50, [], expired=40) == []


def test_linesInBetweenAreLost() -> None:
    assert gaps(1, [2, 5, 6, 9]) == [(3, 4, "lost"), (7, 8, "lost")]
    assert gaps(1, [20101]) == [(2, 20100, "stopped")]


def test_damagedLinesBehindTheLastAreLost() -> None:
    assert gaps(5, [6, 8], damaged=7) == [(7, 7, "lost")]
    assert gaps(5, [6], damaged=9) == [(7, 9, "lost")]
    assert gaps(5, [6], damaged=9, isToTheEnd=False) == []
    assert gaps(5, [], expired=40, damaged=41) == [(6, 40, "expired"), (41, 41, "lost")]


def test_linesHaveExpiredAndAreLost() -> None:
    assert gaps(5, [43], expired=40) == [(6, 40, "expired"), (41, 42, "lost")]


def test_linesBehindTheLastAreNotToldWhenThereAreMore() -> None:
    """They are told with the next ones."""
    assert gaps(5, [6], expired=40, isToTheEnd=False) == []
    assert gaps(5, [], expired=40, isToTheEnd=False) == []


@given(st.sets(st.integers(1, 30)), st.integers(0, 30), st.integers(0, 30))
def test_everyIdIsInTheAnswerOrMissing(said: set[int], expired: int, after: int) -> None:
    """Once, up to the last line."""
    ids = sorted(id for id in said if id > max(expired, after))
    told = gaps(after, ids, expired)
    numbers = [id for first, last, _ in told for id in range(first, last + 1)]
    end = max([*ids, expired])
    assert sorted([*ids, *numbers]) == list(range(after + 1, end + 1))
    for first, last, reason in told:
        assert (last <= expired) == (reason == "expired")
        assert (first > expired) == (reason == "lost")


def test_foundLinesAreJoinedWithLaterOnes() -> None:
    there = Found(lines(3, 5), 2)

    def joined(found: Found, expired: int, after: int = 0) -> list[int]:
        return idsOf(
            found.joined(
                lines(4, 7), expired, lambda new: sum(line.id <= after for line in new)
            ).lines
        )

    assert joined(there, 0) == [3, 4, 5, 6, 7]
    assert joined(there, 5) == [6, 7]
    assert there.joined([], 1, len).expired == 2
    assert joined(Found(), 0, after=5) == [6, 7]
    assert joined(Found(), 6, after=5) == [7]
