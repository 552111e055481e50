"""Tests for L{chat.cli.__main__}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import Clock

from chat.cli import __main__ as command
from chat.vocabulary.awake import AwakeTime


class StartingReactor(Clock):
    """
    A reactor that calls what is to be called when it runs, and returns.
    """

    def __init__(self) -> None:
        super().__init__()
        self._hooks: list[Callable[[], object]] = []

    def callWhenRunning(self, do: Callable[..., object], *arguments: object) -> None:
        self._hooks.append(lambda: do(*arguments))

    def run(self, installSignalHandlers: bool) -> None:
        for hook in self._hooks:
            hook()


def test_theTimeInWhichTheCommandIsSuspendedDoesNotCount(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that has answered meanwhile has answered in time."""
    now = 1000.0
    monkeypatch.setattr(command, "AwakeTime", lambda: AwakeTime(lambda: now))
    reactor: Any = StartingReactor()
    started: list[float] = []
    command._Run(reactor, "utf-8")._go(lambda: started.append(reactor.seconds()))
    [before] = started
    now += 3600
    assert reactor.seconds() == before
