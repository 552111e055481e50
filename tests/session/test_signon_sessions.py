"""Tests for L{chat.session.signon}: an account may have several sessions, and is one user."""

from __future__ import annotations

import pytest

from chat.vocabulary.events import (
    Closed,
    Done,
    Ending,
    Entered,
    Greeted,
    Left,
    Listed,
    NickAsked,
    Parted,
    Renamed,
    Said,
    Sent,
    SessionsChanged,
    Talking,
    Told,
    UserRow,
    Welcomed,
)
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage

LOGGED_IN = Done("logged-in", "alice")


@pytest.fixture
def stage() -> SessionStage:
    """
    One in which alice has an account.
    """
    stage = SessionStage(replay=0, operators=["carol"])
    stage.registered("alice").says("/quit")
    return stage


# Several sessions of one user.


def test_oneAccountIsOneMember(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user()
    assert second.hears(f"/login alice {PASSWORD}") == [
        LOGGED_IN,
        Welcomed("#lobby", "alice", ("bob",)),
    ]
    assert first.heard() == [SessionsChanged(2)]
    assert bob.heard() == []
    assert bob.hears("/who") == [Listed("#lobby", (UserRow("alice"), UserRow("bob")))]
    assert len(stage.hub.nicknames) == 2


def test_theGreetingCountsMembers(stage: SessionStage) -> None:
    for _ in range(2):
        stage.user("alice", PASSWORD)
    visitor = stage.connect()
    visitor.session.opened()
    assert visitor.heard() == [Greeted("tcpchat", 1), NickAsked()]


def test_everySessionHearsEverything(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    bob.says("hello", "/msg alice psst")
    assert (
        first.heard()
        == second.heard()
        == [Said("#lobby", 1, AT, "bob", "hello"), Told(AT, "bob", "alice", "psst")]
    )


def test_aSessionHearsWhatTheOtherSays(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    second.says("hello", "/msg bob psst")
    said, sent = Said("#lobby", 1, AT, "alice", "hello"), Sent(AT, "alice", "bob", "psst")
    assert first.heard() == [said, sent]
    assert second.heard() == [sent]
    assert bob.heard() == [said, Told(AT, "alice", "bob", "psst")]


def test_aSessionComesIntoAllRoomsOfItsMember(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    bob.says("/join #dev", "/topic tools")
    first.says("/join #dev")
    second = stage.user("/format json")
    assert second.hears(f"/login alice {PASSWORD}")[1:] == [
        Welcomed("#lobby", "alice", ("bob",)),
        Listed("#lobby", (UserRow("alice"), UserRow("bob"))),
        Entered("#dev", ("bob",), "tools"),
        Listed("#dev", (UserRow("bob"), UserRow("alice"))),
    ]
    stage.forget()
    bob.says("hello")
    assert second.heard() == [Said("#dev", 1, AT, "bob", "hello")]


def test_eachSessionTalksWhereItWants(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    assert first.hears("/join #dev") == [Entered("#dev"), Talking("#dev")]
    assert second.heard() == [Entered("#dev")]
    bob.says("/join #dev")
    stage.forget()
    first.says("here")
    second.says("there")
    assert bob.heard() == [
        Said("#dev", 1, AT, "alice", "here"),
        Said("#lobby", 1, AT, "alice", "there"),
    ]
    assert second.hears("/room #dev") == [Talking("#dev")]


def test_aRoomIsLeftByAllSessions(stage: SessionStage) -> None:
    first = stage.user("alice", PASSWORD, "/join #dev")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    assert first.hears("/part #dev") == [Parted("#dev", Ending.PARTED), Talking("#lobby")]
    assert second.heard() == [Parted("#dev", Ending.PARTED)]


def test_theFirstSessionHearsThatTheSecondBringsItIn(stage: SessionStage) -> None:
    first = stage.user("/format json", "alice", PASSWORD, "/part")
    second = stage.user()
    first.heard()
    assert second.hears(f"/login alice {PASSWORD}") == [LOGGED_IN, Welcomed("#lobby", "alice")]
    assert first.heard() == [
        SessionsChanged(2),
        Entered("#lobby"),
        Talking("#lobby"),
        Listed("#lobby", (UserRow("alice"),)),
    ]
    assert first.hears("hello") == [Said("#lobby", 1, AT, "alice", "hello")]


def test_whoIsNowhereTalksWhereAnotherSessionGoes(stage: SessionStage) -> None:
    first = stage.user("alice", PASSWORD)
    second = stage.user(f"/login alice {PASSWORD}", "/part")
    stage.forget()
    first.says("/join #dev")
    assert second.heard() == [Entered("#dev"), Talking("#dev")]


def test_oneOfTwoMayQuit(stage: SessionStage) -> None:
    first, [bob] = stage.user("alice", PASSWORD), stage.users("bob")
    second = stage.user(f"/login alice {PASSWORD}")
    stage.forget()
    assert first.hears("/quit bye") == [Closed(Ending.QUIT)]
    assert second.heard() == [SessionsChanged(1)]
    assert bob.heard() == []
    second.says("hello")
    assert bob.heard() == [Said("#lobby", 1, AT, "alice", "hello")]
    assert first.heard() == []
    second.says("/quit bye")
    assert bob.heard() == [Left("#lobby", AT, "alice", Ending.QUIT, "bye", 1)]


def test_allSessionsHaveTheSameNickname(stage: SessionStage) -> None:
    first = stage.user("alice", PASSWORD)
    second = stage.user(f"/login alice {PASSWORD}")
    first.heard()
    assert second.hears("/nick robert") == [Renamed("#lobby", AT, "alice", "robert")]
    assert first.heard() == [Renamed("#lobby", AT, "alice", "robert")]
    third = stage.user()
    assert third.hears(f"/login alice {PASSWORD}") == [
        Done("logged-in", "alice"),
        Welcomed("#lobby", "robert"),
    ]
