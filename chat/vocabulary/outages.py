"""
Outages: what fails is often tried again, many times a minute, and fails again. The log has a line
when that begins and one when it is over.
"""

from __future__ import annotations


class Outage:
    """
    Something that works, or fails for a reason.
    """

    def __init__(self) -> None:
        self._reason: str | None = None
        self._failures = 0

    def failed(self, reason: str) -> bool:
        """
        @return: Whether to log it: it worked before, or failed for another reason.
        """
        isNew = reason != self._reason
        self._reason = reason
        self._failures += 1
        return isNew

    def worked(self) -> int:
        """
        @return: How often it had failed in a row, which is to be logged if it is not 0.
        """
        count, self._failures = self._failures, 0
        self._reason = None
        return count
