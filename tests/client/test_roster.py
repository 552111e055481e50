"""Tests for L{chat.client.roster}."""

import pytest

from chat.client.roster import Roster
from chat.vocabulary.events import (
    Acted,
    Changed,
    Ending,
    Entered,
    Event,
    Joined,
    Left,
    Listed,
    Parted,
    Recalled,
    Renamed,
    Said,
    Talking,
    TopicSet,
    TopicShown,
    UserRow,
    Welcomed,
)
from tests.support.samples import AT, EVENTS


def rosterIn(*rooms: str, lastIds: dict[str, int] | None = None) -> Roster:
    """A roster that has been welcomed in the first room, to bob, and has entered the others."""
    roster = Roster(lastIds)
    roster.eventReceived(Welcomed(rooms[0], "alice", ("bob",)))
    for room in rooms[1:]:
        roster.eventReceived(Entered(room))
    return roster


def test_usersAreKnownInTheOrderOfTheirComing() -> None:
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


def test_aNewNicknameReplacesTheOldOne() -> None:
    roster = rosterIn("#lobby")
    roster.eventReceived(Renamed("#lobby", AT, "bob", "robert"))
    assert roster.nick == "alice"
    roster.eventReceived(Renamed("#lobby", AT, "alice", "alicia"))
    assert roster.nick == "alicia"
    assert set(roster.people()) == {"robert", "alicia"}


def test_aListSaysForCertainWhoIsInARoom() -> None:
    roster = rosterIn("#lobby")
    roster.eventReceived(Listed("#lobby", (UserRow("alice"), UserRow("carol", 9))))
    roster.eventReceived(Listed("#elsewhere", (UserRow("dave"),)))
    assert roster.people() == ("alice", "carol")
    assert roster.people("#elsewhere") == ()


def test_roomsAreKnownInTheOrderOfEntering() -> None:
    roster = Roster()

    def places() -> tuple[tuple[str, ...], str | None]:
        return roster.rooms, roster.room

    assert places() == ((), None)
    roster.eventReceived(Welcomed("#lobby", "alice", ("bob",)))
    roster.eventReceived(Entered("#dev", ("carol",), "Tea"))
    roster.eventReceived(Talking("#dev"))
    assert places() == (("#lobby", "#dev"), "#dev")
    assert roster.people() == ("carol", "alice")
    assert roster.people("#lobby") == ("bob", "alice")
    roster.eventReceived(Parted("#dev", Ending.PARTED))
    assert places() == (("#lobby",), None)
    roster.eventReceived(Talking("#lobby"))
    assert places() == (("#lobby",), "#lobby")
    roster.eventReceived(Parted("#lobby", Ending.KICKED, "carol"))
    roster.eventReceived(Talking(""))
    assert places() == ((), None)
    assert roster.people() == ()


def test_severalUsersMayComeAndGoAtOnce() -> None:
    roster = rosterIn("#lobby")
    roster.eventReceived(Changed("#lobby", AT, ("carol", "dave"), ("bob", "nobody"), 3))
    roster.eventReceived(Changed("#dev", AT, ("eve",), (), 1))
    assert roster.people() == ("alice", "carol", "dave")
    assert roster.rooms == ("#lobby",)


def test_aRoomWithVeryManyUsersIsKnownInPart() -> None:
    roster = Roster()
    roster.eventReceived(Welcomed("#lobby", "alice", ("bob",), 5))
    assert (roster.people(), roster.count(), roster.isPartial()) == (("bob", "alice"), 7, True)
    roster.eventReceived(Joined("#lobby", AT, "carol", 8))
    roster.eventReceived(Left("#lobby", AT, "eve", Ending.QUIT, "", 7))
    roster.eventReceived(Said("#lobby", 1, AT, "dave", "hi"))
    assert roster.people() == ("bob", "alice", "carol", "dave")
    assert (roster.count(), roster.isPartial("#lobby")) == (7, True)
    roster.eventReceived(Listed("#lobby", (UserRow("bob"), UserRow("carol")), 6))
    assert (roster.people(), roster.count()) == (("bob", "carol", "alice"), 8)
    roster.eventReceived(Listed("#lobby", (UserRow("bob"), UserRow("alice"))))
    assert (roster.people(), roster.count()) == (("bob", "alice"), 2)
    assert not roster.isPartial()


