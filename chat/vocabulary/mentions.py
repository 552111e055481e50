"""
Whether a line means a user: has their nickname in it, as a word of its own.

A word is of letters, marks, digits and C{_}, as a nickname is, and C{-} goes on with
it where another such character follows.  But some scripts put no spaces between words,
Korean puts its particles right behind a name, Arabic and Hebrew put "and" and "to" right
in front of it, and in Persian a word may end at a joiner.  Accents of Greek and the vowels
of Arabic and Hebrew may be left out, so they are no difference.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category

from chat.vocabulary.names import caseless
from chat.vocabulary.scripts import Scripts, scriptsOf

_SPACELESS: Scripts = frozenset(
    {"Hani", "Hira", "Kana", "Bopo", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"}
    | {"Lana", "Tale", "Talu", "Tavt", "Java", "Bali"}
)
"""Scripts that are written without spaces between words."""

# What Korean puts behind a name, by its first syllable: 님, 씨; 이, 가, 은, 는, 을, 를, 의,
# 에게, 께, 한테, 도, 만, 와, 과, 랑, 하고, 야, 아 and the like.
_PARTICLES = frozenset(
    "님씨군양쌤형이가은는을를의에께한도만와과랑하야아여라네로으부까처보마밖조든요"
)

# The same, where the first syllable is not enough: "is", and "elder brother" and the like.
_ENDINGS = ("입니", "인데", "였", "예요", "선배", "선생", "누나", "오빠", "언니")

# What Arabic and Hebrew put in front of a name: "and", "to", "by", "as" and the like.
_PREFIXES = frozenset("وفبلك" + "והלבמשכ")

_ZWNJ = "\u200c"

# Where a part of a word ends that Persian and Urdu write without joining it.
_parting = re.compile(f"(?<=[\u0620-\u06d5]){_ZWNJ}")

# Accents of Greek, which capitals do not have; vowels and the long stroke of Arabic; vowels
# of Hebrew.
_LEFT_OUT = str.maketrans("άέήίόύώΐΰ", "αεηιουωϊϋ") | dict.fromkeys(
    [0x640, *range(0x64B, 0x653), 0x670, *range(0x591, 0x5BE), 0x5BF, 0x5C1, 0x5C2, 0x5C7]
)

# These go with the consonant behind them, as in เมือง, or below the one in front of them, as in ស្រី.
_isBound = re.compile(
    "[\u0e40-\u0e44\u0ec0-\u0ec4\u19b5-\u19b7\u19ba\uaab5\uaab6\uaab9\uaabb\uaabc"
    "\u1039\u17d2\u1a60]"
).match


@lru_cache(maxsize=8)
def _forms(text: str) -> tuple[str, ...]:
    """A text as it is compared, with the words that end at a joiner and without."""
    # Cached, since each line is compared to many nicknames, one after the other.
    forms = {text: None, _parting.sub(" ", text): None} if _ZWNJ in text else (text,)
    return tuple(map(_plain, forms))


def _plain(text: str) -> str:
    return caseless(text) if text.isascii() else caseless(text).translate(_LEFT_OUT)


_word = lru_cache(maxsize=4096)(_plain)


def isNamedIn(text: str, nick: str) -> bool:
    """
    @param text: what was said.
    @return: whether it has a nickname in it, in any case, width or composition, and not
        as a part of a longer word.
    """
    word = _word(nick)
    return word != "" and any(word in plain and _isWord(word, plain) for plain in _forms(text))


def _isWord(word: str, plain: str) -> bool:
    """Whether a part of a text is a word of it."""
    at = plain.find(word)
    while at >= 0:
        if _begins(plain, at) and _ends(plain, at + len(word)):
            return True
        at = plain.find(word, at + 1)
    return False


def _begins(plain: str, at: int) -> bool:
    """Whether a word may begin here."""
    before, char = plain[at - 1 : at], plain[at]
    if before == "-":
        return not _isInWord(plain[at - 2 : at - 1]) or _isSpaceless(plain[at - 2])
    if before in _PREFIXES and not _isInWord(plain[at - 2 : at - 1]):
        return True
    return not _isInWord(before) or (_isWithoutSpace(before, char) and not _isBound(before))


def _ends(plain: str, end: int) -> bool:
    """Whether a word may end here."""
    char, behind = plain[end - 1], plain[end : end + 1]
    if behind == "-":
        return not _isInWord(plain[end + 1 : end + 2]) or _isSpaceless(plain[end + 1])
    if not _isInWord(behind) or behind in _PARTICLES or plain.startswith(_ENDINGS, end):
        return True
    # A letter of Korean by itself is laughter or tears.
    return _isJamo(behind) or (category(behind)[0] != "M" and _isWithoutSpace(char, behind))


def _isInWord(char: str) -> bool:
    """Whether a character, or none, is one of those that make a word."""
    return char != "" and (char.isalnum() or char == "_" or category(char)[0] == "M")


def _isWithoutSpace(before: str, behind: str) -> bool:
    """Whether one word may end and another one begin between these."""
    if "_" in (before, behind):
        return False
    return _isSpaceless(before) or _isSpaceless(behind)


def _isSpaceless(char: str) -> bool:
    return bool(scriptsOf(char) & _SPACELESS)


def _isJamo(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff"
