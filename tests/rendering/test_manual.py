"""Tests for L{chat.rendering.manual}, and of the help of both commands."""

from __future__ import annotations

import pytest
from wcwidth import wcswidth

from chat.cli.options import MANUAL as CLIENT
from chat.options import MANUAL as SERVICE
from chat.options import Options
from chat.rendering.manual import Manual, OptionGroup, OptionHelp, terminalColumns
from chat.vocabulary.i18n import LANGUAGES, translation


def english(phrase: str) -> str:
    return phrase


def test_helpIsGroupedBySubject() -> None:
    room = OptionHelp(("-r", "--room"), "NAME", "The room.", "#lobby")
    flag = OptionHelp(("--with-a-rather-long-name",), "", "Be long.")
    groups = [OptionGroup("Rooms", [room]), OptionGroup("Others", [flag])]
    manual = Manual("chat [OPTION]...", "Chat.", groups, [("Files", "There are none.")])
    assert manual.text(english, 60).splitlines() == [
        "Usage: chat [OPTION]...",
        "",
        "Chat.",
        "",
        "Rooms:",
        "  -r, --room NAME         The room. [default: #lobby]",
        "",
        "Others:",
        "  --with-a-rather-long-name",
        "                          Be long.",
        "",
        "Files:",
        "  There are none.",
    ]


def test_onANarrowTerminalTheHelpOfAnOptionStandsBelowIt() -> None:
    option = OptionHelp(("--room",), "NAME", "The room that users enter first.", "#lobby")
    manual = Manual("chat", "Chat.", [OptionGroup("Rooms", [option])], [])
    assert manual.text(english, 40).splitlines()[-3:] == [
        "  --room NAME",
        "      The room that users enter first.",
        "      [default: #lobby]",
    ]


@pytest.mark.parametrize(
    ("value", "choices", "takesFile"),
    [
        ("", [], False),
        ("NAME", [], False),
        ("IDLE/INTERVAL/COUNT", [], False),
        ("en|zh_CN", ["en", "zh_CN"], False),
        ("NUMBER|auto", ["auto"], False),
        ("PATH", [], True),
        ("FILE|:memory:", [":memory:"], True),
    ],
)
def test_placeholderTellsWhatAValueCanBe(value: str, choices: list[str], takesFile: bool) -> None:
    option = OptionHelp(("--it",), value, "")
    assert (option.choices, option.takesFile) == (choices, takesFile)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("manual", [CLIENT, SERVICE])
def test_noRowIsWiderThanTheTerminal(manual: Manual, language: str) -> None:
    text = manual.text(translation(language).gettext, 80)
    rows = [wcswidth(row) for row in text.splitlines()]
    # Chinese characters take two columns, and the rows are filled all the same.
    assert 78 <= max(rows) <= 80


def test_serviceTellsOfEachOption() -> None:
    told = {name for group in SERVICE.groups for each in group.options for name in each.names}
    options = Options()
    known = {"--" + name.removesuffix("=") for name in options.longOpt}
    assert told == known | {"-" + name for name in options.shortOpt.replace(":", "")}


@pytest.mark.parametrize(("columns", "expected"), [("40", 40), ("80", 80), ("200", 80)])
def test_helpIsNoWiderThanCanBeRead(
    columns: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminalColumns() == expected
