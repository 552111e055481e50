"""Tests for L{chat.session.signon}: nicknames that look like those of others."""

from __future__ import annotations

import pytest

from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Joined,
    PasswordAsked,
    Refused,
    Renamed,
    SessionsChanged,
    Welcomed,
)
from chat.vocabulary.names import fold
from chat.vocabulary.records import Account
from tests.support.doubles import SlowBackplane
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage, SessionUser


@pytest.fixture
def stage() -> SessionStage:
    return SessionStage(replay=0, operators=["carol"])


def older(stage: SessionStage, *names: str) -> None:
    """Let there be accounts from a time in which names were not compared."""
    secret = stage.server.accounts.named("carol")
    assert secret is not None
    stage.server.accounts.load(
        [secret, *(Account(name, fold(name), AT, secret.secret) for name in names)]
    )


@pytest.fixture
def carol(stage: SessionStage) -> SessionUser:
    """An operator."""
    return stage.registered("carol")


LOOKALIKES = {
    "саса": "caca",
    "b0b": "bob",
    "ВОВ": "bob",
    "ΑΝΝΑ": "Anna",
    "ɑnna": "Anna",
    "ロ": "口",
    "rnary": "mary",
    "ALlCE": "alice",
}


@pytest.mark.parametrize(("nick", "name"), list(LOOKALIKES.items()))
@pytest.mark.parametrize("isHere", [True, False])
def test_aNicknameThatLooksLikeAnotherIsRefused(
    stage: SessionStage, nick: str, name: str, isHere: bool
) -> None:
    """That of a user who is here, or of an account."""
    if isHere:
        stage.user(name)
    else:
        stage.registered(name).says("/quit")
    dave = stage.user()
    assert dave.hears(nick, f"/nick {nick}") == [Refused("nick-confusable", nick)] * 2
    dave.says("dave")
    assert dave.hears(f"/nick {nick}") == [Refused("nick-confusable", nick)]
    assert stage.hub.nicknames.holder(fold(nick)) is None


@pytest.mark.parametrize("nick", LOOKALIKES)
def test_aNicknameMayLookLikeAnyThatIsNotThere(stage: SessionStage, nick: str) -> None:
    assert stage.user().hears(nick) == [Welcomed("#lobby", nick)]


def test_aLookIsFreeWithTheLastNicknameThatHasIt(stage: SessionStage) -> None:
    bob, other = stage.user("bob"), stage.user()
    bob.says("/nick robert")
    assert other.hears("b0b") == [Welcomed("#lobby", "b0b", ("robert",))]
    assert bob.hears("/nick bob") == [Refused("nick-confusable", "bob")]
    other.says("/quit")
    bob.heard()
    assert bob.hears("/nick bob") == [Renamed("#lobby", AT, "robert", "bob")]


def test_aLookIsFreeWithTheAccount(stage: SessionStage) -> None:
    bob = stage.registered("bob")
    bob.says("/unregister bob", "/quit")
    assert stage.user().hears("b0b") == [Welcomed("#lobby", "b0b")]


def test_aUserMayWriteTheirOwnNicknameInAnotherWay(stage: SessionStage) -> None:
    guest = stage.user("bob")
    assert guest.hears("/nick b0b", "/nick BOB") == [
        Renamed("#lobby", AT, "bob", "b0b"),
        Renamed("#lobby", AT, "b0b", "BOB"),
    ]
    anna = stage.registered("Anna")
    assert anna.hears("/nick ΑΝΝΑ", "/nick robert", "/nick ΑΝΝΑ")[-1] == Renamed(
        "#lobby", AT, "robert", "ΑΝΝΑ"
    )


def test_anotherCaseMayLookLikeAnother(stage: SessionStage) -> None:
    """What is shown counts."""
    stage.user("lan")
    other = stage.registered("IAN")
    assert other.hears("/nick Ian") == [Refused("nick-confusable", "Ian")]
    assert other.hears("/nick ian") == [Renamed("#lobby", AT, "IAN", "ian")]


@pytest.mark.parametrize(
    ("one", "other"), [("bob", "вов"), ("Ian", "Lan"), ("Igor", "Lgor"), ("Том", "Tom")]
)
def test_looksAreMutual(stage: SessionStage, one: str, other: str) -> None:
    """Nobody takes a nickname, or registers it, beside which another could not be taken."""
    for here, wanted in ((one, other), (other, one)):
        user = stage.user(here)
        assert stage.user().hears(wanted) == [Refused("nick-confusable", wanted)]
        user.says("/quit")


