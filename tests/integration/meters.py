"""
A service whose counters are read as a monitoring system reads them.
"""

from __future__ import annotations

import http.client
from pathlib import Path

from tests.integration.daemon import Daemon, freePort


class MeteredDaemon(Daemon):
    """
    A service with C{--metrics}.
    """

    def __init__(self, directory: Path, *options: str) -> None:
        self._metrics = freePort()
        super().__init__(
            directory, "--metrics", f"tcp:{self._metrics}:interface=127.0.0.1", *options
        )

    def __enter__(self) -> MeteredDaemon:
        super().__enter__()
        return self

    def scrape(self) -> dict[str, float]:
        """
        @return: the value of each sample, by its name with its labels, as in
            C{tcpchat_ends_total{reason="quit"\\}}.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._metrics, timeout=10)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        samples = (line for line in text.splitlines() if line and not line.startswith("#"))
        pairs = (sample.rpartition(" ") for sample in samples)
        return {name: float(value) for name, _, value in pairs}

    def meter(self, name: str, **labels: str) -> float:
        """
        @param name: without C{tcpchat_}.
        @return: the value of a gauge or counter; 0 while there is none with these labels.
        """
        inner = ",".join(f'{label}="{value}"' for label, value in labels.items())
        return self.scrape().get(f"tcpchat_{name}" + (f"{{{inner}}}" if inner else ""), 0.0)
