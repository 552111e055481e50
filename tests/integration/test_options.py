"""
The command line of the daemon: what is wrong is said in one line, and what is right has its effect.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import CompletedProcess
from time import monotonic

import pytest

from chat import __version__
from tests.integration.conftest import StartDaemon
from tests.integration.daemon import TWISTD, Daemon, freePort
from tests.integration.doors import Certificate
from tests.integration.peer import Peer

_HELP = "; see twistd tcpchat --help"


def _run(
    directory: Path, *options: str, twistd: tuple[str, ...] = ("-n",)
) -> CompletedProcess[str]:
    """
    Run the daemon where it is going to end at once, with C{options} for C{tcpchat}.
    """
    return subprocess.run(
        [TWISTD, *twistd, "--pidfile=", "tcpchat", *options],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=20,
    )


def _failure(result: CompletedProcess[str]) -> str:
    """
    @return: The one line that says why the daemon has not started.
    """
    assert result.returncode != 0
    assert "Traceback" not in result.stdout + result.stderr
    [line] = result.stderr.splitlines()
    return line


@pytest.fixture
def inUse() -> Iterator[int]:
    """
    A port of 127.0.0.1 that somebody listens on.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


# What is wrong.


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--bogus"], "option --bogus not recognized"),
        (["8080"], "Wrong number of arguments"),
        (["--port"], "option --port requires argument"),
        (["--port", "nonsense"], "cannot use --port nonsense: Unknown endpoint type: 'nonsense'"),
        (["--port", "-1"], "cannot use --port -1: Unknown endpoint type: '-1'"),
        (
            ["--port", "ssl:0:privateKey=nowhere.pem"],
            "cannot use --port ssl:0:privateKey=nowhere.pem: "
            "No such file or directory ({directory}/nowhere.pem)",
        ),
        (
            ["--port", "ssl:0:privateKey=garbage.pem"],
            "cannot use --port ssl:0:privateKey=garbage.pem: "
            "its certificate or private key cannot be used (unsupported)",
        ),
        (
            ["--port", "systemd:domain=INET:name=chat"],
            "cannot use --port systemd:domain=INET:name=chat: "
            "the service manager has passed no socket called 'chat'",
        ),
        (["--language", "tlh"], "--language is one of en, zh_CN"),
        (["--half-close", "perhaps"], "--half-close is one of close, listen"),
        (["--log-format", "xml"], "--log-format is one of text, json"),
        (["--idle-timeout", "soon"], "--idle-timeout is a number of seconds, 0 for no limit"),
        (["--idle-timeout", "nan"], "--idle-timeout is a number of seconds, 0 for no limit"),
        (
            ["--registration-timeout", "-5"],
            "--registration-timeout is a number of seconds, 0 for no limit",
        ),
        (["--name", " \x1b[0m"], "--name needs a name"),
        (
            ["--motd", "nowhere"],
            "cannot read --motd {directory}/nowhere: No such file or directory",
        ),
        (["--motd", "."], "cannot read --motd {directory}: Is a directory"),
        (["--motd", "latin-1.txt"], "cannot read --motd {directory}/latin-1.txt: not UTF-8"),
    ],
)
def test_wrongOption(tmp_path: Path, options: list[str], line: str) -> None:
    (tmp_path / "garbage.pem").write_text("garbage\n")
    (tmp_path / "latin-1.txt").write_bytes(b"caf\xe9\n")
    result = _run(tmp_path, *options)
    assert _failure(result) == f"twistd tcpchat: {line.format(directory=tmp_path)}{_HELP}"
    assert result.stdout == ""


def test_certificateOfAnotherKey(tmp_path: Path, certificate: Certificate) -> None:
    other = Certificate.make(tmp_path)
    endpoint = f"ssl:0:privateKey={certificate.key}:certKey={other.chain}"
    line = _failure(_run(tmp_path, "--port", endpoint))
    assert line.startswith(f"twistd tcpchat: cannot use --port {endpoint}: ")
    assert "do not match" in line


