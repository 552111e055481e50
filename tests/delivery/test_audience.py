"""Tests for L{chat.delivery.audience}: which recipients hear what, and when."""

from __future__ import annotations

from chat.delivery.audience import FLUSH_SIZE
from chat.vocabulary.events import Noticed, Said
from tests.support.audiences import AudienceStage, said
from tests.support.doubles import ReprRendering


def test_eachRenderingEncodesAnEventOnce() -> None:
    stage = AudienceStage()
    other = ReprRendering("other ")
    for rendering in [stage.rendering, stage.rendering, other, other, other]:
        stage.listener(rendering)
    stage.say("hello")
    stage.endTurn()
    assert stage.rendering.rendered == [said("hello")]
    assert other.rendered == [said("hello")]


def test_withoutRecipientsNothingIsEncoded() -> None:
    stage = AudienceStage()
    recipient, _ = stage.listener()
    stage.audience.remove(recipient)
    stage.say("hello")
    assert stage.rendering.rendered == []
    assert stage.clock.getDelayedCalls() == []


def test_oneWriteForAllEventsOfATurn() -> None:
    stage = AudienceStage()
    _, first = stage.listener()
    _, second = stage.listener()
    expected = b"".join([stage.say(str(number)) for number in range(100)])
    assert first == second == []
    stage.endTurn()
    assert first == second == [expected]


def test_oneCallForTheEndOfATurn() -> None:
    stage = AudienceStage()
    stage.listener()
    for number in range(3):
        stage.say(str(number))
        assert len(stage.clock.getDelayedCalls()) == 1


def test_everyTurnWritesItsOwn() -> None:
    stage = AudienceStage()
    _, writes = stage.listener()
    first = stage.say("one")
    stage.endTurn()
    second = stage.say("two")
    stage.endTurn()
    stage.endTurn()
    assert writes == [first, second]


def test_anAuthorDoesNotHearHisOwnLine() -> None:
    stage = AudienceStage()
    sender, own = stage.listener()
    _, others = stage.listener()
    lines = [stage.say("a", sender), stage.say("b"), stage.say("c", sender)]
    stage.endTurn()
    assert own == [lines[1]]
    assert others == [b"".join(lines)]


def test_anAuthorWhoWroteAllOfATurnIsNotWrittenTo() -> None:
    stage = AudienceStage()
    sender, own = stage.listener()
    stage.say("a", sender)
    stage.endTurn()
    assert own == []


def test_aSenderHearsTheOthersAgainInTheNextTurn() -> None:
    stage = AudienceStage()
    sender, own = stage.listener()
    stage.say("a", sender)
    stage.endTurn()
    line = stage.say("b")
    stage.endTurn()
    assert own == [line]


def test_whereTheRenderingEchoesTheSenderHearsTheLine() -> None:
    stage = AudienceStage()
    sender, own = stage.listener(ReprRendering("echo ", "echoesOwn"))
    line = stage.say("a", sender)
    stage.endTurn()
    assert own == [b"echo " + line]


def test_aSenderFromElsewhereSilencesNoRecipient() -> None:
    stage = AudienceStage()
    stranger, _ = stage.recipient()
    _, writes = stage.listener()
    line = stage.say("a", stranger)
    stage.endTurn()
    assert writes == [line]


def test_aSilentRenderingWritesNothing() -> None:
    stage = AudienceStage()
    _, silent = stage.listener(ReprRendering(silentAbout=(Said,)))
    _, writes = stage.listener()
    line = stage.say("a")
    stage.endTurn()
    assert silent == []
    assert writes == [line]


def test_aRecipientAddedInTheMiddleOfATurnHearsTheRest() -> None:
    stage = AudienceStage()
    _, early = stage.listener()
    before = stage.say("before")
    _, late = stage.listener()
    after = stage.say("after")
    stage.endTurn()
    assert early == [before + after]
    assert late == [after]


def test_aRecipientRemovedInTheMiddleOfATurnHasHeardTheFirstPart() -> None:
    stage = AudienceStage()
    leaver, own = stage.listener()
    _, others = stage.listener()
    before = stage.say("before")
    stage.audience.remove(leaver)
    assert own == [before]
    assert others == []
    after = stage.say("after")
    stage.endTurn()
    assert own == [before]
    assert others == [before + after]


def test_aRecipientRemovedAndAddedInATurnMissesOnlyTheMiddle() -> None:
    stage = AudienceStage()
    recipient, writes = stage.listener()
    stage.listener()
    one = stage.say("one")
    stage.audience.remove(recipient)
    stage.say("two")
    stage.audience.add(recipient)
    three = stage.say("three")
    stage.endTurn()
    assert writes == [one, three]


def test_whatIsForOneRecipientComesAfterWhatHasBeenSaid() -> None:
    stage = AudienceStage()
    recipient, own = stage.listener()
    _, others = stage.listener()
    before = stage.say("before")
    recipient.hear(Noticed("alone"))
    after = stage.say("after")
    stage.endTurn()
    assert own == [before, b"Noticed(text='alone')\r\n", after]
    assert others == [before + after]


def test_hearingAloneWritesNothingTwice() -> None:
    stage = AudienceStage()
    recipient, own = stage.listener()
    line = stage.say("before")
    for _ in range(3):
        recipient.hear(Noticed("alone"))
    stage.endTurn()
    assert own == [line] + 3 * [b"Noticed(text='alone')\r\n"]


def test_hearingWithoutAnAudience() -> None:
    stage = AudienceStage()
    recipient, own = stage.recipient()
    recipient.hear(Noticed("alone"))
    assert own == [b"Noticed(text='alone')\r\n"]


def test_aNewRenderingHoldsFromThenOn() -> None:
    stage = AudienceStage()
    recipient, own = stage.listener()
    before = stage.say("before")
    recipient.choose(ReprRendering("new "))
    after = stage.say("after")
    recipient.hear(Noticed("alone"))
    stage.endTurn()
    assert b"".join(own) == before + b"new " + after + b"new Noticed(text='alone')\r\n"


def test_whatIsMuchDoesNotWaitForTheEndOfTheTurn() -> None:
    stage = AudienceStage()
    sender, own = stage.listener()
    _, writes = stage.listener()
    line = stage.say("x" * (FLUSH_SIZE // 2))
    assert writes == []
    stage.say("x" * (FLUSH_SIZE // 2), sender)
    assert len(writes) == 1
    assert own == [line]
    last = stage.say("last")
    assert len(writes) == 1
    stage.endTurn()
    assert writes[1:] == [last]
    assert own == [line, last]


def test_oneFullRenderingFlushesAll() -> None:
    """They would come out of step otherwise."""
    stage = AudienceStage()
    _, terse = stage.listener(ReprRendering())
    stage.listener(ReprRendering("x" * FLUSH_SIZE))
    line = stage.say("hello")
    assert terse == [line]
