"""
The lines that were submitted before, brought back by Up and Down.
"""

from __future__ import annotations

from collections import deque

MAX_RECALLED = 500
"""How many lines are kept."""


class Recall:
    """
    A bounded list of submitted lines with a place in it.

    Behind the newest line stands the draft: what was being typed when Up was
    first pressed.  Down brings it back in the end.  A line that is edited on the
    way stays edited until any line is submitted; the list itself never changes.
    """

    def __init__(self, limit: int = MAX_RECALLED) -> None:
        """
        @param limit: how many lines are kept; the oldest is dropped first.
        """
        self._lines: deque[str] = deque(maxlen=limit)
        self._edited: dict[int, str] = {}
        self._place = 0

    def add(self, line: str) -> None:
        """
        Keep a line that was submitted, and go back behind the newest.  A line is
        not kept twice in a row, and a blank one not at all.
        """
        if line.strip() and (not self._lines or self._lines[-1] != line):
            self._lines.append(line)
        self.leave()

    def leave(self) -> None:
        """
        Go back behind the newest line and forget what was edited, without
        keeping the line that was submitted.
        """
        self._edited.clear()
        self._place = len(self._lines)

    def older(self, current: str) -> str | None:
        """
        Go one line back.

        @param current: the text in the editor.
        @return: the text to put there, or L{None} at the oldest line.
        """
        return self._move(-1, current)

    def newer(self, current: str) -> str | None:
        """
        Go one line forward, at last to the draft.

        @param current: the text in the editor.
        @return: the text to put there, or L{None} at the draft.
        """
        return self._move(1, current)

    def _move(self, step: int, current: str) -> str | None:
        place = self._place + step
        if not 0 <= place <= len(self._lines):
            return None
        self._edited[self._place] = current
        self._place = place
        if place in self._edited:
            return self._edited[place]
        return self._lines[place] if place < len(self._lines) else ""
