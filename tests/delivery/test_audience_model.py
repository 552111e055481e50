"""L{chat.delivery.audience} against a model that writes every event to everybody at once."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.internet.task import Clock

from chat.delivery.audience import Audience, Recipient
from chat.interfaces import Rendering
from chat.vocabulary.events import Acted, Noticed, RoomEvent, Said
from tests.support.doubles import RecordingOutlet, ReprRendering, endOfTurn
from tests.support.hubs import AT

SILENT_ABOUT_ACTS = ReprRendering("quiet ", silentAbout=(Acted,))
ECHOING = ReprRendering("echo ", "echoesOwn")
APART = ReprRendering("apart ")
APART.elsewhere = ReprRendering("elsewhere ")
RINGING = ReprRendering("bell ")
RINGING.ringing = ReprRendering("ring ")
RINGING.elsewhere = ReprRendering("bell elsewhere ")
RINGING.elsewhere.ringing = ReprRendering("ring elsewhere ")
RENDERINGS = [ReprRendering(), SILENT_ABOUT_ACTS, ECHOING, APART, RINGING]

NAMES = ["alice", "bob", "carol", "dave"]
TEXTS = st.sampled_from(["x", "x" * 40000, "alice!", "bob and carol", "hello, DAVE"])
PEOPLE = st.integers(0, 3)
ROOMS = st.sampled_from(["#here", "#there"])


class AnyInterleaving(RuleBasedStateMachine):
    """
    What must come out is compared by room, for audiences know nothing of each other; but after
    anything that concerns one recipient alone, he must have heard all there was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.audiences = {room: Audience(endOfTurn(self.clock)) for room in ("#here", "#there")}
        self.outlets = [RecordingOutlet() for _ in range(4)]
        self.recipients = [
            Recipient(outlet, RENDERINGS[0], name)
            for outlet, name in zip(self.outlets, NAMES, strict=True)
        ]
        for recipient in self.recipients:
            recipient.here = self.audiences["#here"]
        self.renderings = [RENDERINGS[0]] * 4
        self.talking: list[str | None] = ["#here"] * 4
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

    def rendering(self, who: int, room: str) -> Rendering:
        chosen = self.renderings[who]
        return chosen if room == self.talking[who] else chosen.elsewhere

    @rule(
        room=ROOMS,
        author=st.none() | PEOPLE,
        deaf=st.sets(PEOPLE, max_size=2),
        acts=st.booleans(),
        text=TEXTS,
    )
    def deliver(self, room: str, author: int | None, deaf: set[int], acts: bool, text: str) -> None:
        self.number += 1
        kind = Acted if acts else Said
        event: RoomEvent = kind(room, self.number, AT, "eve", text)
        self.audiences[room].deliver(
            event,
            None if author is None else self.recipients[author],
            [self.recipients[who] for who in deaf],
        )
        for who in self.members[room] - deaf:
            if who != author or self.renderings[who].echoesOwn:
                rendering = self.rendering(who, room)
                if NAMES[who] in text.lower():
                    rendering = rendering.ringing
                line = rendering.render(event)
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

    @rule(who=PEOPLE, room=st.none() | ROOMS)
    def talkIn(self, who: int, room: str | None) -> None:
        self.recipients[who].talkIn(None if room is None else self.audiences[room])
        self.talking[who] = room
        self.listen(who)

    @rule(who=PEOPLE)
    def withdraw(self, who: int) -> None:
        self.recipients[who].withdraw()
        self.talking[who] = None
        for members in self.members.values():
            members.discard(who)
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
