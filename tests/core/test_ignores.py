"""Tests for L{chat.core.ignores}."""

from __future__ import annotations

import pytest

from chat.core.ignores import MAX_IGNORED, Attention
from chat.core.users import Member
from chat.vocabulary.errors import ListFull
from chat.vocabulary.names import fold


def member(nick: str, account: str = "") -> Member:
    return Member(nick, fold(nick), account=account)


@pytest.fixture
def attention() -> Attention:
    return Attention()


@pytest.fixture
def alice() -> Member:
    return member("alice")


def test_nobodyIsIgnoredAtFirst(attention: Attention, alice: Member) -> None:
    assert list(attention.deafTo("bob")) == []
    assert not attention.ignores(alice, member("bob"))


@pytest.mark.parametrize("nick", ["bob", "BOB", "ｂｏｂ"])
def test_somebodyIsIgnoredInAnySpelling(attention: Attention, alice: Member, nick: str) -> None:
    attention.ignore(alice, "bob")
    assert list(attention.deafTo(nick)) == [alice]
    assert attention.ignores(alice, member(nick))
    assert not attention.ignores(member(nick), alice)


def test_anAccountIsIgnoredWhateverItsNickname(attention: Attention, alice: Member) -> None:
    attention.ignore(alice, "bob")
    assert attention.ignores(alice, member("robert", "bob"))


def test_aGuestHasNoAccountToBeIgnored(attention: Attention, alice: Member) -> None:
    attention.ignore(alice, "bob")
    assert not attention.ignores(alice, member("carol"))


def test_manyMayIgnoreTheSame(attention: Attention, alice: Member) -> None:
    carol = member("carol")
    attention.ignore(alice, "bob")
    attention.ignore(carol, "bob")
    assert set(attention.deafTo("bob")) == {alice, carol}
    assert attention.heed(alice, "bob")
    assert set(attention.deafTo("bob")) == {carol}


def test_onceIsEnough(attention: Attention, alice: Member) -> None:
    attention.ignore(alice, "bob")
    attention.ignore(alice, "bob")
    assert attention.heed(alice, "bob")
    assert not attention.heed(alice, "bob")
    assert list(attention.deafTo("bob")) == []


def test_whoWasIgnoredByTheAccountIsIgnoredAgain(attention: Attention, alice: Member) -> None:
    attention.ignore(alice, "bob")
    attention.ignoreAll(alice, ["bob", "carol"])
    assert alice.ignored == {"bob", "carol"}
    assert list(attention.deafTo("carol")) == [alice]


def test_whoHasGoneIsForgotten(attention: Attention, alice: Member) -> None:
    attention.ignoreAll(alice, ["bob", "carol"])
    attention.left(alice)
    assert alice.ignored == set()
    assert list(attention.deafTo("bob")) == list(attention.deafTo("carol")) == []


def test_whoIsRenamedIsIgnoredUnderBothNicknames(attention: Attention, alice: Member) -> None:
    attention.ignore(alice, "bob")
    attention.renamed("bob", "robert")
    assert list(attention.deafTo("robert")) == list(attention.deafTo("bob")) == [alice]
    attention.renamed("carol", "caroline")
    assert list(attention.deafTo("caroline")) == []


def test_aNicknameThatHeHadOnceIsThatOfOthers(attention: Attention, alice: Member) -> None:
    """Else he could take the nicknames of others, and alice would never hear them again."""
    attention.ignore(alice, "bob")
    for before, after in (("bob", "carol"), ("carol", "Dave"), ("dave", "robert")):
        attention.renamed(fold(before), fold(after))
    assert list(attention.deafTo("carol")) == list(attention.deafTo("dave")) == []
    assert list(attention.deafTo("robert")) == list(attention.deafTo("bob")) == [alice]
    assert alice.ignored == {"bob"}
    attention.left(member("robert"))
    assert list(attention.deafTo("robert")) == []
    assert attention.isDeafTo(alice, "Bob")


def test_whoIsRenamedIsHeardAgainByEitherNickname(attention: Attention, alice: Member) -> None:
    attention.ignore(alice, "bob")
    attention.renamed("bob", "robert")
    assert attention.heed(alice, "robert")
    assert not attention.heed(alice, "robert")
    assert not attention.ignores(alice, member("robert"))
    attention.renamed("robert", "bob")
    attention.renamed("bob", "robert")
    assert attention.ignores(alice, member("robert"))
    assert attention.heed(alice, "bob")
    assert not attention.ignores(alice, member("robert"))


def test_whoIsGoneFollowsNobody(attention: Attention, alice: Member) -> None:
    carol = member("carol")
    attention.ignore(alice, "bob")
    attention.ignore(carol, "bob")
    attention.renamed("bob", "robert")
    attention.left(alice)
    assert list(attention.deafTo("robert")) == [carol]


def test_anotherSpellingIsNoOtherNickname(attention: Attention, alice: Member) -> None:
    attention.ignore(alice, "bob")
    attention.renamed("bob", "bob")
    assert attention.heed(alice, "bob")
    assert list(attention.deafTo("bob")) == []


def test_soManyAtMost(attention: Attention, alice: Member) -> None:
    for number in range(MAX_IGNORED):
        attention.ignore(alice, f"n{number}")
    attention.ignore(alice, "n0")
    with pytest.raises(ListFull) as raised:
        attention.ignore(alice, "bob")
    assert raised.value.about == str(MAX_IGNORED)
    assert list(attention.deafTo("bob")) == []


def test_whatIsKeptWithTheAccountIsNotCutShort(attention: Attention, alice: Member) -> None:
    attention.ignoreAll(alice, [f"n{number}" for number in range(MAX_IGNORED + 1)])
    assert len(alice.ignored) == MAX_IGNORED + 1
    with pytest.raises(ListFull):
        attention.ignore(alice, "bob")
