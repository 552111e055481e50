"""Tests for L{chat.delivery.audience}: recipients that do not hear the same as the others."""

from __future__ import annotations

import pytest

from chat.delivery.audience import FLUSH_SIZE, Audience, Recipient
from chat.vocabulary.events import Acted, Ending, Left, Noticed, Said
from tests.support.audiences import AudienceStage, said
from tests.support.doubles import RecordingOutlet, ReprRendering, endOfTurn
from tests.support.hubs import AT


def line(name: str, text: str, room: str = "#lobby") -> bytes:
    """
    @return: How a line reads in the rendering of that name.
    """
    return f"{name}{said(text, room)!r}\r\n".encode()


# Deaf recipients.


def test_aDeafRecipientHearsTheOthersOnly() -> None:
    stage = AudienceStage()
    deaf, own = stage.listener()
    _, others = stage.listener()
    lines = [stage.say("a"), stage.say("b", None, deaf), stage.say("c")]
    stage.endTurn()
    assert own == [lines[0] + lines[2]]
    assert others == [b"".join(lines)]


def test_aDeafRecipientHearsTheNextTurn() -> None:
    stage = AudienceStage()
    deaf, own = stage.listener()
    stage.say("a", None, deaf)
    stage.endTurn()
    heard = stage.say("b")
    stage.endTurn()
    assert own == [heard]


def test_neitherTheSenderNorTheDeafHear() -> None:
    stage = AudienceStage()
    sender, sent = stage.listener()
    deaf, deafs = stage.listener()
    echoing, echoes = stage.listener(ReprRendering("echo ", "echoesOwn"))
    text = stage.say("a", sender, deaf, echoing)
    mine = stage.say("b", echoing, deaf)
    stage.endTurn()
    assert sent == [mine]
    assert deafs == []
    assert echoes == [b"echo " + mine]
    assert text != mine


def test_aDeafRecipientFromElsewhereSilencesNoOther() -> None:
    stage = AudienceStage()
    stranger, _ = stage.recipient()
    _, writes = stage.listener()
    text = stage.say("a", None, stranger)
    stage.endTurn()
    assert writes == [text]


def test_aDeafRecipientIsWrittenToAloneInOrder() -> None:
    stage = AudienceStage()
    deaf, own = stage.listener()
    before = stage.say("before")
    stage.say("unheard", None, deaf)
    deaf.hear(Noticed("alone"))
    stage.say("unheard, too", None, deaf)
    after = stage.say("after")
    stage.endTurn()
    assert own == [before, b"Noticed(text='alone')\r\n", after]


# Recipients that want a bell.


class Ringing(AudienceStage):
    """
    An audience with a recipient that wants a bell when it is called.
    """

    def __init__(self) -> None:
        super().__init__()
        self.chosen = ReprRendering("bell ")
        self.chosen.ringing = ReprRendering("ring ")
        self.alice, self.writes = self.listener(self.chosen, "alice")


@pytest.mark.parametrize(
    ("text", "rings"),
    [
        ("alice: are you there?", True),
        ("hello, ALICE!", True),
        ("问alice吧", True),
        ("hello", False),
        ("malice", False),
        ("alice2 is somebody else", False),
    ],
)
def test_aRecipientThatIsCalledHearsABell(text: str, rings: bool) -> None:
    stage = Ringing()
    _, others = stage.listener()
    stage.say(text)
    stage.endTurn()
    assert stage.writes == [line("ring " if rings else "bell ", text)]
    assert others == [line("", text)]


def test_aBellRingsInItsPlace() -> None:
    """After what has been said before, in the same turn or not."""
    stage = Ringing()
    _, others = stage.listener()
    for text in ["one", "alice!", "two", "alice?", "three"]:
        stage.say(text)
    stage.endTurn()
    assert b"".join(stage.writes) == b"".join(
        [
            line("bell ", "one"),
            line("ring ", "alice!"),
            line("bell ", "two"),
            line("ring ", "alice?"),
            line("bell ", "three"),
        ]
    )
    assert len(others) == 1


