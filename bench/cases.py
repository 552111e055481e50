"""
The cases: which servers are measured, with how many recipients, and what is said to them.

A L{Run} is one server that is started anew and one crowd that talks there in one
scenario after the other; each of its scenarios is a L{Case}.  Runs
that are compared with each other stand in one block, so that they are measured
close to each other in time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

RATE = 20
"""Lines a second in the scenario C{rate}."""

RATE_LASTS = 3
"""How many times as long as the others C{rate} is measured: it says few lines."""

ROOM = 50
"""How many recipients a line has in one of many rooms."""

OURS = "tcpchat"
"""The server that is measured; the others are what it is compared with."""

OVER_TLS = "tls"
"""The same behind an endpoint with TLS."""

GROUPS = {
    "fanout": "One room",
    "rooms": "Many rooms with a sender in each, and one room",
    "mixed": "Readers of three renderings: English, Chinese and JSON lines",
    "tls": "Over TLS",
}
"""The titles of the cases that are measured together, by the short names of the groups."""

ON_THE_WAY = {"flood": 8, "deep": 64}
"""How many lines of each flooding sender may be on their way to the slowest recipient."""

SCENARIOS = {
    "one": "one line at a time, the next when every reader has got it",
    "flood": f"ten senders flood, {ON_THE_WAY['flood']} lines of each on their way",
    "deep": f"ten senders flood, {ON_THE_WAY['deep']} lines of each on their way",
    "rate": f"{RATE} lines a second",
}
"""The ways to talk, by their short names."""

_IN_MANY_ROOMS = (OURS, "joining", "inspircd")
# The others would need seconds for the lines on their way.
_DEEP = (OURS, "joining", "inspircd", "go")
_DEEP_AT = 1000
_RATE_AT = (10, 1000)
_MIXED_AT = 1000
_TLS_UP_TO = 1000


@dataclass(frozen=True)
class Case:
    """
    One scenario in one crowd on one server.

    @ivar group: one of L{GROUPS}.
    @ivar server: a name in C{kinds.KINDS}.
    @ivar scenario: one of L{SCENARIOS}.
    @ivar recipients: how many users hear each line.
    @ivar rooms: how many of these rooms there are.
    @ivar isMixed: whether recipients want three different renderings.
    """

    group: str
    server: str
    scenario: str
    recipients: int
    rooms: int = 1
    isMixed: bool = False


@dataclass(frozen=True)
class Run:
    """
    One server and one crowd.

    @ivar scenarios: in their order.  See L{Case} for the rest.
    """

    group: str
    server: str
    recipients: int
    scenarios: tuple[str, ...]
    rooms: int = 1
    isMixed: bool = False

    @property
    def connections(self) -> int:
        """How many users there are, the senders among them."""
        return self.rooms * (self.recipients + 1)

    def __str__(self) -> str:
        crowd = str(self.recipients) if self.rooms == 1 else f"{self.rooms} x {self.recipients}"
        return f"{self.group}, N = {crowd}{', mixed' if self.isMixed else ''}, {self.server}"

    def case(self, scenario: str) -> Case:
        """
        @param scenario: one of its own.
        """
        return Case(self.group, self.server, scenario, self.recipients, self.rooms, self.isMixed)

    def arguments(self, seconds: float) -> list[str]:
        """
        @param seconds: how long each scenario is measured.
        @return: what the load generator is told of it.
        """
        timed = {
            "one": f"one:{seconds:g}",
            **{name: f"flood:{seconds:g}:{count}" for name, count in ON_THE_WAY.items()},
            "rate": f"rate:{RATE_LASTS * seconds:g}:{RATE}",
        }
        return [
            *("--rooms", str(self.rooms), "--recipients", str(self.recipients)),
            *(["--mixed"] if self.isMixed else []),
            *(["--tls"] if self.server == OVER_TLS else []),
            *(timed[scenario] for scenario in self.scenarios),
        ]

    def lasts(self, seconds: float) -> float:
        """
        @return: for how many seconds it is measured, without connecting and warming up.
        """
        return seconds * sum(RATE_LASTS if each == "rate" else 1 for each in self.scenarios)


def _alone(server: str, recipients: int) -> tuple[str, ...]:
    scenarios = ["one", "flood"]
    if recipients in _RATE_AT:
        scenarios.insert(1, "rate")
    if recipients == _DEEP_AT and server in _DEEP:
        scenarios.append("deep")
    return tuple(scenarios)


def blocks(
    groups: Collection[str], servers: Collection[str], recipients: Collection[int], rooms: int
) -> Iterator[list[Run]]:
    """
    @param groups: some of L{GROUPS}.
    @param servers: in the order in which they are to be shown.
    @param recipients: the sizes of the one room.
    @param rooms: how many rooms of L{ROOM} there are in the group C{rooms}.
    """
    if "fanout" in groups:
        for count in recipients:
            yield [
                Run("fanout", server, count, _alone(server, count))
                for server in servers
                if server != OVER_TLS
            ]
    if "rooms" in groups:
        for server in servers:
            if server in _IN_MANY_ROOMS:
                yield [
                    Run("rooms", server, ROOM, ("one", "flood"), rooms),
                    Run("rooms", server, ROOM, ("flood",)),
                    Run("rooms", server, ROOM * rooms, ("one", "flood")),
                ]
    if OURS not in servers:
        return
    if "mixed" in groups:
        count = min(_MIXED_AT, max(recipients))
        yield [
            Run("mixed", OURS, count, ("one", "flood"), isMixed=isMixed)
            for isMixed in (True, False)
        ]
    if "tls" in groups:
        for count in recipients:
            if count <= _TLS_UP_TO:
                yield [Run("tls", server, count, ("one", "flood")) for server in (OVER_TLS, OURS)]
