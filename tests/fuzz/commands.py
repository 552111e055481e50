"""
What holds for L{chat.vocabulary.verbs.parse}, whatever is typed.
"""

from __future__ import annotations

from dataclasses import fields

from chat.vocabulary.commands import Command, Say
from chat.vocabulary.errors import (
    ArgumentInvalid,
    ArgumentMissing,
    ChatError,
    CommandMeant,
    UnitMissing,
    UnknownCommand,
)
from chat.vocabulary.sanitizing import clean
from chat.vocabulary.verbs import VERBS, isCommand, literally, parse
from tests.fuzz.source import Source

_NAMES = [name for verb in VERBS for name in (verb.name, *verb.aliases)]
_USAGES = {verb.usage for verb in VERBS}

SEEDS = [
    bytes((0,)) + line.encode("utf-8")
    for line in [
        "",
        "hello",
        "//hello /there",
        "/msg bob hi",
        "、私聊 bob hi",
        "\u3000／nick 小明",
        "/join #tea key",
        "/history after 12 in #tea",
        "/history since 1h30m",
        "/search green tea in #tea from bob",
        "/ban 192.0.2.0/24 30d being rude",
        "/mode private on",
        "/sessions end 2",
        "/operator bob off",
        "/login bob secret",
        "/part #tea bye",
        "、 login bob secret",
        "/say .msg bob psst",
    ]
]


def oneInput(data: bytes) -> None:
    """
    Check an input of the fuzzer: any line, or, lest it have to guess them, one of the verbs
    and any arguments.
    """
    source = Source(data)
    number = source.number(len(_NAMES) + 1)
    verb = f"/{_NAMES[number - 1]} " if number else ""
    check(verb + source.text())


def check(line: str) -> None:
    """
    A line is a command or is refused, both in clean text; and any text can be said literally.
    """
    cleaned = clean(line)
    try:
        outcome: Command | ChatError | None = parse(line)
    except ChatError as error:
        outcome = error
    match outcome:
        case UnknownCommand(about=name):
            assert isCommand(cleaned)
            assert clean(name) == name
            assert len(name) <= len(cleaned)
        case CommandMeant(about=name):
            assert isCommand(cleaned)
            assert name.removeprefix("/") in _NAMES
        case ArgumentMissing(about=usage) | ArgumentInvalid(about=usage):
            assert isCommand(cleaned)
            assert usage in _USAGES
        case UnitMissing(about=number):
            assert isCommand(cleaned)
            assert number in cleaned.split()
        case _:
            _checkCommand(outcome, cleaned)
    if cleaned and not cleaned.isspace():
        said = parse(literally(cleaned))
        assert isinstance(said, Say)
        assert said.text.strip() == cleaned.strip()


def _checkCommand(command: object, cleaned: str) -> None:
    if command is None:
        assert not cleaned or cleaned.isspace()
        return
    assert isinstance(command, Command)
    if not isCommand(cleaned):
        assert isinstance(command, Say)
        assert command.text.strip()
        assert cleaned.endswith(command.text.removeprefix("/"))
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(value, str):
            assert clean(value) == value
            assert len(value) <= len(cleaned)
        elif value is not None:
            assert 0 <= value < 10**15
