"""Tests for L{chat.core.hub}, in one process."""

from __future__ import annotations

import pytest

from chat.backplane.local import LocalBackplane
from chat.vocabulary.errors import NickTaken, NickUnchanged, NobodyToReplyTo, NoSuchNick, NotInRoom
from chat.vocabulary.events import Acted, Ending, Line, Noticed, Renamed, Said, Sent, Told
from tests.support.doubles import SlowBackplane
from tests.support.hubs import AT, LOBBY, HubStage, RecordingSession, now, refusal


@pytest.fixture
def stage() -> HubStage:
    return HubStage(LocalBackplane())


@pytest.fixture
def slow() -> SlowBackplane:
    return SlowBackplane()


def test_aNicknameBelongsToOne(stage: HubStage) -> None:
    stage.enter("alice")
    error = refusal(stage.claim("ALICE"))
    assert isinstance(error, NickTaken)
    assert error.about == "ALICE"
    assert len(stage.hub.nicknames) == 1


def test_aNicknameIsFreeAsSoonAsItsOwnerLeaves(stage: HubStage) -> None:
    stage.enter("alice")
    stage.leave("alice")
    assert len(stage.hub.nicknames) == 0
    stage.enter("alice")
    assert stage.nicks() == ("alice",)


def test_leavingTwiceDoesNotFreeTheNicknameOfTheNext(stage: HubStage) -> None:
    stage.enter("alice")
    gone = stage.users["alice"]
    stage.leave("alice")
    stage.enter("alice")
    stage.hub.leave(gone, Ending.QUIT)
    assert stage.nicks() == ("alice",)
    assert isinstance(refusal(stage.claim("alice")), NickTaken)


def test_whenTheServiceStopsNobodyHearsOfEverybodyElse(stage: HubStage) -> None:
    """It would be a line for each of them, to each of them."""
    stage.enter("alice", "bob", "carol")
    stage.hub.leave(stage.users["alice"], Ending.SHUTDOWN)
    assert stage.heard("bob") == []
    assert stage.nicks() == ("bob", "carol")
    stage.hub.leave(stage.users["bob"], Ending.QUIT)
    assert len(stage.heard("carol")) == 1


def test_nobodyIsThereBeforeTheClaimIsDecided(slow: SlowBackplane) -> None:
    stage = HubStage(slow)
    first, second = stage.claim("alice"), stage.claim("Alice")
    assert len(stage.hub.nicknames) == 0
    assert stage.nicks() == ()
    slow.decide()
    assert now(first).nick == "alice"
    assert isinstance(refusal(second), NickTaken)
    assert stage.nicks() == ("alice",)


def test_whoNeverJoinedLeavesWithoutAWord(slow: SlowBackplane) -> None:
    """As one does whose connection went before the claim was decided."""
    stage = HubStage(slow)
    stage.claim("bob")
    slow.decide()
    claim = stage.hub.nicknames.claim("alice", RecordingSession())
    slow.decide()
    stage.heard("bob")
    stage.hub.leave(now(claim), Ending.CONNECTION_LOST)
    assert stage.heard("bob") == []
    assert slow.taken == {"bob"}
    assert len(stage.hub.nicknames) == 1


