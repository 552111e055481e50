"""Tests for L{chat.cli.rejoining}."""

from __future__ import annotations

import json

import pytest
from twisted.internet.task import Clock

from chat.cli.input import commandIn
from chat.cli.rejoining import LONGEST_WAIT, Rejoiner
from chat.client.protocol import ChatClient
from chat.rendering.jsonlines import toMapping
from chat.vocabulary.events import (
    Done,
    Ending,
    Entered,
    Event,
    Parted,
    Ponged,
    Refused,
    Said,
    Talking,
    Welcomed,
)
from tests.support.clients import Transport
from tests.support.samples import AT

LOBBY = Welcomed("#lobby", "alice")

TOO_FAST = Refused("joining-too-fast", "6")


class RejoinClient(ChatClient):
    """One connection of the user."""

    def __init__(self, rejoiner: Rejoiner) -> None:
        super().__init__()
        self.rejoiner = rejoiner
        self.shown: list[Event] = []
        self.makeConnection(Transport())
        self.transport.clear()

    def eventReceived(self, event: Event) -> None:
        if self.rejoiner.heard(event, self):
            self.shown.append(event)


class Returnee:
    """A user whose connection is lost now and then."""

    def __init__(self, *events: Event) -> None:
        self.clock = Clock()
        self.rejoiner = Rejoiner(self.clock)
        self.client = RejoinClient(self.rejoiner)
        self._pings: list[str] = []
        self.hear(LOBBY, *events)

    def hear(self, *events: Event) -> list[str]:
        """@return: what is asked for upon these events, but for pings."""
        for event in events:
            self.client.dataReceived(json.dumps(toMapping(event)).encode() + b"\n")
        return self.sent()

    def sent(self) -> list[str]:
        """@return: what is asked for, but for pings."""
        lines = self.client.transport.lines()
        self._pings += [line.removeprefix("/ping ") for line in lines if "/ping" in line]
        return [line for line in lines if "/ping" not in line]

    def answer(self, *events: Event) -> list[str]:
        """Answer the ping that was sent first, and what came after it."""
        return self.hear(Ponged(self._pings.pop(0)), *events)

    def enter(self, line: str) -> None:
        """Type a line."""
        self.rejoiner.entered(commandIn(line))
        self.client.command(line)

    def lose(self) -> None:
        """Lose the connection, and make another one."""
        self.rejoiner.disconnected()
        self._pings.clear()
        self.client = RejoinClient(self.rejoiner)

    def comeBack(self, *events: Event) -> list[str]:
        """Lose the connection, and be welcomed again; every room lets the user in."""
        self.lose()
        sent = asked = self.hear(*events, LOBBY)
        while asked and asked[0].startswith("/join"):
            room, *switches = (line.split()[1] for line in asked if not line.startswith("/part"))
            asked = self.answer(Entered(room), Talking(room), *map(Talking, switches))
            sent = sent + asked
        return sent


def test_theOnlyRoomIsTheFirstAnyway() -> None:
    assert Returnee().comeBack() == []


def test_theRoomOfTheUsersTalkIsEnteredFirst() -> None:
    """Lines that are typed meanwhile are said there."""
    rooms: list[Event] = [Entered("#dev"), Talking("#dev"), Entered("#ops"), Talking("#ops")]
    user = Returnee(*rooms, Talking("#dev"))
    expected = ["/join #dev", "/join #ops", "/room #dev"]
    # It may be lost again before anything was answered.
    user.lose()
    assert user.hear(LOBBY) == ["/join #dev"]
    assert user.comeBack() == expected
    assert user.comeBack() == expected
    user.hear(Talking("#ops"))
    assert user.comeBack() == ["/join #ops", "/join #dev", "/room #ops"]


def test_theUserTalksInTheFirstRoomAgain() -> None:
    user = Returnee(Entered("#dev"), Talking("#dev"), Talking("#lobby"))
    assert user.comeBack() == ["/join #dev", "/room #lobby"]


