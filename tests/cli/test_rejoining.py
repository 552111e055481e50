"""Tests for L{chat.cli.rejoining}: being again where one was."""

from __future__ import annotations

import json

import pytest
from twisted.internet.task import Clock

from chat.cli.rejoining import Returning
from chat.cli.wayback import LONGEST_WAIT
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


class Client(ChatClient):
    """One connection of the person."""

    def __init__(self, returning: Returning) -> None:
        super().__init__()
        self.returning = returning
        self.shown: list[Event] = []
        self.makeConnection(Transport())
        self.transport.clear()

    def eventReceived(self, event: Event) -> None:
        if self.returning.heard(event, self):
            self.shown.append(event)


class Person:
    """Somebody whose connection is lost now and then."""

    def __init__(self, *events: Event) -> None:
        self.clock = Clock()
        self.returning = Returning(self.clock)
        self.client = Client(self.returning)
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
        self.returning.entered(line)
        self.client.command(line)

    def lose(self) -> None:
        """Lose the connection, and make another one."""
        self.returning.disconnected()
        self._pings.clear()
        self.client = Client(self.returning)

    def comeBack(self, *events: Event) -> list[str]:
        """Lose the connection, and be welcomed again; every room lets him in."""
        self.lose()
        sent = asked = self.hear(*events, LOBBY)
        while asked and asked[0].startswith("/join"):
            room, *switches = (line.split()[1] for line in asked if not line.startswith("/part"))
            asked = self.answer(Entered(room), Talking(room), *map(Talking, switches))
            sent = sent + asked
        return sent


def test_oneRoom() -> None:
    """Where one is anyway there is nothing to do."""
    assert Person().comeBack() == []


def test_severalRooms() -> None:
    """First where one talked, and whatever is typed is said there."""
    rooms: list[Event] = [Entered("#dev"), Talking("#dev"), Entered("#ops"), Talking("#ops")]
    person = Person(*rooms, Talking("#dev"))
    expected = ["/join #dev", "/join #ops", "/room #dev"]
    # It may be lost again before anything was answered.
    person.lose()
    assert person.hear(LOBBY) == ["/join #dev"]
    assert person.comeBack() == expected
    assert person.comeBack() == expected
    person.hear(Talking("#ops"))
    assert person.comeBack() == ["/join #ops", "/join #dev", "/room #ops"]


def test_talkingWhereItBegins() -> None:
    person = Person(Entered("#dev"), Talking("#dev"), Talking("#lobby"))
    assert person.comeBack() == ["/join #dev", "/room #lobby"]


def test_quietly() -> None:
    """One is shown that one is there again, and not how one came there."""
    person = Person(*map(Entered, ("#dev", "#ops", "#qa")), Talking("#dev"))
    person.lose()
    person.hear(LOBBY)
    said = Said("#lobby", 1, AT, "bob", "hi")
    person.answer(Entered("#dev"), Talking("#dev"))
    person.answer(said, TOO_FAST, Talking("#dev"))
    person.clock.advance(6)
    person.sent()
    person.answer(Entered("#ops"), Talking("#ops"))
    assert person.returning.talksIn(person.client.roster) == "#dev"
    person.hear(Talking("#dev"))
    person.answer(Entered("#qa"), Talking("#qa"), Talking("#dev"))
    person.hear(Talking("#ops"), Refused("joining-too-fast", "5"))
    assert person.client.shown == [
        LOBBY,
        *(Entered("#dev"), Talking("#dev"), said, Entered("#ops"), Entered("#qa")),
        *(Talking("#ops"), Refused("joining-too-fast", "5")),
    ]
    assert person.returning.talksIn(person.client.roster) == "#ops"


