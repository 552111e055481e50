"""Tests for L{chat.vocabulary.errors}."""

from __future__ import annotations

import re

import pytest

from chat.rendering.messages import REFUSALS, Phrases
from chat.vocabulary import errors
from chat.vocabulary.errors import ChatError, NickTaken
from chat.vocabulary.i18n import LANGUAGES

# Codes that are not the name of their class; all of them stand in the table of the protocol.
OTHERS = {"NotUTF8": "not-utf8", "YourselfMeant": "yourself"}

KINDS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, ChatError) and value is not ChatError
]


def test_aCodeIsTheNameOfItsClass() -> None:
    for kind in KINDS:
        words = re.findall("[A-Z][a-z]*", kind.__name__)
        assert kind.code == OTHERS.get(kind.__name__, "-".join(words).lower())


def test_codesAreUnique() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes))


def test_codesAreOneWord() -> None:
    """In a line of text the code stands in parentheses at the end."""
    for kind in KINDS:
        assert kind.code.replace("-", "").isalnum()
        assert kind.code.isascii()
        assert kind.code.islower()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_everyRefusalHasAPhrase(kind: type[ChatError], language: str) -> None:
    for about in ["X", ""]:
        phrase = Phrases(language).refusal(kind.code, about)
        assert phrase
        assert "{" not in phrase
        assert f"({kind.code})" not in phrase


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusalsWithoutASubjectHaveTheirOwnSentence(language: str) -> None:
    """It has no hole where the subject would stand."""
    for code, sentence in REFUSALS.items():
        if isinstance(sentence, tuple):
            assert "{about}" in sentence[0] or "{time}" in sentence[0]
            assert "{" not in sentence[1]
            assert Phrases(language).refusal(code, "") == Phrases(language).gettext(sentence[1])


def test_noPhraseIsLeftOver() -> None:
    assert {kind.code for kind in KINDS} == set(REFUSALS)


def test_errorsSayWhatTheyAreAbout() -> None:
    assert NickTaken("bob").about == "bob"
    assert str(NickTaken("bob")) == "bob"
    assert NickTaken().about == ""
