"""Tests for L{chat.commands}."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.commands import (
    VERBS,
    Act,
    Command,
    Format,
    Help,
    Lang,
    Nick,
    Ping,
    Quit,
    Reply,
    Say,
    Tell,
    Verb,
    Version,
    Who,
    parse,
    verbNamed,
)
from chat.errors import ArgumentMissing, ChatError, UnknownCommand
from chat.text import clean

# The table of the protocol: what is typed, other names of it, and what it means.
ROWS: list[tuple[str, str, Command]] = [
    ("/help", "/? /帮助", Help()),
    ("/help who", "/? /帮助", Help("who")),
    ("/nick bob", "/name /昵称", Nick("bob")),
    ("/who", "/names /users /w /在线", Who()),
    ("/who #dev", "/names /users /w /在线", Who("#dev")),
    ("/me waves a lot", "/emote", Act("waves a lot")),
    ("/msg bob hi there", "/tell /m /私聊", Tell("bob", "hi there")),
    ("/reply hi there", "/r", Reply("hi there")),
    ("/ping", "", Ping()),
    ("/ping a token", "", Ping("a token")),
    ("/lang", "/语言", Lang()),
    ("/lang zh_CN", "/语言", Lang("zh_CN")),
    ("/format text", "", Format("text")),
    ("/format json", "", Format("json")),
    ("/version", "", Version()),
    ("/quit", "/exit /bye", Quit()),
    ("/quit so long", "/exit /bye", Quit("so long")),
]


@pytest.mark.parametrize(("line", "aliases", "command"), ROWS)
def test_tableOfTheProtocol(line: str, aliases: str, command: Command) -> None:
    """Each verb under each of its names, in any case."""
    assert parse(line) == command
    name, *rest = line.split(" ", 1)
    for other in [name.upper(), name.title(), *aliases.split(), *aliases.upper().split()]:
        assert parse(" ".join([other, *rest])) == command


def test_everyVerbIsInTheTableOfTheProtocol() -> None:
    assert {line.split()[0] for line, _, _ in ROWS} == {f"/{verb.name}" for verb in VERBS}


def test_everyCommandCanBeTyped() -> None:
    """What is said needs no verb."""
    assert {type(command) for _, _, command in ROWS} == set(get_args(Command)) - {Say}


def _namesOf(verb: Verb) -> list[str]:
    return [verb.name, *verb.aliases]


def test_noNameTwice() -> None:
    names = [name for verb in VERBS for name in _namesOf(verb)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: str(verb.name))
def test_everyNameIsFound(verb: Verb) -> None:
    """With its slash or without, in any case."""
    for name in _namesOf(verb):
        assert verbNamed(name) is verb
        assert verbNamed("/" + name.upper()) is verb


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: str(verb.name))
def test_everyVerbHasOneLineOfHelp(verb: Verb) -> None:
    assert verb.help.isprintable()
    assert verb.help
    assert verb.usage.startswith(f"/{verb.name}")


NEEDING = [verb for verb in VERBS if verb.arguments and not verb.arguments.startswith("[")]


@pytest.mark.parametrize("verb", NEEDING, ids=lambda verb: str(verb.name))
def test_missingArgument(verb: Verb) -> None:
    """The refusal shows how it is typed, by its own name."""
    for name in _namesOf(verb):
        for line in [f"/{name}", f"/{name} ", f"/{name}   ", f"/{name}\t"]:
            with pytest.raises(ArgumentMissing) as raised:
                parse(line)
            assert raised.value.about == verb.usage


def test_missingSecondArgument() -> None:
    for line in ["/msg bob", "/msg bob ", "/tell bob  \t"]:
        with pytest.raises(ArgumentMissing, match="/msg NAME TEXT"):
            parse(line)


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if verb not in NEEDING], ids=lambda verb: str(verb.name)
)
def test_otherArgumentsMayBeLeftOut(verb: Verb) -> None:
    """As the brackets in the help say."""
    assert parse(f"/{verb.name}") == parse(f"/{verb.name}  ")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/foo", "/foo"),
        ("/foo bar", "/foo"),
        ("/", "/"),
        ("/ who", "/"),
        ("/helpme", "/helpme"),
        ("/FOO", "/FOO"),
        ("/没有", "/没有"),
        ("/\x1b[31mfoo", "/foo"),
    ],
)
def test_unknown(line: str, name: str) -> None:
    """It is named as it was typed, made safe."""
    with pytest.raises(UnknownCommand) as raised:
        parse(line)
    assert raised.value.about == name


@pytest.mark.parametrize(
    "line", ["", " ", "   ", "\t", "\u3000", "\x00", "\x1b[2J", "\u200b \u3164"]
)
def test_nothingInIt(line: str) -> None:
    """An empty line and a blank one, and what is blank when it has been made safe."""
    assert parse(line) is None


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("hello", "hello"),
        ("hello /who", "hello /who"),
        (" /who", " /who"),
        ("  indented  ", "  indented  "),
        ("你好", "你好"),
        ("a\tb", "a b"),
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_said(line: str, text: str) -> None:
    """What does not begin with a slash is said as it is."""
    assert parse(line) == Say(text)


@pytest.mark.parametrize(
    ("line", "text"),
    [("//who", "/who"), ("//", "/"), ("///", "//"), ("// a", "/ a"), ("//foo", "/foo")],
)
def test_twoSlashes(line: str, text: str) -> None:
    """They say a line that begins with one, whether or not there is such a verb."""
    assert parse(line) == Say(text)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/me  waves  twice ", Act("waves  twice")),
        ("/me\twaves", Act("waves")),
        ("/msg  bob   hi  there ", Tell("bob", "hi  there")),
        ("/msg\tbob\thi", Tell("bob", "hi")),
        ("/nick  bob ", Nick("bob")),
        ("/nick two words", Nick("two words")),
        ("/quit\t", Quit()),
        ("/me /who", Act("/who")),
        ("/version please", Version()),
    ],
)
def test_spacesAroundArguments(line: str, command: Command) -> None:
    """Those within the text stay, and a tab is one."""
    assert parse(line) == command


def _textsOf(command: Command) -> list[str]:
    return [getattr(command, name) for name in command.__slots__]


_lines = st.text(max_size=20)
_anyName = st.sampled_from([f"/{name}" for verb in VERBS for name in _namesOf(verb)] + ["", "/"])


@given(_anyName, _lines)
def test_allTextIsMadeSafe(name: str, rest: str) -> None:
    """In every command, and in every refusal."""
    try:
        command = parse(f"{name} {rest}")
    except ChatError as error:
        texts = [error.about]
    else:
        texts = _textsOf(command) if command is not None else []
    for text in texts:
        assert clean(text) == text


@given(_lines)
def test_slashIsTheOnlyWayToACommand(line: str) -> None:
    if not clean(line).startswith("/"):
        assert isinstance(parse(line), Say | None)
