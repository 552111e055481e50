"""
Several nodes of one service, between which everything takes time: however claims, events and
decisions overtake each other, all of them tell their users the same in the same order.
"""

from __future__ import annotations

import json
from contextlib import ExitStack

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.support.backplanes import DelayedLog
from tests.support.doubles import HandPeer
from tests.support.insides import nicksOf, stateOf
from tests.support.service import Service

LOBBY, DEV = "#lobby", "#dev"
PASSWORD = "password1"
KINDS = {"said", "acted", "joined", "left", "renamed"}
NAMES = ["alice", "Alice", "bob", "carol"]
NICKS = st.sampled_from(NAMES)
LINES = st.sampled_from(
    [
        *("hello", "/me waves", "/switch #lobby", "/part #dev", "/quit", "FIN"),
        *["/join #dev", "and so on"] * 2,
        *(f"/nick {nick}" for nick in NAMES),
    ]
)
STEPS = st.lists(
    st.tuples(st.just("connect"), st.integers(0, 1), NICKS)
    | st.tuples(st.just("log in"), st.integers(0, 1), NICKS)
    | st.tuples(st.just("line"), st.integers(0, 5), LINES)
    | st.tuples(st.just("line"), st.integers(0, 5), LINES)
    | st.tuples(st.just("line"), st.integers(0, 5), LINES)
    | st.tuples(st.just("wait"), st.integers(1, 3), st.just("")),
    min_size=5,
    max_size=40,
)


class NodeProgram:
    """
    A connection that reads JSON.

    @ivar isFirst: Whether it has asked for a nickname, and not for one more session of a user.
    @ivar lines: All that it has read.
    """

    def __init__(self, peer: HandPeer, isFirst: bool) -> None:
        self.isFirst = isFirst
        self.lines: list[str] = []
        self._peer = peer

    @property
    def isOpen(self) -> bool:
        return not self._peer.isEnded

    def send(self, line: str) -> None:
        if line == "FIN":
            self._peer.finish()
        else:
            self._peer.offer(f"{line}\r\n".encode())

    def read(self) -> int:
        lines = self._peer.take()
        self.lines += lines
        return len(lines)

    def heardIn(self, room: str) -> list[str]:
        """
        @return: The lines that all in a room are told.
        """
        events = [(json.loads(line), line) for line in self.lines]
        return [line for event, line in events if event["event"] in KINDS and event["room"] == room]


class ThreeNodes:
    """
    Three nodes: alice and bob, who have accounts, on the first two, and a witness on the last.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._clock = Clock()
        log = DelayedLog(self._clock)
        self.nodes = [Service(log.open()) for _ in range(3)]
        for node in self.nodes:
            stack.callback(node.close)
        self.programs: list[NodeProgram] = []
        self.witness, *users = (
            self.connect(node, nick) for node, nick in [(2, "witness"), (0, "alice"), (1, "bob")]
        )
        self.settle()
        self.witness.send("/join #dev")
        for user in users:
            user.send(f"/register {PASSWORD}")
        self.settle()

    def connect(self, node: int, line: str, isFirst: bool = True) -> NodeProgram:
        service = self.nodes[node]
        peer = service.reactor.connect(service.factory.buildProtocol(None))
        peer.send(b"/format json\r\n")
        program = NodeProgram(peer, isFirst)
        self.programs.append(program)
        self.turn()
        # It was greeted in text.
        program.lines.clear()
        program.send(line)
        return program

    def turn(self) -> None:
        """Take turns until nothing more is going on but time."""
        quiet = 0
        while quiet < 4:
            for node in self.nodes:
                node.reactor.turn()
            count = sum(program.read() for program in self.programs)
            quiet = 0 if count else quiet + 1

    def wait(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self.turn()

    def settle(self) -> None:
        self.turn()
        while self._clock.getDelayedCalls():
            self.wait(1)

    def act(self, step: str, number: int, text: str) -> None:
        others = [each for each in self.programs if each is not self.witness and each.isOpen]
        match step:
            case "connect":
                self.connect(number, text)
            case "log in":
                self.connect(number, f"/login {text} {PASSWORD}", isFirst=False)
            case "line" if others:
                others[number % len(others)].send(text)
            case "wait":
                self.wait(number / 2)
        self.turn()


def isWithin(part: list[str], whole: list[str]) -> bool:
    """
    @return: Whether leaving something out of the one gives the other.
    """
    rest = iter(whole)
    return all(line in rest for line in part)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_allNodesTellTheSame(steps: list[tuple[str, int, str]]) -> None:
    with ExitStack() as stack:
        cluster = ThreeNodes(stack)
        for step in steps:
            cluster.act(*step)
        cluster.settle()
        checkNodes(cluster)
        for program in cluster.programs:
            program.send("/quit")
        cluster.settle()
        for node in cluster.nodes:
            assert nicksOf(node) == []


def checkNodes(cluster: ThreeNodes) -> None:
    states = [stateOf(node) for node in cluster.nodes]
    for state in states:
        assert state[""] == states[-1][""]
        for room in (LOBBY, DEV):
            assert state[room][0] == states[-1][room][0]  # type: ignore[index]

    witness = cluster.witness
    for room in (LOBBY, DEV):
        events = [json.loads(line) for line in witness.heardIn(room)]
        ids = [event["id"] for event in events if "id" in event]
        assert ids == list(range(1, len(ids) + 1))
        for program in cluster.programs:
            assert isWithin(program.heardIn(room), witness.heardIn(room))
    everything = witness.heardIn(LOBBY)
    for program in cluster.programs:
        heard = program.heardIn(LOBBY)
        if program.isFirst and program.isOpen:
            assert heard == everything[len(everything) - len(heard) :]
        starts = range(len(everything) - len(heard) + 1)
        assert any(everything[start : start + len(heard)] == heard for start in starts)
