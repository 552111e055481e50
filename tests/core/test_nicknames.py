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
    Where nicknames are had.

    @ivar renamed: Which nicknames and folds were given up, each with what was had for it.
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
        @return: The user, or why not.
        """
        rename = self.nicknames.rename(
            user, nick, lambda *before: self.renamed.append((*before, user.nick))
        )
        self.backplane.decide()
        return now(rename.addErrback(lambda failure: failure.value))


@pytest.fixture
def desk() -> Desk:
    return Desk()


# Having one.


def test_somebodyHasANickname(desk: Desk) -> None:
    alice = desk.enter("Alice")
    assert (alice.nick, alice.fold, alice.active, alice.rooms) == ("Alice", "alice", 7.0, [])
    [session] = alice.sessions
    assert session.nick == "Alice"
    assert desk.nicknames.named("ALICE") is desk.nicknames.holder("alice") is alice
    assert desk.nicknames.users == (alice,)
    assert len(desk.nicknames) == 1


def test_nobodyHasItBeforeThatIsDecided(desk: Desk) -> None:
    claim = desk.nicknames.claim("alice", RecordingSession())
    assert desk.nicknames.holder("alice") is None
    assert not claim.called
    desk.backplane.decide()
    assert now(claim).nick == "alice"


def test_nobodyOfThatName(desk: Desk) -> None:
    with pytest.raises(NoSuchNick) as raised:
        desk.nicknames.named("Bob")
    assert raised.value.about == "Bob"
    assert desk.nicknames.holder("bob") is None


def test_itIsOnesOwn(desk: Desk) -> None:
    alice = desk.enter("alice")
    claim = desk.nicknames.claim("ALICE", RecordingSession())
    desk.backplane.decide()
    error = refusal(claim)
    assert isinstance(error, NickTaken)
    assert error.about == "ALICE"
    assert desk.nicknames.holder("alice") is alice


def test_itIsFreeAtOnceWhenItsOwnerGoes(desk: Desk) -> None:
    alice = desk.enter("alice")
    desk.nicknames.free(alice)
    assert desk.nicknames.users == ()
    other = desk.enter("alice")
    # The first one has nothing to free any more.
    desk.nicknames.free(alice)
    assert desk.nicknames.holder("alice") is other
    assert desk.backplane.taken == {"alice"}


# Another one.


def test_somebodyHasAnotherNickname(desk: Desk) -> None:
    alice = desk.enter("alice")
    assert desk.rename(alice, "Robert") is alice
    assert desk.renamed == [("alice", "alice", "Robert")]
    assert (alice.nick, alice.fold) == ("Robert", "robert")
    assert alice.sessions[0].nick == "Robert"
    assert desk.nicknames.holder("alice") is None
    assert desk.nicknames.holder("robert") is alice
    assert desk.backplane.taken == {"robert"}


def test_inAnotherSpellingItIsTheSame(desk: Desk) -> None:
    alice = desk.enter("alice")
    assert desk.rename(alice, "Alice") is alice
    assert desk.renamed == [("alice", "alice", "Alice")]
    assert desk.backplane.taken == {"alice"}
    assert isinstance(desk.rename(alice, "Alice"), NickUnchanged)


def test_itMayBeSomebodyElses(desk: Desk) -> None:
    alice, _ = desk.enter("alice"), desk.enter("bob")
    assert isinstance(desk.rename(alice, "BOB"), NickTaken)
    assert alice.nick == "alice"
    assert desk.renamed == []
    assert desk.backplane.taken == {"alice", "bob"}


def test_whoHasGoneMeanwhileGivesBothBack(desk: Desk) -> None:
    alice = desk.enter("alice")
    rename = desk.nicknames.rename(alice, "robert", lambda *_: pytest.fail("he has gone"))
    desk.nicknames.free(alice)
    desk.backplane.decide()
    assert isinstance(refusal(rename), NickTaken)
    assert desk.backplane.taken == set()


# Accounts.


def test_whoHasAnAccount(desk: Desk) -> None:
    alice = desk.enter("alice")
    assert desk.nicknames.present("alice") is None
    desk.nicknames.identify(alice, "alice")
    assert desk.nicknames.present("alice") is alice
    assert alice.account == alice.account == "alice"
    desk.rename(alice, "robert")
    assert desk.nicknames.present("alice") is alice


def test_anAccountIsNobodysAnyMore(desk: Desk) -> None:
    alice = desk.enter("alice")
    desk.nicknames.identify(alice, "alice")
    desk.nicknames.identify(alice, "")
    assert desk.nicknames.present("alice") is None
    assert alice.account == alice.account == ""
    assert desk.nicknames.present("") is None


def test_anotherAccount(desk: Desk) -> None:
    alice = desk.enter("alice")
    desk.nicknames.identify(alice, "alice")
    desk.nicknames.identify(alice, "bob")
    assert desk.nicknames.present("alice") is None
    assert desk.nicknames.present("bob") is alice


def test_whoHasGoneIsNotPresent(desk: Desk) -> None:
    alice = desk.enter("alice")
    desk.nicknames.identify(alice, "alice")
    desk.nicknames.free(alice)
    assert desk.nicknames.present("alice") is None


# People elsewhere.


@pytest.fixture
def elsewhere() -> Nicknames:
    """
    Nicknames, of which one is that of somebody in another process.
    """
    nicknames = Nicknames(LocalBackplane(), lambda: 7.0)
    nicknames.joinedElsewhere(Joined("#lobby", AT, "Bob"))
    return nicknames


def test_whoIsElsewhereHasNoSession(elsewhere: Nicknames) -> None:
    bob = elsewhere.named("bob")
    assert (bob.nick, bob.sessions, bob.rooms) == ("Bob", [], ["#lobby"])
    elsewhere.joinedElsewhere(Joined("#dev", AT, "Bob"))
    assert elsewhere.named("bob") is bob
    assert bob.rooms == ["#lobby", "#dev"]


def test_whoIsElsewhereIsRenamed(elsewhere: Nicknames) -> None:
    bob = elsewhere.named("bob")
    elsewhere.renamedElsewhere(Renamed("#lobby", AT, "Bob", "Robert"))
    assert elsewhere.named("robert") is bob
    assert elsewhere.holder("bob") is None
    # It is told for each of his rooms.
    elsewhere.renamedElsewhere(Renamed("#dev", AT, "Bob", "Robert"))
    assert elsewhere.users == (bob,)


def test_whoIsElsewhereHasGoneWithTheLastRoom(elsewhere: Nicknames) -> None:
    elsewhere.joinedElsewhere(Joined("#dev", AT, "Bob"))
    elsewhere.leftElsewhere(Left("#lobby", AT, "Bob", Ending.QUIT))
    assert elsewhere.holder("bob") is not None
    elsewhere.leftElsewhere(Left("#lobby", AT, "Bob", Ending.QUIT))
    assert elsewhere.holder("bob") is not None
    elsewhere.leftElsewhere(Left("#dev", AT, "Bob", Ending.QUIT))
    assert elsewhere.holder("bob") is None


def test_whoIsHereIsNotElsewhere(desk: Desk) -> None:
    alice = desk.enter("alice")
    alice.rooms.append("#lobby")
    desk.nicknames.leftElsewhere(Left("#lobby", AT, "alice", Ending.QUIT))
    desk.nicknames.renamedElsewhere(Renamed("#lobby", AT, "alice", "robert"))
    assert desk.nicknames.holder("alice") is alice
    assert alice.rooms == ["#lobby"]
