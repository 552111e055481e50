"""
Outages: what fails is often tried again, many times a minute, and fails again. The log has a line
when that begins, one for each further reason, and one when it is over.
"""

from __future__ import annotations

MAX_REASONS = 10
"""How many reasons of one outage are told."""


class Outage:
    """
    Something that works, or fails for a reason.
    """

    def __init__(self) -> None:
        self._reasons: set[str] = set()
        self._failures = 0

    def failed(self, reason: str) -> bool:
        """
        @return: Whether to tell it: it worked before, or has not failed for this reason since.
            Reasons that take turns are told once each.
        """
        self._failures += 1
        if reason in self._reasons or len(self._reasons) >= MAX_REASONS:
            return False
        self._reasons.add(reason)
        return True

    def worked(self) -> int:
        """
        @return: How often it had failed in a row, which is to be logged if it is not 0.
        """
        count, self._failures = self._failures, 0
        self._reasons.clear()
        return count
