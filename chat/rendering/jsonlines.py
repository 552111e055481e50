"""
Events as JSON objects, one a line, for programs.

The objects are those of L{chat.rendering.jsonevents}; here they get the sentences that a
program may want to show without knowing every code.
"""

from __future__ import annotations

from dataclasses import replace
from json import JSONEncoder

from chat.rendering.jsonevents import toMapping
from chat.rendering.messages import Phrases
from chat.vocabulary.events import Closed, Done, Event, Helped, Refused, Warned

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JSONLinesRendering:
    """
    See L{chat.interfaces.Rendering}.
    """

    echoes = True

    def __init__(self, language: str) -> None:
        """
        @param language: of the sentences; keys and codes have none.
        """
        self._phrases = Phrases(language)
        self.elsewhere = self.ringing = self

    def render(self, event: Event) -> bytes:
        """See L{chat.interfaces.Rendering.render}."""
        return (_encode(toMapping(self._withText(event))) + "\r\n").encode()

    def _withText(self, event: Event) -> Event:
        phrases = self._phrases
        match event:
            case Refused(code=code, about=about):
                return replace(event, text=phrases.refusal(code, about))
            case Warned(code=code, about=about):
                return replace(event, text=phrases.warning(code, about))
            case Done(code=code, about=about):
                return replace(event, text=phrases.done(code, about))
            case Closed(reason=reason, about=about, by=by):
                return replace(event, text=phrases.farewell(reason, about, by))
            case Helped(text=text):
                return replace(event, text=phrases.gettext(text))
            case _:
                return event
