"""Tests for L{chat.session.session}: what a front door may know of a user from the start."""

from __future__ import annotations

from typing import Any

import pytest

from chat.session.session import Session
from chat.vocabulary.commands import Act, Say
from chat.vocabulary.errors import NotUTF8
from chat.vocabulary.events import (
    Acted,
    Done,
    Ending,
    Greeted,
    Listed,
    NickAsked,
    Refused,
    Said,
    UserRow,
    Welcomed,
)
from chat.vocabulary.style import Style
from tests.support.doubles import RecordingDoor, RecordingOutlet
from tests.support.hubs import AT, LOBBY
from tests.support.servers import PlainAuthenticator
from tests.support.visitors import Stage, events


class Arrival:
    """
    A session whose door knows something of its user.
    """

    def __init__(self, stage: Stage, style: Style | None = None, room: str = "") -> None:
        self._clock = stage.clock
        self._outlet = RecordingOutlet()
        self.door = RecordingDoor()
        self.session = Session(stage.server, self.door, self._outlet, style, room)

    def opened(self, **known: Any) -> list[str]:
        self.session.opened(**known)
        return self.heard()[1:]

    def heard(self) -> list[str]:
        self._clock.advance(0)
        return self._outlet.take()


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    assert isinstance(stage.server.authenticator, PlainAuthenticator)
    return stage


def test_aDoorIntroducesANickname(stage: Stage) -> None:
    arrival = Arrival(stage)
    assert arrival.opened(nick="alice") == events(Welcomed(LOBBY, "alice"))
    assert arrival.session.isRegistered


def test_anIntroducedNicknameThatIsTakenIsRefused(stage: Stage) -> None:
    stage.visitor("alice")
    arrival = Arrival(stage)
    assert arrival.opened(nick="Alice") == events(Refused("nick-taken", "Alice"))
    assert not arrival.session.isRegistered


def test_anIntroducedNicknameWithAnAccountWantsThePassword(stage: Stage) -> None:
    stage.server.accounts.create("alice", "drowssap")
    arrival = Arrival(stage)
    arrival.opened(nick="alice")
    assert not arrival.session.isRegistered
    assert arrival.session.expectsPassword


def test_aDoorVouchesForAnAccount(stage: Stage) -> None:
    stage.server.accounts.create("Alice", "drowssap")
    arrival = Arrival(stage)
    assert arrival.opened(account="alice") == events(
        Done("logged-in", "Alice"), Welcomed(LOBBY, "Alice")
    )


def test_vouchingForNoAccountIsRefused(stage: Stage) -> None:
    arrival = Arrival(stage)
    assert arrival.opened(account="alice") == events(Refused("no-such-account", "alice"))
    assert not arrival.session.isRegistered


def test_anAccountThatIsHereGetsOneMoreSession(stage: Stage) -> None:
    stage.server.accounts.create("alice", "drowssap")
    first, second = Arrival(stage), Arrival(stage)
    first.opened(account="alice")
    second.opened(account="alice")
    assert len(stage.hub.nicknames) == 1
    second.session.perform(Say("hello"))
    assert first.heard()[-1:] == events(Said(LOBBY, 1, AT, "alice", "hello"))


def test_aDoorPicksTheFirstStyle(stage: Stage) -> None:
    arrival = Arrival(stage, Style("json", "zh_CN"))
    assert arrival.opened() == ["json zh_CN " + events(NickAsked())[0]]


def test_aDoorPicksTheFirstRoom(stage: Stage) -> None:
    arrival = Arrival(stage, room="#Garden")
    assert arrival.opened(nick="alice") == events(Welcomed("#garden", "alice"))
    arrival.session.perform(Act("waves"))
    assert stage.hub.directory.find(LOBBY).nicks == ()  # type: ignore[union-attr]


def test_aSecondSessionBeginsInTheRoomOfItsDoor(stage: Stage) -> None:
    stage.server.accounts.create("alice", "drowssap")
    first, second = Arrival(stage), Arrival(stage, room="#garden")
    first.opened(account="alice")
    second.opened(account="alice")
    second.session.perform(Act("waves"))
    assert first.heard()[-1:] == events(Acted("#garden", 1, AT, "alice", "waves"))
    assert stage.hub.directory.find(LOBBY).nicks == ("alice",)  # type: ignore[union-attr]


def test_aFirstRoomThatIsLockedIsRefused(stage: Stage) -> None:
    bob = stage.visitor("bob", "/join #garden", "/mode key sesame")
    arrival = Arrival(stage, room="#garden")
    assert arrival.opened(nick="alice") == events(
        Refused("key-needed", "#garden"), Welcomed(LOBBY, "alice", ("bob",))
    )
    assert not any("alice" in line and "#garden" in line for line in bob.heard())


def test_aFirstRoomThatIsNoNameIsRefused(stage: Stage) -> None:
    arrival = Arrival(stage, room="garden party")
    arrival.session.opened(nick="alice")
    heard = arrival.heard()
    assert heard[0].startswith("Refused(code='room-invalid'")
    assert heard[2:] == events(Welcomed(LOBBY, "alice"))


def test_aDoorMayRefuseWhatItCannotRead(stage: Stage) -> None:
    arrival = Arrival(stage)
    arrival.opened(nick="alice")
    arrival.session.refuse(NotUTF8())
    assert arrival.heard() == events(Refused("not-utf8"))


def test_everythingCompleteRenewsTheIdleLimit() -> None:
    stage = Stage(idleTimeout=100.0)
    arrival = Arrival(stage, Style("json"))
    arrival.opened(nick="alice")
    stage.clock.advance(90)
    arrival.session.touch()
    stage.clock.advance(40)
    assert arrival.session.reason == ""
    stage.clock.advance(60)
    assert arrival.session.reason == Ending.IDLE_TIMEOUT


def test_aProgramIsToldWhoIsInTheFirstRoom(stage: Stage) -> None:
    arrival = Arrival(stage, Style("json"))
    [welcomed, listed] = arrival.opened(nick="alice")
    assert Greeted.__name__ not in welcomed
    assert listed == "json en " + events(Listed(LOBBY, (UserRow("alice", 0, False),), 0))[0]


def test_aLineEndsIdlingOfItsSessionAndOfTheUser(stage: Stage) -> None:
    stage.server.accounts.create("alice", "drowssap")
    first, second = Arrival(stage), Arrival(stage)
    first.opened(account="alice")
    second.opened(account="alice")
    stage.clock.advance(100)
    second.session.perform(Act("waves"))
    stage.clock.advance(50)
    alice = stage.hub.nicknames.named("alice")
    assert [session.active for session in alice.sessions] == [0, 100]
    room = stage.hub.directory.find(LOBBY)
    assert room is not None
    assert room.people(stage.clock.seconds()) == (UserRow("alice", 50),)
