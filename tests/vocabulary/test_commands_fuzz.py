"""
Random lines of several people, some of whom go at any moment: nothing goes wrong inside, everything
is answered in its order, and whatever knows of somebody agrees with the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import closing, suppress
from time import process_time
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.logger import LogLevel, capturedLogs

from chat.core.hub import Hub
from chat.vocabulary.errors import ChatError
from chat.vocabulary.verbs import VERBS, parse
from tests.fuzz.commands import check
from tests.support.doubles import HandPeer, SlowBackplane
from tests.support.people import SlowHistory
from tests.support.servers import PlainAuthenticator
from tests.support.service import Service

PEOPLE = 4
OPERATOR = "root"
PASSWORD = "password"
BEGINNING = (
    *((number, f"n{number}") for number in range(PEOPLE - 1)),
    (PEOPLE - 1, OPERATOR),
    (PEOPLE - 1, f"/register {PASSWORD}"),
    (0, "/format json"),
)

_TEXT = re.compile(
    r"(\[[0-9:]+\] )?"
    r"(--> |<-- |--- |!!! |\[[^\W\d_][^] ]* -> [^\W\d_][^] ]*\] "
    r"|(\[[0-9: -]+\] )?(#[^ ]+ )?( ?\* )?[^\W\d_][^: ]*(: | ))"
)
"""How a line begins for somebody who reads text."""

_PONG = re.compile(r'(?:\[[0-9:]+\] )?--- PONG test(\d+)|\{"event":"ponged","token":"test(\d+)"\}')

_NICKS = ["n0", "n1", "N2", "ann", "Ann", OPERATOR, "小明"]
_arguments = st.one_of(
    st.sampled_from(_NICKS),
    st.sampled_from(["#lobby", "#a", "#b", "#c", "in #a", "from n1"]),
    st.sampled_from(["key", "key none", "private", "topic owner", "on", "off", "end", "mention"]),
    st.sampled_from(["0", "1", "2", "1000", "after 0", "since 1h", "1h", "99999999999999999"]),
    st.sampled_from(["192.0.2.1", "10.0.0.0/8", "::/0", "%", "/", PASSWORD, "json", "text"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=30),
)
_verbs = [alias for verb in VERBS for alias in (verb.name, *verb.aliases[-1:])]
_lines = st.one_of(
    st.builds(
        lambda verb, rest: " ".join(["/" + verb, *rest]),
        st.sampled_from([*_verbs, *["join", "part", "nick", "login", "mode"] * 6]),
        st.lists(_arguments, max_size=3),
    ),
    st.sampled_from([f"/login {OPERATOR} {PASSWORD}", f"/register {PASSWORD}", "/mode private on"]),
    st.sampled_from(["/join #a", "/join #b", "/format json", "/format text", PASSWORD, *_NICKS]),
    _arguments,
)
_people = st.integers(0, PEOPLE - 1)
_steps = st.one_of(
    st.tuples(_people, _lines),
    st.tuples(_people, _lines),
    st.tuples(_people, _lines),
    st.tuples(_people, st.sampled_from([None, None, b"FIN", b"RST"])),
    st.tuples(st.just(-1), st.sampled_from(["slow", "quick", "decide", "1", "100", "2000"])),
)

Step = tuple[int, Any]
"""
Who, and which line: L{None} for a turn of the reactor, bytes for an end of his connection.  Nobody
is -1; then it is about how quickly the service finds out what it has to know, or how time passes.
"""


class _Person:
    """
    @ivar lines: What he has been told.
    @ivar asked: How many pings he has sent.
    """

    def __init__(self, peer: HandPeer) -> None:
        self.peer = peer
        self.lines: list[str] = []
        self.asked = 0
        self.isClosed = False

    def says(self, line: str) -> None:
        self.asked += 1
        self.peer.send(f"{line}\n/ping test{self.asked}\n".encode())

    def read(self) -> None:
        if not self.isClosed:
            try:
                self.lines += self.peer.take()
            except ConnectionResetError:
                # He was told long ago that it is over, and went on talking.
                self.isClosed = True


class Crowd:
    """
    Some people in a service of few rooms.
    """

    def __init__(self, backplane: SlowBackplane | None = None) -> None:
        limits = {"maxRooms": 4, "maxJoined": 3, "announceLimit": 3}
        self.service = Service(backplane, operators=[OPERATOR], rooms=limits, motd="Be kind.")
        self._backplane = backplane
        shared = self.service.shared
        assert isinstance(shared.authenticator, PlainAuthenticator)
        self._authenticator = shared.authenticator
        self._history = SlowHistory(shared.history)
        self._history.append = shared.history.append  # type: ignore[attr-defined]
        shared.history = self._history  # type: ignore[assignment]
        self._be(False)
        self._people: dict[int, _Person] = {}

    def goThrough(self, steps: Iterable[Step]) -> None:
        for number, what in steps:
            if number < 0:
                self._doForAll(what)
            elif what is None:
                self.service.reactor.turn()
            else:
                self._do(number, what)
        self.settle()

    def settle(self) -> None:
        """
        Let everything be decided, and everybody read all that is for him.
        """
        self._be(False)
        for _ in range(3):
            self._decide()
            for _ in range(8):
                self.service.reactor.turn()
                for person in self._people.values():
                    person.read()

    def end(self) -> None:
        """
        Let everybody hang up.
        """
        for person in self._people.values():
            person.peer.close()
            person.isClosed = True
        self.settle()

    def _doForAll(self, what: str) -> None:
        if what == "decide":
            self._decide()
        elif what.isdecimal():
            self.service.reactor.turn(int(what))
        else:
            self._be(what == "slow")
        # Who reads nothing for so long would be cut off within a line.
        for person in self._people.values():
            person.read()

    def _do(self, number: int, what: str | bytes) -> None:
        person = self._people.get(number)
        if person is not None:
            person.read()
        if person is None or person.isClosed or person.peer.isEnded:
            person = self._people[number] = _Person(self.service.reactor.connect(self._protocol()))
        if isinstance(what, str):
            person.says(what.replace("\n", " "))
        elif what == b"FIN":
            person.peer.finish()
            person.isClosed = True
        else:
            person.peer.close()
            person.isClosed = True
        self.service.reactor.turn()
        person.read()

    def _protocol(self) -> Any:
        return self.service.factory.buildProtocol(None)

    def _be(self, isSlow: bool) -> None:
        self._authenticator.isSlow = self._history.isSlow = isSlow

    def _decide(self) -> None:
        for _ in range(3):
            self._authenticator.decide()
            self._history.decide()
            if self._backplane is not None:
                self._backplane.decide()

    # What holds.

    def check(self) -> None:
        checkHub(self.service.hub)
        for person in self._people.values():
            pongs = filter(None, map(_PONG.fullmatch, person.lines))
            answered = [int(pong[1] or pong[2]) for pong in pongs]
            assert answered == list(range(1, len(answered) + 1))
            if not person.isClosed and not person.peer.isEnded:
                assert len(answered) == person.asked
            for line in person.lines:
                if line.startswith("{"):
                    assert json.loads(line)["event"]
                else:
                    assert _TEXT.match(line), line
                assert "internal-error" not in line


def checkHub(hub: Hub) -> None:
    """
    Everything that knows of somebody agrees.
    """
    checkRooms(hub)
    members = hub.nicknames.members
    recipients = set()
    for member in members:
        assert hub.nicknames.holder(member.fold) is member
        assert member.seats
        assert hub.nicknames.present(member.account) is (member if member.account else None)
        assert len(set(member.rooms)) == len(member.rooms)
        for name in member.rooms:
            room = hub.directory.find(name)
            assert room is not None
            assert member in room.members
        for seat in member.seats:
            participant = seat.participant
            assert (participant.nick, participant.account) == (member.nick, member.account)
            assert seat.recipient not in recipients
            recipients.add(seat.recipient)
            talking = hub.directory.find(participant.room)
            assert seat.recipient.here is (talking and talking.audience)
            assert (talking is None) is (not member.rooms)
    assert not hub._joining
    for authors in hub.authors._lines.values():
        assert set(authors) <= recipients
    attention = hub.attention
    for ignoring in (*attention._deaf.values(), *attention._followed.values()):
        assert set(ignoring) <= set(members)
    assert set(attention._followed) <= {member.fold for member in members}


def checkRooms(hub: Hub) -> None:
    directory = hub.directory
    for room in directory._rooms.values():
        assert all(room.name in member.rooms for member in room.members)
        assert all(fold == member.fold for fold, member in room._members.items())
        assert len(room) or room.record.owners or room.name == directory.start
        assert room.guestOwners <= set(room.members)
        heard = {each for group in room.audience._groups.values() for each in group.members}
        assert heard == {each for member in room.members for each in member.recipients}
        assert not any(group.pending for group in room.audience._groups.values())


def goThrough(steps: Iterable[Step], isSlow: bool) -> None:
    """
    @param isSlow: Whether it takes time to have a nickname.
    """
    backplane = SlowBackplane() if isSlow else None
    crowd = Crowd(backplane)
    with closing(crowd.service), capturedLogs() as logs:
        crowd.goThrough(BEGINNING)
        crowd.goThrough(steps)
        crowd.check()
        crowd.end()
        crowd.check()
        assert not crowd.service.hub.nicknames.members
        for _ in range(6):
            crowd.service.reactor.turn(10)
        assert not crowd.service.reactor.getDelayedCalls()
        if backplane is not None:
            assert not backplane.taken
    bad = [each for each in logs if each["log_level"] >= LogLevel.error]
    assert not bad, bad


_typed = st.one_of(
    _lines,
    st.builds(
        "".join,
        st.lists(
            st.sampled_from([*"/／、 \u3000#@\t\u0301\ufe0f\u200d\x1b\x85", *_verbs])
            | st.characters()
            | _arguments,
            max_size=12,
        ),
    ),
)


@settings(max_examples=500)
@given(_typed)
@example("/\ufe0fnick x")
@example("/history after 9999999999999999")
@example("//\ufe0f")
@example("、\u0301私聊 bob hi")
def test_whateverIsTyped(line: str) -> None:
    """It is a command or is refused, both in clean text; and what is said is said as it is."""
    check(line)


def test_parsingIsLinear() -> None:
    """What is done in a moment would be minutes if each word had to do with all behind it."""
    begun = process_time()
    for verb in VERBS:
        for word in ("a ", "in #a from b ", "1h", "9", "#", "/"):
            with suppress(ChatError):
                parse(f"/{verb.name} x {word * (50_000 // len(word))}")
    assert process_time() - begun < 30


@settings(max_examples=60, derandomize=True)
@given(st.lists(_steps, max_size=40), st.booleans())
def test_nothingGoesWrong(steps: list[Step], isSlow: bool) -> None:
    goThrough(steps, isSlow)
