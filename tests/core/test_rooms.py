"""Tests for L{chat.core.rooms}."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.task import Clock

from chat.core.room import Room
from chat.core.rooms import MAX_JOINED, MAX_OWNED, MAX_ROOMS, Directory
from chat.core.users import User
from chat.vocabulary.errors import (
    InviteNeeded,
    KeyNeeded,
    NoSuchRoom,
    NotInRoom,
    RoomConfusable,
    RoomsFull,
    ScriptsMixed,
    TooManyRooms,
)
from chat.vocabulary.events import Ending, Joined, Left, RoomRow
from chat.vocabulary.records import RoomRecord
from tests.support.credentials import RecordingLedger
from tests.support.doubles import endOfTurn
from tests.support.hubs import AT

DEV = "#dev"


class Town:
    """
    A directory, and the ledger that keeps its rooms.

    @ivar forgotten: The rooms whose lines must not be read any more.
    @ivar remembered: The only rooms whose lines may still be read after a start.
    """

    def __init__(self, **limits: Any) -> None:
        clock = Clock()
        self.ledger = RecordingLedger()
        self.forgotten: list[str] = []
        self.remembered: list[str] = []
        self.rooms = Directory(
            self.ledger,
            endOfTurn(clock),
            clock.callLater,
            self.forgotten.append,
            self.remembered.extend,
            now=lambda: AT,
            **limits,
        )

    def enter(self, user: User, name: str, key: str = "", isOperator: bool = False) -> Room:
        self.rooms.admit(user, name, key, lambda: isOperator)
        room = self.rooms.find(name)
        assert room is not None
        user.rooms.append(name)
        room.enter(user, Joined(name, AT, user.nick))
        return room

    def leave(self, user: User, room: Room) -> None:
        user.rooms.remove(room.name)
        room.arrived(Left(room.name, AT, user.nick, Ending.PARTED), None)
        self.rooms.emptied(room)

    def keep(self, room: Room, **changes: Any) -> None:
        fields = {name: getattr(room.record, name) for name in RoomRecord.__slots__}
        self.rooms.keep(room, RoomRecord(**(fields | changes)))


def guest(nick: str) -> User:
    return User(nick, nick)


def owner(nick: str) -> User:
    return User(nick, nick, account=nick)


@pytest.fixture
def town() -> Town:
    return Town()


# The rooms there are.


def test_theStartRoomAlwaysExists() -> None:
    assert [row.room for row in Town().rooms.listed(guest("alice"), False)] == ["#lobby"]
    town = Town(start="#hall")
    assert town.rooms.start == "#hall"
    assert town.rooms.find("#hall") is not None
    assert town.rooms.find("#lobby") is None


def test_aRoomIsMadeOnce(town: Town) -> None:
    room = town.rooms.open(DEV)
    assert town.rooms.open(DEV) is town.rooms.find(DEV) is room
    assert len(town.rooms) == 2


def test_theFullestRoomIsFirst(town: Town) -> None:
    alice, bob = guest("alice"), guest("bob")
    for name in ("#b", "#a", DEV):
        town.enter(alice, name)
    town.keep(town.enter(bob, DEV), topic="tools")
    assert town.rooms.listed(bob, False) == (
        RoomRow(DEV, 2, "tools", True),
        RoomRow("#a", 1),
        RoomRow("#b", 1),
        RoomRow("#lobby", 0),
    )


# Admission.


def test_theNumberOfRoomsIsLimited(town: Town) -> None:
    for number in range(MAX_ROOMS - 1):
        town.rooms.admit(guest("alice"), f"#r{number}", "", lambda: False)
    with pytest.raises(RoomsFull) as raised:
        town.rooms.admit(guest("alice"), "#another", "", lambda: False)
    assert raised.value.about == "5000"
    town.rooms.admit(guest("alice"), "#r7", "", lambda: False)


def test_theRoomsOfAUserAreLimited(town: Town) -> None:
    alice = guest("alice")
    for number in range(MAX_JOINED):
        town.enter(alice, f"#r{number}")
    with pytest.raises(TooManyRooms) as raised:
        town.rooms.admit(alice, "#another", "", lambda: True)
    assert raised.value.about == "20"
    assert town.rooms.find("#another") is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"password": "hunter2"}, KeyNeeded), ({"isPrivate": True}, InviteNeeded)],
)
def test_aRoomMayBeClosedToOthers(
    town: Town, changes: dict[str, Any], error: type[Exception]
) -> None:
    room = town.enter(guest("alice"), DEV)
    town.keep(room, **changes)
    bob = guest("bob")
    with pytest.raises(error, match=DEV):
        town.rooms.admit(bob, DEV, "hunter3", lambda: False)
    town.rooms.admit(bob, DEV, "", lambda: True)
    # An invitation applies until it is withdrawn.
    town.rooms.invite(room, bob)
    town.rooms.admit(bob, DEV, "", lambda: False)
    town.rooms.admit(bob, DEV, "", lambda: False)
    town.rooms.uninvite(room, bob)
    with pytest.raises(error):
        town.rooms.admit(bob, DEV, "", lambda: False)


def test_aKeyDoesNotOpenAPrivateRoom(town: Town) -> None:
    room = town.enter(guest("alice"), DEV)
    town.keep(room, password="hunter2")
    town.rooms.admit(guest("bob"), DEV, "hunter2", lambda: False)
    town.keep(room, isPrivate=True)
    with pytest.raises(InviteNeeded):
        town.rooms.admit(guest("bob"), DEV, "hunter2", lambda: False)


def test_whoNeedsNoKeyLacksNone(town: Town) -> None:
    alice, bob = owner("alice"), guest("bob")
    room = town.enter(alice, DEV)
    assert not town.rooms.lacksKey(bob, DEV, "", lambda: False)
    assert not town.rooms.lacksKey(bob, "#none", "", lambda: False)
    town.keep(room, password="hunter2")
    assert town.rooms.lacksKey(bob, DEV, "", lambda: False)
    assert town.rooms.lacksKey(bob, DEV, "wrong", lambda: False)
    assert not town.rooms.lacksKey(bob, DEV, "hunter2", lambda: False)
    assert not town.rooms.lacksKey(alice, DEV, "", lambda: False)
    assert not town.rooms.lacksKey(bob, DEV, "", lambda: True)
    # No key would let them in.
    town.keep(room, isPrivate=True)
    assert not town.rooms.lacksKey(bob, DEV, "wrong", lambda: False)


def test_onlyThoseWhoMayJoinReadAndSeeARoom(town: Town) -> None:
    alice, bob = guest("alice"), guest("bob")
    room = town.enter(alice, DEV)
    town.rooms.readable(bob, DEV)
    assert town.rooms.visible(bob, DEV, False) is room
    town.keep(room, password="hunter2")
    assert town.rooms.visible(bob, DEV, False) is room
    with pytest.raises(NotInRoom):
        town.rooms.readable(bob, DEV)
    town.keep(room, password="", isPrivate=True)
    with pytest.raises(NotInRoom):
        town.rooms.readable(bob, DEV)
    with pytest.raises(NoSuchRoom):
        town.rooms.visible(bob, DEV, False)
    assert town.rooms.visible(bob, DEV, True) is town.rooms.visible(alice, DEV, False) is room
    town.rooms.readable(alice, DEV)
    for nothing in ("#nothing", ""):
        with pytest.raises(NotInRoom):
            town.rooms.readable(bob, nothing)
        with pytest.raises(NoSuchRoom):
            town.rooms.visible(bob, nothing, True)


# Owners.


def test_theMakerOfARoomOwnsIt(town: Town) -> None:
    alice, bob = owner("alice"), guest("bob")
    assert town.enter(alice, DEV).owns(alice)
    assert town.enter(bob, "#ops").owns(bob)
    assert not town.enter(bob, DEV).owns(bob)
    assert town.ledger.calls == [("put", RoomRecord(DEV, owners=("alice",), made=AT))]


def test_theStartRoomHasNoOwner(town: Town) -> None:
    alice = owner("alice")
    assert not town.enter(alice, "#lobby").owns(alice)


def test_ownersAreAddedAndRemoved(town: Town) -> None:
    alice, bob, carol = owner("alice"), guest("bob"), owner("carol")
    room = town.enter(alice, DEV)
    for each in (bob, carol, carol):
        town.rooms.own(room, each)
    both: tuple[str, ...] = ("alice", "carol")
    assert room.record.owners == both
    assert room.guestOwners == {bob}
    for each in (alice, bob, bob):
        town.rooms.disown(room, each)
    assert room.record.owners == ("carol",)
    assert room.guestOwners == set()
    assert [record for _, record in town.ledger.calls] == [
        RoomRecord(DEV, owners=owners, made=AT) for owners in (("alice",), both, ("carol",))
    ]


def test_theRoomsThatAnAccountKeepsAreLimited(town: Town) -> None:
    """Otherwise a single user could make all the rooms there may be."""
    alice = owner("alice")
    for number in range(MAX_OWNED + 1):
        town.leave(alice, town.enter(alice, f"#r{number}"))
    assert len(town.rooms) == MAX_OWNED + 1
    assert town.rooms.find(f"#r{MAX_OWNED}") is None
    another = town.enter(alice, "#another")
    assert another.owns(alice)
    assert another.record.owners == ()


def test_anAccountMayOwnAnyNumberOfRooms() -> None:
    town, alice = Town(maxOwned=0), owner("alice")
    for number in range(MAX_OWNED + 1):
        town.leave(alice, town.enter(alice, f"#r{number}"))
    assert len(town.rooms) == MAX_OWNED + 2


def test_aGuestWhoRegistersKeepsTheirRooms(town: Town) -> None:
    alice, bob = guest("alice"), guest("bob")
    own, other = town.enter(alice, DEV), town.enter(bob, "#ops")
    town.enter(alice, "#ops")
    alice.account = "alice"
    town.rooms.registered(alice)
    assert own.record.owners == ("alice",)
    assert own.guestOwners == set()
    assert other.record.owners == ()


def test_theRoomsOfARemovedAccountAreForgotten(town: Town) -> None:
    alice, bob = owner("alice"), owner("bob")
    room, kept = town.enter(alice, DEV), town.enter(alice, "#ops")
    town.rooms.own(kept, bob)
    for each in (room, kept):
        town.leave(alice, each)
    assert town.rooms.find(DEV) is room
    town.rooms.unregistered("alice")
    assert town.rooms.find(DEV) is None
    assert town.forgotten == [DEV]
    assert kept.record.owners == ("bob",)
    assert set(town.ledger.records) == {"#ops"}


# Forgotten rooms.


def test_anEmptyRoomIsForgotten(town: Town) -> None:
    alice, bob = guest("alice"), guest("bob")
    room = town.enter(alice, DEV)
    town.enter(bob, DEV)
    town.keep(room, topic="tools")
    town.leave(alice, room)
    assert town.rooms.find(DEV) is room
    town.leave(bob, room)
    assert town.rooms.find(DEV) is None
    assert town.forgotten == [DEV]
    assert town.ledger.records == {}


def test_aRoomIsForgottenOnce(town: Town) -> None:
    alice = guest("alice")
    room = town.enter(alice, DEV)
    town.leave(alice, room)
    again = town.enter(alice, DEV)
    town.rooms.emptied(room)
    assert town.rooms.find(DEV) is again
    assert town.forgotten == [DEV]


def test_ownedRoomsAndTheStartRoomAreKept(town: Town) -> None:
    alice = owner("alice")
    for name in (DEV, "#lobby"):
        town.leave(alice, town.enter(alice, name))
        assert town.rooms.find(name) is not None
    assert town.forgotten == []


def test_aRoomGivenUpByItsLastOwnerIsForgottenWhenEmpty(town: Town) -> None:
    alice, bob = owner("alice"), guest("bob")
    room = town.enter(alice, DEV)
    town.enter(bob, DEV)
    town.rooms.disown(room, alice)
    town.leave(alice, room)
    town.leave(bob, room)
    assert town.rooms.find(DEV) is None


def test_anAbandonedRoomIsForgottenWhenEmpty(town: Town) -> None:
    alice, bob = owner("alice"), guest("bob")
    room, empty = town.enter(alice, DEV), town.enter(alice, "#ops")
    town.leave(alice, empty)
    town.enter(bob, DEV)
    town.rooms.own(room, bob)
    for each in (room, empty):
        town.rooms.abandon(each)
    assert town.rooms.find("#ops") is None
    assert town.rooms.find(DEV) is room
    assert not room.owns(alice)
    assert not room.owns(bob)
    for user in (alice, bob):
        town.leave(user, room)
    assert town.forgotten == ["#ops", DEV]
    assert town.ledger.records == {}


def test_emptyRoomsThatHaveBeenThereForLongAreUnused(town: Town) -> None:
    alice, before = owner("alice"), AT - timedelta(days=1)
    town.rooms.load(
        [
            RoomRecord("#old", owners=("alice",), made=before - timedelta(seconds=1)),
            RoomRecord("#inside", owners=("alice",), made=before - timedelta(seconds=1)),
            RoomRecord("#new", owners=("alice",), made=before),
            # One of an earlier version: it counts from the start of the service.
            RoomRecord("#unknown", owners=("alice",)),
        ]
    )
    town.enter(alice, "#inside")
    assert [room.name for room in town.rooms.unused(before)] == ["#old"]
    later = AT + timedelta(seconds=1)
    assert [room.name for room in town.rooms.unused(later)] == ["#old", "#new", "#unknown"]


# After a restart.


def test_theRoomsOfAccountsAreLoaded(town: Town) -> None:
    record = RoomRecord(DEV, "tools", "alice", "hunter2", True, True, ("alice",))
    lobby = RoomRecord("#lobby", "manners", "carol")
    town.rooms.load([record, lobby])
    room, start = town.rooms.find(DEV), town.rooms.find("#lobby")
    assert room is not None
    assert start is not None
    assert (room.record, start.record) == (record, lobby)
    assert town.ledger.calls == []
    assert set(town.remembered) == {DEV, "#lobby"}
    with pytest.raises(InviteNeeded):
        town.rooms.admit(guest("bob"), DEV, "hunter2", lambda: False)
    town.rooms.admit(owner("alice"), DEV, "", lambda: False)


@pytest.mark.parametrize("changes", [{}, {"password": "hunter2"}, {"isPrivate": True}])
def test_theRoomsOfGuestsAreNotLoaded(town: Town, changes: dict[str, Any]) -> None:
    """The next maker of the room must not read what was said in it."""
    record = RoomRecord(DEV, "tools", "bob", **changes)
    town.ledger.put(record)
    town.rooms.load([record])
    assert town.rooms.find(DEV) is None
    assert town.ledger.records == {}
    assert town.remembered == ["#lobby"]


def test_roomsWithoutARecordAreNotRemembered(town: Town) -> None:
    """An open room of guests has none."""
    town.rooms.load([])
    assert town.remembered == ["#lobby"]


def test_aRemovedAccountLosesItsInvitations(town: Town) -> None:
    """Its name is free for another user."""
    room = town.enter(guest("alice"), DEV)
    bob = guest("bob")
    bob.account = "bob"
    town.rooms.invite(room, bob)
    town.keep(room, isPrivate=True, guests=room.record.guests)
    town.rooms.admit(bob, DEV, "", lambda: False)
    town.rooms.unregistered("bob")
    with pytest.raises(InviteNeeded):
        town.rooms.admit(bob, DEV, "", lambda: False)


# Names that look alike.


@pytest.mark.parametrize(
    "name",
    [
        # They look like others.
        "#caca",
        "#l0bby",
        "#\u0261et",
        "#二",
    ],
)
def test_aNewRoomIsNotMistakenForAnother(name: str) -> None:
    town, user = Town(), User("alice", "alice")
    for each in ("#саса", "#get", "#ニ"):
        town.enter(user, each)
    with pytest.raises(RoomConfusable) as raised:
        town.enter(user, name)
    assert raised.value.about == name
    assert name not in town.rooms.rooms


@pytest.mark.parametrize("name", ["#d\u0435v", "#b๐b", "#bob\u0483"])
def test_aNewRoomMixesNoScripts(name: str) -> None:
    town = Town()
    with pytest.raises(ScriptsMixed) as raised:
        town.enter(User("alice", "alice"), name)
    assert raised.value.about == name
    assert name not in town.rooms.rooms


def test_aRoomThatIsForgottenIsMistakenForNone() -> None:
    town, alice = Town(), User("alice", "alice")
    town.leave(alice, town.enter(alice, "#саса"))
    room = town.enter(alice, "#caca")
    with pytest.raises(RoomConfusable):
        town.enter(alice, "#саса")
    town.leave(alice, room)
    assert town.enter(alice, "#саса").name == "#саса"


def test_aRoomOnRecordKeepsItsName() -> None:
    """Whatever it looks like, and all that might be mistaken for it are refused."""
    town, alice = Town(), User("alice", "alice")
    names = ["#bob", "#b0b", "#b๐b"]
    town.rooms.load([RoomRecord(name, owners=("bob",)) for name in names])
    assert [town.enter(alice, name).name for name in names] == names
    with pytest.raises(RoomConfusable):
        town.enter(alice, "#boƄ")
