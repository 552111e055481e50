"""Tests for L{chat.session.handlers}: a command may name its room, wherever the user talks."""

from __future__ import annotations

import pytest

from chat.vocabulary.commands import Act, Command, Deop, Invite, Kick, Mode, Op, Say, Topic
from chat.vocabulary.events import (
    Acted,
    Done,
    Event,
    Invited,
    ModeSet,
    ModesShown,
    Refused,
    Said,
    TopicSet,
    TopicShown,
)
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage, SessionUser

DEV = "#dev"


class TwoRooms(SessionStage):
    """
    alice owns #dev and bob is in it too; both talk in #lobby, where carol is as well.
    """

    def __init__(self) -> None:
        super().__init__()
        self.alice = self.user("alice", "/join #dev", "/room #lobby")
        self.bob = self.user("bob", "/join #dev", "/room #lobby")
        self.carol = self.user("carol")

    def performed(self, by: SessionUser, command: Command) -> list[Event]:
        """
        @return: What a user is told who has a command performed.
        """
        self.forget()
        by.session.perform(command)
        return by.heard()


@pytest.fixture
def rooms() -> TwoRooms:
    return TwoRooms()


@pytest.mark.parametrize(
    ("command", "heard"),
    [
        (Say("hi", DEV), Said(DEV, 1, AT, "alice", "hi")),
        (Say("hi", "DEV"), Said(DEV, 1, AT, "alice", "hi")),
        (Act("waves", DEV), Acted(DEV, 1, AT, "alice", "waves")),
        (Topic("tools", DEV), TopicSet(DEV, AT, "alice", "tools")),
        (Mode("topic", "owner", DEV), ModeSet(DEV, AT, "alice", "topic", "owner")),
        (Op("bob", DEV), ModeSet(DEV, AT, "alice", "op", "bob")),
        (Deop("alice", DEV), ModeSet(DEV, AT, "alice", "deop", "alice")),
        (Kick("carol", "", DEV), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_onlyTheRoomThatIsNamedHears(
    rooms: TwoRooms, command: Command, heard: Event | None
) -> None:
    told = rooms.performed(rooms.alice, command)
    assert rooms.bob.heard() == ([] if heard is None else [heard])
    assert rooms.carol.heard() == []
    if heard is None:
        assert told == [Refused("no-such-nick", "carol")]


def test_anOwnerKicksOutOfTheRoomThatIsNamed(rooms: TwoRooms) -> None:
    assert rooms.performed(rooms.alice, Kick("bob", "enough", DEV))[-1] == Done("kicked", "bob")
    assert rooms.nicks(DEV) == ("alice",)
    assert rooms.nicks("#lobby") == ("alice", "bob", "carol")


def test_anOperatorWhoNamesARoomKicksOutOfItOnly() -> None:
    rooms = TwoRooms()
    rooms.server.accounts.appointed = frozenset({"alice"})
    rooms.alice.says(f"/register {PASSWORD}")
    rooms.alice.session.perform(Kick("bob", "", DEV))
    assert not rooms.bob.isClosed
    assert rooms.nicks(DEV) == ("alice",)


def test_aTopicAndSettingsAreShownOfTheRoomThatIsNamed(rooms: TwoRooms) -> None:
    rooms.performed(rooms.alice, Topic("tools", DEV))
    assert rooms.performed(rooms.bob, Topic("", DEV)) == [TopicShown(DEV, "tools", "alice")]
    [shown] = rooms.performed(rooms.bob, Mode(room=DEV))
    assert isinstance(shown, ModesShown)
    assert (shown.room, shown.owners) == (DEV, ("alice",))


def test_anInvitationIsToTheRoomThatIsNamed(rooms: TwoRooms) -> None:
    rooms.performed(rooms.alice, Mode("private", "on", DEV))
    rooms.performed(rooms.alice, Invite("carol", DEV))
    assert rooms.carol.heard() == [Invited(DEV, "alice")]
    rooms.carol.says("/join #dev")
    assert rooms.nicks(DEV) == ("alice", "bob", "carol")


@pytest.mark.parametrize(
    "command",
    [
        Say("hi", DEV),
        Act("waves", DEV),
        Topic("tools", DEV),
        Topic("", DEV),
        Mode(room=DEV),
        Mode("private", "on", DEV),
        Invite("alice", DEV),
        Op("alice", DEV),
        Deop("alice", DEV),
        Kick("alice", "", DEV),
    ],
    ids=lambda command: type(command).__name__,
)
def test_aUserMustBeInTheRoomTheyName(rooms: TwoRooms, command: Command) -> None:
    assert rooms.performed(rooms.carol, command) == [Refused("not-in-room", DEV)]
    assert rooms.alice.heard() == rooms.bob.heard() == []


def test_aNameThatCannotBeARoomIsRefused(rooms: TwoRooms) -> None:
    [refused] = rooms.performed(rooms.alice, Say("hi", "garden party"))
    assert isinstance(refused, Refused)
    assert refused.code == "room-invalid"


def test_withoutANameItIsTheRoomInWhichTheUserTalks(rooms: TwoRooms) -> None:
    rooms.performed(rooms.alice, Say("hi"))
    assert rooms.carol.heard() == [Said("#lobby", 1, AT, "alice", "hi")]
    rooms.carol.says("/part")
    assert rooms.performed(rooms.carol, Say("hi")) == [Refused("no-room")]
