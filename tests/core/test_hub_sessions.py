"""Tests for L{chat.core.hub}: several sessions of one user, and who is told what."""

from __future__ import annotations

import pytest

from chat.backplane.local import LocalBackplane
from chat.vocabulary.errors import IgnoresYou, NotInRoom
from chat.vocabulary.events import (
    Acted,
    Announced,
    Ending,
    Joined,
    Left,
    Noticed,
    Parted,
    Renamed,
    Said,
    Sent,
    SessionsChanged,
    Stored,
    Talking,
    Told,
)
from tests.support.doubles import ReprRendering
from tests.support.hubs import AT, LOBBY, HubStage, now

PLAIN = ReprRendering()


@pytest.fixture
def stage() -> HubStage:
    return HubStage(LocalBackplane())


# Several sessions of one.


def test_oneMoreSessionIsTheSameMember(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    session = stage.attach("alice")
    assert len(stage.hub.nicknames) == 2
    assert stage.nicks() == ("alice", "bob")
    assert stage.heard("bob") == []
    assert session.nick == "alice"


def test_theOtherSessionsAreToldThatOneHasComeAndGone(stage: HubStage) -> None:
    stage.enter("alice")
    second, third = stage.attach("alice"), stage.attach("alice")
    assert stage.heard("alice") == [repr(SessionsChanged(2)), repr(SessionsChanged(3))]
    assert second.outlet.take() == [repr(SessionsChanged(3))]
    stage.hub.detach(stage.users["alice"], second, Ending.QUIT, "")
    assert stage.heard("alice") == third.outlet.take() == [repr(SessionsChanged(2))]
    assert second.outlet.take() == []


def test_everySessionHearsEverything(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.join("alice", "#dev")
    second = stage.attach("alice")
    stage.heard("alice")
    stage.say("bob", "hello")
    stage.tell("bob", "alice", "psst")
    stage.say("alice", "to all", "#dev")
    stage.reply("alice", "yes?")
    now(stage.rename("alice", "carol"))
    heard = stage.heard("alice")
    assert heard == second.outlet.take()
    assert heard == [
        repr(Said(LOBBY, 1, AT, "bob", "hello")),
        repr(Told(AT, "bob", "alice", "psst")),
        repr(Said("#dev", 1, AT, "alice", "to all")),
        repr(Sent(AT, "alice", "bob", "yes?")),
        repr(Renamed(LOBBY, AT, "alice", "carol")),
        repr(Renamed("#dev", AT, "alice", "carol")),
    ]
    assert second.nick == second.nick == "carol"


def test_onlyTheSessionThatSaysItDoesNotHearIt(stage: HubStage) -> None:
    stage.enter("alice", rendering=PLAIN)
    second = stage.attach("alice", PLAIN)
    stage.heard("alice")
    stage.say("alice", "hello")
    assert stage.heard("alice") == []
    assert second.outlet.take() == [repr(Said(LOBBY, 1, AT, "alice", "hello"))]


def test_everySessionComesIntoARoom(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    second = stage.attach("alice")
    stage.join("bob", "#dev")
    stage.join("alice", "#dev")
    stage.heard("alice")
    stage.say("bob", "hello", "#dev")
    assert stage.heard("alice") == second.outlet.take()
    assert second.room == LOBBY


def test_whoEndsOneOfHisSessionsStays(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    alice, second = stage.users["alice"], stage.attach("alice")
    stage.heard("alice")
    first = alice.sessions[0]
    stage.hub.detach(alice, first, Ending.QUIT, "bye")
    assert stage.heard("bob") == []
    stage.say("bob", "still there?")
    stage.tell("bob", "alice", "psst")
    assert stage.heard("alice") == []
    assert len(second.outlet.take()) == 3
    assert stage.nicks() == ("alice", "bob")
    # Whose session has ended already does not leave by it.
    stage.hub.detach(alice, first, Ending.QUIT, "bye")
    assert alice.sessions == [second]


def test_whoEndsHisLastSessionLeaves(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    alice, second = stage.users["alice"], stage.attach("alice")
    stage.hub.detach(alice, alice.sessions[0], Ending.QUIT, "")
    stage.hub.detach(alice, second, Ending.KICKED, "enough", "bob")
    left = Left(LOBBY, AT, "alice", Ending.KICKED, "enough", 1, by="bob")
    assert stage.heard("bob") == [repr(left)]
    assert len(stage.hub.nicknames) == 1
    assert second.here is None


# Leaving one room.


def test_whoPartsIsToldAndSoAreTheOthers(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    for nick in ["alice", "bob"]:
        stage.join(nick, "#dev")
    stage.heard("alice")
    stage.heard("bob")
    stage.hub.part(stage.users["alice"], "#dev", text="bye")
    assert stage.heard("alice") == [repr(Parted("#dev", Ending.PARTED, "", "bye"))]
    assert stage.heard("bob") == [repr(Left("#dev", AT, "alice", Ending.PARTED, "bye", 1))]
    assert stage.nicks("#dev") == ("bob",)
    assert stage.nicks() == ("alice", "bob")
    stage.say("bob", "gone?", "#dev")
    assert stage.heard("alice") == []


def test_whoPartsFromWhereHeTalksTalksInTheNewestOfHisOtherRooms(stage: HubStage) -> None:
    stage.enter("alice")
    for room in ["#dev", "#ops"]:
        stage.join("alice", room)
    stage.hub.part(stage.users["alice"], LOBBY)
    assert stage.heard("alice") == [
        repr(Parted(LOBBY, Ending.PARTED)),
        repr(Talking("#ops")),
    ]
    assert stage.users["alice"].sessions[0].room == "#ops"


def test_whoPartsFromHisLastRoomTalksNowhere(stage: HubStage) -> None:
    stage.enter("alice")
    alice = stage.users["alice"]
    stage.hub.part(alice, LOBBY)
    assert stage.heard("alice") == [repr(Parted(LOBBY, Ending.PARTED)), repr(Talking(""))]
    assert alice.sessions[0].room == ""
    assert stage.hub.nicknames.named("alice") is alice
    stage.join("alice", "#dev")
    assert alice.sessions[0].room == "#dev"


def test_everySessionParts(stage: HubStage) -> None:
    stage.enter("alice")
    stage.join("alice", "#dev")
    alice, second = stage.users["alice"], stage.attach("alice")
    dev = stage.directory.find("#dev")
    assert dev is not None
    dev.talk(second)
    stage.heard("alice")
    second.outlet.take()
    stage.hub.part(alice, "#dev")
    parted = repr(Parted("#dev", Ending.PARTED))
    assert stage.heard("alice") == [parted]
    assert second.outlet.take() == [parted, repr(Talking(LOBBY))]


def test_whoIsPutOutOfARoomIsToldByWhom(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.join("bob", "#dev")
    stage.heard("alice")
    stage.hub.part(stage.users["alice"], LOBBY, Ending.KICKED, "enough", "bob")
    assert stage.heard("alice")[0] == repr(Parted(LOBBY, Ending.KICKED, "bob", "enough"))
    left = Left(LOBBY, AT, "alice", Ending.KICKED, "enough", 1, by="bob")
    assert stage.heard("bob") == [repr(left)]


def test_whoIsNotInARoomDoesNotPart(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.join("bob", "#dev")
    for room in ["#dev", "#nowhere"]:
        with pytest.raises(NotInRoom):
            stage.hub.part(stage.users["alice"], room)
    assert stage.nicks("#dev") == ("bob",)


def test_aRoomThatNobodyIsInIsForgotten(stage: HubStage) -> None:
    stage.enter("alice")
    stage.join("alice", "#dev")
    stage.hub.part(stage.users["alice"], "#dev")
    assert stage.directory.find("#dev") is None
    stage.leave("alice")
    assert stage.directory.find(LOBBY) is not None
    assert stage.forgotten == ["#dev"]


def test_nothingIsForgottenWhenTheServiceStops(stage: HubStage) -> None:
    stage.enter("alice")
    stage.join("alice", "#dev")
    stage.leave("alice", Ending.SHUTDOWN)
    assert stage.forgotten == []


def test_aNewNameIsToldInEachRoomAndWithoutAny(stage: HubStage) -> None:
    stage.enter("alice")
    stage.join("alice", "#dev")
    now(stage.rename("alice", "bob"))
    assert stage.heard("alice") == [
        repr(Renamed(LOBBY, AT, "alice", "bob")),
        repr(Renamed("#dev", AT, "alice", "bob")),
    ]
    for room in [LOBBY, "#dev"]:
        stage.hub.part(stage.users["alice"], room)
    stage.heard("alice")
    now(stage.rename("alice", "carol"))
    assert stage.heard("alice") == [repr(Renamed("", AT, "bob", "carol"))]


# Who does not listen.


def ignore(stage: HubStage, nick: str, whom: str) -> None:
    stage.hub.ignores.ignore(stage.users[nick], whom)


def test_whoIgnoresSomebodyHearsNothingHeSays(stage: HubStage) -> None:
    stage.enter("alice", "bob", "carol")
    second = stage.attach("alice")
    stage.heard("alice")
    ignore(stage, "alice", "bob")
    stage.say("bob", "hello")
    stage.act("bob", "waves")
    assert stage.heard("alice") == second.outlet.take() == []
    assert stage.heard("carol") == [
        repr(Said(LOBBY, 1, AT, "bob", "hello")),
        repr(Acted(LOBBY, 2, AT, "bob", "waves")),
    ]
    stage.say("carol", "me you hear")
    assert len(stage.heard("alice")) == 1


def test_whoIgnoresSomebodySeesHimComeAndGo(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    ignore(stage, "alice", "bob")
    stage.leave("bob")
    now(stage.claim("bob"))
    assert stage.heard("alice") == [
        repr(Left(LOBBY, AT, "bob", Ending.QUIT, count=1)),
        repr(Joined(LOBBY, AT, "bob", 2)),
    ]
    stage.say("bob", "it is me again")
    assert stage.heard("alice") == []


def test_whoIgnoresSomebodyIsNotToldAnythingByHim(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.tell("alice", "bob", "psst")
    ignore(stage, "alice", "bob")
    stage.heard("alice")
    stage.heard("bob")
    with pytest.raises(IgnoresYou) as raised:
        stage.tell("bob", "ALICE", "hello?")
    assert raised.value.about == "alice"
    with pytest.raises(IgnoresYou):
        stage.reply("bob", "hello?")
    assert stage.heard("alice") == stage.heard("bob") == []


def test_aNewNameIsNoWayAround(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    ignore(stage, "alice", "bob")
    now(stage.rename("bob", "rob"))
    stage.heard("alice")
    stage.say("bob", "hello")
    assert stage.heard("alice") == []
    with pytest.raises(IgnoresYou):
        stage.tell("bob", "alice", "hello?")


def test_whoHasLeftIgnoresNobody(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    ignore(stage, "alice", "bob")
    stage.leave("alice")
    assert not stage.hub.ignores.deafTo("bob")


# Everywhere.


def test_whatIsAnnouncedIsHeardByAllOnceInEachSession(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.join("alice", "#dev")
    second = stage.attach("alice")
    stage.hub.part(stage.users["bob"], LOBBY)
    for nick in ["alice", "bob"]:
        stage.heard(nick)
    second.outlet.take()
    event = Announced(AT, "carol", "tea at five")
    stage.hub.publish(event)
    assert stage.heard("alice") == stage.heard("bob") == second.outlet.take() == [repr(event)]


# What is on the disk.


def test_programsThatSaidSomethingAreToldOnceThatItIsStored(stage: HubStage) -> None:
    stage.enter("alice", "bob", "carol")
    stage.enter("dave", rendering=PLAIN)
    second = stage.attach("alice")
    stage.say("alice", "one")
    stage.say("alice", "two")
    stage.act("bob", "three")
    stage.say("dave", "four")
    for nick in stage.users:
        stage.heard(nick)
    second.outlet.take()
    stage.hub.receipts.stored(LOBBY, 4)
    stored = [repr(Stored(LOBBY, 4))]
    assert stage.heard("alice") == stage.heard("bob") == stored
    assert stage.heard("carol") == stage.heard("dave") == second.outlet.take() == []
    stage.hub.receipts.stored(LOBBY, 4)
    assert stage.heard("alice") == []


def test_whatIsStoredIsToldOfTheRoomInQuestion(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.join("alice", "#dev")
    stage.say("alice", "one")
    stage.say("alice", "two", "#dev")
    stage.heard("alice")
    stage.hub.receipts.stored("#dev", 1)
    assert stage.heard("alice") == [repr(Stored("#dev", 1))]
    stage.hub.receipts.stored("#nowhere", 1)
    stage.hub.receipts.stored(LOBBY, 1)
    assert stage.heard("alice") == [repr(Stored(LOBBY, 1))]


def test_whoHasLeftIsNotToldThatItIsStored(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    second = stage.attach("bob")
    stage.say("alice", "one")
    stage.hub.say(stage.users["bob"], LOBBY, "two", second)
    stage.leave("alice")
    stage.hub.detach(stage.users["bob"], second, Ending.QUIT, "")
    stage.heard("alice")
    second.outlet.take()
    stage.hub.receipts.stored(LOBBY, 2)
    assert stage.heard("alice") == second.outlet.take() == []


def test_whoHasPartedAndGoneIsNotToldThatItIsStored(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.say("alice", "one")
    stage.hub.part(stage.users["alice"], LOBBY)
    stage.leave("alice")
    stage.heard("alice")
    stage.hub.receipts.stored(LOBBY, 1)
    assert stage.heard("alice") == []


def test_whoHasPartedIsToldThatItIsStored(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.say("alice", "one")
    stage.hub.part(stage.users["alice"], LOBBY)
    stage.heard("alice")
    stage.hub.receipts.stored(LOBBY, 1)
    assert stage.heard("alice") == [repr(Stored(LOBBY, 1))]


def test_whatIsForOneAloneIsHeardByAllHisSessions(stage: HubStage) -> None:
    stage.enter("alice")
    second = stage.attach("alice")
    stage.heard("alice")
    stage.users["alice"].hear(Noticed("hello"))
    assert stage.heard("alice") == second.outlet.take() == [repr(Noticed("hello"))]
