"""Tests for L{chat.session.handlers.rooms}: topics, modes, owners, invitations and kicks."""

from __future__ import annotations

import pytest

from chat.vocabulary.events import (
    Done,
    Ending,
    Entered,
    Invited,
    Left,
    ModeSet,
    ModesShown,
    Parted,
    Refused,
    RoomRow,
    RoomsListed,
    Talking,
    TopicSet,
    TopicShown,
)
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage, SessionUser


def inRoom(stage: SessionStage, *nicks: str) -> list[SessionUser]:
    """
    @return: Users in #dev, which the first of them has made.
    """
    users = stage.users(*nicks)
    for user in users:
        user.says("/join #dev")
    stage.forget()
    return users


def owners(user: SessionUser) -> tuple[str, ...]:
    """
    @return: The owners of the room in which a user talks.
    """
    [shown] = user.hears("/mode")
    assert isinstance(shown, ModesShown)
    return shown.owners


# Topics.


def test_aTopicIsToldToAllInTheRoom(stage: SessionStage) -> None:
    alice, bob = inRoom(stage, "alice", "bob")
    assert alice.hears("/topic") == [TopicShown("#dev", "")]
    set = TopicSet("#dev", AT, "bob", "tools we like")
    assert bob.hears("/topic tools we like") == [set]
    assert alice.heard() == [set]
    assert alice.hears("/topic") == [TopicShown("#dev", "tools we like", "bob")]
    assert alice.hears("/topic none") == [TopicSet("#dev", AT, "alice", "")]
    assert alice.hears("/topic") == [TopicShown("#dev", "", "alice")]


def test_anOwnerMayReserveTheTopic(stage: SessionStage) -> None:
    alice, bob = inRoom(stage, "alice", "bob")
    set = ModeSet("#dev", AT, "alice", "topic", "owner")
    assert alice.hears("/mode topic owner") == [set]
    assert bob.heard() == [set]
    assert bob.hears("/topic mine") == [Refused("owner-needed", "#dev")]
    assert bob.hears("/topic") == [TopicShown("#dev", "")]
    assert alice.hears("/topic tools") == [TopicSet("#dev", AT, "alice", "tools")]
    alice.says("/mode topic all")
    bob.heard()
    assert bob.hears("/topic mine") == [TopicSet("#dev", AT, "bob", "mine")]


# A key.


