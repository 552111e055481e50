"""Tests for L{chat.core.nicknames}."""

from __future__ import annotations

import pytest

from chat.backplane.local import LocalBackplane
from chat.core.nicknames import Nicknames
from chat.core.users import User
from chat.vocabulary.errors import NickTaken, NickUnchanged, NoSuchNick
from chat.vocabulary.events import Ending, Joined, Left, Renamed
from tests.support.doubles import SlowBackplane
from tests.support.hubs import AT, RecordingSession, now, refusal


class Desk:
    """
    Nicknames, and the backplane that decides who has them.

    @ivar renamed: Of each renaming the old nickname, its fold, and the new nickname.
    """

    def __init__(self) -> None:
        self.backplane = SlowBackplane()
        self.nicknames = Nicknames(self.backplane, lambda: 7.0)
        self.renamed: list[tuple[str, str, str]] = []

    def enter(self, nick: str) -> User:
        claim = self.nicknames.claim(nick, RecordingSession())
        self.backplane.decide()
        return now(claim)

    def rename(self, user: User, nick: str) -> object:
        """
        @return: The user, or the exception.
        """
        rename = self.nicknames.rename(
            user, nick, lambda *before: self.renamed.append((*before, user.nick))
        )
        self.backplane.decide()
        return now(rename.addErrback(lambda failure: failure.value))


@pytest.fixture
def desk() -> Desk:
    return Desk()


# Claiming.


def test_aNicknameIsClaimed(desk: Desk) -> None:
    alice = desk.enter("Alice")
    assert (alice.nick, alice.fold, alice.active, alice.rooms) == ("Alice", "alice", 7.0, [])
    [session] = alice.sessions
    assert session.nick == "Alice"
    assert desk.nicknames.named("ALICE") is desk.nicknames.holder("alice") is alice
    assert desk.nicknames.users == (alice,)
    assert len(desk.nicknames) == 1


def test_aClaimWaitsForItsDecision(desk: Desk) -> None:
    claim = desk.nicknames.claim("alice", RecordingSession())
    assert desk.nicknames.holder("alice") is None
    assert not claim.called
    desk.backplane.decide()
    assert now(claim).nick == "alice"


def test_anUnknownNicknameIsNotFound(desk: Desk) -> None:
    with pytest.raises(NoSuchNick) as raised:
        desk.nicknames.named("Bob")
    assert raised.value.about == "Bob"
    assert desk.nicknames.holder("bob") is None


def test_aNicknameHasOneUser(desk: Desk) -> None:
    alice = desk.enter("alice")
    claim = desk.nicknames.claim("ALICE", RecordingSession())
    desk.backplane.decide()
    error = refusal(claim)
    assert isinstance(error, NickTaken)
    assert error.about == "ALICE"
    assert desk.nicknames.holder("alice") is alice


def test_aNicknameIsFreeAtOnceWhenItsUserLeaves(desk: Desk) -> None:
    alice = desk.enter("alice")
    desk.nicknames.free(alice)
    assert desk.nicknames.users == ()
    other = desk.enter("alice")
    # The first user has nothing left to free.
    desk.nicknames.free(alice)
    assert desk.nicknames.holder("alice") is other
    assert desk.backplane.taken == {"alice"}


# Renaming.


def test_aUserIsRenamed(desk: Desk) -> None:
    alice = desk.enter("alice")
    assert desk.rename(alice, "Robert") is alice
    assert desk.renamed == [("alice", "alice", "Robert")]
    assert (alice.nick, alice.fold) == ("Robert", "robert")
    assert alice.sessions[0].nick == "Robert"
    assert desk.nicknames.holder("alice") is None
    assert desk.nicknames.holder("robert") is alice
    assert desk.backplane.taken == {"robert"}


def test_anotherSpellingIsTheSameNickname(desk: Desk) -> None:
    alice = desk.enter("alice")
    assert desk.rename(alice, "Alice") is alice
    assert desk.renamed == [("alice", "alice", "Alice")]
    assert desk.backplane.taken == {"alice"}
    assert isinstance(desk.rename(alice, "Alice"), NickUnchanged)