def test_theUserIsShownTheRoomsAndNotTheStepsBack() -> None:
    user = Returnee(*map(Entered, ("#dev", "#ops", "#qa")), Talking("#dev"))
    user.lose()
    user.hear(LOBBY)
    said = Said("#lobby", 1, AT, "bob", "hi")
    user.answer(Entered("#dev"), Talking("#dev"))
    user.answer(said, TOO_FAST, Talking("#dev"))
    user.clock.advance(6)
    user.sent()
    user.answer(Entered("#ops"), Talking("#ops"))
    assert user.rejoiner.talksIn(user.client.roster) == "#dev"
    user.hear(Talking("#dev"))
    user.answer(Entered("#qa"), Talking("#qa"), Talking("#dev"))
    user.hear(Talking("#ops"), Refused("joining-too-fast", "5"))
    assert user.client.shown == [
        LOBBY,
        *(Entered("#dev"), Talking("#dev"), said, Entered("#ops"), Entered("#qa")),
        *(Talking("#ops"), Refused("joining-too-fast", "5")),
    ]
    assert user.rejoiner.talksIn(user.client.roster) == "#ops"


@pytest.mark.parametrize(
    ("about", "seconds"),
    [("6", 6), ("0", 1), ("", LONGEST_WAIT), ("-1", LONGEST_WAIT), ("9" * 5000, LONGEST_WAIT)],
)
def test_aRoomIsTriedAgainAfterTheSecondsThatTheServiceTells(about: str, seconds: int) -> None:
    user = Returnee(Entered("#dev"), Entered("#ops"), Talking("#ops"))
    user.lose()
    assert user.hear(LOBBY) == ["/join #ops"]
    for _ in range(3):
        assert user.answer(Refused("joining-too-fast", about)) == []
        user.clock.advance(seconds - 0.1)
        assert user.sent() == []
        user.clock.advance(0.1)
        assert user.sent() == ["/join #ops"]
    assert user.answer(Entered("#ops"), Talking("#ops")) == ["/join #dev", "/room #ops"]
    # Nothing of it is forgotten when the connection is lost in between.
    user.answer(Refused("joining-too-fast", about), Talking("#ops"))
    assert user.comeBack() == ["/join #ops", "/join #dev", "/room #ops"]
    user.clock.advance(LONGEST_WAIT)
    assert user.sent() == []
    assert user.clock.getDelayedCalls() == []


def test_theRefusalOfAJoinThatWasTypedBeforeIsShown() -> None:
    user = Returnee(Entered("#dev"))
    user.lose()
    user.hear(LOBBY, TOO_FAST)
    assert user.client.shown == [LOBBY, TOO_FAST]
    user.answer(TOO_FAST)
    assert user.client.shown == [LOBBY, TOO_FAST]


def test_theUserMayTalkElsewhereOnTheWayBack() -> None:
    user = Returnee(*map(Entered, ("#dev", "#ops", "#qa", "#zoo")))
    user.lose()
    user.hear(LOBBY)
    user.enter("/join #tea")
    assert user.sent() == ["/join #tea"]
    asked = user.answer(Entered("#dev"), Talking("#dev"), Talking("#lobby"))
    assert asked == ["/join #ops", "/room #lobby"]
    assert user.hear(Entered("#tea"), Talking("#tea")) == []
    # It had been asked for before that was known, and is mended.
    assert user.answer(Entered("#ops"), Talking("#ops"), Talking("#lobby")) == [
        "/room #tea",
        "/join #qa",
        "/room #tea",
    ]
    user.hear(Talking("#tea"))
    user.enter("/room ops")
    user.sent()
    asked = user.answer(Entered("#qa"), Talking("#qa"), Talking("#tea"))
    assert asked[-2:] == ["/join #zoo", "/room #ops"]
    user.hear(Talking("#ops"), Talking("#ops"))
    user.answer(Entered("#zoo"), Talking("#zoo"), Talking("#ops"))
    assert user.client.roster.room == "#ops"
    assert user.comeBack()[0] == "/join #ops"


def test_roomsThatTheUserHasEnteredMeanwhileAreSkipped() -> None:
    user = Returnee(*map(Entered, ("#dev", "#ops", "#qa")))
    user.lose()
    user.hear(LOBBY)
    user.hear(Entered("#ops"), Talking("#ops"), Entered("#dev"))
    # Another session was faster.
    assert user.answer(Talking("#dev"), Talking("#lobby"))[-2:] == ["/join #qa", "/room #ops"]


def test_partedRoomsAreNotEnteredAgain() -> None:
    parted = Parted("#dev", Ending.PARTED)
    assert Returnee(Entered("#dev"), Talking("#dev"), parted, Talking("#lobby")).comeBack() == []


