"""
Many connections, and everything that can happen to them in any order: whatever it is, all lines are
answered in their order and in clean text, the counts agree all the time, and in the end nothing is
left. What a user is told is compared with a model in C{test_model.py}.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.interfaces import IAddress

from chat.vocabulary.limits import perMinute
from tests.support.faults import HOSTS, LOW, CheckedCrowd, CheckedPeer, Reads
from tests.support.insides import FAULTS, connectionsOf
from tests.support.typed import OPERATOR, PASSWORD, lines

NICKS = ["alice", "bob", "Bob", "carol", OPERATOR]
LINES = [
    *("hello", "/me waves", "alice: look here", "/msg alice psst", "/r again"),
    *("/join #dev", "/join #ops", "/join #dev sesame", "/part", "/part #dev", "/switch #lobby"),
    *("/mode key sesame", "/mode private on", "/invite bob", "/topic Tea", "/op bob"),
    *("/ignore bob", "/unignore bob", "/away", "/back", "/format json", "/lang zh_CN"),
    *("/who", "/rooms", "/names", "/help", "/history 20", "/search hello", "/ping"),
    *(f"/register {PASSWORD}", f"/login {OPERATOR} {PASSWORD}", PASSWORD, "/sessions"),
    *("/kick bob enough", "/mute bob 1h", "/unmute bob", "/quit", "/quit bye", "/nosuch"),
    *(f"/nick {nick}" for nick in NICKS),
]
GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
    bytes(range(256)) * 4,
    b"\xff\xfa" + b"x" * 20_000,
    b"\xff\xfd\x06\xff\xf6" * 50,
    b"x" * 20_000,
    b"x" * 5_000 + b"\r\n",
    b"\r\n" * 1_000,
    b"caf\xe9\r\n",
]
HEADERS = [
    b"PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n",
    b"PROXY TCP6 2001:db8::7 2001:db8::9 1 2\r\nbob\r\n",
    b"PROXY UNKNOWN\r\n",
    b"PROXY TCP4 192.0.",
    b"bob\r\n",
    b"",
]
SECONDS = [0.25, 1.0, 1.0, 3.0, 3.0, 12.0, 21.0, 305.0]
MAX_PEERS = 4


class Talk(RuleBasedStateMachine):
    """
    A few users say anything and leave at any moment, within all limits. Nothing goes wrong inside,
    and all of it is answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.crowd = self.newCrowd()

    def newCrowd(self) -> CheckedCrowd:
        return CheckedCrowd()

    @initialize()
    def begin(self) -> None:
        for nick in ("n0", "n1", "n2", OPERATOR):
            peer = self.crowd.connect()
            peer.asks(nick)
            self.crowd.turn()
            if nick == "n0":
                peer.asks("/format json")
            if nick == OPERATOR:
                peer.asks(f"/register {PASSWORD}")
            self.crowd.turn()

    @precondition(lambda self: len(self.crowd.peers) < MAX_PEERS)
    @rule(line=lines)
    def connects(self, line: str) -> None:
        self.crowd.connect().asks(line)
        self.crowd.turn()

    def any(self, data: st.DataObject) -> CheckedPeer:
        """
        @return: Mostly a peer that has asked for a nickname.
        """
        named = [peer for peer in self.crowd.peers if peer.isNamed]
        isNamed = data.draw(st.sampled_from([True, True, False]))
        return data.draw(st.sampled_from((isNamed and named) or self.crowd.peers))

    @precondition(lambda self: self.crowd.peers)
    @rule(data=st.data(), line=lines, isRead=st.sampled_from([True, True, True, False]))
    def asks(self, data: st.DataObject, line: str, isRead: bool) -> None:
        self.any(data).asks(line)
        if isRead:
            self.crowd.turn()

    @precondition(lambda self: self.crowd.peers)
    @rule(data=st.data(), isReset=st.booleans(), last=st.sampled_from([(), ("bye",), ("x",) * 20]))
    def leaves(self, data: st.DataObject, isReset: bool, last: tuple[str, ...]) -> None:
        peer = self.any(data)
        peer.says(*last)
        if isReset:
            peer.vanishes()
        else:
            peer.finishes()
        self.crowd.turn()

    @rule(isSlow=st.booleans())
    def takesTime(self, isSlow: bool) -> None:
        self.crowd.beSlow(isSlow)

    @rule()
    def isDecided(self) -> None:
        self.crowd.decide()
        self.crowd.turn()

    @rule(seconds=st.sampled_from([1.0, 100.0, 2000.0]))
    def passes(self, seconds: float) -> None:
        self.crowd.turn(seconds)

    @invariant()
    def holds(self) -> None:
        self.crowd.check()

    def teardown(self) -> None:
        try:
            self.crowd.settle()
            self.crowd.leaveAll(isPolite=False)
        finally:
            self.crowd.close()


