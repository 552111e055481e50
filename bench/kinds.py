"""
Every kind of server that is measured: how it is started, what it must find
installed, and with how many recipients it is measured.

    - C{tcpchat} is the product with all its defaults and everything on: limits,
      history and accounts in SQLite, metrics;
    - C{before} and C{before in memory} are another checkout of the product, the one that
      TCPCHAT_BEFORE names: what a change costs is seen beside what was there before it;
    - C{each} and C{joining} are the limit of what the kernel allows (C{limit/});
    - C{inspircd}, C{ngircd}, C{node}, C{go}, C{words} and C{naive} are the peers
      (C{peers/}, C{naive.py}).

The throttles of every one of them are off, and each line of the configurations that
differs from a default says why.
"""

from __future__ import annotations

import os
import shutil
import string
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, run

HERE = Path(__file__).resolve().parent

HOST = "127.0.0.1"

_BUILT = HERE.parent / "build" / "bench"
_BEFORE = os.environ.get("TCPCHAT_BEFORE", "")
_PEERS = HERE / "peers"

# Throttles are not what is measured.  Options that come later win.
_RELAXED = (
    *("--line-rate", "0", "--join-rate", "0", "--nick-rate", "0"),
    *("--max-nameless", "0", "--max-per-address", "0", "--connect-rate", "0"),
)
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

Command = Callable[[int, Path], list[str]]
"""From a port of L{HOST} and the directory in which it runs to a command line."""


@dataclass(frozen=True)
class Kind:
    """
    One kind of server.

    @ivar name: as on the command line of a benchmark, and in its results.
    @ivar title: as in a table.
    @ivar protocol: C{chat} or C{irc}: what the load generator speaks with it.
    @ivar command: how it is started.
    @ivar most: the largest number of recipients it is measured with.
    @ivar program: what must be there, by its path or its name.
    @ivar remedy: what makes or installs that: C{make} something, or a package.
    @ivar asked: the command that tells its version.
    @ivar atOnce: how many may connect at once: it greets no more together, or it
        greets only once a second.
    @ivar rooms: whether it has more than one room.
    @ivar echoes: whether senders hear their own lines.
    @ivar tls: whether its port speaks TLS.
    """

    name: str
    title: str
    protocol: str
    command: Command
    most: int
    program: str
    remedy: str
    asked: tuple[str, ...]
    atOnce: int = 40
    rooms: bool = True
    echoes: bool = False
    tls: bool = False

    @property
    def path(self) -> str | None:
        """The program, or L{None} when it is not there."""
        # Daemons are not in the path of every user.
        where = shutil.which(self.program) or shutil.which(self.program, path="/usr/sbin")
        return self.program if where is None and Path(self.program).is_file() else where

    def missing(self) -> str | None:
        """
        @return: what to do before it can be measured, or L{None} when nothing is missing.
        """
        return None if self.path else f"{self.title} is missing: {self.remedy}"


