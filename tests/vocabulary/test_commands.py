"""Tests for L{chat.vocabulary.commands}."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import pytest

from chat.session.handlers import (
    accounts,
    general,
    history,
    moderation,
    personal,
    rooms,
    talk,
)
from chat.session.handlers.dispatch import HANDLERS
from chat.vocabulary import commands
from chat.vocabulary.commands import (
    VERBS,
    Ban,
    Command,
    Login,
    Mode,
    Password,
    Register,
    Reply,
    Say,
    StateCommand,
    Tell,
)


def _isKind(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Command) and is_dataclass(value)


KINDS = {value for value in vars(commands).values() if _isKind(value)}


def test_everyCommandHasAVerb() -> None:
    assert {verb.command for verb in VERBS} == KINDS
    assert len(VERBS) == len(KINDS)


def test_everyCommandHasOneHandlerOrChangesTheState() -> None:
    """None is carried out in two places, and none in no place."""
    assert {*HANDLERS} == {kind for kind in KINDS if not issubclass(kind, StateCommand)}


@pytest.mark.parametrize("module", [accounts, general, history, moderation, personal, rooms, talk])
def test_handlersOfOneSubjectStandTogether(module: Any) -> None:
    for handler in module.HANDLERS.values():
        assert handler.__module__ == module.__name__


def test_aVerbKnowsItsCommand() -> None:
    for verb in VERBS:
        assert verb.command.verb is verb
        assert verb.command.usage() == verb.usage


def test_verbsWithASecretAreKnown() -> None:
    """A line that is meant for one of these, with a mistyped slash, is not said."""
    keeping = {
        kind for kind in KINDS if any(field.name in ("password", "key") for field in fields(kind))
    }
    assert {verb.command for verb in VERBS if verb.secret} == {*keeping, Mode, Tell, Reply}


def test_frozen() -> None:
    said = Say("hi")
    with pytest.raises(FrozenInstanceError):
        said.text = "bye"  # type: ignore[misc]


def test_values() -> None:
    assert Ban("bob", 60) == Ban("bob", 60, "")
    assert Ban("bob") != Ban("bob", 60)


@pytest.mark.parametrize(
    "command", [Register("s3cret"), Password("s3cret"), Login("alice", "s3cret")]
)
def test_aPasswordIsNotShown(command: Command) -> None:
    """A command may stand in a log or a traceback."""
    assert "s3cret" not in repr(command)
    assert "s3cret" not in str(command)
