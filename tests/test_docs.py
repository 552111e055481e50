"""
Comparisons of the documentation with the source.
"""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest
from twisted.python.reflect import namedAny

from chat import options
from chat.cli import options as clientOptions
from chat.core import accounts, room, rooms, throttle
from chat.core.ignores import MAX_IGNORED
from chat.credentials import authenticator, passwords
from chat.endpoints import proxyprotocol
from chat.operations import linewriter, logs, rehash, serving, transcript
from chat.protocols import closing, intake, line, refusing, telnet
from chat.rendering import messages, renderingFor
from chat.rendering.lists import NAMES_SHOWN
from chat.session import playback
from chat.session.deadlines import WARN_BEFORE
from chat.session.handlers import accounts as accountRequests
from chat.session.handlers import history as pastRequests
from chat.session.handlers import rooms as roomRequests
from chat.store import backlog, flushing, numbering
from chat.store import reader as storeReader
from chat.vocabulary.arguments import MAX_HISTORY, seconds
from chat.vocabulary.commands import Access
from chat.vocabulary.errors import ChatError
from chat.vocabulary.events import Ending, Event, Left
from chat.vocabulary.limits import KEEPALIVE, MAX_PASSWORD, MIN_PASSWORD, REPLAY, Limits
from chat.vocabulary.names import MAX_COLUMNS
from chat.vocabulary.replies import MAX_NAMES
from chat.vocabulary.sanitizing import MAX_MARKS
from chat.vocabulary.style import Style
from chat.vocabulary.verbs import VERBS
from tests.support.pages import DOCS, ROOT, anchors, fences, links, literals, page, rows, section

NOW = datetime(2026, 11, 21, tzinfo=UTC)

READMES = ("README.md", "README.zh_CN.md")

# Commands, codes, events and keys.


def test_commands() -> None:
    documented = {
        literals(cells[0])[0]: (literals(cells[1]), cells[2])
        for cells in rows(section(page("protocol.md"), "Commands"))
    }
    assert documented == {
        verb.usage: (
            ["/" + alias for alias in verb.aliases],
            "with a nickname" if verb.access is not Access.EVERYBODY else "any time",
        )
        for verb in VERBS
    }


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Refusals", [error.code for error in ChatError.__subclasses__()]),
        # The last one is not in the table because its sentence has two parts.
        ("Warnings", [*messages.WARNINGS, "is-away"]),
        ("Confirmations", {*messages.CONFIRMATIONS, *(code for code, _ in messages.CHOICES)}),
        ("Endings", [*Ending]),
    ],
)
def test_codes(title: str, known: Collection[str]) -> None:
    documented = [literals(cells[0])[0] for cells in rows(section(page("protocol.md"), title))]
    assert sorted(documented) == sorted(known)


def test_reasons() -> None:
    """
    The codes that tell why lines are recalled or missed.
    """
    documented = {
        literals(cells[0])[0]: literals(cells[1])[0]
        for cells in rows(section(page("protocol.md"), "Reasons"))
    }
    assert documented == {
        **dict.fromkeys(("replay", "history", "after", "search"), "excerpt"),
        **dict.fromkeys(("expired", "lost", "stopped"), "missed"),
    }


def test_reasonsOfDepartures() -> None:
    text = renderingFor(Style())
    for ending, _meaning, read, _about in rows(section(page("protocol.md"), "Endings")):
        left = Left("#lobby", NOW, "bob", Ending(literals(ending)[0]), "", 1)
        shown = text.render(left).decode()
        if literals(read):
            assert f": {literals(read)[-1]} (1 here)" in shown


def test_events() -> None:
    heads = re.findall(r"^- (`\w+`(?:: .+)?)\\$", page("protocol.md"), flags=re.MULTILINE)
    documented = [literals(head) for head in heads]
    assert sorted(documented) == sorted(
        [kind.__name__.lower(), *(field.name for field in fields(kind))] for kind in get_args(Event)
    )


def test_keys() -> None:
    documented = [
        name for cells in rows(section(page("protocol.md"), "Keys")) for name in literals(cells[0])
    ]
    keys = {field.name for kind in get_args(Event) for field in fields(kind)}
    assert sorted(documented) == sorted(keys | {"event"})


# Options and limits.


