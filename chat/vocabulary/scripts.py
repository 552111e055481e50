"""
Which scripts a name is written in, and whether any language mixes them.

Unicode Technical Standard 39, section 5: each character has a set of scripts in which
languages use it (Script_Extensions: the long mark of Japanese belongs to Hiragana and
Katakana), and a name is written in the scripts that the sets of all its characters
have in common.  Digits and marks count as letters do: a Thai digit is in no Latin word.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from unicodedata import category, decimal, normalize

from chat.vocabulary.sanitizing import SHAPERS
from chat.vocabulary.unicodetables import SCRIPTS

Scripts = frozenset[str]
"""Scripts, by their codes in ISO 15924."""

_ANY = frozenset({"Zyyy", "Zinh"})
"""Common and Inherited: what stands in any script."""

# Languages that write several scripts (the standard's table 1).
_LANGUAGES = {
    "Hani": ("Hanb", "Jpan", "Kore"),
    "Hira": ("Jpan",),
    "Kana": ("Jpan",),
    "Hang": ("Kore",),
    "Bopo": ("Hanb",),
}

_WITH_LATIN = frozenset({"Hanb", "Jpan", "Kore"})
"""These mix with Latin, and nothing else does: the level "Highly Restrictive"."""

_IGNORED = SHAPERS | dict.fromkeys(map(ord, "_-"))


def scriptsOf(char: str) -> Scripts:
    """
    @return: the scripts in which a letter, mark or digit is used.
    """
    starts, ends, scripts = _ranges()
    at = bisect_right(starts, ord(char)) - 1
    # Python may know a newer Unicode than the tables; what is not in them goes with nothing.
    return scripts[at] if at >= 0 and ord(char) <= ends[at] else frozenset({"Zzzz"})


def isMixed(name: str) -> bool:
    """
    @param name: of letters, marks, digits, C{_} and C{-}.
    @return: whether its scripts are not written together in any language, or its digits
        are of several number systems.
    """
    if name.isascii():
        return False
    zeros = {ord(char) - decimal(char) for char in name if char.isdecimal()}
    if len(zeros) > 1:
        return True
    written: list[Scripts] = []
    # The tables have no letters that are compatible with others, as the ำ of Thai is.
    for char in normalize("NFKC", name.translate(_IGNORED)):
        scripts = scriptsOf(char)
        if scripts & _ANY:
            continue
        if category(char)[0] == "M" and written:
            # A mark has to be of a script of the letter that it stands on.
            written[-1] &= scripts
        else:
            written.append(scripts)
    written = list(map(_withLanguages, written))
    if not written or frozenset.intersection(*written):
        return False
    others = [scripts for scripts in written if "Latn" not in scripts]
    return not frozenset.intersection(*others) & _WITH_LATIN


def _withLanguages(scripts: Scripts) -> Scripts:
    return scripts.union(*(_LANGUAGES.get(script, ()) for script in scripts))


@cache
def _ranges() -> tuple[list[int], list[int], list[Scripts]]:
    """The first and last code points of ranges, and the scripts of each."""
    found: list[tuple[int, int, Scripts]] = []
    for word in SCRIPTS.replace(",\n", ",").replace(", ", ",").split():
        scripts, _, ranges = word.partition(":")
        for each in ranges.split(","):
            first, _, last = each.partition("-")
            found.append((int(first, 16), int(last or first, 16), frozenset(scripts.split("+"))))
    found.sort(key=lambda each: each[0])
    return [each[0] for each in found], [each[1] for each in found], [each[2] for each in found]
