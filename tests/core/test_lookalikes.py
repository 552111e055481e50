"""Tests for L{chat.core.lookalikes}."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.lookalikes import Lookalikes


@pytest.fixture
def lookalikes() -> Lookalikes:
    return Lookalikes()


def test_aHolderIsFoundByNamesThatLookAlike(lookalikes: Lookalikes) -> None:
    lookalikes.add("lan", "Lan")
    assert lookalikes.of("Lan") == lookalikes.of("Ian") == ("lan",)
    assert lookalikes.of("ian") == ()


@pytest.mark.parametrize(("name", "other"), [("Ian", "ɪan"), ("Лена", "ᴫена"), ("Лена", "лeнa")])
def test_aNameIsFoundByWhatItLooksLikeInSmallLetters(
    lookalikes: Lookalikes, name: str, other: str
) -> None:
    lookalikes.add("name", name)
    assert lookalikes.of(other) == ("name",)
    lookalikes.remove("name", name)
    lookalikes.add("other", other)
    assert lookalikes.of(name) == ("other",)
    assert lookalikes.of("Lina") == ()


def test_severalMayLookTheSame(lookalikes: Lookalikes) -> None:
    lookalikes.add("bob", "Bob")
    lookalikes.add("b0b", "b0b")
    assert lookalikes.of("bob") == ("bob", "b0b")
    lookalikes.remove("bob", "Bob")
    assert lookalikes.of("bob") == ("b0b",)


def test_aLookIsFreeWithTheLastThatHasIt(lookalikes: Lookalikes) -> None:
    lookalikes.add("bob", "bob")
    # It is claimed once more meanwhile.
    lookalikes.add("bob", "bob")
    lookalikes.remove("bob", "bob")
    assert lookalikes.of("bob") == ("bob",)
    lookalikes.remove("bob", "bob")
    assert lookalikes.of("bob") == ()


_names = st.sampled_from(["bob", "b0b", "Lan", "Ian", "lan", "ɪan", "IAN"])


@given(st.lists(_names))
def test_nothingIsLeftBehind(names: list[str]) -> None:
    lookalikes = Lookalikes()
    for name in names:
        lookalikes.add(name, name)
    for name in reversed(names):
        lookalikes.remove(name, name)
    assert lookalikes._holders == {}


@given(_names, _names)
def test_looksAreMutual(one: str, other: str) -> None:
    """Whoever comes first."""

    def isLike(name: str, there: str) -> bool:
        lookalikes = Lookalikes()
        lookalikes.add(there, there)
        return bool(lookalikes.of(name))

    assert isLike(one, other) == isLike(other, one)
