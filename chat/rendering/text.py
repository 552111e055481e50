"""
Events as lines of text for a person with a terminal; see L{chat.wording}.
"""

from __future__ import annotations

from chat.events import Acted, Event, Said
from chat.wording import Wording


class TextRendering:
    """
    See L{chat.interfaces.Rendering}.
    """

    echoes = False

    def __init__(self, language: str, isElsewhere: bool = False) -> None:
        """
        @param language: one of L{chat.languages.LANGUAGES}.
        @param isElsewhere: whether this is for rooms in which the reader does
            not talk: what is said there begins with the room.
        """
        self._lines = Wording(language).lines
        self._isElsewhere = isElsewhere
        self.elsewhere = self if isElsewhere else TextRendering(language, True)

    def render(self, event: Event) -> bytes:
        """See L{chat.interfaces.Rendering.render}."""
        text = "".join([line + "\r\n" for line in self._lines(event)])
        if self._isElsewhere and isinstance(event, (Said, Acted)):
            text = f"{event.room} {text}"
        return text.encode()
