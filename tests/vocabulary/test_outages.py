"""Tests for L{chat.vocabulary.outages}."""

from __future__ import annotations

from chat.vocabulary.outages import MAX_REASONS, Outage


def test_itsBeginAndItsEndAreToBeLogged() -> None:
    outage = Outage()
    assert outage.worked() == 0
    assert [outage.failed("full") for _ in range(3)] == [True, False, False]
    assert [outage.worked() for _ in range(2)] == [3, 0]
    assert outage.failed("full")


def test_anotherReasonIsToBeLogged() -> None:
    outage = Outage()
    assert [outage.failed(reason) for reason in ("full", "gone", "gone")] == [True, True, False]
    assert outage.worked() == 3


def test_reasonsThatTakeTurnsAreToBeLoggedOnceEach() -> None:
    outage = Outage()
    assert [outage.failed(reason) for reason in ("full", "gone") * 3] == [True, True] + 4 * [False]


def test_reasonsThatAreAllDifferentAreNotAllToBeLogged() -> None:
    outage = Outage()
    assert sum(outage.failed(f"reason {number}") for number in range(1000)) == MAX_REASONS
    assert outage.worked() == 1000
    assert outage.failed("reason 0")
