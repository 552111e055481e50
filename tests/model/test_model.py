"""
Conversations of many users, against a reference that does the same in few words: each session is
told what the reference says, line for line. What goes wrong on purpose is in C{test_faults.py}.

All of it runs on a reactor whose turns the test takes, so it is the same each time.
"""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from itertools import permutations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.model.reading import FIELDS, fact, joined, text
from tests.model.reference import LOBBY, MAX_JOINED, MAX_ROOMS, REPLAY, Reference, Session
from tests.support.doubles import HandPeer
from tests.support.hubs import AT
from tests.support.insides import nicksOf, stateOf, textsAfter
from tests.support.service import Service

OPERATOR = "root"
PASSWORD = "password0"
MAX_PEERS = 6

Request = tuple[str, ...]
"""
A verb of L{Reference} and its arguments.
"""

_TYPED = {
    "say": "{}",
    "after": "/history after {}",
    "msg": "/msg {} {}",
    "kick": "/kick {} {}",
    "login": "/login {} {}",
}

nicks = st.sampled_from(["ann", "Ann", "ben", "cy", "dot", OPERATOR, "a!"])
passwords = st.sampled_from(["password1", "password2", PASSWORD])
rooms = st.sampled_from([LOBBY, "#a", "#b", "#c", "#d"])
words = st.sampled_from(["hi", "你好 ann", "x" * 400])
requests = st.one_of(
    st.tuples(st.sampled_from(["say", "me"]), words),
    st.tuples(st.sampled_from(["join", "join", "join", "part", "room"]), rooms),
    st.tuples(st.sampled_from(["who", "part"])),
    st.tuples(st.sampled_from(["nick", "nick", "unregister"]), nicks),
    st.tuples(st.just("login"), nicks, passwords),
    st.tuples(st.just("login"), st.just(OPERATOR), st.just(PASSWORD)),
    st.tuples(st.just("register"), passwords),
    st.tuples(st.just("say"), passwords),
    st.tuples(st.just("kick"), nicks, words),
    st.tuples(st.just("msg"), nicks, words),
    st.tuples(st.just("history"), st.sampled_from(["1", "4"])),
    st.tuples(st.just("after"), st.sampled_from(["0", "2"])),
    st.tuples(st.just("quit"), words),
)
# Without what takes more than a turn, in which others go on.
shortRequests = requests.filter(lambda request: request[0] != "after")
numbers = st.integers(0, 1000)


