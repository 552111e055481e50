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
    A service that sees the time of day through libfaketime, so that this can step. The monotonic
    clock goes on as before, as it does when somebody sets the clock of a machine.
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
            # The file is read at every look at the clock.
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Files have the times that the disk knows.
            "NO_FAKE_STAT": "1",
        }
        super().__init__(directory, *options, environ=environ)

    def __enter__(self) -> SteppedDaemon:
        super().__enter__()
        return self

    def step(self, seconds: int) -> None:
        """
        @param seconds: By how much its clock is fast from now on, compared to the real one.
        """
        # At once: it never reads half of it.
        new = self._offset.with_suffix(".new")
        new.write_text(f"{seconds:+d}s\n")
        new.rename(self._offset)
