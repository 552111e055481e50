"""L{chat.delivery.audience} against a model that writes every event to all recipients at once."""

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
NUMBERS = st.integers(0, 3)
ROOMS = st.sampled_from(["#here", "#there"])


class AnyInterleaving(RuleBasedStateMachine):
    """
    What must come out is compared by room, for audiences know nothing of each other; but after
    anything that concerns one recipient alone, it must have heard all there was.
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

    def listen(self, number: int) -> None:
        for data in self.outlets[number].writes:
            for line in data.splitlines(keepends=True):
                room = next((room for room in self.audiences if room.encode() in line), "alone")
                self.heard[number][room].append(line)
        self.outlets[number].writes.clear()

    def caughtUp(self, number: int) -> None:
        self.listen(number)
        assert self.heard[number] == self.expected[number]

    def rendering(self, number: int, room: str) -> Rendering:
        chosen = self.renderings[number]
        return chosen if room == self.talking[number] else chosen.elsewhere

    @rule(
        room=ROOMS,
        sender=st.none() | NUMBERS,
        deaf=st.sets(NUMBERS, max_size=2),
        acts=st.booleans(),
        text=TEXTS,
    )
    def deliver(self, room: str, sender: int | None, deaf: set[int], acts: bool, text: str) -> None:
        self.number += 1
        kind = Acted if acts else Said
        event: RoomEvent = kind(room, self.number, AT, "eve", text)
        self.audiences[room].deliver(
            event,
            None if sender is None else self.recipients[sender],
            [self.recipients[number] for number in deaf],
        )
        for number in self.members[room] - deaf:
            if number != sender or self.renderings[number].echoesOwn:
                rendering = self.rendering(number, room)
                if NAMES[number] in text.lower():
                    rendering = rendering.ringing
                line = rendering.render(event)
                if line:
                    self.expected[number][room].append(line)

    @rule(number=NUMBERS, room=ROOMS)
    def comeOrGo(self, number: int, room: str) -> None:
        if number in self.members[room]:
            self.audiences[room].remove(self.recipients[number])
            self.members[room].remove(number)
            self.listen(number)
            assert self.heard[number][room] == self.expected[number][room]
        else:
            self.audiences[room].add(self.recipients[number])
            self.members[room].add(number)

    @rule(number=NUMBERS)
    def hear(self, number: int) -> None:
        self.number += 1
        event = Noticed(str(self.number))
        self.recipients[number].hear(event)
        self.expected[number]["alone"].append(self.renderings[number].render(event))
        last = self.outlets[number].writes[-1]
        assert last == self.expected[number]["alone"][-1]
        self.caughtUp(number)

    @rule(number=NUMBERS, room=st.none() | ROOMS)
    def talkIn(self, number: int, room: str | None) -> None:
        self.recipients[number].talkIn(None if room is None else self.audiences[room])
        self.talking[number] = room
        self.listen(number)

    @rule(number=NUMBERS)
    def withdraw(self, number: int) -> None:
        self.recipients[number].withdraw()
        self.talking[number] = None
        for members in self.members.values():
            members.discard(number)
        self.caughtUp(number)

    @rule(number=NUMBERS, rendering=st.sampled_from(RENDERINGS))
    def choose(self, number: int, rendering: ReprRendering) -> None:
        self.recipients[number].choose(rendering)
        self.renderings[number] = rendering
        self.caughtUp(number)

    @rule()
    @precondition(lambda self: self.clock.getDelayedCalls())
    def endTurn(self) -> None:
        for number in range(4):
            self.listen(number)
        self.clock.advance(0)
        for number, outlet in enumerate(self.outlets):
            assert len(outlet.writes) <= 2, "one write for each room"
            self.caughtUp(number)

    @invariant()
    def nothingIsOutOfOrder(self) -> None:
        for number in range(4):
            self.listen(number)
            for room, lines in self.heard[number].items():
                assert lines == self.expected[number][room][: len(lines)]

    def teardown(self) -> None:
        self.clock.advance(0)
        for number in range(4):
            self.caughtUp(number)


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
