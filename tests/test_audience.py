"""Tests for L{chat.audience}."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.internet.task import Clock

from chat.audience import FLUSH_SIZE, Audience, Recipient
from chat.events import Acted, Noticed, RoomEvent, Said
from tests.doubles import RecordingOutlet, ReprRendering, endOfTurn

AT = datetime(2026, 11, 21, tzinfo=UTC)


def said(text: str, room: str = "#lobby") -> Said:
    return Said(room, 1, AT, "alice", text)


class Stage:
    """
    An audience whose turns a test ends by hand.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.audience = Audience(endOfTurn(self.clock))
        self.rendering = ReprRendering()

    def recipient(self, rendering: ReprRendering | None = None) -> tuple[Recipient, list[bytes]]:
        """
        @return: Somebody who has not come in yet, and what will have been written to him.
        """
        outlet = RecordingOutlet()
        recipient = Recipient(outlet, rendering or self.rendering)
        recipient.here = self.audience
        return recipient, outlet.writes

    def listener(self, rendering: ReprRendering | None = None) -> tuple[Recipient, list[bytes]]:
        """
        @return: The same, and he is in.
        """
        recipient, writes = self.recipient(rendering)
        self.audience.add(recipient)
        return recipient, writes

    def say(self, text: str, author: Recipient | None = None) -> bytes:
        """
        @return: How it reads in the rendering of the stage.
        """
        event = said(text)
        self.audience.deliver(event, author)
        return f"{event!r}\r\n".encode()

    def endTurn(self) -> None:
        self.clock.advance(0)


def test_eachRenderingEncodesAnEventOnce() -> None:
    stage = Stage()
    other = ReprRendering("other ")
    for rendering in [stage.rendering, stage.rendering, other, other, other]:
        stage.listener(rendering)
    stage.say("hello")
    stage.endTurn()
    assert stage.rendering.rendered == [said("hello")]
    assert other.rendered == [said("hello")]


def test_nothingIsEncodedForNobody() -> None:
    stage = Stage()
    recipient, _ = stage.listener()
    stage.audience.remove(recipient)
    stage.say("hello")
    assert stage.rendering.rendered == []
    assert stage.clock.getDelayedCalls() == []


def test_oneWriteForAllEventsOfATurn() -> None:
    stage = Stage()
    _, first = stage.listener()
    _, second = stage.listener()
    expected = b"".join([stage.say(str(number)) for number in range(100)])
    assert first == second == []
    stage.endTurn()
    assert first == second == [expected]


def test_oneCallForTheEndOfATurn() -> None:
    stage = Stage()
    stage.listener()
    for number in range(3):
        stage.say(str(number))
        assert len(stage.clock.getDelayedCalls()) == 1


def test_everyTurnWritesItsOwn() -> None:
    stage = Stage()
    _, writes = stage.listener()
    first = stage.say("one")
    stage.endTurn()
    second = stage.say("two")
    stage.endTurn()
    stage.endTurn()
    assert writes == [first, second]


def test_anAuthorDoesNotHearHisOwnLine() -> None:
    stage = Stage()
    author, his = stage.listener()
    _, others = stage.listener()
    lines = [stage.say("a", author), stage.say("b"), stage.say("c", author)]
    stage.endTurn()
    assert his == [lines[1]]
    assert others == [b"".join(lines)]


def test_anAuthorWhoWroteAllOfATurnIsNotWrittenTo() -> None:
    stage = Stage()
    author, his = stage.listener()
    stage.say("a", author)
    stage.endTurn()
    assert his == []


def test_anAuthorHearsTheOthersAgainInTheNextTurn() -> None:
    stage = Stage()
    author, his = stage.listener()
    stage.say("a", author)
    stage.endTurn()
    line = stage.say("b")
    stage.endTurn()
    assert his == [line]


def test_whereTheRenderingEchoesTheAuthorHearsHimself() -> None:
    stage = Stage()
    author, his = stage.listener(ReprRendering("echo ", echoes=True))
    line = stage.say("a", author)
    stage.endTurn()
    assert his == [b"echo " + line]


def test_anAuthorFromElsewhereSilencesNobody() -> None:
    stage = Stage()
    stranger, _ = stage.recipient()
    _, writes = stage.listener()
    line = stage.say("a", stranger)
    stage.endTurn()
    assert writes == [line]


def test_aSilentRenderingWritesNothing() -> None:
    stage = Stage()
    _, silent = stage.listener(ReprRendering(silentAbout=(Said,)))
    _, writes = stage.listener()
    line = stage.say("a")
    stage.endTurn()
    assert silent == []
    assert writes == [line]


def test_whoComesInTheMiddleOfATurnHearsTheRest() -> None:
    stage = Stage()
    _, early = stage.listener()
    before = stage.say("before")
    _, late = stage.listener()
    after = stage.say("after")
    stage.endTurn()
    assert early == [before + after]
    assert late == [after]


def test_whoGoesInTheMiddleOfATurnHasHeardTheFirstPart() -> None:
    stage = Stage()
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
    stage = Stage()
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
    stage = Stage()
    recipient, his = stage.listener()
    _, others = stage.listener()
    before = stage.say("before")
    recipient.hear(Noticed("alone"))
    after = stage.say("after")
    stage.endTurn()
    assert his == [before, b"Noticed(text='alone')\r\n", after]
    assert others == [before + after]


def test_hearingAloneWritesNothingTwice() -> None:
    stage = Stage()
    recipient, his = stage.listener()
    line = stage.say("before")
    for _ in range(3):
        recipient.hear(Noticed("alone"))
    stage.endTurn()
    assert his == [line] + 3 * [b"Noticed(text='alone')\r\n"]


