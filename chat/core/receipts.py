"""
Receipts: programs are told when what they said is stored.
"""

from __future__ import annotations

from chat.delivery.audience import Recipient
from chat.vocabulary.events import Line, Stored


class Receipts:
    """
    The recipients that have said something and want to know when it is stored, by
    room: each with its last line there.
    """

    def __init__(self) -> None:
        self._lines: dict[str, dict[Recipient, int]] = {}

    def said(self, author: Recipient, line: Line) -> None:
        """
        A recipient that wants receipts has said something.  It gets none if it has gone
        before the line arrived, nor for a line that cannot be kept.
        """
        if line.id and author.isListening:
            self._lines.setdefault(line.room, {})[author] = line.id

    def stored(self, room: str, id: int) -> None:
        """
        Tell the authors in a room that what they said is stored.

        @param id: up to which line.
        """
        authors = self._lines.get(room, {})
        for author, last in tuple(authors.items()):
            author.hear(Stored(room, id))
            if last <= id:
                del authors[author]
        if not authors:
            self._lines.pop(room, None)

    def left(self, author: Recipient) -> None:
        """
        A recipient has gone.  It may have parted before from a room in which it has said
        something.
        """
        for room, authors in tuple(self._lines.items()):
            authors.pop(author, None)
            if not authors:
                del self._lines[room]
