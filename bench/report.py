"""
What the rounds say together: medians, ratios, and a table of them.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from statistics import median
from typing import Any

TITLES = {
    "one": "One sender, who waits for each line to reach every reader",
    "ten": "Ten senders, who flood",
}
"""What the scenarios are called, by their short names."""

AIMS = {"one": 0.5, "ten": 0.25}
"""Which share of the naive server's CPU time tcpchat may need for a delivery."""

DISTURBED = 0.05
"""Which share of the time something else may have run, before it is to be told."""


@dataclass(frozen=True)
class Sample:
    """
    One run of one scenario.

    @ivar recipients: of each line.
    @ivar perSecond: delivered lines.
    @ivar serverCPU: seconds of the server per million deliveries.
    @ivar loadCPU: seconds of the load generator per million deliveries.
    @ivar p50: milliseconds from sending to reading, which half of the deliveries
        do not exceed; 0 where it is not measured.
    @ivar p99: the same for 99 of 100.
    @ivar serverBusy: share of the time in which the server was on its core.
    @ivar loadBusy: share of the time in which the load generator was on its core.
    @ivar disturbed: share of the time in which one of them could have run, and
        something else ran on its core.
    """

    server: str
    scenario: str
    recipients: int
    perSecond: float
    serverCPU: float
    loadCPU: float
    p50: float
    p99: float
    serverBusy: float
    loadBusy: float
    disturbed: float


_FIGURES = tuple(field.name for field in fields(Sample))[3:]


def sample(server: str, scenario: str, recipients: int, measured: dict[str, float]) -> Sample:
    """
    @param measured: what C{bench/load.py} has printed of this scenario.
    """
    deliveries, wall = measured["deliveries"], measured["wall"]
    return Sample(
        server=server,
        scenario=scenario,
        recipients=recipients,
        perSecond=deliveries / wall,
        serverCPU=measured["serverCPU"] / deliveries * 1e6,
        loadCPU=measured["loadCPU"] / deliveries * 1e6,
        p50=measured.get("p50", 0.0) * 1e3,
        p99=measured.get("p99", 0.0) * 1e3,
        serverBusy=measured["serverCPU"] / wall,
        loadBusy=measured["loadCPU"] / wall,
        disturbed=max(measured["serverWaited"], measured["loadWaited"]) / wall,
    )


def medians(samples: Iterable[Sample]) -> list[Sample]:
    """
    @return: one for each server, scenario and number of recipients, with the
        median of every figure, in the order of their first appearance.
    """
    return [
        Sample(*key, *(median(getattr(each, name) for each in group) for name in _FIGURES))
        for key, group in _grouped(samples).items()
    ]


def ratios(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """
    @param samples: those of a server in the order of the rounds.
    @return: tcpchat by naive, for each scenario and number of recipients: the
        medians of the ratios within the rounds, for a machine may be slower in
        one round than in another.
    """
    groups = _grouped(samples)
    result: list[dict[str, Any]] = []
    for (server, scenario, recipients), ours in groups.items():
        theirs = groups.get(("naive", scenario, recipients))
        if server == "naive" or theirs is None:
            continue
        pairs = list(zip(ours, theirs, strict=True))
        result.append(
            {
                "scenario": scenario,
                "recipients": recipients,
                "serverCPU": median(our.serverCPU / their.serverCPU for our, their in pairs),
                "aim": AIMS[scenario],
                "perSecond": median(our.perSecond / their.perSecond for our, their in pairs),
                "p99": median(our.p99 / their.p99 for our, their in pairs) if ours[0].p99 else None,
            }
        )
    return result


def _grouped(samples: Iterable[Sample]) -> dict[tuple[str, str, int], list[Sample]]:
    groups: dict[tuple[str, str, int], list[Sample]] = {}
    for each in samples:
        groups.setdefault((each.server, each.scenario, each.recipients), []).append(each)
    return groups


def table(samples: list[Sample]) -> str:
    """
    @param samples: of all rounds.
    @return: lines for a terminal of 80 columns.
    """
    lines: list[str] = []
    rows, shares = medians(samples), ratios(samples)
    for scenario, title in TITLES.items():
        lines += [
            f"{title}:",
            "     N  server   lines/s  CPU s/million  p50 ms  p99 ms  server busy  load busy",
        ]
        mine = [row for row in rows if row.scenario == scenario]
        for recipients in dict.fromkeys(row.recipients for row in mine):
            lines += [_row(row) for row in mine if row.recipients == recipients]
            lines += [
                _ratio(share)
                for share in shares
                if (share["scenario"], share["recipients"]) == (scenario, recipients)
            ]
        lines.append("")
    disturbed = max(row.disturbed for row in rows)
    if disturbed > DISTURBED:
        lines.append(
            f"Something else ran on these cores for up to {disturbed:.0%} of the time:\n"
            "trust the ratios of CPU time only, or run it again."
        )
    return "\n".join(lines).rstrip()


def machine() -> dict[str, object]:
    """
    @return: what the figures depend on.
    """
    return {
        "cores": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "twisted": version("twisted"),
        "tcpchat": version("tcpchat"),
    }


def asMappings(samples: Iterable[Sample]) -> list[dict[str, object]]:
    """
    @return: the samples as they are written as JSON.
    """
    return [asdict(each) for each in samples]


def _row(row: Sample) -> str:
    latency = f"{row.p50:8.2f}{row.p99:8.2f}" if row.p99 else "       -       -"
    return (
        f"{row.recipients:6}  {row.server:7}{row.perSecond:9.0f}{row.serverCPU:15.3f}{latency}"
        f"{row.serverBusy:13.0%}{row.loadBusy:11.0%}"
    )


def _ratio(share: dict[str, Any]) -> str:
    p99 = f"{share['p99']:8.2f}" if share["p99"] is not None else "       -"
    return (
        f"{'':8}ratio  {share['perSecond']:9.2f}{share['serverCPU']:15.3f}{'':8}{p99}"
        f"   (aim of CPU: {share['aim']})"
    )
