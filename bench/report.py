"""
The results of all rounds: samples, their medians, and ratios within rounds.

The results of a whole run are one mapping, which can be written as JSON and is
all that tables and plots need.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from statistics import median
from typing import Any

from cases import OURS, OVER_TLS, ROOM, Case

_DIGITS = 5


@dataclass(frozen=True)
class Figures:
    """
    The result of one case in one round.

    @ivar perSecond: delivered lines.
    @ivar serverCPU: microseconds of the server for a delivery, or seconds for a
        million of them.
    @ivar loadCPU: the same of the load generator.
    @ivar p50: milliseconds from saying to reading, which half of the deliveries
        do not exceed.
    @ivar p99: the same for 99 of 100.
    @ivar p999: the same for 999 of 1000.
    @ivar slowest: the same for all of them.
    @ivar serverBusy: share of the time in which the server was on its core.
    @ivar loadBusy: share of the time in which the load generator was on its core.
    @ivar disturbed: share of the time in which one of them could have run, and
        something else ran on its core.
    @ivar resident: memory of the server (RSS) in MiB.
    @ivar lines: how many were said.
    @ivar wakeups: how often the load generator woke up, for each line.
    """

    perSecond: float
    serverCPU: float
    loadCPU: float
    p50: float | None
    p99: float | None
    p999: float | None
    slowest: float | None
    serverBusy: float
    loadBusy: float
    disturbed: float
    resident: float
    lines: int
    wakeups: float


@dataclass(frozen=True)
class Sample:
    """
    @ivar round: from 0.
    """

    case: Case
    round: int
    figures: Figures


NAMES = tuple(field.name for field in fields(Figures))
"""The names of all figures."""


def figures(measured: Mapping[str, Any]) -> Figures:
    """
    @param measured: what the load generator has printed of one scenario.
    """
    deliveries, wall = measured["deliveries"], measured["wall"]
    latency = measured["latency"] or {}
    p50, p99, p999, slowest = (
        latency[name] * 1e3 if name in latency else None for name in ("p50", "p99", "p999", "max")
    )
    return Figures(
        perSecond=deliveries / wall,
        serverCPU=measured["server_cpu"] / deliveries * 1e6,
        loadCPU=measured["load_cpu"] / deliveries * 1e6,
        p50=p50,
        p99=p99,
        p999=p999,
        slowest=slowest,
        serverBusy=measured["server_cpu"] / wall,
        loadBusy=measured["load_cpu"] / wall,
        disturbed=max(measured["server_waited"], measured["load_waited"]) / wall,
        resident=measured["server_rss"] / 2**20,
        lines=measured["lines"],
        wakeups=measured["wakeups"] / measured["lines"],
    )


def medians(samples: Iterable[Sample]) -> dict[Case, Figures]:
    """
    @return: the median of every figure, in the order of the first appearance of
        a case.
    """
    groups: dict[Case, list[Figures]] = {}
    for each in samples:
        groups.setdefault(each.case, []).append(each.figures)
    return {
        case: Figures(*(_median([getattr(each, name) for each in rounds]) for name in NAMES))
        for case, rounds in groups.items()
    }


@dataclass(frozen=True)
class Ratio:
    """
    One case by another, in each round on its own, for a machine may be slower in
    one round than in another.

    @ivar middle: the median of the rounds.
    @ivar least: the smallest of the rounds.
    @ivar most: the largest of the rounds.
    """

    middle: float
    least: float
    most: float


def ratio(
    samples: Iterable[Sample], ours: Case, theirs: Case, figure: str = "serverCPU"
) -> Ratio | None:
    """
    @return: L{None} when there is no round that has both.
    """
    sides: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for each in samples:
        value = getattr(each.figures, figure)
        for case, side in zip((ours, theirs), sides, strict=True):
            if each.case == case and value is not None:
                side[each.round] = value
    mine, other = sides
    shares = [value / other[number] for number, value in mine.items() if other.get(number)]
    if not shares:
        return None
    return Ratio(*(round(value, 4) for value in (median(shares), min(shares), max(shares))))


def comparison(case: Case, rooms: int) -> tuple[Case, Case] | None:
    """
    @param rooms: how many there are where there are many.
    @return: the two cases of which the ratio is shown beside this case: ours and the
        other server's, many rooms and the one room, or the case and the plain one;
        L{None} for a case that others are compared with.
    """
    match case.group:
        case "rooms" if case.rooms > 1:
            count = ROOM * rooms if case.scenario == "one" else ROOM
            return case, replace(case, rooms=1, recipients=count)
        case "mixed" if case.isMixed:
            return case, replace(case, isMixed=False)
        case "tls" if case.server == OVER_TLS:
            return case, replace(case, server=OURS)
        case "fanout" if case.server != OURS:
            return replace(case, server=OURS), case
    return None


def asMapping(samples: list[Sample]) -> dict[str, Any]:
    """
    @return: medians and samples as they are written as JSON; the samples as rows of
        the columns named beside them.
    """
    rows = [{**asdict(each.case), "round": each.round, **asdict(each.figures)} for each in samples]
    return {
        "medians": [
            {**asdict(case), **_rounded(asdict(values))}
            for case, values in medians(samples).items()
        ],
        "columns": list(rows[0]) if rows else [],
        "samples": [list(_rounded(row).values()) for row in rows],
    }


def fromMapping(results: Mapping[str, Any]) -> list[Sample]:
    """
    @param results: with what L{asMapping} has made.
    """
    samples = []
    caseNames = [field.name for field in fields(Case)]
    for values in results["samples"]:
        row = dict(zip(results["columns"], values, strict=True))
        case = Case(**{name: row[name] for name in caseNames})
        samples.append(Sample(case, row["round"], Figures(*(row[name] for name in NAMES))))
    return samples


def asJSON(results: Mapping[str, Any]) -> str:
    """
    @return: JSON with one line for each item of each list or mapping at the top.
    """
    parts = []
    for name, value in results.items():
        match value:
            case list() if value:
                inner = ",\n".join(f"    {json.dumps(item)}" for item in value)
                parts.append(f"  {json.dumps(name)}: [\n{inner}\n  ]")
            case dict() if value:
                inner = ",\n".join(
                    f"    {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()
                )
                parts.append(f"  {json.dumps(name)}: {{\n{inner}\n  }}")
            case _:
                parts.append(f"  {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _median(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
        for name, value in row.items()
    }