def test_portInUse(tmp_path: Path, inUse: int) -> None:
    endpoint = f"tcp:{inUse}:interface=127.0.0.1"
    # Also where it is not the only one.
    for options in (["--port", endpoint], ["--port", f"{freePort()}", "-p", endpoint]):
        assert (
            _failure(_run(tmp_path, *options))
            == f"twistd tcpchat: cannot listen on {endpoint}: Address already in use"
        )


def test_portInUseInTheBackground(tmp_path: Path, inUse: int) -> None:
    """
    It is told in the same line as in the foreground, and the log has it, too.
    """
    endpoint = f"tcp:{inUse}:interface=127.0.0.1"
    result = _run(tmp_path, "--port", endpoint, twistd=())
    assert result.returncode != 0
    assert result.stderr == f"twistd tcpchat: cannot listen on {endpoint}: Address already in use\n"
    deadline = monotonic() + 10
    while f"cannot listen on {endpoint}: Address already in use\n" not in (
        log := (tmp_path / "twistd.log").read_text()
    ):
        # It is written a moment after twistd has told.
        assert monotonic() < deadline, log
    assert "Traceback" not in result.stdout + result.stderr + log


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("99999", "bind(): port must be 0-65535."),
        ("tcp:0:interface=192.0.2.1", "Cannot assign requested address"),
        ("unix:nowhere/socket", "No such file or directory"),
    ],
)
def test_cannotListen(tmp_path: Path, endpoint: str, reason: str) -> None:
    line = _failure(_run(tmp_path, "--port", endpoint))
    assert line == f"twistd tcpchat: cannot listen on {endpoint}: {reason}"


@pytest.mark.parametrize(
    ("path", "reason"), [("nowhere/log", "No such file or directory"), (".", "Is a directory")]
)
def test_transcriptCannotBeWritten(tmp_path: Path, path: str, reason: str) -> None:
    port = f"tcp:{freePort()}:interface=127.0.0.1"
    line = _failure(_run(tmp_path, "--port", port, "--transcript", path))
    assert line == f"twistd tcpchat: cannot write {(tmp_path / path).resolve()}: {reason}"


# What is right.


