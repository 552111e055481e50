"""
The one sanitizer of text.

Everything that one user writes and another one reads passes L{clean}: lines, nicknames,
names of rooms, topics, reasons.  After that it cannot move a cursor, change a colour,
reverse the reading order of another user's line, or hide.
"""

from __future__ import annotations

import re
from unicodedata import bidirectional, category, combining

MAX_MARKS = 4
"""How many non-spacing marks may stand on one base."""

_ZWNJ, _ZWJ = "\u200c", "\u200d"

# It parts the last vowel of a word from the letter in front of it, and shapes both.
_MONGOLIAN_SEPARATOR = "\u180e"

SELECTORS = frozenset(
    map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x180E), 0x180F])
)
"""The variation selectors: the character in front of them has several shapes."""

SHAPERS = str.maketrans(dict.fromkeys((_ZWNJ, _ZWJ, _MONGOLIAN_SEPARATOR, *SELECTORS)))
"""
For C{str.translate}: takes the joiners and selectors away, which only change how letters are
drawn.
"""

_VIRAMA = 9
"""The combining class of the signs that take the vowel from a letter."""

# ECMA-48: CSI with its parameters; OSC, DCS, SOS, PM and APC up to their end,
# or up to the end of the line when they have none; any other two-character
# escape.  Both the seven-bit and the eight-bit introducers.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)

# Tabs and odd line separators part words, so they become a space, as does the cell of
# Braille without a dot.  The Hangul fillers are letters (category Lo) that have no ink at
# all, and one sign of music (So) has none, so they go.
_REPLACED = str.maketrans(
    dict.fromkeys("\t\v\f\x85\u2028\u2029\u2800", " ")
    | dict.fromkeys("\u115f\u1160\u3164\uffa0\U0001d159")
)

# Format characters that are visible: they enclose the digits after them
# (Unicode property Prepended_Concatenation_Mark).
_VISIBLE_FORMATS = frozenset(
    map(chr, [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD])
)

# Unassigned, and set aside for invisible characters: the tags among them.
_INVISIBLE_UNASSIGNED = re.compile("[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")

# Marks (category Mn) that have no ink at all, and vary nothing.
_INVISIBLE_MARKS = frozenset("\u034f\u17b4\u17b5")


def _isVisible(char: str, kind: str) -> bool:
    """
    Whether a character of a category C{C…} shows itself.  A character that is
    unassigned in this version of Unicode may be next year's emoji, so it stays.
    """
    if kind == "Cn":
        return not _INVISIBLE_UNASSIGNED.match(char)
    return kind == "Co" or char in _VISIBLE_FORMATS


def _joins(char: str, joiner: str) -> bool:
    """Whether a joiner next to this character has work to do."""
    if joiner == _MONGOLIAN_SEPARATOR:
        return "\u1820" <= char <= "\u18aa"
    return category(char)[0] in "LMSN"


def clean(text: str) -> str:
    """
    Make text safe for the terminals of other users.

    No C0, DEL or C1 control and no escape sequence is left, no bidi override,
    isolate or mark, no zero-width or tag character, and at most L{MAX_MARKS}
    non-spacing marks on a base.  A tab or an odd line separator becomes a space.
    Joiners and variation selectors stay between or behind characters that they
    join or vary; at the end of a word where it is written so: behind the virama of
    an Indic letter (the chillus of Malayalam) and behind an Arabic letter.  Cleaning
    twice is cleaning once.

    @param text: any string.
    @return: the same text, without the characters that may not be in it.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPES.sub("", text).translate(_REPLACED)
    kept: list[str] = []
    marks = 0
    for char in text:
        kind = category(char)
        if kind[0] == "C":
            if char in (_ZWJ, _ZWNJ, _MONGOLIAN_SEPARATOR):
                # Only behind something; whether anything follows shows later.
                if kept and _joins(kept[-1], char):
                    kept.append(char)
            elif _isVisible(char, kind):
                _dropJoiner(kept, char)
                kept.append(char)
                marks = 0
        elif kind == "Mc":
            # A spacing mark takes a place of its own and piles up on nothing.
            _dropJoiner(kept, char)
            kept.append(char)
        elif kind[0] == "M":
            if char in _INVISIBLE_MARKS or (char in SELECTORS and not _varies(kept)):
                continue
            marks += 1
            if marks <= MAX_MARKS:
                _dropJoiner(kept, char)
                kept.append(char)
        else:
            _dropJoiner(kept, char)
            kept.append(char)
            marks = 0
    _dropJoiner(kept, " ")
    return "".join(kept)


def _varies(kept: list[str]) -> bool:
    """
    Whether a variation selector may stand behind what has been kept.  Signs have
    variants too: # and * of the keypad, ‼ and 〰.
    """
    return bool(kept) and category(kept[-1])[0] in "LMSNP" and kept[-1] not in SELECTORS


def _dropJoiner(kept: list[str], following: str) -> None:
    """Take back a joiner that turns out to join nothing."""
    if not kept or kept[-1] not in (_ZWJ, _ZWNJ, _MONGOLIAN_SEPARATOR):
        return
    joiner, before = kept[-1], kept[-2]
    if not (
        _joins(following, joiner)
        or combining(before) == _VIRAMA
        or (joiner == _ZWJ and bidirectional(before) == "AL")
    ):
        kept.pop()
