"""
How events read: L{chat.interfaces.Rendering}, and the one for each style.
"""

from __future__ import annotations

from functools import cache

from chat.interfaces import Rendering
from chat.rendering.jsonlines import JSONLinesRendering
from chat.rendering.text import TextRendering
from chat.vocabulary.style import Style


def renderingFor(style: Style) -> Rendering:
    """
    See L{chat.interfaces.RenderingChoice}.
    """
    if style.format == "json":
        # Times and bells are for people.
        return _jsonRendering(style.language)
    return _textRendering(style)


@cache
def _jsonRendering(language: str) -> JSONLinesRendering:
    return JSONLinesRendering(language)


@cache
def _textRendering(style: Style) -> TextRendering:
    return TextRendering(style)
