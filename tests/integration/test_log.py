"""
The log of the real daemon: an error is in it once, and lines that were said are not.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.daemon import Daemon, freePort

# All lines that are said contain this.
MARK = "Xyzzy-Plugh"

# A daemon in which saying a line fails, with errors that quote the line.
_BROKEN = """
from chat.core.hub import Hub
from twisted.internet.defer import fail
from twisted.scripts.twistd import run

def brokenSay(self, member, room, text, *_):
    if "unhandled" in text:
        fail(KeyError(text))
    elif "reactor" in text:
        from twisted.internet import reactor
        reactor.callLater(0, {}.__getitem__, text)
    else:
        {}[text]

Hub.say = brokenSay
run()
"""


@contextmanager
def _started(directory: Path, *options: str, program: str = "") -> Iterator[Daemon]:
    """
    A daemon with its log in C{log.txt}, and with options of twistd.
    """
    port = freePort()
    start = "from twisted.scripts.twistd import run; run()"
    command = [
        *(sys.executable, "-c", program or start),
        *("--nodaemon", "--pidfile=", "--logfile=log.txt", "tcpchat"),
        *("--port", f"tcp:{port}:interface=127.0.0.1", "--database", ":memory:"),
        *options,
    ]
    with Daemon(directory, command=command, port=port) as daemon:
        yield daemon


@pytest.mark.parametrize("logFormat", ["text", "json"])
def test_errorIsLoggedOnceAndQuotesNobody(tmp_path: Path, logFormat: str) -> None:
    path = tmp_path / "log.txt"
    with _started(tmp_path, "--log-format", logFormat, program=_BROKEN) as daemon:
        with daemon.join("alice") as alice, daemon.join("bob") as bob:
            bob.send(f"{MARK} unhandled", f"{MARK} reactor")
            bob.catchUp()
            alice.send(MARK)
            alice.expect("(internal-error)")
            alice.eof()
            bob.expect("alice left")
            bob.leave()
        daemon.stop()
    log = path.read_text()
    assert log.count("Traceback (most recent call last):") == 3
    assert log.count("builtins.KeyError") == 3
    # This is the place of the mistake.
    assert log.count(", in brokenSay") == 1
    assert MARK.lower() not in log.lower()
    if logFormat == "json":
        events = [json.loads(line) for line in log.splitlines()]
        [event] = [
            event for event in events if event.get("nick") == "alice" and "log_failure" in event
        ]
        assert event["log_failure"].endswith("\nbuiltins.KeyError")
    # Nothing was written elsewhere.
    assert daemon.log == ""


@pytest.mark.parametrize("logFormat", ["text", "json"])
def test_signalRotatesTheLog(tmp_path: Path, logFormat: str) -> None:
    with _started(tmp_path, "--log-format", logFormat) as daemon:
        with daemon.join("alice") as alice:
            os.kill(daemon.process.pid, signal.SIGUSR1)
            while not (tmp_path / "log.txt.1").exists():
                # Each answer takes a turn of the reactor.
                alice.catchUp()
            alice.leave()
        assert daemon.process.poll() is None
    before, behind = ((tmp_path / name).read_text() for name in ("log.txt.1", "log.txt"))
    assert "starting up" in before
    assert "Server Shut Down" in behind
    assert "starting up" not in behind
