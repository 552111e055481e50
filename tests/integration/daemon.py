"""
The real service in a process of its own.
"""

import os
import socket
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from time import monotonic

from tests.integration.peer import Peer

# The one of the environment the tests run in, whatever the path finds first.
TWISTD = str(Path(sysconfig.get_path("scripts"), "twistd"))

# As often and as fast as the tests like, unless they are about that.  What comes behind has the
# last word.
RELAXED = [
    *("--line-rate", "0", "--nick-rate", "0", "--join-rate", "0"),
    *("--max-per-address", "0", "--connect-rate", "0"),
]


def freePort() -> int:
    """
    @return: A TCP port of 127.0.0.1 that nobody listens on.  It is none of those that the kernel
        gives to who connects: one who waits for a listener could be given its port, and be
        connected to himself.
    """
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", SystemRandom().randrange(10_000, 32_768)))
            return int(probe.getsockname()[1])


class Daemon:
    """
    C{twistd tcpchat} on a free port of 127.0.0.1, from entering the context to leaving it.

    @ivar port: The TCP port it listens on.
    @ivar process: The process; its C{returncode} is a negative signal number where one ended it.
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
    ) -> None:
        """
        @param directory: Where it runs and keeps its log; made if missing.
        @param options: More options for C{tcpchat}.
        @param environ: What its environment has beyond the one of the tests.
        @param command: What to run instead of C{twistd tcpchat --port …} and C{options}.
        @param port: The port that C{command} listens on.
        @param isRelaxed: Whether it has L{RELAXED} before C{options}.
        """
        self.port = freePort() if port is None else port
        endpoint = f"tcp:{self.port}:interface=127.0.0.1"
        self._command = command or [
            *(TWISTD, "--nodaemon", "--pidfile=", "tcpchat", "--port", endpoint),
            *(RELAXED if isRelaxed else ()),
            *options,
        ]
        self._directory = directory
        self._environ = {**os.environ, **(environ or {})}

    def __enter__(self) -> "Daemon":
        self._directory.mkdir(parents=True, exist_ok=True)
        with self._logFile.open("wb") as log:
            self.process = Popen(
                self._command,
                cwd=self._directory,
                env=self._environ,
                stdin=DEVNULL,
                stdout=log,
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
        What it has logged until now.
        """
        return self._logFile.read_text(errors="replace")

    @property
    def memory(self) -> int:
        """
        How many bytes of memory it has (Linux).
        """
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    def connect(self, source: str = "127.0.0.1") -> Peer:
        """
        @param source: The address to come from; everything in 127.0.0.0/8 is this machine.
        @return: A new participant, who has not read the greeting yet.
        """
        place = "127.0.0.1", self.port
        connection = socket.create_connection(place, 10.0, source_address=(source, 0))
        # Nothing a test sends waits for an acknowledgement of what it has sent before.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Peer(connection)

    def connectNarrow(self) -> Peer:
        """
        @return: A new participant, whose kernel takes little before he reads.
        """
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", self.port))
        return Peer(connection)

    def join(self, nick: str) -> Peer:
        """
        @return: A new participant with a nickname, who has read everything until his welcome.
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
        Ask it to end and wait for that. One that does not end in time is killed.

        @return: Its exit status.
        """
        self.process.terminate()
        try:
            return self.process.wait(self._STOPS_WITHIN)
        except TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    @property
    def _logFile(self) -> Path:
        return self._directory / "log"

    def _waitUntilListening(self) -> None:
        deadline = monotonic() + self._STARTS_WITHIN
        while monotonic() < deadline:
            try:
                with self.connect() as peer:
                    # It listens before it is ready, and greets nobody until then.
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