def test_aRoomWithAKeyOpensToThoseWhoKnowIt(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev")
    assert alice.hears("/mode key hunter2") == [ModeSet("#dev", AT, "alice", "key", "on")]
    assert bob.hears("/join #dev") == [Refused("key-needed", "#dev")]
    assert bob.hears("/join #dev hunter3") == [Refused("key-needed", "#dev")]
    assert RoomRow("#dev", 1) in bob.hears("/rooms")[0].rooms  # type: ignore[union-attr]
    assert bob.hears("/join #dev hunter2")[0] == Entered("#dev", ("alice",))
    bob.says("/part")
    assert alice.hears("/mode key none")[-1] == ModeSet("#dev", AT, "alice", "key", "off")
    assert bob.hears("/join #dev")[0] == Entered("#dev", ("alice",))


def test_aKeyIsNeverTold(stage: SessionStage) -> None:
    alice, bob = inRoom(stage, "alice", "bob")
    alice.says("/mode key hunter2")
    assert bob.heard() == [ModeSet("#dev", AT, "alice", "key", "on")]
    assert bob.hears("/mode") == [ModesShown("#dev", True, False, "all", ("alice",))]


def test_anInvitedUserNeedsNoKey(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "/mode key hunter2", "/invite bob")
    stage.forget()
    assert bob.hears("/join #dev")[0] == Entered("#dev", ("alice",))
    bob.says("/part")
    assert bob.hears("/join #dev")[0] == Entered("#dev", ("alice",))
    alice.says("/kick bob")
    bob.heard()
    assert bob.hears("/join #dev") == [Refused("key-needed", "#dev")]


def test_anInvitationOfAnAccountLastsUntilAKick(stage: SessionStage) -> None:
    """In further sessions as well."""
    alice, bob = stage.registered("alice"), stage.registered("bob")
    alice.says("/join #dev", "/mode private on", "/invite bob")
    bob.says("/join #dev", "/quit")
    again = stage.user(f"/login bob {PASSWORD}")
    assert Entered("#dev", ("alice",)) in again.hears("/join #dev")
    alice.says("/kick bob")
    again.heard()
    assert again.hears("/join #dev") == [Refused("invite-needed", "#dev")]


# Private.


def test_aPrivateRoomIsJoinedByInvitation(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev")
    assert alice.hears("/mode private on") == [ModeSet("#dev", AT, "alice", "private", "on")]
    assert bob.hears("/join #dev") == [Refused("invite-needed", "#dev")]
    assert alice.hears("/invite bob") == [Done("invited", "bob")]
    assert bob.heard() == [Invited("#dev", "alice")]
    assert bob.hears("/join #dev")[0] == Entered("#dev", ("alice",))


def test_aPrivateRoomIsSeenFromWithinOnly(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "/mode private on")
    assert bob.hears("/rooms") == [RoomsListed((RoomRow("#lobby", 2, "", True),))]
    assert bob.hears("/who #dev") == [Refused("no-such-room", "#dev")]
    assert bob.hears("/history in #dev") == [Refused("not-in-room", "#dev")]
    assert bob.hears("/search x in #dev") == [Refused("not-in-room", "#dev")]
    assert RoomRow("#dev", 1, "", True) in alice.hears("/rooms")[0].rooms  # type: ignore[union-attr]
    alice.says("/mode private off")
    assert RoomRow("#dev", 1) in bob.hears("/rooms")[0].rooms  # type: ignore[union-attr]
    assert bob.hears("/join #dev")[0] == Entered("#dev", ("alice",))


def test_operatorsMayJoinEveryRoom(stage: SessionStage) -> None:
    alice = stage.user("alice", "/join #dev", "/mode private on", "/mode key hunter2")
    carol = stage.registered("carol")
    assert RoomRow("#dev", 1) in carol.hears("/rooms")[0].rooms  # type: ignore[union-attr]
    assert carol.hears("/join #dev")[0] == Entered("#dev", ("alice",))
    assert carol.hears("/mode private off") == [ModeSet("#dev", AT, "carol", "private", "off")]
    assert owners(alice) == ("alice",)


def test_anOwnerMayAlwaysJoinAgain(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    alice.says("/join #dev", "/mode private on", "/mode key hunter2", "/quit")
    again = stage.user("alice", PASSWORD)
    assert again.hears("/join #dev")[0] == Entered("#dev")


def test_onlyOwnersInviteIntoARoomThatIsNotOpen(stage: SessionStage) -> None:
    alice, bob, carol = inRoom(stage, "alice", "bob", "carol")
    assert bob.hears("/invite carol") == [Done("invited", "carol")]
    for mode in ("private on", "key hunter2"):
        alice.says(f"/mode {mode}")
        stage.forget()
        assert bob.hears("/invite carol") == [Refused("owner-needed", "#dev")]
        alice.says("/mode private off")
    assert carol.hears("/invite dave") == [Refused("owner-needed", "#dev")]
    assert alice.hears("/invite dave") == [Refused("no-such-nick", "dave")]


def test_theStartRoomStaysOpen(stage: SessionStage) -> None:
    carol = stage.registered("carol")
    for mode in ("key hunter2", "private on"):
        assert carol.hears(f"/mode {mode}") == [Refused("room-open", "#lobby")]
    assert carol.hears("/mode topic owner") == [ModeSet("#lobby", AT, "carol", "topic", "owner")]
    assert stage.user("bob").hears("/topic mine") == [Refused("owner-needed", "#lobby")]


# Modes.


def test_allUsersMaySeeModes(stage: SessionStage) -> None:
    _, bob = inRoom(stage, "alice", "bob")
    assert bob.hears("/mode") == [ModesShown("#dev", False, False, "all", ("alice",))]
    assert stage.user("carol").hears("/mode") == [ModesShown("#lobby", False, False, "all")]


@pytest.mark.parametrize("mode", ["key hunter2", "private on", "topic owner"])
def test_onlyOwnersSetModes(stage: SessionStage, mode: str) -> None:
    alice, bob = inRoom(stage, "alice", "bob")
    assert bob.hears(f"/mode {mode}") == [Refused("owner-needed", "#dev")]
    assert alice.heard() == []


@pytest.mark.parametrize("mode", ["colour red", "private maybe", "topic me", "key a b"])
def test_unknownModesAreRefused(stage: SessionStage, mode: str) -> None:
    [refused] = stage.user("alice", "/join #dev").hears(f"/mode {mode}")
    assert isinstance(refused, Refused)
    assert refused.code == "argument-invalid"


# Owners.


def test_anOwnerMakesAnotherUserAnOwner(stage: SessionStage) -> None:
    alice, bob = inRoom(stage, "alice", "bob")
    set = ModeSet("#dev", AT, "alice", "op", "bob")
    assert alice.hears("/op BOB") == [set]
    assert bob.heard() == [set]
    assert sorted(owners(alice)) == ["alice", "bob"]
    assert bob.hears("/deop alice") == [ModeSet("#dev", AT, "bob", "deop", "alice")]
    assert owners(alice) == ("bob",)
    assert alice.hears("/op alice") == [Refused("owner-needed", "#dev")]


def test_onlyAUserInTheRoomBecomesAnOwner(stage: SessionStage) -> None:
    [alice] = inRoom(stage, "alice")
    stage.users("bob")
    assert alice.hears("/op bob") == [Refused("no-such-nick", "bob")]
    assert alice.hears("/op dave") == [Refused("no-such-nick", "dave")]


@pytest.mark.parametrize("line", ["/part", "/quit"])
def test_aGuestOwnsARoomUntilTheyLeave(stage: SessionStage, line: str) -> None:
    alice, bob = inRoom(stage, "alice", "bob")
    alice.says(line)
    assert owners(bob) == ()
    again = alice if line == "/part" else stage.user("alice")
    again.says("/join #dev")
    assert again.hears("/mode private on") == [Refused("owner-needed", "#dev")]


def test_anAccountOwnsARoomForGood(stage: SessionStage) -> None:
    alice, bob = stage.registered("alice"), stage.user("bob")
    alice.says("/join #dev", "/quit")
    bob.says("/join #dev")
    assert owners(bob) == ("alice",)
    again = stage.user("/login alice " + PASSWORD, "/join #dev")
    assert again.hears("/mode private on") == [ModeSet("#dev", AT, "alice", "private", "on")]


@pytest.mark.parametrize("line", [f"/register {PASSWORD}", f"/login alice {PASSWORD}"])
def test_aGuestWithANewAccountKeepsTheirRooms(stage: SessionStage, line: str) -> None:
    if "login" in line:
        stage.registered("alice").says("/quit")
    guest, bob = inRoom(stage, "guest" if "login" in line else "alice", "bob")
    guest.says(line, "/quit")
    assert owners(bob) == ("alice",)


def test_givingAnAccountUpEndsOwningRooms(stage: SessionStage) -> None:
    alice, bob = stage.registered("alice"), stage.user("bob")
    alice.says("/join #dev")
    bob.says("/join #dev")
    alice.says("/unregister alice")
    assert owners(bob) == ()


def test_anOwnerIsKnownByTheirAccountNotTheirNickname(stage: SessionStage) -> None:
    alice = stage.registered("alice")
    alice.says("/join #dev", "/nick robert")
    assert alice.hears("/mode private on") == [ModeSet("#dev", AT, "robert", "private", "on")]
    assert owners(alice) == ("alice",)


# Kicks.


def test_anOwnerKicksAUserOutOfTheRoom(stage: SessionStage) -> None:
    alice, bob, carol = inRoom(stage, "alice", "bob", "carol")
    left = Left("#dev", AT, "bob", Ending.KICKED, "spam", 2, "alice")
    assert alice.hears("/kick bob spam") == [left, Done("kicked", "bob")]
    assert carol.heard() == [left]
    assert bob.heard() == [Parted("#dev", Ending.KICKED, "alice", "spam"), Talking("#lobby")]
    assert not bob.isClosed
    assert bob.hears("/join #dev")[0] == Entered("#dev", ("alice", "carol"))


def test_onlyOwnersKick(stage: SessionStage) -> None:
    alice, bob = inRoom(stage, "alice", "bob")
    assert bob.hears("/kick alice") == [Refused("owner-needed", "#dev")]
    assert alice.hears("/kick alice") == [Refused("yourself")]
    assert alice.hears("/kick carol") == [Refused("no-such-nick", "carol")]
    stage.users("carol")
    assert alice.hears("/kick carol") == [Refused("no-such-nick", "carol")]
    alice.says("/room #lobby")
    assert alice.hears("/kick bob") == [Refused("owner-needed", "#lobby")]


# Invitations.


def test_anInvitationIsNotForTheNextUserOfTheNickname(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "/mode private on", "/invite bob")
    bob.says("/quit")
    another = stage.user("bob")
    assert another.hears("/join #dev") == [Refused("invite-needed", "#dev")]


def test_anInvitationAppliesUnderAnotherNickname(stage: SessionStage) -> None:
    alice, bob = stage.users("alice", "bob")
    alice.says("/join #dev", "/mode private on", "/invite bob")
    bob.says("/nick robert")
    assert bob.hears("/join #dev")[0] == Entered("#dev", ("alice",))


def test_anInvitationIntoAnOpenRoomOpensItNotLater(stage: SessionStage) -> None:
    alice, bob, carol = stage.users("alice", "bob", "carol")
    alice.says("/join #dev")
    bob.says("/join #dev")
    assert bob.hears("/invite carol") == [Done("invited", "carol")]
    alice.says("/mode private on")
    carol.heard()
    assert carol.hears("/join #dev") == [Refused("invite-needed", "#dev")]


def test_anInvitationOfAUserInTheRoomDoesNothing(stage: SessionStage) -> None:
    """It would let them return after a kick."""
    alice, bob = inRoom(stage, "alice", "bob")
    alice.says("/mode private on", "/invite bob", "/kick bob")
    bob.heard()
    assert bob.hears("/join #dev") == [Refused("invite-needed", "#dev")]
