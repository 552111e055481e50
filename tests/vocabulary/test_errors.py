"""Tests for L{chat.vocabulary.errors}."""

from __future__ import annotations

import pytest

from chat.rendering.messages import REFUSALS, Phrases
from chat.vocabulary import errors
from chat.vocabulary.errors import ChatError, NickTaken
from chat.vocabulary.i18n import LANGUAGES

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
    "RenamingTooFast": "renaming-too-fast",
    "JoiningTooFast": "joining-too-fast",
    "NoSuchNick": "no-such-nick",
    "NoSuchRoom": "no-such-room",
    "NobodyToReplyTo": "nobody-to-reply-to",
    "UnknownLanguage": "unknown-language",
    "UnknownFormat": "unknown-format",
    "RoomInvalid": "room-invalid",
    "NotInRoom": "not-in-room",
    "NoRoom": "no-room",
    "TooManyRooms": "too-many-rooms",
    "RoomsFull": "rooms-full",
    "KeyNeeded": "key-needed",
    "InviteNeeded": "invite-needed",
    "OwnerNeeded": "owner-needed",
    "RoomOpen": "room-open",
    "ArgumentInvalid": "argument-invalid",
    "HistoryUnavailable": "history-unavailable",
    "NickRegistered": "nick-registered",
    "WrongPassword": "wrong-password",
    "PasswordInvalid": "password-invalid",
    "TooManyAttempts": "too-many-attempts",
    "TryLater": "try-later",
    "AccountNeeded": "account-needed",
    "NoSuchAccount": "no-such-account",
    "PasswordElsewhere": "password-elsewhere",
    "NoSuchSession": "no-such-session",
    "OperatorNeeded": "operator-needed",
    "Muted": "muted",
    "Banned": "banned",
    "NoSuchBan": "no-such-ban",
    "IgnoresYou": "ignores-you",
    "YourselfMeant": "yourself",
    "ListFull": "list-full",
    "OperatorFixed": "operator-fixed",
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
            assert "{about}" in sentence[0]
            assert "{about}" not in sentence[1]
            assert Phrases(language).refusal(code, "") == Phrases(language).gettext(sentence[1])


def test_noPhraseIsLeftOver() -> None:
    assert {kind.code for kind in KINDS} == set(REFUSALS)


def test_errorsSayWhatTheyAreAbout() -> None:
    assert NickTaken("bob").about == "bob"
    assert str(NickTaken("bob")) == "bob"
    assert NickTaken().about == ""
