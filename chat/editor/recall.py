"""
The lines that were entered before, to be had again with Up and Down.
"""

from __future__ import annotations

from collections import deque

MAX_RECALLED = 500


class Recall:
    """
    A bounded list of entered lines with a place in it.

    Behind the newest line stands the draft: what was being typed when the
    person began to go back.  It is there again when he returns.  So is what he
    changed in a line he came by, until he enters one; the entered lines
    themselves never change.
    """

    def __init__(self, limit: int = MAX_RECALLED) -> None:
        """
        @param limit: how many lines are kept; the oldest goes first.
        """
        self._lines: deque[str] = deque(maxlen=limit)
        self._changed: dict[int, str] = {}
        self._place = 0

    def add(self, line: str) -> None:
        """
        Keep a line that has been entered, and go back behind the newest.  A
        line is not kept twice in a row, a blank one not at all.
        """
        if line.strip() and (not self._lines or self._lines[-1] != line):
            self._lines.append(line)
        self.leave()

    def leave(self) -> None:
        """
        Go back behind the newest line, and forget what was changed: what has been
        entered is not to be kept.
        """
        self._changed.clear()
        self._place = len(self._lines)

    def older(self, current: str) -> str | None:
        """
        Go one line back.

        @param current: what stands in the editor now.
        @return: what shall stand there, or L{None} at the oldest line.
        """
        return self._move(-1, current)

    def newer(self, current: str) -> str | None:
        """
        Go one line forward, at last to the draft.

        @param current: what stands in the editor now.
        @return: what shall stand there, or L{None} at the draft.
        """
        return self._move(1, current)

    def _move(self, step: int, current: str) -> str | None:
        place = self._place + step
        if not 0 <= place <= len(self._lines):
            return None
        self._changed[self._place] = current
        self._place = place
        if place in self._changed:
            return self._changed[place]
        return self._lines[place] if place < len(self._lines) else ""
