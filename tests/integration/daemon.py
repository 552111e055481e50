"""
The real service in a process of its own.
"""

import os
import signal
import socket
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from time import monotonic, sleep

from tests.integration.peer import Peer

# That of the environment in which the tests run, whatever PATH finds first.
TWISTD = str(Path(sysconfig.get_path("scripts"), "twistd"))

# No limits of rate, unless a test is about them: options that follow override these.
RELAXED = [
    *("--line-rate", "0", "--nick-rate", "0", "--join-rate", "0"),
    *("--max-per-address", "0", "--connect-rate", "0"),
    *("--key-rate", "0", "--room-rate", "0", "--account-rate", "0"),
]


def freePort() -> int:
    """
    @return: a free TCP port of 127.0.0.1.  It is not one of the ephemeral ports: a client that
        tries to connect to a port before anything listens there could be given the same port, and
        be connected to itself.
    """
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", SystemRandom().randrange(10_000, 32_768)))
            return int(probe.getsockname()[1])


class Daemon:
    """
    C{twistd tcpchat} on a free port of 127.0.0.1, from entering the context to leaving it.

    @ivar port: the TCP port on which it listens.
    @ivar process: the process; its C{returncode} is a negative signal number if one ended it.
    """

    # Seconds: until it listens; from SIGTERM to its end.
    _STARTS_WITHIN = 60.0
    _STOPS_WITHIN = 15.0

    def __init__(
        self,
        directory: Path,
        *options: str,
        environ: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        port: int | None = None,
        isRelaxed: bool = True,
        output: int | None = None,
    ) -> None:
        """
        @param directory: its working directory, which also has its log; made if missing.
        @param options: more options for C{tcpchat}.
        @param environ: added to the environment of the tests.
        @param command: run instead of C{twistd tcpchat --port …} and C{options}.
        @param port: the port on which C{command} listens.
        @param isRelaxed: whether L{RELAXED} comes before C{options}.
        @param output: a descriptor that its standard output and error go into, instead of its log.
        """
        self.port = freePort() if port is None else port
        endpoint = f"tcp:{self.port}:interface=127.0.0.1"
        self._command = command or [
            *(TWISTD, "--nodaemon", "--pidfile=", "tcpchat", "--port", endpoint),
            *(RELAXED if isRelaxed else ()),
            *options,
        ]
        self._directory = directory
        self._output = output
        self._environ = {**os.environ, **(environ or {})}

    def __enter__(self) -> "Daemon":
        self._directory.mkdir(parents=True, exist_ok=True)
        with self._logFile.open("wb") as log:
            self.process = Popen(
                self._command,
                cwd=self._directory,
                env=self._environ,
                stdin=DEVNULL,
                stdout=log if self._output is None else self._output,
                stderr=STDOUT,
            )
        try:
            self._waitUntilListening()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """
        Its log up to now.  A thread of the daemon writes it, so it may be a moment late: this waits
        until no more comes, for two seconds at most.
        """
        before, text = "", self._logFile.read_text(errors="replace")
        for _ in range(20):
            sleep(0.1)
            before, text = text, self._logFile.read_text(errors="replace")
            if text == before:
                break
        return text

    @property
    def memory(self) -> int:
        """
        Its resident memory in bytes (Linux).
        """
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    def connect(self, source: str = "127.0.0.1") -> Peer:
        """
        @param source: the address to come from; all of 127.0.0.0/8 is this machine.
        @return: a new connection, which has not read the greeting yet.
        """
        place = "127.0.0.1", self.port
        connection = socket.create_connection(place, 10.0, source_address=(source, 0))
        # Data of a test does not wait for the acknowledgement of earlier data.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Peer(connection)

    def connectNarrow(self) -> Peer:
        """
        @return: a new connection, whose kernel takes little while nothing is read.
        """
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", self.port))
        return Peer(connection)

    def join(self, nick: str) -> Peer:
        """
        @return: a new user, whose connection has read everything up to the welcome.
        """
        peer = self.connect()
        try:
            peer.join(nick)
        except BaseException:
            peer.close()
            raise
        return peer

    def stop(self) -> int:
        """
        Ask it to end, and wait for that. If it does not end in time it is killed.

        @return: its exit status.
        """
        self.process.terminate()
        try:
            return self.process.wait(self._STOPS_WITHIN)
        except TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """
        Let it stand still meanwhile: the kernel goes on for it, as for one that hangs.
        """
        self.process.send_signal(signal.SIGSTOP)
        try:
            os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @property
    def _logFile(self) -> Path:
        return self._directory / "log"

    def _waitUntilListening(self) -> None:
        deadline = monotonic() + self._STARTS_WITHIN
        while monotonic() < deadline:
            try:
                with self.connect() as peer:
                    # It listens before it is ready, and sends no greeting until then.
                    peer.line()
                    peer.leave()
                return
            except (OSError, EOFError):
                pass
            try:
                status = self.process.wait(0.02)
            except TimeoutExpired:
                continue
            raise AssertionError(f"ended with {status} at once:\n{self.log}")
        raise AssertionError(f"nobody listens on port {self.port}:\n{self.log}")
