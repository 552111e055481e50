"""Tests for L{chat.vocabulary.scripts}."""

from __future__ import annotations

import sys
from unicodedata import category, normalize

import pytest

from chat.vocabulary.scripts import isMixed, scriptsOf


@pytest.mark.parametrize(
    ("char", "scripts"),
    [
        ("a", {"Latn"}),
        ("é", {"Latn"}),
        ("\u0430", {"Cyrl"}),
        ("ο", {"Grek"}),
        ("李", {"Hani"}),
        ("々", {"Hani"}),
        ("ー", {"Hira", "Kana"}),
        ("철", {"Hang"}),
        ("๐", {"Thai"}),
        ("٣", {"Arab", "Thaa", "Yezi"}),
        ("3", {"Zyyy"}),
        ("\u0338", {"Zinh"}),
        ("\u2d7f", {"Tfng"}),
        ("\U0001107f", {"Brah"}),
        # No letter, and above all that is assigned.
        ("☃", {"Zzzz"}),
        ("\U0010ffff", {"Zzzz"}),
    ],
)
def test_scriptsOfCharacters(char: str, scripts: set[str]) -> None:
    assert scriptsOf(char) == scripts


def test_everyLetterHasAScript() -> None:
    """This version of Python knows none that the tables do not."""
    for char in map(chr, range(sys.maxunicode + 1)):
        if category(char) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Mc"):
            isComposed = normalize("NFKC", char) == char
            assert not isComposed or char in "\u115f\u1160" or "Zzzz" not in scriptsOf(char)


@pytest.mark.parametrize("name", ["", "bob_1-", "李-1", "\u0301", "__"])
def test_signsOfAllScriptsMixNothing(name: str) -> None:
    assert not isMixed(name)


@pytest.mark.parametrize("name", ["阿Q", "太郎さんカナー", "ㄅ李a", "한國a", "éひ"])
def test_languagesMixThese(name: str) -> None:
    assert not isMixed(name)


@pytest.mark.parametrize("name", ["ひ한", "ㄅ한", "ж李", "bжb", "aא", "ひж", "ㄅひ"])
def test_noLanguageMixesThese(name: str) -> None:
    assert isMixed(name)