def _script(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts"), name))


def _product(endpoint: str, *options: str) -> list[str]:
    command = [_script("twistd"), "--nodaemon", "--pidfile=", "tcpchat"]
    return [*command, "--port", f"{endpoint}:interface={HOST}", *_RELAXED, *options]


def _metrics() -> tuple[str, str]:
    # Port 0 is whichever is free.
    return ("--metrics", f"tcp:0:interface={HOST}")


def _tcpchat(port: int, _directory: Path) -> list[str]:
    return _product(f"tcp:{port}", *_metrics())


def _inMemory(port: int, _directory: Path) -> list[str]:
    return _product(f"tcp:{port}", *_metrics(), "--database", ":memory:")


def _overTLS(port: int, directory: Path) -> list[str]:
    key, certificate = directory / "key.pem", directory / "cert.pem"
    request = ["openssl", "req", "-x509", *_KEY, "-subj", "/CN=localhost", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    run([*request, *files], check=True, stdin=DEVNULL, stderr=DEVNULL)
    return _product(f"ssl:{port}:privateKey={key}:certKey={certificate}", *_metrics())


def _before(command: Command) -> Command:
    # What PYTHONPATH names comes before what has been installed.
    return lambda port, directory: [
        *("env", f"PYTHONPATH={_BEFORE}"),
        *command(port, directory),
    ]


def _built(name: str) -> Command:
    return lambda port, _directory: [str(_BUILT / name), str(port)]


def _python(path: Path) -> Command:
    return lambda port, _directory: [sys.executable, str(path), str(port)]


def _configured(template: str, port: int, directory: Path) -> str:
    text = string.Template((_PEERS / template).read_text())
    # Not *.conf: ngIRCd includes all of these that it finds here.
    filled = directory / f"{template}iguration"
    filled.write_text(text.substitute(port=port, directory=directory))
    return str(filled)


def _inspircd(port: int, directory: Path) -> list[str]:
    configuration = _configured("inspircd.conf", port, directory)
    # It would not run as root otherwise; for other users the option changes nothing.
    options = ("--nofork", "--nolog", "--runasroot")
    return ["/usr/sbin/inspircd", *options, "--config", configuration]


def _ngircd(port: int, directory: Path) -> list[str]:
    return ["/usr/sbin/ngircd", "-n", "-f", _configured("ngircd.conf", port, directory)]


def _node(port: int, _directory: Path) -> list[str]:
    return ["node", str(_PEERS / "chat.js"), str(port)]


def _ours(name: str, title: str, command: Command, *, tls: bool = False) -> Kind:
    asked = (_script("twistd"), "tcpchat", "--version")
    lacks = ("openssl", "apt-get install openssl") if tls else (asked[0], "pip install .")
    return Kind(name, title, "chat", command, 10_000, *lacks, asked, tls=tls)


def _ofBefore(name: str, title: str, command: Command) -> Kind:
    asked = ("git", "-C", _BEFORE or ".", "describe", "--always")
    program = str(Path(_BEFORE, "chat", "tap.py")) if _BEFORE else "TCPCHAT_BEFORE"
    remedy = "TCPCHAT_BEFORE=DIRECTORY (another checkout)"
    return Kind(name, title, "chat", _before(command), 10_000, program, remedy, asked)


def _limit(name: str, title: str) -> Kind:
    program = str(_BUILT / name)
    remedy = f"make build/bench/{name} (needs gcc)"
    return Kind(name, title, "chat", _built(name), 10_000, program, remedy, ("gcc", "--version"))


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _ours("tcpchat", "tcpchat", _tcpchat),
        _ours("in memory", "tcpchat without a database", _inMemory),
        _ours("tls", "tcpchat over TLS", _overTLS, tls=True),
        _ofBefore("before", "the other checkout", _tcpchat),
        _ofBefore("before in memory", "the other checkout without a database", _inMemory),
        _limit("each", "C, a send per line"),
        _limit("joining", "C, a send per round"),
        Kind(
            *("inspircd", "InspIRCd", "irc", _inspircd, 5000),
            *("inspircd", "apt-get install inspircd", ("inspircd", "--version")),
            atOnce=400,
        ),
        # It lets ten connections wait: of those that come together, the others come a second later.
        Kind(
            *("ngircd", "ngIRCd", "irc", _ngircd, 1000),
            *("ngircd", "apt-get install ngircd", ("ngircd", "-V")),
            atOnce=8,
        ),
        # It announces each user to all others: for 5000 that takes minutes.
        Kind(
            *("node", "Node, the tutorial's", "chat", _node, 1000),
            *("node", "apt-get install nodejs", ("node", "--version")),
            rooms=False,
        ),
        Kind(
            *("go", "Go, goroutines", "chat", _built("gochat"), 5000),
            *(str(_BUILT / "gochat"), "make build/bench/gochat (needs golang-go)"),
            ("go", "version"),
        ),
        Kind(
            *("naive", "Twisted, a write per line", "chat", _python(HERE / "naive.py"), 1000),
            *(sys.executable, "pip install .", (sys.executable, "-m", "twisted", "--version")),
            rooms=False,
        ),
        Kind(
            *("words", "twisted.words", "irc", _python(_PEERS / "words.py"), 1000),
            *(sys.executable, "pip install .", (sys.executable, "-m", "twisted", "--version")),
        ),
    )
}
"""All kinds, by their names."""


BEFORE = ("before", "before in memory")
"""Those that need another checkout."""


def version(name: str) -> str:
    """
    @param name: one of L{KINDS}.
    @return: the first line of what the program, or what compiled it, says of itself;
        C{unknown} when it is not there.
    """
    program, *arguments = KINDS[name].asked
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if found is None:
        return "unknown"
    said = run([found, *arguments], stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, check=False)
    lines = said.stdout.decode(errors="replace").splitlines()
    return lines[0].strip() if lines else "unknown"


def missing(names: Sequence[str]) -> list[str]:
    """
    @param names: of L{KINDS}.
    @return: what to do before all of these can be measured.
    """
    return [lack for name in names if (lack := KINDS[name].missing())]