class Faults(Talk):
    """
    Many connect, of whom some mean it no good, and everything may go wrong. All limits are low.
    """

    def __init__(self) -> None:
        super().__init__()
        self.isPolite = True
        self.count = 0

    def newCrowd(self) -> CheckedCrowd:
        return CheckedCrowd(
            LOW,
            isFaulty=True,
            registrationTimeout=20.0,
            idleTimeout=300.0,
            nickRate=perMinute(3),
            joinRate=perMinute(10),
        )

    @initialize(isPolite=st.booleans())
    def begin(self, isPolite: bool) -> None:
        """
        There is an operator, and a program that waits for what it has said to be stored.
        """
        self.isPolite = isPolite
        for nick, *more in ((OPERATOR,), ("alice", "/format json", "hello")):
            peer = self.crowd.connect()
            peer.isNamed = True
            peer.says(nick, f"/register {PASSWORD}", *more)
            self.crowd.turn()

    @rule(
        host=st.sampled_from(HOSTS),
        nick=st.sampled_from(["", *NICKS, *["new"] * 6]),
        reads=st.sampled_from([*Reads, Reads.ALL]),
    )
    def connects(self, host: IAddress | None, nick: str, reads: Reads) -> None:
        """
        Mostly with a nickname that is free.
        """
        self.count += 1
        peer = self.crowd.connect(host)
        if nick:
            peer.says(f"guest{self.count}" if nick == "new" else nick)
            peer.isNamed = True
            self.crowd.turn()
        peer.reads = reads

    @rule(host=st.sampled_from(HOSTS), count=st.integers(2, 6))
    def connectTogether(self, host: IAddress | None, count: int) -> None:
        """
        So many at once, who never ask for a nickname.
        """
        for _ in range(count):
            self.crowd.connect(host)

    @rule(header=st.sampled_from(HEADERS))
    def connectsThroughAProxy(self, header: bytes) -> None:
        self.crowd.connect(HOSTS[1], proxied=header)

    @precondition(lambda self: self.crowd.peers)
    @rule(data=st.data(), lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=4))
    def talks(self, data: st.DataObject, lines: list[str]) -> None:
        self.any(data).says(*lines)
        self.crowd.turn()

    @precondition(lambda self: self.crowd.peers)
    @rule(
        data=st.data(),
        size=st.sampled_from([20, 40, 100]),
        line=st.sampled_from(["/ping", "/help"]),
    )
    def floods(self, data: st.DataObject, size: int, line: str) -> None:
        self.any(data).says(*[line] * size)
        self.crowd.turn()

    @precondition(lambda self: self.crowd.peers)
    @rule(data=st.data(), isHeard=st.booleans())
    def talksMuch(self, data: st.DataObject, isHeard: bool) -> None:
        """
        As much as is allowed, which is hard on those who do not read.
        """
        peer = self.any(data)
        if not isHeard:
            for other in self.crowd.peers:
                other.reads = Reads.NOTHING
        peer.reads = Reads.ALL
        for _ in range(8):
            peer.says(*["/me " + "x" * 990] * 4)
            self.crowd.turn(1.0)

    @precondition(lambda self: self.crowd.peers)
    @rule(data=st.data(), garbage=st.sampled_from(GARBAGE))
    def sendsGarbage(self, data: st.DataObject, garbage: bytes) -> None:
        self.any(data).sends(garbage)
        self.crowd.turn()

    @precondition(lambda self: self.crowd.peers)
    @rule(data=st.data(), reads=st.sampled_from(list(Reads)))
    def readsOtherwise(self, data: st.DataObject, reads: Reads) -> None:
        self.any(data).reads = reads

    @rule(name=st.sampled_from(sorted(FAULTS)))
    def breaks(self, name: str) -> None:
        self.crowd.break_(name)

    @rule(seconds=st.sampled_from(SECONDS))
    def passes(self, seconds: float) -> None:
        self.crowd.turn(seconds)

    @rule(seconds=st.integers(5, 15))
    def passesSlowly(self, seconds: int) -> None:
        for _ in range(seconds):
            self.crowd.turn(1.0)

    @precondition(lambda self: len(connectionsOf(self.crowd.service)) > 5)
    @rule(isSure=st.sampled_from([True, *[False] * 4]))
    def stops(self, isSure: bool) -> None:
        if isSure:
            self.crowd.stop()
        self.crowd.turn()

    def teardown(self) -> None:
        try:
            self.crowd.leaveAll(self.isPolite)
        finally:
            self.crowd.close()


@pytest.mark.parametrize("machine", [Talk, Faults])
def test_nothingIsLeftWhateverHappens(machine: type[Talk]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
