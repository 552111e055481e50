"""
What the documentation says is compared with what the source has.
"""

import ast
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from chat import tap
from chat.client import options as clientOptions
from chat.commands import VERBS
from chat.deadlines import WARN_BEFORE
from chat.errors import ChatError
from chat.events import (
    Acted,
    Closed,
    Ending,
    Event,
    Greeted,
    Helped,
    Joined,
    LanguageSet,
    Left,
    Listed,
    NickAsked,
    Person,
    Refused,
    Renamed,
    Said,
    Sent,
    Told,
    Welcomed,
)
from chat.names import MAX_COLUMNS
from chat.operations import serving, transcript
from chat.outlet import BUSY, MAX_WAITING
from chat.protocols import closing, framing, line, telnet
from chat.rendering.choice import renderingFor
from chat.text import MAX_MARKS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """
    @return: What stands below this title, down to the next one.
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


# Commands, codes, events and keys.


def test_commands() -> None:
    documented = {
        literals(cells[0])[0]: (literals(cells[1]), cells[2])
        for cells in rows(section(page("protocol.rst"), "Commands"))
    }
    assert documented == {
        verb.usage: (
            ["/" + alias for alias in verb.aliases],
            "with a nickname" if verb.needsNick else "any time",
        )
        for verb in VERBS
    }


def test_refusals() -> None:
    documented = [
        literals(cells[0])[0] for cells in rows(section(page("protocol.rst"), "Refusals"))
    ]
    assert sorted(documented) == sorted(error.code for error in ChatError.__subclasses__())


def test_endings() -> None:
    documented = [literals(cells[0])[0] for cells in rows(section(page("protocol.rst"), "Endings"))]
    assert sorted(documented) == sorted(Ending)


def test_reasonsOfDepartures() -> None:
    text = renderingFor("text", "en")
    for ending, _meaning, read, _about in rows(section(page("protocol.rst"), "Endings")):
        left = Left("#lobby", NOW, "bob", Ending(literals(ending)[0]), "", 1)
        shown = text.render(left).decode()
        if read != "(they heard of nobody)":
            assert f": {literals(read)[-1]} (1 here)" in shown


def test_events() -> None:
    heads = re.findall(r"^(``\w+``(?:: .+)?)$", page("protocol.rst"), flags=re.MULTILINE)
    documented = [literals(head) for head in heads]
    assert sorted(documented) == sorted(
        [kind.__name__.lower(), *(field.name for field in fields(kind))] for kind in get_args(Event)
    )


def test_keys() -> None:
    documented = [
        name for cells in rows(section(page("protocol.rst"), "Keys")) for name in literals(cells[0])
    ]
    keys = {field.name for kind in get_args(Event) for field in fields(kind)}
    assert sorted(documented) == sorted(keys | {"event"})


# Options and limits.


def test_options() -> None:
    operations = section(page("operations.rst"), "Options")
    heads = re.findall(r"^``(--.+)$", operations, flags=re.MULTILINE)
    documented = re.findall(r"--([a-z-]+)", "\n".join(heads))
    assert sorted(documented) == sorted(name.rstrip("=") for name in tap.Options().longOpt)


def test_defaults() -> None:
    operations = section(page("operations.rst"), "Options")
    documented = dict(
        re.findall(r"^``--([a-z-]+).*?Default:\s+`*(\S+?)`*\.$", operations, flags=re.M | re.S)
    )
    options = {**tap.Options().defaults, "port": tap.DEFAULT_PORT}
    assert documented == {
        name: f"{value:g}" if isinstance(value, float) else value or "none"
        for name, value in options.items()
    }


def test_clientOptions(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        clientOptions.parseOptions(["--help"], {})
    flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert flags <= set(re.findall(r"--[a-z-]+", page("client.rst")))


def test_limits() -> None:
    options = tap.Options()
    expected = {
        "a line from a participant, its end included": f"{framing.MAX_LINE} B",
        "bytes without a line end": _kibibytes(framing.MAX_ENDLESS),
        "a telnet subnegotiation": _kibibytes(telnet.MAX_SUBNEGOTIATION),
        "a nickname": f"{MAX_COLUMNS} columns",
        "non-spacing marks on a base": f"{MAX_MARKS}",
        "bytes that wait for a participant": _kibibytes(MAX_WAITING),
        "bytes that wait before lines from the same participant wait, too": _kibibytes(BUSY),
        "lines of one connection in a row": f"{line.LINES_PER_TURN}",
        "to take a nickname": f"{options['registration-timeout']:g} s",
        "to be silent": f"{options['idle-timeout']:g} s",
        "the warning before that": f"{WARN_BEFORE:g} s",
        "to take some of what waits, while a session ends": f"{closing.FLUSH_TIMEOUT:g} s",
        "to hang up after the service did": f"{closing.LINGER_TIMEOUT:g} s",
        "for the service to stop": f"{serving.SHUTDOWN_LIMIT:g} s",
        "connections waiting to be accepted": f"{tap.BACKLOG}",
        "lines waiting for the transcript": f"{transcript.MAX_WAITING:,}".replace(",", " "),
    }
    inProtocol = rows(section(page("protocol.rst"), "Limits in numbers"))
    inOperations = rows(section(page("operations.rst"), "Limits in force"))
    documented = [(cells[0], cells[1]) for cells in inProtocol + inOperations]
    assert set(documented) == set(expected.items())


def _kibibytes(size: int) -> str:
    return f"{size // 1024} KiB"


def test_logEvents() -> None:
    documented = literals(section(page("operations.rst"), "The log"))
    for path in (ROOT / "chat").rglob("*.py"):
        # The client has no log.
        if path.parent.name == "client":
            continue
        formats = re.findall(r'_log\.\w+\(\s*"(.+?)"', path.read_text(encoding="utf-8"))
        for logFormat in formats:
            assert logFormat in documented, path.name


# What people read on their screens.

_TUTORIAL = (
    Greeted("tcpchat", 0),
    Greeted("tcpchat", 1),
    NickAsked(),
    LanguageSet("en"),
    LanguageSet("zh_CN"),
    Closed(Ending.QUIT),
    Closed(Ending.SHUTDOWN),
    *(
        Helped(
            "/" + verb.name, tuple("/" + name for name in verb.aliases), verb.arguments, verb.help
        )
        for verb in VERBS
    ),
)
_ENGLISH = (
    Welcomed("#lobby", "alice"),
    Welcomed("#lobby", "bob", ("alice",)),
    Refused("nick-taken", "alice"),
    Refused("unknown-command", "/foo"),
    Refused("no-such-nick", "carol"),
    Joined("#lobby", NOW, "bob", 2),
    Said("#lobby", 1, NOW, "alice", "hello, bob"),
    Acted("#lobby", 1, NOW, "alice", "waves"),
    Told(NOW, "bob", "alice", "shall we have lunch?"),
    Sent(NOW, "bob", "alice", "shall we have lunch?"),
    Listed("#lobby", (Person("alice"), Person("bob"))),
    Renamed("#lobby", NOW, "bob", "robert"),
    Left("#lobby", NOW, "bot", Ending.INPUT_CLOSED, "", 1),
)
_CHINESE = (
    Welcomed("#lobby", "小红"),
    Welcomed("#lobby", "小明", ("小红",)),
    Refused("nick-taken", "小红"),
    Joined("#lobby", NOW, "小明", 2),
    Said("#lobby", 1, NOW, "小红", "你好，小明"),
    Acted("#lobby", 1, NOW, "小红", "挥挥手"),
    Told(NOW, "小明", "小红", "中午一起吃饭？"),
    Sent(NOW, "小明", "小红", "中午一起吃饭？"),
    Listed("#lobby", (Person("小红"), Person("小明"))),
    Renamed("#lobby", NOW, "小明", "大明"),
    Left("#lobby", NOW, "大明", Ending.QUIT, "回头见", 1),
)


def _shown(events: tuple[Event, ...], language: str) -> list[str]:
    """
    The lines, as they stand in a page: without blanks at their end.
    """
    text = renderingFor("text", language).render
    return [shown.rstrip() for event in events for shown in text(event).decode().splitlines()]


@pytest.mark.parametrize(
    ("name", "language", "events"),
    [
        ("tutorial.rst", "en", _TUTORIAL[:4] + _TUTORIAL[5:] + _ENGLISH),
        ("tutorial.rst", "zh_CN", _TUTORIAL[4:5]),
        ("tutorial.zh_CN.rst", "zh_CN", _TUTORIAL[:3] + _TUTORIAL[4:] + _CHINESE),
        ("tutorial.zh_CN.rst", "en", _TUTORIAL[3:4]),
    ],
)
def test_tutorials(name: str, language: str, events: tuple[Event, ...]) -> None:
    """
    Whoever tries the tutorial sees what it says.
    """
    lines = {line.removeprefix("    ") for line in page(name).splitlines()}
    assert [shown for shown in _shown(events, language) if shown not in lines] == []


def test_chinese() -> None:
    """
    The table of phrases in both languages.
    """
    events: tuple[Event, ...] = (
        Greeted("tcpchat", 1),
        NickAsked(),
        Refused("nick-taken", "bob"),
        Joined("#lobby", NOW, "bob", 2),
        Said("#lobby", 1, NOW, "bob", "hello"),
        Told(NOW, "bob", "alice", "hi"),
        Left("#lobby", NOW, "bob", Ending.IDLE_TIMEOUT, "", 1),
    )
    documented = [
        (literals(english)[0], literals(chinese)[0])
        for english, chinese in rows(section(page("protocol.rst"), "Chinese"))
    ]
    expected = list(zip(_shown(events, "en"), _shown(events, "zh_CN"), strict=True))
    assert documented == expected


# What is where.


def test_modules() -> None:
    """
    Every module stands in the architecture; those of the client have their directory.
    """
    architecture = page("architecture.rst")
    for path in sorted((ROOT / "chat").rglob("*.py")):
        if path.name != "__init__.py" and path.parent.name != "client":
            assert path.name in architecture, path.relative_to(ROOT)


def test_examples() -> None:
    client = page("client.rst")
    for path in (DOCS / "examples").glob("*.py"):
        assert f"docs/examples/{path.name}" in client


def test_origins() -> None:
    """
    Every system has tests that show it, and every test that is named exists.
    """
    systems = rows(page("origins.rst"))
    assert len(systems) == 11
    for system, here in systems:
        named = re.findall(r"``(test_\w+\.py)::(\w+)``", here)
        assert named, system
        for path, test in named:
            tree = ast.parse((ROOT / "tests/integration" / path).read_text(encoding="utf-8"))
            tests = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
            assert test in tests, f"{system} {path} has no {test}"


@pytest.mark.parametrize("path", ["README.md", "docs"])
def test_linksWithin(path: str) -> None:
    """
    What a page of this repository points to is there.
    """
    pages = [ROOT / path] if path.endswith(".md") else list((ROOT / path).glob("*.rst"))
    for name in pages:
        text = name.read_text(encoding="utf-8")
        links = re.findall(r"\]\(([\w./-]+)\)|^\.\. image:: (\S+)", text, flags=re.MULTILINE)
        for link in ("".join(pair) for pair in links):
            assert (name.parent / link).exists(), f"{name.name}: {link}"
