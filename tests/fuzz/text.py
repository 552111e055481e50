"""
What holds for L{chat.vocabulary.sanitizing.clean}, whatever the text.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from unicodedata import bidirectional, category, combining

from chat.vocabulary.sanitizing import MAX_MARKS, clean
from tests.fuzz.source import Source

JOINERS = "\u200c\u200d"
MONGOLIAN_SEPARATOR = "\u180e"
SELECTORS = {
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
    *"\u180b\u180c\u180d\u180f",
}
# Format characters that enclose the digits behind them, so they show.
ENCLOSING = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
# Letters, marks, signs and unassigned characters without ink.
INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u2065\u3164\uffa0\U0001d159"

SEEDS = [
    text.encode("utf-8")
    for text in [
        "",
        "hello\tworld\r\n",
        "你好，世界",
        "e\u0301\u0301\u0301\u0301\u0301\u0301 \u0600\u0661",
        "👩\u200d❤\ufe0f\u200d💋 \u200d\ufe0f\u200c",
        "ന്\u200d ศ ه\u200d ᠰᠠᠷ\u180eᠠ ᠠ\u180e\u0301",
        "a\x1b[31;1mb\x1b]0;title\x07c\x9b2Jd\x90e\x9cf\x1b\x1b[A",
        "\u202eabc\u2069 \u200b\u2060\ufeff\u00ad\U000e0041\u034f\u115f\u3164",
        "\u0378\ue000\u0903\u20dd葛\U000e0100 ‼\ufe0f\u180b",
    ]
]


def oneInput(data: bytes) -> None:
    """
    Check an input of the fuzzer.
    """
    check(Source(data).text())


def check(text: str) -> None:
    """
    All of the properties below.
    """
    cleaned = clean(text)
    checkSafe(cleaned)
    checkJoined(cleaned)
    checkSelected(cleaned)
    assert clean(cleaned) == cleaned
    assert mostMarks(cleaned) <= MAX_MARKS
    assert isLeftOf(cleaned, text)
    cleaned.encode("utf-8")


def checkSafe(text: str) -> None:
    """
    No character is left that may not reach a terminal, whatever stands beside it.
    """
    assert not any(map(isUnsafe, text))


def checkJoined(text: str) -> None:
    """
    Joiners stand between what they join, or where a word may end with them.
    """
    padded = f" {text} "
    for before, char, after in zip(padded, padded[1:], padded[2:], strict=False):
        if char in JOINERS:
            assert category(before)[0] in "LMNS"
            assert (
                category(after)[0] in "LMNS"
                or combining(before) == 9
                or (char == "\u200d" and bidirectional(before) == "AL")
            )
        if char == MONGOLIAN_SEPARATOR:
            assert all("\u1820" <= letter <= "\u18aa" for letter in (before, after))


def checkSelected(text: str) -> None:
    """
    Selectors stand behind what they vary.
    """
    for before, char in pairwise(" " + text):
        if char in SELECTORS:
            assert category(before)[0] in "LMNPS"
            assert before not in SELECTORS


def isUnsafe(char: str) -> bool:
    match category(char):
        case "Cc" | "Cs" | "Zl" | "Zp":
            return True
        case "Cf":
            return char not in JOINERS + MONGOLIAN_SEPARATOR + ENCLOSING
        case _:
            isTag = 0xE0000 <= ord(char) <= 0xE0FFF and char not in SELECTORS
            return isTag or char in INVISIBLE


def mostMarks(text: str) -> int:
    """
    @return: How many non-spacing marks stand on one base, at most.
    """
    runs = groupby(text, key=lambda char: category(char)[0] == "M" or char in JOINERS)
    counts = (sum(category(char) in ("Mn", "Me") for char in run) for isMark, run in runs if isMark)
    return max(counts, default=0)


def isLeftOf(cleaned: str, text: str) -> bool:
    """
    @return: Whether all that is left stood there, in this order, or is a space for what stood
        there.
    """
    rest = iter(text)
    return all(any(char in (other, " ") for other in rest) for char in cleaned)
