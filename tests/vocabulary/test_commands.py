"""Tests for L{chat.vocabulary.commands}."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, is_dataclass
from typing import get_args

import pytest

from chat.vocabulary import commands
from chat.vocabulary.commands import Ban, Command, Login, Password, Register, Say

KINDS = get_args(Command)


def test_everyKindIsACommand() -> None:
    """None that is defined is missing from the union, and none is in it twice."""
    values = vars(commands).values()
    defined = {value for value in values if isinstance(value, type) and is_dataclass(value)}
    assert set(KINDS) == defined


def test_groupsDoNotOverlap() -> None:
    """Each is carried out in one place."""
    groups = [
        commands.GeneralCommand,
        commands.StateCommand,
        commands.TalkCommand,
        commands.RoomCommand,
        commands.PastCommand,
        commands.AccountCommand,
        commands.PersonalCommand,
        commands.ModerationCommand,
    ]
    members = [kind for group in groups for kind in get_args(group)]
    assert len(members) == len(set(members)) == len(KINDS)


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
