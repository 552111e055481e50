"""
Many sessions, and everything that can happen to them in any order: whatever it is, the counts agree
all the time, and in the end nothing is left.
"""

from __future__ import annotations

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

from tests.support.faults import FAULTS, HOSTS, OPERATOR, PASSWORD, Crowd
from tests.support.strangers import Person, Reads

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


class Faults(RuleBasedStateMachine):
    """
    What can happen.
    """

    def __init__(self) -> None:
        super().__init__()
        self._crowd = Crowd()
        self._isPolite = True
        self._count = 0

    @initialize(isPolite=st.booleans())
    def begin(self, isPolite: bool) -> None:
        """
        Somebody keeps order, and a program waits for what it has said to be stored.
        """
        self._isPolite = isPolite
        for nick, *lines in ((OPERATOR,), ("alice", "/format json", "hello")):
            person = self._crowd.connect(None)
            person.isNamed = True
            person.says(nick, f"/register {PASSWORD}", *lines)
            self._crowd.turn()

    @rule(
        host=st.sampled_from(HOSTS),
        nick=st.sampled_from(["", *NICKS, *["new"] * 6]),
        reads=st.sampled_from([*Reads, Reads.ALL]),
    )
    def connects(self, host: IAddress | None, nick: str, reads: Reads) -> None:
        """
        Mostly somebody whose nickname is free.
        """
        self._count += 1
        person = self._crowd.connect(host)
        if nick:
            person.says(f"guest{self._count}" if nick == "new" else nick)
            person.isNamed = True
            self._crowd.turn()
        person.reads = reads

    @rule(host=st.sampled_from(HOSTS), count=st.integers(2, 6))
    def comeTogether(self, host: IAddress | None, count: int) -> None:
        """
        So many at once, who do not say who they are.
        """
        for _ in range(count):
            self._crowd.connect(host)

    @rule(header=st.sampled_from(HEADERS))
    def connectsThroughAProxy(self, header: bytes) -> None:
        self._crowd.connect(HOSTS[1], proxied=header)

    def _someone(self, data: st.DataObject) -> Person:
        """
        @return: Mostly one who has said who he is.
        """
        named = [person for person in self._crowd.people if person.isNamed]
        isNamed = data.draw(st.sampled_from([True, True, False]))
        return data.draw(st.sampled_from((isNamed and named) or self._crowd.people))

    @precondition(lambda self: self._crowd.people)
    @rule(data=st.data(), lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=4))
    def talks(self, data: st.DataObject, lines: list[str]) -> None:
        self._someone(data).says(*lines)
        self._crowd.turn()

    @precondition(lambda self: self._crowd.people)
    @rule(
        data=st.data(),
        size=st.sampled_from([20, 40, 100]),
        line=st.sampled_from(["/ping", "/help"]),
    )
    def floods(self, data: st.DataObject, size: int, line: str) -> None:
        self._someone(data).says(*[line] * size)
        self._crowd.turn()

    @precondition(lambda self: self._crowd.people)
    @rule(data=st.data(), isHeard=st.booleans())
    def talksMuch(self, data: st.DataObject, isHeard: bool) -> None:
        """
        As much as he may, which is hard on those who do not read.
        """
        person = self._someone(data)
        if not isHeard:
            for other in self._crowd.people:
                other.reads = Reads.NOTHING
        person.reads = Reads.ALL
        for _ in range(8):
            person.says(*["/me " + "x" * 990] * 4)
            self._crowd.turn(1.0)

    @precondition(lambda self: self._crowd.people)
    @rule(data=st.data(), garbage=st.sampled_from(GARBAGE))
    def sendsGarbage(self, data: st.DataObject, garbage: bytes) -> None:
        self._someone(data).sends(garbage)
        self._crowd.turn()

    @precondition(lambda self: self._crowd.people)
    @rule(data=st.data(), reads=st.sampled_from(list(Reads)))
    def readsOtherwise(self, data: st.DataObject, reads: Reads) -> None:
        self._someone(data).reads = reads

    @precondition(lambda self: self._crowd.people)
    @rule(data=st.data(), isReset=st.booleans(), last=st.sampled_from([(), ("bye",), ("x",) * 20]))
    def leaves(self, data: st.DataObject, isReset: bool, last: tuple[str, ...]) -> None:
        person = self._someone(data)
        person.says(*last)
        if isReset:
            person.vanishes()
        else:
            person.finishes()
        self._crowd.turn()

    @rule(name=st.sampled_from(sorted(FAULTS)))
    def breaks(self, name: str) -> None:
        self._crowd.break_(name)

    @rule(isSlow=st.booleans())
    def takesTime(self, isSlow: bool) -> None:
        self._crowd.beSlow(isSlow)

    @rule()
    def isDecided(self) -> None:
        self._crowd.decide()
        self._crowd.turn()

    @rule(seconds=st.sampled_from(SECONDS))
    def passes(self, seconds: float) -> None:
        self._crowd.turn(seconds)

    @rule(seconds=st.integers(5, 15))
    def passesSlowly(self, seconds: int) -> None:
        for _ in range(seconds):
            self._crowd.turn(1.0)

    @precondition(lambda self: len(self._crowd.connections) > 5)
    @rule(isSure=st.sampled_from([True, *[False] * 4]))
    def stops(self, isSure: bool) -> None:
        if isSure:
            self._crowd.stop()
        self._crowd.turn()

    @invariant()
    def holds(self) -> None:
        self._crowd.check()

    def teardown(self) -> None:
        try:
            self._crowd.leaveAll(self._isPolite)
        finally:
            self._crowd.close()


def test_whateverHappensNothingIsLeft() -> None:
    run_state_machine_as_test(
        Faults,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
