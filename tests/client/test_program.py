"""Tests for L{chat.client.program}."""

from __future__ import annotations

import errno
import sys
from typing import Any

import pytest
from twisted.internet import error

from chat.client import program
from chat.client.program import reasonOf, run, usageOf


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        (
            error.ConnectionRefusedError(errno.ECONNREFUSED),
            "cannot reach the service: Connection refused",
        ),
        (error.TimeoutError(), "cannot reach the service: no answer"),
        (error.DNSLookupError("no results"), "there is no such host"),
        (error.ConnectionDone(), "the connection has ended"),
        (error.ConnectionLost(), "the connection has ended"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "log"), "log: No such file"),
        (OSError("something else"), "something else"),
    ],
)
def test_aReasonIsOneLineOfOurOwn(raised: Exception, line: str) -> None:
    reason = reasonOf(raised)
    assert reason.startswith(line)
    assert "\n" not in reason


async def feed(reactor: Any, file: str, host: str = "localhost", port: int = 8080) -> None:
    raise AssertionError("it must not run")


async def wait(reactor: Any) -> None:
    raise AssertionError("it must not run")


def test_theUsageIsThatOfTheArguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["docs/examples/feed.py"])
    assert usageOf(feed) == "usage: feed.py FILE [HOST [PORT]]"
    assert usageOf(wait) == "usage: feed.py"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["log", "localhost", "8080", "more"],
        ["log", "localhost", "http"],
        ["--help"],
        ["log", "-h"],
    ],
)
def test_argumentsThatDoNotFitAreToldFirst(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"^usage: "):
        run(feed, arguments)


def test_argumentsAreOfTheKindOfTheirDefaults(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    monkeypatch.setattr(program, "react", lambda main, arguments: ran.extend(arguments))
    run(feed, ["7", "8", "9"])
    assert ran == [feed, "7", "8", 9]
