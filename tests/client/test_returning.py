"""Tests for L{chat.client.returning}: being again where one was."""

from __future__ import annotations

from chat.client.requests import Requests
from chat.client.returning import Returning
from chat.events import Done, Ending, Entered, Event, Parted, Refused, Talking, Welcomed

LOBBY = Welcomed("#lobby", "alice")


class Recorder(Requests):
    """Remembers the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def command(self, line: str) -> None:
        self.lines.append(line)


class Person:
    """Somebody whose connection is lost now and then."""

    def __init__(self, *events: Event) -> None:
        self._returning = Returning()
        self._client = Recorder()
        self.hear(LOBBY, *events)

    def hear(self, *events: Event) -> list[str]:
        """@return: what is asked for upon these events."""
        self._client.lines.clear()
        for event in events:
            self._returning.heard(event, self._client)
        return list(self._client.lines)

    def enter(self, line: str) -> None:
        """Type a line."""
        self._returning.entered(line)

    def comeBack(self, *events: Event) -> list[str]:
        """Lose the connection, and be welcomed again."""
        self._returning.disconnected()
        return self.hear(*events, LOBBY)


def test_oneRoom() -> None:
    """Where one is anyway there is nothing to do."""
    assert Person().comeBack() == []


def test_severalRooms() -> None:
    """In their order, and at last one talks where one talked."""
    rooms: list[Event] = [Entered("#dev"), Talking("#dev"), Entered("#ops"), Talking("#ops")]
    person = Person(*rooms, Talking("#dev"))
    expected = ["/join #dev", "/join #ops", "/room #dev"]
    assert person.comeBack() == expected
    # It may be lost again before anything was answered.
    assert person.comeBack() == expected
    person.hear(*rooms)
    assert person.comeBack() == ["/join #dev", "/join #ops"]


def test_talkingWhereItBegins() -> None:
    person = Person(Entered("#dev"), Talking("#dev"), Talking("#lobby"))
    assert person.comeBack() == ["/join #dev", "/room #lobby"]


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
    person = Person(*events, Done("registered", "alice"))
    assert person.comeBack() == ["/join #dev"]
    assert Person(*events).comeBack(Done("logged-in", "alice")) == ["/join #dev"]
    person.hear(Done("unregistered", "alice"))
    assert "/part #lobby" in person.comeBack()


def test_keys() -> None:
    """A room with a key is entered with the key that was typed."""
    person = Person()
    person.enter("/join #Dev k3y")
    person.enter("/j #ops")
    person.enter("/join")
    person.enter("/join #dev two words")
    person.enter("/join \x00")
    person.hear(Entered("#dev"), Entered("#ops"))
    assert person.comeBack()[:2] == ["/join #dev k3y", "/join #ops"]


def test_roomsThatAreClosed() -> None:
    """Where one cannot come in any more one does not try again."""
    person = Person(Entered("#dev"), Entered("#ops"))
    assert person.comeBack() == ["/join #dev", "/join #ops", "/room #lobby"]
    person.hear(Refused("key-needed", "#dev"), Refused("too-many-attempts", "#ops"))
    assert person.comeBack() == ["/join #ops", "/room #lobby"]


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
