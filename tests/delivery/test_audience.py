"""Tests for L{chat.delivery.audience}: who is there, and when he hears it."""

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


def test_nothingIsEncodedForNobody() -> None:
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
    author, his = stage.listener()
    _, others = stage.listener()
    lines = [stage.say("a", author), stage.say("b"), stage.say("c", author)]
    stage.endTurn()
    assert his == [lines[1]]
    assert others == [b"".join(lines)]


def test_anAuthorWhoWroteAllOfATurnIsNotWrittenTo() -> None:
    stage = AudienceStage()
    author, his = stage.listener()
    stage.say("a", author)
    stage.endTurn()
    assert his == []


def test_anAuthorHearsTheOthersAgainInTheNextTurn() -> None:
    stage = AudienceStage()
    author, his = stage.listener()
    stage.say("a", author)
    stage.endTurn()
    line = stage.say("b")
    stage.endTurn()
    assert his == [line]


def test_whereTheRenderingEchoesTheAuthorHearsHimself() -> None:
    stage = AudienceStage()
    author, his = stage.listener(ReprRendering("echo ", "echoesOwn"))
    line = stage.say("a", author)
    stage.endTurn()
    assert his == [b"echo " + line]


def test_anAuthorFromElsewhereSilencesNobody() -> None:
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


def test_whoComesInTheMiddleOfATurnHearsTheRest() -> None:
    stage = AudienceStage()
    _, early = stage.listener()
    before = stage.say("before")
    _, late = stage.listener()
    after = stage.say("after")
    stage.endTurn()
    assert early == [before + after]
    assert late == [after]


def test_whoGoesInTheMiddleOfATurnHasHeardTheFirstPart() -> None:
    stage = AudienceStage()
    leaver, his = stage.listener()
    _, others = stage.listener()
    before = stage.say("before")
    stage.audience.remove(leaver)
    assert his == [before]
    assert others == []
    after = stage.say("after")
    stage.endTurn()
    assert his == [before]
    assert others == [before + after]


def test_whoGoesAndComesBackInATurnMissesOnlyTheMiddle() -> None:
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


def test_whatIsForOneAloneComesAfterWhatHasBeenSaid() -> None:
    stage = AudienceStage()
    recipient, his = stage.listener()
    _, others = stage.listener()
    before = stage.say("before")
    recipient.hear(Noticed("alone"))
    after = stage.say("after")
    stage.endTurn()
    assert his == [before, b"Noticed(text='alone')\r\n", after]
    assert others == [before + after]


def test_hearingAloneWritesNothingTwice() -> None:
    stage = AudienceStage()
    recipient, his = stage.listener()
    line = stage.say("before")
    for _ in range(3):
        recipient.hear(Noticed("alone"))
    stage.endTurn()
    assert his == [line] + 3 * [b"Noticed(text='alone')\r\n"]


def test_hearingWithoutAnAudience() -> None:
    stage = AudienceStage()
    recipient, his = stage.recipient()
    recipient.hear(Noticed("alone"))
    assert his == [b"Noticed(text='alone')\r\n"]


def test_aNewRenderingHoldsFromThenOn() -> None:
    stage = AudienceStage()
    recipient, his = stage.listener()
    before = stage.say("before")
    recipient.choose(ReprRendering("new "))
    after = stage.say("after")
    recipient.hear(Noticed("alone"))
    stage.endTurn()
    assert b"".join(his) == before + b"new " + after + b"new Noticed(text='alone')\r\n"


def test_whatIsMuchDoesNotWaitForTheEndOfTheTurn() -> None:
    stage = AudienceStage()
    author, his = stage.listener()
    _, writes = stage.listener()
    line = stage.say("x" * (FLUSH_SIZE // 2))
    assert writes == []
    stage.say("x" * (FLUSH_SIZE // 2), author)
    assert len(writes) == 1
    assert his == [line]
    last = stage.say("last")
    assert len(writes) == 1
    stage.endTurn()
    assert writes[1:] == [last]
    assert his == [line, last]


def test_oneFullRenderingFlushesAll() -> None:
    """They would come out of step otherwise."""
    stage = AudienceStage()
    _, terse = stage.listener(ReprRendering())
    stage.listener(ReprRendering("x" * FLUSH_SIZE))
    line = stage.say("hello")
    assert terse == [line]
