"""
Make chat/vocabulary/unicodetables.py, what tcpchat asks of Unicode that Python does not know.

It needs PyICU (U{https://pypi.org/project/pyicu/}, which is built against the ICU of the system):
the newer that is, the newer the version of Unicode.  Run it from the top of the tree, as C{make
tables} does.  What can be in no name is left out: what compatibility composition changes, what is
no letter, mark or digit, and what is ignored by default.

The list of look-alikes is made to warn, and here names are refused by it.  So of two letters of one
script only those of Latin, Greek, Cyrillic and Han count as alike, of the scripts in everyday use
(Unicode Standard Annex 31, table 5): readers of Thai tell C{ด} from C{ต}.  Of such letters the
first alone looks like what the list says in other scripts, too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

import icu

TARGET = Path("chat/vocabulary/unicodetables.py")

# Lu, Ll, Lt, Lm, Lo, Mn, Mc, Nd.
KINDS = {1, 2, 3, 4, 5, 6, 8, 9}

# A letter by its use, though a number (Nl) by its category.
NOUGHT = "\N{IDEOGRAPHIC NUMBER ZERO}"

# Scripts within which the list is followed.
MERGED = {"Latin", "Greek", "Cyrillic", "Han", "Common", "Inherited"}

# The same letter in the spellings of several languages, so they count as alike all the same.
SAME = "ىيی كک هہھە ةۃ"

# Not alike in any font, or not in one that shows names.
UNLIKE = "σ鹃"

HEAD = '''\
"""
Scripts and look-alikes of Unicode {version}, by C{{tools/unicodetables.py}}.

Taken from the files Scripts, ScriptExtensions and confusables of the Unicode Character Database,
copyright 1991-2025 Unicode, Inc., under the Unicode License v3 (see C{{LICENSE.unicode}}).
All numbers are code points in hexadecimal.
"""

# Generated: change the script instead.

SCRIPTS = """\\
{scripts}
"""
"""
Which characters languages write in which scripts: of each set of scripts (ISO 15924, joined by
C{{+}}) the ranges.  C{{Zyyy}} and C{{Zinh}} go with any.
"""

PROTOTYPES = """\\
{prototypes}
"""
"""
Which characters look alike: of each prototype (its code points joined by C{{+}}) the characters
that look like it.
"""
'''


def characters() -> Iterator[str]:
    """What can be in a name."""
    composed = icu.Normalizer2.getNFKCInstance()
    ignored = icu.UProperty.DEFAULT_IGNORABLE_CODE_POINT
    for point in range(sys.maxunicode + 1):
        char = chr(point)
        if (
            (icu.Char.charType(point) in KINDS or char == NOUGHT)
            and composed.normalize(char) == char
            and not icu.Char.hasBinaryProperty(point, ignored)
        ):
            yield char


def scripts() -> str:
    """The ranges of each set of scripts; what can be in no name does not interrupt one."""
    ranges: list[tuple[str, int, int]] = []
    for char in characters():
        codes = icu.Script.getScriptExtensions(char)
        together = "+".join(sorted(icu.Script(code).getShortName() for code in codes))
        if ranges and ranges[-1][0] == together:
            ranges[-1] = (together, ranges[-1][1], ord(char))
        else:
            ranges.append((together, ord(char), ord(char)))
    found: dict[str, list[str]] = {}
    for together, first, last in ranges:
        found.setdefault(together, []).append(
            f"{first:X}" if first == last else f"{first:X}-{last:X}"
        )
    return lines(found)


def prototypes() -> str:
    """The characters of each prototype; what has a canonical decomposition goes by that."""
    decomposed, checker = icu.Normalizer2.getNFDInstance(), icu.SpoofChecker()
    found: dict[str, list[str]] = {}
    for char in characters():
        prototype = checker.getSkeleton(0, char)
        if prototype != char and decomposed.normalize(char) == char and char not in UNLIKE:
            found.setdefault(prototype, []).append(char)
    return lines(
        {
            "+".join(map(point, prototype)): list(map(point, chars))
            for prototype, chars in alike(found).items()
        }
    )


def alike(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Those of the characters that count as like their prototype."""
    counting: dict[str, list[str]] = {}
    for prototype, chars in found.items():
        firsts = {}
        if len(prototype) == 1:
            firsts[icu.Script.getScript(prototype).getName()] = prototype
        # Letters before marks, and digits last.
        for char in sorted(chars, key=lambda char: (icu.Char.charType(char), char)):
            script = icu.Script.getScript(char)
            name, isCommon = script.getName(), script.getUsage() == icu.UScriptUsage.RECOMMENDED
            isDistinct = isCommon and name not in MERGED and char not in SAME
            if firsts.setdefault(name, char) == char or not isDistinct:
                counting.setdefault(prototype, []).append(char)
    return counting


def point(char: str) -> str:
    return f"{ord(char):X}"


def lines(found: dict[str, list[str]]) -> str:
    words = " ".join(f"{key}:{','.join(values)}" for key, values in sorted(found.items()))
    return fill(words.replace(",", ", "), 98, break_on_hyphens=False)


if __name__ == "__main__":
    TARGET.write_text(
        HEAD.format(version=icu.UNICODE_VERSION, scripts=scripts(), prototypes=prototypes())
    )