def test_hearingWithoutAnAudience() -> None:
    stage = Stage()
    recipient, his = stage.recipient()
    recipient.hear(Noticed("alone"))
    assert his == [b"Noticed(text='alone')\r\n"]


def test_aNewRenderingHoldsFromThenOn() -> None:
    stage = Stage()
    recipient, his = stage.listener()
    before = stage.say("before")
    recipient.choose(ReprRendering("new "))
    after = stage.say("after")
    recipient.hear(Noticed("alone"))
    stage.endTurn()
    assert b"".join(his) == before + b"new " + after + b"new Noticed(text='alone')\r\n"


def test_elsewhereReadsDifferently() -> None:
    """A room in which one does not talk is told apart from the room one talks in."""
    stage = Stage()
    rendering = ReprRendering()
    rendering.elsewhere = ReprRendering("elsewhere ")
    recipient, his = stage.listener(rendering)
    other = Audience(endOfTurn(stage.clock))
    other.add(recipient)
    other.deliver(said("there", "#dev"))
    stage.endTurn()
    here = stage.say("here")
    stage.endTurn()
    other.remove(recipient)
    other.deliver(said("missed", "#dev"))
    stage.endTurn()
    assert his == [f"elsewhere {said('there', '#dev')!r}\r\n".encode(), here]


def test_whatIsMuchDoesNotWaitForTheEndOfTheTurn() -> None:
    stage = Stage()
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
    stage = Stage()
    _, terse = stage.listener(ReprRendering())
    stage.listener(ReprRendering("x" * FLUSH_SIZE))
    line = stage.say("hello")
    assert terse == [line]


SILENT_ABOUT_ACTS = ReprRendering("quiet ", silentAbout=(Acted,))
ECHOING = ReprRendering("echo ", echoes=True)
APART = ReprRendering("apart ")
APART.elsewhere = ReprRendering("elsewhere ")
RENDERINGS = [ReprRendering(), SILENT_ABOUT_ACTS, ECHOING, APART]

PEOPLE = st.integers(0, 3)
ROOMS = st.sampled_from(["#here", "#there"])


class AnyInterleaving(RuleBasedStateMachine):
    """
    Against a model that writes every event to everybody at once.

    What must come out is compared by room, for audiences know nothing of each other; but after
    anything that concerns one recipient alone, he must have heard all there was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.audiences = {room: Audience(endOfTurn(self.clock)) for room in ("#here", "#there")}
        self.outlets = [RecordingOutlet() for _ in range(4)]
        self.recipients = [Recipient(outlet, RENDERINGS[0]) for outlet in self.outlets]
        for recipient in self.recipients:
            recipient.here = self.audiences["#here"]
        self.renderings = [RENDERINGS[0]] * 4
        self.members: dict[str, set[int]] = {"#here": set(), "#there": set()}
        self.expected: list[dict[str, list[bytes]]] = [defaultdict(list) for _ in range(4)]
        self.heard: list[dict[str, list[bytes]]] = [defaultdict(list) for _ in range(4)]
        self.number = 0

    def listen(self, who: int) -> None:
        for data in self.outlets[who].writes:
            for line in data.splitlines(keepends=True):
                room = next((room for room in self.audiences if room.encode() in line), "alone")
                self.heard[who][room].append(line)
        self.outlets[who].writes.clear()

    def caughtUp(self, who: int) -> None:
        self.listen(who)
        assert self.heard[who] == self.expected[who]

    @rule(
        room=ROOMS, author=st.none() | PEOPLE, acts=st.booleans(), size=st.sampled_from([1, 40000])
    )
    def deliver(self, room: str, author: int | None, acts: bool, size: int) -> None:
        self.number += 1
        kind = Acted if acts else Said
        event: RoomEvent = kind(room, self.number, AT, "alice", "x" * size)
        self.audiences[room].deliver(event, None if author is None else self.recipients[author])
        for who in self.members[room]:
            chosen = self.renderings[who]
            if who != author or chosen.echoes:
                line = (chosen if room == "#here" else chosen.elsewhere).render(event)
                if line:
                    self.expected[who][room].append(line)

    @rule(who=PEOPLE, room=ROOMS)
    def comeOrGo(self, who: int, room: str) -> None:
        if who in self.members[room]:
            self.audiences[room].remove(self.recipients[who])
            self.members[room].remove(who)
            self.listen(who)
            assert self.heard[who][room] == self.expected[who][room]
        else:
            self.audiences[room].add(self.recipients[who])
            self.members[room].add(who)

    @rule(who=PEOPLE)
    def hear(self, who: int) -> None:
        self.number += 1
        event = Noticed(str(self.number))
        self.recipients[who].hear(event)
        self.expected[who]["alone"].append(self.renderings[who].render(event))
        last = self.outlets[who].writes[-1]
        assert last == self.expected[who]["alone"][-1]
        self.caughtUp(who)

    @rule(who=PEOPLE, rendering=st.sampled_from(RENDERINGS))
    def choose(self, who: int, rendering: ReprRendering) -> None:
        self.recipients[who].choose(rendering)
        self.renderings[who] = rendering
        self.caughtUp(who)

    @rule()
    @precondition(lambda self: self.clock.getDelayedCalls())
    def endTurn(self) -> None:
        for who in range(4):
            self.listen(who)
        self.clock.advance(0)
        for who, outlet in enumerate(self.outlets):
            assert len(outlet.writes) <= 2, "one write for each room"
            self.caughtUp(who)

    @invariant()
    def nothingIsOutOfOrder(self) -> None:
        for who in range(4):
            self.listen(who)
            for room, lines in self.heard[who].items():
                assert lines == self.expected[who][room][: len(lines)]

    def teardown(self) -> None:
        self.clock.advance(0)
        for who in range(4):
            self.caughtUp(who)


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
