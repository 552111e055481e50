"""
What a name looks like: two names that look the same have the same L{look}.

This is the skeleton of Unicode Technical Standard 39, section 4, and its list of
characters that look alike, C{0} and C{O}, C{1}, C{l} and C{I}, C{m} and C{rn} among
them; and users do not tell names by their case.  A look is for comparing alone.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from unicodedata import normalize

from chat.vocabulary.unicodetables import PROTOTYPES

JOINERS = str.maketrans(dict.fromkeys("\u200c\u200d"))
"""For C{str.translate}: takes the joiners away, which change how letters are drawn."""

# Letters that the list has not, though a terminal shows hardly a difference.
_MORE = {"リ": "り", "チ": "千", "オ": "才"}

_STROKE = "|"
"""Stands for C{I}, C{l}, C{1} and their like: by its case, C{l} would be C{L} as well."""

# The letters have this dot already.
_isDotted = re.compile("([ij][\u0316-\u0333]*)\u0307")


def look(name: str) -> str:
    """
    @return: what a name looks like, as it is spelled.
    """
    if name.isascii():
        # Nothing is composed, and there are thousands of such names at a start.
        return name.translate(_prototypes()).lower()
    shape = normalize("NFD", name.translate(JOINERS)).translate(_prototypes())
    return normalize("NFD", _isDotted.sub(r"\1", shape).casefold())


# Cached, since a name is entered and removed a moment later, when its claim is decided.
@lru_cache(maxsize=1024)
def looks(name: str) -> frozenset[str]:
    """
    @return: what a name looks like in the spellings that belong to its user, too: in
        capitals and in small letters, which may look like others than it does itself.
    """
    return frozenset(map(look, (name, name.upper(), name.lower())))


@cache
def _prototypes() -> dict[int, str]:
    found = {"l": "l"} | _MORE
    for word in PROTOTYPES.replace(",\n", ",").replace(", ", ",").split():
        prototype, _, chars = word.partition(":")
        shape = _text(prototype)
        found |= dict.fromkeys(map(_text, chars.split(",")), shape)
    return {ord(char): shape.replace("l", _STROKE) for char, shape in found.items()}


def _text(points: str) -> str:
    return "".join(chr(int(point, 16)) for point in points.split("+"))