def test_twoThatLookAlikeAreNotGivenAtTheSameTime() -> None:
    backplane = SlowBackplane()
    stage = SessionStage(backplane, replay=0)
    first, second, third = stage.user("bob"), stage.user(), stage.user()
    assert second.hears("b0b") == [Refused("nick-confusable", "b0b")]
    assert third.hears("BOB") == []
    backplane.decide()
    assert first.heard()[0] == Welcomed("#lobby", "bob")
    assert third.heard() == [Refused("nick-taken", "BOB")]
    # Neither the one nor the other has left anything behind.
    first.says("/quit")
    second.says("b0b")
    backplane.decide()
    assert second.heard() == [Welcomed("#lobby", "b0b")]


def test_aUserOnAnotherNodeIsLookedAtToo(stage: SessionStage) -> None:
    stage.hub.publish(Joined("#lobby", AT, "bob"))
    dave = stage.user()
    assert dave.hears("b0b") == [Refused("nick-confusable", "b0b")]
    stage.hub.publish(Renamed("#lobby", AT, "bob", "alice"))
    assert dave.hears("a1ice") == [Refused("nick-confusable", "a1ice")]
    assert dave.hears("b0b") == [Welcomed("#lobby", "b0b", ("alice",))]


# Accounts.


def test_anOlderAccountKeepsItsName(stage: SessionStage, carol: SessionUser) -> None:
    """Even when it looks like another one that is here."""
    older(stage, "bob", "b0b", "b๐b")
    users = [stage.user(), stage.user(), stage.user()]
    for user, name in zip(users, ["bob", "b0b", "b๐b"], strict=True):
        assert user.hears(name) == [Refused("nick-registered", name), PasswordAsked(name)]
        assert user.hears(PASSWORD)[0] == Done("logged-in", name)
    assert not any(user.isClosed for user in users)
    for user, name in zip(users, ["bob", "b0b", "b๐b"], strict=True):
        back = Renamed("#lobby", AT, "dave", name)
        assert user.hears("/nick dave", f"/nick {name}")[-1] == back


def test_anOlderAccountCanBeNamed(stage: SessionStage, carol: SessionUser) -> None:
    older(stage, "b๐b")
    assert carol.hears("/ignore b๐b") == [Done("ignored", "b๐b")]
    assert carol.hears("/ban b๐b") == [Done("banned", "b๐b")]
    assert carol.hears("/ignore a๐a") == [Refused("scripts-mixed", "a๐a")]


def test_loggingInEvictsNobodyWhoLooksLikeTheAccount(
    stage: SessionStage, carol: SessionUser
) -> None:
    """Who is here has come by a nickname that was free, and only its owner may end that."""
    b0b, guest = stage.user("b0b"), stage.user("Dave")
    older(stage, "bob", "dave")
    assert stage.user().hears(f"/login bob {PASSWORD}")[0] == Done("logged-in", "bob")
    assert stage.user().hears(f"/login dave {PASSWORD}")[0] == Done("took-over", "dave")
    assert guest.heard()[-1] == Closed(Ending.EVICTED, by="dave")
    assert not b0b.isClosed


def test_aGuestMayLogInToTheAccountTheyLookLike(stage: SessionStage, carol: SessionUser) -> None:
    bob = stage.user("b0b")
    older(stage, "bob")
    assert bob.hears(f"/login bob {PASSWORD}") == [
        Renamed("#lobby", AT, "b0b", "bob"),
        Done("logged-in", "bob"),
    ]
    assert not bob.isClosed


def test_aNicknameThatLooksLikeAnAccountIsNotRegistered(
    stage: SessionStage, carol: SessionUser
) -> None:
    bob = stage.user("b0b")
    older(stage, "bob")
    assert bob.hears(f"/register {PASSWORD}") == [Refused("nick-confusable", "b0b")]
    bob.says("/nick dave")
    stage.authenticator.isSlow = True
    bob.says(f"/register {PASSWORD}")
    older(stage, "dɑve")
    stage.authenticator.decide()
    assert bob.heard()[-1] == Refused("nick-confusable", "dave")


def test_anOperatorGivesNoNicknameThatLooksLikeAnother(
    stage: SessionStage, carol: SessionUser
) -> None:
    stage.users("dave", "bob")
    carol.heard()
    assert carol.hears("/rename dave b0b") == [Refused("nick-confusable", "b0b")]
    assert carol.hears("/rename dave сагоl") == [Refused("scripts-mixed", "сагоl")]


def test_aProgramIsRefusedLikeAnybody(stage: SessionStage) -> None:
    stage.user("bob")
    assert stage.user("/format json").hears("b0b") == [Refused("nick-confusable", "b0b")]


def test_aSecondSessionIsNoOther(stage: SessionStage) -> None:
    first, second = stage.registered("bob"), stage.user()
    assert second.hears(f"/login bob {PASSWORD}")[0] == Done("logged-in", "bob")
    assert first.heard() == [SessionsChanged(2)]
