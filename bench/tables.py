"""
The results as plain text: C{python bench/tables.py results.json} prints what
C{bench/fanout.py} prints at its end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cases import GROUPS, OVER_TLS, SCENARIOS, Case
from measuring import DISTURBED
from report import Figures, Ratio, Sample, comparison, fromMapping, medians, ratio
from targets import Outcome, outcomes

_RATIOS = {
    "fanout": "ratio: CPU of tcpchat by that of this server",
    "rooms": "ratio: CPU of many rooms by that of one room",
    "mixed": "ratio: CPU with three renderings by that with one",
    "tls": "ratio: CPU over TLS by that without",
}
_HEAD = (
    f"{'readers':>11}  {'server':15}{'CPU us':>8}  {'ratio (least-most)':19}{'lines/s':>10}"
    f"{'p50 ms':>8}{'p99':>8}{'p99.9':>8}{'server':>8}{'load':>6}{'MiB':>6}"
)
_LEGEND = """\
CPU us: CPU time of the server for one delivery, in microseconds (or seconds for a million).
lines/s: deliveries, which are lines times readers.  p50, p99, p99.9: milliseconds from saying
a line to reading it, in `rate` from when it was due.  server, load: the share of the time that
the server and the load generator spent on their cores.  MiB: memory of the server (RSS)."""


def text(results: Mapping[str, Any]) -> str:
    """
    @param results: what C{bench/fanout.py --json} writes.
    @return: all of it, for a screen of 110 columns.
    """
    samples = fromMapping(results)
    parts = [_about(results), _LEGEND]
    for group in GROUPS:
        mine = [each for each in samples if each.case.group == group]
        if mine:
            parts += _group(group, mine, results["rooms"])
    parts += ["\n".join(_targets(samples, results["rooms"]))]
    parts += ["\n".join(each) for each in (_failures(results), _warnings(samples)) if each]
    return "\n\n".join(parts) + "\n"


def _about(results: Mapping[str, Any]) -> str:
    machine = results["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['architecture']}, "
        f"{machine['kernel']}",
        f"{machine['python']}, Twisted {machine['twisted']}, SQLite {machine['sqlite']}, "
        f"OpenSSL {machine['openssl']}",
        *(f"  {name}: {about['version']}" for name, about in results["servers"].items()),
        f"Medians of {results['rounds']} rounds, {results['seconds']:g} s of each scenario; "
        "a ratio is that within a round.",
    ]
    return "\n".join(lines)


def _group(group: str, samples: list[Sample], rooms: int) -> Iterator[str]:
    rows = medians(samples)
    for scenario, title in SCENARIOS.items():
        mine = {case: row for case, row in rows.items() if case.scenario == scenario}
        if not mine:
            continue
        lines = [f"{GROUPS[group]}: {title}", f"({_RATIOS[group]})", _HEAD]
        before = ""
        for case, row in mine.items():
            crowd = _crowd(case)
            if before not in ("", crowd) and group == "fanout":
                lines.append("")
            before = crowd
            sides = comparison(case, rooms)
            share = ratio(samples, *sides) if sides else None
            lines.append(_row(case, row, share))
        yield "\n".join(lines)


def _crowd(case: Case) -> str:
    crowd = f"{case.rooms} x {case.recipients}" if case.rooms > 1 else str(case.recipients)
    return f"mixed {crowd}" if case.isMixed else crowd


def _name(server: str) -> str:
    return "tcpchat, TLS" if server == OVER_TLS else server


def _row(case: Case, row: Figures, share: Ratio | None) -> str:
    latencies = "".join(_milliseconds(value) for value in (row.p50, row.p99, row.p999))
    return (
        f"{_crowd(case):>11}  {_name(case.server):15}{row.serverCPU:8.3f}  {_share(share):19}"
        f"{row.perSecond:10.0f}{latencies}{row.serverBusy:8.0%}{row.loadBusy:6.0%}"
        f"{row.resident:6.0f}"
    )


def _milliseconds(value: float | None) -> str:
    return f"{value:8.2f}" if value is not None else f"{'-':>8}"


def _share(share: Ratio | None) -> str:
    return f"{share.middle:5.2f} ({share.least:.2f}-{share.most:.2f})" if share else ""


def _targets(samples: list[Sample], rooms: int) -> Iterator[str]:
    measured = outcomes(samples, rooms)
    yield "Targets: ratios of CPU time for a delivery, unless they say p99"
    yield (f"  {'tcpchat':52}{'aim':>7}  {'figure (least-most)':22}{'':9}the same of a C server")
    for each in measured:
        if each.ratio is not None:
            yield _target(each)
    left = sum(each.ratio is None for each in measured)
    if left:
        yield f"  {left} of {len(measured)} were not measured."


def _target(outcome: Outcome) -> str:
    limit = ""
    if outcome.limit is not None:
        limit = f"{outcome.target.limit} {_share(outcome.limit).strip()}"
    return (
        f"  {outcome.target.title:52}{outcome.target.aim:7.2f}  {_share(outcome.ratio):22}"
        f"{outcome.verdict:9}{limit}"
    ).rstrip()


def _failures(results: Mapping[str, Any]) -> list[str]:
    """
    @return: what could not be measured, with the reason; each but once.
    """
    said = {f"  {each['run']}: {each['reason']}": None for each in results["failures"]}
    return ["Not measured:", *said] if said else []


def _warnings(samples: list[Sample]) -> list[str]:
    rows = medians(samples)
    worst = max(rows, key=lambda case: rows[case].disturbed)
    share = rows[worst].disturbed
    if share <= DISTURBED:
        return []
    return [
        f"Something else ran on these cores for up to {share:.0%} of the time "
        f"({worst.server}, {worst.scenario}, {_crowd(worst)}):",
        "trust the ratios of CPU time only, or run it again.",
    ]


if __name__ == "__main__":
    sys.stdout.write(text(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
