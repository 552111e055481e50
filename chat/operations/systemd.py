"""
The service's side of sd_notify(3): it tells the service manager that it is ready, that it is still
alive, that it reads its files again and that it is about to end.

Each message is one datagram of C{NAME=value} lines to the unix socket that C{NOTIFY_SOCKET} names.
The manager never answers, so nothing here waits, and nothing that goes wrong here reaches the
service: without the socket every method does nothing; that messages cannot be sent is logged once.

The pings of the watchdog come from a L{LoopingCall}. A reactor that hangs does not run it, so the
manager misses the pings and restarts the service.

The environment is left as it is. The service starts no processes that could use the socket (and
C{NotifyAccess=main} would ignore them), but a process that takes its place by exec needs these
variables.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from socket import AF_UNIX, SOCK_DGRAM, socket

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chat.vocabulary.outages import Outage


class NotifyService(Service):
    """
    Speaks for the whole service, from its start to its stop.

    Its owner calls L{ready} when the ports are open and L{stopping} when the end begins, and stops
    it last: until then it pings, also while connections are drained.

    @see: U{sd_notify(3)<https://www.freedesktop.org/software/systemd/man/sd_notify.html>} and
        U{sd_watchdog_enabled(3)
        <https://www.freedesktop.org/software/systemd/man/sd_watchdog_enabled.html>}
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, environ: Mapping[str, str]) -> None:
        """
        @param clock: The clock of the pings.
        @param environ: Holds C{NOTIFY_SOCKET}, C{WATCHDOG_USEC} and C{WATCHDOG_PID}; C{os.environ}
            outside of tests. It is not changed.
        """
        self._environ = environ
        self._address = _addressOf(environ.get("NOTIFY_SOCKET", ""))
        self._socket: socket | None = None
        self._isStopping = False
        self._outage = Outage()
        self._pings = LoopingCall(self._send, "WATCHDOG=1")
        self._pings.clock = clock

    def startService(self) -> None:
        """
        Open the socket, and begin to ping twice per interval if the manager expects pings.
        """
        super().startService()
        if self._address is None:
            return
        # Opened once: a service that has run out of descriptors must still be able to ping.
        self._socket = socket(AF_UNIX, SOCK_DGRAM)
        self._socket.setblocking(False)
        # twistd may have forked since the constructor, so the process id is known only now.
        allowed = _watchdogSeconds(self._environ, os.getpid())
        if allowed is not None:
            self._pings.start(allowed / 2, now=False)

    def stopService(self) -> None:
        super().stopService()
        if self._pings.running:
            self._pings.stop()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def alive(self) -> None:
        """
        Ping now, if the manager expects pings: the last one was too long ago.
        """
        if self._pings.running:
            self._send("WATCHDOG=1")

    def ready(self, status: str) -> None:
        """
        Say that the service can be used. The manager starts the units that wait for it.

        @param status: One line, shown by C{systemctl status}.
        """
        self._send("READY=1", _statusLine(status))

    def reloading(self) -> None:
        """
        Say that the service reads its files again, unless it has begun to end. C{systemctl reload}
        waits for L{reloaded}.
        """
        # Type=notify-reload needs the time, or an older READY would be taken for the end of this.
        self._sendUnlessStopping("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def reloaded(self) -> None:
        """
        Say that L{reloading} is over, unless the service has begun to end. The status is what it
        was before.
        """
        self._sendUnlessStopping("READY=1")

    def stopping(self, status: str) -> None:
        """
        Say that the service has begun to end.

        @param status: One line, shown by C{systemctl status}.
        """
        self._isStopping = True
        self._send("STOPPING=1", _statusLine(status))

    def _sendUnlessStopping(self, *assignments: str) -> None:
        # A run that was under way may end now, and a READY after STOPPING would be a lie.
        if not self._isStopping:
            self._send(*assignments)

    def _send(self, *assignments: str) -> None:
        if self._socket is None:
            return
        assert self._address is not None
        try:
            self._socket.sendto("\n".join(assignments).encode(), self._address)
        except OSError as error:
            if self._outage.failed(str(error)):
                self._log.warn(
                    "the service manager was not told {assignments}: {error}",
                    event="notify-failed",
                    assignments=assignments,
                    error=error,
                )
            return
        if failures := self._outage.worked():
            self._log.info(
                "the service manager can be told again, after {count} failures",
                event="notify-recovered",
                count=failures,
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
    @param pid: The id of this process. The pings may be expected of another one.
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
