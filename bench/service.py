"""
The service under a load from one machine: with its metrics, and without the limits that such a load
would meet.
"""

from __future__ import annotations

import time
import urllib.request
from types import MappingProxyType

from measuring import Wrong
from servers import HOST, Server, freePort

NO_LIMITS = MappingProxyType(
    {
        "max-connections": "0",
        "max-nameless": "0",
        "max-per-address": "0",
        "connect-rate": "0",
        "line-rate": "0",
        "join-rate": "0",
        "room-rate": "0",
    }
)
"""The limits that a load from one machine meets, all off."""

_WITHIN = 60.0
_STEADY = 1.0


class Service(Server):
    """
    C{twistd tcpchat}, with L{NO_LIMITS} unless told otherwise.
    """

    def __init__(self, cpus: set[int], **options: str) -> None:
        """
        @param options: of C{twistd tcpchat}, with C{_} for C{-}.
        """
        self._metricsPort = freePort()
        chosen = {
            **NO_LIMITS,
            "metrics": f"tcp:{self._metricsPort}:interface={HOST}",
            **{name.replace("_", "-"): value for name, value in options.items()},
        }
        super().__init__("tcpchat", cpus, [f"--{name}={value}" for name, value in chosen.items()])

    def metrics(self) -> dict[str, float]:
        """
        @return: the value of each metric, by its name with its labels.
        """
        with urllib.request.urlopen(f"http://{HOST}:{self._metricsPort}/metrics") as answer:
            lines: list[str] = answer.read().decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def awaitConnections(self, count: int) -> None:
        """
        Wait until so many connections are open.

        @raise Wrong: when that takes too long.
        """
        deadline = time.monotonic() + _WITHIN
        while (now := self.metrics()["tcpchat_connections"]) != count:
            if time.monotonic() > deadline:
                raise Wrong(f"{now:.0f} connections are open and not {count}")
            time.sleep(0.1)

    def steady(self) -> int:
        """
        @return: its resident memory after a second without work, in bytes.
        """
        time.sleep(_STEADY)
        return self.resident
