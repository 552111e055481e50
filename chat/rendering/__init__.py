"""
How events read: L{chat.interfaces.Rendering}, and the one for each style.
"""

from __future__ import annotations

from functools import cache

from chat.interfaces import Rendering
from chat.rendering.jsonlines import JSONLinesRendering
from chat.rendering.text import TextRendering
from chat.vocabulary.style import Style


@cache
def renderingFor(style: Style) -> Rendering:
    """
    @return: the rendering of a style, always the same instance.
    """
    if style.format != "json":
        return TextRendering(style)
    # Times and bells are not for programs, so all programs of a language share one.
    shared = Style("json", style.language)
    return JSONLinesRendering(style.language) if style == shared else renderingFor(shared)
