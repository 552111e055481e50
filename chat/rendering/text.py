"""
Events as lines of text for users at a terminal; see L{chat.rendering.lines}.
"""

from __future__ import annotations

from chat.interfaces import Rendering
from chat.rendering.lines import Wording
from chat.vocabulary.events import Acted, Event, Invited, Recalled, Said, Told
from chat.vocabulary.style import Style
from chat.vocabulary.times import localTime

_BEL = "\a"


class TextRendering(Rendering):
    """
    Events for users who read.

    One style has up to four renderings: for the room in which the user talks and
    for the others, and for each how a line reads that rings because it calls the
    user by name.
    """

    elsewhere: TextRendering
    ringing: TextRendering

    def __init__(self, style: Style, isElsewhere: bool = False, isRinging: bool = False) -> None:
        """
        @param style: its format does not matter.
        @param isElsewhere: whether this is for rooms in which the user does not
            talk: a line that is said there names the room first.
        @param isRinging: whether this is for lines that call the user by name.
        """
        self._wording = Wording(style.language)
        # Computed once, as every line that is said needs it.
        self._lines = self._wording.lines
        self._isElsewhere = isElsewhere
        self._hasTimes = style.hasTimes
        self._rings = isRinging or style.bell == "all"
        self._ringsWhenMeant = style.bell in ("mention", "all")
        self._isPlain = not (isElsewhere or style.hasTimes or style.bell != "off")
        self._makeOthers(style, isElsewhere, isRinging)

    def render(self, event: Event) -> bytes:
        lines = self._lines(event) if self._isPlain else self._decorated(event)
        return "\r\n".join([*lines, ""]).encode()

    def _makeOthers(self, style: Style, isElsewhere: bool, isRinging: bool) -> None:
        self.elsewhere = self if isElsewhere else TextRendering(style, True, isRinging)
        if style.bell != "mention" or isRinging:
            self.ringing = self
            return
        self.ringing = TextRendering(style, isElsewhere, True)
        if not isElsewhere:
            # Both ways to the fourth rendering lead to the same instance.
            self.ringing.elsewhere = self.elsewhere.ringing

    def _decorated(self, event: Event) -> list[str]:
        """The lines with time and room before them, and a bell behind."""
        before = after = ""
        match event:
            case Recalled(room=room):
                # It has a time of its own, and is too old to ring.
                room = f"{room} " if self._isElsewhere else ""
                return [self._wording.recalled(event, room)]
            case Said(room=room) | Acted(room=room):
                before = f"{room} " if self._isElsewhere else ""
                after = _BEL if self._rings else ""
            case Told() | Invited():
                after = _BEL if self._ringsWhenMeant else ""
            case _:
                pass
        if self._hasTimes:
            before = self._time(event) + before
        return [f"{before}{line}{after}" for line in self._lines(event)]

    @staticmethod
    def _time(event: Event) -> str:
        at = getattr(event, "at", None)
        return "" if at is None else f"[{localTime(at):%H:%M}] "
