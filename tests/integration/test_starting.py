"""
A start that fails, in the foreground and in the background: status 1, one line on standard error,
no traceback anywhere.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, chdir, suppress
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.integration.daemon import TWISTD, freePort
from tests.integration.doors import Certificate

_HELP = "; see twistd tcpchat --help"


@pytest.fixture
def place(tmp_path: Path, certificate: Certificate) -> Iterator[Path]:
    """
    A directory in which much is wrong.
    """
    with ExitStack() as stack:
        (tmp_path / "diary.txt").write_text("Dear diary, this is no database at all.")
        (tmp_path / "garbage.pem").write_text("garbage\n")
        (tmp_path / "key.pem").symlink_to(certificate.key)
        (tmp_path / "chain.pem").symlink_to(certificate.chain)
        (tmp_path / "other").mkdir()
        Certificate.make(tmp_path / "other")
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        # A path of 107 bytes is all that a socket may have.
        with chdir(tmp_path):
            server.bind("used.sock")
        server.listen()
        lock = stack.enter_context((tmp_path / "used.sqlite3.lock").open("ab"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield tmp_path
        # A service that has started after all must not outlive the test.
        with suppress(OSError, ValueError):
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@pytest.fixture
def inUse() -> Iterator[int]:
    """
    A port of 127.0.0.1 on which a socket listens.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def _run(
    place: Path, options: Sequence[str], twistd: Sequence[str] = (), *command: str
) -> CompletedProcess[str]:
    """
    Run C{twistd}, or C{command} in its place, which ends at once or goes into the background.
    """
    return subprocess.run(
        [*(command or [TWISTD]), "--pidfile=pid", *twistd, "tcpchat", *options],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=30,
    )


def _failure(place: Path, result: CompletedProcess[str]) -> str:
    """
    @return: The reason that the one line tells.
    """
    assert result.returncode == 1
    log = place / "twistd.log"
    logged = log.read_text() if log.exists() else ""
    assert "Traceback" not in result.stdout + result.stderr + logged
    [line] = result.stderr.splitlines()
    program, _, reason = line.partition("twistd tcpchat: ")
    assert program == ""
    # The log has it as well, once there is one.
    assert "starting up" not in logged or reason in logged
    return reason


_FOREGROUND = ["--nodaemon"]

# Mistakes that are found before anything is in the background, and those that are found only there.
_EARLY = {
    "option": (["--bogus"], "option --bogus not recognized" + _HELP),
    "key": (
        ["--port", "ssl:0:privateKey=garbage.pem:certKey=chain.pem"],
        "cannot use --port ssl:0:privateKey=garbage.pem:certKey=chain.pem: "
        "no private key in {place}/garbage.pem" + _HELP,
    ),
}
_LATE = {
    "port": (
        ["--port", "tcp:{inUse}:interface=127.0.0.1"],
        "cannot listen on tcp:{inUse}:interface=127.0.0.1: Address already in use",
    ),
    "unix": (
        ["--port", "unix:used.sock"],
        "cannot listen on unix:used.sock: Address already in use",
    ),
    "unix-nowhere": (
        ["--port", "unix:nowhere/chat.sock"],
        "cannot listen on unix:nowhere/chat.sock: No such file or directory",
    ),
    "port-number": (
        ["--port", "99999"],
        "cannot listen on 99999: bind(): port must be 0-65535.",
    ),
    "interface": (
        ["--port", "tcp:0:interface=192.0.2.1"],
        "cannot listen on tcp:0:interface=192.0.2.1: Cannot assign requested address",
    ),
    "metrics": (
        ["--metrics", "tcp:{inUse}:interface=127.0.0.1"],
        "cannot listen on --metrics tcp:{inUse}:interface=127.0.0.1: Address already in use",
    ),
    "database": (
        ["--database", "diary.txt"],
        "cannot open {place}/diary.txt: it is not a database",
    ),
    "database-in-use": (
        ["--database", "used.sqlite3"],
        "cannot open {place}/used.sqlite3: another tcpchat is using it",
    ),
    "database-nowhere": (
        ["--database", "{place}/{long}/chat.sqlite3"],
        "cannot keep a database in {place}/{long}: there is no such directory",
    ),
    "transcript": (
        ["--transcript", "none/said.log"],
        "cannot write {place}/none/said.log: No such file or directory",
    ),
    "transcript-directory": (["--transcript", "."], "cannot write {place}: Is a directory"),
}


