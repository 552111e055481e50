"""Tests for L{chat.errors}."""

from __future__ import annotations

import pytest

from chat import errors
from chat.errors import ChatError, NickTaken
from chat.languages import LANGUAGES
from chat.phrases import Phrases

# Part of the protocol: rows are added, none is ever changed.
CODES = {
    "LineTooLong": "line-too-long",
    "NotUTF8": "not-utf8",
    "UnknownCommand": "unknown-command",
    "ArgumentMissing": "argument-missing",
    "NickNeeded": "nick-needed",
    "NickInvalid": "nick-invalid",
    "NickTooLong": "nick-too-long",
    "NickConfusable": "nick-confusable",
    "NickTaken": "nick-taken",
    "NickUnchanged": "nick-unchanged",
    "NoSuchNick": "no-such-nick",
    "NoSuchRoom": "no-such-room",
    "NobodyToReplyTo": "nobody-to-reply-to",
    "UnknownLanguage": "unknown-language",
    "UnknownFormat": "unknown-format",
}


KINDS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, ChatError) and value is not ChatError
]


def test_codesAreStable() -> None:
    """Programs know them."""
    assert {kind.__name__: kind.code for kind in KINDS} == CODES


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
    phrase = Phrases(language).refusal(kind.code, "X")
    assert phrase
    assert "{" not in phrase
    assert kind.code not in phrase


def test_saysWhatItIsAbout() -> None:
    assert NickTaken("bob").about == "bob"
    assert str(NickTaken("bob")) == "bob"
    assert NickTaken().about == ""
