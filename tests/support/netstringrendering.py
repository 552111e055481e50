"""
How events read as netstrings: the part of a front door that stands in C{chat/rendering}.
"""

from __future__ import annotations

from dataclasses import fields

from chat.interfaces import Rendering
from chat.vocabulary.events import Event
from chat.vocabulary.style import Style


def netstring(text: str) -> bytes:
    """
    @return: A text as U{https://cr.yp.to/proto/netstrings.txt} has it: C{5:hello,}.
    """
    data = text.encode()
    return b"%d:%b," % (len(data), data)


class NetstringRendering(Rendering):
    """
    The name of an event and its fields, separated by tabs.  What a recipient hears alone begins
    with C{@} and their name, once they have one.
    """

    echoesOwn = True
    namesRecipient = True

    def __init__(self) -> None:
        self.elsewhere = self.ringing = self

    def render(self, event: Event) -> bytes:
        return netstring(self._text(event))

    def answer(self, event: Event, nick: str) -> bytes:
        return netstring((f"@{nick}\t" if nick else "") + self._text(event))

    @staticmethod
    def _text(event: Event) -> str:
        values = [str(getattr(event, field.name)) for field in fields(event)]
        return "\t".join([type(event).__name__, *values])


RENDERING = NetstringRendering()


def netstringRenderingFor(style: Style) -> Rendering:
    """
    @return: The only one there is, whatever the style.
    """
    return RENDERING
