"""
Who waits to be told that what he said is stored.
"""

from __future__ import annotations

from chat.delivery.audience import Recipient
from chat.vocabulary.events import Line, Stored


class Receipts:
    """
    The programs that have said something, by room: each with its last line there.
    """

    def __init__(self) -> None:
        self._lines: dict[str, dict[Recipient, int]] = {}

    def said(self, author: Recipient, line: Line) -> None:
        """
        Somebody has said something.  A person is not told, and neither is who has
        gone before it arrived, nor of a line that cannot be kept.
        """
        if author.rendering.wantsReceipts and line.id and author.isListening:
            self._lines.setdefault(line.room, {})[author] = line.id

    def stored(self, room: str, id: int) -> None:
        """
        Tell those who have said something in a room that it is stored.

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
        Somebody has gone.  He may have parted before from a room in which he has
        said something.
        """
        for room, authors in tuple(self._lines.items()):
            authors.pop(author, None)
            if not authors:
                del self._lines[room]