def test_aGuestLeavesTheFirstRoomAgain() -> None:
    """The user of an account may be there with another session."""
    events: list[Event] = [
        Entered("#dev"),
        Talking("#dev"),
        Parted("#lobby", Ending.PARTED),
    ]
    assert Returnee(*events).comeBack() == ["/join #dev", "/part #lobby"]
    assert Returnee(*events, Talking("")).comeBack() == ["/join #dev", "/part #lobby"]
    user = Returnee(*events, Done("registered", "alice"))
    assert user.comeBack() == ["/join #dev"]
    assert Returnee(*events).comeBack(Done("logged-in", "alice")) == ["/join #dev"]
    user.hear(Done("unregistered", "alice"))
    assert "/part #lobby" in user.comeBack()


def test_theFirstRoomIsNotLeftBeforeThereIsAnotherOne() -> None:
    user = Returnee(Entered("#dev"), Talking("#dev"), Parted("#lobby", Ending.PARTED))
    user.lose()
    user.hear(LOBBY)
    assert user.answer(TOO_FAST) == []
    user.clock.advance(6)
    assert user.sent() == ["/join #dev"]
    assert user.answer(Entered("#dev"), Talking("#dev")) == ["/part #lobby"]


def test_aRoomIsEnteredWithTheKeyThatWasTyped() -> None:
    user = Returnee()
    user.enter("/join #Dev k3y")
    user.enter("/j #ops")
    user.enter("/join")
    user.enter("/join #dev two words")
    user.enter("/join \x00")
    user.hear(Entered("#dev"), Entered("#ops"))
    assert user.comeBack()[::2] == ["/join #dev k3y", "/join #ops"]


def test_aClosedRoomIsToldAndNotTriedAgain() -> None:
    user = Returnee(Entered("#dev"), Entered("#ops"), Talking("#dev"))
    user.lose()
    assert user.hear(LOBBY) == ["/join #dev"]
    # The user talks in the room that is left.
    assert user.answer(Refused("key-needed", "#dev")) == ["/join #ops", "/room #lobby"]
    user.answer(Refused("too-many-attempts", "#ops"), Talking("#lobby"))
    assert user.client.shown[1:] == [
        Refused("key-needed", "#dev"),
        Refused("too-many-attempts", "#ops"),
    ]
    assert user.comeBack() == ["/join #ops", "/room #lobby"]
    user.hear(Refused("invite-needed", "#ops"))
    assert user.comeBack() == []


def test_beingKickedOnTheWayDoesNotEndIt() -> None:
    user = Returnee(Entered("#dev"), Entered("#ops"), Talking("#lobby"))
    user.lose()
    assert user.hear(LOBBY) == ["/join #dev", "/room #lobby"]
    user.hear(Parted("#lobby", Ending.KICKED))
    asked = user.answer(Entered("#dev"), Talking("#dev"), Refused("not-in-room", "#lobby"))
    assert asked == ["/join #ops", "/room #dev"]
    user.answer(Entered("#ops"), Talking("#ops"))
    assert user.rejoiner.talksIn(user.client.roster) == "#dev"


def test_beingKickedFromEveryRoomMovesTheTalkToTheNextRoom() -> None:
    user = Returnee(Entered("#dev"), Entered("#ops"), Talking("#lobby"))
    user.lose()
    user.hear(LOBBY, Parted("#lobby", Ending.KICKED), Talking(""))
    asked = user.answer(Refused("key-needed", "#dev"), Refused("not-in-room", "#lobby"))
    assert asked == ["/join #ops"]
    user.answer(Entered("#ops"), Talking("#ops"))
    assert user.client.shown[-1] == Talking("#ops")


def test_noTimerOutlivesTheConnection() -> None:
    user = Returnee(Entered("#dev"))
    user.lose()
    user.hear(LOBBY)
    user.answer(TOO_FAST, Talking("#lobby"))
    assert len(user.clock.getDelayedCalls()) == 1
    user.rejoiner.disconnected()
    assert user.clock.getDelayedCalls() == []


def test_anotherWelcomeOnTheSameConnectionForgetsTheRooms() -> None:
    """A user who logs in is where the account is."""
    user = Returnee(Entered("#dev"), Talking("#dev"))
    assert user.hear(LOBBY) == []
    assert user.comeBack() == []


def test_whatCannotBeTheNameOfARoomIsNotEntered() -> None:
    names = ["#a b", "", "#x\n/quit", "#\ud800", "#\x1b[2J"]
    user = Returnee(*map(Entered, names), Entered("#dev"))
    assert user.comeBack() == ["/join #dev", "/room #lobby"]
    user = Returnee(*map(Entered, names), *map(Talking, names))
    assert user.comeBack() == []
