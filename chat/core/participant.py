"""
What the service knows of one participant.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chat.vocabulary.i18n import SOURCE_LANGUAGE
from chat.vocabulary.style import BELLS, FORMATS, Style


@dataclass(slots=True)
class Participant:
    """
    All that a session knows of its participant: plain values, to be written
    down and read back.

    @ivar nick: his nickname, also when he has gone.
    @ivar account: the fold of the account he has proven to be his, or nothing.
    @ivar room: in which he talks, or nothing.
    @ivar asked: the registered nickname whose password is expected, or nothing.
    @ivar reason: why the session has ended, or nothing.
    """

    language: str = SOURCE_LANGUAGE
    format: str = FORMATS[0]
    hasTimes: bool = False
    bell: str = BELLS[0]
    nick: str = ""
    account: str = ""
    room: str = ""
    asked: str = ""
    reason: str = ""

    @property
    def style(self) -> Style:
        """What he has chosen about how events read."""
        return Style(self.format, self.language, self.hasTimes, self.bell)

    def toMapping(self) -> dict[str, Any]:
        """@return: what C{Participant(**mapping)} reads back."""
        return asdict(self)
