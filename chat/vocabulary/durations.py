"""
Spans of time as people type them: C{90s}, C{10m}, C{2h}, C{30d}, C{1h30m}.
"""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN = re.compile(r"(?:[0-9]{1,9}[smhdw])+", re.ASCII)
_PART = re.compile(r"([0-9]+)([smhdw])", re.ASCII)

LONGEST = 100 * 366 * 86400
"""The longest span that is understood, in seconds."""


def seconds(text: str) -> int | None:
    """
    @param text: numbers, each with its unit: seconds, minutes, hours, days or
        weeks, by their first letter in either case.
    @return: how many seconds that is, or L{None} where it is no span of time, or
        none, or longer than L{LONGEST}.
    """
    plain = text.lower()
    if not _SPAN.fullmatch(plain):
        return None
    span = sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(plain))
    return span if 0 < span <= LONGEST else None