_OPERATIONS = pytest.mark.parametrize(
    ("operations", "language"),
    [
        (section(page("operations.md"), "Options"), "en"),
        (section(page("operations.zh_CN.md"), "选项"), "zh_CN"),
    ],
    ids=["en", "zh_CN"],
)


@_OPERATIONS
def test_options(operations: str, language: str) -> None:
    heads = re.findall(r"^- `(--.+)\\$", operations, flags=re.MULTILINE)
    documented = re.findall(r"--([a-z-]+)", "\n".join(heads))
    assert sorted(documented) == sorted(name.rstrip("=") for name in options.Options().longOpt)


@_OPERATIONS
def test_help(operations: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The page shows the help as the program prints it.
    """
    shown = [line.strip() for line in operations.splitlines()]
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
    told = str(options.Options())
    assert [each for each in map(str.strip, told.splitlines()) if each not in shown] == []


@_OPERATIONS
def test_defaults(operations: str, language: str) -> None:
    found = re.findall(
        r"^- `--([a-z-]+).*?(?:Default:\s+|默认值：)`*([^`\s]+?)`*[.。]$",
        operations,
        flags=re.MULTILINE | re.DOTALL,
    )
    documented = {name: value.replace("无", "none") for name, value in found}
    defaults = {
        **options.Options().defaults,
        "port": options.DEFAULT_PORT,
        "database": options.DATABASE,
        "operator": None,
        "auth": None,
        "trust": None,
        "reserve": None,
    }
    assert documented == {
        name: f"{value:g}" if isinstance(value, float) else str(value or "none")
        for name, value in defaults.items()
    }


@pytest.mark.parametrize(("name", "language"), [("client.md", "C"), ("client.zh_CN.md", "zh_CN")])
def test_clientOptions(
    name: str,
    language: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    The page shows the help as the program prints it.
    """
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        clientOptions.parseOptions(["--help"], {"LC_ALL": language})
    shown = [line.strip() for line in page(name).splitlines()]
    assert [
        each for each in map(str.strip, capsys.readouterr().out.splitlines()) if each not in shown
    ] == []


def test_limits() -> None:
    chosen = options.Options()
    expected = {
        "length of a line, including its line ending": f"{Limits.maxLine} B",
        "input without a line ending": _kibibytes(Limits.maxUnended),
        "a telnet subnegotiation": _kibibytes(telnet.MAX_SUBNEGOTIATION),
        "a nickname, or the name of a room without its `#`": f"{MAX_COLUMNS} columns",
        "a password": f"{MIN_PASSWORD}–{MAX_PASSWORD} characters",
        "wrong passwords per minute, from one address for one account": f"{throttle.GUESSES}",
        "… if the account has logged in from there before": f"{throttle.KNOWN_GUESSES}",
        "… from one address for all accounts": f"{throttle.ORIGIN_GUESSES}",
        "… for one account from all addresses": f"{throttle.ACCOUNT_GUESSES}",
        "time that an attempt may wait": f"{throttle.PATIENCE:g} s",
        "attempts waiting for one account or address": f"{throttle.MAX_WAITING}",
        "password changes per account and minute": f"{authenticator.CHANGES}",
        "rooms that a user is in": f"{chosen['max-joined']}",
        "rooms": f"{chosen['max-rooms']}",
        "users in a room up to which joins and departures are announced one by one": (
            f"{chosen['announce-limit']}"
        ),
        "time that joins and departures are collected above that": f"{room.COALESCE:g} s",
        "users named in one event": f"{MAX_NAMES}",
        "… and in a list in text": f"{NAMES_SHOWN}",
        "nicknames that a user can ignore": f"{MAX_IGNORED}",
        "earlier lines shown on joining a room": f"{REPLAY}",
        "lines of one `/history`": f"{MAX_HISTORY}",
        "… without a number": f"{pastRequests.HISTORY}",
        "rooms that an account owns permanently": str(rooms.MAX_OWNED),
        "age of an empty room in which nobody has ever talked": (
            f"{(seconds(chosen['keep-unused']) or 0) // 86400} d"
        ),
        "rooms created from one address per day": f"{Limits.roomRate}",
        "wrong keys for a room from one address per minute": f"{Limits.keyRate}",
        "… for a room from all addresses": f"{Limits.keyRate * throttle.KEY_ORIGINS}",
        "accounts registered from one address per day": f"{Limits.accountRate}",
        "accounts": _spaced(chosen["max-accounts"]),
        "accounts invited to a room": str(rooms.MAX_INVITED),
        "rooms, or bans, listed at once": str(roomRequests.MAX_ROWS),
        "text of one `/history`": _kibibytes(playback.MAX_BYTES),
        "lines of one `/search`": f"{pastRequests.FOUND}",
        "lines kept for a room": _spaced(chosen["keep-lines"]),
        "time that they are kept": f"{(seconds(chosen['keep']) or 0) // 86400} d",
        "time that an answer waits for the disk": f"{accountRequests.STORED_WITHIN:g} s",
        "numbers skipped after a crash": _spaced(numbering.RESERVE),
        "non-spacing marks on a base character": f"{MAX_MARKS}",
        "output waiting for a user": _kibibytes(Limits.maxWaiting),
        "output waiting for a user before their own lines have to wait": _kibibytes(
            Limits.softWaiting
        ),
        "… for all users together": f"{Limits.maxWaitingAll // 1024**2} MiB",
        "time without accepting any waiting output": f"{Limits.stallTimeout:g} s",
        "the kernel's send buffer for a user": _kibibytes(Limits.sendBuffer),
        "lines of one connection in a row": f"{Limits.turnLines}",
        "bytes of one connection in a row": _kibibytes(Limits.turnBytes),
        "lines of a user in one burst": f"{Limits.lineBurst}",
        "… per second after that": f"{Limits.lineRate:g}",
        "time that these lines may wait": f"{Limits.maxBehind:g} s",
        "nickname changes per minute": f"{Limits.nickRate}",
        "rooms that a user enters per minute": f"{Limits.joinRate}",
        "silence of a connection": "/".join(map(str, KEEPALIVE)),
        "time sent data may stay unacknowledged": f"{Limits.userTimeout:g} s",
        "connections": _spaced(options.MAX_CONNECTIONS),
        "connections without a nickname": f"{Limits.maxNameless}",
        "connections from one address": f"{Limits.maxPerAddress}",
        "… new ones per minute": f"{Limits.connectRate}",
        "time to choose a nickname": f"{chosen['registration-timeout']:g} s",
        "silence of a guest": f"{chosen['idle-timeout']:g} s",
        "warning to a silent guest": f"{WARN_BEFORE:g} s",
        "time without accepting any waiting output while a session ends": (
            f"{closing.FLUSH_TIMEOUT:g} s"
        ),
        "time to hang up after the service did": f"{closing.LINGER_TIMEOUT:g} s",
        "time for the service to stop": f"{serving.SHUTDOWN_LIMIT:g} s",
        "… then to write pending data to the database and the transcript": (
            f"{max(flushing.END_WITHIN, transcript.END_WITHIN):g} s"
        ),
        "… then to write pending lines of the log": f"{logs.END_WITHIN:g} s",
        "… after being refused": f"{refusing.GRACE:g} s",
        "connections waiting for such a header": f"{proxyprotocol.MAX_UNKNOWN}",
        "work for all connections with a nickname in one turn": f"{intake.BUDGET * 1000:g} ms",
        "work for all connections that come or go in one turn": f"{intake.BUDGET * 1000:g} ms",
        "telnet commands that cost as much as a line": f"{line.COMMANDS}",
        "time for a proxy to send its header": f"{proxyprotocol.HEADER_TIMEOUT:g} s",
        "connections waiting to be accepted": f"{options.BACKLOG}",
        "lines waiting for the transcript": f"{linewriter.MAX_WAITING // 1024**2} MiB",
        "lines waiting for the log": f"{linewriter.MAX_WAITING // 1024**2} MiB",
        "lines waiting for the database": _spaced(backlog.MAX_LINES),
        "queries waiting for the database": f"{storeReader.MAX_WAITING}",
        "time to answer one": f"{storeReader.WITHIN:g} s",
        "addresses stored per account": f"{accounts.MAX_ORIGINS}",
        "… since the last login from there": f"{accounts.ORIGIN_DAYS} d",
        "passwords waiting to be hashed, of known users and of strangers": (
            f"{passwords.MAX_WAITING}"
        ),
        "message of the day": _kibibytes(options.MAX_MOTD),
        "time to reload one thing": f"{rehash.STEP_LIMIT:g} s",
    }
    inProtocol = rows(section(page("protocol.md"), "Limits in numbers"))
    inOperations = rows(section(page("operations.md"), "Limits in force"))
    documented = [(cells[0], cells[1]) for cells in inProtocol + inOperations]
    assert set(documented) == set(expected.items())


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _kibibytes(size: float) -> str:
    return f"{size // 1024:g} KiB"


def test_limitOptions() -> None:
    """
    Every option that sets a limit has a row in the table.
    """
    table = rows(section(page("operations.md"), "Limits in force"))
    documented = {name for cells in table if len(cells) == 5 for name in literals(cells[3])}
    limits = {f"--{option.name}" for option in options.LIMITS}
    assert (
        limits | {"--backlog", "--trust"}
        <= documented
        <= {f"--{name.rstrip('=')}" for name in options.Options().longOpt}
    )


def _joined(path: Path) -> str:
    """
    @return: A source with each text in one piece, although it is written in several.
    """
    return re.sub(r'"\n\s*"', "", path.read_text(encoding="utf-8"))


def test_logEvents() -> None:
    """
    Every event has a name, stands in the table with it, and leaves the keys alone that every line
    has in JSON; and the table has no others.
    """
    table = [
        (literals(cells[0]), literals(cells[1]))
        for cells in rows(section(page("operations.md"), "The log"))
        if len(cells) == 3
    ]
    for path in (ROOT / "chat").rglob("*.py"):
        # Neither the client nor its command has a log.
        if path.parent.name not in ("client", "cli"):
            for event, text, fields in _logCalls(path):
                assert any(event in names and text in texts for names, texts in table), text
                assert not fields & {"time", "level", "message", "namespace", "traceback"}, text
    source = "".join(map(_joined, (ROOT / "chat").rglob("*.py")))
    told = [each for names, texts in table for each in (*names, *texts)]
    assert [each for each in told if f'"{each}"' not in source] == []


@pytest.mark.parametrize("name", [each.name for each in DOCS.glob("*.md")])
def test_logLines(name: str) -> None:
    """
    Every line of the service's log on a page is one of the table.
    """
    texts = [
        re.sub(r"\\\{.+?\\\}", ".+", re.escape(text))
        for cells in rows(section(page("operations.md"), "The log"))
        if len(cells) == 3
        for text in literals(cells[1])
    ]
    shown = re.findall(r"^\S+ \[chat\.[\w.]+#\w+\] (.+)$", page(name), re.MULTILINE)
    # The reason of a failed start can be anything.
    known = [text for text in texts if text != ".+"]
    assert [line for line in shown if not any(re.fullmatch(text, line) for text in known)] == []


def _logCalls(path: Path) -> Iterator[tuple[object, object, set[str | None]]]:
    """
    @return: For each format of a call of a logger its event, itself, and the names of the other
        fields.
    """
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and re.search(r"\b_log\.\w+$", ast.unparse(call.func)):
            fields = {each.arg: ast.unparse(each.value) for each in call.keywords}
            event = ast.literal_eval(fields.pop("event", "None"))
            shown = call.args[0]
            for each in (shown.body, shown.orelse) if isinstance(shown, ast.IfExp) else (shown,):
                yield event, ast.literal_eval(each), {*fields}


def test_logNamespaces() -> None:
    """
    Every namespace of the log that a page shows is that of a logger.
    """
    for name in ("operations.md", "operations.zh_CN.md", "tutorial.md", "tutorial.zh_CN.md"):
        shown = re.findall(r'(?:\[|"namespace": ")(chat\.[\w.]+)["#]', page(name))
        assert shown, name
        for namespace in shown:
            assert namedAny(namespace)._log.namespace == namespace


# Files and modules.


@pytest.mark.parametrize(
    "path",
    [*READMES, "CONTRIBUTING.md", *sorted(f"docs/{each.name}" for each in DOCS.glob("*.md"))],
)
def test_paths(path: str) -> None:
    """
    Every file of the project that a page names is there.
    """
    named = re.findall(
        r"`((?:bench|chat|systemd|tests|twisted)/[\w./]+)`",
        (ROOT / path).read_text(encoding="utf-8"),
    )
    assert [each for each in named if "LANGUAGE" not in each and not (ROOT / each).exists()] == []


def test_classes() -> None:
    """
    Every class that the architecture names is there.
    """
    source = "".join(path.read_text("utf-8") for path in (ROOT / "chat").rglob("*.py"))
    there = set(re.findall(r"^class (\w+)|^([A-Z]\w+) =", source, re.MULTILINE))
    named = re.findall(r"`([A-Z][a-z]\w+)(?:\.\w+)?`", page("architecture.md"))
    assert {*named} <= {name for pair in there for name in pair}


def test_modules() -> None:
    """
    Every module has a row in the architecture, except those of the client and of its command.
    """
    named = set(re.findall(r"(\w+\.py)`", section(page("architecture.md"), "Modules")))
    for path in sorted((ROOT / "chat").rglob("*.py")):
        if path.name != "__init__.py" and path.parent.name not in ("client", "cli"):
            assert path.name in named, path


def test_apiReference() -> None:
    """
    Every link into the API reference has the name of the module to whose source it leads.
    """
    named = re.findall(r"\[(chat[\w.]+)\]\(\.\./(.+)\.py\)", page("api.md"))
    assert named
    assert [module for module, path in named if module != path.replace("/", ".")] == []


def test_examples() -> None:
    client = page("client.md")
    for path in (DOCS / "examples").glob("*.py"):
        assert f"docs/examples/{path.name}" in client


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("client.md", "examples/hello.py"),
        ("client.zh_CN.md", "examples/hello.py"),
        ("performance.md", "figures/*.txt"),
    ],
)
def test_filesShown(name: str, files: str) -> None:
    """
    A page shows these files as they are: a code host cannot include one in another.
    """
    shown = fences(page(name))
    found = sorted(DOCS.glob(files))
    assert found
    assert [each for each in found if each.read_text(encoding="utf-8") not in shown] == []


