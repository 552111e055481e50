"""Tests for L{chat.client.roster}."""

from chat.client.roster import Roster
from chat.events import (
    Acted,
    Ending,
    Joined,
    Left,
    Listed,
    Noticed,
    Person,
    Renamed,
    Said,
    Welcomed,
)
from tests.client.samples import AT


def test_follows() -> None:
    """It knows who is there, in the order of their coming, ourselves among them."""
    roster = Roster()
    assert (roster.nick, roster.room, roster.people()) == (None, None, ())
    roster.eventReceived(Welcomed("#lobby", "alice", ("bob", "carol")))
    assert (roster.nick, roster.room) == ("alice", "#lobby")
    assert roster.people() == ("bob", "carol", "alice")
    roster.eventReceived(Joined("#lobby", AT, "dave", 4))
    roster.eventReceived(Left("#lobby", AT, "bob", Ending.QUIT, "", 3))
    roster.eventReceived(Left("#lobby", AT, "nobody", Ending.QUIT, "", 3))
    assert roster.people("#lobby") == ("carol", "alice", "dave")
    assert roster.people("#dev") == ()


def test_renamed() -> None:
    """Others, and ourselves."""
    roster = Roster()
    roster.eventReceived(Welcomed("#lobby", "alice", ("bob",)))
    roster.eventReceived(Renamed("#lobby", AT, "bob", "robert"))
    assert roster.nick == "alice"
    roster.eventReceived(Renamed("#lobby", AT, "alice", "alicia"))
    assert roster.nick == "alicia"
    assert set(roster.people()) == {"robert", "alicia"}


def test_listed() -> None:
    """A list says for certain who is in a room of ours."""
    roster = Roster()
    roster.eventReceived(Welcomed("#lobby", "alice", ("bob",)))
    roster.eventReceived(Listed("#lobby", (Person("alice"), Person("carol", 9))))
    roster.eventReceived(Listed("#elsewhere", (Person("dave"),)))
    assert roster.people() == ("alice", "carol")
    assert roster.people("#elsewhere") == ()


def test_lastIds() -> None:
    """The last line of each room is known, and of an earlier connection."""
    roster = Roster({"#old": 9})
    roster.eventReceived(Said("#lobby", 4, AT, "bob", "hi"))
    roster.eventReceived(Acted("#lobby", 5, AT, "bob", "waves"))
    roster.eventReceived(Said("#lobby", 3, AT, "bob", "from the history"))
    roster.eventReceived(Noticed("hm"))
    assert roster.lastIds == {"#old": 9, "#lobby": 5}