@pytest.mark.parametrize(
    ("about", "seconds"),
    [("6", 6), ("0", 1), ("", LONGEST_WAIT), ("-1", LONGEST_WAIT), ("9" * 5000, LONGEST_WAIT)],
)
def test_joiningTooFast(about: str, seconds: int) -> None:
    """What was refused for that is tried again when it may be, as often as it takes."""
    person = Person(Entered("#dev"), Entered("#ops"), Talking("#ops"))
    person.lose()
    assert person.hear(LOBBY) == ["/join #ops"]
    for _ in range(3):
        assert person.answer(Refused("joining-too-fast", about)) == []
        person.clock.advance(seconds - 0.1)
        assert person.sent() == []
        person.clock.advance(0.1)
        assert person.sent() == ["/join #ops"]
    assert person.answer(Entered("#ops"), Talking("#ops")) == ["/join #dev", "/room #ops"]
    # Nothing of it is forgotten when the connection is lost in between.
    person.answer(Refused("joining-too-fast", about), Talking("#ops"))
    assert person.comeBack() == ["/join #ops", "/join #dev", "/room #ops"]
    person.clock.advance(LONGEST_WAIT)
    assert person.sent() == []
    assert person.clock.getDelayedCalls() == []


def test_joiningOneselfTooFast() -> None:
    """What was typed before is answered before, and shown."""
    person = Person(Entered("#dev"))
    person.lose()
    person.hear(LOBBY, TOO_FAST)
    assert person.client.shown == [LOBBY, TOO_FAST]
    person.answer(TOO_FAST)
    assert person.client.shown == [LOBBY, TOO_FAST]


def test_goingElsewhereMeanwhile() -> None:
    """One talks where one has gone, and not where one had talked before."""
    person = Person(*map(Entered, ("#dev", "#ops", "#qa", "#zoo")))
    person.lose()
    person.hear(LOBBY)
    person.enter("/join #tea")
    assert person.sent() == ["/join #tea"]
    asked = person.answer(Entered("#dev"), Talking("#dev"), Talking("#lobby"))
    assert asked == ["/join #ops", "/room #lobby"]
    assert person.hear(Entered("#tea"), Talking("#tea")) == []
    # It had been asked for before that was known, and is mended.
    assert person.answer(Entered("#ops"), Talking("#ops"), Talking("#lobby")) == [
        "/room #tea",
        "/join #qa",
        "/room #tea",
    ]
    person.hear(Talking("#tea"))
    person.enter("/room ops")
    person.sent()
    asked = person.answer(Entered("#qa"), Talking("#qa"), Talking("#tea"))
    assert asked[-2:] == ["/join #zoo", "/room #ops"]
    person.hear(Talking("#ops"), Talking("#ops"))
    person.answer(Entered("#zoo"), Talking("#zoo"), Talking("#ops"))
    assert person.client.roster.room == "#ops"
    assert person.comeBack()[0] == "/join #ops"


def test_comingInBefore() -> None:
    """Where one is already, one need not go."""
    person = Person(*map(Entered, ("#dev", "#ops", "#qa")))
    person.lose()
    person.hear(LOBBY)
    person.hear(Entered("#ops"), Talking("#ops"), Entered("#dev"))
    # Another session was faster.
    assert person.answer(Talking("#dev"), Talking("#lobby"))[-2:] == ["/join #qa", "/room #ops"]


def test_roomsThatWereLeft() -> None:
    """One does not come back into them."""
    parted = Parted("#dev", Ending.PARTED)
    assert Person(Entered("#dev"), Talking("#dev"), parted, Talking("#lobby")).comeBack() == []


def test_theFirstRoomWasLeft() -> None:
    """A guest leaves it again; who has an account may be there in another session."""
    events: list[Event] = [
        Entered("#dev"),
        Talking("#dev"),
        Parted("#lobby", Ending.PARTED),
    ]
    assert Person(*events).comeBack() == ["/join #dev", "/part #lobby"]
    assert Person(*events, Talking("")).comeBack() == ["/join #dev", "/part #lobby"]
    person = Person(*events, Done("registered", "alice"))
    assert person.comeBack() == ["/join #dev"]
    assert Person(*events).comeBack(Done("logged-in", "alice")) == ["/join #dev"]
    person.hear(Done("unregistered", "alice"))
    assert "/part #lobby" in person.comeBack()


