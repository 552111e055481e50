"""
The pages of the documentation, taken apart for tests.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """
    @return: The text below this title, down to the next one.
    """
    after = re.split(rf"^{re.escape(title)}\n[-~=]{{3,}}\n", text, maxsplit=1, flags=re.MULTILINE)
    assert len(after) == 2, f"no section {title!r}"
    return re.split(r"^.+\n[-~=]{3,}\n", after[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """
    @return: The cells of the tables in a text, without those of their headers.
    """
    found = []
    for table in text.split(".. list-table::")[1:]:
        cells = [
            [re.sub(r"\s+", " ", cell).strip() for cell in re.split(r"^     - ?", row, flags=re.M)]
            for row in re.split(r"^   \* - ", table, flags=re.M)[1:]
        ]
        found += cells[1:] if ":header-rows:" in table else cells
    return found


def literals(text: str) -> list[str]:
    return re.findall(r"``(.+?)``", text)
