"""
The time of day, here and in UTC, and calls at a later time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Later = Callable[[float, Callable[[], None]], object]
"""Calls a function after so many seconds."""


def utcNow() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


def localTime(at: datetime) -> datetime:
    """
    @return: C{at} as the clocks here show it; as it is, where they cannot.
    """
    try:
        return at.astimezone()
    except (OverflowError, OSError, ValueError):
        # The clock of the service may be before the years that the platform knows.
        return at


def moment(at: datetime) -> str:
    """
    @return: day and minute, in local time.
    """
    # Not strftime: it writes years before 1000 in three digits.
    local = localTime(at)
    return f"{local.date().isoformat()} {local.hour:02}:{local.minute:02}"