def test_aRoomIsKnownInPartUntilItIsListed() -> None:
    roster = rosterIn("#lobby")
    roster.eventReceived(Said("#lobby", 1, AT, "nobody", "hi"))
    assert (roster.people(), roster.isPartial()) == (("bob", "alice"), False)
    roster.eventReceived(Changed("#lobby", AT, ("carol",), (), 9, False, 6))
    assert (len(roster.people()), roster.count(), roster.isPartial()) == (3, 9, True)
    roster.eventReceived(Changed("#lobby", AT, (), ("carol",), 8))
    assert (len(roster.people()), roster.count(), roster.isPartial()) == (2, 8, True)
    roster.eventReceived(Welcomed("#lobby", "alice", ("bob",)))
    assert (roster.count(), roster.isPartial()) == (2, False)
    assert (roster.count("#dev"), roster.isPartial("#dev")) == (0, False)


def test_theCountOfARoomIsForgottenWhenItIsLeft() -> None:
    roster = rosterIn("#lobby")
    roster.eventReceived(Entered("#dev", ("bob",), "", 9))
    assert (roster.count("#dev"), roster.isPartial("#dev")) == (11, True)
    roster.eventReceived(Parted("#dev", Ending.PARTED))
    assert (roster.count("#dev"), roster.isPartial("#dev")) == (0, False)


def test_topicsAreKnownWhileInTheRoom() -> None:
    roster = rosterIn("#lobby")
    roster.eventReceived(TopicShown("#lobby", "Tea"))
    roster.eventReceived(Entered("#dev", (), "Milk"))
    roster.eventReceived(TopicSet("#dev", AT, "bob", "Sugar"))
    assert roster.topics == {"#lobby": "Tea", "#dev": "Sugar"}
    roster.eventReceived(Parted("#dev", Ending.PARTED))
    assert roster.topics == {"#lobby": "Tea"}


def test_ourNicknameChangesInNoRoomToo() -> None:
    roster = rosterIn("#lobby")
    roster.eventReceived(Parted("#lobby", Ending.PARTED))
    roster.eventReceived(Renamed("", AT, "alice", "alicia"))
    assert roster.nick == "alicia"


def test_theLastLineOfEachRoomIsKnown() -> None:
    """It may have been heard or read."""
    roster = rosterIn("#lobby", "#dev")
    roster.eventReceived(Said("#lobby", 4, AT, "bob", "hi"))
    roster.eventReceived(Acted("#lobby", 5, AT, "bob", "waves"))
    roster.eventReceived(Recalled("#lobby", 3, AT, "bob", "from the history"))
    roster.eventReceived(Recalled("#dev", 9, AT, "bob", "from the replay"))
    roster.eventReceived(Said("#dev", 0, AT, "bob", "not kept"))
    roster.eventReceived(Recalled("#elsewhere", 7, AT, "bob", "found"))
    assert roster.lastIds == {"#lobby": 5, "#dev": 9}
    roster.eventReceived(Parted("#dev", Ending.PARTED))
    assert roster.lastIds == {"#lobby": 5}


def test_aServiceThatWasStartedAnewNumbersItsLinesAnew() -> None:
    roster = rosterIn("#lobby")
    roster.eventReceived(Said("#lobby", 40, AT, "bob", "hi"))
    roster.eventReceived(Said("#lobby", 1, AT, "bob", "hi"))
    assert roster.lastIds == {"#lobby": 1}


def test_linesBehindAGapDoNotCountBeforeItIsFilled() -> None:
    roster = rosterIn("#lobby", "#dev", lastIds={"#lobby": 5, "#old": 3})
    assert [roster.isBehind(room) for room in ("#lobby", "#dev", "#old")] == [True, False, False]
    roster.eventReceived(Recalled("#lobby", 80, AT, "bob", "from the replay"))
    roster.eventReceived(Said("#lobby", 90, AT, "bob", "hi"))
    assert roster.lastIds == {"#lobby": 5, "#old": 3}
    roster.caughtUp("#lobby", 50, isAll=False)
    assert (roster.lastIds["#lobby"], roster.isBehind("#lobby")) == (50, True)
    roster.caughtUp("#lobby", 89)
    roster.eventReceived(Said("#lobby", 90, AT, "bob", "hi"))
    assert (roster.lastIds["#lobby"], roster.isBehind("#lobby")) == (90, False)


def test_idsAreForgottenForAServiceThatWasStartedAnew() -> None:
    roster = rosterIn("#lobby", lastIds={"#lobby": 500})
    roster.beginAnew("#lobby")
    roster.eventReceived(Recalled("#lobby", 3, AT, "bob", "from the replay"))
    assert (roster.lastIds, roster.isBehind("#lobby")) == ({"#lobby": 3}, False)


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_anyEventCanBeHeard(event: Event) -> None:
    """Before the welcome and after it."""
    for roster in [Roster(), rosterIn("#lobby", "#dev")]:
        roster.eventReceived(event)
