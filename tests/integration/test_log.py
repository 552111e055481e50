"""
The log of the real daemon: an error is in it once, lines that were said are not, and nobody waits
for it.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import sys
import termios
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.daemon import TWISTD, Daemon, freePort
from tests.integration.doors import Certificate
from tests.integration.kernel import eventually

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
    elif "warning" in text:
        import warnings
        warnings.warn("say() is old")
    elif "printed" in text:
        print("two\\nlines")
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
            event for event in events if event.get("nick") == "alice" and "traceback" in event
        ]
        assert event["traceback"].endswith("\nbuiltins.KeyError")
    # Nothing was written elsewhere.
    assert daemon.log == ""


def test_everyLineOfADayIsAnObjectForPrograms(tmp_path: Path) -> None:
    options = ["--log-format", "json", "--operator", "alice", "--database", "chat.sqlite3"]
    with _started(tmp_path, *options, program=_BROKEN) as daemon:
        with daemon.join("alice") as alice, daemon.join("bob") as bob:
            alice.send("/register correct-horse")
            alice.expect("alice is")
            bob.send("unhandled", "reactor", "a warning", "printed", "/login alice wrong-horse")
            bob.expect("wrong-password")
            alice.send("/rehash", "/ban mallory 10m spam")
            alice.expect("mallory")
            with daemon.connect() as browser:
                browser.send("GET / HTTP/1.0", "")
                browser.leave()
            alice.send("a mistake")
            alice.eof()
            bob.leave()
        daemon.stop()
    assert daemon.log == ""
    events = [json.loads(line) for line in (tmp_path / "log.txt").read_text().splitlines()]
    for event in events:
        assert {"time", "level", "event", "message", "namespace"} <= event.keys()
        assert datetime.fromisoformat(event["time"]).utcoffset() == timedelta()
        assert event["level"] in ("info", "warn", "error", "critical")
        assert re.fullmatch("[a-z]+(-[a-z]+)*", event["event"])
        assert [key for key in event if "log" in key or key in ("isError", "system")] == []
        assert ("traceback" in event) == (event["event"] == "internal-error")
    assert Counter(event["event"] for event in events if event["event"] != "other") == {
        "connection-limit": 1,
        "database-created": 1,
        "operator-missing": 1,
        "listening": 1,
        "account-registered": 1,
        "operator-registered": 1,
        "wrong-password": 1,
        "moderation": 2,
        "rehashed": 3,
        # With the one that saw that it listens.
        "connection-closed": 4,
        "internal-error": 3,
    }
    others = [event["message"] for event in events if event["event"] == "other"]
    assert {"two", "lines", "Server Shut Down."} <= {*others}
    assert any(each.endswith("builtins.UserWarning: say() is old") for each in others)


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


class _SignalledAtTheStart(Daemon):
    """
    Its start waits for a key in a FIFO, which comes after the signals.
    """

    def waitFor(self, key: Path, content: bytes) -> Daemon:
        self._key, self._content = key, content
        return self

    def _waitUntilListening(self) -> None:
        sinks: list[int] = []

        def isRead() -> bool:
            with suppress(OSError):
                sinks.append(os.open(self._key, os.O_WRONLY | os.O_NONBLOCK))
            return bool(sinks)

        eventually(isRead)
        for number in (signal.SIGHUP, signal.SIGUSR1):
            self.process.send_signal(number)
        with open(sinks[0], "wb") as key:
            key.write(self._content)
        super()._waitUntilListening()


def test_whatSignalsAskForDuringTheStartIsDoneAfterIt(
    tmp_path: Path, certificate: Certificate
) -> None:
    key, port = tmp_path / "key", freePort()
    os.mkfifo(key)
    command = [
        *(TWISTD, "--nodaemon", "--pidfile=", "--logfile=log.txt", "tcpchat"),
        *("--port", f"tcp:{port}:interface=127.0.0.1", "--database", ":memory:"),
        *("--port", Certificate(key, certificate.chain).endpoint(freePort())),
    ]
    daemon = _SignalledAtTheStart(tmp_path, command=command, port=port)
    with daemon.waitFor(key, certificate.key.read_bytes()):
        old, new = tmp_path / "log.txt.1", tmp_path / "log.txt"
        eventually(lambda: old.exists() and new.exists() and "reloaded: bans" in new.read_text())
        assert "listening on" in old.read_text()


# What does not take the log.


@contextmanager
def _stuckPipe() -> Iterator[tuple[int, int]]:
    """
    @return: The ends of a full pipe, to read from and to write into.
    """
    source, sink = os.pipe()
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 4096)
    os.write(sink, b"." * 4095 + b"\n")
    with open(source, "rb", 0), open(sink, "wb", 0):
        yield source, sink


@contextmanager
def _stoppedTerminal() -> Iterator[tuple[int, int]]:
    """
    @return: The ends of a terminal in which somebody has typed Ctrl-S.
    """
    source, sink = pty.openpty()
    termios.tcflow(sink, termios.TCOOFF)
    with open(source, "rb", 0), open(sink, "wb", 0):
        yield source, sink


@pytest.mark.parametrize("stuck", [_stuckPipe, _stoppedTerminal])
def test_nobodyWaitsForALogThatIsStuck(
    tmp_path: Path, stuck: Callable[[], AbstractContextManager[tuple[int, int]]]
) -> None:
    """
    Not even the start and the stop.
    """
    with stuck() as (_, sink), Daemon(tmp_path, output=sink) as daemon:
        with daemon.join("alice") as alice, daemon.join("bob") as bob:
            for _ in range(20):
                with daemon.connect() as other:
                    other.line()
            bob.catchUp()
            alice.send("can you hear me?")
            bob.expect("alice: can you hear me?")
            daemon.process.terminate()
            bob.expect("Goodbye")
            for peer in (alice, bob):
                peer.eof()
            for number in (signal.SIGHUP, signal.SIGUSR1):
                # Nobody is left to do what they ask for, but they do not end the process either.
                daemon.process.send_signal(number)
        assert daemon.process.wait(10) == -signal.SIGTERM


def test_stuckLogIsWrittenInItsOrderOnceItIsRead(tmp_path: Path) -> None:
    with _stuckPipe() as (source, sink), Daemon(tmp_path, output=sink) as daemon:
        with daemon.join("alice") as alice:
            alice.leave()
        with open(source, closefd=False) as log:
            assert log.readline().endswith(".\n")
            daemon.process.terminate()
            told = ""
            while "Server Shut Down" not in told:
                told += log.readline()
    order = ["starting up", "listening on", "SIGTERM", "Server Shut Down"]
    assert [told.count(each) for each in (*order, " alice input-closed")] == [1] * 5
    assert sorted(order, key=told.index) == order
