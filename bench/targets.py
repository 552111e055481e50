"""
The targets of the fan-out: ratios to other servers, and of one crowd to another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from cases import OURS, ROOM, Case
from report import Ratio, Sample, ratio

_LIMITS = {"one": "each", "flood": "joining"}
"""The server that shows what the kernel allows, for each scenario."""

_ACROSS = 1.3
"""What a delivery may cost in one crowd, as a multiple of what it costs in another."""

_MANY = 1000
_MOST = 5000
_SIZES = (10, 100, _MOST)


@dataclass(frozen=True)
class Target:
    """
    One case by another.

    @ivar title: what is compared.
    @ivar aim: what the ratio may be at the most.
    @ivar figure: which of the figures it is about.
    @ivar limit: a server of which the same ratio is told beside ours, if any.
    """

    title: str
    ours: Case
    theirs: Case
    aim: float
    figure: str = "serverCPU"
    limit: str = ""


@dataclass(frozen=True)
class Outcome:
    """
    A target and the figures that were measured.

    @ivar ratio: L{None} when it was not measured.
    @ivar limit: the same ratio of the server beside ours, if there is one.
    """

    target: Target
    ratio: Ratio | None
    limit: Ratio | None

    @property
    def verdict(self) -> str:
        """In one word or two."""
        if self.ratio is None:
            return "not measured"
        return "met" if self.ratio.middle <= self.target.aim else "missed"

    def asMapping(self) -> dict[str, Any]:
        """
        @return: what is written as JSON; the ratios are C{None} or C{middle}, C{least}
            and C{most}.
        """
        return {
            "title": self.target.title,
            "aim": self.target.aim,
            "ratio": asdict(self.ratio) if self.ratio else None,
            "limit": asdict(self.limit) if self.limit else None,
            "verdict": self.verdict,
        }


def outcomes(samples: list[Sample], rooms: int) -> list[Outcome]:
    """
    @param rooms: how many there are where there are many.
    @return: one for each target, in their order.
    """
    result = []
    for target in _targets(rooms):
        ours, theirs, limit = target.ours, target.theirs, None
        if target.limit:
            limit = ratio(
                samples,
                replace(ours, server=target.limit),
                replace(theirs, server=target.limit),
                target.figure,
            )
        result.append(Outcome(target, ratio(samples, ours, theirs, target.figure), limit))
    return result


def _targets(rooms: int) -> Iterator[Target]:
    yield from _by("flood", _MANY, joining=1.25, inspircd=0.33, node=0.05)
    yield from _by("one", _MANY, each=1.6, inspircd=1.15, node=0.9, go=0.9)
    yield _latency("rate", _MANY, 1.0)
    yield _latency("one", _SIZES[0], 2.0)
    yield from _by("one", _MOST, each=1.4, inspircd=0.6)
    yield from _by("flood", _MOST, joining=1.25)
    yield from _rooms(rooms)
    for scenario in _LIMITS:
        plain = Case("mixed", OURS, scenario, _MANY)
        yield Target(
            f"{scenario}, N = {_MANY}: three renderings by one",
            replace(plain, isMixed=True),
            plain,
            _ACROSS,
        )
    for scenario, limit in _LIMITS.items():
        for count in _SIZES:
            yield Target(
                f"{scenario}: a delivery at N = {count} by one at {_MANY}",
                Case("fanout", OURS, scenario, count),
                Case("fanout", OURS, scenario, _MANY),
                _ACROSS,
                limit=limit,
            )


def _by(scenario: str, recipients: int, **aims: float) -> Iterator[Target]:
    ours = Case("fanout", OURS, scenario, recipients)
    for server, aim in aims.items():
        title = f"{scenario}, N = {recipients}: by {server}"
        yield Target(title, ours, replace(ours, server=server), aim)


def _latency(scenario: str, recipients: int, aim: float) -> Target:
    ours = Case("fanout", OURS, scenario, recipients)
    title = f"{scenario}, N = {recipients}: p99 by that of inspircd"
    return Target(title, ours, replace(ours, server="inspircd"), aim, "p99")


def _rooms(rooms: int) -> Iterator[Target]:
    for scenario, count in (("one", ROOM * rooms), ("flood", ROOM), ("flood", ROOM * rooms)):
        case = Case("rooms", OURS, scenario, ROOM, rooms)
        yield Target(
            f"{scenario}: {rooms} rooms of {ROOM} by one of {count}",
            case,
            replace(case, recipients=count, rooms=1),
            _ACROSS,
            limit="joining",
        )
