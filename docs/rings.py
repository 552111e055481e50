"""
Makes images/rings.svg: the rings of chat/, the folders in them, and who imports whom.

The rings are those of the contract in pyproject.toml, and the arrows are the imports that grimp
finds. An arrow is faint where a way of other arrows leads to the same place. C{make lint} tells
which import is wrong, C{tests/test_rings.py} that the picture is out of date::

    python docs/rings.py
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "rings.svg"

# Pixels.
WIDTH, BOX, HEIGHT, ROW, GAP = 960, 200, 46, 104, 30
HEAD = 7

# For a light page and a dark one: nothing but the arrows lies on it, and they are neither.
FOLDER, MODULE, TEXT, FAINT, ARROW = "#2f5d8a", "#55606f", "#ffffff", "#cfdcea", "#8592a6"

Imports = Mapping[tuple[str, str], int]
"""How many modules of the one box import one of the other."""


@dataclass(frozen=True)
class Box:
    """
    A folder of chat/, or a module in its root.

    @ivar row: The number of its ring, from the top.
    @ivar x: Where its middle is, in pixels.
    """

    name: str
    row: int
    x: float
    width: float
    modules: int
    lines: int

    @property
    def top(self) -> float:
        return self.row * ROW + 4

    @property
    def about(self) -> str:
        """How large it is. Lines are counted roughly, or every change would change the picture."""
        step = 500 if self.lines >= 1000 else 100
        lines = f"{max(round(self.lines / step) * step, step):,} lines"
        return lines if self.modules == 1 else f"{self.modules} modules · {lines}"


def rings() -> list[list[str]]:
    """
    @return: The boxes of each ring, the top first.
    """
    with (ROOT / "pyproject.toml").open("rb") as stream:
        contracts = tomllib.load(stream)["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["id"] == "rings"]
    return [[name.strip() for name in layer.split("|")] for layer in layers]


def inOrder(rows: list[list[str]], found: Imports) -> list[list[str]]:
    """
    @return: The same rings, in each of which the boxes are where their arrows are short.
    """
    pairs = [pair for pair in sorted(found) if not isImplied(pair, found)]
    for _ in range(3):
        for number, names in enumerate(rows):
            orders = [
                [*rows[:number], list(order), *rows[number + 1 :]] for order in permutations(names)
            ]
            rows = min(orders, key=lambda order: _lengthOf(pairs, order))
    return rows


def _lengthOf(pairs: list[tuple[str, str]], rows: list[list[str]]) -> float:
    places = {
        name: (number + 0.5) / len(names) for names in rows for number, name in enumerate(names)
    }
    return sum((places[start] - places[end]) ** 2 for start, end in pairs)


def boxesOf(rows: list[list[str]]) -> dict[str, Box]:
    """
    @return: What is drawn, by its name.
    """
    boxes = {}
    for row, names in enumerate(rows):
        place = WIDTH / len(names)
        for number, name in enumerate(names):
            files = sorted((ROOT / "chat" / name).rglob("*.py")) or [ROOT / "chat" / f"{name}.py"]
            lines = sum(len(path.read_bytes().splitlines()) for path in files)
            width = WIDTH if row == len(rows) - 1 else BOX
            boxes[name] = Box(name, row, (number + 0.5) * place, width, len(files), lines)
    return boxes


def imports() -> Imports:
    """
    @return: The imports from one box into another, those for type checking included.
    """
    graph = grimp.build_graph("chat", cache_dir=None)
    found: Counter[tuple[str, str]] = Counter()
    for module in graph.modules - {"chat"}:
        box = module.split(".")[1]
        others = graph.find_modules_directly_imported_by(module) - {"chat"}
        for other in {each.split(".")[1] for each in others} - {box}:
            found[box, other] += 1
    return found


def isImplied(pair: tuple[str, str], found: Imports) -> bool:
    """
    @return: Whether a way of other arrows leads to the same place.
    """
    start, end = pair
    reached: set[str] = set()
    new = {other for box, other in found if box == start and other != end}
    while new:
        reached |= new
        new = {other for box, other in found if box in new} - reached
    return end in reached


def arrowOf(start: Box, end: Box, isFaint: bool) -> str:
    """
    @return: The SVG of an arrow.
    @raise ValueError: When it would point upwards, or to a box beside.
    """
    if start.row >= end.row:
        raise ValueError(f"{start.name} imports {end.name}, which is no ring below it")
    away = end.x - start.x
    x1 = start.x + min(max(away * 0.2, 24 - start.width / 2), start.width / 2 - 24)
    if end.width > BOX:
        # Straight down onto the bar.
        x2 = x1
    else:
        x2 = end.x - min(max(away * 0.1, 24 - end.width / 2), end.width / 2 - 24)
    y1, y2 = start.top + HEIGHT, end.top - 2
    bend = (y2 - y1) / 2
    style = 'stroke-opacity="0.28"' if isFaint else 'marker-end="url(#head)"'
    return (
        f'<path d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f}'
        f' {x2:.0f} {y2 - HEAD * (not isFaint):.0f}" {style}/>'
    )


def pictureOf(boxes: Mapping[str, Box], found: Imports) -> str:
    """
    @return: The SVG.
    """
    return "\n".join(_lines(boxes, found)) + "\n"


def _lines(boxes: Mapping[str, Box], found: Imports) -> Iterator[str]:
    height = max(box.top for box in boxes.values()) + HEIGHT + 4
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"'
        f' width="{WIDTH}" height="{height:.0f}" role="img" font-size="13"'
        ' font-family="\'DejaVu Sans\', Verdana, Helvetica, sans-serif" text-anchor="middle">'
    )
    yield "<title>The rings of chat/: every import leads downwards</title>"
    yield (
        f'<defs><marker id="head" markerWidth="{HEAD}" markerHeight="{HEAD}" refY="{HEAD / 2}"'
        f' orient="auto" markerUnits="userSpaceOnUse">'
        f'<path d="M0 0L{HEAD} {HEAD / 2}L0 {HEAD}z" fill="{ARROW}"/></marker></defs>'
    )
    yield f'<g fill="none" stroke="{ARROW}" stroke-width="1.5">'
    for pair in sorted(found, key=lambda pair: (not isImplied(pair, found), pair)):
        start, end = pair
        yield arrowOf(boxes[start], boxes[end], isImplied(pair, found))
    yield "</g>"
    for box in boxes.values():
        isFolder = (ROOT / "chat" / box.name).is_dir()
        yield (
            f'<rect x="{box.x - box.width / 2:.0f}" y="{box.top:.0f}" width="{box.width:.0f}"'
            f' height="{HEIGHT}" rx="6" fill="{FOLDER if isFolder else MODULE}"/>'
        )
        for text, down, style in [
            (f"{box.name}/" if isFolder else box.name, 19, f'fill="{TEXT}" font-weight="bold"'),
            (box.about, 36, f'fill="{FAINT}" font-size="11"'),
        ]:
            yield f'<text x="{box.x:.0f}" y="{box.top + down:.0f}" {style}>{text}</text>'
    yield "</svg>"


def picture() -> str:
    """
    @return: The SVG of chat/ as it is.
    @raise ValueError: When an import does not lead downwards.
    """
    found = imports()
    return pictureOf(boxesOf(inOrder(rings(), found)), found)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