def test_theFirstRoomIsTheOnlyOne() -> None:
    """It is not left before there is another one."""
    person = Person(Entered("#dev"), Talking("#dev"), Parted("#lobby", Ending.PARTED))
    person.lose()
    person.hear(LOBBY)
    assert person.answer(TOO_FAST) == []
    person.clock.advance(6)
    assert person.sent() == ["/join #dev"]
    assert person.answer(Entered("#dev"), Talking("#dev")) == ["/part #lobby"]


def test_keys() -> None:
    """A room with a key is entered with the key that was typed."""
    person = Person()
    person.enter("/join #Dev k3y")
    person.enter("/j #ops")
    person.enter("/join")
    person.enter("/join #dev two words")
    person.enter("/join \x00")
    person.hear(Entered("#dev"), Entered("#ops"))
    assert person.comeBack()[::2] == ["/join #dev k3y", "/join #ops"]


def test_roomsThatAreClosed() -> None:
    """Where one cannot come in any more one does not try again, and one is told."""
    person = Person(Entered("#dev"), Entered("#ops"), Talking("#dev"))
    person.lose()
    assert person.hear(LOBBY) == ["/join #dev"]
    # Then one talks where one is.
    assert person.answer(Refused("key-needed", "#dev")) == ["/join #ops", "/room #lobby"]
    person.answer(Refused("too-many-attempts", "#ops"), Talking("#lobby"))
    assert person.client.shown[1:] == [
        Refused("key-needed", "#dev"),
        Refused("too-many-attempts", "#ops"),
    ]
    assert person.comeBack() == ["/join #ops", "/room #lobby"]
    person.hear(Refused("invite-needed", "#ops"))
    assert person.comeBack() == []


def test_putOutOnTheWay() -> None:
    """Then one talks where one is, and the next step follows all the same."""
    person = Person(Entered("#dev"), Entered("#ops"), Talking("#lobby"))
    person.lose()
    assert person.hear(LOBBY) == ["/join #dev", "/room #lobby"]
    person.hear(Parted("#lobby", Ending.KICKED))
    asked = person.answer(Entered("#dev"), Talking("#dev"), Refused("not-in-room", "#lobby"))
    assert asked == ["/join #ops", "/room #dev"]
    person.answer(Entered("#ops"), Talking("#ops"))
    assert person.returning.talksIn(person.client.roster) == "#dev"


def test_putOutOfEverything() -> None:
    """Then one talks in the next room."""
    person = Person(Entered("#dev"), Entered("#ops"), Talking("#lobby"))
    person.lose()
    person.hear(LOBBY, Parted("#lobby", Ending.KICKED), Talking(""))
    asked = person.answer(Refused("key-needed", "#dev"), Refused("not-in-room", "#lobby"))
    assert asked == ["/join #ops"]
    person.answer(Entered("#ops"), Talking("#ops"))
    assert person.client.shown[-1] == Talking("#ops")


def test_lostWhileWaiting() -> None:
    """A way that has ended is gone no further."""
    person = Person(Entered("#dev"))
    person.lose()
    person.hear(LOBBY)
    person.answer(TOO_FAST, Talking("#lobby"))
    assert len(person.clock.getDelayedCalls()) == 1
    person.returning.disconnected()
    assert person.clock.getDelayedCalls() == []


def test_somebodyElseWithoutBeingAway() -> None:
    """Who logs in may be welcomed anew; he is where that account is."""
    person = Person(Entered("#dev"), Talking("#dev"))
    assert person.hear(LOBBY) == []
    assert person.comeBack() == []


def test_aStrangeService() -> None:
    """What cannot be the name of a room is not gone to."""
    names = ["#a b", "", "#x\n/quit", "#\ud800", "#\x1b[2J"]
    person = Person(*map(Entered, names), Entered("#dev"))
    assert person.comeBack() == ["/join #dev", "/room #lobby"]
    person = Person(*map(Entered, names), *map(Talking, names))
    assert person.comeBack() == []