def test_aTakenNicknameIsRefused(desk: Desk) -> None:
    alice, _ = desk.enter("alice"), desk.enter("bob")
    assert isinstance(desk.rename(alice, "BOB"), NickTaken)
    assert alice.nick == "alice"
    assert desk.renamed == []
    assert desk.backplane.taken == {"alice", "bob"}


def test_aUserWhoLeavesMeanwhileFreesBothNicknames(desk: Desk) -> None:
    alice = desk.enter("alice")
    rename = desk.nicknames.rename(alice, "robert", lambda *_: pytest.fail("the user has left"))
    desk.nicknames.free(alice)
    desk.backplane.decide()
    assert isinstance(refusal(rename), NickTaken)
    assert desk.backplane.taken == set()


# Accounts.


def test_aUserIsIdentifiedByAnAccount(desk: Desk) -> None:
    alice = desk.enter("alice")
    assert desk.nicknames.present("alice") is None
    desk.nicknames.identify(alice, "alice")
    assert desk.nicknames.present("alice") is alice
    assert alice.account == "alice"
    desk.rename(alice, "robert")
    assert desk.nicknames.present("alice") is alice


def test_aUserMayLoseTheirAccount(desk: Desk) -> None:
    alice = desk.enter("alice")
    desk.nicknames.identify(alice, "alice")
    desk.nicknames.identify(alice, "")
    assert desk.nicknames.present("alice") is None
    assert alice.account == ""
    assert desk.nicknames.present("") is None


def test_aUserMayChangeTheAccount(desk: Desk) -> None:
    alice = desk.enter("alice")
    desk.nicknames.identify(alice, "alice")
    desk.nicknames.identify(alice, "bob")
    assert desk.nicknames.present("alice") is None
    assert desk.nicknames.present("bob") is alice


def test_aDepartedUserIsNotPresent(desk: Desk) -> None:
    alice = desk.enter("alice")
    desk.nicknames.identify(alice, "alice")
    desk.nicknames.free(alice)
    assert desk.nicknames.present("alice") is None


# Users of other processes.


@pytest.fixture
def elsewhere() -> Nicknames:
    """
    Nicknames, one of which a user in another process has.
    """
    nicknames = Nicknames(LocalBackplane(), lambda: 7.0)
    nicknames.joinedElsewhere(Joined("#lobby", AT, "Bob"))
    return nicknames


def test_aUserElsewhereHasNoSession(elsewhere: Nicknames) -> None:
    bob = elsewhere.named("bob")
    assert (bob.nick, bob.sessions, bob.rooms) == ("Bob", [], ["#lobby"])
    elsewhere.joinedElsewhere(Joined("#dev", AT, "Bob"))
    assert elsewhere.named("bob") is bob
    assert bob.rooms == ["#lobby", "#dev"]


def test_aUserElsewhereIsRenamed(elsewhere: Nicknames) -> None:
    bob = elsewhere.named("bob")
    elsewhere.renamedElsewhere(Renamed("#lobby", AT, "Bob", "Robert"))
    assert elsewhere.named("robert") is bob
    assert elsewhere.holder("bob") is None
    # The event comes once for each of the user's rooms.
    elsewhere.renamedElsewhere(Renamed("#dev", AT, "Bob", "Robert"))
    assert elsewhere.users == (bob,)


def test_aUserElsewhereIsGoneWithTheLastRoom(elsewhere: Nicknames) -> None:
    elsewhere.joinedElsewhere(Joined("#dev", AT, "Bob"))
    elsewhere.leftElsewhere(Left("#lobby", AT, "Bob", Ending.QUIT))
    assert elsewhere.holder("bob") is not None
    elsewhere.leftElsewhere(Left("#lobby", AT, "Bob", Ending.QUIT))
    assert elsewhere.holder("bob") is not None
    elsewhere.leftElsewhere(Left("#dev", AT, "Bob", Ending.QUIT))
    assert elsewhere.holder("bob") is None


def test_aUserHereIsNotElsewhere(desk: Desk) -> None:
    alice = desk.enter("alice")
    alice.rooms.append("#lobby")
    desk.nicknames.leftElsewhere(Left("#lobby", AT, "alice", Ending.QUIT))
    desk.nicknames.renamedElsewhere(Renamed("#lobby", AT, "alice", "robert"))
    assert desk.nicknames.holder("alice") is alice
    assert alice.rooms == ["#lobby"]
