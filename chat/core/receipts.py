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

    def said(self, sender: Recipient, line: Line) -> None:
        """
        A recipient that wants receipts has said something.  It gets none if it has gone
        before the line arrived, nor for a line that cannot be kept.
        """
        if line.id and sender.isListening:
            self._lines.setdefault(line.room, {})[sender] = line.id

    def stored(self, room: str, id: int) -> None:
        """
        Tell the senders in a room that their lines are stored.

        @param id: of the last line that is.
        """
        senders = self._lines.get(room, {})
        for sender, last in tuple(senders.items()):
            sender.hear(Stored(room, id))
            if last <= id:
                del senders[sender]
        if not senders:
            self._lines.pop(room, None)

    def left(self, sender: Recipient) -> None:
        """
        A recipient has gone.  It may have parted before from a room in which it has said
        something.
        """
        for room, senders in tuple(self._lines.items()):
            senders.pop(sender, None)
            if not senders:
                del self._lines[room]