class Conversation(RuleBasedStateMachine):
    """
    Some users at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.service = Service(
            operators=[OPERATOR],
            replay=REPLAY,
            rooms={"maxJoined": MAX_JOINED, "maxRooms": MAX_ROOMS},
        )
        self.service.server.accounts.create(OPERATOR, PASSWORD[::-1])
        self.peers: dict[int, HandPeer] = {}
        self.reference = Reference(OPERATOR, PASSWORD)
        self.sessions: dict[int, Session] = {}
        self.count = 0
        self.isRight = True

    def teardown(self) -> None:
        try:
            if self.isRight:
                for number in tuple(self.peers):
                    self._perform((number, [("quit", "bye")]))
                assert not nicksOf(self.service)
        finally:
            self.service.close()

    # What may happen.

    @initialize(first=nicks, second=nicks)
    def begin(self, first: str, second: str) -> None:
        self.arrive(first, True)
        self.arrive(second, False)

    @precondition(lambda self: len(self.peers) < MAX_PEERS)
    @rule(nick=nicks, isProgram=st.booleans())
    def arrive(self, nick: str, isProgram: bool) -> None:
        self.count += 1
        peer = self.peers[self.count] = self.service.connect(
            *(["/format json"] if isProgram else [])
        )
        self.sessions[self.count] = Session(isProgram)
        peer.take()
        self._perform((self.count, [("say", nick)]))

    @precondition(lambda self: self.peers)
    @rule(who=numbers, asked=st.lists(requests, min_size=1, max_size=4))
    def one(self, who: int, asked: list[Request]) -> None:
        """A user sends some lines in one go."""
        self._perform((self._chosen(who), asked))

    @precondition(lambda self: len(self.peers) > 1)
    @rule(who=st.lists(numbers, min_size=2, max_size=3), asked=st.lists(shortRequests, min_size=3))
    def several(self, who: list[int], asked: list[Request]) -> None:
        """Several users do something in the same turn, so it may happen in any order."""
        chosen = dict.fromkeys(map(self._chosen, who))
        self._perform(*((number, [each]) for number, each in zip(chosen, asked, strict=False)))

    @precondition(lambda self: len(self.peers) > 1)
    @rule(who=st.lists(numbers, min_size=2, max_size=6), counts=st.lists(numbers, min_size=6))
    def severalTalkMuch(self, who: list[int], counts: list[int]) -> None:
        """Several users say some lines each in the same turn; the ids tell in which order."""
        talking = {
            number: [f"{number} says {index}" for index in range(1 + count % 40)]
            for number, count in zip(map(self._chosen, who), counts, strict=False)
            if self.sessions[number].here and not self.sessions[number].asked
        }
        for number, lines in talking.items():
            self.service.say(self.peers[number], *lines)
        self._settle()
        for name, room in tuple(self.reference.rooms.items()):
            last = room.lines[-1][0] if room.lines else self.reference.last.get(name, 0)
            for said in textsAfter(self.service, name, last):
                number = int(said.split()[0])
                assert talking[number].pop(0) == said
                self.reference.do(self.sessions[number], "say", said)
        assert not any(talking.values())
        self._compare()

    @precondition(lambda self: self.peers)
    @rule(who=numbers)
    def finish(self, who: int) -> None:
        """A user closes their side."""
        number = self._chosen(who)
        self.peers[number].finish()
        self.reference.end(self.sessions[number], "input-closed")
        self._settle()
        self._compare()

    @precondition(lambda self: self.peers)
    @rule(who=numbers)
    def vanish(self, who: int) -> None:
        """A user's program dies with something unread."""
        number = self._chosen(who)
        peer, session = self.peers.pop(number), self.sessions.pop(number)
        self.service.say(peer, "/ping")
        self._settle()
        peer.close()
        self.reference.end(session, "connection-lost")
        self._settle()
        self._compare()

    @invariant()
    def sameState(self) -> None:
        assert stateOf(self.service) == self._referenceState()

    # Helpers.

    def _referenceState(self) -> dict[str, object]:
        state: dict[str, object] = {"": {each.nick for each in self.reference.users.values()}}
        for name, room in self.reference.rooms.items():
            nicks = [each.nick for each in room.users]
            state[name] = (nicks, room.accounts, {each.nick for each in room.guests}, room.lines)
        return state

    def _chosen(self, who: int) -> int:
        numbers = list(self.peers)
        return numbers[who % len(numbers)]

    def _perform(self, *asked: tuple[int, list[Request]]) -> None:
        """
        Let a user do some things, or several users one thing each.
        """
        for number, each in asked:
            self.service.say(self.peers[number], *map(_line, each))
        self._settle()
        heard = {number: peer.take() for number, peer in self.peers.items()}
        before = self.reference, self.sessions
        for order in permutations(asked):
            self.reference, self.sessions = deepcopy(before) if len(asked) > 1 else before
            for number, each in order:
                for verb, *words in each:
                    self.reference.do(self.sessions[number], verb, *words)
            if len(asked) == 1 or self._isRight(heard):
                break
        self._compare(heard)

    def _settle(self) -> None:
        """Take turns until nothing more is going on."""
        quiet = 0
        while quiet < 4:
            self.service.reactor.turn()
            # All of them read, though one has been quiet already.
            isQuiet = sum(len(peer.read()) for peer in self.peers.values()) == 0
            quiet = quiet + 1 if isQuiet else 0

    def _isRight(self, heard: dict[int, list[str]]) -> bool:
        return stateOf(self.service) == self._referenceState() and all(
            _isHeard(heard[number], each) for number, each in self.sessions.items()
        )

    def _compare(self, heard: dict[int, list[str]] | None = None) -> None:
        for number, session in tuple(self.sessions.items()):
            peer = self.peers[number]
            got = peer.take() if heard is None else heard[number]
            self.isRight = _isHeard(got, session)
            assert self.isRight, f"{number} is told otherwise: {_difference(got, session)}"
            session.heard.clear()
            assert peer.isEnded == session.isOver
            if session.isOver:
                peer.close()
                del self.peers[number], self.sessions[number]


def _line(request: Request) -> str:
    verb, *words = request
    return _TYPED.get(verb, f"/{verb}" + " {}" * len(words)).format(*words)


def _isHeard(got: list[str], session: Session) -> bool:
    """
    Whether a session has been told what it should be. Each room has its order, and so have the
    answers; between them there is none.
    """
    expected: dict[str, list[object]] = defaultdict(list)
    for (_, each), line in zip(session.heard, _expected(session), strict=True):
        room = str(each[1]) if FIELDS[str(each[0])].startswith("room") else ""
        expected[room].append(line)
    return _isMerged(_read(got, session), expected)


def _read(got: list[str], session: Session) -> list[object]:
    return [fact(line) for line in got] if session.isProgram else [*joined(got)]


def _expected(session: Session) -> list[object]:
    return [each if session.isProgram else text(here, each, AT) for here, each in session.heard]


def _difference(got: list[str], session: Session) -> str:
    read, expected = _read(got, session), _expected(session)
    pairs = zip([*read, None], [*expected, None], strict=False)
    same = next((index for index, (one, other) in enumerate(pairs) if one != other), 0)
    return f"{read[same : same + 5]} instead of {expected[same : same + 5]}"


def _isMerged(got: list[object], expected: dict[str, list[object]]) -> bool:
    for index, line in enumerate(got):
        rooms = [room for room, lines in expected.items() if lines and lines[0] == line]
        if len(rooms) > 1:
            return any(
                _isMerged(got[index + 1 :], {**expected, room: expected[room][1:]})
                for room in rooms
            )
        if not rooms:
            return False
        expected = {**expected, rooms[0]: expected[rooms[0]][1:]}
    return not any(expected.values())


def test_sessionsAreToldWhatTheReferenceSays() -> None:
    run_state_machine_as_test(
        Conversation, settings=settings(max_examples=150, stateful_step_count=30, deadline=None)
    )