def test_actionsRingAsLinesDo() -> None:
    stage = Ringing()
    acted = Acted("#lobby", 1, AT, "bob", "waves to alice")
    stage.audience.deliver(acted)
    stage.endTurn()
    assert stage.writes == [f"ring {acted!r}\r\n".encode()]


def test_onlyLinesRing() -> None:
    stage = Ringing()
    left = Left("#lobby", AT, "bob", Ending.QUIT, "alice made me")
    stage.audience.deliver(left)
    stage.endTurn()
    assert stage.writes == [f"bell {left!r}\r\n".encode()]


def test_aSenderDoesNotRingItself() -> None:
    stage = Ringing()
    stage.say("I am alice", stage.alice)
    stage.endTurn()
    assert stage.writes == []


def test_anIgnoredSenderDoesNotRing() -> None:
    stage = Ringing()
    stage.say("alice!", None, stage.alice)
    stage.endTurn()
    assert stage.writes == []


def test_aSenderThatEchoesRingsItself() -> None:
    """A program that wants bells gets what it asks for."""
    stage = AudienceStage()
    chosen = ReprRendering("echo ", "echoesOwn")
    chosen.ringing = ReprRendering("ring ")
    alice, writes = stage.listener(chosen, "alice")
    stage.say("alice!", alice)
    stage.endTurn()
    assert writes == [line("ring ", "alice!")]


def test_aNewNameIsCalledInsteadOfTheOldOne() -> None:
    stage = Ringing()
    stage.alice.nick = "carol"
    stage.say("alice!")
    stage.say("carol!")
    stage.endTurn()
    assert b"".join(stage.writes) == line("bell ", "alice!") + line("ring ", "carol!")


def test_aRecipientWithoutANicknameIsNotCalled() -> None:
    stage = Ringing()
    stage.alice.nick = ""
    stage.say("")
    stage.say("hello")
    stage.endTurn()
    assert stage.writes == [line("bell ", "") + line("bell ", "hello")]


def test_aBellMayBeTurnedOff() -> None:
    stage = Ringing()
    stage.alice.choose(ReprRendering("plain "))
    stage.say("alice!")
    stage.alice.choose(stage.chosen)
    stage.say("alice?")
    stage.endTurn()
    assert b"".join(stage.writes) == line("plain ", "alice!") + line("ring ", "alice?")


def test_aRecipientThatHasGoneIsNotCalled() -> None:
    stage = Ringing()
    stage.audience.remove(stage.alice)
    stage.say("alice!")
    stage.endTurn()
    assert stage.writes == []


