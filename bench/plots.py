"""
The results as pictures: C{python bench/plots.py results.json DIRECTORY} draws what
C{bench/fanout.py --plots DIRECTORY} draws.  It needs matplotlib, which is in the
extra C{bench}.

The pictures are SVG with text as text, on no background and in colours that can
be read on a white page and on a black one.  The same results make the same bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

try:
    import matplotlib
except ImportError as error:
    raise SystemExit("matplotlib is missing: pip install matplotlib") from error
from cases import OURS, RATE
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tcpchat",
    "font.family": "sans-serif",
    "font.size": 10,
    **dict.fromkeys(
        (
            *("text.color", "axes.labelcolor", "axes.edgecolor"),
            *("xtick.color", "ytick.color", "grid.color"),
        ),
        "#7a7a7a",
    ),
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_OURS_COLOUR = "#e4572e"
_COLOURS = {
    "each": "#8c8c8c",
    "joining": "#8c8c8c",
    "inspircd": "#2e86c8",
    "ngircd": "#17a398",
    "go": "#5aa02c",
    "node": "#b8860b",
    "words": "#9467bd",
    "naive": "#c05c9e",
}
_MARKS = {"each": "s", "joining": "^"}
_OTHER_COLOUR = "#7f7f7f"
_BARS_AT = 1000


def draw(results: Mapping[str, Any], directory: Path) -> None:
    """
    Write C{one.svg}, C{flood.svg} and C{latency.svg}.

    @param results: what C{bench/fanout.py --json} writes.
    @param directory: made when it is not there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    rows = [row for row in results["medians"] if row["group"] == "fanout"]
    titles = {name: about["title"] for name, about in results["servers"].items()}
    with matplotlib.rc_context(_STYLE):
        for scenario, title in (
            ("one", "One line at a time"),
            ("flood", "Ten senders flood"),
        ):
            mine = [row for row in rows if row["scenario"] == scenario]
            _save(_costs(mine, titles, title), directory / f"{scenario}.svg")
        rated = [row for row in rows if row["scenario"] == "rate" and row["recipients"] == _BARS_AT]
        if rated:
            _save(_latencies(rated, titles), directory / "latency.svg")


def _costs(rows: list[dict[str, Any]], titles: Mapping[str, str], title: str) -> Figure:
    figure = Figure(figsize=(7.2, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for server in dict.fromkeys(row["server"] for row in rows):
        mine = [row for row in rows if row["server"] == server]
        isOurs = server == OURS
        axes.plot(
            [row["recipients"] for row in mine],
            [row["serverCPU"] for row in mine],
            color=_colour(server),
            linestyle="--" if server in _MARKS else "-",
            linewidth=3.0 if isOurs else 1.4,
            marker=_MARKS.get(server, "o"),
            markersize=6.0 if isOurs else 4.0,
            zorder=3 if isOurs else 2,
            label=titles[server],
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted({row["recipients"] for row in rows})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_yticks(*_ticks([row["serverCPU"] for row in rows]))
    axes.minorticks_off()
    axes.set_xlabel("readers of a line")
    _entitle(axes, f"{title}: CPU microseconds of the server for a delivery")
    axes.grid(True)
    legend = axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    for label in legend.get_texts():
        if label.get_text() == titles.get(OURS):
            label.set_fontweight("bold")
    return figure


def _latencies(rows: list[dict[str, Any]], titles: Mapping[str, str]) -> Figure:
    figure = Figure(figsize=(7.2, 0.9 + 0.36 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    rows = rows[::-1]
    places = range(len(rows))
    colours = [_colour(row["server"]) for row in rows]
    axes.barh(places, [row["p99"] for row in rows], height=0.62, color=colours, alpha=0.85)
    for place, row in zip(places, rows, strict=True):
        axes.annotate(
            f"{row['p99']:.1f}",
            (row["p99"], place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(places, [titles[row["server"]] for row in rows])
    axes.tick_params(axis="y", length=0)
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        if row["server"] == OURS:
            label.set_fontweight("bold")
    axes.margins(x=0.1)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    _entitle(axes, f"{RATE} lines a second to {_BARS_AT:,} readers: p99 in milliseconds")
    return figure


def _entitle(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, pad=10)


def _ticks(values: list[float]) -> tuple[list[float], list[str]]:
    """
    @return: 1, 2 and 5 of each power of ten that the values reach, and their names.
    """
    every = [step * 10.0**power for power in range(-3, 4) for step in (1, 2, 5)]
    ticks = [each for each in every if min(values) / 1.6 <= each <= max(values) * 1.6]
    return ticks, [f"{each:g}" for each in ticks]


def _colour(server: str) -> str:
    return _OURS_COLOUR if server == OURS else _COLOURS.get(server, _OTHER_COLOUR)


def _save(figure: Figure, path: Path) -> None:
    # A date would make every run a change.
    figure.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Creator": None})


def main(arguments: list[str]) -> None:
    """
    Draw.
    """
    source, directory = arguments
    draw(json.loads(Path(source).read_text(encoding="utf-8")), Path(directory))


if __name__ == "__main__":
    main(sys.argv[1:])
