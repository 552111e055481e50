"""
What the tests of renderings share: the time zone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def timeZone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this process, as C{TZ} does, until the end of the test."""

    def set(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def _eightHoursEast(timeZone: Callable[[str], None]) -> None:
    timeZone("CST-8")
