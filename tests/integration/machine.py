"""
A machine inside this one, whose first process is systemd.

It is made of namespaces (C{unshare(1)}) and has processes, cgroups, a network, C{/dev}, C{/run},
C{/var} and C{/tmp} of its own; the rest is this machine's, and read-only. The service is where the
units expect it, in C{/opt/tcpchat}, with the Python and the packages of the tests and a copy of
C{chat}. Of Debian's units it has those that start the machine and keep the log.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, CompletedProcess, Popen, TimeoutExpired
from threading import Thread
from time import monotonic

import pytest

from tests.integration.peer import Peer
from tests.support.programs import requireProgram

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"

SERVICE = "tcpchat.service"
SOCKET = "tcpchat.socket"

PORT = 8080
"""The port of the socket unit."""

_MACHINE = ("unshare", "--mount", "sh", str(Path(__file__).with_suffix(".sh")))
_DEBIAN = Path("/lib/systemd/system")
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "SYSTEMD_UNIT_PATH": "/etc/systemd/system",
    "SYSTEMD_PAGER": "",
}

_TARGETS = ("basic", "multi-user", "network", "paths", "shutdown", "slices", "sockets", "sysinit")
_JOURNAL = ("systemd-journald.service", "systemd-journald.socket")

# From linux/sched.h.
_CLONE_NEWNET = 0x40000000

_TWISTD = """\
#!/opt/tcpchat/bin/python
import sys
from twisted.scripts.twistd import run
sys.exit(run())
"""

# A Python that was built for another directory has to be told where its library is.
_PYTHON = """\
[Service]
Environment=LD_LIBRARY_PATH=/opt/tcpchat/python/lib
"""


def requireMachine() -> None:
    """
    Skip the test, with the reason, if no such machine can be made here.
    """
    requireProgram("systemd-analyze")
    if os.geteuid() != 0:
        pytest.skip("only root can make a machine for systemd")
    # The script makes the same namespaces, and the group.
    namespaces = ("--cgroup", "--ipc", "--mount", "--net", "--pid", "--uts", "--fork")
    mount = 'mount -t cgroup2 cgroup2 /mnt && mkdir "/mnt/tcpchat-$$" && rmdir "/mnt/tcpchat-$$"'
    command = ["unshare", *namespaces, "sh", "-c", mount]
    tried = subprocess.run(command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, text=True)
    if tried.returncode:
        pytest.skip(f"no machine for systemd can be made here: {tried.stdout.strip()}")


class Machine:
    """
    The machine, from entering the context to leaving it. Nothing of it is left then.

    @ivar shared: a directory in which both machines may write, C{/opt/shared} in the inner one.
    """

    # Seconds.
    _STARTS_WITHIN = 60.0
    _WAITS = 20.0

    def __init__(self, directory: Path) -> None:
        """
        @param directory: for its parts; made if missing.
        """
        self.shared = directory / "opt" / "shared"
        self._directory = directory
        self._units = directory / "system"
        self._log = directory / "log"
        self._first = 0

    def __enter__(self) -> Machine:
        self._build()
        sources = [sys.base_prefix, sysconfig.get_path("purelib")]
        with self._log.open("wb") as log:
            self._unshare = Popen(
                [*_MACHINE, "make", self._directory, *sources],
                env=_ENVIRONMENT,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
            )
        try:
            self._waitUntilRunning()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._remove()

    def install(self, path: str, text: str) -> None:
        """
        Write a unit or a drop-in, and make systemd read it.

        @param path: of the file, below C{/etc/systemd/system}.
        """
        file = self._units / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.systemctl("daemon-reload")

    def systemctl(self, *arguments: str) -> str:
        """
        @return: the output of C{systemctl}.
        @raise AssertionError: when it fails.
        """
        result = self.run("systemctl", *arguments)
        assert result.returncode == 0, f"{arguments}: {result.stdout}\n{self.journal()[-4000:]}"
        return result.stdout

    def show(self, unit: str, name: str) -> str:
        """
        @return: the present value of a property of a unit.
        """
        return self.systemctl("show", "--value", f"--property={name}", unit).strip()

    def until(self, unit: str, name: str, accepts: Callable[[str], bool]) -> str:
        """
        Wait for a property of a unit to have a value that is accepted.

        @return: the value.
        @raise AssertionError: when it has none in time.
        """
        deadline = monotonic() + self._WAITS
        while not accepts(value := self.show(unit, name)):
            assert monotonic() < deadline, f"{name} is {value!r}\n{self.journal()[-4000:]}"
        return value

    def journal(self) -> str:
        """
        @return: the whole log.
        """
        self.run("journalctl", "--sync")
        return self.run("journalctl", "--output=cat").stdout

    def run(self, *command: str) -> CompletedProcess[str]:
        """
        Run a program in the machine, as root.
        """
        return subprocess.run(
            ["nsenter", f"--target={self._first}", "--all", "--", *command],
            env=_ENVIRONMENT,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            text=True,
            timeout=60,
        )

    def process(self, unit: str = SERVICE) -> int:
        """
        @return: the number of the main process of a service, as the outer machine counts.
        """
        inside = self.show(unit, "MainPID")
        return next(pid for pid in _children(self._first) if _numberWithin(pid) == inside)

    def connect(self) -> Peer:
        """
        @return: a new connection, from 127.0.0.1 of the machine.
        """
        return Peer(self._connection(PORT))

    def connectTLS(self, port: int, certificate: Path) -> Peer:
        """
        @param certificate: the one that the service must show, PEM.
        @return: the same by TLS.
        """
        context = ssl.create_default_context(cafile=certificate)
        return Peer(context.wrap_socket(self._connection(port), server_hostname="localhost"))

    def connectUnix(self, path: str) -> Peer:
        """
        @param path: of a unix socket in the machine.
        @return: a new connection by that socket.
        """
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10.0)
        connection.connect(f"/proc/{self._first}/root{path}")
        return Peer(connection)

    def _connection(self, port: int) -> socket.socket:
        made: list[socket.socket] = []

        def make() -> None:
            with open(f"/proc/{self._first}/ns/net") as network:
                if not ctypes.CDLL(None).setns(network.fileno(), _CLONE_NEWNET):
                    made.append(socket.socket())

        # A socket belongs to the network namespace of the thread that makes it.
        thread = Thread(target=make)
        thread.start()
        thread.join()
        connection = made[0]
        connection.settimeout(10.0)
        connection.connect(("127.0.0.1", port))
        return connection

    def _build(self) -> None:
        venv = self._directory / "opt" / "tcpchat"
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        packages = venv / "lib" / python / "site-packages"
        for each in (venv / "bin", venv / "python", venv / "packages", self.shared):
            each.mkdir(parents=True)
        for each in (self._directory / "cgroup", self._units):
            each.mkdir()
        (venv / "pyvenv.cfg").write_text("home = /opt/tcpchat/python/bin\n")
        (venv / "bin" / "python").symlink_to(f"../python/bin/{python}")
        twistd = venv / "bin" / "twistd"
        twistd.write_text(_TWISTD)
        twistd.chmod(0o755)
        ignored = shutil.ignore_patterns("__pycache__", "dropin.cache")
        for name in ("chat", "twisted"):
            shutil.copytree(ROOT / name, packages / name, ignore=ignored)
        (packages / "dependencies.pth").write_text("/opt/tcpchat/packages\n")
        for unit in UNITS.iterdir():
            shutil.copy(unit, self._units)
        for name in (*(f"{each}.target" for each in _TARGETS), *_JOURNAL):
            (self._units / name).symlink_to(_DEBIAN / name)
        wanted = self._units / "sockets.target.wants"
        wanted.mkdir()
        (wanted / _JOURNAL[1]).symlink_to(_DEBIAN / _JOURNAL[1])
        dropIns = self._units / f"{SERVICE}.d"
        dropIns.mkdir()
        (dropIns / "python.conf").write_text(_PYTHON)

    def _waitUntilRunning(self) -> None:
        deadline = monotonic() + self._STARTS_WITHIN
        while monotonic() < deadline:
            try:
                status = self._unshare.wait(0.02)
            except TimeoutExpired:
                pass
            else:
                raise AssertionError(f"ended with {status}: {self._log.read_text()}")
            children = _children(self._unshare.pid)
            self._first = next((pid for pid in children if _numberWithin(pid) == "1"), 0)
            if self._first:
                state = self.run("systemctl", "is-system-running", "--wait").stdout.strip()
                if state == "running":
                    return
        raise AssertionError(f"systemd does not run: {self._log.read_text()}")

    def _remove(self) -> None:
        if self._first:
            # All other processes end with this one; nothing is left of them once it is gone.
            os.kill(self._first, signal.SIGKILL)
        else:
            self._unshare.kill()
        self._unshare.wait(20)
        command = [*_MACHINE, "remove", str(self._directory)]
        subprocess.run(command, env=_ENVIRONMENT, timeout=20, check=True)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _numberWithin(pid: int) -> str | None:
    """
    @return: the number of a process in the namespace below this one, if it is in one.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        # It has ended.
        return None
    [numbers] = [line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")]
    return numbers[1] if len(numbers) == 2 else None
