"""
The service's side of sd_notify(3): it tells the service manager that it is ready, how it fares,
that it is still alive and that it is about to end.

Each message is one datagram of C{NAME=value} lines to the unix socket that C{NOTIFY_SOCKET} names.
The manager never answers, so nothing here waits, and nothing that goes wrong here reaches the
service: without the socket every method does nothing; a message that cannot be sent is logged.

The pings of the watchdog come from a L{LoopingCall}, which a reactor that hangs does not run. The
manager thus misses the very pings that a service in that state must not send.

The environment stays as it is. The service starts no processes that could take the socket for
theirs (and C{NotifyAccess=main} would not listen to them), but a process that takes its place by
exec needs these variables.
"""

import os
import time
from collections.abc import Mapping
from socket import AF_UNIX, SOCK_DGRAM, socket

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger


class NotifyService(Service):
    """
    Speaks for the whole service, from its start to its stop.

    Whoever owns it says L{ready} when the listening ports are open, L{stopping} when the end
    begins, and stops it last: until then the watchdog is kept quiet, also while peers are drained.

    @see: U{sd_notify(3)<https://www.freedesktop.org/software/systemd/man/sd_notify.html>} and
        U{sd_watchdog_enabled(3)
        <https://www.freedesktop.org/software/systemd/man/sd_watchdog_enabled.html>}
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, environ: Mapping[str, str]) -> None:
        """
        @param clock: What the pings run off.
        @param environ: Where C{NOTIFY_SOCKET}, C{WATCHDOG_USEC} and C{WATCHDOG_PID} are looked up;
            C{os.environ} outside of tests. It is not changed.
        """
        self._environ = environ
        self._address = _addressOf(environ.get("NOTIFY_SOCKET", ""))
        self._socket: socket | None = None
        self._pings = LoopingCall(self._send, "WATCHDOG=1")
        self._pings.clock = clock

    def startService(self) -> None:
        """
        Open the socket and begin to ping, if the manager wants it, twice per interval it allows.
        """
        super().startService()
        if self._address is None:
            return
        # One socket for the whole time: a service that has run out of descriptors still lives.
        self._socket = socket(AF_UNIX, SOCK_DGRAM)
        self._socket.setblocking(False)
        # Only now, since twistd may have forked after the constructor.
        allowed = _watchdogSeconds(self._environ, os.getpid())
        if allowed is not None:
            self._pings.start(allowed / 2, now=False)

    def stopService(self) -> None:
        """
        End the pings and close the socket.
        """
        super().stopService()
        if self._pings.running:
            self._pings.stop()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ready(self, status: str) -> None:
        """
        Say that the service can be used. Units that wait for it are started now.

        @param status: One line for people, shown by C{systemctl status}.
        """
        self._send("READY=1", _statusLine(status))

    def status(self, status: str) -> None:
        """
        Say how the service fares.

        @param status: One line for people, shown by C{systemctl status}.
        """
        self._send(_statusLine(status))

    def reloading(self) -> None:
        """
        Say that the service reads its files again. C{systemctl reload} waits for L{reloaded}.
        """
        # When it began. Type=notify-reload must know, so as not to take an older READY for ours.
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def reloaded(self) -> None:
        """
        Say that L{reloading} is over. The status is what it was before.
        """
        self._send("READY=1")

    def stopping(self, status: str) -> None:
        """
        Say that the service has begun to end.

        @param status: One line for people, shown by C{systemctl status}.
        """
        self._send("STOPPING=1", _statusLine(status))

    def _send(self, *assignments: str) -> None:
        if self._socket is None:
            return
        assert self._address is not None
        try:
            self._socket.sendto("\n".join(assignments).encode(), self._address)
        except OSError as error:
            self._log.warn(
                "the service manager was not told {assignments}: {error}",
                assignments=assignments,
                error=error,
            )


def _addressOf(name: str) -> str | None:
    """
    @param name: The value of C{NOTIFY_SOCKET}. C{@} stands for the NUL that begins the name of an
        abstract socket. Address families other than unix are for virtual machines.
    @return: The address to send to, if there is one.
    """
    match name[:1]:
        case "/":
            return name
        case "@":
            return "\0" + name[1:]
        case _:
            return None


def _watchdogSeconds(environ: Mapping[str, str], pid: int) -> float | None:
    """
    @param environ: The environment the manager has made.
    @param pid: The process that asks: the pings may be expected of another one.
    @return: The longest time, in seconds, that may pass without a ping, if pings are expected.
    """
    microseconds = environ.get("WATCHDOG_USEC", "")
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    if not (microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0):
        return None
    return int(microseconds) / 1_000_000


def _statusLine(status: str) -> str:
    # A line end would begin another assignment.
    return "STATUS=" + " ".join(status.splitlines())
