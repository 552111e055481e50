"""Tests for L{chat.hub}, in one process."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.logger import capturedLogs

from chat.audience import Recipient
from chat.backplane.local import LocalBackplane
from chat.errors import NickTaken, NickUnchanged, NobodyToReplyTo, NoSuchNick, NoSuchRoom
from chat.events import Acted, Ending, Line, Noticed, Person, Renamed, Said, Sent, Told
from chat.history.memory import MemoryHistory
from chat.hub import LOBBY
from tests.doubles import RecordingOutlet, SlowBackplane
from tests.hubs import AT, RENDERING, Stage, now, refusal


@pytest.fixture
def stage() -> Stage:
    return Stage(LocalBackplane())


@pytest.fixture
def slow() -> SlowBackplane:
    return SlowBackplane()


def test_aNicknameBelongsToOne(stage: Stage) -> None:
    stage.enter("alice")
    error = refusal(stage.claim("ALICE"))
    assert isinstance(error, NickTaken)
    assert error.about == "ALICE"
    assert len(stage.hub) == 1


def test_aNicknameIsFreeAsSoonAsItsOwnerLeaves(stage: Stage) -> None:
    stage.enter("alice")
    stage.leave("alice")
    assert len(stage.hub) == 0
    stage.enter("alice")
    assert stage.hub.nicks(LOBBY) == ("alice",)


def test_leavingTwiceDoesNotFreeTheNicknameOfTheNext(stage: Stage) -> None:
    stage.enter("alice")
    gone = stage.members["alice"]
    stage.leave("alice")
    stage.enter("alice")
    stage.hub.leave(gone, Ending.QUIT)
    assert stage.hub.nicks(LOBBY) == ("alice",)
    assert isinstance(refusal(stage.claim("alice")), NickTaken)


def test_whenTheServiceStopsNobodyHearsOfEverybodyElse(stage: Stage) -> None:
    """It would be a line for each of them, to each of them."""
    stage.enter("alice", "bob", "carol")
    stage.hub.leave(stage.members["alice"], Ending.SHUTDOWN)
    assert stage.heard("bob") == []
    assert stage.hub.nicks(LOBBY) == ("bob", "carol")
    stage.hub.leave(stage.members["bob"], Ending.QUIT)
    assert len(stage.heard("carol")) == 1


def test_nobodyIsThereBeforeTheClaimIsDecided(slow: SlowBackplane) -> None:
    stage = Stage(slow)
    first, second = stage.claim("alice"), stage.claim("Alice")
    assert len(stage.hub) == 0
    assert stage.hub.nicks(LOBBY) == ()
    slow.decide()
    assert now(first).nick == "alice"
    assert isinstance(refusal(second), NickTaken)
    assert stage.hub.nicks(LOBBY) == ("alice",)


def test_whoNeverJoinedLeavesWithoutAWord(slow: SlowBackplane) -> None:
    """As one does whose connection went before the claim was decided."""
    stage = Stage(slow)
    stage.claim("bob")
    slow.decide()
    claim = stage.hub.claim("alice", Recipient(RecordingOutlet(), RENDERING))
    slow.decide()
    stage.heard("bob")
    stage.hub.leave(now(claim), Ending.CONNECTION_LOST)
    assert stage.heard("bob") == []
    assert slow.taken == {"bob"}
    assert len(stage.hub) == 1


def test_everybodyHearsOfANewName(stage: Stage) -> None:
    stage.enter("alice", "bob")
    assert now(stage.rename("alice", "Carol")) is stage.members["alice"]
    assert (
        stage.heard("bob") == stage.heard("alice") == [repr(Renamed(LOBBY, AT, "alice", "Carol"))]
    )
    assert stage.hub.nicks(LOBBY) == ("Carol", "bob")
    stage.enter("alice")
    assert isinstance(refusal(stage.claim("carol")), NickTaken)
    stage.hub.say(stage.members["bob"], LOBBY, "hello", stage.author("bob"))


def test_aNameIsKeptWhereTheNewOneIsTaken(stage: Stage) -> None:
    stage.enter("alice", "bob")
    assert isinstance(refusal(stage.rename("alice", "bob")), NickTaken)
    assert stage.hub.nicks(LOBBY) == ("alice", "bob")
    assert stage.heard("bob") == []
    assert isinstance(refusal(stage.claim("alice")), NickTaken)


def test_onesOwnNameInAnotherSpelling(slow: SlowBackplane) -> None:
    """It is nobody else's, so it is decided at once, and stays one's own."""
    stage = Stage(slow)
    stage.claim("alice")
    slow.decide()
    now(stage.rename("alice", "Alice"))
    assert stage.hub.nicks(LOBBY) == ("Alice",)
    assert slow.taken == {"alice"}


def test_onesOwnName(stage: Stage) -> None:
    stage.enter("alice")
    assert isinstance(refusal(stage.rename("alice", "alice")), NickUnchanged)
    assert stage.heard("alice") == []


def test_ofTwoWhoWantANameOneGetsIt(slow: SlowBackplane) -> None:
    stage = Stage(slow)
    for nick in ["alice", "bob"]:
        stage.claim(nick)
    slow.decide()
    first, second = stage.rename("bob", "carol"), stage.rename("alice", "carol")
    slow.decide()
    assert now(first) is stage.members["bob"]
    assert isinstance(refusal(second), NickTaken)
    assert stage.hub.nicks(LOBBY) == ("alice", "carol")
    assert slow.taken == {"alice", "carol"}


def test_theOldNameIsOnesOwnUntilTheNewOneIsDecided(slow: SlowBackplane) -> None:
    stage = Stage(slow)
    stage.claim("alice")
    slow.decide()
    stage.rename("alice", "bob")
    late = stage.claim("alice")
    stage.say("alice", "still here")
    slow.decide()
    now(late)
    assert stage.hub.nicks(LOBBY) == ("bob", "alice")


def test_whoLeavesBeforeTheNewNameIsDecidedGivesBothBack(slow: SlowBackplane) -> None:
    stage = Stage(slow)
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
    assert stage.hub.nicks(LOBBY) == ("carol",)


def test_onlyTheOneWhoIsToldHears(stage: Stage) -> None:
    stage.enter("alice", "bob", "carol")
    stage.tell("alice", "BOB", "psst")
    assert stage.heard("bob") == [repr(Told(AT, "alice", "bob", "psst"))]
    assert stage.heard("alice") == [repr(Sent(AT, "alice", "bob", "psst"))]
    assert stage.heard("carol") == []


def test_nobodyHasThatName(stage: Stage) -> None:
    stage.enter("alice")
    with pytest.raises(NoSuchNick) as raised:
        stage.tell("alice", "bob", "psst")
    assert raised.value.about == "bob"


def test_aReplyGoesToTheLastOneWhoTold(stage: Stage) -> None:
    stage.enter("alice", "bob", "carol")
    stage.tell("bob", "alice", "one")
    stage.tell("carol", "alice", "two")
    stage.heard("carol")
    stage.reply("alice", "yes?")
    assert stage.heard("carol") == [repr(Told(AT, "alice", "carol", "yes?"))]


def test_aReplyFollowsANewName(stage: Stage) -> None:
    stage.enter("alice", "bob")
    stage.tell("bob", "alice", "psst")
    now(stage.rename("bob", "carol"))
    renamed = stage.outlets["bob"]
    stage.enter("bob")
    renamed.take()
    stage.reply("alice", "yes?")
    assert renamed.take() == [repr(Told(AT, "alice", "carol", "yes?"))]
    assert stage.heard("bob") == []


def test_aReplyNeverReachesSomebodyWhoTookTheNickname(stage: Stage) -> None:
    stage.enter("alice", "bob")
    stage.tell("bob", "alice", "psst")
    stage.leave("bob")
    stage.enter("bob")
    with pytest.raises(NoSuchNick):
        stage.reply("alice", "for the first bob only")
    assert stage.heard("bob") == []


def test_nobodyToReplyTo(stage: Stage) -> None:
    stage.enter("alice", "bob")
    stage.tell("alice", "bob", "psst")
    with pytest.raises(NobodyToReplyTo):
        stage.reply("alice", "hello?")


def test_whoIsNotInARoomSaysNothingThere(stage: Stage) -> None:
    stage.enter("alice", "bob")
    stage.hub.join(stage.members["bob"], "#dev")
    stage.heard("bob")
    for room in ["#dev", "#nowhere"]:
        with pytest.raises(NoSuchRoom):
            stage.hub.say(stage.members["alice"], room, "hello", stage.author("alice"))
        with pytest.raises(NoSuchRoom):
            stage.hub.act(stage.members["alice"], room, "waves", stage.author("alice"))
    assert stage.heard("bob") == []


def test_oneLeavesAllHisRooms(stage: Stage) -> None:
    stage.enter("alice", "bob")
    for nick in ["alice", "bob"]:
        stage.hub.join(stage.members[nick], "#dev")
    stage.heard("bob")
    stage.leave("alice")
    assert stage.hub.nicks(LOBBY) == stage.hub.nicks("#dev") == ("bob",)
    assert len(stage.heard("bob")) == 2


def test_aRoomThatIsNot(stage: Stage) -> None:
    with pytest.raises(NoSuchRoom) as raised:
        stage.hub.people("#dev")
    assert raised.value.about == "#dev"


def test_aLineEndsIdling(stage: Stage) -> None:
    stage.clock.advance(5)
    stage.enter("alice")
    stage.clock.advance(100)
    assert stage.hub.people(LOBBY) == (Person("alice", 100),)
    stage.hub.touch(stage.members["alice"])
    assert stage.hub.people(LOBBY) == (Person("alice", 0),)


def test_everyLineIsRecordedWithItsId() -> None:
    history = MemoryHistory()
    stage = Stage(LocalBackplane(), history)
    stage.enter("alice", "bob")
    stage.say("alice", "one")
    stage.tell("alice", "bob", "private")
    stage.hub.act(stage.members["bob"], LOBBY, "two", stage.author("bob"))
    kept: list[object] = []
    history.recent(LOBBY, 10).addCallback(kept.extend)
    assert kept == [Said(LOBBY, 1, AT, "alice", "one"), Acted(LOBBY, 2, AT, "bob", "two")]


def test_aLineThatIsNotKeptIsHeardAllTheSame() -> None:
    class Forgetful:
        def append(self, event: Line) -> Deferred[None]:
            return fail(OSError("no space left"))

    stage = Stage(LocalBackplane(), Forgetful())
    stage.enter("alice")
    with capturedLogs() as logged:
        stage.say("alice", "hello")
    assert len(stage.heard("alice")) == 1
    [event] = logged
    assert (event["id"], event["room"]) == (1, LOBBY)


def test_whatIsForOneAloneIsNotForPublishing(stage: Stage) -> None:
    with pytest.raises(ValueError, match="not for publishing"):
        stage.hub.arrived(Noticed("hello"), None)