def test_version(tmp_path: Path) -> None:
    result = _run(tmp_path, "--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"tcpchat {__version__}\n", "")


def test_help(tmp_path: Path) -> None:
    result = _run(tmp_path, "--help", twistd=())
    assert (result.returncode, result.stderr) == (0, "")
    for option in (
        *("port", "name", "motd", "language", "registration-timeout", "idle-timeout"),
        *("half-close", "room", "announce-limit", "max-rooms", "max-joined", "database"),
        *("replay", "keep", "keep-lines", "operator", "auth", "transcript", "log-format"),
        *("version", "help"),
    ):
        # With its name, and what it does.
        assert re.search(rf"^ .*--{option}\b=? +[A-Z]", result.stdout, re.MULTILINE), option


def test_twistdListsIt(tmp_path: Path) -> None:
    result = subprocess.run(
        [TWISTD, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=20
    )
    assert re.search(r"^ +tcpchat +A chat service", result.stdout, re.MULTILINE)


def test_greeting(startDaemon: StartDaemon, tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_text("Be kind.\n\n  * 请友善\x1b[31m\n\ttab\u202e\nwithout an end")
    daemon = startDaemon("--name", "The Crown\x07 & Anchor", "--motd", str(motd))
    with daemon.connect() as peer:
        assert peer.catchUp() == [
            "--- Welcome to The Crown & Anchor. 0 people are here.",
            "--- Be kind.",
            "--- ",
            "---   * 请友善",
            "---  tab",
            "--- without an end",
            "--- What is your nickname?",
        ]
        peer.send("/version")
        assert peer.line() == f"--- The Crown & Anchor: tcpchat {__version__}"
        peer.leave()


@pytest.mark.parametrize("name", ["zh_CN", "zh", "zh_CN.UTF-8"])
def test_chinese(startDaemon: StartDaemon, name: str) -> None:
    daemon = startDaemon("--language", name)
    with daemon.connect() as lei, daemon.join("bob") as bob:
        assert lei.line() == "--- 欢迎来到 tcpchat。 在线人数: 0"
        assert lei.line().rstrip() == "--- 请输入昵称:"
        lei.send("bob", "李雷")
        assert lei.line() == "!!! bob该昵称被占用了,请更换 (nick-taken)"
        assert re.fullmatch("--- 欢迎李雷加入 #lobby.* bob。 /help .*", lei.line())
        bob.send("/lang en")
        bob.expect("The language is English.")
        lei.send("你好")
        assert bob.line() == "李雷: 你好"
        bob.send("hello")
        assert lei.line() == "bob 说：hello"
        bob.leave()
        assert re.fullmatch(r"<-- bob离开聊天室 #lobby: .* \(在线人数: 1\)", lei.line())
        lei.leave()


def test_log(startDaemon: StartDaemon) -> None:
    daemon = startDaemon()
    with daemon.join("alice") as alice:
        address = "{} {}".format(*alice.connection.getsockname())
        alice.send("one", "two")
        alice.leave()
    daemon.stop()
    [line] = [line for line in daemon.log.splitlines() if address in line]
    assert re.search(
        rf" \[chat\.protocols\.connections\.LineFactory#info\] closed {address} alice "
        r"input-closed: opened \S+, named \d\S*, \d\S* s, 3 lines, 0 refused, 17 B in, \d+ B out$",
        line,
    )
    assert "Traceback" not in daemon.log


def test_logAsJSON(startDaemon: StartDaemon) -> None:
    daemon = startDaemon("--log-format", "json", "--name", "x\x07\ny")
    with daemon.join("alice") as alice:
        address = "{} {}".format(*alice.connection.getsockname())
        alice.send("hello", "/nick 李雷", "/quit \x1b[2J bye")
        alice.eof()
    with daemon.connect() as peer:
        peer.send("nick\x1b[0mname \x07 \x9b1m\r\n\x1b]0;x\x07")
        peer.leave()
    daemon.stop()
    assert daemon.log.endswith("\n")
    lines = daemon.log.splitlines()
    assert all(line.isprintable() for line in lines)
    events = [json.loads(line) for line in lines]
    assert all(isinstance(event, dict) for event in events)
    mine = [event for event in events if event.get("peer") == address]
    assert [event["log_format"].split(" {")[0] for event in mine] == ["closed"]
    [event] = mine
    assert event["nick"] == "李雷"
    assert event["reason"] == "quit"
    assert event["lines"] == 4
    assert event["bytesIn"] > 0
    assert event["bytesOut"] > 0
    assert 0 <= event["named"] <= event["seconds"]


def test_logAsJSONInAFile(tmp_path: Path) -> None:
    """
    twistd's own option for the place goes on to hold; those for another kind of log do not.
    """
    port = freePort()
    options = ["--log-format", "json", "--port", f"tcp:{port}:interface=127.0.0.1"]
    command = [TWISTD, "-n", "--pidfile=", "--logfile=daemon.json", "tcpchat", *options]
    with Daemon(tmp_path, command=command, port=port) as daemon:
        daemon.stop()
        assert daemon.log == ""
        assert all(map(json.loads, (tmp_path / "daemon.json").read_text().splitlines()))
    line = _failure(_run(tmp_path, *options, twistd=("-n", "--syslog")))
    assert line == f"twistd tcpchat: --log-format json does not go with --logger or --syslog{_HELP}"


def test_inTheBackground(tmp_path: Path) -> None:
    """
    Without -n it goes on by itself, says so in its log, and ends by its pidfile.
    """
    port = freePort()
    endpoint = f"tcp:{port}:interface=127.0.0.1"
    options = ["--pidfile=pid", "tcpchat", "--port", endpoint]
    subprocess.run([TWISTD, *options], cwd=tmp_path, timeout=20, check=True, capture_output=True)
    process = os.pidfd_open(int((tmp_path / "pid").read_text()))
    try:
        connection = socket.create_connection(("127.0.0.1", port), 10.0)
        with Peer(connection) as alice:
            alice.join("alice")
            signal.pidfd_send_signal(process, signal.SIGTERM)
            assert alice.eof() == ["--- Goodbye: the service stops."]
        # It can be read when the process has ended.
        assert select.select([process], [], [], 10)[0]
    finally:
        # Which must not outlive the test.
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
    assert not (tmp_path / "pid").exists()
    assert " alice shutdown: opened " in (tmp_path / "twistd.log").read_text()