@pytest.mark.parametrize("case", _EARLY)
def test_mistakeIsToldBeforeTheBackground(place: Path, inUse: int, case: str) -> None:
    """
    C{tests/test_twistd_options.py} has more of them.
    """
    options, reason = _EARLY[case]
    _check(place, inUse, options, reason)


# These two fail at different moments: they are tried in the foreground and in the background, the
# others in one of them.
_BOTH = ("port", "database")


@pytest.mark.parametrize(
    ("case", "isInBackground"),
    [
        *((case, bool(number % 2)) for number, case in enumerate(_LATE) if case not in _BOTH),
        *((case, isInBackground) for case in _BOTH for isInBackground in (False, True)),
    ],
)
def test_failedStartIsToldInOneLine(
    place: Path, inUse: int, case: str, isInBackground: bool
) -> None:
    options, reason = _LATE[case]
    logFormat, twistd = ("text", []) if isInBackground else ("json", _FOREGROUND)
    result = _check(place, inUse, [*options, "--log-format", logFormat], reason, twistd)
    if logFormat == "json":
        assert all(map(json.loads, result.stdout.splitlines()))


def _check(
    place: Path, inUse: int, options: list[str], reason: str, twistd: Sequence[str] = ()
) -> CompletedProcess[str]:
    # More than twistd tells by itself.
    about = {"place": str(place), "inUse": inUse, "long": "n" * 200}
    filled = [option.format(**about) for option in options]
    if "--port" not in filled:
        filled += ["--port", "tcp:0:interface=127.0.0.1"]
    result = _run(place, filled, twistd)
    assert _failure(place, result) == reason.format(**about)
    return result


def test_keyOfAnotherCertificate(place: Path) -> None:
    endpoint = "ssl:0:privateKey=key.pem:certKey=other/certificate.pem"
    assert _failure(place, _run(place, ["--port", endpoint])) == (
        f"cannot use --port {endpoint}: the private key in {place}/key.pem does not match the "
        f"certificate in {place}/other/certificate.pem{_HELP}"
    )


@pytest.mark.parametrize(
    ("twistd", "reason"),
    [
        (["--logfile", "none/log"], "cannot write none/log: No such file or directory"),
        (["--rundir", "none"], "cannot start: No such file or directory (none)"),
        (["--pidfile", "none/pid"], "cannot start: No such file or directory ({place}/none/pid)"),
    ],
)
def test_filesOfTwistdThatCannotBeWritten(place: Path, twistd: list[str], reason: str) -> None:
    result = _run(place, ["--port", "tcp:0:interface=127.0.0.1"], twistd)
    assert result.returncode == 1
    reason = reason.format(place=place)
    assert result.stderr == f"twistd tcpchat: {reason}\n"
    if "--logfile" in twistd:
        result = _run(place, ["--log-format", "json"], [*twistd, *_FOREGROUND])
        assert _failure(place, result) == reason
    if "--pidfile" in twistd:
        result = _run(place, ["--port", "tcp:0:interface=127.0.0.1"], [*twistd, *_FOREGROUND])
        assert "Traceback" not in result.stdout


def test_mistakeOfOursShowsItsTraceback(place: Path) -> None:
    """
    The parent does not wait for ever for a child that has ended.
    """
    program = (
        "import sys\n"
        "from chat.operations.serving import ChatService\n"
        "ChatService.startService = lambda self: {}['a mistake']\n"
        "from twisted.scripts.twistd import run\n"
        "run()\n"
    )
    options = ["--port", "tcp:0:interface=127.0.0.1"]
    result = _run(place, options, [], sys.executable, "-c", program)
    assert result.returncode == 1
    assert "KeyError" in result.stderr


def test_backgroundKeepsNothingOfTheTerminal(place: Path) -> None:
    """
    The parent returns once the service listens; nothing was printed, and no output is held open.
    """
    port = freePort()
    # This waits until every process has closed its outputs.
    result = _run(place, ["--port", f"tcp:{port}:interface=127.0.0.1", "--log-format", "json"])
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    socket.create_connection(("127.0.0.1", port), 10.0).close()
    process = os.pidfd_open(int((place / "pid").read_text()))
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        # It can be read when the process has ended.
        assert select.select([process], [], [], 15)[0]
    finally:
        os.close(process)
    assert all(map(json.loads, (place / "twistd.log").read_text().splitlines()))
