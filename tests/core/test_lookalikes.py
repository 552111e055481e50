"""Tests for L{chat.core.lookalikes}."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.lookalikes import Lookalikes


@pytest.fixture
def lookalikes() -> Lookalikes:
    return Lookalikes()


def test_aHolderIsFoundByEachLook(lookalikes: Lookalikes) -> None:
    lookalikes.add("lan", ("lan", "|an"))
    assert lookalikes.of("lan") == lookalikes.of("|an") == ("lan",)
    assert lookalikes.of("ian") == ()


def test_severalMayLookTheSame(lookalikes: Lookalikes) -> None:
    lookalikes.add("bob", ("bob",))
    lookalikes.add("b0b", ("bob",))
    assert lookalikes.of("bob") == ("bob", "b0b")
    lookalikes.remove("bob", ("bob",))
    assert lookalikes.of("bob") == ("b0b",)


def test_aLookIsFreeWithTheLastThatHasIt(lookalikes: Lookalikes) -> None:
    lookalikes.add("bob", ("bob",))
    # It is claimed once more meanwhile.
    lookalikes.add("bob", ("bob",))
    lookalikes.remove("bob", ("bob",))
    assert lookalikes.of("bob") == ("bob",)
    lookalikes.remove("bob", ("bob",))
    assert lookalikes.of("bob") == ()


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sets(st.sampled_from("xyz")))))
def test_nothingIsLeftBehind(entries: list[tuple[str, set[str]]]) -> None:
    lookalikes = Lookalikes()
    for holder, looks in entries:
        lookalikes.add(holder, looks)
    for holder, looks in reversed(entries):
        lookalikes.remove(holder, looks)
    assert lookalikes._holders == {}