def test_origins() -> None:
    """
    Every system has tests that show it, and each of these tests exists.
    """
    systems = re.split(r"^- (?=\*\*)", page("origins.md"), flags=re.MULTILINE)[1:]
    assert len(systems) == 11
    for system in systems:
        named = re.findall(r"`(test_\w+\.py)::(\w+)`", system)
        assert named, system
        for path, test in named:
            tree = ast.parse((ROOT / "tests/integration" / path).read_text(encoding="utf-8"))
            tests = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
            assert test in tests, f"{system} {path} has no {test}"


@pytest.mark.parametrize("path", [*READMES, "CONTRIBUTING.md", "docs"])
def test_linksWithin(path: str) -> None:
    """
    Every link within the repository leads to a file that exists, and to a section that it has.
    """
    pages = [ROOT / path] if path.endswith(".md") else list((ROOT / path).glob("*.md"))
    for name in pages:
        text = name.read_text(encoding="utf-8")
        for link in links(text):
            file, _, place = link.partition("#")
            target = name.parent / file if file else name
            assert target.exists(), f"{name.name}: {link}"
            if place:
                assert place in anchors(target.read_text(encoding="utf-8")), f"{name.name}: {link}"


def test_readOnACodeHost() -> None:
    """
    Nothing on a page needs Sphinx to be read, except the contents for its sidebar.
    """
    for path in DOCS.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        directives = {*re.findall(r"^ *[`:~]{3,}\{([\w-]+)", text, flags=re.MULTILINE)}
        assert directives <= ({"toctree"} if path.name == "index.md" else set()), path.name
        # Roles, targets, links without a text, and what is left of reStructuredText.
        words = re.sub(r"`+[^`]+`+", "", text)
        assert re.findall(r"\{\w+\}|^\(.+\)=$|\[\]|:\w+:|^ *\.\. ", words, re.MULTILINE) == [], (
            path.name
        )


@pytest.mark.parametrize("name", ["session.svg", "session.zh_CN.svg"])
def test_filmNeedsNothingElse(name: str) -> None:
    """
    A page shows it as a picture, which runs no script and loads nothing.
    """
    film = (DOCS / "images" / name).read_text(encoding="utf-8")
    assert len(film.encode()) < 100_000
    elements = list(ElementTree.fromstring(film).iter())
    assert not [each for each in elements if each.tag.endswith("}script")]
    links = {value for each in elements for name, value in each.items() if name.endswith("href")}
    known = {each.get("id") for each in elements}
    assert links
    assert [link for link in links if link.removeprefix("#") not in known] == []
    assert "@import" not in film
    assert "url(" not in film
