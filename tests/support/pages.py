"""
The pages of the documentation, taken apart for tests.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^( *)(`{3,}).*\n((?:.*\n)*?)\1\2$", re.MULTILINE)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """
    @return: The text below this title, down to the next one.
    """
    [found] = [below for head, below in sections(text) if head == title]
    return found


def sections(text: str) -> Iterator[tuple[str, str]]:
    """
    @return: Each title, and the text below it, down to the next one.
    """
    code = [each.span() for each in _FENCE.finditer(text)]
    heads = [
        head
        for head in re.finditer(r"^#+ (.+)$", text, flags=re.MULTILINE)
        if not any(start < head.start() < end for start, end in code)
    ]
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=True):
        yield head[1], text[head.end() : end]


def anchors(text: str) -> list[str]:
    """
    @return: The addresses of the sections, as a code host and MyST make them of their titles.
    """
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title, _ in sections(text))
    return [each.replace(" ", "-") for each in kept]


def unfenced(text: str) -> str:
    """
    @return: The text without its code blocks.
    """
    return _FENCE.sub("", text)


def links(text: str) -> list[str]:
    """
    @return: The links of a text that lead to places within the repository.
    """
    return re.findall(r"\]\((?!\w+:)([^\s)]+)\)", unfenced(text))


def fences(text: str) -> list[str]:
    """
    @return: What stands in the code blocks.
    """
    return [
        "".join(line.removeprefix(indent) for line in inner.splitlines(keepends=True))
        for indent, _, inner in _FENCE.findall(text)
    ]


def rows(text: str) -> list[list[str]]:
    """
    @return: The cells of the tables in a text, without those of their headers.
    """
    tables = re.findall(r"^(?:\|.*\n)+", unfenced(text) + "\n", flags=re.MULTILINE)
    return [
        [
            cell.strip().replace("\\|", "|")
            for cell in re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|"))
        ]
        for table in tables
        for row in table.splitlines()[2:]
    ]


def literals(text: str) -> list[str]:
    return re.findall(r"`(.+?)`", text)
