"""
What a name looks like: two names that look the same have the same L{look}.

This is the skeleton of Unicode Technical Standard 39, section 4, and its list of
characters that look alike, C{0} and C{O}, C{1}, C{l} and C{I}, C{m} and C{rn} among
them; and users do not tell names by their case.  A look is for comparing alone.
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import normalize

from chat.vocabulary.sanitizing import SHAPERS
from chat.vocabulary.unicodetables import PROTOTYPES

_STROKE = "|"
"""Stands for C{I}, C{l}, C{1} and their like."""

# Letters that the list has not, though a terminal shows hardly a difference: kana, Chinese
# letters with the same strokes, of which one is longer, as 土 and 士 are, which the list has; and
# the apostrophes that are letters: a name with one more of them is the same to a reader.
_MORE = (
    {"l": "l", "リ": "り", "チ": "千", "オ": "才"}
    | {"已": "己", "巳": "己", "末": "未", "曰": "日", "入": "人", "戍": "戌"}
    | dict.fromkeys("ʻʼʽʾʿˀˁꞋꞌ", "")
)

# The small capitals that are no plain letters of Latin, and the capitals that these are like.
_SMALL_CAPITALS = dict(zip("ᴁᴆʛᴌ𝼄ᴕᴣꟺ𝼐ᴦᴪꭥᴫ", "ÆÐƓŁꞭȢƷƜꞰΓΨΩЛ", strict=True))

# What capitals that look like no other letter are like in small letters, and the small
# letters that are shaped as capitals: в is a small B, and so are the small capitals of Latin,
# which Cherokee has as well.
_SMALL = str.maketrans("ԛĸᴀʙᴅᴇꜰɢʜɪᴊɴᴘꞯʀᴛ", "qkabdefghijnpqrt") | str.maketrans(
    {"l": _STROKE, "ʟ": _STROKE, "m": "rn", "ʍ": "rn"}
)

# The letters have this dot already.
_isDotted = re.compile("([ij][\u0316-\u0333]*)\u0307")

# Letters in decomposed form that are capitals, two at least.
_isInCapitals = re.compile(r"[^A-Z]*[A-Z][^A-Z]*[A-Z]").match


def look(name: str) -> str:
    """
    @return: what a name looks like.
    """
    if name.isascii():
        # Nothing is composed, and there are thousands of such names at a start.
        return _small(name.translate(_prototypes()))
    letters = normalize("NFKD", name.translate(SHAPERS)).replace("I\u0307", "i")
    shape = _isDotted.sub(r"\1", letters.translate(_prototypes()))
    return normalize("NFD", _small(shape))


def _small(shape: str) -> str:
    if shape.isupper() and _isInCapitals(shape):
        # Among capitals the stroke is read as one.
        shape = shape.replace(_STROKE, "i")
    return shape.casefold().translate(_SMALL)


@cache
def _prototypes() -> dict[int, str]:
    found = dict(_MORE)
    for word in PROTOTYPES.replace(",\n", ",").replace(", ", ",").split():
        prototype, _, chars = word.partition(":")
        shape = _text(prototype)
        for char in chars.split(","):
            found.setdefault(_text(char), shape)
    found |= {small: found.get(capital, capital) for small, capital in _SMALL_CAPITALS.items()}
    return {ord(char): shape.replace("l", _STROKE) for char, shape in found.items()}


def _text(points: str) -> str:
    return "".join(chr(int(point, 16)) for point in points.split("+"))
