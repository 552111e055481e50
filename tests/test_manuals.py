"""
The manual pages and the completions of shells, which C{tools/manuals.py} makes from the options.

C{tests/integration/test_completion.py} presses Tab.
"""

import subprocess

import pytest

from chat.rendering.manual import Manual, OptionGroup, OptionHelp
from tests.support.programs import requireProgram
from tools.manuals import SHARE, made, page

_MADE = made()


def test_filesAreUpToDate() -> None:
    found = {
        str(path.relative_to(SHARE)): path.read_text(encoding="utf-8")
        for path in SHARE.rglob("*")
        if path.is_file()
    }
    assert found == _MADE, "the options have changed: python tools/manuals.py"


@pytest.mark.parametrize("name", [name for name in _MADE if name.startswith("man/")])
def test_pagesAreCorrectRoff(name: str) -> None:
    command = [requireProgram("mandoc"), "-Tlint", str(SHARE / name)]
    assert subprocess.run(command, capture_output=True, text=True).stdout == ""


def test_pageReadsAsTheOptionsDo() -> None:
    """No character of a text is taken for roff."""
    help = (
        r"A '-' and a \n, or ... and then a lot more so that a row ends before the next ... word."
    )
    option = OptionHelp(("-a", "--all"), "NAME", help, "x-y")
    manual = Manual("it [-a]", "It is.", [OptionGroup("All", [option])], [(".note", ".x it")])
    command = [requireProgram("mandoc"), "-Tascii", "-Owidth=200"]
    result = subprocess.run(
        command, input=page("it", 1, manual, "\n"), capture_output=True, text=True, check=True
    )
    # Bold and underlined characters are written twice.
    words = " ".join(_plain(result.stdout).split())
    assert f"-a, --all NAME {help} [default: x-y]" in words
    assert ".NOTE .x it" in words


def _plain(text: str) -> str:
    while "\b" in text:
        at = text.index("\b")
        text = text[: at - 1] + text[at + 1 :]
    return text
