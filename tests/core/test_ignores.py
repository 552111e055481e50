"""Tests for L{chat.core.ignores}."""

from __future__ import annotations

import pytest

from chat.core.ignores import MAX_IGNORED, Ignores
from chat.core.users import User
from chat.vocabulary.errors import ListFull
from chat.vocabulary.names import fold


def user(nick: str, account: str = "") -> User:
    return User(nick, fold(nick), account=account)


@pytest.fixture
def ignores() -> Ignores:
    return Ignores()


@pytest.fixture
def alice() -> User:
    return user("alice")


def test_noUserIsIgnoredAtFirst(ignores: Ignores, alice: User) -> None:
    assert list(ignores.deafTo("bob")) == []
    assert not ignores.ignores(alice, user("bob"))


@pytest.mark.parametrize("nick", ["bob", "BOB", "ｂｏｂ"])
def test_aUserIsIgnoredInAnySpelling(ignores: Ignores, alice: User, nick: str) -> None:
    ignores.ignore(alice, "bob")
    assert list(ignores.deafTo(nick)) == [alice]
    assert ignores.ignores(alice, user(nick))
    assert not ignores.ignores(user(nick), alice)


def test_anAccountIsIgnoredWhateverItsNickname(ignores: Ignores, alice: User) -> None:
    ignores.ignore(alice, "bob")
    assert ignores.ignores(alice, user("robert", "bob"))


def test_aGuestHasNoAccountToBeIgnored(ignores: Ignores, alice: User) -> None:
    ignores.ignore(alice, "bob")
    assert not ignores.ignores(alice, user("carol"))


def test_manyUsersMayIgnoreTheSame(ignores: Ignores, alice: User) -> None:
    carol = user("carol")
    ignores.ignore(alice, "bob")
    ignores.ignore(carol, "bob")
    assert set(ignores.deafTo("bob")) == {alice, carol}
    assert ignores.heed(alice, "bob")
    assert set(ignores.deafTo("bob")) == {carol}


def test_heedingOnceIsEnough(ignores: Ignores, alice: User) -> None:
    ignores.ignore(alice, "bob")
    ignores.ignore(alice, "bob")
    assert ignores.heed(alice, "bob")
    assert not ignores.heed(alice, "bob")
    assert list(ignores.deafTo("bob")) == []


def test_aRenamedUserIsIgnoredUnderBothNicknames(ignores: Ignores, alice: User) -> None:
    ignores.ignore(alice, "bob")
    ignores.renamed("bob", "robert")
    assert list(ignores.deafTo("robert")) == list(ignores.deafTo("bob")) == [alice]
    ignores.renamed("carol", "caroline")
    assert list(ignores.deafTo("caroline")) == []


def test_aUserIsIgnoredAsTheOtherUserTheyBecome(ignores: Ignores, alice: User) -> None:
    ignores.ignore(alice, "bob")
    ignores.moved(user("bob"), user("robert"))
    assert list(ignores.deafTo("robert")) == [alice]
    ignores.moved(user("robert"), user("rob"))
    assert list(ignores.deafTo("rob")) == [alice]
    assert ignores.heed(alice, "bob")
    assert list(ignores.deafTo("rob")) == list(ignores.deafTo("robert")) == []


def test_aUserIsNotDeafToThemselves(ignores: Ignores, alice: User) -> None:
    ignores.ignore(alice, "bob")
    ignores.moved(user("bob"), alice)
    assert list(ignores.deafTo("alice")) == []


def test_aNicknameInBetweenIsNotIgnored(ignores: Ignores, alice: User) -> None:
    """Otherwise bob could make alice deaf to others by taking their nicknames."""
    ignores.ignore(alice, "bob")
    for before, after in (("bob", "carol"), ("carol", "Dave"), ("dave", "robert")):
        ignores.renamed(fold(before), fold(after))
    assert list(ignores.deafTo("carol")) == list(ignores.deafTo("dave")) == []
    assert list(ignores.deafTo("robert")) == list(ignores.deafTo("bob")) == [alice]
    assert alice.ignored == {"bob"}
    ignores.left(user("robert"))
    assert list(ignores.deafTo("robert")) == []
    assert ignores.isDeafTo(alice, "Bob")


def test_aRenamedUserIsHeededUnderEitherNickname(ignores: Ignores, alice: User) -> None:
    ignores.ignore(alice, "bob")
    ignores.renamed("bob", "robert")
    assert ignores.heed(alice, "robert")
    assert not ignores.heed(alice, "robert")
    assert not ignores.ignores(alice, user("robert"))
    ignores.renamed("robert", "bob")
    ignores.renamed("bob", "robert")
    assert ignores.ignores(alice, user("robert"))
    assert ignores.heed(alice, "bob")
    assert not ignores.ignores(alice, user("robert"))


def test_aDepartedUserFollowsNoRenaming(ignores: Ignores, alice: User) -> None:
    carol = user("carol")
    ignores.ignore(alice, "bob")
    ignores.ignore(carol, "bob")
    ignores.renamed("bob", "robert")
    ignores.left(alice)
    assert list(ignores.deafTo("robert")) == [carol]


def test_anotherSpellingIsNoOtherNickname(ignores: Ignores, alice: User) -> None:
    ignores.ignore(alice, "bob")
    ignores.renamed("bob", "bob")
    assert ignores.heed(alice, "bob")
    assert list(ignores.deafTo("bob")) == []


def test_theIgnoreListOfAnAccountIsNotCutShort(ignores: Ignores, alice: User) -> None:
    ignores.ignoreAll(alice, [f"n{number}" for number in range(MAX_IGNORED + 1)])
    assert len(alice.ignored) == MAX_IGNORED + 1
    with pytest.raises(ListFull):
        ignores.ignore(alice, "bob")
