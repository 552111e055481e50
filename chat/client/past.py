"""
What a client reads of the past: one answer among all that is heard.
"""

from __future__ import annotations

from chat.vocabulary.events import Event, Excerpt, Missed, Recalled, Refused

Past = Excerpt | Recalled | Missed | Refused
"""What answers a question for the past."""


class PastReader:
    """
    Takes the answer to one question out of what is heard, from when the question
    is the next to be answered until it is.

    A replay is no answer to a question, but it may come at the same time.  All of
    one comes at once, its head first.

    @ivar events: the answer.
    """

    def __init__(self, room: str) -> None:
        """
        @param room: of which the question is.
        """
        self._room = room
        self._replayed = 0
        self.events: list[Past] = []

    def takes(self, event: Event) -> bool:
        """
        @return: whether an event belongs to the answer.
        """
        if isinstance(event, Refused):
            self.events.append(event)
            return True
        if not isinstance(event, Excerpt | Recalled | Missed) or event.room != self._room:
            return False
        if isinstance(event, Excerpt) and event.reason == "replay":
            self._replayed = event.count
            return False
        if self._replayed:
            self._replayed -= isinstance(event, Recalled)
            return False
        self.events.append(event)
        return True