def test_aBellAmongMuch() -> None:
    """What is written in the middle of a turn is not counted for its end."""
    stage = Ringing()
    stage.say("x" * (FLUSH_SIZE // 2))
    stage.say("alice!")
    stage.say("y" * (FLUSH_SIZE // 2))
    stage.say("last")
    stage.endTurn()
    texts = ["x" * (FLUSH_SIZE // 2), "alice!", "y" * (FLUSH_SIZE // 2), "last"]
    names = ["bell ", "ring ", "bell ", "bell "]
    assert b"".join(stage.writes) == b"".join(map(line, names, texts))


# Recipients that are elsewhere.


class Rooms(AudienceStage):
    """
    Two audiences, and a recipient that is in both and talks in the first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.there = Audience(endOfTurn(self.clock))
        rendering = ReprRendering("here ")
        rendering.elsewhere = ReprRendering("elsewhere ")
        rendering.ringing = ReprRendering("ring here ")
        rendering.elsewhere.ringing = ReprRendering("ring elsewhere ")
        outlet = RecordingOutlet()
        self.alice, self.writes = Recipient(outlet, rendering, "alice"), outlet.writes
        self.alice.here = self.audience
        self.audience.add(self.alice)
        self.there.add(self.alice)

    def sayThere(self, text: str) -> None:
        self.there.deliver(said(text, "#dev"))

    def heard(self) -> bytes:
        self.endTurn()
        data = b"".join(self.writes)
        self.writes.clear()
        return data


def test_elsewhereReadsDifferently() -> None:
    """A room in which one does not talk is told apart from the room one talks in."""
    stage = Rooms()
    stage.sayThere("there")
    assert stage.heard() == line("elsewhere ", "there", "#dev")
    stage.say("here")
    assert stage.heard() == line("here ", "here")
    stage.there.remove(stage.alice)
    stage.sayThere("missed")
    assert stage.heard() == b""


def test_aBellFromElsewhereReadsDifferently() -> None:
    stage = Rooms()
    stage.sayThere("alice!")
    assert stage.heard() == line("ring elsewhere ", "alice!", "#dev")
    stage.say("alice!")
    assert stage.heard() == line("ring here ", "alice!")


def test_theRoomInWhichTheUserTalksIsHere() -> None:
    stage = Rooms()
    stage.alice.talkIn(stage.there)
    stage.say("a")
    assert stage.heard() == line("elsewhere ", "a")
    stage.sayThere("b")
    assert stage.heard() == line("here ", "b", "#dev")
    assert stage.alice.here is stage.there


def test_whatWasSaidBeforeSwitchingReadsAsItDidThen() -> None:
    stage = Rooms()
    stage.say("a")
    stage.sayThere("b")
    stage.alice.talkIn(stage.there)
    before = b"".join(stage.writes)
    assert before == line("here ", "a") + line("elsewhere ", "b", "#dev")
    stage.sayThere("c")
    assert stage.heard() == before + line("here ", "c", "#dev")


def test_switchingToTheSameRoomChangesNothing() -> None:
    stage = Rooms()
    stage.say("a")
    stage.alice.talkIn(stage.audience)
    assert stage.writes == []
    assert stage.heard() == line("here ", "a")


def test_oneMayTalkNowhere() -> None:
    stage = Rooms()
    stage.alice.talkIn(None)
    stage.say("a")
    assert stage.heard() == line("elsewhere ", "a")
    stage.alice.talkIn(stage.audience)
    stage.say("b")
    assert stage.heard() == line("here ", "b")


def test_aRoomMayBeSwitchedToBeforeItIsEntered() -> None:
    """It is here as soon as it is entered."""
    stage = Rooms()
    third = Audience(endOfTurn(stage.clock))
    stage.alice.talkIn(third)
    stage.say("a")
    third.add(stage.alice)
    third.deliver(Said("#third", 1, AT, "bob", "b"))
    data = stage.heard()
    assert line("elsewhere ", "a") in data
    assert b"here Said(room='#third'" in data


def test_aNewRenderingHoldsInEveryRoom() -> None:
    stage = Rooms()
    rendering = ReprRendering("new ")
    rendering.elsewhere = ReprRendering("new elsewhere ")
    stage.say("before")
    stage.alice.choose(rendering)
    stage.say("after")
    stage.sayThere("there")
    assert stage.heard() == (
        line("here ", "before") + line("new ", "after") + line("new elsewhere ", "there", "#dev")
    )


def test_aRecipientThatWithdrawsHearsNoMoreOfAnyRoom() -> None:
    stage = Rooms()
    stage.say("before")
    stage.sayThere("before, too")
    stage.alice.withdraw()
    before = line("here ", "before") + line("elsewhere ", "before, too", "#dev")
    assert b"".join(stage.writes) == before
    stage.say("after")
    stage.sayThere("after")
    assert stage.heard() == before
    assert stage.alice.here is None
    assert stage.alice not in stage.audience
    stage.alice.hear(Noticed("alone"))
    assert stage.writes == [b"here Noticed(text='alone')\r\n"]


def test_whatIsToldAloneFollowsWhatAllRoomsHaveHeard() -> None:
    stage = Rooms()
    stage.say("a")
    stage.sayThere("b")
    stage.alice.hearAll([Noticed("one"), Noticed("two")], stage.alice.rendering.elsewhere)
    assert stage.writes == [
        line("here ", "a"),
        line("elsewhere ", "b", "#dev"),
        b"elsewhere Noticed(text='one')\r\nelsewhere Noticed(text='two')\r\n",
    ]


def test_whereThereIsNothingToTellNothingIsWritten() -> None:
    stage = AudienceStage()
    recipient, own = stage.listener(ReprRendering(silentAbout=(Noticed,)))
    stage.say("a")
    recipient.hear(Noticed("silent"))
    recipient.hearAll([], recipient.rendering)
    assert own == []