def test_everybodyHearsOfANewName(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    assert now(stage.rename("alice", "Carol")) is stage.users["alice"]
    assert (
        stage.heard("bob") == stage.heard("alice") == [repr(Renamed(LOBBY, AT, "alice", "Carol"))]
    )
    assert stage.nicks() == ("Carol", "bob")
    stage.enter("alice")
    assert isinstance(refusal(stage.claim("carol")), NickTaken)
    stage.say("bob", "hello")


def test_aNameIsKeptWhereTheNewOneIsTaken(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    assert isinstance(refusal(stage.rename("alice", "bob")), NickTaken)
    assert stage.nicks() == ("alice", "bob")
    assert stage.heard("bob") == []
    assert isinstance(refusal(stage.claim("alice")), NickTaken)


def test_onesOwnNameInAnotherSpelling(slow: SlowBackplane) -> None:
    """It is nobody else's, so it is decided at once, and stays one's own."""
    stage = HubStage(slow)
    stage.claim("alice")
    slow.decide()
    now(stage.rename("alice", "Alice"))
    assert stage.nicks() == ("Alice",)
    assert slow.taken == {"alice"}


def test_onesOwnName(stage: HubStage) -> None:
    stage.enter("alice")
    assert isinstance(refusal(stage.rename("alice", "alice")), NickUnchanged)
    assert stage.heard("alice") == []


def test_ofTwoWhoWantANameOneGetsIt(slow: SlowBackplane) -> None:
    stage = HubStage(slow)
    for nick in ["alice", "bob"]:
        stage.claim(nick)
    slow.decide()
    first, second = stage.rename("bob", "carol"), stage.rename("alice", "carol")
    slow.decide()
    assert now(first) is stage.users["bob"]
    assert isinstance(refusal(second), NickTaken)
    assert stage.nicks() == ("alice", "carol")
    assert slow.taken == {"alice", "carol"}


def test_theOldNameIsOnesOwnUntilTheNewOneIsDecided(slow: SlowBackplane) -> None:
    stage = HubStage(slow)
    stage.claim("alice")
    slow.decide()
    stage.rename("alice", "bob")
    late = stage.claim("alice")
    stage.say("alice", "still here")
    slow.decide()
    now(late)
    assert stage.nicks() == ("bob", "alice")


def test_whoLeavesBeforeTheNewNameIsDecidedGivesBothBack(slow: SlowBackplane) -> None:
    stage = HubStage(slow)
    for nick in ["alice", "carol"]:
        stage.claim(nick)
    slow.decide()
    renaming = stage.rename("alice", "bob")
    stage.leave("alice")
    stage.heard("carol")
    slow.decide()
    assert isinstance(refusal(renaming), NickTaken)
    assert slow.taken == {"carol"}
    assert stage.heard("carol") == []
    assert stage.nicks() == ("carol",)


def test_onlyTheOneWhoIsToldHears(stage: HubStage) -> None:
    stage.enter("alice", "bob", "carol")
    stage.tell("alice", "BOB", "psst")
    assert stage.heard("bob") == [repr(Told(AT, "alice", "bob", "psst"))]
    assert stage.heard("alice") == [repr(Sent(AT, "alice", "bob", "psst"))]
    assert stage.heard("carol") == []


def test_nobodyHasThatName(stage: HubStage) -> None:
    stage.enter("alice")
    with pytest.raises(NoSuchNick) as raised:
        stage.tell("alice", "bob", "psst")
    assert raised.value.about == "bob"


def test_aReplyGoesToTheLastOneWhoTold(stage: HubStage) -> None:
    stage.enter("alice", "bob", "carol")
    stage.tell("bob", "alice", "one")
    stage.tell("carol", "alice", "two")
    stage.heard("carol")
    stage.reply("alice", "yes?")
    assert stage.heard("carol") == [repr(Told(AT, "alice", "carol", "yes?"))]


def test_aReplyFollowsANewName(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.tell("bob", "alice", "psst")
    now(stage.rename("bob", "carol"))
    renamed = stage.outlets["bob"]
    stage.enter("bob")
    renamed.take()
    stage.reply("alice", "yes?")
    assert renamed.take() == [repr(Told(AT, "alice", "carol", "yes?"))]
    assert stage.heard("bob") == []


def test_aReplyNeverReachesSomebodyWhoTookTheNickname(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.tell("bob", "alice", "psst")
    stage.leave("bob")
    stage.enter("bob")
    with pytest.raises(NoSuchNick):
        stage.reply("alice", "for the first bob only")
    assert stage.heard("bob") == []


def test_nobodyToReplyTo(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.tell("alice", "bob", "psst")
    with pytest.raises(NobodyToReplyTo):
        stage.reply("alice", "hello?")


def test_whoIsNotInARoomSaysNothingThere(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    stage.join("bob", "#dev")
    stage.heard("bob")
    for room in ["#dev", "#nowhere"]:
        with pytest.raises(NotInRoom):
            stage.say("alice", "hello", room)
        with pytest.raises(NotInRoom):
            stage.act("alice", "waves", room)
    assert stage.heard("bob") == []


def test_oneLeavesAllHisRooms(stage: HubStage) -> None:
    stage.enter("alice", "bob")
    for nick in ["alice", "bob"]:
        stage.join(nick, "#dev")
    stage.heard("bob")
    stage.leave("alice")
    assert stage.nicks() == stage.nicks("#dev") == ("bob",)
    assert len(stage.heard("bob")) == 2


class Tape:
    """
    What is recorded.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def append(self, event: Line) -> None:
        self.lines.append(event)


def test_everyRecorderGetsEveryLineWithItsId() -> None:
    tapes = Tape(), Tape()
    stage = HubStage(LocalBackplane(), *tapes)
    stage.enter("alice", "bob")
    stage.say("alice", "one")
    stage.tell("alice", "bob", "private")
    stage.act("bob", "two")
    for tape in tapes:
        assert tape.lines == [
            Said(LOBBY, 1, AT, "alice", "one"),
            Acted(LOBBY, 2, AT, "bob", "two"),
        ]


def test_aLineWithoutANumberIsHeardAllTheSame() -> None:
    """The disk has failed for so long that there is none left that is safe to give."""
    tape = Tape()
    stage = HubStage(LocalBackplane(lambda room: 0), tape)
    stage.enter("alice", "bob")
    stage.say("alice", "hello")
    assert stage.heard("bob") == [repr(Said(LOBBY, 0, AT, "alice", "hello"))]
    assert [line.id for line in tape.lines] == [0]


def test_whatIsForOneAloneIsNotForPublishing(stage: HubStage) -> None:
    with pytest.raises(ValueError, match="not for publishing"):
        stage.hub.arrived(Noticed("hello"), None)


def test_whoHasGoneKeepsNobody(stage: HubStage) -> None:
    """Else there would be a chain of all who have ever told each other something."""
    stage.enter("alice", "bob")
    stage.tell("alice", "bob", "hello")
    bob = stage.users["bob"]
    assert bob.teller is stage.users["alice"]
    stage.leave("bob")
    assert bob.teller is None
