"""
A programming error costs one session at most, and only the operator sees its traceback.  Real
daemons make some of them in C{tests/integration/test_mistakes.py}.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from twisted.logger import LogLevel, capturedLogs

from chat.backplane.local import LocalBackplane
from chat.core.hub import Hub
from chat.core.room import Room
from chat.session.handlers.dispatch import HANDLERS
from chat.vocabulary.verbs import parse
from tests.support.service import Service

MARK = "kaboom"
"""A call fails if this is in one of its arguments."""

TEXT = "what a user has said"


def failing(function: Callable[..., Any]) -> Callable[..., Any]:
    def fail(*arguments: Any, **more: Any) -> Any:
        if any(MARK in repr(each) for each in (*arguments, *more.values())):
            raise RuntimeError(TEXT)
        return function(*arguments, **more)

    return functools.wraps(function)(fail)


@pytest.mark.parametrize(
    "line",
    [f"{MARK} is said", f"/ping {MARK}", f"/join #{MARK}", f"/search {MARK}", f"/ignore {MARK}"],
)
def test_mistakeInAHandlerCostsOneSession(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    kind = type(parse(line))
    monkeypatch.setitem(HANDLERS, kind, failing(HANDLERS[kind]))
    checkCostsOneSession(line)


@pytest.mark.parametrize(
    ("place", "name", "line"),
    [
        (Hub, "say", MARK),
        (Hub, "arrived", MARK),
        (Room, "arrived", MARK),
        (LocalBackplane, "publish", MARK),
        (LocalBackplane, "claim", f"/nick {MARK}"),
    ],
)
def test_mistakeFurtherInCostsOneSession(
    monkeypatch: pytest.MonkeyPatch, place: type, name: str, line: str
) -> None:
    monkeypatch.setattr(place, name, failing(getattr(place, name)))
    checkCostsOneSession(line)


def checkCostsOneSession(line: str) -> None:
    service = Service()
    witness = service.connect("witness")
    for nick in ("alice", "bob"):
        with capturedLogs() as logged:
            peer = service.connect(nick)
            assert service.heard(witness) == [f"--> {nick} joined #lobby (2 here)"]
            service.say(peer, line)
            heard = service.heard(peer)
            assert peer.isEnded
            peer.close()
            [left] = service.heard(witness)
        assert heard[-1].startswith("!!! ")
        assert heard[-1].endswith("(internal-error)")
        assert not any("Traceback" in each or TEXT in each for each in heard)
        assert left.startswith(f"<-- {nick} left #lobby")
        [bad] = [event for event in logged if event["log_level"] >= LogLevel.error]
        assert bad["log_failure"].check(RuntimeError)
    # The service goes on.
    service.say(witness, "/who")
    assert service.heard(witness) == ["--- 1 person in #lobby: witness"]
    service.close()
