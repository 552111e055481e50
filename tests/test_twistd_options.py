"""
The command line as twistd reads it, in this process: a mistake is told in one line, with which
twistd ends with status 1, and the help tells the defaults.

C{tests/integration/test_starting.py} starts twistd with one mistake of each kind.
"""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock
from twisted.scripts.twistd import ServerOptions

from chat import __version__
from chat.options import LIMITS
from tests.support.signals import signalsKept
from twisted import internet

DEFAULTS = {
    **{limit.name: str(limit.default) for limit in LIMITS},
    **{"registration-timeout": "60", "idle-timeout": "43200", "backlog": "1024"},
}
"""The default of each limit; C{tests/test_docs.py} has the values."""

OTHERS = [
    *("port", "name", "motd", "language", "half-close", "room", "announce-limit", "max-rooms"),
    *("max-joined", "database", "replay", "keep", "keep-lines", "operator", "auth", "transcript"),
    *("log-format", "version", "help"),
]


@pytest.fixture
def reactor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MemoryReactorClock]:
    """The reactor that the service finds, in a directory where much is wrong."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    (tmp_path / "garbage.pem").write_text("garbage\n")
    (tmp_path / "latin-1.txt").write_bytes(b"caf\xe9\n")
    reactor = MemoryReactorClock()
    monkeypatch.setattr(internet, "reactor", reactor)
    with signalsKept():
        yield reactor


def test_signalsWhileTheServiceIsLoadedAreKept(reactor: MemoryReactorClock) -> None:
    config: Any = ServerOptions()
    config.parseOptions(["--nodaemon", "tcpchat"])
    kept = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert kept >= {signal.SIGHUP, signal.SIGUSR1}


def make(twistd: tuple[str, ...], options: tuple[str, ...]) -> None:
    """Do what twistd does before it starts a service."""
    config: Any = ServerOptions()
    config.parseOptions([*twistd, "tcpchat", *options])
    config.loadedPlugins["tcpchat"].makeService(config.subOptions)


def refusal(*options: str, twistd: tuple[str, ...] = ("--nodaemon",)) -> str:
    """
    @param options: Those of tcpchat.
    @param twistd: Those of twistd, before the name of the service.
    @return: What twistd prints on standard error.
    """
    with pytest.raises(SystemExit) as raised:
        make(twistd, options)
    # Python prints a text and ends with status 1.
    assert isinstance(raised.value.code, str)
    return raised.value.code


def printed(capsys: pytest.CaptureFixture[str], option: str) -> str:
    """
    @return: What an option prints on standard output. It has succeeded, without a word on standard
        error.
    """
    with pytest.raises(SystemExit) as raised:
        make((), (option,))
    assert not raised.value.code
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize(
    ("options", "reason"),
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
            "no private key in {directory}/garbage.pem",
        ),
        (
            ["--port", "systemd:domain=INET:name=chat"],
            "cannot use --port systemd:domain=INET:name=chat: "
            "the service manager has passed no socket called 'chat'",
        ),
        (
            ["--metrics", "nonsense:1"],
            "cannot use --metrics nonsense:1: Unknown endpoint type: 'nonsense'",
        ),
        (["--language", "tlh"], "--language must be one of en, zh_CN"),
        (["--half-close", "perhaps"], "--half-close must be one of close, listen"),
        (["--log-format", "xml"], "--log-format must be one of text, json"),
        (["--name", " \x1b[0m"], "--name must not be empty"),
        (
            ["--motd", "nowhere"],
            "cannot read --motd {directory}/nowhere: No such file or directory",
        ),
        (["--motd", "."], "cannot read --motd {directory}: Is a directory"),
        (["--motd", "latin-1.txt"], "cannot read --motd {directory}/latin-1.txt: not UTF-8"),
        # One of each kind of value; tests/test_optiontypes.py has what each kind takes.
        (
            ["--idle-timeout", "soon"],
            "--idle-timeout must be a number of seconds, or 0 for no limit",
        ),
        (
            ["--idle-timeout", "nan"],
            "--idle-timeout must be a number of seconds, or 0 for no limit",
        ),
        (
            ["--registration-timeout", "-5"],
            "--registration-timeout must be a number of seconds, or 0 for no limit",
        ),
        (
            ["--stall-timeout", "nan"],
            "--stall-timeout must be a number of seconds, or 0 for no limit",
        ),
        (
            ["--max-line", "much"],
            "--max-line must be a number of bytes such as 64K, or 0 for no limit",
        ),
        (
            ["--max-waiting-all", "-1"],
            "--max-waiting-all must be a number of bytes such as 64K, or 0 for no limit",
        ),
        (["--line-rate", "fast"], "--line-rate must be a number per second, or 0 for no limit"),
    ],
)
def test_aWrongOptionIsToldInOneLine(
    reactor: MemoryReactorClock,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    reason: str,
) -> None:
    reason = reason.format(directory=tmp_path)
    assert refusal(*options) == f"twistd tcpchat: {reason}; see twistd tcpchat --help"
    assert capsys.readouterr() == ("", "")
    assert not reactor.tcpServers


@pytest.mark.parametrize(
    "logger", [["--syslog"], ["--logger", "twisted.logger.textFileLogObserver"]]
)
def test_aLogInJSONDoesNotGoWithAnotherLogger(
    reactor: MemoryReactorClock, logger: list[str]
) -> None:
    line = refusal("--log-format", "json", twistd=("--nodaemon", *logger))
    assert line == (
        "twistd tcpchat: --log-format json cannot be used with --logger or --syslog"
        "; see twistd tcpchat --help"
    )


def test_versionIsPrinted(reactor: MemoryReactorClock, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--version") == f"tcpchat {__version__}\n"


@pytest.mark.parametrize("option", [*OTHERS, *DEFAULTS])
def test_helpTellsWhatAnOptionDoes(
    reactor: MemoryReactorClock, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    # The rest of its row is its value; then comes its help, in this row or the next one.
    assert re.search(
        rf"^  (-\w, )?--{option}( \S+)?\s+[A-Z:]", printed(capsys, "--help"), re.MULTILINE
    )


def test_helpTellsTheDefaultOfEachLimit(
    reactor: MemoryReactorClock, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, "--help")
    for name, default in DEFAULTS.items():
        [about] = re.findall(rf"^  --{name} (.*\n(?: {{20,}}.*\n)*)", text, re.MULTILINE)
        [found] = re.findall(r"\[default: ([^]]+)\]", " ".join(about.split()))
        assert _plain(found) == _plain(default), name


@pytest.mark.parametrize(
    ("language", "encoding", "title"),
    [
        ("zh_CN.UTF-8", "utf-8", "监听："),
        ("C.UTF-8", "utf-8", "Where to listen:"),
        # It would be question marks, or nothing.
        ("zh_CN.UTF-8", "iso8859-1", "Where to listen:"),
    ],
)
def test_helpIsInTheLanguageOfTheLocale(
    reactor: MemoryReactorClock,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    encoding: str,
    title: str,
) -> None:
    out = TextIOWrapper(BytesIO(), encoding)
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(SystemExit):
        make((), ("--help",))
    out.flush()
    assert title in out.buffer.getvalue().decode(encoding).splitlines()


def _plain(value: str) -> object:
    """
    @return: The same for 16K, 16384 and 16384.0.
    """
    if match := re.fullmatch(r"([\d.]+)([KM]?)", value):
        return float(match[1]) * {"": 1, "K": 1024, "M": 1024 * 1024}[match[2]]
    return value


@pytest.mark.parametrize(
    ("twistd", "options", "reason"),
    [
        ("", "--database=a --transcript=a", "--database and --transcript use the same file, {}/a"),
        ("", "--database=a --transcript=a-wal", "--database and --transcript use the same file"),
        ("", "--database=a --motd=a.lock", "--motd and --database use the same file"),
        ("--logfile=a", "--database=a", "--logfile and --database use the same file"),
        ("--logfile=a", "--database=:memory: --transcript={}/a", "--logfile and --transcript use"),
        ("--rundir=..", "--database={0.name}/motd --motd=motd", "--motd and --database use"),
        ("--pidfile=a", "--database=a", "--pidfile and --database use the same file"),
    ],
)
def test_noTwoOptionsNameOneFile(
    reactor: MemoryReactorClock, tmp_path: Path, twistd: str, options: str, reason: str
) -> None:
    for name in ("motd", "a.lock"):
        (tmp_path / name).touch()
    refused = refusal(
        *options.format(tmp_path).split(), twistd=("--nodaemon", *twistd.format(tmp_path).split())
    )
    assert refused.startswith(f"twistd tcpchat: {reason.format(tmp_path)}")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *("a.lock", "garbage.pem", "latin-1.txt", "motd"),
    ]


def test_inTheBackgroundTheLogHasAFile(reactor: MemoryReactorClock, tmp_path: Path) -> None:
    refused = refusal("--transcript=twistd.log", twistd=())
    assert "--logfile and --transcript use the same file" in refused
