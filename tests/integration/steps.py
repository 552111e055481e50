"""
A service whose clock is set while it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.integration.daemon import Daemon

# Where Debian has it.
_LIBRARIES = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]


class SteppedDaemon(Daemon):
    """
    A service that sees the time of day through libfaketime, so that a test can set it. The
    monotonic clock goes on as before, as it does when the clock of a machine is set.
    """

    def __init__(self, directory: Path, *options: str) -> None:
        if not _LIBRARIES:
            pytest.skip("libfaketime is missing: apt install libfaketime")
        directory.mkdir(parents=True, exist_ok=True)
        self._offset = directory / "offset"
        self.step(0)
        environ: Mapping[str, str] = {
            "LD_PRELOAD": str(_LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            # The file is read whenever the clock is.
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Files keep their real times.
            "NO_FAKE_STAT": "1",
        }
        super().__init__(directory, *options, environ=environ)

    def __enter__(self) -> SteppedDaemon:
        super().__enter__()
        return self

    def step(self, seconds: int) -> None:
        """
        @param seconds: by how much its clock is ahead of the real one from now on.
        """
        # Replaced at once, so that the service never reads half of it.
        new = self._offset.with_suffix(".new")
        new.write_text(f"{seconds:+d}s\n")
        new.rename(self._offset)
