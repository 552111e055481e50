"""
The choices of a user about how events read.
"""

from __future__ import annotations

from dataclasses import dataclass

from chat.vocabulary.i18n import SOURCE_LANGUAGE

FORMATS = ("text", "json")
"""The names of the renderings, the default first."""

BELLS = ("off", "mention", "all")
"""When a line of text may ring, the default first."""


@dataclass(frozen=True, slots=True)
class Style:
    """
    The choices for one session.

    @ivar format: one of L{FORMATS}.
    @ivar language: one of L{chat.vocabulary.i18n.LANGUAGES}.
    @ivar hasTimes: whether a line of text begins with its time.
    @ivar bell: when a line of text rings, one of L{BELLS}.
    """

    format: str = FORMATS[0]
    language: str = SOURCE_LANGUAGE
    hasTimes: bool = False
    bell: str = BELLS[0]
