"""
The rendering for a choice of format and language.
"""

from __future__ import annotations

from functools import cache

from chat.interfaces import Rendering
from chat.rendering.jsonlines import JSONLinesRendering
from chat.rendering.text import TextRendering


@cache
def renderingFor(format: str, language: str) -> Rendering:
    """
    See L{chat.interfaces.RenderingChoice}.

    @param format: C{text} or C{json}.
    @param language: one of L{chat.languages.LANGUAGES}.
    """
    if format == "json":
        return JSONLinesRendering(language)
    return TextRendering(language)
