"""Tests for L{chat.vocabulary.confusables}."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary import confusables
from chat.vocabulary.confusables import look, looks


def looksLike(name: str, other: str) -> bool:
    """Whether a name that is asked for looks like another one that is there."""
    return look(name) in looks(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        # The same strokes within ASCII.
        ("b0b", "bob"),
        ("B0B", "bob"),
        ("aIice", "alice"),
        ("a1ice", "Alice"),
        ("ALlCE", "alice"),
        ("rnary", "mary"),
        ("rnary", "Mary"),
        ("lan", "Ian"),
        # Within Latin.
        ("ɑlice", "alice"),
        ("bοb".replace("ο", "ᴏ"), "bob"),
        ("ıan", "Ian"),
        ("i\u0307rem", "irem"),
        # A script as such.
        ("саса", "caca"),
        ("СаСа", "caca"),
        ("КАТЕ", "kate"),
        ("ВОВ", "bob"),
        ("bob", "ВОВ"),
        ("ΑΝΝΑ", "anna"),
        ("οοο", "ooo"),
        ("ꓐꓳꓐ", "bob"),
        # Chinese and Japanese.
        ("ニ", "二"),
        ("ー", "一"),
        ("ロ", "口"),
        ("カ", "力"),
        ("ヘ", "へ"),
        ("ベ", "べ"),
        ("タ", "夕"),
        ("ト", "卜"),
        ("リ", "り"),
        ("チ", "千"),
        # What cannot be seen.
        ("علی\u200cرضا", "علیرضا"),
    ],
)
def test_looksLikeAnother(name: str, other: str) -> None:
    assert looksLike(name, other)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("bob", "rob"),
        ("Lan", "Ian"),
        ("bob", "bob1"),
        ("user2", "user1"),
        ("jose", "josé"),
        ("Irem", "İrem"),
        ("вов", "bob"),
        ("李雷", "李蕾"),
        ("ヤ", "や"),
        ("malice", "alice"),
    ],
)
def test_looksLikeNoOther(name: str, other: str) -> None:
    assert not looksLike(name, other)


@given(st.text())
def test_aLookIsLikeItself(text: str) -> None:
    assert look(text) in looks(text)
    assert looksLike(text.upper(), text)
    assert looksLike(text.lower(), text)


@given(st.text("0Oo1lI|mMrnbBсСВкаАニ二ー一", max_size=8))
def test_aLookStaysTheSameWhenItIsLookedAtAgain(text: str) -> None:
    """Except for the strokes, whose sign is no letter."""
    assert look(look(text)) == look(text).replace("m", "rn")


@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x21)))
def test_plainNamesLookAsTheyDoAmongOthers(text: str) -> None:
    """They take a shorter way."""
    assert look(text + "ж") == look(text) + look("ж")


def test_theTableIsLoadedQuickly() -> None:
    confusables._prototypes.cache_clear()
    begun = process_time()
    look("bob")
    assert process_time() - begun < 0.5
